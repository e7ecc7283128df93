/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses that end the partition, each chosen by a word. tests/boot/core/guest/test_hostile.py
 * has what the console must say of them.
 */
#include "tests/guests/hostile/hostile.h"

#define NOWHERE	  UINT64_C(0x40000000)
#define UART	  UINT64_C(0x10000000)
#define PLIC_LAST UINT64_C(0x0c5ffffc)
#define SATP_SV39 (UINT64_C(8) << 60)

static void do_jump(void)
{
	((void (*)(void))NOWHERE)();
}

static void do_load(void)
{
	(void)*(volatile u64 *)NOWHERE;
}

static void do_store(void)
{
	*(volatile u64 *)NOWHERE = 1;
}

/* The address after the last byte of its memory, and one wider than any G-stage table */
static void do_behind(void)
{
	*(volatile u64 *)(self.base + self.size) = 1;
}

static void do_wide(void)
{
	(void)*(volatile u64 *)(UINT64_C(1) << 60);
}

/* A page table where there is no memory: the fault comes from an implicit access. */
static void do_table(void)
{
	csr_write(satp, SATP_SV39 | NOWHERE >> 12);
	__asm__ volatile("sfence.vma" ::: "memory");
	(void)*(volatile u64 *)self.base;
}

/* There is no trap handler: an illegal instruction leads to address 0. */
static void do_illegal(void)
{
	csr_write(stvec, 0);
	__asm__ volatile(".word 0" ::: "memory");
}

static void do_fetch_device(void)
{
	((void (*)(void))UART)();
}

static void do_amo_device(void)
{
	__atomic_fetch_add((u32 *)UART, 1U, __ATOMIC_SEQ_CST);
}

static void do_device_end(void)
{
	(void)*(volatile u64 *)PLIC_LAST;
}

static void stop_self(void *arg)
{
	(void)arg;
}

/*
 * All harts are started, and then each stops itself; this one may be the last. None is left that
 * could start another.
 */
static void do_stop_all(void)
{
	u32 i;

	for (i = 1; i < self.harts; i++)
		start_hart(i, stop_self, NULL);
	sbi_call(SBI_EID_HSM, SBI_HSM_HART_STOP, 0, 0, 0, 0, 0, 0);
}

/* A store through a window that is for reading (needs a manager) */
static void do_window(void)
{
	u32 ids[8], i;
	u64 nr = (u64)cleave_vm_list(ids, ARRAY_SIZE(ids)).value;

	for (i = 0; i < nr && i < ARRAY_SIZE(ids); i++) {
		if (cleave_window_map(ids[i], self.base, PAGE_SIZE, UINT64_C(0x200000000), 0)
			    .error == 0)
			*(volatile u64 *)UINT64_C(0x200000000) = 1;
	}
}

/* Code in a window (needs a manager): no window may be executed. */
static void do_window_jump(void)
{
	u32 ids[8], i;
	u64 nr = (u64)cleave_vm_list(ids, ARRAY_SIZE(ids)).value;

	for (i = 0; i < nr && i < ARRAY_SIZE(ids); i++) {
		if (cleave_window_map(ids[i], self.base + 0x200000, PAGE_SIZE,
				      UINT64_C(0x200000000), 0)
			    .error == 0)
			((void (*)(void))UINT64_C(0x200000000))();
	}
}

void fatal(const char *word)
{
	static const struct {
		const char *word;
		void (*act)(void);
	} acts[] = {
		{ "jump", do_jump },
		{ "load", do_load },
		{ "store", do_store },
		{ "behind", do_behind },
		{ "wide", do_wide },
		{ "table", do_table },
		{ "illegal", do_illegal },
		{ "fetch-device", do_fetch_device },
		{ "amo-device", do_amo_device },
		{ "device-end", do_device_end },
		{ "stop-all", do_stop_all },
		{ "window", do_window },
		{ "window-jump", do_window_jump },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(acts); i++) {
		if (strcmp(word, acts[i].word) == 0) {
			say("about to: %s", word);
			acts[i].act();
			check(false, "%s came back", word);
			return;
		}
	}
	check(false, "hostile=%s: there is no such word", word);
}
