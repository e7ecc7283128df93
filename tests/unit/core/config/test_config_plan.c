/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time partitions: plans and windows are read as written, sorted and put on harts, and each way of
 * being wrong is said in the words that docs/configuration.md promises.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include <cleave/errno.h>
#include "tests/unit/core/config/config_build.h"

/* A window as the tests write it; a length of 0 ends a list */
struct slot {
	u32 hart;
	const char *partition;
	u32 offset;
	u32 length;
};

static void put_slot(struct tree_build *t, const char *name, const struct slot *s)
{
	const struct tree_prop props[] = {
		PROP_CELLS("hart", s->hart),
		{ "partition", s->partition, (u32)strlen(s->partition) + 1U },
		PROP_CELLS("offset", s->offset),
		PROP_CELLS("length", s->length),
	};

	tree_node(t, name);
	for (size_t i = 0; i < ARRAY_SIZE(props); i++)
		tree_put(t, &props[i]);
	tree_close(t);
}

/* Open a plan with a frame; the caller closes it. */
static void open_plan(struct tree_build *t, const char *name, u32 frame)
{
	const struct tree_prop props[] = { PROP_CELLS("frame", frame) };

	tree_node(t, name);
	tree_put(t, &props[0]);
}

static void put_plan(struct tree_build *t, const char *name, u32 frame, const struct slot *slots)
{
	char node[12];

	open_plan(t, name, frame);
	for (u32 i = 0; slots[i].length != 0U; i++) {
		(void)snprintf(node, sizeof(node), "w%u", i);
		put_slot(t, node, &slots[i]);
	}
	tree_close(t);
}

/* A root, and /schedules left open. Partitions follow it: their place does not matter. */
static void begin(struct tree_build *t)
{
	config_root(t);
	tree_node(t, "schedules");
}

static const struct tree_prop one_cpu[] = { PROP_CELLS("cpus", 1), { NULL, NULL, 0 } };

/* Close /schedules, add the partitions "a", "b" and "linux" with @props, and run. */
static int finish(struct tree_build *t, const struct tree_prop *props,
		  const struct config_machine *m, struct said *said)
{
	tree_close(t);
	tree_node(t, "partitions");
	config_partition_node(t, "a", props);
	config_partition_node(t, "b", props);
	config_partition_node(t, "linux", props);
	config_finish(t);
	return config_run(t, m, said);
}

/* --- one wrong property ----------------------------------------------------------------------- */

struct wrong {
	struct tree_prop prop[6];
	const char *line;
};

#define PLAN   "/schedules/normal: "
#define WINDOW "/schedules/normal/w: "
#define FRAME  PROP_CELLS("frame", 10000)

static const struct wrong wrong_plans[] = {
	{ { PROP_FLAG("first") }, PLAN "frame: is missing; wanted: <1000> to <10000000>" },
	{ { PROP_CELLS("frame", 0) },
	  PLAN "frame: <0> is not allowed; allowed: <1000> to <10000000>" },
	{ { PROP_CELLS("frame", 999) },
	  PLAN "frame: <999> is not allowed; allowed: <1000> to <10000000>" },
	{ { PROP_CELLS("frame", 10000001) },
	  PLAN "frame: <10000001> is not allowed; allowed: <1000> to <10000000>" },
	{ { PROP_CELLS("frame", 0, 10000) },
	  PLAN "frame: has 8 bytes; wanted: one cell, <1000> to <10000000>" },
	{ { FRAME, FRAME }, PLAN "frame: is given twice" },
	{ { FRAME, PROP_STR("slack", "shared") },
	  PLAN "slack: \"shared\" is not known; allowed: \"idle\", \"share\"" },
	{ { FRAME, PROP_FLAG("slack") }, PLAN "slack: has no value; wanted: a string in quotes" },
	{ { FRAME, PROP_CELLS("first", 1) },
	  PLAN "first: has a value; wanted: the name alone; leave the property out for \"no\"" },
};

static void test_each_wrong_plan(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(wrong_plans); i++) {
		struct tree_build t;
		struct said said;

		begin(&t);
		tree_node(&t, "normal");
		for (const struct tree_prop *p = wrong_plans[i].prop; p->name != NULL; p++)
			tree_put(&t, p);
		tree_close(&t);
		(void)finish(&t, one_cpu, &config_machine, &said);
		config_expect(&said, 1, 0, wrong_plans[i].line);
	}
}

