/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is written back: what the hypervisor zeroes and loads, after it was written, and only where
 * a guest may see its memory without the caches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/errno.h>
#include "tests/unit/mm/cache_fake.h"
#include "tests/unit/mm/mm_harness.h"

#define BASE GIB(2)

static struct mm_machine m;
static struct space sp;

static void begin(bool write_back)
{
	struct space_config cfg;

	mm_machine_init(&m, MIB(8), MIB(16));
	memset(&sp, 0, sizeof(sp));
	cfg = mm_config(&m, 3);
	cfg.write_back = write_back;
	assert_int_equal(space_init(&sp, &m.frames, &cfg, MIB(4)), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(2)), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE + MIB(2)), HPA(MM_HPA_BASE + MIB(4)), MIB(2)),
			 1);
	cache_fake = (struct cache_fake){ .last = NULL };
}

static void end(void)
{
	mm_end(&m, &sp);
}

static void test_loaded_memory_is_written_back(void **state)
{
	const u64 word = UINT64_C(0x1122334455667788);
	u64 edge[2] = { 1, word };

	(void)state;
	begin(true);
	assert_int_equal(space_load(&sp, GPA(BASE + 0x1008), &word, sizeof(word)), 0);
	assert_int_equal(cache_fake.written_back, sizeof(word));
	assert_ptr_equal(cache_fake.last, m.memory + 0x1008);
	assert_int_equal(cache_fake.last_word, word);
	/* In two regions that lie apart in memory */
	assert_int_equal(space_load(&sp, GPA(BASE + MIB(2) - 8U), edge, sizeof(edge)), 0);
	assert_int_equal(cache_fake.written_back, sizeof(word) + sizeof(edge));
	assert_ptr_equal(cache_fake.last, m.memory + MIB(4));
	assert_int_equal(cache_fake.last_word, word);
	end();
}

static void test_zeroed_memory_is_written_back(void **state)
{
	(void)state;
	begin(true);
	memset(m.memory, 0xa5, MIB(2));
	assert_int_equal(space_wipe(&sp, GPA(BASE), MIB(2)), 0);
	assert_int_equal(cache_fake.zeroed, MIB(2));
	assert_int_equal(cache_fake.written_back, MIB(2));
	assert_ptr_equal(cache_fake.last, m.memory);
	assert_int_equal(cache_fake.last_len, MIB(2));
	assert_int_equal(cache_fake.last_word, 0);
	end();
}

/* An answer to a hypercall is not: its caller reads it as any other memory of its own. */
static void test_an_answer_is_not_written_back(void **state)
{
	const u64 word = 7;

	(void)state;
	begin(true);
	assert_int_equal(space_write(&sp, GPA(BASE), &word, sizeof(word)), 0);
	assert_int_equal(cache_fake.written_back, 0);
	end();
}

static void test_nothing_is_where_all_go_through_the_cache(void **state)
{
	const u64 word = 7;

	(void)state;
	begin(false);
	assert_int_equal(space_load(&sp, GPA(BASE), &word, sizeof(word)), 0);
	assert_int_equal(space_wipe(&sp, GPA(BASE), MIB(2)), 0);
	assert_int_equal(cache_fake.zeroed, MIB(2));
	assert_int_equal(cache_fake.written_back, 0);
	end();
}

static void test_nothing_is_of_a_write_that_is_refused(void **state)
{
	const u64 word = 7;

	(void)state;
	begin(true);
	assert_int_equal(space_load(&sp, GPA(BASE + MIB(4) - 4U), &word, sizeof(word)),
			 CLV_ERR_RANGE);
	assert_int_equal(space_wipe(&sp, GPA(BASE + MIB(4) - 4U), 8), CLV_ERR_RANGE);
	assert_int_equal(cache_fake.zeroed + cache_fake.written_back, 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loaded_memory_is_written_back),
		cmocka_unit_test(test_zeroed_memory_is_written_back),
		cmocka_unit_test(test_an_answer_is_not_written_back),
		cmocka_unit_test(test_nothing_is_where_all_go_through_the_cache),
		cmocka_unit_test(test_nothing_is_of_a_write_that_is_refused),
	};

	return cmocka_run_group_tests_name("space_cache", tests, NULL, NULL);
}
