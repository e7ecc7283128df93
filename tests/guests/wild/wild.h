/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that does anything: from all its harts it runs short programs of its own making, with
 * registers, page tables, interrupts and modes that are drawn by a seed: SBI calls, hypercalls,
 * accesses of devices and of what is not there, CSRs, jumps, and words that need be no instruction.
 * It must be answered as the specifications say, and keep every register that no one may change.
 *
 * It leaves out what would rightly end it, or harm itself: shutdown, stores to its own program, a
 * satp that does not map its vector, calls that rightly wait for ever.
 *
 * Bootargs:
 *   role=wild seed=N rounds=N   as above. `manager`: it is one, and works on "victim" too
 *   role=victim                 runs until a manager ends it
 *   role=closer                 a manager: when the user types q, it ends and renews the victim
 *   role=ticker                 lets time be measured, on harts of its own
 *   role=neighbour              checks its memory, its time and its console, until the user types q
 */
#ifndef TESTS_GUESTS_WILD_H
#define TESTS_GUESTS_WILD_H

#include "tests/guests/random.h"

#define SSTATUS_SPIE (UINT64_C(1) << 5)
#define SSTATUS_SPP  (UINT64_C(1) << 8)
#define SSTATUS_FS   (UINT64_C(3) << 13)
#define SSTATUS_SUM  (UINT64_C(1) << 18)
#define SSTATUS_MXR  (UINT64_C(1) << 19)

/* With 32 bits in user mode pcs would be others. */
#define SSTATUS_UXL_64 (UINT64_C(2) << 32)

#define WILD_PERIOD_US 1000U /* of the neighbours' timers; they all share the machine's time */

#define WILD_RESUMED 0x100U /* instead of a cause: the hart was suspended, and has resumed */
#define WILD_CODE    8U	    /* instructions of a program, the last one being EBREAK */

#define WILD_UART      UINT64_C(0x10000000)
#define WILD_UART_SIZE UINT64_C(0x100)
#define WILD_PLIC      UINT64_C(0x0c000000)
#define WILD_PLIC_SIZE UINT64_C(0x600000)
#define WILD_NOWHERE   UINT64_C(0x40000000)
#define WILD_WINDOWS   UINT64_C(0x200000000) /* where it puts windows, if it is a manager */

#define WILD_GIB (UINT64_C(1) << 30)

/* The last 8 MiB of its memory are there to be stored to. */
#define WILD_ARENA_SIZE (UINT64_C(8) << 20)

/* What a round can come to. Each must come, or the test shows nothing. */
enum wild_outcome {
	WILD_CALL_DONE,	   /* a call that succeeded */
	WILD_CALL_REFUSED, /* a call that got an error */
	WILD_ACCESS_DONE,
	WILD_ACCESS_FAULT, /* an access fault */
	WILD_PAGE_FAULT,
	WILD_ILLEGAL,
	WILD_INTERRUPTED,
	WILD_OUTCOMES,
};

/* struct wild_run - registers before and after wild_run(), and the trap; run.S knows the layout */
struct wild_run {
	u64 x[32]; /* x[0]: run.S keeps its stack there */
	u64 scause;
	u64 sepc;
	u64 stval;
	u64 sstatus;
};

void wild_run(struct wild_run *r, u64 pc, u64 sstatus, u64 satp);
void wild_resume(void);

/**
 * struct wild_hart - a hart's part
 * @state: of its draws
 * @round: how many it has done
 * @answer: the value of its last call, which may be the next cursor
 * @done: how often each outcome came
 * @again: the row of the last hypercall, if that may have more steps; 0: none
 * @run, @before: registers as they are, and as they were before the program ran
 * @code: the program
 */
struct wild_hart {
	u64 id;
	u64 state;
	u64 round;
	u64 answer;
	u64 again;
	u64 done[WILD_OUTCOMES];
	struct wild_run run;
	struct wild_run before;
	u32 code[WILD_CODE] __attribute__((aligned(64)));
};

/** struct wild - what all harts share */
struct wild {
	u64 base; /* of this partition's memory */
	u64 size;
	u64 arena;
	u64 rounds;
	u32 harts;
	bool manager;
	u32 vms;	  /* that it may work on */
	u32 self, victim; /* their ids */
};

extern struct wild wild;

/** wild_below() - Return: a number below @n, which is not 0 */
static inline u64 wild_below(struct wild_hart *h, u64 n)
{
	return (random_next(&h->state) >> 16) % n;
}

/** wild_fail() - say that @what is wrong in this hart's round, and count it */
void wild_fail(const struct wild_hart *h, const char *what);

/* values.c */

/** wild_value() - Return: a number, size, id or mask that a check may have missed */
u64 wild_value(struct wild_hart *h);

/** wild_arena() - Return: an address well inside the arena */
u64 wild_arena(struct wild_hart *h);

/** wild_address() - Return: an address: arena, device, nowhere, window, or anything at all */
u64 wild_address(struct wild_hart *h);

/* calls.c */

/** wild_call() - put the arguments of some call into the registers that will be used */
void wild_call(struct wild_hart *h);

/** wild_check_call() - an ECALL came back: judge the answer and the registers */
void wild_check_call(struct wild_hart *h);

/**
 * wild_restore_victim() - from time to time, and if others let it, have the victim run again: calls
 * on what is dead come to little
 */
void wild_restore_victim(struct wild_hart *h);

/** wild_end_victim() - destroy and create what the manager worked on, which must go well */
void wild_end_victim(void);

/* code.c */

/** wild_code() - write a program of @n words, and EBREAK after it; it makes no call */
void wild_code(struct wild_hart *h, u32 n);

/** wild_access() - Return: one load, store or atomic access of (a0); a jump to it, if @jump */
u32 wild_access(struct wild_hart *h, bool *jump);

/* tables.c */

/** wild_tables_init() - make the page tables, before any hart uses them */
void wild_tables_init(struct wild_hart *h);

/** wild_tables_change() - change some entries, which other harts may be using */
void wild_tables_change(struct wild_hart *h);

/** wild_satp() - Return: satp with some mode and ASID; 0: no translation */
u64 wild_satp(struct wild_hart *h);

/** wild_user_alias() - Return: the address by which code at @pc is fetched in user mode */
u64 wild_user_alias(u64 pc, u64 satp);

/* neighbour.c */
void wild_neighbour(void);
void wild_victim(void);

#endif
