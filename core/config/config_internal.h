/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of core/config*.c share; nobody else may include it.
 */
#ifndef CORE_CONFIG_INTERNAL_H
#define CORE_CONFIG_INTERNAL_H

#include <cleave/types.h>
#include "core/config/archive.h"
#include "core/config/config.h"

#define CONFIG_NODE_LEN 64U

/**
 * struct config_ctx - one run of config_parse()
 * @config: what has been read so far
 * @node: path of the node that is being read, fit to be shown
 * @errors: how many were said
 */
struct config_ctx {
	const void *fdt;
	const struct archive *archive;
	const struct config_machine *machine;
	config_say_fn say;
	void *say_ctx;
	struct config *config;
	char node[CONFIG_NODE_LEN];
	u32 errors;
};

/* Properties of a partition that were there and right, as bits: a check needs those it looks at. */
enum config_have {
	CONFIG_HAVE_CPUS = 1U << 0,
	CONFIG_HAVE_MEMORY = 1U << 1,
	CONFIG_HAVE_KERNEL = 1U << 2,
	CONFIG_HAVE_INITRD = 1U << 3,
	CONFIG_HAVE_AFFINITY = 1U << 4,
	CONFIG_HAVE_COMPATIBLE = 1U << 5,
	CONFIG_HAVE_POOL = 1U << 6,
};

/**
 * struct config_draft - a partition while it is read
 * @given: bit = index of a property in the table of config_props.c that stands in the node
 * @have: enum config_have
 * @affinity_count: entries of cpu-affinity
 */
struct config_draft {
	struct config_partition *part;
	u32 given;
	u32 have;
	u32 affinity_count;
};

/** config_error() - say that something is wrong: "<node>: <property>: <text>"; @property may be NULL */
void config_error(struct config_ctx *c, const char *property, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** config_warn() - the same, for what is not wrong but probably not meant */
void config_warn(struct config_ctx *c, const char *property, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** config_unknown() - warn of a property that nobody reads, naming the nearest of the @n @known ones */
void config_unknown(struct config_ctx *c, const char *property, const char *const *known, u32 n);

/** config_ignored() - Return: true for properties that tools add: phandle, and names that begin with "__" */
bool config_ignored(const char *property);

/** config_props_read() - read the properties of the partition node at @offset, each by itself */
void config_props_read(struct config_ctx *c, int offset, struct config_draft *d);

/** config_props_required() - say which properties are missing, or exclude each other */
void config_props_required(struct config_ctx *c, const struct config_draft *d);

/** config_check_partition() - check what one property alone does not show: memory, harts, files */
void config_check_partition(struct config_ctx *c, const struct config_draft *d);

/** config_overlap() - Return: true when two ranges, neither of which wraps, share a byte */
static inline bool config_overlap(u64 base, u64 size, u64 other, u64 other_size)
{
	return base < other + other_size && other < base + size;
}

/* --- config_check.c --- */

#define CONFIG_EMULATED 2U

/** struct config_emulated - an address range that a guest's emulated device takes */
struct config_emulated {
	const char *name;
	u64 base;
	u64 size;
};

extern const struct config_emulated config_emulated[CONFIG_EMULATED];

/** config_mode_end() - Return: bytes that a mode of @levels levels covers; config_mode_name() - its name */
u64 config_mode_end(u32 levels);
const char *config_mode_name(u32 levels);

/* --- config_direct.c --- */

/** config_check_direct() - memory at GPA = HPA: is it free, and nobody else's? */
void config_check_direct(struct config_ctx *c, const struct config_partition *part);

/* --- config_devices.c --- */

/**
 * config_check_devices() - look the devices of a partition up in the machine's tree, and check that it may have them
 * @levels: levels of its G-stage tables; its memory is right
 */
void config_check_devices(struct config_ctx *c, const struct config_partition *part, u32 levels);

/** config_check_neighbours() - what else lies in the pages of the devices of all partitions? */
void config_check_neighbours(struct config_ctx *c);

/* --- config_tree.c: what the machine's tree says of a node --- */

/** config_tree_reg_count() - Return: entries of a node's `reg`, whether an address leads to them or not; 0: none that make sense */
u32 config_tree_reg_count(const void *tree, int node);

/**
 * config_tree_regs() - all register ranges of a node
 * Return: how many; CLV_ERR_NOTFOUND (none, or one that the bus does not lead to), CLV_ERR_FORMAT (they make no sense),
 * CLV_ERR_NOMEM (more than CONFIG_DEVICE_REGS).
 */
int config_tree_regs(const void *tree, int node, struct config_memory reg[CONFIG_DEVICE_REGS]);

/**
 * config_tree_irqs() - all interrupts of a node
 * @plic: phandle of the controller that they must go to
 * @other: set on CLV_ERR_UNSUPPORTED: node that one goes to instead, negative: none that there is
 * Return: how many; CLV_ERR_UNSUPPORTED, CLV_ERR_FORMAT (no source of that controller, or cells that make no sense), CLV_ERR_NOMEM
 * (more than CONFIG_DEVICE_IRQS).
 */
int config_tree_irqs(const void *tree, int node, u32 plic,
		     struct config_irq irq[CONFIG_DEVICE_IRQS], int *other);

/** config_tree_kept() - Return: as what the hypervisor or the firmware keeps a node to itself, to be shown; NULL: it does not */
const char *config_tree_kept(const void *tree, int node);

/** config_tree_status() - Return: NULL when a node is enabled, else what its status says */
const char *config_tree_status(const void *tree, int node);

/* --- */

/** config_check_machine() - check that all partitions together fit the machine */
void config_check_machine(struct config_ctx *c, const struct config *config);

#endif
