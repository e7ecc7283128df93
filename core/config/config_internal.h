/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of core/config/ share.
 */
#ifndef CORE_CONFIG_INTERNAL_H
#define CORE_CONFIG_INTERNAL_H

#include <cleave/types.h>
#include "core/config/archive.h"
#include "core/config/config.h"

#define CONFIG_NODE_LEN 96U

/**
 * struct config_ctx - one run of config_parse()
 * @fdt, @archive, @machine, @say, @say_ctx: as it was given them
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

/*
 * The properties of a partition: rows of the table in config_props.c, and bits in struct
 * config_draft
 */
enum config_prop_index {
	CONFIG_PROP_COMPATIBLE,
	CONFIG_PROP_CPUS,
	CONFIG_PROP_AFFINITY,
	CONFIG_PROP_WEIGHT,
	CONFIG_PROP_MEMORY,
	CONFIG_PROP_KERNEL,
	CONFIG_PROP_INITRD,
	CONFIG_PROP_BOOTARGS,
	CONFIG_PROP_LOAD_ADDRESS,
	CONFIG_PROP_ENTRY,
	CONFIG_PROP_FDT_ADDRESS,
	CONFIG_PROP_MODE,
	CONFIG_PROP_LARGEST_PAGE,
	CONFIG_PROP_EAGER,
	CONFIG_PROP_COUNTERS,
	CONFIG_PROP_ON_FAULT,
	CONFIG_PROP_ON_BAD_ACCESS,
	CONFIG_PROP_RESTART_LIMIT,
	CONFIG_PROP_TABLE_POOL,
	CONFIG_PROP_MANAGER,
	CONFIG_PROP_MIGRATABLE,
	CONFIG_PROP_INCOMING,
	CONFIG_PROP_MANUAL_START,
	CONFIG_PROP_DIRECT_MAP,
	CONFIG_PROP_DEVICES,
	CONFIG_PROP_PLIC_CONTEXTS,
	CONFIG_PROP_INTERRUPTS,
	CONFIG_PROP_NO_DMA,
	CONFIG_PROP_EXCLUSIVE,
	CONFIG_PROP_FDT,
	CONFIG_PROP_FDT_OVERLAY,
	CONFIG_PROP_UUID,
	CONFIG_PROP_COUNT,
};

_Static_assert(CONFIG_PROP_COUNT <= 32, "struct config_draft has a bit for each property");

/* The properties of a plan and of a window: rows of their tables in config_plan.c, and bits */
enum config_plan_prop {
	CONFIG_PLAN_FRAME,
	CONFIG_PLAN_SLACK,
	CONFIG_PLAN_FIRST,
	CONFIG_PLAN_PROPS,
};

enum config_window_prop {
	CONFIG_WINDOW_HART,
	CONFIG_WINDOW_PARTITION,
	CONFIG_WINDOW_OFFSET,
	CONFIG_WINDOW_LENGTH,
	CONFIG_WINDOW_PROPS,
};

/** struct config_prop - a property as it stands in the tree; @data need not be aligned */
struct config_prop {
	const char *name;
	const u8 *data;
	u32 len;
};

struct config_prop_rule;

/**
 * struct config_draft - a partition, a plan or a window while it is read
 * @part, @plan, @window: where its values go; the other two are NULL
 * @given: bit n: property n stands in the node
 * @good: bit n: its value is right; a check that needs a property looks here first
 * @rule: the row of the property that is being read
 * @cell: its value, if that is a cell with a range, or a word
 * @affinity_count: entries of cpu-affinity
 * @no_dma: the property no-dma, a list of strings; it may come before devices
 */
struct config_draft {
	struct config_partition *part;
	struct config_plan *plan;
	struct config_window *window;
	const struct config_prop_rule *rule;
	u32 given;
	u32 good;
	u32 cell;
	u32 affinity_count;
	struct config_prop no_dma;
};

/** config_is_good() - Return: true when a property stands in the node and its value is right */
static inline bool config_is_good(const struct config_draft *d, u32 i)
{
	return (d->good & (1U << i)) != 0U;
}

/** config_is_given() - Return: true when a property stands in the node */
static inline bool config_is_given(const struct config_draft *d, u32 i)
{
	return (d->given & (1U << i)) != 0U;
}

/** struct config_word - a word that a property may be, and what it means; @text NULL ends a list */
struct config_word {
	const char *text;
	u32 value;
};

enum config_type {
	CONFIG_TYPE_FLAG, /* there or not; without a value */
	CONFIG_TYPE_CELL,
	CONFIG_TYPE_CELLS,
	CONFIG_TYPE_STRING,
	CONFIG_TYPE_STRINGS,
};

/**
 * struct config_prop_rule - a row of the table of properties
 * @type: what the value is made of
 * @required: a node without it is refused; only an empty slot needs no "kernel"
 * @low, @high: the range of a cell; @high 0: it has no range
 * @words: the strings that are allowed; NULL: not one of some words
 * @at: offset of the field of struct config_partition that gets what was checked by that: a bool
 * that becomes true, or a u32. With @read, the field is @read's. 0: none
 * @take: put @d's cell elsewhere; NULL: it goes nowhere else
 * @read: check any other value, and put it where it goes. Return: true when it is right; else it
 * was said. NULL: it needs no such check
 * @help: what the property is for; NULL in the hypervisor, which does not show it
 */
