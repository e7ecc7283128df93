/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: what `cleave.dtb` says, checked whole, as plain structures.
 *
 * Builds for the host too: tools/cleave-archive and the hypervisor run this same code, so that both refuse the same input
 * with the same words. It must never touch hardware, allocate, or keep a pointer to anything but the blob it was given.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include <cleave/types.h>
#include "mm/frames.h"

#define CONFIG_NAME_LEN	    32U
#define CONFIG_CPU_ANY	    UINT32_MAX
#define CONFIG_LINE_LEN	    320U    /* bytes of the longest error or warning, NUL included */
#define CONFIG_BOOTARGS_LEN 2048U   /* bytes, NUL included */
#define CONFIG_TREE_LEN	    KIB(64) /* bytes of the largest cleave.dtb */

enum config_on_fault {
	CONFIG_ON_FAULT_STOP,
	CONFIG_ON_FAULT_RESTART,
	CONFIG_ON_FAULT_RESET_MACHINE,
};

enum config_eager {
	CONFIG_EAGER_DEFAULT, /* the machine's choice */
	CONFIG_EAGER_ON,
	CONFIG_EAGER_OFF,
};

struct config_memory {
	u64 gpa;  /* base, 4 KiB aligned */
	u64 size; /* bytes */
};

/**
 * struct config_partition - one node below /partitions
 * @affinity: hart id for each vCPU, or CONFIG_CPU_ANY
 * @gstage_levels: "gstage-mode" property: 3, 4, 5; 0: the smallest mode that fits
 * @pool_tables: "table-pool" property: tables of the pool; 0: worst case (M5)
 * @direct_map: "direct-map" property: memory is at GPA = HPA
 * @device: "devices" property: absolute paths in the machine's own device tree, @nr_devices of them; they point into the blob
 * @hart: hart index of each vCPU, chosen by config_resolve()
 * @levels: levels of the G-stage tables, chosen by config_resolve()
 */
struct config_partition {
	char name[CONFIG_NAME_LEN];
	u32 cpus;
	u64 affinity[CONFIG_MAX_VCPUS];
	u32 nr_memory;
	struct config_memory memory[CONFIG_MAX_REGIONS];
	const char *kernel;   /* file name in the archive; NULL: none (incoming) */
	const char *initrd;   /* or NULL */
	const char *bootargs; /* or NULL */
	u8 gstage_levels;
	u64 largest_page; /* bytes: 4 KiB, 2 MiB, 1 GiB */
	enum config_eager eager;
	enum config_on_fault on_fault;
	u32 pool_tables;
	bool manager;
	bool migratable;
	bool incoming;
	bool manual_start; /* a manager starts it, not the boot */
	bool direct_map;
	u32 nr_devices;
	const char *device[CONFIG_MAX_DEVICES];
	u32 hart[CONFIG_MAX_VCPUS];
	u8 levels;
};

#define CONFIG_DEVICES	   32U /* passed through, of all partitions */
#define CONFIG_DEVICE_REGS 4U
#define CONFIG_DEVICE_IRQS 8U
#define CONFIG_PATH_LEN	   96U /* bytes of the longest path of a device, NUL included */

/** struct config_irq - @host: source of the machine's PLIC; @guest: source of the partition's emulated one */
struct config_irq {
	u32 host;
	u32 guest;
};

/**
 * struct config_device - a device of the machine that a partition drives itself
 * @path: as configured
 * @partition: whose it is
 * @node: its offset in the machine's tree
 * @reg: its registers, HPA and GPA, as the tree says: not in whole pages (config_pages())
 */
struct config_device {
	const char *path;
	u32 partition;
	int node;
	u32 nr_regs;
	struct config_memory reg[CONFIG_DEVICE_REGS];
	u32 nr_irqs;
	struct config_irq irq[CONFIG_DEVICE_IRQS];
};

/** struct config - @device: those of all partitions; empty where the machine's tree is not known */
struct config {
	u32 nr;
	struct config_partition partition[CONFIG_MAX_VMS];
	u32 nr_devices;
	struct config_device device[CONFIG_DEVICES];
};

/** config_pages() - Return: the whole pages that hold a range of registers */
static inline struct config_memory config_pages(const struct config_memory *reg)
{
	u64 base = ALIGN_DOWN(reg->gpa, PAGE_SIZE);

	return (struct config_memory){ base, ALIGN_UP(reg->gpa + reg->size, PAGE_SIZE) - base };
}

