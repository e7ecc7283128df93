/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps of a guest program: a hook first, then whoever expects an exception; one that nobody expects is a failure of the
 * program: it is said in a line, and the partition shuts down.
 */
#include "guests/lib/hart_internal.h"

static bool (*trap_hook)(struct trap *t);

void on_trap(bool (*hook)(struct trap *t))
{
	__atomic_store_n(&trap_hook, hook, __ATOMIC_RELEASE);
}

void trap_skip(struct trap *t)
{
	/* An instruction is two bytes long unless its two lowest bits are ones (ISA manual, "Expanded instruction-length"). */
	u16 low = *(volatile u16 *)t->sepc;

	t->sepc += (low & 3U) == 3U ? 4U : 2U;
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

struct probe {
	u64 addr;
	u64 value;
	u32 size;
};

static void probe_do_load(void *arg)
{
	struct probe *p = arg;

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

static void probe_do_store(void *arg)
{
	struct probe *p = arg;

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
	struct probe p = { .addr = addr, .size = size };
	u64 cause = trap_try(probe_do_load, &p, NULL);

	if (value != NULL)
		*value = p.value;
	return cause;
}

u64 probe_store(u64 addr, u32 size, u64 value)
{
	struct probe p = { .addr = addr, .value = value, .size = size };

	return trap_try(probe_do_store, &p, NULL);
}
