/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who owns which part of a machine. It shows what the configuration's own checks have decided, and
 * decides nothing.
 */
#include "tools/board/board_owner.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "core/config/config_tree.h"
#include "core/machine/probe/driver.h"
#include "lib/fdt_index.h"
#include "lib/fdt_read.h"
#include "lib/text.h"

/* --- memory ----------------------------------------------------------------------------------- */

static bool board_owner_in(u64 base, u64 size, u64 at)
{
	return at >= base && at - base < size;
}

/* A range begins or ends at @edge. What lies at @at ends there at the latest. */
static void board_owner_cut(u64 at, u64 edge, u64 *end)
{
	if (edge > at && edge < *end)
		*end = edge;
}

static void board_owner_cut_list(const struct frames_range *r, u32 n, u64 at, u64 *end)
{
	for (u32 i = 0; i < n; i++) {
		board_owner_cut(at, r[i].base, end);
		board_owner_cut(at, r[i].base + r[i].size, end);
	}
}

/* Name the reservation that @at lies in. Its edges cut what is there. */
static void board_owner_reserved(const struct board *b, u64 at, u64 *end, char *text, size_t size)
{
	int parent = fdt_path_offset(b->tree, "/reserved-memory");
	char name[CONFIG_NAME_LEN];
	struct fdt_reg reg;
	u64 base, len;
	int node;

	(void)snprintf(text, size, "reserved by the firmware");
	if (parent < 0)
		return;
	fdt_for_each_subnode (node, b->tree, parent) {
		if (!fdt_read_enabled(b->tree, node) ||
		    fdt_read_reg(b->tree, parent, node, &reg) != 0)
			continue;
		for (u32 i = 0; i < reg.entries; i++) {
			fdt_reg_entry(&reg, i, &base, &len);
			board_owner_cut(at, ALIGN_DOWN(base, PAGE_SIZE), end);
			board_owner_cut(at, ALIGN_UP(base + len, PAGE_SIZE), end);
			if (!board_owner_in(ALIGN_DOWN(base, PAGE_SIZE),
					    ALIGN_UP(len + base % PAGE_SIZE, PAGE_SIZE), at))
				continue;
			text_clean(name, sizeof(name), fdt_get_name(b->tree, node, NULL));
			(void)snprintf(text, size, "reserved by the firmware: %s", name);
		}
	}
}

/* Return: the partition whose own addresses @at is one of, or BOARD_NOBODY; its edges cut */
static int board_owner_direct(const struct config *config, u64 at, u64 *end)
{
	int owner = BOARD_NOBODY;

	for (u32 p = 0; config != NULL && p < config->nr; p++) {
		const struct config_partition *part = &config->partition[p];

		for (u32 i = 0; part->direct_map && i < part->nr_memory; i++) {
			const struct config_memory *m = &part->memory[i];

			board_owner_cut(at, m->gpa, end);
			board_owner_cut(at, m->gpa + m->size, end);
			if (board_owner_in(m->gpa, m->size, at))
				owner = (int)p;
		}
	}
	return owner;
}

/* Return: what of the hypervisor lies at @at, NULL: nothing; its edges cut */
static const char *board_owner_loaded(const struct board *b, u64 at, u64 *end)
{
	const char *owner = NULL;

	board_owner_cut_list(&b->image, 1, at, end);
	board_owner_cut_list(&b->archive, 1, at, end);
	if (board_owner_in(b->archive.base, b->archive.size, at))
		owner = "Cleave: the boot archive";
	if (board_owner_in(b->image.base, b->image.size, at))
		owner = "Cleave";
	return owner;
}

static void board_owner_at(const struct board *b, const struct config *config,
			   struct board_piece *p)
{
	u64 end = p->base + p->size;
	const char *loaded = board_owner_loaded(b, p->base, &end);

	board_owner_cut_list(b->unused.range, b->unused.nr, p->base, &end);
	p->owner = board_owner_direct(config, p->base, &end);
	if (loaded != NULL) {
		p->owner = BOARD_CLEAVE;
		(void)snprintf(p->text, sizeof(p->text), "%s", loaded);
	} else if (p->owner >= 0) {
		(void)snprintf(p->text, sizeof(p->text), "%s (direct-map)",
			       config->partition[p->owner].name);
	} else if (memmap_contains(&b->unused, p->base, 1)) {
		p->owner = config != NULL ? BOARD_SEVERAL : BOARD_NOBODY;
		(void)snprintf(p->text, sizeof(p->text), "%s",
			       config != NULL ? "given out at boot" : "free");
	} else {
		p->owner = BOARD_FIRMWARE;
		board_owner_reserved(b, p->base, &end, p->text, sizeof(p->text));
	}
	p->size = end - p->base;
}

