/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A random life of a space with a dirty log: simulated harts write, while a manager starts,
 * harvests and stops the log.
 */
#ifndef TESTS_MODEL_MODEL_SPACE_H
#define TESTS_MODEL_MODEL_SPACE_H

#include <cleave/types.h>

/**
 * struct model_space_run - what to run
 * @levels: 3, 4 or 5
 * @mode: CLEAVE_LOG_*
 * @gib: log a region that has a 1 GiB leaf, and not one of 12 MiB
 * @pool_tables: as in struct space_config; a small pool makes logs coarse
 * @over: logs are also taken over, by starts in any mode
 * @ops: number of random operations
 * @seed: of the random numbers; not 0
 */
struct model_space_run {
	u8 levels;
	u32 mode;
	bool gib;
	u32 pool_tables;
	bool over;
	u64 ops;
	u64 seed;
};

/** model_space_run() - run it; abort with a message when a rule is broken or a write unreported */
void model_space_run(const struct model_space_run *run);

#endif
