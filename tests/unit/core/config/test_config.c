/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: a right one is read as written, and each way of being wrong is said in
 * the words that docs/configuration.md promises.
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

/* One property that differs from a good partition, and the one line that is said about it. */
struct wrong {
	struct tree_prop prop[4];
	const char *line;
};

#define AT "/partitions/linux: "

#define UUID_WANTED                                                                 \
	" is not allowed; allowed: 32 digits, 0 to 9 and a to f, with hyphens, as " \
	"01234567-89ab-8def-8123-456789abcdef; not all 0"

static const struct wrong wrongs[] = {
	{ { WITHOUT("compatible") }, AT "compatible: is missing; wanted: \"cleave,partition\"" },
	{ { PROP_STR("compatible", "cleave,partitoin") },
	  AT "compatible: \"cleave,partitoin\" is not known; wanted: \"cleave,partition\"" },
	{ { { "compatible", "cleave", 6 } },
	  AT "compatible: is not a string; wanted: \"cleave,partition\"" },

	{ { WITHOUT("cpus") }, AT "cpus: is missing; wanted: <1> to <16>" },
	{ { PROP_CELLS("cpus", 0) }, AT "cpus: <0> is not allowed; allowed: <1> to <16>" },
	{ { PROP_CELLS("cpus", 17) }, AT "cpus: <17> is not allowed; allowed: <1> to <16>" },
	{ { PROP_STR("cpus", "2") },
	  AT "cpus: \"2\" is a string; wanted: a number in angle brackets, <1> to <16>" },
	{ { PROP_STR("cpus", "two") },
	  AT "cpus: \"two\" is a string; wanted: a number in angle brackets, <1> to <16>" },
	{ { PROP_STR("memory", "0x80000000 0x800000") },
	  AT "memory: \"0x80000000 0x800000\" is a string; wanted: numbers in angle brackets: "
	     "pairs of guest-physical base and size, four cells each" },
	{ { PROP_STR("cpu-affinity", "0\0002") },
	  AT "cpu-affinity: \"0\" is a string; wanted: numbers in angle brackets: the hart id on "
	     "which each vCPU runs" },
	{ { PROP_STR("largest-page", "2M") },
	  AT "largest-page: \"2M\" is a string; wanted: numbers in angle brackets: bytes of the "
	     "largest G-stage leaf" },
	{ { PROP_STR("load-address", "2MiB up") },
	  AT "load-address: \"2MiB up\" is a string; wanted: numbers in angle brackets: where the "
	     "kernel's first byte goes, two cells" },
	{ { PROP_CELLS("kernel", 1) },
	  AT "kernel: holds numbers, <0x1 ...>; wanted: a string in quotes" },
	{ { PROP_CELLS("on-fault", 0) },
	  AT "on-fault: holds numbers, <0x0 ...>; wanted: a string in quotes" },
	{ { PROP_CELLS("cpus", 1, 2) }, AT "cpus: has 8 bytes; wanted: one cell, <1> to <16>" },

	{ { PROP_CELLS("cpu-affinity", 0) },
	  AT "cpu-affinity: has 1 entries for 2 cpus; wanted: one for each cpu" },
	{ { PROP_CELLS("cpu-affinity", 0, 2, 5) },
	  AT "cpu-affinity: has 3 entries for 2 cpus; wanted: one for each cpu" },
	{ { PROP_CELLS("cpu-affinity", 0, 3) },
	  AT "cpu-affinity: cpu 1 wants hart 3, which does not exist; this machine has the harts 0 "
	     "2 5 7" },
	{ { PROP_CELLS("cpu-affinity", 0, 4) },
	  AT "cpu-affinity: cpu 1 wants hart 4, which exists but was left out: no H extension in "
	     "the ISA string; this machine has the harts 0 2 5 7" },
	{ { { "cpu-affinity", "abcde", 5 } },
	  AT "cpu-affinity: has 5 bytes; wanted: one cell, a hart id, for each cpu" },
	{ { PROP_FLAG("cpu-affinity") },
	  AT "cpu-affinity: has 0 bytes; wanted: one cell, a hart id, for each cpu" },

	{ { WITHOUT("memory") },
	  AT "memory: is missing; wanted: pairs of base and size, of two cells each" },
	{ { PROP_CELLS("memory", 0x80000000, 0x800000) },
	  AT "memory: has 8 bytes; wanted: pairs of base and size, of two cells each: 16 bytes a "
	     "pair" },
	{ { PROP_FLAG("memory") },
	  AT "memory: has 0 bytes; wanted: pairs of base and size, of two cells each: 16 bytes a "
	     "pair" },
	{ { PROP_CELLS("memory", 0, 0x80000000, 0, 0) },
	  AT "memory: range 0 at 0x80000000 has size 0; allowed: multiples of 4 KiB" },
	{ { PROP_CELLS("memory", 0, 0x80000800, 0, 0x800000) },
	  AT "memory: range 0 begins at 0x80000800; allowed: multiples of 4 KiB (0x1000)" },
	{ { PROP_CELLS("memory", 0, 0x80000000, 0, 0x800801) },
	  AT
	  "memory: range 0 at 0x80000000 has size 0x800801; allowed: multiples of 4 KiB (0x1000)" },
	{ { PROP_CELLS("memory", 0xffffffff, 0xfffff000, 0, 0x2000) },
	  AT
	  "memory: range 0 at 0xfffffffffffff000 with size 0x2000 ends after 2^64; allowed: up to "
	  "0x3ffffffffffff" },
	{ { PROP_CELLS("memory", 0x40000, 0, 0, 0x1000) },
	  AT
	  "memory: range 0, 0x4000000000000 to 0x4000000000fff, does not fit into the G-stage mode "
	  "sv48x4; "
	  "allowed: up to 0x3ffffffffffff" },
	{ { PROP_CELLS("memory", 0x1ff, 0xff800000, 0, 0x801000),
	    PROP_STR("gstage-mode", "sv39x4") },
	  AT "memory: range 0, 0x1ffff800000 to 0x20000000fff, does not fit into the G-stage mode "
	     "sv39x4; "
	     "allowed: up to 0x1ffffffffff" },
	{ { PROP_CELLS("memory", 0, 0x80000000, 0, 0x800000, 0, 0x807ff000, 0, 0x1000) },
	  AT
	  "memory: range 1, 0x807ff000 to 0x807fffff, overlaps range 0, 0x80000000 to 0x807fffff" },
	{ { PROP_CELLS("memory", 0, 0x0fffe000, 0, 0x800000) },
	  AT "memory: range 0, 0xfffe000 to 0x107fdfff, overlaps the emulated UART, 0x10000000 to "
	     "0x100000ff" },
	{ { PROP_CELLS("memory", 0, 0x08000000, 0, 0x4001000) },
	  AT "memory: range 0, 0x8000000 to 0xc000fff, overlaps the emulated PLIC, 0xc000000 to "
	     "0xc5fffff" },
	{ { PROP_CELLS("memory", 0, 0x80000000, 0, 0x80001000) },
	  AT
	  "memory: range 0 at 0x80000000 needs 2 GiB in one piece; the largest free piece of this "
	  "machine has 2 GiB" },
	{ { PROP_CELLS("memory", 0, 0x80000000, 0, 0x1000, 0, 0x80001000, 0, 0x1000, 0, 0x80002000,
		       0, 0x1000, 0, 0x80003000, 0, 0x1000, 0, 0x80004000, 0, 0x1000, 0, 0x80005000,
		       0, 0x1000, 0, 0x80006000, 0, 0x1000, 0, 0x80007000, 0, 0x1000, 0, 0x80008000,
		       0, 0x1000) },
	  AT "memory: has 9 ranges; allowed: 8" },

	{ { WITHOUT("kernel") },
	  AT "kernel: is missing; wanted: the name of a file in the boot archive, or the property "
	     "\"incoming\"" },
	{ { PROP_STR("kernel", "Imaeg") },
	  AT "kernel: there is no file \"Imaeg\" in the boot archive, which holds \"Image\", "
	     "\"initrd.gz\", \"big\", \"vmlinux\"" },
	{ { PROP_STR("kernel", "cleave.dtb") },
	  AT "kernel: there is no file \"cleave.dtb\" in the boot archive, which holds \"Image\", "
	     "\"initrd.gz\", \"big\", \"vmlinux\"" },
	{ { { "kernel", "Image", 5 } }, AT "kernel: is not a string: it does not end in a NUL" },
	{ { PROP_FLAG("kernel") }, AT "kernel: has no value; wanted: a string in quotes" },
	{ { PROP_STR("kernel", "Image\0initrd.gz") },
	  AT "kernel: holds more than one string; wanted: one" },
	{ { PROP_STR("kernel", "Im\nage") }, AT "kernel: holds the control character 0x0a" },
	{ { PROP_STR("kernel", "big") },
	  AT "kernel: \"big\" needs 9 MiB, 2 MiB from the base, and 64 KiB for the device tree; "
	     "the first "
	     "memory range has 8 MiB" },
	{ { PROP_STR("kernel", "vmlinux") },
	  AT "kernel: file \"vmlinux\" is an ELF file that is cut off; wanted: a RISC-V Linux "
	     "Image, an ELF file or a flat program" },
	{ { PROP_STR("kernel", "initrd.gz") },
	  AT "kernel: file \"initrd.gz\" is compressed with gzip: unpack it with: gzip -dc "
	     "initrd.gz >Image; wanted: a RISC-V Linux Image, an ELF file or a flat program" },
	{ { PROP_CELLS("load-address", 0x80200000) },
	  AT "load-address: has 4 bytes; wanted: two cells, a guest-physical address" },
	{ { PROP_CELLS("load-address", 0, 0x80200001) },
	  AT "load-address: 0x80200001 is not allowed; allowed: multiples of 2" },
	{ { PROP_CELLS("entry", 0, 0x80200001) },
	  AT "entry: 0x80200001 is not allowed; allowed: multiples of 2" },
	{ { PROP_CELLS("fdt-address", 0, 0x80200004) },
	  AT "fdt-address: 0x80200004 is not allowed; allowed: multiples of 8" },
	{ { PROP_CELLS("load-address", 0, 0x90000000) },
	  AT "kernel: \"Image\" needs 1 MiB from load-address 0x90000000, which is not all in one "
	     "range of memory" },
	{ { PROP_CELLS("entry", 0, 0x90000000) },
	  AT "kernel: \"Image\" would start at 0x90000000 (entry); allowed: even addresses in "
	     "memory" },
	{ { PROP_CELLS("fdt-address", 0, 0x807f8000) },
	  AT
	  "kernel: fdt-address 0x807f8000, with the 64 KiB that the device tree takes, is not in "
	  "one range of memory; \"Image\" is at 0x80200000 to 0x802fffff" },
	{ { PROP_CELLS("fdt-address", 0, 0x80200000) },
	  AT "kernel: fdt-address 0x80200000, with the 64 KiB that the device tree takes, overlaps "
	     "the kernel; \"Image\" is at 0x80200000 to 0x802fffff" },
	{ { PROP_STR("plic-contexts", "m") },
	  AT "plic-contexts: \"m\" is not known; allowed: \"ms\", \"s\"" },
#ifdef CONFIG_AIA
	{ { PROP_STR("interrupts", "imsic") },
	  AT "interrupts: \"imsic\" is not known; allowed: \"plic\", \"aia\"" },
	{ { PROP_STR("interrupts", "aia"), PROP_FLAG("migratable") },
	  AT "interrupts: \"aia\" does not go with \"migratable\"; allowed: \"plic\"" },
	{ { PROP_STR("interrupts", "aia"), PROP_STR("plic-contexts", "s") },
	  AT "interrupts: \"aia\" does not go with \"plic-contexts\"; allowed: \"plic\"" },
	{ { PROP_STR("interrupts", "aia"), PROP_CELLS("memory", 0, 0x28000000, 0, 0x8000000) },
	  AT "memory: range 0, 0x28000000 to 0x2fffffff, overlaps the emulated interrupt files, "
	     "0x28000000 to 0x2803ffff" },
	{ { PROP_STR("interrupts", "aia"), PROP_CELLS("memory", 0, 0x0c000000, 0, 0x1001000) },
	  AT "memory: range 0, 0xc000000 to 0xd000fff, overlaps the emulated APLIC, 0xd000000 to "
	     "0xd003fff" },
#else
	{ { PROP_STR("interrupts", "aia") },
	  AT "interrupts: \"aia\" is not known; allowed: \"plic\"" },
#endif
	{ { PROP_STR("initrd", "initrd") },
	  AT "initrd: there is no file \"initrd\" in the boot archive, which holds \"Image\", "
	     "\"initrd.gz\", \"big\", \"vmlinux\"" },
	{ { PROP_STR("initrd", "big") },
	  AT "kernel: \"Image\" needs 1 MiB, 2 MiB from the base, initrd \"big\" 9 MiB, the device "
	     "tree 64 "
	     "KiB; the first memory range has 8 MiB" },
	{ { { "bootargs", "quiet", 5 } },
	  AT "bootargs: is not a string: it does not end in a NUL" },

	{ { PROP_STR("gstage-mode", "sv39") },
	  AT "gstage-mode: \"sv39\" is not known; allowed: \"sv39x4\", \"sv48x4\", \"sv57x4\"" },
	{ { PROP_STR("gstage-mode", "sv57x4") },
	  AT "gstage-mode: this machine cannot do \"sv57x4\"; allowed: \"sv39x4\", \"sv48x4\"" },
	{ { PROP_CELLS("largest-page", 0x10000) },
	  AT "largest-page: <0x10000> is not allowed; allowed: <0x1000>, <0x200000>, <0x40000000> "
	     "(4 KiB, 2 "
	     "MiB, 1 GiB)" },
	{ { PROP_STR("eager-page-split", "yes") },
	  AT "eager-page-split: \"yes\" is not known; allowed: \"on\", \"off\"" },
	{ { PROP_STR("counters", "none") },
	  AT "counters: \"none\" is not known; allowed: \"on\", \"off\"" },
	{ { PROP_STR("on-fault", "panic") },
	  AT "on-fault: \"panic\" is not known; allowed: \"stop\", \"restart\", \"reset\"" },
	{ { PROP_STR("on-fault", "\x1b[2J") }, AT "on-fault: holds the control character 0x1b" },
	{ { PROP_STR("on-bad-access", "ignore") },
	  AT "on-bad-access: \"ignore\" is not known; allowed: \"reflect\", \"stop\"" },
	{ { PROP_CELLS("restart-limit", 0, 60) },
	  AT "restart-limit: <0 60> is not allowed; allowed: <count seconds>, each 1 to 1000000" },
	{ { PROP_CELLS("restart-limit", 5, 0) },
	  AT "restart-limit: <5 0> is not allowed; allowed: <count seconds>, each 1 to 1000000" },
	{ { PROP_CELLS("restart-limit", 1000001, 1) },
	  AT "restart-limit: <1000001 1> is not allowed; allowed: <count seconds>, each 1 to "
	     "1000000" },
	{ { PROP_CELLS("restart-limit", 5) },
	  AT "restart-limit: has 4 bytes; wanted: two cells, <count seconds>, each 1 to 1000000" },
	{ { PROP_CELLS("cpu-weight", 0) },
	  AT "cpu-weight: <0> is not allowed; allowed: <1> to <10000>" },
	{ { PROP_CELLS("cpu-weight", 10001) },
	  AT "cpu-weight: <10001> is not allowed; allowed: <1> to <10000>" },
	{ { PROP_CELLS("cpu-weight", 1, 2) },
	  AT "cpu-weight: has 8 bytes; wanted: one cell, <1> to <10000>" },
	{ { PROP_CELLS("table-pool", 1), PROP_CELLS("memory", 0, 0x80000000, 0, 0x801000) },
	  AT "table-pool: <1> tables cannot map the memory; allowed: <2> or more, and <6> is "
	     "enough for "
	     "every page" },
	{ { PROP_STR("manager", "yes") },
	  AT "manager: has a value; wanted: the name alone; leave the property out for \"no\"" },
	{ { PROP_STR("incoming", "no") },
	  AT "incoming: has a value; wanted: the name alone; leave the property out for \"no\"" },
	{ { PROP_FLAG("incoming"), WITHOUT("kernel"), PROP_STR("bootargs", "x") },
	  AT "bootargs: goes with \"incoming\" only beside a \"kernel\", which a restart loads" },
	{ { PROP_FLAG("incoming"), PROP_FLAG("manual-start") },
	  AT "manual-start: does not go with \"incoming\": an empty slot gets its memory with the "
	     "partition that is moved in" },
	{ { PROP_FLAG("incoming"), WITHOUT("kernel"), PROP_STR("on-fault", "restart") },
	  AT
	  "on-fault: \"restart\" does not go with \"incoming\" without a \"kernel\" to load again; "
	  "allowed: \"stop\", \"reset\"" },
	{ { PROP_FLAG("manager"), PROP_FLAG("manager") }, AT "manager: is given twice" },
	{ { PROP_STR("uuid", "00112233-4455-6677-8899-aabbccddeef") },
	  AT "uuid: \"00112233-4455-6677-8899-aabbccddeef\"" UUID_WANTED },
	{ { PROP_STR("uuid", "00112233-4455-6677-8899-aabbccddeefff") },
	  AT "uuid: \"00112233-4455-6677-8899-aabbccddeefff\"" UUID_WANTED },
	{ { PROP_STR("uuid", "00112233-4455-6677-8899-Aabbccddeeff") },
	  AT "uuid: \"00112233-4455-6677-8899-Aabbccddeeff\"" UUID_WANTED },
	{ { PROP_STR("uuid", "001122334-455-6677-8899-aabbccddeeff") },
	  AT "uuid: \"001122334-455-6677-8899-aabbccddeeff\"" UUID_WANTED },
	{ { PROP_STR("uuid", "00000000-0000-0000-0000-000000000000") },
	  AT "uuid: \"00000000-0000-0000-0000-000000000000\"" UUID_WANTED },
};

