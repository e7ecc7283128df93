/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wrong engines are caught. Each mutant changes what one kind of mistake would change, at the
 * boundary through which the engine works. Then, every time,
 *
 * - without --verify the simulation sees that a write was lost;
 * - with --verify the migration is refused with a line that names the page, and the guest runs on
 *   where it was.
 *
 * mutant_none is the engine as it is. If these tests saw a lost write with it too, they would show
 * nothing about the mutants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/guests/lib/migrate_sim.h"

#define ROUNDS 400U

static struct sim *sim;
static struct migrate_ops real;
static uint8_t *copies; /* copies of pages, made before the pages were protected */
static bool copied;

static int setup(void **state)
{
	(void)state;
	sim = sim_new();
	copies = test_malloc((size_t)SIM_PAGES_MAX * 4096U);
	return sim == NULL || copies == NULL;
}

static int teardown(void **state)
{
	(void)state;
	test_free(copies);
	sim_free(sim);
	return 0;
}

/*
 * The guest stores to the page that nothing else writes. Its byte 0 counts up, so that the page
 * always changes.
 */
static void spare_write(void)
{
	uint32_t page = sim->spare;

	if (sim->vm[0].state != CLEAVE_VM_RUNNING)
		return;
	sim_write(sim, page);
	sim->guest[(size_t)page * 4096U]++;
	sim->vm[0].memory[(size_t)page * 4096U] = sim->guest[(size_t)page * 4096U];
	sim->guest[(size_t)page * 4096U + 1U] = 1;
	sim->vm[0].memory[(size_t)page * 4096U + 1U] = 1;
}

static bool spare_is_dirty(void)
{
	return (sim->vm[0].dirty[sim->spare / 64U] >> (sim->spare % 64U) & 1U) != 0U;
}

/*
 * This mutant clears bits that it has not seen: the guest writes after the look, and everything is
 * cleared.
 */
static int64_t clear_unseen(void *ctx, uint32_t region, uint64_t first, uint64_t count,
			    const uint64_t *bitmap)
{
	uint64_t all[MIGRATE_STEP_PAGES / 64U];

	(void)bitmap;
	memset(all, 0xff, sizeof(all));
	if (!spare_is_dirty())
		spare_write();
	return real.log_clear(ctx, region, first, count, all);
}

/*
 * This mutant skips the last pass: it does not look at what is dirty when the guest stands still.
 */
static int pause_after_write(void *ctx)
{
	spare_write();
	return real.vm_pause(ctx);
}

static int64_t get_none_paused(void *ctx, uint32_t region, uint64_t first, uint64_t count,
			       uint64_t *bitmap)
{
	int64_t went = real.log_get(ctx, region, first, count, bitmap);

	if (sim->vm[0].state == CLEAVE_VM_PAUSED)
		memset(bitmap, 0, (size_t)(count + 63U) / 64U * 8U);
	return went;
}

static int status_clean_paused(void *ctx, uint32_t region, uint64_t *dirty)
{
	int mode = real.log_status(ctx, region, dirty);

	if (sim->vm[0].state == CLEAVE_VM_PAUSED)
		*dirty = 0;
	return mode;
}

/*
 * This mutant copies pages before it protects them: the guest writes after the copy, and the clear
 * takes the bit.
 */
static int64_t get_and_copy(void *ctx, uint32_t region, uint64_t first, uint64_t count,
			    uint64_t *bitmap)
{
	int64_t went = real.log_get(ctx, region, first, count, bitmap);

	memcpy(copies, sim->vm[0].memory, (size_t)sim_pages(sim) * 4096U);
	copied = sim->vm[0].state == CLEAVE_VM_RUNNING;
	if (spare_is_dirty())
		spare_write();
	return went;
}

static int read_copy(void *ctx, uint64_t gpa, void *page, uint64_t *digest)
{
	int err = real.page_read(ctx, gpa, page, digest);

	for (uint32_t i = 0; copied && i < sim_pages(sim); i++) {
		if (sim_gpa(sim, i) == gpa)
			memcpy(page, copies + (size_t)i * 4096U, 4096);
	}
	*digest = migrate_digest_page(page, gpa);
	return err;
}