#define HART	  PROP_CELLS("hart", 2)
#define PARTITION PROP_STR("partition", "a")
#define OFFSET	  PROP_CELLS("offset", 0)
#define LENGTH	  PROP_CELLS("length", 1000)

static const struct wrong wrong_windows[] = {
	{ { PARTITION, OFFSET, LENGTH }, WINDOW "hart: is missing; wanted: <0> to <4294967294>" },
	{ { HART, OFFSET, LENGTH },
	  WINDOW "partition: is missing; wanted: the name of a partition" },
	{ { HART, PARTITION, LENGTH }, WINDOW "offset: is missing; wanted: <0> to <9999900>" },
	{ { HART, PARTITION, OFFSET }, WINDOW "length: is missing; wanted: <100> to <10000000>" },

	{ { PROP_CELLS("hart", 1), PARTITION, OFFSET, LENGTH },
	  WINDOW "hart: hart 1 does not exist; this machine has the harts 0 2 5 7" },
	{ { PROP_CELLS("hart", 4), PARTITION, OFFSET, LENGTH },
	  WINDOW "hart: hart 4 exists but was left out: no H extension in the ISA string; this "
		 "machine has the harts 0 2 5 7" },
	{ { PROP_STR("hart", "2"), PARTITION, OFFSET, LENGTH },
	  WINDOW "hart: \"2\" is a string; wanted: a number in angle brackets, <0> to "
		 "<4294967294>" },
	{ { PROP_CELLS("hart", 0xffffffff), PARTITION, OFFSET, LENGTH },
	  WINDOW "hart: <4294967295> is not allowed; allowed: <0> to <4294967294>" },
	{ { PROP_CELLS("hart", 0, 2), PARTITION, OFFSET, LENGTH },
	  WINDOW "hart: has 8 bytes; wanted: one cell, <0> to <4294967294>" },

	{ { HART, PROP_STR("partition", "lunix"), OFFSET, LENGTH },
	  WINDOW "partition: there is no partition \"lunix\", perhaps \"linux\" was meant; there "
		 "are: \"a\", \"b\", \"linux\"" },
	{ { HART, PROP_STR("partition", "thunder"), OFFSET, LENGTH },
	  WINDOW "partition: there is no partition \"thunder\"; there are: \"a\", \"b\", "
		 "\"linux\"" },
	{ { HART, PROP_STR("partition", "\x1b[2J"), OFFSET, LENGTH },
	  WINDOW "partition: holds the control character 0x1b" },
	{ { HART, PROP_CELLS("partition", 1), OFFSET, LENGTH },
	  WINDOW "partition: holds numbers, <0x1 ...>; wanted: a string in quotes" },

	{ { HART, PARTITION, OFFSET, PROP_CELLS("length", 0) },
	  WINDOW "length: <0> is not allowed; allowed: <100> to <10000000>" },
	{ { HART, PARTITION, OFFSET, PROP_CELLS("length", 99) },
	  WINDOW "length: <99> is not allowed; allowed: <100> to <10000000>" },
	{ { HART, PARTITION, OFFSET, PROP_CELLS("length", 0xffffffff) },
	  WINDOW "length: <4294967295> is not allowed; allowed: <100> to <10000000>" },
	{ { HART, PARTITION, PROP_CELLS("offset", 0xffffff9c), LENGTH },
	  WINDOW "offset: <4294967196> is not allowed; allowed: <0> to <9999900>" },
	{ { HART, PARTITION, OFFSET, PROP_CELLS("length", 10001) },
	  WINDOW "length: <10001> from offset <0> ends after the frame of <10000>; allowed: <100> "
		 "to <10000>" },
	{ { HART, PARTITION, PROP_CELLS("offset", 9001), LENGTH },
	  WINDOW
	  "length: <1000> from offset <9001> ends after the frame of <10000>; allowed: <100> "
	  "to <999>" },
	{ { HART, PARTITION, PROP_CELLS("offset", 9901), PROP_CELLS("length", 100) },
	  WINDOW "offset: <9901> leaves no room for a window in the frame of <10000>; allowed: <0> "
		 "to <9900>" },
	{ { HART, PARTITION, OFFSET, LENGTH, LENGTH }, WINDOW "length: is given twice" },
};

