/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps of a guest program.
 *
 * The program's hook sees a trap first. If the hook does not take it and trap_try() expects an
 * exception, the exception ends the call. An exception that nobody expects is a failure of the
 * program: a line says so, and the partition shuts down.
 */
#include "guests/lib/hart_internal.h"

static bool (*trap_hook)(struct trap *t);

void on_trap(bool (*hook)(struct trap *t))
{
	__atomic_store_n(&trap_hook, hook, __ATOMIC_RELEASE);
}

void trap_handle(struct trap *t)
{
	bool (*hook)(struct trap *) = __atomic_load_n(&trap_hook, __ATOMIC_ACQUIRE);
	struct guest_hart *h = hart_self();

	if (hook != NULL && hook(t))
		return;
	if ((t->scause & TRAP_INTERRUPT) == 0 && h->catch_sp != 0) {
		h->caught = *t;
		t->sepc = (u64)trap_unwind;
		t->x[2] = h->catch_sp;
		return;
	}
	if (t->scause == TRAP_IRQ_SOFT) {
		csr_clear(sip, SIE_SOFT);
		return;
	}
	if (t->scause == TRAP_IRQ_TIMER) {
		sbi_set_timer(UINT64_MAX);
		return;
	}
	say("FAIL hart %lu: trap: scause 0x%lx sepc 0x%lx (image + 0x%lx) stval 0x%lx ra 0x%lx",
	    this_hart(), t->scause, t->sepc, t->sepc - (u64)guest_image_start, t->stval, t->x[1]);
	sbi_shutdown(true);
}

u64 trap_try(void (*fn)(void *arg), void *arg, struct trap *out)
{
	if (trap_call(fn, arg) == 0)
		return TRAP_NONE;
	if (out != NULL)
		*out = hart_self()->caught;
	return hart_self()->caught.scause;
}

struct trap_probe {
	u64 addr;
	u64 value;
	u32 size;
};

static void trap_probe_load(void *arg)
{
	struct trap_probe *p = arg;

	switch (p->size) {
	case 1:
		p->value = *(volatile u8 *)p->addr;
		break;
	case 2:
		p->value = *(volatile u16 *)p->addr;
		break;
	case 4:
		p->value = *(volatile u32 *)p->addr;
		break;
	default:
		p->value = *(volatile u64 *)p->addr;
		break;
	}
}

static void trap_probe_store(void *arg)
{
	struct trap_probe *p = arg;

	switch (p->size) {
	case 1:
		*(volatile u8 *)p->addr = (u8)p->value;
		break;
	case 2:
		*(volatile u16 *)p->addr = (u16)p->value;
		break;
	case 4:
		*(volatile u32 *)p->addr = (u32)p->value;
		break;
	default:
		*(volatile u64 *)p->addr = p->value;
		break;
	}
}

u64 probe_load(u64 addr, u32 size, u64 *value)
{
	struct trap_probe p = { .addr = addr, .size = size };
	u64 cause = trap_try(trap_probe_load, &p, NULL);

	if (value != NULL)
		*value = p.value;
	return cause;
}

u64 probe_store(u64 addr, u32 size, u64 value)
{
	struct trap_probe p = { .addr = addr, .value = value, .size = size };

	return trap_try(trap_probe_store, &p, NULL);
}