/* A uuid is read byte for byte, and belongs to one partition. Those without one do not count. */
static void test_uuid(void **state)
{
	const struct tree_prop uuid[] = { PROP_STR("uuid", "00112233-4455-6677-8899-aabbccddeeff"),
					  { NULL, NULL, 0 } };
	const struct tree_prop none[] = { { NULL, NULL, 0 } };
	struct tree_build t;
	struct said said;

	(void)state;
	config_begin(&t);
	config_partition_node(&t, "a", none);
	config_partition_node(&t, "b", uuid);
	config_partition_node(&t, "c", none);
	config_finish(&t);
	assert_int_equal(config_run(&t, &config_machine, &said), 0);
	assert_memory_equal(config_result.partition[1].uuid,
			    "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff",
			    CONFIG_UUID_LEN);
	config_begin(&t);
	config_partition_node(&t, "a", uuid);
	config_partition_node(&t, "b", uuid);
	config_finish(&t);
	(void)config_run(&t, &config_machine, &said);
	assert_int_equal(said.errors, 1);
	assert_string_equal(said.line[0], "/partitions/b: uuid: is that of partition \"a\", too");
}

static void test_each_wrong_property(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(wrongs); i++) {
		struct tree_build t;
		struct said said;

		config_begin(&t);
		config_partition_node(&t, "linux", wrongs[i].prop);
		config_finish(&t);
		(void)config_run(&t, &config_machine, &said);
		config_expect(&said, 1, 0, wrongs[i].line);
	}
}

