/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is right in a device tree that a partition brings, or that a machine has, and was probably
 * not meant: paths that lead nowhere. It must never refuse anything: the boot takes such a tree.
 */
#include <libfdt.h>
#include <cleave/format.h>
#include "core/config/archive.h"
#include "core/config/config_tree.h"
#include "core/config/guest_fdt.h"
#include "core/machine/probe/driver.h"
#include "lib/fdt_read.h"
#include "lib/text.h"
#include "tools/board/board_map.h"
#include "tools/board/board_say.h"

static void board_own_warn(const char *where, const char *path, const char *what, const char *near)
{
	char line[CONFIG_LINE_LEN];
	char shown[CONFIG_PATH_LEN];

	text_clean(shown, sizeof(shown), path);
	(void)str_print(line, sizeof(line), "%s: \"%s\" %s%s%s%s", where, shown, what,
			near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
			near != NULL ? "\"?" : "");
	board_say(NULL, CONFIG_WARNING, line);
}

void board_own_console(const char *where, const void *tree)
{
	char near[CONFIG_PATH_LEN];
	char path[CONFIG_PATH_LEN] = "";
	int len = 0;
	const char *text = fdt_read_chosen(tree, "stdout-path", &len);

	if (text == NULL || len < 1 || driver_stdout(tree) >= 0)
		return;
	/* Options of the device follow a colon. */
	for (size_t n = 0;
	     n + 1U < sizeof(path) && n < (size_t)len && text[n] != '\0' && text[n] != ':'; n++)
		path[n] = text[n];
	board_own_warn(where, path, "(stdout-path) is no node of that tree: there is no console",
		       path[0] == '/' ? config_tree_nearest(tree, path, near) : NULL);
}

/*
 * A node that an overlay adds, and that says of itself only what a node that exists already might,
 * was probably meant to be one.
 */
static void board_own_added(const char *where, const void *tree, const void *overlay, int node)
{
	int parent = fdt_parent_offset(overlay, node);
	char near[CONFIG_PATH_LEN];
	char path[CONFIG_PATH_LEN];
	char above[CONFIG_PATH_LEN];

	if (fdt_get_path(overlay, node, path, (int)sizeof(path)) != 0 ||
	    fdt_get_path(overlay, parent, above, (int)sizeof(above)) != 0 ||
	    fdt_path_offset(tree, path) >= 0 || fdt_path_offset(tree, above) < 0 ||
	    fdt_getprop(overlay, node, "compatible", NULL) != NULL ||
	    fdt_getprop(overlay, node, "reg", NULL) != NULL)
		return;
	if (config_tree_nearest(tree, path, near) != NULL)
		board_own_warn(where, path, "is a new node, without \"compatible\" or \"reg\"",
			       near);
}

/* Make the tree of partition @p, with @own or without, in guest_fdt_room. */
static bool board_own_make(const struct config_machine *m, const struct config *config, u32 p,
			   void *own)
{
	const struct guest_fdt_params params = {
		.part = &config->partition[p],
		.isa = "rv64imafdc",
		.mmu_type = "riscv,sv39",
		.tree = m->tree,
		.partition = p,
		.nr_devices = config->nr_devices,
		.device = config->device,
		.own = own,
	};

	return guest_fdt_make(&params, guest_fdt_room, sizeof(guest_fdt_room)) >= 0;
}

void board_own_check(const struct archive *a, const struct config_machine *m,
		     const struct config *config)
{
	char where[CONFIG_NAME_LEN + 32U];

	for (u32 p = 0; p < config->nr; p++) {
		const struct config_partition *part = &config->partition[p];
		void *own = config_own_load(a, part);

		if (own == NULL)
			continue;
		(void)str_print(where, sizeof(where), "/partitions/%s: %s", part->name,
				part->fdt != NULL ? "fdt" : "fdt-overlay");
		if (part->fdt == NULL && board_own_make(m, config, p, NULL)) {
			for (int node = fdt_next_node(own, 0, NULL); node >= 0;
			     node = fdt_next_node(own, node, NULL))
				board_own_added(where, guest_fdt_room, own, node);
		}
		if (board_own_make(m, config, p, own))
			board_own_console(where, guest_fdt_room);
	}
}