static void test_each_wrong_window(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(wrong_windows); i++) {
		struct tree_build t;
		struct said said;

		begin(&t);
		open_plan(&t, "normal", 10000);
		tree_node(&t, "w");
		for (const struct tree_prop *p = wrong_windows[i].prop; p->name != NULL; p++)
			tree_put(&t, p);
		tree_close(&t);
		tree_close(&t);
		assert_int_equal(finish(&t, one_cpu, &config_machine, &said), CLV_ERR_FORMAT);
		config_expect(&said, 1, 0, wrong_windows[i].line);
	}
}

/* --- windows together ------------------------------------------------------------------------- */

#define OVERLAP(lo, hi, o, olo, ohi)                                                           \
	"/schedules/normal/w1: offset: " lo " to " hi " us of hart 2 overlaps \"" o "\", " olo \
	" to " ohi " us; allowed: one window of a hart at a time"

static void test_overlap(void **state)
{
	static const struct {
		struct slot slot[3];
		const char *line;
	} overlaps[] = {
		{ { { 2, "a", 0, 1000 }, { 2, "b", 999, 100 } },
		  OVERLAP("999", "1099", "w0", "0", "1000") },
		{ { { 2, "b", 999, 100 }, { 2, "a", 0, 1000 } },
		  OVERLAP("0", "1000", "w0", "999", "1099") },
		{ { { 2, "a", 0, 10000 }, { 2, "a", 500, 100 } },
		  OVERLAP("500", "600", "w0", "0", "10000") },
		{ { { 2, "a", 100, 100 }, { 2, "a", 100, 100 } },
		  OVERLAP("100", "200", "w0", "100", "200") },
		/* Neighbours, and other harts. */
		{ { { 2, "a", 0, 1000 }, { 2, "b", 1000, 100 } }, NULL },
		{ { { 2, "b", 1000, 9000 }, { 2, "a", 0, 1000 } }, NULL },
		{ { { 2, "a", 0, 1000 }, { 5, "b", 0, 1000 } }, NULL },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(overlaps); i++) {
		struct tree_build t;
		struct said said;

		begin(&t);
		put_plan(&t, "normal", 10000, overlaps[i].slot);
		(void)finish(&t, one_cpu, &config_machine, &said);
		if (overlaps[i].line != NULL)
			config_expect(&said, 1, 0, overlaps[i].line);
		else
			assert_int_equal(said.errors, 0);
	}
}

/* A window that is refused hides none of the others' faults. */
static void test_all_errors_are_said(void **state)
{
	static const struct slot slots[] = {
		{ 2, "a", 0, 1000 },  { 2, "b", 500, 1000 }, { 3, "b", 0, 1000 },
		{ 2, "c", 0, 20000 }, { 2, "b", 900, 100 },  { 0, NULL, 0, 0 },
	};
	struct tree_build t;
	struct said said;

	(void)state;
	begin(&t);
	put_plan(&t, "normal", 10000, slots);
	put_plan(&t, "other", 1, slots + 5);
	(void)finish(&t, one_cpu, &config_machine, &said);
	assert_int_equal(said.errors, 5);
	assert_non_null(strstr(said.line[0], "/schedules/normal/w1: offset: "));
	assert_non_null(strstr(said.line[1], "/schedules/normal/w2: hart: "));
	assert_non_null(strstr(said.line[2], "/schedules/normal/w3: partition: "));
	assert_non_null(strstr(said.line[3], "/schedules/normal/w4: offset: "));
	assert_non_null(strstr(said.line[4], "/schedules/other: frame: "));
}