static void test_all_errors_are_said(void **state)
{
	const struct tree_prop first[] = { PROP_CELLS("cpus", 0),
					   PROP_CELLS("memory", 0, 0x1000, 0, 0, 0, 0x801, 0,
						      0x1000),
					   PROP_STR("kernel", "x"),
					   { NULL, NULL, 0 } };
	const struct tree_prop second[] = { PROP_STR("on-fault", "x"), { NULL, NULL, 0 } };
	struct tree_build t;
	struct said said;

	(void)state;
	config_begin(&t);
	config_partition_node(&t, "a", first);
	config_partition_node(&t, "b", second);
	config_finish(&t);
	(void)config_run(&t, &config_machine, &said);
	assert_int_equal(said.errors, 5);
	assert_non_null(strstr(said.line[0], "/partitions/a: cpus: "));
	assert_non_null(strstr(said.line[1], "/partitions/a: kernel: "));
	assert_non_null(strstr(said.line[2], "/partitions/a: memory: range 0 "));
	assert_non_null(strstr(said.line[3], "/partitions/a: memory: range 1 "));
	assert_non_null(strstr(said.line[4], "/partitions/b: on-fault: "));
}

static void test_reads_everything(void **state)
{
	const struct tree_prop props[] = {
		PROP_CELLS("cpu-affinity", 5, 5),
		PROP_CELLS("memory", 0, 0x80000000, 0, 0x800000, 1, 0x40000000, 0, 0x40000000),
		PROP_STR("initrd", "initrd.gz"),
		PROP_STR("bootargs", "console=ttyS0"),
		PROP_STR("gstage-mode", "sv48x4"),
		PROP_CELLS("largest-page", 0x200000),
		PROP_STR("eager-page-split", "off"),
		PROP_STR("counters", "off"),
		PROP_STR("on-fault", "reset"),
		PROP_STR("on-bad-access", "stop"),
		PROP_STR("plic-contexts", "s"),
		PROP_CELLS("load-address", 0, 0x80300000),
		PROP_CELLS("entry", 0, 0x80300002),
		PROP_CELLS("fdt-address", 0, 0x80100008),
		PROP_CELLS("table-pool", 2000),
		PROP_CELLS("cpu-weight", 300),
		PROP_FLAG("manager"),
		PROP_FLAG("migratable"),
		PROP_FLAG("manual-start"),
		PROP_CELLS("phandle", 1),
		{ NULL, NULL, 0 },
	};
	const struct config_partition *p = &config_result.partition[0];
	struct tree_build t;
	struct said said;

	(void)state;
	config_begin(&t);
	config_partition_node(&t, "linux@7", props);
	config_finish(&t);
	memset(&said, 0, sizeof(said));
	assert_int_equal(config_parse(t.fdt, fdt_totalsize(t.fdt), &config_archive, &config_machine,
				      said_line, &said, &config_result),
			 0);
	assert_int_equal(said.warnings, 0);
	assert_int_equal(config_result.nr, 1);
	assert_string_equal(p->name, "linux");
	assert_int_equal(p->cpus, 2);
	assert_int_equal(p->affinity[0], 5);
	assert_int_equal(p->affinity[1], 5);
	assert_int_equal(p->nr_memory, 2);
	assert_int_equal(p->memory[1].gpa, 0x140000000);
	assert_int_equal(p->memory[1].size, 0x40000000);
	assert_string_equal(p->kernel, "Image");
	assert_string_equal(p->initrd, "initrd.gz");
	assert_string_equal(p->bootargs, "console=ttyS0");
	assert_int_equal(p->gstage_levels, 4);
	assert_int_equal(p->largest_page, MIB(2));
	assert_int_equal(p->eager, CONFIG_EAGER_OFF);
	assert_int_equal(p->on_fault, CONFIG_ON_FAULT_RESET_MACHINE);
	assert_int_equal(p->on_bad_access, CONFIG_BAD_ACCESS_STOP);
	assert_int_equal(p->plic_contexts, CONFIG_PLIC_S);
	assert_true(p->load_address.given && p->entry.given && p->fdt_address.given);
	assert_int_equal(p->load_address.gpa, 0x80300000);
	assert_int_equal(p->entry.gpa, 0x80300002);
	assert_int_equal(p->fdt_address.gpa, 0x80100008);
	assert_int_equal(p->pool_tables, 2000);
	assert_int_equal(p->cpu_weight, 300);
	assert_false(p->counters);
	assert_true(p->manager && p->migratable && p->manual_start && !p->incoming);
	tree_end(&t);
}

