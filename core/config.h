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

#define CONFIG_NAME_LEN 32U
#define CONFIG_CPU_ANY UINT32_MAX

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
	u64 gpa; /* base, 4 KiB aligned */
	u64 size; /* bytes */
};

/**
 * struct config_partition - one node below /partitions
 * @affinity: dense hart index... of each vCPU, or CONFIG_CPU_ANY; as configured these are mhartids, config_resolve() replaces them
 * @gstage_levels: 3, 4, 5; 0: the smallest that fits
 * @pool_tables: "table-pool" property: tables of the pool; 0: worst case (M5)
 */
struct config_partition {
	char name[CONFIG_NAME_LEN];
	u32 cpus;
	u64 affinity[CONFIG_MAX_VCPUS];
	u32 nr_memory;
	struct config_memory memory[CONFIG_MAX_REGIONS];
	const char *kernel; /* file name in the archive; NULL: none (incoming) */
	const char *initrd; /* or NULL */
	const char *bootargs; /* or NULL */
	u8 gstage_levels;
	u64 largest_page; /* bytes: 4 KiB, 2 MiB, 1 GiB */
	enum config_eager eager;
	enum config_on_fault on_fault;
	u32 pool_tables;
	bool manager;
	bool migratable;
	bool incoming;
	bool no_autostart; /* "manual-start": loaded, not started */
};

struct config {
	u32 nr;
	struct config_partition partition[CONFIG_MAX_VMS];
};

/**
 * struct config_machine - what the configuration is checked against
 * @harts: mhartids that exist; @nr_harts of them. On a person's machine nr_harts is 0: not known, not checked
 * @memory: bytes that partitions may use; 0: not known, not checked
 * @gstage_modes: bit n: n-level tables (n = 3, 4, 5); 0: not known
 */
struct config_machine {
	u32 nr_harts;
	const u64 *harts;
	u64 memory;
	u8 gstage_modes;
};

/** config_say_fn - receives each error and warning as one line without newline; @error: false for a warning */
typedef void (*config_say_fn)(void *ctx, bool error, const char *line);

struct archive;

/**
 * config_parse() - read and check a configuration whole
 * @fdt: flattened device tree, untrusted
 * @size: bytes that may be read there
 * @archive: where kernels and initrds must be found
 * @machine: what the machine has
 * @say: told of every error and warning, each naming its node and property, what is wrong and what is allowed
 * @out: the configuration; strings point into @fdt
 *
 * Return: 0 when everything is right (warnings allowed), CLV_ERR_FORMAT when at least one error was said.
 */
int config_parse(const void *fdt, u64 size, const struct archive *archive, const struct config_machine *machine,
		 config_say_fn say, void *ctx, struct config *out);

#endif