/**
 * struct config_machine - what the configuration is checked against
 * @harts: mhartids that exist; @nr_harts of them. On a person's machine nr_harts is 0: not known, not checked
 * @hart_index: what config_resolve() calls each of these; NULL: by its position in @harts
 * @memory: bytes that partitions may use; 0: not known, not checked
 * @largest: bytes of the largest free piece, for a memory range is one piece of the machine's memory; 0: not known
 * @gstage_modes: bit n: n-level tables (n = 3, 4, 5); 0: not known
 * @tree: its checked device tree, in which devices are looked up; NULL: not known, not checked
 * @plic: phandle of the PLIC that the hypervisor serves in that tree; 0: there is none
 * @ram: all of its memory, @nr_ram ranges
 * @free: what of it is free, @nr_free ranges; 0: not known
 */
struct config_machine {
	u32 nr_harts;
	const u64 *harts;
	const u32 *hart_index;
	u64 memory;
	u64 largest;
	u8 gstage_modes;
	const void *tree;
	u32 plic;
	u32 nr_ram;
	const struct frames_range *ram;
	u32 nr_free;
	const struct frames_range *free;
};

/** config_say_fn - receives each error and warning as one line without newline; @error: false for a warning */
typedef void (*config_say_fn)(void *ctx, bool error, const char *line);

struct archive;

/**
 * config_parse() - read and check a configuration whole
 * @fdt: flattened device tree, untrusted, 8-byte aligned
 * @size: bytes that may be read there
 * @archive: where kernels and initrds must be found
 * @machine: what the machine has
 * @say: told of every error and warning, each naming its node and property, what is wrong and what is allowed
 * @out: the configuration; strings point into @fdt
 *
 * Return: 0 when everything is right (warnings allowed), CLV_ERR_FORMAT when at least one error was said.
 */
int config_parse(const void *fdt, u64 size, const struct archive *archive,
		 const struct config_machine *machine, config_say_fn say, void *ctx,
		 struct config *out);

/**
 * config_load() - config_parse() of the file ARCHIVE_CONFIG_NAME of an archive
 *
 * The tree, up to CONFIG_TREE_LEN bytes, is copied to a place of its own that is aligned as libfdt wants it; the strings of
 * @out point there, and the next call overwrites them.
 *
 * Return: as config_parse(); an archive without that file is an error that is said.
 */
int config_load(const struct archive *archive, const struct config_machine *machine,
		config_say_fn say, void *ctx, struct config *out);

/**
 * config_resolve() - choose what a configuration left open: the hart of each vCPU, and table levels
 * @config: as config_parse() accepted it, checked against the same @machine, whose harts are known
 *
 * A vCPU whose hart was left open gets the one that has the fewest vCPUs so far, and of several the
 * last: the first hart is the boot hart, which also serves the console.
 */
void config_resolve(struct config *config, const struct config_machine *machine);

/** config_memory_bytes() - Return: bytes of all memory ranges of a partition that config_parse() accepted */
u64 config_memory_bytes(const struct config_partition *part);

/**
 * config_levels() - levels of a partition's G-stage tables
 * @part: a partition that config_parse() accepted
 * @modes: as struct config_machine's gstage_modes; 0: all
 *
 * Return: what is configured; else the fewest levels of @modes that cover all its memory; 0 when none of them does.
 */
u8 config_levels(const struct config_partition *part, u8 modes);

/**
 * config_most_levels() - the widest tables that a partition may get
 * @modes: as struct config_machine's gstage_modes; 0: all
 *
 * Return: the levels that are configured, else the most of @modes.
 */
u8 config_most_levels(const struct config_partition *part, u8 modes);

/**
 * config_tables() - G-stage tables that a partition's memory needs, without the root
 * @part: its ranges and its mode are used
 * @levels: levels of the tables, 3 to 5
 * @leaf: bytes of the largest leaf: 4 KiB gives the worst case, in which everything was split
 *
 * Ranges are taken to be mapped to host memory of the same alignment.
 *
 * Return: tables of 4 KiB, never too few; more by at most a table a level and range where ranges share one.
 */
u64 config_tables(const struct config_partition *part, u8 levels, u64 leaf);

#endif
