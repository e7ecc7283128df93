/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests of whole migrations share: one simulation, and a line that says how it went wrong. */
#ifndef TESTS_MIGRATE_TEST_H
#define TESTS_MIGRATE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/guests/lib/migrate_sim.h"

static struct sim *sim;

static inline int setup(void **state)
{
	(void)state;
	sim = sim_new();
	return sim == NULL;
}

static inline int teardown(void **state)
{
	(void)state;
	sim_free(sim);
	return 0;
}

static inline void fail_line(const char *what)
{
	fail_msg("seed %lu: %s (source: %s) (destination: %s)", sim->config.seed, what,
		 migrate_source_line(&sim->source), migrate_dest_line(&sim->dest));
}

static inline void must(const char *wrong)
{
	if (wrong != NULL)
		fail_line(wrong);
}

static inline enum migrate_step finish(enum migrate_step *dest)
{
	enum migrate_step step;

	must(sim_finish(sim, &step, dest));
	return step;
}

#endif