bool board_owner_memory(const struct board *b, const struct config *config, u64 *at,
			struct board_piece *out)
{
	for (u32 i = 0; i < b->ram.nr; i++) {
		const struct frames_range *r = &b->ram.range[i];

		if (*at >= r->base + r->size)
			continue;
		out->base = MAX(*at, r->base);
		out->size = r->base + r->size - out->base;
		board_owner_at(b, config, out);
		*at = out->base + out->size;
		return true;
	}
	return false;
}

/* --- harts ------------------------------------------------------------------------------------ */

void board_owner_hart(const struct board *b, const struct config *config, u32 i,
		      struct board_piece *out)
{
	out->owner = BOARD_NOBODY;
	out->text[0] = '\0';
	for (u32 p = 0; config != NULL && p < config->nr; p++) {
		const struct config_partition *part = &config->partition[p];

		for (u32 cpu = 0; cpu < part->cpus; cpu++) {
			u32 at = part->hart[cpu];

			if (at >= b->machine.nr_harts || b->machine.harts[at] != b->harts[i])
				continue;
			out->owner = out->owner == BOARD_NOBODY || out->owner == (int)p
					     ? (int)p
					     : BOARD_SEVERAL;
			(void)text_list(
				out->text, sizeof(out->text), "%s cpu %u%s", part->name, cpu,
				part->affinity[cpu] == CONFIG_CPU_ANY ? " (chosen at boot)" : "");
		}
	}
	if (out->owner == BOARD_NOBODY)
		(void)snprintf(out->text, sizeof(out->text), "nobody");
}

/* --- devices ---------------------------------------------------------------------------------- */

const struct config_device *board_owner_config(const struct config *config, int node)
{
	for (u32 i = 0; config != NULL && i < config->nr_devices; i++) {
		if (config->device[i].node == node)
			return &config->device[i];
	}
	return NULL;
}

/* Return: the device that a node is, or is a part of; NULL: none of a partition's */
static const struct config_device *board_owner_above(const struct board *b,
						     const struct config *config, int node)
{
	const struct config_device *d = NULL;

	for (; node >= 0 && d == NULL; node = fdt_index_parent(b->tree, node))
		d = board_owner_config(config, node);
	return d;
}

/* /cpus and /reserved-memory number things in `reg` that are no devices, as memory nodes do. */
static bool board_owner_is_device(const struct board *b, int node)
{
	const char *type = fdt_stringlist_get(b->tree, node, "device_type", 0, NULL);
	int cpus = fdt_path_offset(b->tree, "/cpus");
	int reserved = fdt_path_offset(b->tree, "/reserved-memory");

	return (type == NULL || strcmp(type, "memory") != 0) && fdt_read_enabled(b->tree, node) &&
	       !config_tree_is_in(b->tree, cpus, node) &&
	       !config_tree_is_in(b->tree, reserved, node);
}

bool board_owner_device(const struct board *b, const struct config *config, int node,
			struct board_piece *out)
{
	const struct config_device *d;
	const char *kept;

	/* The last test is the dearest. */
	if (config_tree_reg_count(b->tree, node) == 0U ||
	    driver_reg_at(b->tree, node, 0, &out->base, &out->size) != 0 ||
	    !board_owner_is_device(b, node))
		return false;
	kept = config_tree_kept(b->tree, node);
	d = board_owner_above(b, config, node);
	if (kept != NULL) {
		out->owner = driver_bound(node) ? BOARD_CLEAVE : BOARD_FIRMWARE;
		(void)snprintf(out->text, sizeof(out->text), "%s: %s",
			       driver_bound(node) ? "Cleave" : "kept back", kept);
	} else if (d != NULL) {
		out->owner = (int)d->partition;
		(void)snprintf(out->text, sizeof(out->text), "%s",
			       config->partition[d->partition].name);
	} else {
		out->owner = BOARD_NOBODY;
		(void)snprintf(out->text, sizeof(out->text), "nobody");
	}
	return true;
}
