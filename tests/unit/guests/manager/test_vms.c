/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of the other partitions (guests/manager/vms/vms.c): the manager reports each end
 * once, whenever it comes, and does not end before it has reported all of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guests/manager/vms/vms_watch.h"

#define VMS	3U
#define MANAGER 0U
#define WORK	1U
#define OTHER	2U

/* --- hypercalls and the shell, as vms.c calls them -------------------------------------------- */

static struct {
	struct cleave_vm_info vm[VMS];
	u64 exits[VMS];
	char said[1024];
	u32 ends;    /* after so many looks at it ... */
	u32 ends_vm; /* ... this one stops; 0: none does */
} world;

u64 cleave_feature(u32 id)
{
	assert_int_equal(id, CLEAVE_FEATURE_MAX_VMS);
	return VMS;
}

struct sbiret cleave_vm_info(u32 vm, struct cleave_vm_info *info)
{
	if (vm == CLEAVE_VM_SELF)
		vm = MANAGER;
	assert_true(vm < VMS);
	*info = world.vm[vm];
	if (vm != MANAGER && vm == world.ends_vm && world.ends-- == 0) {
		world.vm[vm].state = CLEAVE_VM_STOPPED;
		world.ends_vm = 0;
	}
	return (struct sbiret){ 0, sizeof(*info) };
}

struct sbiret cleave_stats(u32 vm, u64 *counters, unsigned long entries)
{
	assert_true(vm < VMS && entries == CLEAVE_STAT_COUNT);
	memset(counters, 0, entries * sizeof(*counters));
	counters[CLEAVE_STAT_EXITS] = world.exits[vm];
	return (struct sbiret){ 0, (long)entries };
}

bool shell_script(void)
{
	return true;
}

void shell_say(const char *fmt, ...)
{
	size_t len = strlen(world.said);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(world.said + len, sizeof(world.said) - len, fmt, ap);
	va_end(ap);
	(void)strncat(world.said, "\n", sizeof(world.said) - strlen(world.said) - 1);
}

void shell_error(const char *fmt, ...)
{
	fail_msg("an error: %s", fmt);
}

/* --- the main loop, as far as it watches ------------------------------------------------------ */

static int begin(void **state)
{
	static const char *const names[VMS] = { "manager", "work", "other" };
	u32 i;

	(void)state;
	memset(&world, 0, sizeof(world));
	for (i = 0; i < VMS; i++) {
		world.vm[i].id = i;
		world.vm[i].state = CLEAVE_VM_RUNNING;
		world.exits[i] = 1;
		(void)snprintf(world.vm[i].name, sizeof(world.vm[i].name), "%s", names[i]);
	}
	return 0;
}

/* One turn of the main loop. Return: nothing is left to manage. */
static bool look(void)
{
	vms_watch();
	return vms_over();
}

#define STOPPED(id, name) "event: vm=" #id " name=" name " state=stopped\n"

static void test_ends_before_the_first_look(void **state)
{
	(void)state;
	world.vm[WORK].state = CLEAVE_VM_STOPPED;
	world.vm[OTHER].state = CLEAVE_VM_FAULTED;
	vms_init();
	assert_string_equal(world.said, "");
	assert_true(look());
	assert_string_equal(world.said,
			    STOPPED(1, "work") "event: vm=2 name=other state=faulted\n");
	assert_true(look());
	assert_string_equal(world.said,
			    STOPPED(1, "work") "event: vm=2 name=other state=faulted\n");
}

/*
 * The partition stops after any of the looks of vms_watch() and vms_over(), in the first and the
 * second turn of the loop.
 */
static void test_ends_at_any_moment(void **state)
{
	u32 when;

	for (when = 0; when < 6; when++) {
		u32 turns = 0;

		(void)begin(state);
		world.vm[OTHER].state = CLEAVE_VM_STOPPED;
		world.ends_vm = WORK;
		world.ends = when;
		vms_init();
		while (!look())
			assert_true(turns++ < 6);
		assert_non_null(strstr(world.said, STOPPED(1, "work")));
		assert_ptr_equal(strstr(world.said, "vm=1"),
				 strstr(world.said, "vm=1 name=work state=stopped"));
		assert_null(strstr(strstr(world.said, "vm=1") + 1, "vm=1"));
	}
}

static void test_what_waits_for_a_command_is_no_news(void **state)
{
	(void)state;
	world.vm[WORK].state = CLEAVE_VM_STOPPED; /* never started */
	world.exits[WORK] = 0;
	world.vm[OTHER].state = CLEAVE_VM_EMPTY;
	vms_init();
	assert_false(look());
	assert_string_equal(world.said, "");
	world.vm[OTHER].state = CLEAVE_VM_PAUSED;
	vms_expect(OTHER, CLEAVE_VM_PAUSED);
	assert_false(look());
	assert_string_equal(world.said, "");
}

/*
 * A job pauses one partition and empties it; its guest goes on in the other, and ends there before
 * the next look.
 */
static void test_what_jobs_do_is_no_news(void **state)
{
	(void)state;
	world.vm[OTHER].state = CLEAVE_VM_EMPTY;
	vms_init();
	world.vm[WORK].state = CLEAVE_VM_PAUSED;
	vms_expect(WORK, CLEAVE_VM_PAUSED);
	assert_false(look());
	world.vm[WORK].state = CLEAVE_VM_EMPTY;
	vms_expect(WORK, CLEAVE_VM_EMPTY);
	vms_expect(OTHER, CLEAVE_VM_RUNNING);
	world.vm[OTHER].state = CLEAVE_VM_STOPPED;
	assert_false(look());
	assert_string_equal(world.said, STOPPED(2, "other"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_ends_before_the_first_look, begin),
		cmocka_unit_test_setup(test_ends_at_any_moment, begin),
		cmocka_unit_test_setup(test_what_waits_for_a_command_is_no_news, begin),
		cmocka_unit_test_setup(test_what_jobs_do_is_no_news, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
