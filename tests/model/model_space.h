/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random life of a space with a dirty log: simulated harts write, a manager starts, harvests and
 * stops.
 */
#ifndef TESTS_MODEL_MODEL_SPACE_H
#define TESTS_MODEL_MODEL_SPACE_H

#include <cleave/types.h>

/**
 * struct model_space_run - what to run
 * @levels: 3, 4 or 5
 * @mode: CLEAVE_LOG_*
 * @gib: a region with a 1 GiB leaf in it, else one of 12 MiB
 * @pool_tables: as in space_config; not 0: logs get coarse
 * @ops: random operations
 */
struct model_space_run {
	u8 levels;
	u32 mode;
	bool gib;
	u32 pool_tables;
	u64 ops;
	u64 seed;
};

/** model_space_run() - aborts with a message where a rule is broken or a write is not reported */
void model_space_run(const struct model_space_run *run);

#endif
