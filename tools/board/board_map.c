/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The map of a machine as tables.
 */
#include "tools/board/board_map.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include <cleave/errno.h>
#include "core/config/config_memory.h"
#include "core/config/config_tree.h"
#include "lib/fdt_index.h"
#include "lib/fdt_read.h"
#include "lib/text.h"
#include "tools/board/board_owner.h"
#include "tools/board/board_table.h"

#define BOARD_MAP_CELL 128U

/* Print the rows below their title. Without rows, nothing is printed. */
static void board_map_end(struct board_table *t, const char *title, const char *indent)
{
	char deeper[64];

	if (t->nr < 2U) {
		board_table_free(t);
		return;
	}
	(void)snprintf(deeper, sizeof(deeper), "%s  ", indent);
	(void)printf("%s%s\n", indent, title);
	board_table_print(t, deeper);
}

static void board_map_row(struct board_table *t, const char *a, const char *b, const char *c,
			  const char *d)
{
	const char *const cell[] = { a, b, c, d, NULL };

	board_table_row(t, cell);
}

static const char *board_map_range(u64 base, u64 size, char buf[BOARD_MAP_CELL])
{
	(void)snprintf(buf, BOARD_MAP_CELL, "0x%lx to 0x%lx", base, base + size - 1U);
	return buf;
}

/* What has no address before the boot. */
static void board_map_given_out(const struct board *b, const struct config *config,
				const char *indent)
{
	const char *comma = "";
	char bytes[TEXT_SIZE_LEN];

	(void)printf("%sgiven out at boot: ", indent);
	if (b->image.size == 0U) {
		(void)printf("Cleave");
		comma = ", ";
	}
	if (b->archive.size == 0U) {
		(void)printf("%sthe boot archive", comma);
		comma = ", ";
	}
	for (u32 p = 0; p < config->nr; p++) {
		const struct config_partition *part = &config->partition[p];

		if (part->direct_map)
			continue;
		(void)printf("%s%s %s", comma, part->name,
			     text_size(config_memory_bytes(part->memory, part->nr_memory), bytes));
		comma = ", ";
	}
	(void)printf("%s; the rest is free\n", *comma == '\0' ? "nothing" : "");
}

void board_map_print_memory(const struct board *b, const struct config *config, const char *indent)
{
	struct board_table t = { .nr = 0 };
	char range[BOARD_MAP_CELL];
	char size[TEXT_SIZE_LEN];
	struct board_piece p;
	u64 at = 0;

	board_map_row(&t, "memory", "size", "owner", NULL);
	while (board_owner_memory(b, config, &at, &p))
		board_map_row(&t, board_map_range(p.base, p.size, range), text_size(p.size, size),
			      p.text, NULL);
	board_map_end(&t, "memory of the machine:", indent);
	if (config != NULL)
		board_map_given_out(b, config, indent);
}

static void board_map_harts(const struct board *b, const struct config *config, const char *indent)
{
	struct board_table t = { .nr = 0 };
	struct board_piece p;
	char id[24];

	board_map_row(&t, "hart", "owner", NULL, NULL);
	for (u32 i = 0; i < b->nr_harts; i++) {
		board_owner_hart(b, config, i, &p);
		(void)snprintf(id, sizeof(id), "%lu", b->harts[i]);
		board_map_row(&t, id, p.text, NULL, NULL);
	}
	board_map_end(&t, "harts of the machine:", indent);
}

/* Write the numbers of a node's interrupts, or where else they go. */
static void board_map_irqs(const struct board *b, int node, char buf[BOARD_MAP_CELL])
{
	struct config_irq irq[CONFIG_DEVICE_IRQS];
	char name[CONFIG_NAME_LEN];
	int other = -1;
	int n = config_tree_irqs(b->tree, node, b->machine.plic, irq, &other);

	buf[0] = '\0';
	if (n < 0 && fdt_getprop(b->tree, node, "interrupt-controller", NULL) != NULL)
		return; /* they go to the harts */
	for (int i = 0; i < n; i++)
		(void)text_list(buf, BOARD_MAP_CELL, "%u", IRQ_NUMBER(irq[i].host));
	if (n == CLV_ERR_NOMEM) {
		(void)snprintf(buf, BOARD_MAP_CELL, "more than %u", CONFIG_DEVICE_IRQS);
	} else if (n < 0) {
		text_clean(name, sizeof(name),
			   other >= 0 ? fdt_get_name(b->tree, other, NULL) : "");
		(void)snprintf(buf, BOARD_MAP_CELL, "%s%s", other >= 0 ? "of " : "make no sense",
			       name);
	}
}