static void test_limits(void **state)
{
	struct slot slots[CONFIG_MAX_WINDOWS + 2U] = { { 0, NULL, 0, 0 } };
	struct tree_build t;
	struct said said;
	char name[12];

	(void)state;
	for (u32 i = 0; i <= CONFIG_MAX_WINDOWS; i++)
		slots[i] = (struct slot){ 2, "a", 100U * i, 100 };
	begin(&t);
	put_plan(&t, "normal", 1000000, slots);
	(void)finish(&t, one_cpu, &config_machine, &said);
	config_expect(&said, 1, 0,
		      "/schedules/normal/w64: is one window too many; allowed: 64 in a plan");

	slots[CONFIG_MAX_WINDOWS].length = 0;
	begin(&t);
	for (u32 i = 0; i < CONFIG_MAX_PLANS; i++) {
		(void)snprintf(name, sizeof(name), "p%u", i);
		put_plan(&t, name, 1000000, slots);
	}
	assert_int_equal(finish(&t, one_cpu, &config_machine, &said), 0);
	assert_int_equal(config_result.nr_plans, CONFIG_MAX_PLANS);
	assert_int_equal(config_result.plan[CONFIG_MAX_PLANS - 1U].nr_windows, CONFIG_MAX_WINDOWS);

	begin(&t);
	for (u32 i = 0; i <= CONFIG_MAX_PLANS; i++) {
		(void)snprintf(name, sizeof(name), "p%u", i);
		put_plan(&t, name, 1000000, slots);
	}
	(void)finish(&t, one_cpu, &config_machine, &said);
	config_expect(&said, 1, 0, "/schedules/p4: is one plan too many; allowed: 4");
}

/* --- names and nodes -------------------------------------------------------------------------- */

static const struct slot none[1] = { { 0, NULL, 0, 0 } };

static void test_names(void **state)
{
	static const struct {
		const char *name[2];
		const char *line;
	} names[] = {
		{ { "normal", "normal@1" },
		  "/schedules/normal@1: there are two plans \"normal\"; each needs a name of its "
		  "own" },
		{ { "normal", "a b" },
		  "/schedules/a b: the name holds a character that is not allowed; allowed: "
		  "letters, digits and - _ . + ," },
		{ { "normal", "2nd" },
		  "/schedules/2nd: the name begins with '2'; allowed: a letter" },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		struct tree_build t;
		struct said said;

		begin(&t);
		put_plan(&t, names[i].name[0], 10000, none);
		put_plan(&t, names[i].name[1], 10000, none);
		(void)finish(&t, one_cpu, &config_machine, &said);
		config_expect(&said, 1, 0, names[i].line);
	}
}

static void test_unknown(void **state)
{
	const struct tree_prop props[] = { PROP_CELLS("cells", 1), PROP_CELLS("frmae", 1),
					   PROP_CELLS("lenght", 1) };
	static const char *const lines[] = {
		"/schedules: cells: unknown property, ignored",
		"/schedules/normal: frmae: unknown property, ignored; did you mean \"frame\"?",
		"/schedules/normal/w: lenght: unknown property, ignored; did you mean \"length\"?",
		"/schedules/normal/w: x: unknown node, ignored",
	};
	static const struct slot slot = { 2, "a", 0, 10000 };
	struct tree_build t;
	struct said said;

	(void)state;
	/* In a device tree, properties come before nodes. */
	begin(&t);
	tree_put(&t, &props[0]);
	open_plan(&t, "normal", 10000);
	tree_put(&t, &props[1]);
	tree_node(&t, "w");
	tree_put(&t, &props[2]);
	tree_put(&t, &(const struct tree_prop)HART);
	tree_put(&t, &(const struct tree_prop)PARTITION);
	tree_put(&t, &(const struct tree_prop)OFFSET);
	tree_put(&t, &(const struct tree_prop)LENGTH);
	tree_node(&t, "x");
	tree_close(&t);
	tree_close(&t);
	tree_close(&t);
	assert_int_equal(finish(&t, one_cpu, &config_machine, &said), 0);
	assert_int_equal(said.warnings, 4);
	for (u32 i = 0; i < 4U; i++) {
		bool found = false;

		for (u32 k = 0; k < 4U; k++)
			found = found || strcmp(said.line[k], lines[i]) == 0;
		assert_true(found);
	}

	config_root(&t);
	tree_node(&t, "schedule");
	put_plan(&t, "normal", 10000, (const struct slot[]){ slot, none[0] });
	assert_int_equal(finish(&t, one_cpu, &config_machine, &said), 0);
	config_expect(&said, 0, 1,
		      "/: schedule: unknown node, ignored; did you mean \"schedules\"?");
	assert_int_equal(config_result.nr_plans, 0);
}

