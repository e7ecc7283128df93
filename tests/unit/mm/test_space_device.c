/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of a device of the machine in a space: loads and stores reach them, and for nothing
 * else do they count as memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cleave/errno.h>
#include "tests/unit/mm/mm_harness.h"

#define BASE   GIB(2)
#define DEVICE UINT64_C(0x10008000)

static struct mm_machine m;
static struct space sp;
static struct space other;
static struct space_config cfg;
static struct space_counters cnt;

static void begin(void)
{
	mm_machine_init(&m, GIB(1), MIB(32));
	memset(&sp, 0, sizeof(sp));
	memset(&other, 0, sizeof(other));
	memset(&cnt, 0, sizeof(cnt));
	cfg = mm_config(&m, 3);
	cfg.window_size = MIB(8);
	assert_int_equal(space_init(&sp, &m.frames, &cfg, MIB(4)), 0);
	assert_int_equal(mm_add_memory(&sp, GPA(BASE), HPA(MM_HPA_BASE), MIB(4)), 0);
	assert_int_equal(space_init(&other, &m.frames, &cfg, MIB(64)), 0);
	assert_int_equal(mm_add_memory(&other, GPA(MIB(256)), HPA(MM_HPA_BASE + MIB(64)), MIB(64)),
			 0);
}

static void end(void)
{
	mm_destroy(&other);
	mm_end(&m, &sp);
}

static enum fault_answer fault(u64 gpa, enum access access)
{
	return space_fault(&sp, GPA(gpa), access, &cnt);
}

static void test_device_is_mapped(void **state)
{
	u32 level;
	u64 pte;

	(void)state;
	begin();
	assert_int_equal(mm_add_device(&sp, GPA(DEVICE), HPA(DEVICE), 2U * PAGE_SIZE), 0);
	pte = mm_pte(&sp.gs, DEVICE + PAGE_SIZE, &level);
	assert_int_equal(level, 0);
	assert_int_equal(gstage_pte_hpa(pte).v, DEVICE + PAGE_SIZE);
	assert_int_equal(pte & GSTAGE_PTE_RWX, GSTAGE_PTE_R | GSTAGE_PTE_W);
	/* The memory type is that of the PMA: there are no bits above the page number. */
	assert_int_equal(pte >> 54, 0);
	assert_int_equal(mm_pte(&sp.gs, DEVICE + 2U * PAGE_SIZE, NULL), 0);
	assert_int_equal(mm_pte(&sp.gs, DEVICE - PAGE_SIZE, NULL), 0);
	/*
	 * An access by a stale translation is allowed. A fetch is not, and beside the device there
	 * is nothing.
	 */
	assert_int_equal(fault(DEVICE, ACCESS_READ), FAULT_SPURIOUS);
	assert_int_equal(fault(DEVICE, ACCESS_WRITE), FAULT_SPURIOUS);
	assert_int_equal(fault(DEVICE, ACCESS_EXEC), FAULT_FORBIDDEN);
	assert_int_equal(fault(DEVICE + 2U * PAGE_SIZE, ACCESS_READ), FAULT_NOTHING);
	end();
}

static void test_device_is_no_memory(void **state)
{
	struct space_log_status status;
	u64 leaves[3] = { 0, 0, 0 };
	u64 cursor = 0;
	u32 region = CONFIG_MAX_REGIONS;
	u64 word = 0;

	(void)state;
	begin();
	assert_int_equal(mm_add_device(&sp, GPA(DEVICE), HPA(DEVICE), PAGE_SIZE), 0);
	assert_int_equal(sp.region[region].kind, REGION_DEVICE);
	assert_null(mm_span(&sp, DEVICE, 8).at);
	assert_null(mm_span(&sp, DEVICE, 4).at);
	assert_int_equal(space_read(&sp, GPA(DEVICE), &word, sizeof(word)), CLV_ERR_RANGE);
	assert_int_equal(space_write(&sp, GPA(DEVICE), &word, sizeof(word)), CLV_ERR_RANGE);
	assert_int_equal(space_wipe(&sp, GPA(DEVICE), 8), CLV_ERR_RANGE);
	assert_int_equal(space_log_status(&sp, region, &status), CLV_ERR_NOTFOUND);
	assert_int_equal(space_log_start(&sp, region, CLEAVE_LOG_EAGER, true, &cursor),
			 CLV_ERR_NOTFOUND);
	assert_int_equal(space_leaves(&sp, region, leaves, &cursor), CLV_ERR_NOTFOUND);
	assert_int_equal(space_leaf_level(&sp, GPA(DEVICE)), CLV_ERR_RANGE);
	/* No window can show it, and it is not a window that could be removed. */
	assert_int_equal(space_add_window(&other, GPA(GIB(1)), &sp, GPA(DEVICE), PAGE_SIZE, true),
			 CLV_ERR_RANGE);
	assert_int_equal(space_remove_window(&sp, GPA(DEVICE)), CLV_ERR_NOTFOUND);
	end();
}

