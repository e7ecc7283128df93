/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can only be found by translating an address in two stages: hardware A/D updates, and NAPOT leaves.
 */
#ifndef ARCH_RISCV_SELFTEST_H
#define ARCH_RISCV_SELFTEST_H

#include <cleave/types.h>

/**
 * enum selftest_ad - what a hart did when a guest's access called for an A or D bit to be set in a page-table page that the
 * G-stage maps without W
 */
enum selftest_ad {
	SELFTEST_AD_NOT_RUN,	/* the tables did not translate at all */
	SELFTEST_AD_PAGE_FAULT, /* Svade: the guest's own page fault, nothing written */
	SELFTEST_AD_GUEST_FAULT, /* hardware A/D that the G-stage stopped: guest-page fault, nothing written */
	SELFTEST_AD_UNSOUND, /* the entry was changed through a mapping without W: a write that no log sees */
};

struct selftest_result {
	enum selftest_ad plain; /* with henvcfg.ADUE = 0, or without henvcfg: as guests are run */
	enum selftest_ad adue;	/* with ADUE = 1; NOT_RUN where the bit cannot be set */
	bool svnapot;
};

/**
 * selftest_run() - run all of it on this hart
 * @levels: G-stage levels to use, a mode that the hart has
 * @adue: henvcfg.ADUE can be set; @henvcfg: there is a henvcfg
 *
 * Uses static tables: one hart at a time. Puts every CSR back and fences.
 */
void selftest_run(u32 levels, bool henvcfg, bool adue, struct selftest_result *out);

#endif