static void board_map_devices(const struct board *b, const struct config *config,
			      const char *indent)
{
	struct board_table t = { .nr = 0 };
	char path[CONFIG_PATH_LEN];
	char range[BOARD_MAP_CELL];
	char irqs[BOARD_MAP_CELL];
	struct board_piece p;

	board_map_row(&t, "device", "registers", "interrupts", "owner");
	for (int node = fdt_next_node(b->tree, -1, NULL); node >= 0;
	     node = fdt_next_node(b->tree, node, NULL)) {
		if (!board_owner_device(b, config, node, &p))
			continue;
		board_map_irqs(b, node, irqs);
		board_map_row(&t, board_path(b, node, path), board_map_range(p.base, p.size, range),
			      irqs, p.text);
	}
	board_map_end(&t, "devices of the machine:", indent);
}

/* The interrupts that partitions have: the machine's number, and the guest's. */
static void board_map_interrupts(const struct board *b, const struct config *config,
				 const char *indent)
{
	struct board_table t = { .nr = 0 };
	char path[CONFIG_PATH_LEN];
	char from[BOARD_MAP_CELL];
	char to[BOARD_MAP_CELL];

	board_map_row(&t, "interrupt", "device", "owner", NULL);
	for (u32 i = 0; config != NULL && i < config->nr_devices; i++) {
		const struct config_device *d = &config->device[i];

		for (u32 k = 0; k < d->nr_irqs; k++) {
			u32 plic = b->machine.plic[IRQ_CONTROLLER(d->irq[k].host)];
			char name[CONFIG_NAME_LEN];

			text_clean(name, sizeof(name),
				   fdt_get_name(b->tree, fdt_index_phandle(b->tree, plic), NULL));
			(void)snprintf(from, sizeof(from), "%u of %s", IRQ_NUMBER(d->irq[k].host),
				       name);
			(void)snprintf(to, sizeof(to), "%s, as its %u",
				       config->partition[d->partition].name, d->irq[k].guest);
			board_map_row(&t, from, board_path(b, d->node, path), to, NULL);
		}
	}
	board_map_end(&t, "interrupts of partitions:", indent);
}

static const char *board_map_owner_of(const struct board *b, const struct config *config, int node,
				      struct board_piece *p)
{
	/* A clock may be a node below its controller, and have no registers of its own. */
	while (node >= 0 && !board_owner_device(b, config, node, p))
		node = fdt_index_parent(b->tree, node);
	return node >= 0 ? p->text : "nobody";
}

/* Does the property @p refer to @node before @end? Several clocks may have one controller. */
static bool board_map_refers_before(const void *tree, int p, u32 end, int node)
{
	u32 at = 0;
	int other;

	while ((other = config_tree_reference(tree, p, &at)) >= 0 && at < end)
		if (other == node)
			return true;
	return false;
}

/* What a partition's devices need of the machine that their guest is not told of. */
static void board_map_needs(const struct board *b, const struct config *config, const char *indent)
{
	struct board_table t = { .nr = 0 };
	char path[2][CONFIG_PATH_LEN];
	char clean[CONFIG_NAME_LEN];
	struct board_piece owner;
	const char *name;
	int p;

	board_map_row(&t, "device", "lacks", "which is", "that is with");
	for (u32 i = 0; config != NULL && i < config->nr_devices; i++) {
		int node = config->device[i].node;

		fdt_for_each_property_offset (p, b->tree, node) {
			u32 at = 0;
			int other;

			while ((other = config_tree_reference(b->tree, p, &at)) >= 0) {
				if (board_map_refers_before(b->tree, p, at, other))
					continue;
				(void)fdt_getprop_by_offset(b->tree, p, &name, NULL);
				text_clean(clean, sizeof(clean), name);
				board_map_row(&t, board_path(b, node, path[0]), clean,
					      board_path(b, other, path[1]),
					      board_map_owner_of(b, config, other, &owner));
			}
		}
	}
	board_map_end(&t, "what guests lack for their devices:", indent);
}

void board_map_print(const struct board *b, const struct config *config, const char *indent)
{
	board_map_print_memory(b, config, indent);
	board_map_harts(b, config, indent);
	board_map_devices(b, config, indent);
	board_map_interrupts(b, config, indent);
	board_map_needs(b, config, indent);
}