static void test_defaults(void **state)
{
	const struct config_partition *p = &config_result.partition[0];
	struct tree_build t;
	struct said said;

	(void)state;
	config_begin(&t);
	config_partition_node(&t, "linux", config_same);
	config_finish(&t);
	assert_int_equal(config_run(&t, &config_machine, &said), 0);
	assert_int_equal(said.warnings, 0);
	assert_int_equal(p->affinity[0], CONFIG_CPU_ANY);
	assert_null(p->initrd);
	assert_null(p->bootargs);
	assert_int_equal(p->gstage_levels, 0);
	assert_int_equal(config_levels(p, config_machine.gstage_modes), 3);
	assert_int_equal(p->largest_page, GIB(1));
	assert_int_equal(p->eager, CONFIG_EAGER_DEFAULT);
	assert_int_equal(p->on_fault, CONFIG_ON_FAULT_STOP);
	assert_int_equal(p->on_bad_access, CONFIG_BAD_ACCESS_REFLECT);
	assert_true(p->counters);
	/* The kernel is flat. */
	assert_int_equal(p->plic_contexts, CONFIG_PLIC_MS);
	assert_false(p->load_address.given || p->entry.given || p->fdt_address.given);
	assert_int_equal(p->pool_tables, 0);
	assert_int_equal(p->cpu_weight, 100);
	assert_false(p->manager || p->migratable || p->manual_start || p->incoming);
}

