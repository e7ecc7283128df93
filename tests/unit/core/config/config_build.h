/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configurations for tests: a right partition, changed in the properties that a test is about, and
 * a machine to check against.
 *
 * A test includes it after cmocka's headers: what goes wrong here fails the test.
 */
#ifndef TESTS_UNIT_CONFIG_BUILD_H
#define TESTS_UNIT_CONFIG_BUILD_H

#include "tests/unit/boot_build.h"

/* Harts 0, 2, 5 and 7; hart 4 was left out; 4 GiB in pieces of at most 2 GiB; Sv39x4 and Sv48x4. */
extern const struct config_machine config_machine;
extern const struct config_machine config_machine_unknown;

/*
 * "Image" (flat, 1 MiB), "initrd.gz", "big" (flat, 9 MiB), "vmlinux" (an ELF file), and no
 * configuration.
 */
extern struct cpio config_files;
extern struct archive config_archive;

/* What config_run() parsed. Its strings are gone. */
extern struct config config_result;

/* For cmocka_run_group_tests(). */
int config_setup(void **state);
int config_teardown(void **state);

/* No property differs. */
extern const struct tree_prop config_same[1];

/* As a property for config_partition_node(): leave it out. */
#define WITHOUT(n) { (n), "-", 2 }

void config_root(struct tree_build *t);
/** config_begin() - root and /partitions, left open for partitions */
void config_begin(struct tree_build *t);
void config_finish(struct tree_build *t);
/**
 * config_good() - the properties of a right partition: 2 cpus, 8 MiB at 0x80000000, kernel "Image"
 */
void config_good(struct tree_build *t);
/**
 * config_partition_node() - write a node as config_good() does, with the properties of @other
 * instead or besides; a NULL name ends them
 */
void config_partition_node(struct tree_build *t, const char *name, const struct tree_prop *other);

/**
 * config_run_blob() - parse a copy of exactly @size bytes, so that the sanitiser sees a read after
 * it
 *
 * Return: as config_parse().
 */
int config_run_blob(const void *fdt, u64 size, const struct config_machine *m, struct said *said);
/** config_run() - do the same with a tree, and free it */
int config_run(struct tree_build *t, const struct config_machine *m, struct said *said);
/** config_expect() - fail unless so many errors and warnings were said, and @line first */
void config_expect(const struct said *said, u32 errors, u32 warnings, const char *line);

#endif
