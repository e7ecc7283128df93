/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the removal of a window leaves to the vCPUs of the VM that it showed: after a writable one
 * their next entry is like their first, after another one nothing is owed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/vm/vm_window.c"

#define BASE UINT64_C(0x80000000)
#define OWN  UINT64_C(0x200000000)
#define SEEN 5U

static struct config_partition cfg = { .nr_memory = 1,
				       .memory = { { .gpa = BASE, .size = PAGE_SIZE } } };
static struct vm holder, shown;
static struct vcpu vcpu[2];
static u64 removed;
static bool no_tables;	 /* for a window */
static bool holder_ends; /* its holder, on another hart, while the window is judged */

/* --- what is called --------------------------------------------------------------------------- */

int space_add_window(struct space *sp, gpa_t base, struct space *from, gpa_t from_base, u64 size,
		     bool writable)
{
	(void)from;
	(void)from_base;
	(void)size;
	(void)writable;
	assert_ptr_equal(sp, &holder.space);
	assert_int_equal(base.v, OWN);
	return no_tables ? CLV_ERR_NOMEM : 1;
}

int space_remove_window(struct space *sp, gpa_t base)
{
	assert_ptr_equal(sp, &holder.space);
	assert_int_equal(base.v, OWN);
	removed++;
	return CLV_OK;
}

int space_log_status(struct space *sp, u32 region, struct space_log_status *out)
{
	(void)sp;
	(void)region;
	*out = (struct space_log_status){ .mode = CLEAVE_LOG_OFF };
	return CLV_OK;
}

bool vm_all_out(const struct vm *vm)
{
	(void)vm;
	if (holder_ends)
		holder.run.state = CLEAVE_VM_STOPPED;
	return true;
}

/* --- the tests -------------------------------------------------------------------------------- */

static int begin(void **state)
{
	(void)state;
	memset(&holder, 0, sizeof(holder));
	memset(&shown, 0, sizeof(shown));
	memset(vm_window_table, 0, sizeof(vm_window_table));
	holder.run.state = CLEAVE_VM_RUNNING;
	shown.run.state = CLEAVE_VM_PAUSED;
	shown.cfg = &cfg;
	shown.run.nr_vcpus = 2;
	for (u32 i = 0; i < 2U; i++) {
		vcpu[i].tlb_seen = SEEN;
		shown.run.vcpu[i] = &vcpu[i];
	}
	removed = 0;
	holder_ends = false;
	no_tables = false;
	return 0;
}

static void map(bool writable)
{
	assert_int_equal(vm_window_map(&holder, OWN, &shown, BASE, PAGE_SIZE, writable), CLV_OK);
}

static void seen_is(u64 want)
{
	assert_int_equal(removed, 1);
	for (u32 i = 0; i < 2U; i++)
		assert_int_equal(vcpu[i].tlb_seen, want);
}

static void test_a_writable_window_is_unmapped(void **state)
{
	(void)state;
	map(true);
	assert_int_equal(vcpu[0].tlb_seen, SEEN);
	assert_int_equal(vm_window_unmap(&holder, OWN), CLV_OK);
	seen_is(0);
	/* It is gone, and its entry is free. */
	assert_int_equal(vm_window_unmap(&holder, OWN), CLV_ERR_NOTFOUND);
	spin_lock(&shown.lock);
	assert_false(vm_windows_writable(&shown));
	spin_unlock(&shown.lock);
}

static void test_a_writable_window_is_dropped_with_its_holder(void **state)
{
	(void)state;
	map(true);
	spin_lock(&holder.lock);
	assert_true(vm_windows_drop(&holder, VM_WINDOWS_HELD));
	spin_unlock(&holder.lock);
	seen_is(0);
}

static void test_a_writable_window_is_dropped_with_what_it_shows(void **state)
{
	(void)state;
	map(true);
	spin_lock(&shown.lock);
	assert_true(vm_windows_drop(&shown, VM_WINDOWS_UNSAFE));
	spin_unlock(&shown.lock);
	seen_is(0);
}

static void test_a_window_for_reading_owes_nothing(void **state)
{
	(void)state;
	map(false);
	assert_int_equal(vm_window_unmap(&holder, OWN), CLV_OK);
	seen_is(SEEN);
}

static int mapped(bool writable)
{
	return vm_window_map(&holder, OWN, &shown, BASE, PAGE_SIZE, writable);
}