struct config_prop_rule {
	const char *name;
	enum config_type type;
	bool required;
	u32 low;
	u32 high;
	const struct config_word *words;
	u32 at;
	void (*take)(struct config_draft *d);
	bool (*read)(struct config_ctx *c, const struct config_prop *p, struct config_draft *d);
	const char *help;
};

/* --- config.c: what is said --- */

/**
 * config_error() - say that something is wrong, as "NODE: PROPERTY: TEXT"
 * @property: NULL leaves it out
 */
void config_error(struct config_ctx *c, const char *property, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** config_warn() - say likewise what is not wrong but probably not meant */
void config_warn(struct config_ctx *c, const char *property, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** config_note() - say likewise what may be meant, but should be known */
void config_note(struct config_ctx *c, const char *property, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * config_unknown() - warn of a property or a node that is none of the @n @known ones, and name the
 * nearest
 * @what: "property" or "node"
 */
void config_unknown(struct config_ctx *c, const char *what, const char *name,
		    const char *const *known, u32 n);

/**
 * config_ignored() - Return: true for a property that tools add: phandle, or a name with "__" first
 */
bool config_ignored(const char *property);

/**
 * config_check_blob() - check that a device tree is whole, and one that libfdt reads safely
 * @property: that names it; NULL: it is the configuration itself
 *
 * Return: true when it is; else it was said.
 */
bool config_check_blob(struct config_ctx *c, const char *property, const void *fdt, u64 size);

/** config_set_node() - begin to read the node @name below the one with the path @parent */
void config_set_node(struct config_ctx *c, const char *parent, const char *name);

/**
 * config_read_name() - read the name of a partition or a plan
 * @node_name: its node's; the unit address is left out
 *
 * Return: true when it can be shown in a line; else it was said.
 */
bool config_read_name(struct config_ctx *c, const char *node_name, char out[CONFIG_NAME_LEN]);

/** config_warn_unknown_properties() - do config_unknown() with all properties of a node */
void config_warn_unknown_properties(struct config_ctx *c, int node, const char *const *known,
				    u32 n);

/** config_warn_subnodes() - warn of all nodes below one that may have none */
void config_warn_subnodes(struct config_ctx *c, int node);

/* --- config_value.c: one value; what is wrong with it is said --- */

/** config_value_cell() - Return: cell number @index, which the value has */
u32 config_value_cell(const struct config_prop *p, u32 index);

/** config_value_is_text() - Return: true when the value is strings, none of them empty */
bool config_value_is_text(const struct config_prop *p);

/** config_value_u32() - read one cell, @low to @high. Return: true when it is right, and in @out */
bool config_value_u32(struct config_ctx *c, const struct config_prop *p, u32 low, u32 high,
		      u32 *out);

/**
 * config_value_address() - read two cells, a guest-physical address that is a multiple of @align
 *
 * Return: true when it is right, and in @out.
 */
bool config_value_address(struct config_ctx *c, const struct config_prop *p, u64 align,
			  struct config_address *out);

/** config_value_printable() - Return: true when @s, which ends in a NUL, can be shown in a line */
bool config_value_printable(struct config_ctx *c, const struct config_prop *p, const char *s);

/** config_value_string() - Return: the value when it is one string that can be shown, else NULL */
const char *config_value_string(struct config_ctx *c, const struct config_prop *p);

/**
 * config_value_word() - read one of some words
 *
 * Return: true when it is one, and its value in @out.
 */
bool config_value_word(struct config_ctx *c, const struct config_prop *p,
		       const struct config_word *words, u32 *out);

/** config_value_file() - Return: the value when it names a file of the archive, else NULL */
const char *config_value_file(struct config_ctx *c, const struct config_prop *p);

/** config_value_flag() - Return: true when the property has no value */
bool config_value_flag(struct config_ctx *c, const struct config_prop *p);

/* --- config_table.c: the one reader of properties --- */

/**
 * config_table_read() - read the properties of the node at @offset, each by itself
 * @table: the @n that it may have, at most CONFIG_PROP_COUNT
 */
void config_table_read(struct config_ctx *c, int offset, const struct config_prop_rule *table,
		       u32 n, struct config_draft *d);

/* --- config_props.c --- */

/** config_props_rule() - Return: row number @i of the table; NULL after the last */
const struct config_prop_rule *config_props_rule(u32 i);

/* The help of a row: only host tools show it. */
#ifdef CLEAVE_HOST
#define CONFIG_PROPS_HELP(text) (text)
#else
#define CONFIG_PROPS_HELP(text) NULL
#endif

/** config_props_read() - read the properties of the partition node at @offset, each by itself */
void config_props_read(struct config_ctx *c, int offset, struct config_draft *d);

/** config_props_required() - judge properties together: what is missing, or excludes another */
void config_props_required(struct config_ctx *c, struct config_draft *d);

/* --- config_check.c --- */

/** config_check_partition() - check what one property alone does not show: memory, harts, files */
void config_check_partition(struct config_ctx *c, const struct config_draft *d);

/** config_check_machine() - check that all partitions together fit the machine */
void config_check_machine(struct config_ctx *c, const struct config *config);

/** config_overlap() - Return: true when two ranges, neither of which wraps, share a byte */
static inline bool config_overlap(u64 base, u64 size, u64 other, u64 other_size)
{
	return base < other + other_size && other < base + size;
}

/** config_mode_end() - Return: bytes that tables of @levels levels can map */
u64 config_mode_end(u32 levels);

/** config_mode_name() - Return: the name of the mode with @levels levels */
const char *config_mode_name(u32 levels);

#ifdef CONFIG_AIA
#define CONFIG_EMULATED 4U
#else
#define CONFIG_EMULATED 2U
#endif

/**
 * struct config_emulated - an address range that a guest's emulated device takes
 * @of: bit n: partitions have it whose "interrupts" is n of enum config_interrupts
 */
struct config_emulated {
	const char *name;
	u64 base;
	u64 size;
	u32 of;
};

extern const struct config_emulated config_emulated[CONFIG_EMULATED];

/** config_emulates() - Return: true when @part has the emulated device number @i */
static inline bool config_emulates(const struct config_partition *part, u32 i)
{
#ifdef CONFIG_AIA
	return (config_emulated[i].of >> (u32)part->interrupts & 1U) != 0U;
#else
	(void)part;
	(void)i;
	return true;
#endif
}

/** config_check_has_hart() - Return: true when the machine has it, or its harts are not known */
bool config_check_has_hart(const struct config_machine *m, u64 hart);

/** config_check_list_harts() - list @n ids of harts in @buf, which has room for 5 bytes */
void config_check_list_harts(const u64 *harts, u32 n, char *buf, size_t size);

#define CONFIG_NO_HART_LEN 256U

/**
 * config_check_no_hart() - say after "hart N" that it does not exist, or why it was left out, and
 * which harts there are
 *
 * Return: @buf.
 */
const char *config_check_no_hart(const struct config_machine *m, u64 hart,
				 char buf[CONFIG_NO_HART_LEN]);

/* --- config_plan.c: /schedules --- */

/** config_plan_rule(), config_window_rule() - as config_props_rule() */
const struct config_prop_rule *config_plan_rule(u32 i);
const struct config_prop_rule *config_window_rule(u32 i);

/** config_plan_read() - read the node /schedules; the partitions were read before */
void config_plan_read(struct config_ctx *c, int node);

/* --- config_windows.c --- */

/**
 * config_windows_add() - add a window to the sorted ones of its plan
 * @w: each of its properties is right; an error is said when it overlaps another of its hart
 */
void config_windows_add(struct config_ctx *c, struct config_plan *plan,
			const struct config_window *w);

/**
 * config_windows_pin() - check that the partition of each window has a vCPU on its hart
 *
 * A vCPU whose hart was left open is put on the hart of a window. Partitions and plans have no
 * errors of their own.
 */
void config_windows_pin(struct config_ctx *c);

/** config_windows_check() - warn of vCPUs without a window on a hart that has some */
void config_windows_check(struct config_ctx *c);

/* --- config_share.c --- */

/**
 * config_cpu_hart() - find out on which hart a vCPU is
 *
 * Return: the hart's id; CONFIG_CPU_ANY: it is left open, and the machine's harts are not known.
 * Where they are known, config_resolve() has been called.
 */
u64 config_cpu_hart(const struct config_ctx *c, const struct config_partition *part, u32 cpu);

/** config_share_check() - say which partitions share a hart, and refuse it against "exclusive" */
void config_share_check(struct config_ctx *c);

/* --- config_direct.c --- */

/**
 * config_direct_check() - check that memory at GPA = HPA is free, and no other partition's
 * @part: its memory is right
 */
void config_direct_check(struct config_ctx *c, const struct config_partition *part);

/* --- config_devices.c --- */

/**
 * config_devices_check() - find a partition's devices in the machine's tree, and check each of them
 * @part: its memory is right
 * @levels: levels of its G-stage tables
 *
 * The devices that it may have are added to the configuration.
 */
void config_devices_check(struct config_ctx *c, const struct config_partition *part, u32 levels);

/**
 * config_devices_check_neighbours() - say what else lies in the pages of all partitions' devices
 */
void config_devices_check_neighbours(struct config_ctx *c);

/* --- config_own.c --- */

/**
 * config_own_check() - check the device tree that a partition brings, against what it is given
 * @part: its memory is right, and its devices were checked
 */
void config_own_check(struct config_ctx *c, const struct config_partition *part);

/* --- config_reach.c --- */

/**
 * config_reach_check() - check that each partition's devices can interrupt one of its vCPUs
 *
 * The windows of plans have placed theirs. Partitions and plans have no errors.
 */
void config_reach_check(struct config_ctx *c);

/**
 * config_reach_harts() - where may a partition's first vCPU with an open hart be?
 *
 * Return: bit n: on hart n of @machine's.
 */
u64 config_reach_harts(const struct config *config, const struct config_machine *machine,
		       u32 partition);

#endif
