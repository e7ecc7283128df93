/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checkpoints of several epochs: each epoch gives the memory that the guest had at its pause, and a
 * stream that is cut or spoilt within an epoch still gives all epochs before it. The guest writes
 * all the time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/guests/lib/migrate_store.h"

#define EPOCHS 4U
#define PAGES  24U

static struct sim *sim;
static uint8_t at_pause[EPOCHS + 2U][PAGES * 4096U];
static uint64_t regs_at_pause[EPOCHS + 2U][SIM_STATES];
static uint64_t paused_at[EPOCHS + 2U];
static uint32_t pauses;
static int (*real_state_get)(void *, uint32_t, struct cleave_state_head *, void *, size_t);

static int keep_memory(void *ctx, uint32_t index, struct cleave_state_head *head, void *data,
		       size_t size)
{
	int got = real_state_get(ctx, index, head, data, size);

	/* To read the state writes to the memory, so this is not before all of it was read. */
	if (got == 0) {
		assert_true(pauses < EPOCHS + 2U);
		memcpy(at_pause[pauses], sim->vm[0].memory, sizeof(at_pause[0]));
		memcpy(regs_at_pause[pauses], sim->vm[0].regs, sizeof(regs_at_pause[0]));
		paused_at[pauses++] = sim->source.epoch_at;
	}
	return got;
}

static void begin(uint32_t epochs)
{
	struct sim_config c = {
		.seed = 31, .pages = { PAGES - 8U, 8 }, .write_in = 2, .step = 512
	};
	struct migrate_link to = store_writer(sim);

	sim_start(sim, &c);
	pauses = 0;
	sim->source_config.kind = MIGRATE_KIND_CHECKPOINT;
	sim->source_config.epochs = epochs;
	sim->source_config.every_ms = 20;
	/* A copy that runs writes, too; here it is compared. */
	sim->source_config.stay_paused = true;
	real_state_get = sim->ops[0].state_get;
	sim->ops[0].state_get = keep_memory;
	assert_true(migrate_source_init(&sim->source, &sim->ops[0], &sim->side[0], &to,
					&sim->source_config));
}

/* Step the source until it is over, or in @state with @epochs written. */
static enum migrate_step step_to(enum migrate_source_state state, uint32_t epochs)
{
	enum migrate_step step = MIGRATE_PROGRESS;

	for (uint32_t i = 0; step != MIGRATE_DONE && step != MIGRATE_FAILED; i++) {
		assert_true(i < 10000000U);
		if (sim->source.state == state && sim->source.epochs == epochs)
			break;
		sim_tick(sim);
		step = migrate_source_step(&sim->source);
	}
	return step;
}

/* Let the source end by itself. */
static enum migrate_step step_all(void)
{
	return step_to(MIGRATE_SRC_DONE, UINT32_MAX);
}

static void empty_slot(void)
{
	uint64_t cursor = 0;

	do {
		assert_int_equal(sim->ops[1].vm_destroy(&sim->side[1], &cursor), 0);
	} while (cursor != 0U);
}

/* Restore epoch @at of the first @size bytes. Return: true when there is a guest then */
static bool restore(uint32_t at, size_t size)
{
	struct migrate_link from = store_reader(size);
	enum migrate_step step = MIGRATE_PROGRESS;

	/* The simulation would end the test if the guest ran twice, but here it is meant to. */
	sim->vm[0].state = CLEAVE_VM_PAUSED;
	sim->dest_config.kind = MIGRATE_KIND_CHECKPOINT;
	sim->dest_config.epoch = at;
	assert_true(migrate_dest_init(&sim->dest, &sim->ops[1], &sim->side[1], &from,
				      &sim->dest_config));
	while (step != MIGRATE_DONE && step != MIGRATE_FAILED)
		step = migrate_dest_step(&sim->dest);
	assert_int_equal(step == MIGRATE_DONE, migrate_dest_has_guest(&sim->dest));
	assert_int_equal(sim->vm[1].state,
			 step == MIGRATE_DONE ? CLEAVE_VM_PAUSED : CLEAVE_VM_EMPTY);
	return step == MIGRATE_DONE;
}