static void test_smallest_mode_that_fits(void **state)
{
	const struct tree_prop wide[] = { PROP_CELLS("memory", 0, 0x80000000, 0, 0x800000, 0x200, 0,
						     0, 0x1000),
					  { NULL, NULL, 0 } };
	struct config_machine narrow = config_machine;
	struct tree_build t;
	struct said said;

	(void)state;
	config_begin(&t);
	config_partition_node(&t, "linux", wide);
	config_finish(&t);
	assert_int_equal(config_run(&t, &config_machine, &said), 0);
	assert_int_equal(config_levels(&config_result.partition[0], config_machine.gstage_modes),
			 4);
	assert_int_equal(config_levels(&config_result.partition[0], 1U << 3), 0);

	narrow.gstage_modes = 1U << 3;
	config_begin(&t);
	config_partition_node(&t, "linux", wide);
	config_finish(&t);
	(void)config_run(&t, &narrow, &said);
	config_expect(&said, 1, 0,
		      AT "memory: range 1, 0x20000000000 to 0x20000000fff, does not fit into the "
			 "G-stage mode "
			 "sv39x4; allowed: up to 0x1ffffffffff");
}

#ifdef CONFIG_AIA
static void test_harts_without_the_aia(void **state)
{
	const struct tree_prop props[] = { PROP_STR("interrupts", "aia"), { NULL, NULL, 0 } };
	struct config_machine without = config_machine;
	struct tree_build t;
	struct said said;

	(void)state;
	config_begin(&t);
	config_partition_node(&t, "linux", props);
	config_finish(&t);
	assert_int_equal(config_run(&t, &config_machine, &said), 0);
	assert_int_equal(config_result.partition[0].interrupts, CONFIG_INTERRUPTS_AIA);

	without.no_aia = true;
	config_begin(&t);
	config_partition_node(&t, "linux", props);
	config_finish(&t);
	(void)config_run(&t, &without, &said);
	config_expect(&said, 1, 0,
		      AT "interrupts: this machine's harts have no AIA (Ssaia); allowed: "
			 "\"plic\"");
}
#endif