/* A log of the memory beside it splits, protects and collapses nothing but that memory. */
static void test_device_is_never_logged(void **state)
{
	u64 before;

	(void)state;
	begin();
	assert_int_equal(mm_add_device(&sp, GPA(BASE - PAGE_SIZE), HPA(DEVICE), PAGE_SIZE), 0);
	assert_int_equal(mm_add_device(&sp, GPA(BASE + MIB(4)), HPA(DEVICE), PAGE_SIZE), 0);
	before = mm_pte(&sp.gs, BASE + MIB(4), NULL);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	assert_int_equal(mm_pte(&sp.gs, BASE, NULL) & GSTAGE_PTE_W, 0);
	assert_int_equal(mm_pte(&sp.gs, BASE + MIB(4), NULL), before);
	assert_int_equal(mm_pte(&sp.gs, BASE - PAGE_SIZE, NULL), before);
	end();
}

static void test_device_refuses_bad_arguments(void **state)
{
	(void)state;
	begin();
	assert_int_equal(mm_add_device(&sp, GPA(DEVICE + 1U), HPA(DEVICE), PAGE_SIZE),
			 CLV_ERR_INVAL);
	assert_int_equal(mm_add_device(&sp, GPA(DEVICE), HPA(DEVICE + 1U), PAGE_SIZE),
			 CLV_ERR_INVAL);
	assert_int_equal(mm_add_device(&sp, GPA(DEVICE), HPA(DEVICE), 0), CLV_ERR_INVAL);
	assert_int_equal(mm_add_device(&sp, GPA(DEVICE), HPA(DEVICE), 0x100), CLV_ERR_INVAL);
	assert_int_equal(mm_add_device(&sp, GPA(BASE + MIB(2)), HPA(DEVICE), PAGE_SIZE),
			 CLV_ERR_EXISTS);
	assert_int_equal(mm_add_device(&sp, GPA(BIT64(41)), HPA(DEVICE), PAGE_SIZE), CLV_ERR_RANGE);
	assert_int_equal(mm_add_device(&sp, GPA(DEVICE), HPA(DEVICE), PAGE_SIZE), 0);
	assert_int_equal(mm_add_device(&sp, GPA(DEVICE), HPA(DEVICE), PAGE_SIZE), CLV_ERR_EXISTS);
	/* Memory and windows cannot overlap it either. */
	assert_int_equal(mm_add_memory(&sp, GPA(DEVICE), HPA(MM_HPA_BASE + MIB(8)), MIB(2)),
			 CLV_ERR_EXISTS);
	assert_int_equal(space_add_window(&sp, GPA(DEVICE - PAGE_SIZE), &other, GPA(MIB(256)),
					  4U * PAGE_SIZE, false),
			 CLV_ERR_EXISTS);
	end();
}

/*
 * M5: as many devices as there can be, wherever they lie, take no table that memory or windows
 * need.
 */
static void test_devices_leave_the_memory_its_tables(void **state)
{
	u64 free;
	u64 leaves[3];

	(void)state;
	begin();
	free = sp.pool.free;
	for (u32 i = 0; i < SPACE_DEVICES; i++)
		assert_int_equal(
			mm_add_device(&sp, GPA(GIB(8) + i * GIB(1)), HPA(DEVICE), PAGE_SIZE), 0);
	assert_int_equal(mm_add_device(&sp, GPA(DEVICE), HPA(DEVICE), PAGE_SIZE), CLV_ERR_NOMEM);
	assert_true(sp.pool.free >= free);
	/* There are still slots for windows. */
	for (u32 i = 1; i < CONFIG_MAX_REGIONS; i++)
		assert_int_equal(space_add_window(&sp, GPA(GIB(4) + i * MIB(2)), &other,
						  GPA(MIB(256)), MIB(2), false),
				 (int)i);
	(void)mm_log_start(&sp, 0, CLEAVE_LOG_EAGER, true);
	mm_leaves(&sp, 0, leaves);
	assert_int_equal(leaves[0], MIB(4) / PAGE_SIZE);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_is_mapped),
		cmocka_unit_test(test_device_is_no_memory),
		cmocka_unit_test(test_device_is_never_logged),
		cmocka_unit_test(test_device_refuses_bad_arguments),
		cmocka_unit_test(test_devices_leave_the_memory_its_tables),
	};

	return cmocka_run_group_tests_name("space_device", tests, NULL, NULL);
}