/* What is written through a window while the VM runs would be in nobody's log. */
static void test_a_running_vm_is_shown_for_reading_only(void **state)
{
	(void)state;
	shown.run.state = CLEAVE_VM_RUNNING;
	assert_int_equal(mapped(true), CLV_ERR_STATE);
	assert_int_equal(mapped(false), CLV_OK);
	assert_int_equal(vm_window_unmap(&holder, OWN), CLV_OK);
	shown.run.state = CLEAVE_VM_EMPTY;
	assert_int_equal(mapped(false), CLV_ERR_STATE);
}

/* Its windows have been dropped by then, so this one would never be. */
static void test_a_holder_that_has_ended_gets_none(void **state)
{
	(void)state;
	holder_ends = true;
	assert_int_equal(mapped(true), CLV_ERR_STATE);
	spin_lock(&shown.lock);
	assert_false(vm_windows_writable(&shown));
	spin_unlock(&shown.lock);
}

/* A device of the holder that shares a byte with the window keeps its addresses. */
static void test_no_window_covers_a_device(void **state)
{
	static const struct mmio_device dev = { .name = "d", .base = { OWN + 0x800 }, .size = 1 };

	(void)state;
	assert_int_equal(mmio_add(&holder.bus, &dev), 0);
	assert_int_equal(mapped(false), CLV_ERR_EXISTS);
	holder.bus.dev[0].base = GPA(OWN);
	assert_int_equal(mapped(false), CLV_ERR_EXISTS);
	holder.bus.dev[0].base = GPA(OWN + PAGE_SIZE - 1U);
	assert_int_equal(mapped(false), CLV_ERR_EXISTS);
	holder.bus.dev[0].base = GPA(OWN - 1U);
	assert_int_equal(mapped(false), CLV_OK);
	assert_int_equal(vm_window_unmap(&holder, OWN), CLV_OK);
	holder.bus.dev[0].base = GPA(OWN + PAGE_SIZE);
	assert_int_equal(mapped(false), CLV_OK);
}

/* A VM that is destroyed is shown to nobody any more, for reading neither. */
static void test_all_windows_into_a_vm_are_dropped(void **state)
{
	(void)state;
	map(false);
	spin_lock(&shown.lock);
	assert_false(vm_windows_drop(&shown, VM_WINDOWS_UNSAFE));
	assert_true(vm_windows_drop(&shown, VM_WINDOWS_ALL));
	assert_false(vm_windows_drop(&shown, VM_WINDOWS_ALL));
	spin_unlock(&shown.lock);
	seen_is(SEEN);
}

/* One that finds no table, or no entry, leaves nothing: not in the list, and not to the vCPUs. */
static void test_a_window_that_cannot_be(void **state)
{
	static struct vm_window before[ARRAY_SIZE(vm_window_table)];

	(void)state;
	memcpy(before, vm_window_table, sizeof(before));
	no_tables = true;
	assert_int_equal(vm_window_map(&holder, OWN, &shown, BASE, PAGE_SIZE, true), CLV_ERR_NOMEM);
	assert_memory_equal(before, vm_window_table, sizeof(before));
	no_tables = false;
	for (size_t i = 0; i < ARRAY_SIZE(vm_window_table); i++)
		vm_window_table[i].holder = &shown;
	memcpy(before, vm_window_table, sizeof(before));
	assert_int_equal(vm_window_map(&holder, OWN, &shown, BASE, PAGE_SIZE, true), CLV_ERR_NOMEM);
	assert_memory_equal(before, vm_window_table, sizeof(before));
	assert_int_equal(vcpu[0].tlb_seen, SEEN);
	assert_int_equal(removed, 0);
	spin_lock(&shown.lock);
	assert_false(vm_windows_writable(&shown));
	spin_unlock(&shown.lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_writable_window_is_unmapped, begin),
		cmocka_unit_test_setup(test_a_writable_window_is_dropped_with_its_holder, begin),
		cmocka_unit_test_setup(test_a_writable_window_is_dropped_with_what_it_shows, begin),
		cmocka_unit_test_setup(test_a_window_for_reading_owes_nothing, begin),
		cmocka_unit_test_setup(test_a_running_vm_is_shown_for_reading_only, begin),
		cmocka_unit_test_setup(test_a_holder_that_has_ended_gets_none, begin),
		cmocka_unit_test_setup(test_no_window_covers_a_device, begin),
		cmocka_unit_test_setup(test_all_windows_into_a_vm_are_dropped, begin),
		cmocka_unit_test_setup(test_a_window_that_cannot_be, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
