/* SPDX-License-Identifier: BSD-2-Clause */
/* The cursor of fdt_node.h. Builds for the host too. Must never go on behind a token that it does not know. */
#include "guests/lib/fdt_node.h"

#define FDT_MAGIC      0xd00dfeedU
#define FDT_BEGIN_NODE 1U
#define FDT_END_NODE   2U
#define FDT_PROP       3U
#define FDT_NOP	       4U

#define FDT_OFF_STRUCT	8U
#define FDT_OFF_STRINGS 12U

static u32 be32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static const u8 *behind_name(const u8 *p)
{
	return p + ((strlen((const char *)p) + 4U) & ~(size_t)3U);
}

static const u8 *behind_prop(const u8 *p)
{
	return p + 8 + ((be32(p) + 3U) & ~3U);
}

bool fdt_node_first(const void *fdt, struct fdt_node *node)
{
	const u8 *base = fdt, *p;

	if (fdt == NULL || be32(base) != FDT_MAGIC)
		return false;
	p = base + be32(base + FDT_OFF_STRUCT);
	while (be32(p) == FDT_NOP)
		p += 4;
	if (be32(p) != FDT_BEGIN_NODE)
		return false;
	*node = (struct fdt_node){ base, behind_name(p + 4), (const char *)p + 4, 0 };
	return true;
}

bool fdt_node_next(struct fdt_node *node)
{
	const u8 *p = node->at;
	u32 depth = node->depth;

	for (;;) {
		u32 token = be32(p);

		p += 4;
		if (token == FDT_BEGIN_NODE) {
			node->name = (const char *)p;
			node->at = behind_name(p);
			node->depth = depth + 1U;
			return true;
		}
		if (token == FDT_PROP) {
			p = behind_prop(p);
		} else if (token == FDT_END_NODE && depth != 0) {
			depth--;
		} else if (token != FDT_NOP) {
			return false;
		}
	}
}

const u8 *fdt_node_prop(const struct fdt_node *node, const char *name, u32 *size)
{
	const char *strings = (const char *)node->fdt + be32(node->fdt + FDT_OFF_STRINGS);
	const u8 *p = node->at;

	/* Properties stand before the node's children. */
	for (;;) {
		u32 token = be32(p);

		p += 4;
		if (token == FDT_NOP)
			continue;
		if (token != FDT_PROP)
			return NULL;
		if (strcmp(strings + be32(p + 4), name) == 0) {
			if (size != NULL)
				*size = be32(p);
			return p + 8;
		}
		p = behind_prop(p);
	}
}

u32 fdt_node_cell(const struct fdt_node *node, const char *name, u32 index, u32 other)
{
	u32 size;
	const u8 *p = fdt_node_prop(node, name, &size);

	return p != NULL && size / 4U > index ? be32(p + (size_t)index * 4U) : other;
}

bool fdt_node_reg(const struct fdt_node *node, u64 *base)
{
	u32 size;
	const u8 *p = fdt_node_prop(node, "reg", &size);

	if (p == NULL || size < 16U)
		return false;
	*base = (u64)be32(p) << 32 | be32(p + 4);
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