static void test_unknown_machine(void **state)
{
	const struct tree_prop props[] = { PROP_CELLS("cpu-affinity", 31, 900),
					   PROP_CELLS("memory", 0, 0x80000000, 0x100, 0),
					   PROP_STR("gstage-mode", "sv57x4"),
					   { NULL, NULL, 0 } };
	const struct tree_prop no_hart[] = { PROP_CELLS("cpu-affinity", 1, 0xffffffff),
					     { NULL, NULL, 0 } };
	struct tree_build t;
	struct said said;

	(void)state;
	config_begin(&t);
	config_partition_node(&t, "linux", props);
	config_finish(&t);
	assert_int_equal(config_run(&t, &config_machine_unknown, &said), 0);

	/* Inside, this number means "any hart". A configuration must not get that by writing it. */
	config_begin(&t);
	config_partition_node(&t, "linux", no_hart);
	config_finish(&t);
	(void)config_run(&t, &config_machine_unknown, &said);
	config_expect(&said, 1, 0,
		      AT "cpu-affinity: cpu 1 wants hart 4294967295, which does not exist");
}

static void test_incoming(void **state)
{
	const struct tree_prop props[] = { WITHOUT("kernel"),
					   PROP_FLAG("incoming"),
					   { NULL, NULL, 0 } };
	struct tree_build t;
	struct said said;

	(void)state;
	config_begin(&t);
	config_partition_node(&t, "spare", props);
	config_finish(&t);
	assert_int_equal(config_run(&t, &config_machine, &said), 0);
	assert_true(config_result.partition[0].incoming);
	assert_null(config_result.partition[0].kernel);
}

