/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes and properties of a guest's device tree, by libfdt's sequential functions, with a tree of
 * the partition's own merged in.
 *
 * That tree was checked (config_own.c), so it can be walked. It may be as deep as it likes: nothing
 * here calls itself.
 */
#include "core/config/guest_fdt_internal.h"

#include <libfdt.h>

#include <cleave/printk.h>
#include <cleave/string.h>

#define NODE_NAME 80U

/* The first character of the names of nodes of the own tree that are written. No name has it. */
#define WRITTEN '?'

static void guest_fdt_write_properties(struct guest_fdt *t, int node)
{
	int p;

	fdt_for_each_property_offset (p, t->own, node) {
		const char *name = NULL;
		int len = 0;
		const void *data = fdt_getprop_by_offset(t->own, p, &name, &len);

		if (t->err == 0 && data != NULL && strcmp(name, GUEST_FDT_FILL) != 0)
			t->err = fdt_property(t->fdt, name, data, len);
	}
}

/* Copy a node of the own tree, with all that is below it. */
static void guest_fdt_write_own(struct guest_fdt *t, int top)
{
	int depth = 0;
	int open = 0;

	for (int node = top; node >= 0 && depth >= 0; node = fdt_next_node(t->own, node, &depth)) {
		for (; open > depth && t->err == 0; open--)
			t->err = fdt_end_node(t->fdt);
		if (t->err == 0)
			t->err = fdt_begin_node(t->fdt, fdt_get_name(t->own, node, NULL));
		guest_fdt_write_properties(t, node);
		open++;
	}
	for (; open > 0 && t->err == 0; open--)
		t->err = fdt_end_node(t->fdt);
}

void guest_fdt_open_root(struct guest_fdt *t)
{
	if (t->err == 0)
		t->err = fdt_begin_node(t->fdt, "");
	if (t->own == NULL)
		t->below = 1;
	else
		guest_fdt_write_properties(t, 0);
}

void guest_fdt_open_node(struct guest_fdt *t, const char *name)
{
	int node = t->below == 0U ? fdt_subnode_offset(t->own, t->at, name) : -1;

	if (t->err == 0)
		t->err = fdt_begin_node(t->fdt, name);
	if (node < 0) {
		t->below++;
		return;
	}
	t->at = node;
	guest_fdt_write_properties(t, node);
}

void guest_fdt_open_node_at(struct guest_fdt *t, const char *name, size_t len, u64 address)
{
	char text[NODE_NAME];

	(void)str_print(text, sizeof(text), "%.*s@%lx", (int)len, name, address);
	guest_fdt_open_node(t, text);
}

void guest_fdt_close_node(struct guest_fdt *t)
{
	int node;

	if (t->below != 0U) {
		t->below--;
	} else {
		fdt_for_each_subnode (node, t->own, t->at) {
			if (fdt_get_name(t->own, node, NULL)[0] != WRITTEN)
				guest_fdt_write_own(t, node);
		}
		node = t->at;
		t->at = fdt_parent_offset(t->own, node);
		/* Of the root, which has no name, nobody asks any more. */
		if (node != 0)
			((char *)t->own)[fdt_off_dt_struct(t->own) + (u32)node + FDT_TAGSIZE] =
				WRITTEN;
	}
	if (t->err == 0)
		t->err = fdt_end_node(t->fdt);
}

void *guest_fdt_prop_room(struct guest_fdt *t, const char *name, u32 len)
{
	void *room = NULL;

	if (t->below == 0U && fdt_getprop(t->own, t->at, name, NULL) != NULL)
		return NULL;
	if (t->err == 0)
		t->err = fdt_property_placeholder(t->fdt, name, (int)len, &room);
	return t->err == 0 ? room : NULL;
}

void guest_fdt_prop_empty(struct guest_fdt *t, const char *name)
{
	(void)guest_fdt_prop_room(t, name, 0);
}

void guest_fdt_prop_bytes(struct guest_fdt *t, const char *name, const void *bytes, size_t len)
{
	void *room = guest_fdt_prop_room(t, name, (u32)len);

	if (room != NULL)
		memcpy(room, bytes, len);
}

void guest_fdt_prop_string(struct guest_fdt *t, const char *name, const char *s)
{
	guest_fdt_prop_bytes(t, name, s, strlen(s) + 1U);
}

void guest_fdt_prop_cell(struct guest_fdt *t, const char *name, u32 v)
{
	fdt32_t cell = cpu_to_fdt32(v);

	guest_fdt_prop_bytes(t, name, &cell, sizeof(cell));
}

void guest_fdt_prop_u64(struct guest_fdt *t, const char *name, u64 v)
{
	fdt64_t cells = cpu_to_fdt64(v);

	guest_fdt_prop_bytes(t, name, &cells, sizeof(cells));
}

void guest_fdt_prop_reg(struct guest_fdt *t, u64 base, u64 size)
{
	fdt64_t reg[2] = { cpu_to_fdt64(base), cpu_to_fdt64(size) };

	guest_fdt_prop_bytes(t, "reg", reg, sizeof(reg));
}

void guest_fdt_prop_cells(struct guest_fdt *t, u32 address, u32 size)
{
	guest_fdt_prop_cell(t, "#address-cells", address);
	guest_fdt_prop_cell(t, "#size-cells", size);
}

u32 guest_fdt_prop_phandle(struct guest_fdt *t, u32 phandle)
{
	u32 own = t->below == 0U ? fdt_get_phandle(t->own, t->at) : 0U;

	guest_fdt_prop_cell(t, "phandle", phandle + t->phandles);
	return own != 0U ? own : phandle + t->phandles;
}

bool guest_fdt_fills(const struct guest_fdt *t, const char *what)
{
	int len = 0;
	const char *list;

	if (!t->whole)
		return true;
	list = fdt_getprop(t->own, 0, GUEST_FDT_FILL, &len);
	return list != NULL && fdt_stringlist_contains(list, len, what) != 0;
}