static void test_no_plans(void **state)
{
	struct tree_build t;
	struct said said;

	(void)state;
	begin(&t);
	(void)finish(&t, one_cpu, &config_machine, &said);
	config_expect(&said, 1, 0, "/schedules: holds no plans; wanted: at least one node");

	begin(&t);
	put_plan(&t, "normal", 10000, none);
	tree_close(&t);
	tree_node(&t, "schedules");
	(void)finish(&t, one_cpu, &config_machine, &said);
	config_expect(&said, 1, 0, "/: there are two nodes \"schedules\"; allowed: one");
}

/* --- a right one ------------------------------------------------------------------------------ */

static void expect_window(const struct config_window *w, u64 hart, u32 partition, u32 offset,
			  u32 length)
{
	assert_int_equal(w->hart_id, hart);
	assert_int_equal(w->partition, partition);
	assert_int_equal(w->offset_us, offset);
	assert_int_equal(w->length_us, length);
}

static void test_reads_and_sorts(void **state)
{
	static const struct slot slots[] = {
		{ 7, "b", 500, 500 }, { 2, "a", 9000, 1000 }, { 2, "linux", 0, 9000 },
		{ 7, "a", 0, 500 },   { 0, NULL, 0, 0 },
	};
	const struct tree_prop pinned[] = { PROP_CELLS("cpu-affinity", 2, 7), { NULL, NULL, 0 } };
	const struct tree_prop share = PROP_STR("slack", "share");
	const struct tree_prop first = PROP_FLAG("first");
	static const u32 index[] = { 3, 2, 1, 0 };
	struct config_machine numbered = config_machine;
	const struct config_plan *plan = config_result.plan;
	struct tree_build t;
	struct said said;

	(void)state;
	numbered.hart_index = index;
	begin(&t);
	put_plan(&t, "quiet", 20000, none);
	put_plan(&t, "other", 30000, none);
	open_plan(&t, "normal", 10000);
	tree_put(&t, &share);
	tree_put(&t, &first);
	for (u32 i = 0; slots[i].length != 0U; i++)
		put_slot(&t, (const char *[]){ "w0", "w1", "w2", "w3" }[i], &slots[i]);
	tree_close(&t);
	assert_int_equal(finish(&t, pinned, &numbered, &said), 0);
	/* "b" has cpu 0 on hart 2, and "linux" cpu 1 on hart 7. */
	config_expect(&said, 0, 2,
		      "/schedules/normal: partition \"b\" has cpu 0 on hart 2, but no window "
		      "there: it gets only what the others leave");
	assert_int_equal(config_result.nr_plans, 3);
	assert_string_equal(plan[0].name, "normal");
	assert_int_equal(plan[0].frame_us, 10000);
	assert_true(plan[0].share);
	assert_int_equal(plan[0].nr_windows, 4);
	expect_window(&plan[0].window[0], 2, 2, 0, 9000);
	expect_window(&plan[0].window[1], 2, 0, 9000, 1000);
	expect_window(&plan[0].window[2], 7, 0, 0, 500);
	expect_window(&plan[0].window[3], 7, 1, 500, 500);
	assert_string_equal(plan[1].name, "quiet");
	assert_string_equal(plan[2].name, "other");
	assert_false(plan[1].share);

	assert_int_equal(plan[0].window[0].hart, 2);
	assert_int_equal(plan[0].window[2].hart, 0);
}

static void test_two_first_plans(void **state)
{
	const struct tree_prop first = PROP_FLAG("first");
	struct tree_build t;
	struct said said;

	(void)state;
	begin(&t);
	for (u32 i = 0; i < 3U; i++) {
		static const char *const name[] = { "zero", "one", "two" };

		open_plan(&t, name[i], 10000);
		if (i != 0U)
			tree_put(&t, &first);
		tree_close(&t);
	}
	(void)finish(&t, one_cpu, &config_machine, &said);
	config_expect(&said, 1, 0,
		      "/schedules/two: first: plan \"one\" has it too; allowed: one plan");
}

/* --- where vCPUs are -------------------------------------------------------------------------- */