static void gives(uint32_t at, size_t size, uint32_t epoch)
{
	if (!restore(at, size))
		fail_msg("not restored: %s", migrate_dest_line(&sim->dest));
	assert_memory_equal(sim->vm[1].memory, at_pause[epoch], sizeof(at_pause[0]));
	assert_memory_equal(sim->vm[1].regs, regs_at_pause[epoch], sizeof(regs_at_pause[0]));
	empty_slot();
}

static void refuses(uint32_t at, size_t size, const char *why)
{
	assert_false(restore(at, size));
	if (strstr(migrate_dest_line(&sim->dest), why) == NULL)
		fail_msg("'%s' lacks '%s'", migrate_dest_line(&sim->dest), why);
}

/* Return: where the frame at @at ends, and its type */
static size_t frame_end(size_t at, uint16_t *type)
{
	struct migrate_frame f;

	memcpy(&f, kept + at, sizeof(f));
	*type = f.type;
	return at + sizeof(f) + (size_t)f.length;
}

static void write_all(void)
{
	begin(EPOCHS);
	assert_int_equal(step_all(), MIGRATE_DONE);
	assert_null(sim_stayed(sim));
	assert_int_equal(pauses, EPOCHS);
	for (uint32_t i = 0; i + 1U < EPOCHS; i++) {
		assert_memory_not_equal(at_pause[i], at_pause[i + 1U], sizeof(at_pause[0]));
		assert_true(paused_at[i + 1U] - paused_at[i] >=
			    20U * sim->source_config.timebase / 1000U);
	}
}

static void test_each_epoch_is_the_memory_of_its_pause(void **state)
{
	(void)state;
	write_all();
	for (uint32_t i = 0; i < EPOCHS; i++)
		gives(i, kept_size, i);
	gives(MIGRATE_EPOCH_LAST, kept_size, EPOCHS - 1U);
	refuses(EPOCHS, kept_size, "there is no epoch 4; up to epoch 3 it is whole");
}

/* After each frame, and in the middle of it. */
static void test_a_cut_leaves_the_epochs_before_it(void **state)
{
	uint32_t whole = 0;
	uint16_t type;
	char why[64];

	(void)state;
	write_all();
	for (size_t at = 0, end; at < kept_size; at = end) {
		end = frame_end(at, &type);
		assert_false(restore(MIGRATE_EPOCH_LAST, end - 1U));
		if (type == MIGRATE_REC_HANDOVER) {
			gives(MIGRATE_EPOCH_LAST, end, whole);
			whole++;
			continue;
		}
		if (type == MIGRATE_REC_END)
			continue;
		if (whole == 0U) {
			refuses(MIGRATE_EPOCH_LAST, end, "the link was cut after frame");
			assert_null(strstr(migrate_dest_line(&sim->dest), "whole"));
			continue;
		}
		(void)snprintf(why, sizeof(why), "up to epoch %u it is whole: --at %u", whole - 1U,
			       whole - 1U);
		refuses(MIGRATE_EPOCH_LAST, end, why);
		gives(whole - 1U, end, whole - 1U);
		refuses(whole, end, why);
	}
	assert_int_equal(whole, EPOCHS);
}

static void test_a_spoilt_epoch_leaves_those_before_it(void **state)
{
	uint32_t whole = 0;
	uint16_t type;

	(void)state;
	write_all();
	for (size_t at = 0, end; at < kept_size; at = end) {
		end = frame_end(at, &type);
		if (whole == 2U && type != MIGRATE_REC_HANDOVER) {
			kept[end - 1U] ^= 0x10U;
			refuses(MIGRATE_EPOCH_LAST, kept_size, "up to epoch 1 it is whole");
			gives(1, kept_size, 1);
			kept[end - 1U] ^= 0x10U;
		}
		whole += type == MIGRATE_REC_HANDOVER ? 1U : 0U;
	}
	gives(MIGRATE_EPOCH_LAST, kept_size, EPOCHS - 1U);
}

/*
 * Put a frame at @at, with right checksums. @seq: 0: it has the number of the frame that was there
 * Return: where it ends
 */
