/* SPDX-License-Identifier: BSD-2-Clause */
/* The cursor of fdt_node.h. It must never go on after a token that it does not know. */
#include "guests/lib/fdt/fdt_node.h"

#include "guests/lib/fdt/fdt_format.h"

static const u8 *fdt_node_after_name(const u8 *p)
{
	return p + ((strlen((const char *)p) + 4U) & ~(size_t)3U);
}

static const u8 *fdt_node_after_prop(const u8 *p)
{
	return p + 8 + ((fdt_be32(p) + 3U) & ~3U);
}

bool fdt_node_first(const void *fdt, struct fdt_node *node)
{
	const u8 *base = fdt, *p;

	if (fdt == NULL || fdt_be32(base) != FDT_MAGIC)
		return false;
	p = base + fdt_be32(base + FDT_OFF_STRUCT);
	while (fdt_be32(p) == FDT_NOP)
		p += 4;
	if (fdt_be32(p) != FDT_BEGIN_NODE)
		return false;
	*node = (struct fdt_node){ base, fdt_node_after_name(p + 4), (const char *)p + 4, 0 };
	return true;
}

bool fdt_node_next(struct fdt_node *node)
{
	const u8 *p = node->at;
	u32 depth = node->depth;

	for (;;) {
		u32 token = fdt_be32(p);

		p += 4;
		if (token == FDT_BEGIN_NODE) {
			node->name = (const char *)p;
			node->at = fdt_node_after_name(p);
			node->depth = depth + 1U;
			return true;
		}
		if (token == FDT_PROP) {
			p = fdt_node_after_prop(p);
		} else if (token == FDT_END_NODE && depth != 0) {
			depth--;
		} else if (token != FDT_NOP) {
			return false;
		}
	}
}

const u8 *fdt_node_prop(const struct fdt_node *node, const char *name, u32 *size)
{
	const char *strings = (const char *)node->fdt + fdt_be32(node->fdt + FDT_OFF_STRINGS);
	const u8 *p = node->at;

	/* Properties stand before the node's children. */
	for (;;) {
		u32 token = fdt_be32(p);

		p += 4;
		if (token == FDT_NOP)
			continue;
		if (token != FDT_PROP)
			return NULL;
		if (strcmp(strings + fdt_be32(p + 4), name) == 0) {
			if (size != NULL)
				*size = fdt_be32(p);
			return p + 8;
		}
		p = fdt_node_after_prop(p);
	}
}

u32 fdt_node_cell(const struct fdt_node *node, const char *name, u32 index, u32 other)
{
	u32 size;
	const u8 *p = fdt_node_prop(node, name, &size);

	return p != NULL && size / 4U > index ? fdt_be32(p + (size_t)index * 4U) : other;
}

bool fdt_node_reg(const struct fdt_node *node, u64 *base)
{
	u32 size;
	const u8 *p = fdt_node_prop(node, "reg", &size);

	if (p == NULL || size < 16U)
		return false;
	*base = fdt_be64(p);
	return true;
}

bool fdt_node_is(const struct fdt_node *node, const char *compatible)
{
	u32 size, at = 0;
	const u8 *p = fdt_node_prop(node, "compatible", &size);

	while (p != NULL && at < size) {
		if (strcmp((const char *)p + at, compatible) == 0)
			return true;
		at += (u32)strlen((const char *)p + at) + 1U;
	}
	return false;
}
