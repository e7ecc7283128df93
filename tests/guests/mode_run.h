/* SPDX-License-Identifier: BSD-2-Clause */
/* Running some code in VS- or VU-mode. A program that does so includes mode_run.S in a .S file. */
#ifndef TESTS_GUESTS_MODE_RUN_H
#define TESTS_GUESTS_MODE_RUN_H

#include "guests/lib/guest.h"

#define SSTATUS_SPIE (UINT64_C(1) << 5)
#define SSTATUS_SPP  (UINT64_C(1) << 8)

/** struct mode_trap - how the code ended; mode_run.S knows the layout, and uses @sp for itself */
struct mode_trap {
	u64 sp;
	u64 scause;
	u64 sepc;
	u64 stval;
	u64 sstatus;
};

/**
 * mode_run() - run the code at @pc until it traps, with a trap vector of its own
 * @sstatus: SPP (VS or VU) and SPIE (SIE while it runs)
 * @out: gets the registers at the trap; scause is TRAP_NONE when an exception went to a vector of
 *	interrupts
 * @a0: what the code finds in a0
 * @vectored: stvec is vectored
 *
 * When it returns, satp is 0; the caller may have set it.
 */
void mode_run(u64 pc, u64 sstatus, struct mode_trap *out, u64 a0, bool vectored);

#endif