static size_t forge(size_t at, uint64_t seq, uint16_t type, const void *payload, size_t size)
{
	struct migrate_frame f;
	struct migrate_crc crc;

	assert_true(migrate_crc_init(&crc));
	memcpy(&f, kept + at, sizeof(f));
	f.magic = MIGRATE_MAGIC;
	f.version = 1;
	f.flags = MIGRATE_FLAG_MANDATORY;
	f.seq = seq == 0U ? f.seq : seq;
	f.type = type;
	f.length = size;
	f.payload_crc = migrate_crc32c(&crc, payload, size);
	f.header_crc = migrate_crc32c(&crc, &f, offsetof(struct migrate_frame, header_crc));
	memcpy(kept + at, &f, sizeof(f));
	memcpy(kept + at + sizeof(f), payload, size);
	return at + sizeof(f) + size;
}

/* Return: where the @nth frame of @type begins, from 0 */
static size_t find(uint16_t type, uint32_t nth)
{
	uint16_t found;

	for (size_t at = 0, end; at < kept_size; at = end) {
		end = frame_end(at, &found);
		if (found == type && nth-- == 0U)
			return at;
	}
	fail_msg("there is no such frame");
	return 0;
}

static void test_an_end_that_is_wrong(void **state)
{
	struct migrate_end end = { .epochs = EPOCHS - 1U };
	struct migrate_stop stop = { .run = 1 };
	struct migrate_frame f;
	uint16_t type;
	size_t at;

	(void)state;
	write_all();
	at = find(MIGRATE_REC_END, 0);
	refuses(MIGRATE_EPOCH_LAST, forge(at, 0, MIGRATE_REC_END, &end, sizeof(end)),
		"(end) may not come now; up to epoch 3");
	end = (struct migrate_end){ .epochs = EPOCHS, .reserved = 1 };
	refuses(MIGRATE_EPOCH_LAST, forge(at, 0, MIGRATE_REC_END, &end, sizeof(end)),
		"(end) may not come now; up to epoch 3");
	/* Before there is any epoch, and right after stop */
	write_all();
	end = (struct migrate_end){ .epochs = 0 };
	refuses(MIGRATE_EPOCH_LAST,
		forge(find(MIGRATE_REC_STOP, 0), 0, MIGRATE_REC_END, &end, sizeof(end)),
		"(end) may not come now");
	write_all();
	end = (struct migrate_end){ .epochs = 1 };
	at = frame_end(find(MIGRATE_REC_HANDOVER, 0), &type);
	memcpy(&f, kept + at, sizeof(f));
	at = forge(at, 0, MIGRATE_REC_STOP, &stop, sizeof(stop));
	refuses(MIGRATE_EPOCH_LAST, forge(at, f.seq + 1U, MIGRATE_REC_END, &end, sizeof(end)),
		"(end) may not come now; up to epoch 0");
}

/* The slot has the first epoch's state, so the hypervisor would miss nothing. */
static void test_an_epoch_without_its_state(void **state)
{
	(void)state;
	begin(EPOCHS);
	(void)step_to(MIGRATE_SRC_STATE, 1);
	sim->source.index = 1000;
	assert_int_equal(step_all(), MIGRATE_DONE);
	gives(0, kept_size, 0);
	refuses(MIGRATE_EPOCH_LAST, kept_size, "epoch 1 has 0 state records, not ");
}

/* What is wanted of a source, passes and time, counts for each epoch anew. */
static void test_each_epoch_has_its_passes_and_its_time(void **state)
{
	(void)state;
	begin(EPOCHS);
	sim->source.config.downtime_ms = 0;
	sim->source.config.passes = 3;
	sim->source.config.bound_ms = UINT32_MAX;
	sim->source.config.every_ms = 4000;
	sim->source.config.timeout_ms = 3000;
	assert_int_equal(step_all(), MIGRATE_DONE);
	assert_int_equal(sim->source.progress.pass, EPOCHS * 4U);
	gives(MIGRATE_EPOCH_LAST, kept_size, EPOCHS - 1U);
}

