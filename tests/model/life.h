/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A space lives through a history: the real code of mm/, driven by a manager and by harts that have
 * TLBs (hart_tlb.h), in the order that the history says, down to single accesses to shared words.
 */
#ifndef TESTS_MODEL_LIFE_H
#define TESTS_MODEL_LIFE_H

#include "tests/model/history.h"

/**
 * struct life_seen - what has come about, so that a test can say that it tried something
 * @writes: writes of harts that went through
 * @faults: write faults that were granted
 * @reported: pages that a harvest or a clear has answered
 * @late: writes by a hart that had a fence to do
 * @splits, @coarse, @collapses, @flushes: as counted by the code
 */
struct life_seen {
	u64 writes;
	u64 faults;
	u64 reported;
	u64 late;
	u64 splits;
	u64 coarse;
	u64 collapses;
	u64 flushes;
};

/** life_run() - live through @h; abort with a message where a rule is broken. @seen is added to */
void life_run(const struct history *h, struct life_seen *seen);

/* Harts do not do the fences that they are asked for: what the test of the test needs */
extern bool life_deaf;

/** life_relax() - what spin_relax() does there */
void life_relax(void);

#endif