static void test_unknown_properties(void **state)
{
	static const struct {
		const char *name;
		const char *line;
	} unknown[] = {
		{ "bootarg", AT "bootarg: unknown property, ignored; did you mean \"bootargs\"?" },
		{ "cpu_affinity",
		  AT "cpu_affinity: unknown property, ignored; did you mean \"cpu-affinity\"?" },
		{ "eager-split", AT "eager-split: unknown property, ignored" },
		{ "eager-page-splits", AT "eager-page-splits: unknown property, ignored; did you "
					  "mean \"eager-page-split\"?" },
		{ "colour", AT "colour: unknown property, ignored" },
		{ "\x1b[2J", AT "?[2J: unknown property, ignored" },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(unknown); i++) {
		struct tree_prop props[] = { { unknown[i].name, NULL, 0 }, { NULL, NULL, 0 } };
		struct tree_build t;
		struct said said;

		config_begin(&t);
		config_partition_node(&t, "linux", props);
		config_finish(&t);
		assert_int_equal(config_run(&t, &config_machine, &said), 0);
		config_expect(&said, 0, 1, unknown[i].line);
	}
}

static void test_long_bootargs(void **state)
{
	char text[CONFIG_BOOTARGS_LEN + 1U];
	struct tree_prop props[] = { { "bootargs", text, CONFIG_BOOTARGS_LEN }, { NULL, NULL, 0 } };
	struct tree_build t;
	struct said said;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[CONFIG_BOOTARGS_LEN - 1U] = '\0';
	config_begin(&t);
	config_partition_node(&t, "linux", props);
	config_finish(&t);
	assert_int_equal(config_run(&t, &config_machine, &said), 0);

	text[CONFIG_BOOTARGS_LEN - 1U] = 'a';
	text[CONFIG_BOOTARGS_LEN] = '\0';
	props[0].len = sizeof(text);
	config_begin(&t);
	config_partition_node(&t, "linux", props);
	config_finish(&t);
	(void)config_run(&t, &config_machine, &said);
	config_expect(&said, 1, 0, AT "bootargs: has 2048 characters; allowed: 2047");
}

#define ANY CONFIG_CPU_ANY

static void test_resolve(void **state)
{
	static struct config c = {
		.nr = 3,
		.partition = {
			{ .cpus = 1, .affinity = { ANY }, .gstage_levels = 5 },
			{ .cpus = 2, .affinity = { 7, 2 } },
			{ .cpus = 3, .affinity = { ANY, ANY, ANY } },
		},
	};
	static const u32 index[] = { 9, 8, 7, 6 };
	struct config_machine numbered = config_machine;

	(void)state;
	config_resolve(&c, &config_machine);
	assert_int_equal(c.partition[1].hart[0], 3);
	assert_int_equal(c.partition[1].hart[1], 1);
	/* Harts 1 and 3 have vCPUs: 2 and 0 come first, then all have one. */
	assert_int_equal(c.partition[0].hart[0], 2);
	assert_int_equal(c.partition[2].hart[0], 0);
	assert_int_equal(c.partition[2].hart[1], 3);
	assert_int_equal(c.partition[2].hart[2], 2);
	/* What is configured stays. The others get the fewest levels that the machine has. */
	assert_int_equal(c.partition[0].levels, 5);
	assert_int_equal(c.partition[1].levels, 3);

	/* The machine may number its harts in its own way. */
	numbered.hart_index = index;
	config_resolve(&c, &numbered);
	assert_int_equal(c.partition[1].hart[0], 6);
	assert_int_equal(c.partition[1].hart[1], 8);
	assert_int_equal(c.partition[0].hart[0], 7);
}

/* Exclusive partitions come first where harts are chosen, and nobody comes to them. */
static void test_resolve_exclusive(void **state)
{
	static struct config c = {
		.nr = 4,
		.partition = {
			{ .cpus = 2, .affinity = { ANY, ANY } },
			{ .cpus = 1, .affinity = { 5 }, .exclusive = true },
			{ .cpus = 1, .affinity = { ANY }, .exclusive = true },
			{ .cpus = 3, .affinity = { ANY, ANY, ANY } },
		},
	};

	(void)state;
	config_resolve(&c, &config_machine);
	assert_int_equal(c.partition[1].hart[0], 2);
	assert_int_equal(c.partition[2].hart[0], 3);
	/* Five vCPUs are left for two harts. */
	assert_int_equal(c.partition[0].hart[0], 1);
	assert_int_equal(c.partition[0].hart[1], 0);
	for (u32 i = 0; i < 3U; i++)
		assert_int_equal(c.partition[3].hart[i], i == 1U ? 0 : 1);
}

