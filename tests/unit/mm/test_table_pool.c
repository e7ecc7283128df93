/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table pool: no table is given out twice, none is lost, and none is left over, even when
 * threads take and give at once.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>
#include <cleave/errno.h>
#include "tests/unit/mm/mm_harness.h"

static struct mm_machine m;
/* It has a page of its own, so that a store to its head can be trapped. */
static _Alignas(4096) union {
	struct table_pool pool;
	u8 page[PAGE_SIZE];
} own;
#define pool own.pool

static int setup(void **state)
{
	(void)state;
	mm_machine_init(&m, 0, MIB(4));
	table_pool_init(&pool, m.hpa_to_va);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mm_release_pool(&pool, &m.frames);
	mm_machine_end(&m);
	return 0;
}

static void test_gives_each_table_once(void **state)
{
	u64 *table[16];

	(void)state;
	assert_null(table_pool_take(&pool));
	assert_int_equal(table_pool_grow(&pool, &m.frames, 10), 0);
	assert_int_equal(table_pool_grow(&pool, &m.frames, 6), 0);
	assert_int_equal(table_pool_grow(&pool, &m.frames, 0), 0);
	assert_int_equal(pool.total, 16);
	for (u32 i = 0; i < 16U; i++) {
		table[i] = table_pool_take(&pool);
		assert_non_null(table[i]);
		assert_int_equal((uintptr_t)table[i] % PAGE_SIZE, 0);
		for (u32 j = 0; j < i; j++)
			assert_ptr_not_equal(table[i], table[j]);
		memset(table[i], 0xff, PAGE_SIZE);
	}
	assert_null(table_pool_take(&pool));
	assert_int_equal(pool.free, 0);
	for (u32 i = 0; i < 16U; i++)
		table_pool_give(&pool, table[i]);
	assert_int_equal(pool.free, 16);
}

static void test_grow_fails_whole(void **state)
{
	(void)state;
	assert_int_equal(table_pool_grow(&pool, &m.frames, 5000), CLV_ERR_NOMEM);
	assert_int_equal(table_pool_grow(&pool, &m.frames, ~UINT64_C(0)), CLV_ERR_NOMEM);
	assert_int_equal(pool.total, 0);
	for (u32 i = 0; i < TABLE_POOL_CHUNKS; i++)
		assert_int_equal(table_pool_grow(&pool, &m.frames, 1), 0);
	assert_int_equal(table_pool_grow(&pool, &m.frames, 1), CLV_ERR_NOMEM);
	assert_int_equal(pool.free, TABLE_POOL_CHUNKS);
}

/* M6: however large a pool is, making it and giving it back touches none of its tables. */
static void test_large_pool_touches_nothing(void **state)
{
	const u64 tables = 32832; /* of 64 GiB */
	struct frames frames = { .nr = 0 };
	void *wall = mmap(NULL, tables << PAGE_SHIFT, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)state;
	assert_ptr_not_equal(wall, MAP_FAILED);
	table_pool_init(&pool, (uintptr_t)wall - GIB(4));
	assert_int_equal(frames_add(&frames, HPA(GIB(4)), tables << PAGE_SHIFT), 0);
	assert_int_equal(table_pool_grow(&pool, &frames, tables), 0);
	assert_int_equal(pool.free, tables);
	assert_ptr_equal(table_pool_take(&pool), wall);
	assert_int_equal(pool.free, tables - 1U);
	mm_release_pool(&pool, &frames);
	assert_int_equal(frames.free, tables << PAGE_SHIFT);
	munmap(wall, tables << PAGE_SHIFT);
}

