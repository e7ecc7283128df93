/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A page that the code under test is about to write to is made read-only, and one that it is about
 * to read unreadable. The access traps, the handler does what another hart would do at that moment,
 * and the access is made again.
 */
#include <signal.h>
#include <sys/mman.h>
#include "tests/unit/mm/mm_harness.h"
#include "tests/unit/mm/mm_trap.h"

static u8 *trap_page;
static void (*trap_action)(void);
static u32 traps;
static struct sigaction trap_before;

static void on_trap(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	if ((u8 *)info->si_addr < trap_page || (u8 *)info->si_addr >= trap_page + PAGE_SIZE)
		abort();
	traps++;
	(void)mprotect(trap_page, PAGE_SIZE, PROT_READ | PROT_WRITE);
	trap_action();
}

static void trap_begin(void *address, void (*action)(void), int allowed)
{
	struct sigaction act = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };

	trap_page = (u8 *)ALIGN_DOWN((uintptr_t)address, PAGE_SIZE);
	trap_action = action;
	traps = 0;
	MUST(sigaction(SIGSEGV, &act, &trap_before) == 0);
	MUST(mprotect(trap_page, PAGE_SIZE, allowed) == 0);
}

void mm_trap_set(void *address, void (*action)(void))
{
	trap_begin(address, action, PROT_READ);
}

void mm_trap_set_read(void *address, void (*action)(void))
{
	trap_begin(address, action, PROT_NONE);
}

void mm_trap_end(void)
{
	MUST(sigaction(SIGSEGV, &trap_before, NULL) == 0);
	MUST(traps == 1U);
}