static int run_pair(const struct tree_prop *a, const struct tree_prop *b,
		    const struct config_machine *m, struct said *said)
{
	struct tree_build t;

	config_begin(&t);
	config_partition_node(&t, "a", a);
	config_partition_node(&t, "b", b);
	config_finish(&t);
	return config_run(&t, m, said);
}

static void test_shared_harts(void **state)
{
	const struct tree_prop on_2_5[] = { PROP_CELLS("cpu-affinity", 2, 5), { NULL, NULL, 0 } };
	const struct tree_prop on_5_5[] = { PROP_CELLS("cpu-affinity", 5, 5), { NULL, NULL, 0 } };
	const struct tree_prop alone[] = { PROP_CELLS("cpu-affinity", 5, 5),
					   PROP_FLAG("exclusive"),
					   { NULL, NULL, 0 } };
	const struct tree_prop open[] = { PROP_FLAG("exclusive"), { NULL, NULL, 0 } };
	const struct tree_prop many[] = { PROP_CELLS("cpus", 3), { NULL, NULL, 0 } };
	struct said said;

	(void)state;
	assert_int_equal(run_pair(on_2_5, on_5_5, &config_machine_unknown, &said), 0);
	assert_int_equal(said.warnings, 0);
	assert_int_equal(said.notes, 1);
	assert_string_equal(said.note,
			    "/partitions: hart 5 is shared by the partitions \"a\", \"b\"");
	assert_int_equal(run_pair(on_2_5, alone, &config_machine_unknown, &said), CLV_ERR_FORMAT);
	config_expect(&said, 1, 0,
		      "/partitions/b: exclusive: hart 5 would be shared by the partitions \"a\", "
		      "\"b\"; allowed: harts that no other partition has (cpu-affinity)");
	assert_int_equal(said.notes, 0);
	assert_int_equal(run_pair(alone, on_2_5, &config_machine_unknown, &said), CLV_ERR_FORMAT);
	assert_non_null(strstr(said.line[0], "/partitions/a: exclusive: hart 5 "));

	/* What is left open goes elsewhere if it can. Nobody knows that without the machine. */
	assert_int_equal(run_pair(config_same, alone, &config_machine, &said), 0);
	assert_int_equal(run_pair(config_same, open, &config_machine, &said), 0);
	assert_int_equal(said.notes, 0);
	assert_int_equal(run_pair(many, open, &config_machine_unknown, &said), 0);
	assert_int_equal(run_pair(many, open, &config_machine, &said), 0);
	assert_int_equal(said.notes, 0);
	assert_int_equal(
		run_pair((const struct tree_prop[]){ PROP_CELLS("cpus", 4),
						     PROP_CELLS("cpu-affinity", 0, 2, 5, 7),
						     { NULL, NULL, 0 } },
			 open, &config_machine, &said),
		CLV_ERR_FORMAT);
	assert_int_equal(said.errors, 2);
	assert_non_null(strstr(said.line[0], "/partitions/b: exclusive: hart "));
}

static void test_tables(void **state)
{
	struct config_partition p = { .nr_memory = 1, .memory = { { GIB(2), MIB(1280) } } };

	(void)state;
	/*
	 * One leaf of 1 GiB, and leaves of 2 MiB for the rest: one table. All at 4 KiB: 640 tables
	 * and two above them.
	 */
	assert_int_equal(config_tables(&p, 3, GIB(1)), 1);
	assert_int_equal(config_tables(&p, 3, MIB(2)), 2);
	assert_int_equal(config_tables(&p, 3, KIB(4)), 642);
	assert_int_equal(config_tables(&p, 4, GIB(1)), 2);
	assert_int_equal(config_tables(&p, 5, KIB(4)), 644);

	/* A page at each side of a 2 MiB boundary needs a table on each side. */
	p.memory[0].gpa = GIB(2) + MIB(2) - KIB(4);
	p.memory[0].size = KIB(8);
	assert_int_equal(config_tables(&p, 3, GIB(1)), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_wrong_property),
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_all_errors_are_said),
		cmocka_unit_test(test_reads_everything),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_smallest_mode_that_fits),
#ifdef CONFIG_AIA
		cmocka_unit_test(test_harts_without_the_aia),
#endif
		cmocka_unit_test(test_unknown_machine),
		cmocka_unit_test(test_incoming),
		cmocka_unit_test(test_unknown_properties),
		cmocka_unit_test(test_long_bootargs),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_resolve_exclusive),
		cmocka_unit_test(test_shared_harts),
		cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests_name("config", tests, config_setup, config_teardown);
}
