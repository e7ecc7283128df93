/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * G-stage tables in numbers: what lies in memory after each operation, word by word, as the
 * privileged specification has it ("Sv39 page table entry"; "Guest Physical Address Translation").
 * No number here comes from the code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/model/walker.h"
#include "tests/unit/mm/mm_harness.h"

static struct mm_machine m;
static struct table_pool pool;
static struct gstage gs;

static void begin(u32 levels)
{
	hpa_t root;

	mm_machine_init(&m, 0, MIB(1));
	table_pool_init(&pool, m.hpa_to_va);
	assert_int_equal(table_pool_grow(&pool, &m.frames, 32), 0);
	assert_int_equal(frames_alloc(&m.frames, 16384, 16384, 0, &root), 0);
	assert_int_equal(gstage_init(&gs, root, levels, m.hpa_to_va), 0);
}

static void end(void)
{
	frames_free(&m.frames, gs.root_hpa, 16384);
	mm_release_pool(&pool, &m.frames);
	mm_machine_end(&m);
}

/* Return: the word at physical address @pa. */
static u64 word(u64 pa)
{
	return *(volatile u64 *)(pa + m.hpa_to_va);
}

/* Return: entry @index of the table that pointer @pte leads to. */
static u64 entry(u64 pte, u64 index)
{
	assert_int_equal(pte & 0x3ff, 0x001); /* V, and nothing else */
	assert_int_equal(pte >> 54, 0);
	return word((pte >> 10) * 4096 + index * 8);
}

static u64 root(u64 index)
{
	return word(gs.root_hpa.v + index * 8);
}

static void map(u64 gpa, u64 hpa, u64 size, u64 prot, u32 largest)
{
	assert_int_equal(gstage_map(&gs, &pool, GPA(gpa), HPA(hpa), size, prot, largest), 0);
}

static void test_leaf_of_a_gib(void **state)
{
	(void)state;
	begin(3);
	map(0x80000000, 0x80000000, 0x40000000, 0xe, 2);
	assert_int_equal(root(2), 0x200000df); /* V R W X U A D */
	assert_int_equal(root(1), 0);
	assert_int_equal(root(3), 0);
	map(0x1ffc0000000, 0xffffc0000000, 0x40000000, 0x2, 2);
	assert_int_equal(root(2047), 0x3ffff00000d3); /* V R U A D */
	assert_int_equal(gs.limit, 0x20000000000);
	end();
}

static void test_each_permission(void **state)
{
	(void)state;
	begin(3);
	map(0x00000000, 0x140000000, 0x40000000, 0x2, 2);
	map(0x40000000, 0x180000000, 0x40000000, 0x6, 2);
	map(0x80000000, 0x1c0000000, 0x40000000, 0xa, 2);
	map(0xc0000000, 0x200000000, 0x40000000, 0xe, 2);
	assert_int_equal(root(0), 0x500000d3);
	assert_int_equal(root(1), 0x600000d7);
	assert_int_equal(root(2), 0x700000db);
	assert_int_equal(root(3), 0x800000df);
	end();
}

static void test_leaves_of_2_mib_and_4_kib(void **state)
{
	(void)state;
	begin(3);
	map(0x80200000, 0x90600000, 0x200000, 0xe, 2);
	assert_int_equal(entry(root(2), 1), 0x241800df);
	map(0x80003000, 0x91234000, 0x1000, 0xe, 2);
	assert_int_equal(entry(entry(root(2), 0), 3), 0x2448d0df);
	assert_int_equal(entry(entry(root(2), 0), 2), 0);
	/* The highest physical address of 56 bits */
	map(0x80004000, 0xfffffffffff000, 0x1000, 0xe, 2);
	assert_int_equal(entry(entry(root(2), 0), 4), 0x3ffffffffffcdf);
	end();
}

static void test_more_levels(void **state)
{
	(void)state;
	begin(4);
	assert_int_equal(gs.limit, UINT64_C(1) << 50);
	map(0x3ffffffe00000, 0x80200000, 0x200000, 0xe, 1);
	assert_int_equal(entry(entry(root(2047), 511), 511), 0x200800df);
	end();
	begin(5);
	assert_int_equal(gs.limit, UINT64_C(1) << 59);
	map(0x7ffffffffe00000, 0x80200000, 0x200000, 0xe, 1);
	assert_int_equal(entry(entry(entry(root(2047), 511), 511), 511), 0x200800df);
	end();
}

static void test_split_and_collapse(void **state)
{
	struct gstage_collect collect = { .nr = 0 };
	u64 *slot;
	u64 pte;
	u32 level;

	(void)state;
	begin(3);
	map(0x80000000, 0x80000000, 0x40000000, 0xe, 2);
	slot = gstage_walk(&gs, GPA(0x80000000), &level, &pte);
	assert_int_equal(level, 2);
	assert_int_equal(gstage_split(&gs, &pool, slot, 2, pte, 0), GSTAGE_SPLIT_DONE);
	for (u64 i = 0; i < 512; i++)
		assert_int_equal(entry(root(2), i), 0x200000df + i * 0x80000);
	slot = gstage_walk(&gs, GPA(0x80200000), &level, &pte);
	assert_int_equal(level, 1);
	/* A split that takes W away */
	assert_int_equal(gstage_split(&gs, &pool, slot, 1, pte, 0x4), GSTAGE_SPLIT_DONE);
	for (u64 i = 0; i < 512; i++)
		assert_int_equal(entry(entry(root(2), 1), i), 0x200800db + i * 0x400);
	assert_true(gstage_collapse(&gs, GPA(0x80200000), 1, 0xe, &collect));
	assert_int_equal(entry(root(2), 1), 0x200800df);
	assert_true(gstage_collapse(&gs, GPA(0x80000000), 2, 0xe, &collect));
	assert_int_equal(root(2), 0x200000df);
	gstage_collect_free(&collect, &pool);
	end();
}