static void test_reserve_takes_all_or_none(void **state)
{
	struct table_chain chain;
	u64 *table;

	(void)state;
	assert_int_equal(table_pool_grow(&pool, &m.frames, 4), 0);
	assert_int_equal(table_pool_reserve(&pool, 5, &chain), CLV_ERR_NOMEM);
	assert_int_equal(pool.free, 4);
	assert_null(table_chain_next(&chain));
	assert_int_equal(table_pool_reserve(&pool, 3, &chain), 0);
	assert_int_equal(pool.free, 1);
	table = table_chain_next(&chain);
	assert_non_null(table);
	table_chain_push(&chain, table);
	assert_non_null(table_chain_next(&chain));
	table_pool_unreserve(&pool, &chain);
	assert_int_equal(pool.free, 3);
	table_pool_give(&pool, table);
	assert_int_equal(pool.free, 4);
}

/*
 * Take two or three tables, write a name into them, check that nobody else writes there, and give
 * them back.
 */
static void *thread(void *arg)
{
	u64 name = (uintptr_t)arg;

	for (u32 n = 0; n < 40000U; n++) {
		u64 *table[3];

		for (u32 i = 0; i < 3U; i++) {
			table[i] = table_pool_take(&pool);
			if (table[i] != NULL)
				atomic_set(&table[i][0], name + i);
		}
		for (u32 i = 0; i < 3U; i++) {
			if (table[i] == NULL)
				continue;
			MUST(atomic_read(&table[i][0]) == name + i);
			table_pool_give(&pool, table[i]);
		}
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t id[3];

	(void)state;
	assert_int_equal(table_pool_grow(&pool, &m.frames, 5), 0);
	for (uintptr_t i = 0; i < ARRAY_SIZE(id); i++)
		assert_int_equal(pthread_create(&id[i], NULL, thread, (void *)((i + 1U) << 56)), 0);
	for (u32 i = 0; i < ARRAY_SIZE(id); i++)
		assert_int_equal(pthread_join(id[i], NULL), 0);
	assert_int_equal(pool.free, 5);
	for (u32 i = 0; i < 5U; i++)
		assert_non_null(table_pool_take(&pool));
	assert_null(table_pool_take(&pool));
}

static u64 *others[2];
static u32 traps;

static void on_trap(int sig)
{
	(void)sig;
	traps++;
	(void)mprotect(&own, sizeof(own), PROT_READ | PROT_WRITE);
	/*
	 * Another vCPU takes the table on top and the one below it, and gives the first one back.
	 * So the same table is on top again.
	 */
	others[0] = table_pool_take(&pool);
	others[1] = table_pool_take(&pool);
	table_pool_give(&pool, others[0]);
}

/*
 * This happens between reading the head and exchanging it. What was read as the next table is in
 * use by then.
 */
static void test_head_that_came_back(void **state)
{
	struct sigaction act = { .sa_handler = on_trap };
	struct sigaction was;
	u64 *used[4];
	u64 *table;

	(void)state;
	assert_int_equal(table_pool_grow(&pool, &m.frames, 4), 0);
	for (u32 i = 0; i < ARRAY_SIZE(used); i++)
		used[i] = table_pool_take(&pool);
	for (u32 i = ARRAY_SIZE(used); i > 0U; i--)
		table_pool_give(&pool, used[i - 1U]);
	assert_int_equal(sigaction(SIGSEGV, &act, &was), 0);
	assert_int_equal(mprotect(&own, sizeof(own), PROT_READ), 0);
	table = table_pool_take(&pool);
	assert_int_equal(sigaction(SIGSEGV, &was, NULL), 0);
	assert_int_equal(traps, 1);
	assert_ptr_equal(table, others[0]);
	for (u32 left = 2; left > 0U; left--) {
		u64 *next = table_pool_take(&pool);

		assert_non_null(next);
		assert_ptr_not_equal(next, others[1]);
		assert_ptr_not_equal(next, table);
	}
	assert_null(table_pool_take(&pool));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_gives_each_table_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_grow_fails_whole, setup, teardown),
		cmocka_unit_test(test_large_pool_touches_nothing),
		cmocka_unit_test_setup_teardown(test_reserve_takes_all_or_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_head_that_came_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
	};

	return cmocka_run_group_tests_name("table_pool", tests, NULL, NULL);
}
