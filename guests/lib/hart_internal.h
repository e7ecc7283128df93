/* SPDX-License-Identifier: BSD-2-Clause */
/* What the library keeps of a hart. Programs must not include it. */
#ifndef GUESTS_LIB_HART_INTERNAL_H
#define GUESTS_LIB_HART_INTERNAL_H

#include "guests/lib/guest.h"

/**
 * struct guest_hart - a hart of the program; its tp points here, and start.S knows the offsets
 * @stack: end of its stack
 * @catch_sp: the stack pointer of the innermost trap_call() under way, 0: none
 * @hartid: its hart id
 * @fn, @arg: what start_hart() was told to run
 * @caught: the registers at the exception that ended the last trap_call()
 */
struct guest_hart {
	u64 stack;
	u64 catch_sp;
	u64 hartid;
	void (*fn)(void *arg);
	void *arg;
	struct trap caught;
};

_Static_assert(offsetof(struct guest_hart, stack) == 0, "start.S: HART_STACK");
_Static_assert(offsetof(struct guest_hart, catch_sp) == 8, "start.S: HART_CATCH");
_Static_assert(offsetof(struct guest_hart, hartid) == 16, "start.S: HART_ID");
_Static_assert(offsetof(struct guest_hart, fn) == 24, "start.S: HART_FN");
_Static_assert(offsetof(struct guest_hart, arg) == 32, "start.S: HART_ARG");
_Static_assert(sizeof(struct trap) == 288, "start.S: TRAP_SIZE");

static inline struct guest_hart *hart_self(void)
{
	struct guest_hart *h;

	__asm__ volatile("mv %0, tp" : "=r"(h));
	return h;
}

/* Called by start.S */
struct guest_hart *harts_init(u64 hartid, const void *fdt);
void hart_stop_self(void) __attribute__((noreturn));
void trap_handle(struct trap *t);

/* Defined by start.S */
void guest_secondary(void);
u64 trap_call(void (*fn)(void *arg), void *arg);
void trap_unwind(void);

#endif
