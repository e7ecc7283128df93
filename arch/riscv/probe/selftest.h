/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can only be found by translating an address in two stages: hardware updates of A and D bits,
 * NAPOT leaves, and what htval holds after a guest-page fault.
 */
#ifndef ARCH_RISCV_SELFTEST_H
#define ARCH_RISCV_SELFTEST_H

#include <cleave/types.h>

/**
 * enum selftest_ad - what a hart did when it had to set an A or D bit in a guest's page table
 *
 * The G-stage maps the page of that table without W. MAX() of two values is the worse one.
 */
enum selftest_ad {
	/* The tables did not translate at all. */
	SELFTEST_AD_NOT_RUN,
	/* Svade: the guest got a page fault of its own, and nothing was written. */
	SELFTEST_AD_PAGE_FAULT,
	/*
	 * The hardware update was stopped by the G-stage: a guest-page fault, nothing was written.
	 */
	SELFTEST_AD_GUEST_FAULT,
	/* The entry was changed through a mapping without W, a write that no log can see. */
	SELFTEST_AD_UNSOUND,
};

/**
 * struct selftest_result - what a hart did
 * @plain: with henvcfg.ADUE = 0 or without henvcfg, which is how guests run
 * @adue: with ADUE = 1; NOT_RUN if the bit cannot be set
 * @svnapot: a NAPOT leaf translated as it should
 * @htval: after a guest-page fault htval holds the guest-physical address (Shtvala)
 */
struct selftest_result {
	enum selftest_ad plain;
	enum selftest_ad adue;
	bool svnapot;
	bool htval;
};

/** enum selftest_d - what a hart does with a store through a leaf of the G-stage without D */
enum selftest_d {
	SELFTEST_D_SET,	    /* it sets D (Svadu) */
	SELFTEST_D_FAULT,   /* it faults (Svade), for some stores or for all */
	SELFTEST_D_UNSOUND, /* it stores, and leaves no trace */
};

/**
 * selftest_dirty_bits() - find out what the calling hart does about D in the G-stage
 * @levels, @henvcfg: as of selftest_run()
 * @zicboz: guests have cbo.zero. On a hart without it, it would go to the firmware as an illegal
 *	instruction, which cannot always give it back (docs/porting.md)
 *
 * Every store that a guest can make is tried: plain ones, AMOs, SC, cbo.zero where guests have it,
 * HSV, and one that crosses a page where the hart makes such stores. A walk of a guest's tables
 * that writes through write protection, which no log sees, counts as unsound.
 *
 * The rules of selftest_run() hold.
 *
 * Return: the worst that was seen.
 */
enum selftest_d selftest_dirty_bits(u32 levels, bool henvcfg, bool zicboz);

/**
 * selftest_run() - run the self-test on the calling hart
 * @levels: levels of the G-stage, a mode that the hart has
 * @henvcfg: the hart has henvcfg
 * @adue: henvcfg.ADUE can be set
 * @out: the result
 *
 * It uses static tables, so one hart at a time may run it. All CSRs are put back and the TLB is
 * fenced.
 */
void selftest_run(u32 levels, bool henvcfg, bool adue, struct selftest_result *out);

#endif