static void test_a_person_ends_it(void **state)
{
	(void)state;
	/* Between two epochs */
	begin(1000000);
	(void)step_to(MIGRATE_SRC_REST, 2);
	assert_int_equal(sim->vm[0].state, CLEAVE_VM_RUNNING);
	assert_true(migrate_source_cancel(&sim->source));
	assert_int_equal(step_all(), MIGRATE_DONE);
	assert_null(sim_stayed(sim));
	gives(MIGRATE_EPOCH_LAST, kept_size, 1);
	/* In an epoch, which is still written */
	begin(1000000);
	(void)step_to(MIGRATE_SRC_PASS_END, 2);
	assert_true(migrate_source_cancel(&sim->source));
	assert_int_equal(step_all(), MIGRATE_DONE);
	assert_int_equal(sim->source.epochs, 3);
	gives(MIGRATE_EPOCH_LAST, kept_size, 2);
	/* Twice: at once */
	begin(1000000);
	(void)step_to(MIGRATE_SRC_PASS_END, 2);
	assert_true(migrate_source_cancel(&sim->source));
	assert_true(migrate_source_cancel(&sim->source));
	assert_int_equal(step_all(), MIGRATE_FAILED);
	assert_null(sim_stayed(sim));
	gives(1, kept_size, 1);
	/* Before there is a whole guest */
	begin(1000000);
	(void)step_to(MIGRATE_SRC_PASS_END, 0);
	assert_true(migrate_source_cancel(&sim->source));
	assert_int_equal(step_all(), MIGRATE_FAILED);
	assert_null(sim_stayed(sim));
}

static void test_the_store_goes_away(void **state)
{
	(void)state;
	begin(1000000);
	(void)step_to(MIGRATE_SRC_REST, 3);
	kept_limit = kept_size + 3000U;
	assert_int_equal(step_all(), MIGRATE_FAILED);
	assert_non_null(strstr(migrate_source_line(&sim->source), "cannot be written"));
	assert_null(sim_stayed(sim));
	gives(2, kept_size, 2);
}

/* A guest that has ended, or was paused, between two epochs */
static void test_the_guest_ends_or_is_paused(void **state)
{
	(void)state;
	begin(EPOCHS);
	(void)step_to(MIGRATE_SRC_REST, 1);
	sim->vm[0].state = CLEAVE_VM_STOPPED;
	assert_int_equal(step_all(), MIGRATE_FAILED);
	assert_non_null(strstr(migrate_source_line(&sim->source), "neither running nor paused"));
	gives(MIGRATE_EPOCH_LAST, kept_size, 0);
	assert_non_null(strstr(migrate_dest_line(&sim->dest), "ended after epoch 0: the source"));

	begin(2);
	(void)step_to(MIGRATE_SRC_REST, 1);
	sim->vm[0].state = CLEAVE_VM_PAUSED;
	assert_int_equal(step_all(), MIGRATE_DONE);
	assert_int_equal(sim->vm[0].state, CLEAVE_VM_PAUSED);
	assert_true(restore(0, kept_size));
	empty_slot();
}

static void test_no_epochs_where_there_are_none(void **state)
{
	(void)state;
	begin(1);
	assert_int_equal(step_all(), MIGRATE_DONE);
	gives(MIGRATE_EPOCH_LAST, kept_size, 0);
	gives(0, kept_size, 0);
	refuses(1, kept_size, "there is no epoch 1: the checkpoint has epoch 0 alone");
	sim->source_config.kind = MIGRATE_KIND_LIVE;
	sim->source_config.epochs = 2;
	assert_false(migrate_source_init(&sim->source, &sim->ops[0], &sim->side[0],
					 &sim->source.link, &sim->source_config));
	assert_string_equal(migrate_source_line(&sim->source) + strlen("guest: "),
			    "only a checkpoint has epochs");
}

static int setup(void **state)
{
	(void)state;
	sim = sim_new();
	return sim == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	sim_free(sim);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_epoch_is_the_memory_of_its_pause),
		cmocka_unit_test(test_a_cut_leaves_the_epochs_before_it),
		cmocka_unit_test(test_a_spoilt_epoch_leaves_those_before_it),
		cmocka_unit_test(test_an_end_that_is_wrong),
		cmocka_unit_test(test_an_epoch_without_its_state),
		cmocka_unit_test(test_each_epoch_has_its_passes_and_its_time),
		cmocka_unit_test(test_a_person_ends_it),
		cmocka_unit_test(test_the_store_goes_away),
		cmocka_unit_test(test_the_guest_ends_or_is_paused),
		cmocka_unit_test(test_no_epochs_where_there_are_none),
	};

	return cmocka_run_group_tests_name("migrate_epoch", tests, setup, teardown);
}