enum mutant {
	MUTANT_NONE,
	MUTANT_CLEAR_UNSEEN,
	MUTANT_SKIP_LAST,
	MUTANT_COPY_FIRST
};

static void mutate(enum mutant mutant)
{
	real = sim->ops[0];
	copied = false;
	switch (mutant) {
	case MUTANT_NONE:
		break;
	case MUTANT_CLEAR_UNSEEN:
		sim->ops[0].log_clear = clear_unseen;
		break;
	case MUTANT_SKIP_LAST:
		sim->ops[0].vm_pause = pause_after_write;
		sim->ops[0].log_get = get_none_paused;
		sim->ops[0].log_status = status_clean_paused;
		break;
	case MUTANT_COPY_FIRST:
		sim->ops[0].log_get = get_and_copy;
		sim->ops[0].page_read = read_copy;
		break;
	}
}

/*
 * Do one migration by a mutant, with one region and several passes, each of which looks at the
 * spare page.
 */
static enum migrate_step run(enum mutant mutant, uint64_t seed, bool verify)
{
	struct sim_config c = { .seed = seed,
				.pages = { 4, 0 },
				.write_in = 6,
				.room = 20000,
				.step = 512,
				.smooth = true };
	enum migrate_step source;
	enum migrate_step dest;

	sim_start(sim, &c);
	sim->spare = 3;
	sim->source_config.verify = verify;
	sim->source_config.passes = 2U + (uint32_t)(seed % 3U);
	sim->source_config.downtime_ms = 0;
	mutate(mutant);
	assert_true(sim_begin(sim));
	assert_true(sim_run(sim, &source, &dest));
	assert_int_equal(source, dest);
	return source;
}

static void caught(enum mutant mutant)
{
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		assert_int_equal(run(mutant, seed, false), MIGRATE_DONE);
		assert_non_null(sim_moved(sim));
		assert_string_equal(sim_moved(sim), "a write was lost");

		assert_int_equal(run(mutant, seed, true), MIGRATE_FAILED);
		assert_null(sim_stayed(sim));
		if (strstr(migrate_source_line(&sim->source), "verify: page 0x8000") == NULL ||
		    strstr(migrate_source_line(&sim->source), "; sent ") == NULL ||
		    strstr(migrate_source_line(&sim->source), "; its leaf is of level 0") == NULL)
			fail_msg("seed %lu: %s", seed, migrate_source_line(&sim->source));
	}
	print_message("%s\n", migrate_source_line(&sim->source));
}

static void test_clear_unseen(void **state)
{
	(void)state;
	caught(MUTANT_CLEAR_UNSEEN);
}

static void test_skip_last(void **state)
{
	(void)state;
	caught(MUTANT_SKIP_LAST);
}

static void test_copy_first(void **state)
{
	(void)state;
	caught(MUTANT_COPY_FIRST);
}

/* The same guest and the same rounds, with the engine as it is. */
static void test_none(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		assert_int_equal(run(MUTANT_NONE, seed, seed % 2U == 0U), MIGRATE_DONE);
		assert_null(sim_moved(sim));
	}
}

/*
 * If the last pass left something, the engine's own look at the log stops it, also without
 * --verify.
 */
static void test_settled(void **state)
{
	struct sim_config c = {
		.seed = 3, .pages = { 4, 0 }, .write_in = 6, .room = 9000, .step = 512
	};
	enum migrate_step source;
	enum migrate_step dest;

	(void)state;
	sim_start(sim, &c);
	sim->spare = 3;
	real = sim->ops[0];
	sim->ops[0].vm_pause = pause_after_write;
	sim->ops[0].log_get = get_none_paused;
	assert_true(sim_begin(sim));
	assert_true(sim_run(sim, &source, &dest));
	assert_int_equal(source, MIGRATE_FAILED);
	assert_null(sim_stayed(sim));
	assert_non_null(strstr(migrate_source_line(&sim->source),
			       "pages were written while the guest was paused"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),	  cmocka_unit_test(test_clear_unseen),
		cmocka_unit_test(test_skip_last), cmocka_unit_test(test_copy_first),
		cmocka_unit_test(test_settled),
	};

	return cmocka_run_group_tests_name("migrate_mutant", tests, setup, teardown);
}
