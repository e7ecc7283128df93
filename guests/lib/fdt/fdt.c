/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scanner for the few things that a program wants from its device tree (Devicetree specification 0.4, chapter 5,
 * "Flattened Devicetree (DTB) Format"). The tree comes from the hypervisor and is trusted to be well-formed.
 */
#include "guests/lib/fdt/fdt_format.h"
#include "guests/lib/guest.h"

static u64 be64(const u8 *p)
{
	return (u64)fdt_be32(p) << 32 | fdt_be32(p + 4);
}

static bool starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/**
 * fdt_find() - first property @prop of a node of depth @depth (1: below the root) whose name starts with @node
 * @count: how many such nodes there are, or NULL
 * Return: its value, or NULL.
 */
static const u8 *fdt_find(const void *fdt, u32 depth, const char *node, const char *prop,
			  u32 *count)
{
	const u8 *base = fdt, *p, *found = NULL;
	u32 at = 0, token;
	bool inside = false;

	if (fdt == NULL || fdt_be32(base) != FDT_MAGIC)
		return NULL;
	p = base + fdt_be32(base + FDT_OFF_STRUCT);
	for (;;) {
		token = fdt_be32(p);
		p += 4;
		if (token == FDT_BEGIN_NODE) {
			/* The root is at depth 0. */
			inside = at == depth && starts((const char *)p, node);
			if (inside && count != NULL)
				(*count)++;
			at++;
			p += (strlen((const char *)p) + 4U) & ~(size_t)3U;
		} else if (token == FDT_END_NODE) {
			inside = false;
			at--;
		} else if (token == FDT_PROP) {
			const char *name = (const char *)base + fdt_be32(base + FDT_OFF_STRINGS) +
					   fdt_be32(p + 4);

			if (inside && found == NULL && prop != NULL && strcmp(name, prop) == 0)
				found = p + 8;
			p += 8 + ((fdt_be32(p) + 3U) & ~3U);
		} else if (token != FDT_NOP) {
			return found;
		}
	}
}

const char *fdt_bootargs(const void *fdt)
{
	const u8 *p = fdt_find(fdt, 1, "chosen", "bootargs", NULL);

	return p == NULL ? "" : (const char *)p;
}

bool bootarg(const void *fdt, const char *name, char *value, size_t size)
{
	const char *p = fdt_bootargs(fdt);
	size_t len = strlen(name), n = 0;

	while (*p != '\0') {
		while (*p == ' ')
			p++;
		if (strncmp(p, name, len) == 0 &&
		    (p[len] == '=' || p[len] == ' ' || p[len] == '\0')) {
			p += len;
			if (*p == '=')
				p++;
			while (value != NULL && n + 1 < size && *p != ' ' && *p != '\0')
				value[n++] = *p++;
			if (value != NULL && size != 0)
				value[n] = '\0';
			return true;
		}
		while (*p != ' ' && *p != '\0')
			p++;
	}
	return false;
}

u64 bootarg_number(const void *fdt, const char *name, u64 otherwise)
{
	char text[20];
	const char *p;
	u64 n = 0;

	if (!bootarg(fdt, name, text, sizeof(text)))
		return otherwise;
	for (p = text; *p >= '0' && *p <= '9'; p++)
		n = n * 10U + (u64)(*p - '0');
	return n;
}

bool fdt_memory(const void *fdt, u64 *base, u64 *size)
{
	const u8 *p = fdt_find(fdt, 1, "memory", "reg", NULL);

	if (p == NULL)
		return false;
	*base = be64(p);
	*size = be64(p + 8);
	return true;
}

const char *fdt_isa(const void *fdt)
{
	const u8 *p = fdt_find(fdt, 2, "cpu@", "riscv,isa", NULL);

	return p == NULL ? "" : (const char *)p;
}

u32 fdt_cpus(const void *fdt)
{
	u32 n = 0;

	fdt_find(fdt, 2, "cpu@", NULL, &n);
	return n;
}

u64 fdt_timebase(const void *fdt)
{
	const u8 *p = fdt_find(fdt, 1, "cpus", "timebase-frequency", NULL);

	return p == NULL ? 0 : fdt_be32(p);
}

u32 fdt_size(const void *fdt)
{
	return fdt_be32((const u8 *)fdt + FDT_OFF_TOTALSIZE);
}

bool free_memory(const void *fdt, u64 *base, u64 *size)
{
	u64 end;

	*base = ((u64)guest_image_end + PAGE_SIZE - 1U) & ~(PAGE_SIZE - 1U);
	if (!fdt_memory(fdt, &end, size))
		return false;
	end += *size;
	if ((u64)fdt >= *base && (u64)fdt < end)
		end = (u64)fdt;
	end &= ~(PAGE_SIZE - 1U);
	*size = end > *base ? end - *base : 0;
	return *size != 0;
}
