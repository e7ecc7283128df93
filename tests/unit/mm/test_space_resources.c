/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A call that fails leaves nothing changed (M5). Each call of the memory layer that takes something
 * is made again and again: with no block of frames left, with one, and so on, and likewise with the
 * tables of the pool, until it has enough. As long as it fails, all that the space and the
 * allocator know must stay as it was, tables and bitmaps too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/errno.h>
#include "tests/unit/mm/mm_harness.h"

#define BASE   GIB(1)
#define SIZE   (MIB(4) + 0x3000U)
#define HPA_AT (MM_HPA_BASE + MIB(2))
#define WINDOW GIB(2)
#define TABLES 64U
#define ENOUGH 200U

static struct mm_machine m;
static struct space sp;
static struct space other;

/** struct snapshot - what a call that fails must leave as it is */
struct snapshot {
	struct frames frames;
	struct table_pool pool;
	struct space_stats stats;
	u32 nr_regions;
	struct region region[ARRAY_SIZE(sp.region)];
	u64 tables;
	u64 bitmaps;
};

/* --- what is the same ------------------------------------------------------------------------- */

static u64 mix(u64 hash, u64 word)
{
	return (hash ^ word) * UINT64_C(0x100000001b3);
}

/* All entries of a table, and of those that it leads to */
static u64 hash_table(const struct space *s, const u64 *table, u32 level, u64 hash)
{
	u64 entries = level == s->gs.levels - 1U ? GSTAGE_ROOT_ENTRIES : GSTAGE_ENTRIES;

	for (u64 i = 0; i < entries; i++) {
		hash = mix(hash, table[i]);
		if (gstage_pte_is_table(table[i]))
			hash = hash_table(s, gstage_table(&s->gs, table[i]), level - 1U, hash);
	}
	return hash;
}

static u64 hash_bitmaps(const struct space *s)
{
	u64 hash = 1;

	for (u32 i = 0; i < s->nr_regions; i++) {
		const struct region *r = &s->region[i];
		const u64 *word = (const u64 *)(r->log.memory.v + m.hpa_to_va);

		for (u64 n = 0; n < r->log.memory_size / sizeof(u64); n++)
			hash = mix(hash, word[n]);
	}
	return hash;
}

/* Whether a pool's table is on its stack or is one that nobody has had makes no difference. */
static void look(const struct space *s, struct snapshot *out)
{
	memset(out, 0, sizeof(*out));
	out->frames = m.frames;
	memset(&out->frames.lock, 0, sizeof(out->frames.lock));
	memset(&out->frames.range[m.frames.nr], 0,
	       (FRAMES_MAX_RANGES - m.frames.nr) * sizeof(m.frames.range[0]));
	out->pool = s->pool;
	out->pool.head = 0;
	out->pool.fresh = 0;
	out->stats = s->stats;
	out->nr_regions = s->nr_regions;
	for (u32 i = 0; i < ARRAY_SIZE(s->region); i++) {
		/* Of a slot that is free only the memory counts that it would give back. */
		if (s->region[i].kind != REGION_FREE)
			out->region[i] = s->region[i];
		else
			out->region[i].log.memory_size = s->region[i].log.memory_size;
	}
	out->tables = s->gs.root == NULL ? 0U : hash_table(s, s->gs.root, s->gs.levels - 1U, 1);
	out->bitmaps = hash_bitmaps(s);
}

/* --- the calls -------------------------------------------------------------------------------- */

static int call_init(void)
{
	struct space_config cfg = mm_config(&m, 3);
	int err;

	memset(&other, 0, sizeof(other));
	err = space_init(&other, &m.frames, &cfg, MIB(4));
	if (err == CLV_OK)
		mm_destroy(&other);
	return err;
}

static int call_memory(void)
{
	return space_begin_memory(&sp, GPA(GIB(4) - PAGE_SIZE), HPA(MM_HPA_BASE), MIB(2));
}

static int call_memory_of_one_leaf(void)
{
	return space_begin_memory(&sp, GPA(GIB(4)), HPA(MM_HPA_BASE), MIB(2));
}

/* Arguments that are wrong, found out however late */
static int call_memory_at_a_wrong_place(void)
{
	return space_begin_memory(&sp, GPA(GIB(4)), HPA(MM_HPA_BASE + 1U), MIB(2));
}

static int call_memory_too_high(void)
{
	return space_begin_memory(&sp, GPA(GIB(4)), HPA(BIT64(56) - PAGE_SIZE), MIB(2));
}

static int call_device(void)
{
	return space_begin_device(&sp, GPA(GIB(8) - PAGE_SIZE), HPA(GIB(1)), MIB(2));
}

static int call_device_at_a_wrong_place(void)
{
	return space_begin_device(&sp, GPA(GIB(8)), HPA(GIB(1) + 1U), MIB(2));
}

static int call_window(void)
{
	return space_add_window(&sp, GPA(WINDOW - PAGE_SIZE), &other, GPA(BASE), MIB(2), true);
}

static int call_map(void)
{
	return gstage_map(&sp.gs, &sp.pool, GPA(GIB(3) - PAGE_SIZE), HPA(MM_HPA_BASE), MIB(4),
			  GSTAGE_PTE_RWX, 1);
}

/* Both ends lie in huge leaves. */
static int call_unmap(void)
{
	struct flush_batch batch;

	flush_batch_init(&batch);
	return gstage_unmap(&sp.gs, &sp.pool, GPA(BASE + PAGE_SIZE), MIB(2), &batch);
}

static int call_reserve(void)
{
	struct table_chain chain;
	int err = table_pool_reserve(&sp.pool, 5, &chain);

	if (err == CLV_OK)
		table_pool_unreserve(&sp.pool, &chain);
	return err;
}