static void test_protect(void **state)
{
	u64 table[3] = { 0x200000df, 0x200004d7, 0x200008d3 };

	(void)state;
	gstage_protect_run(table, 3);
	assert_int_equal(table[0], 0x200000db);
	assert_int_equal(table[1], 0x200004d3);
	assert_int_equal(table[2], 0x200008d3);
}

/* A space logs: a write-protected page, the fault that grants it, and the harvest after it */
static void test_space_in_numbers(void **state)
{
	static struct space sp;
	struct space_counters cnt = { 0 };
	struct space_config cfg;
	u64 bits = 0;
	u64 dirty;

	(void)state;
	mm_machine_init(&m, 0, MIB(4));
	cfg = mm_config(&m, 3);
	assert_int_equal(space_init(&sp, &m.frames, &cfg, 0x200000), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(0x80000000), HPA(0x80200000), 0x200000), 0);
	gs = sp.gs;
	assert_int_equal(entry(root(2), 0), 0x200800df);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_FAULT, false);
	assert_int_equal(entry(root(2), 0), 0x200800db);
	assert_int_equal(space_fault(&sp, GPA(0x80001234), ACCESS_WRITE, &cnt), FAULT_GRANTED);
	assert_int_equal(entry(entry(root(2), 0), 0), 0x200800db);
	assert_int_equal(entry(entry(root(2), 0), 1), 0x200804df);
	assert_int_equal(entry(entry(root(2), 0), 511), 0x200ffcdb);
	assert_int_equal(space_log_harvest(&sp, 0, 0, 64, &bits, &dirty), 64);
	assert_int_equal(bits, 2);
	assert_int_equal(entry(entry(root(2), 0), 1), 0x200804db);
	(void)mm_log_stop(&sp, 0, true);
	assert_int_equal(entry(root(2), 0), 0x200800df);
	mm_destroy(&sp);
	mm_machine_end(&m);
}

/* The tests' own walk refuses what no hart may be shown. */
static void test_walker(void **state)
{
	static _Alignas(16384) u64 tables[2048 + 512];
	const struct walker w = { .root = 0x80000000,
				  .levels = 3,
				  .host = (uintptr_t)tables - 0x80000000 };
	const struct {
		u64 entry;
		enum walker_answer answer;
	} of_a_gib[] = {
		{ 0x200000df, WALKER_LEAF },	    { 0x200000de, WALKER_NOTHING },
		{ 0x200000cf, WALKER_BAD }, /* no U */
		{ 0x200000ff, WALKER_BAD }, /* G */
		{ 0x200001df, WALKER_BAD }, /* a software bit */
		{ 0x200004df, WALKER_BAD }, /* not aligned */
		{ 0x200000dd, WALKER_BAD }, /* W without R */
		{ 0x80000000200000df, WALKER_BAD }, { 0x20000000200000df, WALKER_BAD },
		{ 0x00400000200000df, WALKER_BAD }, { 0x20000041, WALKER_BAD },
		{ 0x20000011, WALKER_BAD },	    { 0x20000021, WALKER_BAD },
	};
	struct walker_leaf leaf;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(of_a_gib); i++) {
		tables[2] = of_a_gib[i].entry;
		assert_int_equal(walker_walk(&w, 0x80001234, &leaf), of_a_gib[i].answer);
	}
	tables[2] = 0x200000df;
	assert_int_equal(walker_walk(&w, 0x80001234, &leaf), WALKER_LEAF);
	assert_int_equal(leaf.pa, 0x80001234);
	assert_int_equal(leaf.size, 0x40000000);
	assert_true(leaf.read && leaf.write && leaf.fetch);
	/* Without A nothing goes through, without D no store. */
	tables[2] = 0x2000009f;
	assert_int_equal(walker_walk(&w, 0x80001234, &leaf), WALKER_LEAF);
	assert_false(leaf.read || leaf.write || leaf.fetch);
	tables[2] = 0x2000005f;
	assert_int_equal(walker_walk(&w, 0x80001234, &leaf), WALKER_LEAF);
	assert_true(leaf.read && leaf.fetch && !leaf.write);
	/* A pointer, and 2 MiB behind it */
	tables[2] = ((0x80000000 + 16384) >> 12) << 10 | 1;
	tables[2048 + 1] = 0x200800df;
	assert_int_equal(walker_walk(&w, 0x80201234, &leaf), WALKER_LEAF);
	assert_int_equal(leaf.pa, 0x80201234);
	assert_int_equal(leaf.size, 0x200000);
	assert_true(walker_writes(&w, 0x80201234));
	assert_int_equal(walker_walk(&w, 0x80001234, &leaf), WALKER_NOTHING);
	assert_int_equal(walker_walk(&w, UINT64_C(1) << 41, &leaf), WALKER_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaf_of_a_gib),
		cmocka_unit_test(test_each_permission),
		cmocka_unit_test(test_leaves_of_2_mib_and_4_kib),
		cmocka_unit_test(test_more_levels),
		cmocka_unit_test(test_split_and_collapse),
		cmocka_unit_test(test_protect),
		cmocka_unit_test(test_space_in_numbers),
		cmocka_unit_test(test_walker),
	};

	return cmocka_run_group_tests_name("pte", tests, NULL, NULL);
}
