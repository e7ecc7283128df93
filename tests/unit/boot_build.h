/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builders for tests: cpio archives and configuration trees, right ones and wrong ones.
 *
 * They write what they are told and do not check it: the code under test is there for that. They
 * abort when their own buffer is too small, which is a defect of the test.
 */
#ifndef TESTS_UNIT_BOOT_BUILD_H
#define TESTS_UNIT_BOOT_BUILD_H

#include <cleave/types.h>
#include "core/config/archive.h"
#include "core/config/config.h"

#define CPIO_MODE_FILE 0100644U
#define CPIO_MODE_DIR  0040755U
#define CPIO_MODE_LINK 0120777U

/** struct cpio - an archive that is being written; @data has @room bytes, and @size are used */
struct cpio {
	u8 *data;
	u64 size;
	u64 room;
};

/** struct cpio_entry - all that a header can say, so that each part can be wrong */
struct cpio_entry {
	const char *magic; /* NULL: "070701" */
	const char *name;
	u32 namesize; /* 0: the name's, with its NUL */
	u32 mode;     /* 0: CPIO_MODE_FILE */
	u32 nlink;    /* 0: 1 */
	const void *data;
	u32 size;
};

void cpio_begin(struct cpio *c, u64 room);
void cpio_end(struct cpio *c);
void cpio_put(struct cpio *c, const struct cpio_entry *e);
void cpio_file(struct cpio *c, const char *name, const void *data, u32 size);
void cpio_trailer(struct cpio *c);

/** struct tree_prop - a property; @data NULL and @len 0: an empty one */
struct tree_prop {
	const char *name;
	const void *data;
	u32 len;
};

/*
 * Text and cells as property values: PROP_STR("kernel", "Image"), PROP_CELLS("cpus", 2),
 * PROP_FLAG("manager").
 */
#define PROP_STR(n, s) { (n), (s), (u32)sizeof(s) }
#define PROP_FLAG(n)   { (n), NULL, 0 }
#define PROP_CELLS(n, ...)                   \
	{ (n), (const u32[]){ __VA_ARGS__ }, \
	  0x80000000U | (u32)sizeof((const u32[]){ __VA_ARGS__ }) }

/** struct tree_build - a device tree that is being written */
struct tree_build {
	void *fdt;
	u32 room;
};

void tree_begin(struct tree_build *t);
void tree_end(struct tree_build *t);
void tree_node(struct tree_build *t, const char *name);
void tree_close(struct tree_build *t);
/** tree_put() - add a property; a length with bit 31 set means cells in the host's byte order */
void tree_put(struct tree_build *t, const struct tree_prop *p);
void tree_finish(struct tree_build *t);

/** struct said - the lines that config_parse() has said */
struct said {
	u32 errors;
	u32 warnings;
	u32 notes;
	char line[16][CONFIG_LINE_LEN];
	char note[CONFIG_LINE_LEN]; /* the last one */
};

/** said_line() - a config_say_fn; @ctx is a struct said */
void said_line(void *ctx, enum config_said what, const char *line);

/**
 * boot_use() - do with a parsed configuration what the hypervisor does: harts, modes, layout,
 * device tree
 *
 * Aborts when a promise of the headers is broken: a layout outside of memory, a tree that libfdt
 * refuses, a hart that does not exist.
 */
void boot_use(struct config *config, const struct archive *archive,
	      const struct config_machine *machine);

#endif