/* --- the tests -------------------------------------------------------------------------------- */

static int begin(u32 pool_tables)
{
	struct space_config cfg;

	mm_machine_init(&m, MIB(16), MIB(8));
	cfg = mm_config(&m, 3);
	memset(&sp, 0, sizeof(sp));
	memset(&other, 0, sizeof(other));
	cfg.pool_tables = pool_tables;
	cfg.window_size = pool_tables == 0U ? MIB(4) : 0U;
	assert_int_equal(space_init(&sp, &m.frames, &cfg, SIZE), CLV_OK);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(HPA_AT), SIZE), 0);
	assert_int_equal(mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false) > 0U, 1);
	return 0;
}

static int begin_sized(void **state)
{
	(void)state;
	return begin(0);
}

static int begin_limited(void **state)
{
	(void)state;
	return begin(TABLES);
}

static int end(void **state)
{
	(void)state;
	if (other.frames != NULL)
		mm_destroy(&other);
	mm_end(&m, &sp);
	return 0;
}

static void make_other(void)
{
	struct space_config cfg = mm_config(&m, 3);

	assert_int_equal(space_init(&other, &m.frames, &cfg, SIZE), CLV_OK);
	assert_int_equal(mm_add_memory(&other, GPA(BASE), HPA(MM_HPA_BASE + MIB(8)), SIZE), 0);
}

/* Fail each allocation of frames in turn. Return: how often @call has failed. */
static u32 short_of_blocks(int (*call)(void))
{
	static struct snapshot before;
	static struct snapshot after;
	u32 out = m.frames.blocks;
	int err = CLV_ERR_NOMEM;
	u32 n = 0;

	look(&sp, &before);
	for (; n < ENOUGH && err < 0; n++) {
		m.frames.blocks = FRAMES_MAX_BLOCKS - n;
		err = call();
		m.frames.blocks -= FRAMES_MAX_BLOCKS - n;
		m.frames.blocks += out;
		look(&sp, &after);
		if (err < 0)
			assert_memory_equal(&before, &after, sizeof(before));
	}
	assert_true(err >= 0);
	return n - 1U;
}

/* Leave the pool so many tables. Return: how often @call has failed. */
static u32 short_of_tables(int (*call)(void))
{
	static struct snapshot before;
	static struct snapshot after;
	struct table_chain chain;
	int err = CLV_ERR_NOMEM;
	u32 n = 0;

	for (; n < ENOUGH && err < 0; n++) {
		assert_int_equal(table_pool_reserve(&sp.pool, sp.pool.free - n, &chain), CLV_OK);
		look(&sp, &before);
		err = call();
		look(&sp, &after);
		if (err < 0)
			assert_memory_equal(&before, &after, sizeof(before));
		table_pool_unreserve(&sp.pool, &chain);
	}
	assert_true(err >= 0);
	return n - 1U;
}

static void fails(int (*call)(void), int with)
{
	static struct snapshot before;
	static struct snapshot after;

	look(&sp, &before);
	assert_int_equal(call(), with);
	look(&sp, &after);
	assert_memory_equal(&before, &after, sizeof(before));
}

static void test_a_space(void **state)
{
	(void)state;
	assert_int_equal(short_of_blocks(call_init), 2);
	memset(&other, 0, sizeof(other));
}

/* Its bitmap, and tables for 4 KiB pages where it straddles two tables */
static void test_memory(void **state)
{
	(void)state;
	assert_int_equal(short_of_blocks(call_memory), 2);
	while (space_memory_step(&sp))
		;
}

static void test_memory_where_the_pool_is_limited(void **state)
{
	(void)state;
	assert_int_equal(short_of_blocks(call_memory), 1);
	while (space_memory_step(&sp))
		;
}

/* Its pool does not grow: it must have the tables of the leaves that are made, and no more. */
static void test_tables_where_the_pool_is_limited(void **state)
{
	(void)state;
	assert_int_equal(short_of_tables(call_memory_of_one_leaf), 1);
	while (space_memory_step(&sp))
		;
}

static void test_memory_that_cannot_be(void **state)
{
	(void)state;
	fails(call_memory_at_a_wrong_place, CLV_ERR_INVAL);
	fails(call_memory_too_high, CLV_ERR_RANGE);
	fails(call_device_at_a_wrong_place, CLV_ERR_INVAL);
}

static void test_a_device(void **state)
{
	(void)state;
	assert_int_equal(short_of_blocks(call_device), 1);
	while (space_memory_step(&sp))
		;
}

static void test_a_window(void **state)
{
	(void)state;
	make_other();
	assert_true(short_of_tables(call_window) > 1U);
	assert_int_equal(space_remove_window(&sp, GPA(WINDOW - PAGE_SIZE)), CLV_OK);
}

static void test_tables(void **state)
{
	(void)state;
	assert_true(short_of_tables(call_map) > 1U);
	assert_int_equal(short_of_tables(call_unmap), 2);
	assert_int_equal(short_of_tables(call_reserve), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_space, begin_sized, end),
		cmocka_unit_test_setup_teardown(test_memory, begin_sized, end),
		cmocka_unit_test_setup_teardown(test_memory_where_the_pool_is_limited,
						begin_limited, end),
		cmocka_unit_test_setup_teardown(test_tables_where_the_pool_is_limited,
						begin_limited, end),
		cmocka_unit_test_setup_teardown(test_memory_that_cannot_be, begin_sized, end),
		cmocka_unit_test_setup_teardown(test_a_device, begin_sized, end),
		cmocka_unit_test_setup_teardown(test_a_window, begin_sized, end),
		cmocka_unit_test_setup_teardown(test_tables, begin_sized, end),
	};

	return cmocka_run_group_tests_name("space_resources", tests, NULL, NULL);
}
