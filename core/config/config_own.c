/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: a device tree that a partition brings ("fdt"), or what it adds to the
 * generated one ("fdt-overlay").
 *
 * The file is untrusted. What is checked is the tree that the guest would get, as only there buses
 * have their cells and ranges. A guest believes its tree, so it must never name memory, registers
 * or harts that the partition does not have.
 */
#include <libfdt.h>

#include <cleave/errno.h>
#include <cleave/string.h>
#include "core/config/config_internal.h"
#include "core/config/config_memory.h"
#include "core/config/config_tree.h"
#include "core/config/guest_fdt.h"
#include "core/machine/probe/driver.h"
#include "lib/fdt_read.h"
#include "lib/text.h"

#define CONFIG_OWN_LEN KIB(32)
/*
 * The largest tree to be made here. 20 KiB are left for what only the machine knows: mostly the ISA
 * string, twice for each of 16 vCPUs.
 */
#define CONFIG_OWN_MADE KIB(44)

/* libfdt wants a tree to begin at a multiple of 8 bytes. In a cpio it is one of 4. */
static u8 config_own_tree[CONFIG_OWN_LEN] __attribute__((aligned(8)));

/* Return: the property that names the file @name; NULL: there is none */
static const char *config_own_property(const struct config_partition *part, const char **name)
{
	*name = part->fdt != NULL ? part->fdt : part->fdt_overlay;
	if (*name == NULL)
		return NULL;
	return part->fdt != NULL ? "fdt" : "fdt-overlay";
}

void *config_own_load(const struct archive *archive, const struct config_partition *part)
{
	const char *name;
	struct archive_file f;

	if (config_own_property(part, &name) == NULL || archive_find(archive, name, &f) != 0 ||
	    f.size > sizeof(config_own_tree))
		return NULL;
	memcpy(config_own_tree, f.data, f.size);
	return config_own_tree;
}

/* Does the partition have these addresses, as memory or, unless @memory, as registers? */
static bool config_own_has(const struct config_ctx *c, const struct config_partition *part,
			   bool memory, u64 base, u64 size)
{
	bool has = config_memory_holds(part->memory, part->nr_memory, base, size);

	if (has || memory)
		return has;
	for (u32 i = 0; i < CONFIG_EMULATED && !has; i++) {
		const struct config_memory e = { config_emulated[i].base, config_emulated[i].size };

		has = config_emulates(part, i) && config_memory_holds(&e, 1, base, size);
	}
	for (u32 i = 0; i < c->config->nr_devices && !has; i++) {
		const struct config_device *d = &c->config->device[i];

		has = d->partition == c->config->nr &&
		      config_memory_holds(d->reg, d->nr_regs, base, size);
	}
	/* Where the machine's tree is not known, nobody knows the registers of its devices. */
	return has || (part->nr_devices != 0U && c->machine->tree == NULL);
}

/* Check a node that is enabled. */
static void config_own_check_node(struct config_ctx *c, const char *property,
				  const struct config_partition *part, int node)
{
	const char *type = fdt_stringlist_get(guest_fdt_room, node, "device_type", 0, NULL);
	bool memory = type != NULL && strcmp(type, "memory") == 0;
	bool cpu = type != NULL && strcmp(type, "cpu") == 0;
	char path[CONFIG_PATH_LEN];
	u64 base;
	u64 size;

	config_tree_path(guest_fdt_room, node, path);
	if (cpu && fdt_read_cell(guest_fdt_room, node, "reg", 0) >= part->cpus)
		config_error(c, property, "\"%s\": there is no such vCPU; allowed: 0 to %u", path,
			     part->cpus - 1U);
	for (u32 n = 0; driver_reg_at(guest_fdt_room, node, n, &base, &size) == 0; n++) {
		if (size != 0U && !config_own_has(c, part, memory, base, size))
			config_error(c, property,
				     "\"%s\": the partition does not have 0x%lx to 0x%lx; allowed: "
				     "its memory%s",
				     path, base, base + (size - 1U),
				     memory ? "" : ", its devices, the emulated PLIC and UART");
	}
}

/* Check what Cleave is to fill in a partition's own tree. */
static void config_own_check_fill(struct config_ctx *c)
{
	static const struct config_word words[] = {
		{ "memory", 0 }, { "cpus", 0 }, { "chosen", 0 }, { NULL, 0 }
	};
	struct config_prop p = { .name = GUEST_FDT_FILL };
	u32 unused;
	int len;

	for (int i = 0;; i++) {
		p.data = (const u8 *)fdt_stringlist_get(config_own_tree, 0, p.name, i, &len);
		if (p.data == NULL)
			return;
		p.len = (u32)len + 1U;
		(void)config_value_word(c, &p, words, &unused);
	}
}

/* Make the tree that the guest would get, in guest_fdt_room, and check what it names. */
static void config_own_check_made(struct config_ctx *c, const char *property,
				  const struct config_partition *part)
{
	const struct guest_fdt_params p = {
		.part = part,
		.isa = "rv64imafdc",
		.mmu_type = "riscv,sv39",
		.tree = c->machine->tree,
		.partition = c->config->nr,
		.nr_devices = c->config->nr_devices,
		.device = c->config->device,
		.own = config_own_tree,
	};

	if (guest_fdt_make(&p, guest_fdt_room, CONFIG_OWN_MADE) < 0) {
		config_error(c, property, "makes too large a device tree; allowed: 44 KiB");
		return;
	}
	for (int node = fdt_next_node(guest_fdt_room, 0, NULL); node >= 0;
	     node = fdt_next_node(guest_fdt_room, node, NULL)) {
		if (fdt_read_enabled(guest_fdt_room, node))
			config_own_check_node(c, property, part, node);
	}
}

void config_own_check(struct config_ctx *c, const struct config_partition *part)
{
	const char *name;
	const char *property = config_own_property(part, &name);
	struct archive_file f;
	char size[TEXT_SIZE_LEN];

	if (property == NULL || archive_find(c->archive, name, &f) != 0)
		return;
	if (part->fdt != NULL && part->fdt_overlay != NULL) {
		config_error(c, "fdt-overlay", "does not go with \"fdt\": write it into that tree");
		return;
	}
	if (f.size > sizeof(config_own_tree)) {
		config_error(c, property, "\"%s\" has %s; allowed: 32 KiB", name,
			     text_size(f.size, size));
		return;
	}
	(void)config_own_load(c->archive, part);
	if (!config_check_blob(c, property, config_own_tree, f.size))
		return;
	if (fdt_path_offset(config_own_tree, "/fragment@0/__overlay__") >= 0) {
		config_error(c, property, "is written with /plugin/; wanted: nodes by their paths");
		return;
	}
	config_own_check_fill(c);
	config_own_check_made(c, property, part);
}