/* The harts that windows name get the vCPUs that are open, one each; the others stay open. */
static void test_a_window_pins(void **state)
{
	static const struct slot normal[] = {
		{ 5, "a", 0, 1000 }, { 5, "b", 1000, 1000 }, { 2, "b", 0, 1000 }, { 0, NULL, 0, 0 }
	};
	static const struct slot other[] = { { 7, "a", 0, 1000 }, { 0, NULL, 0, 0 } };
	const struct config_partition *part = config_result.partition;
	struct tree_build t;
	struct said said;

	(void)state;
	for (u32 known = 0; known < 2U; known++) {
		begin(&t);
		put_plan(&t, "normal", 10000, normal);
		put_plan(&t, "other", 10000, other);
		assert_int_equal(finish(&t, config_same,
					known != 0U ? &config_machine : &config_machine_unknown,
					&said),
				 0);
		assert_int_equal(part[0].affinity[0], 5);
		assert_int_equal(part[0].affinity[1], 7);
		assert_int_equal(part[1].affinity[0], 2);
		assert_int_equal(part[1].affinity[1], 5);
		assert_int_equal(part[2].affinity[0], CONFIG_CPU_ANY);
		/* What is left goes to the hart without windows. */
		if (known != 0U) {
			assert_int_equal(part[2].hart[0], 0);
			assert_int_equal(part[2].hart[1], 0);
		}
		assert_int_equal(said.errors + said.warnings, 0);
	}
}

static void test_no_cpu_there(void **state)
{
	static const struct slot slots[] = { { 2, "a", 0, 1000 },
					     { 5, "a", 0, 1000 },
					     { 0, NULL, 0, 0 } };
	const struct tree_prop pinned[] = { PROP_CELLS("cpu-affinity", 2, 7), { NULL, NULL, 0 } };
	struct tree_build t;
	struct said said;

	(void)state;
	begin(&t);
	put_plan(&t, "normal", 10000, slots);
	(void)finish(&t, pinned, &config_machine_unknown, &said);
	assert_int_equal(said.errors, 1);
	assert_string_equal(said.line[0],
			    "/schedules/normal/w1: partition: \"a\" has no cpu on hart 5; allowed: "
			    "the harts of its cpus: 2 7");

	begin(&t);
	put_plan(&t, "normal", 10000, slots);
	(void)finish(&t, one_cpu, &config_machine, &said);
	assert_int_equal(said.errors, 1);
	assert_string_equal(said.line[0],
			    "/schedules/normal/w1: partition: \"a\" has no cpu on hart 5; allowed: "
			    "the harts of its cpus: 2");
}

static void test_without_a_window(void **state)
{
	static const struct slot slots[] = { { 0, "a", 0, 1000 },
					     { 2, "b", 0, 1000 },
					     { 5, "a", 0, 1000 },
					     { 7, "b", 0, 1000 },
					     { 0, NULL, 0, 0 } };
	struct tree_build t;
	struct said said;

	(void)state;
	/* Every hart has windows, and "linux" has none. */
	begin(&t);
	put_plan(&t, "normal", 10000, slots);
	assert_int_equal(finish(&t, config_same, &config_machine, &said), 0);
	config_expect(&said, 0, 2,
		      "/schedules/normal: partition \"linux\" has cpu 0 on hart 7, but no window "
		      "there: it does not run while this plan does");

	/* Without the machine, nobody knows where it will be. */
	begin(&t);
	put_plan(&t, "normal", 10000, slots);
	assert_int_equal(finish(&t, config_same, &config_machine_unknown, &said), 0);
	assert_int_equal(said.warnings, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_wrong_plan),	 cmocka_unit_test(test_each_wrong_window),
		cmocka_unit_test(test_overlap),		 cmocka_unit_test(test_all_errors_are_said),
		cmocka_unit_test(test_limits),		 cmocka_unit_test(test_names),
		cmocka_unit_test(test_unknown),		 cmocka_unit_test(test_no_plans),
		cmocka_unit_test(test_reads_and_sorts),	 cmocka_unit_test(test_two_first_plans),
		cmocka_unit_test(test_a_window_pins),	 cmocka_unit_test(test_no_cpu_there),
		cmocka_unit_test(test_without_a_window),
	};

	return cmocka_run_group_tests_name("config_plan", tests, config_setup, config_teardown);
}
