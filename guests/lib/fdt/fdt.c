/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few things that every program may ask of its device tree. Builds for the host too.
 *
 * The tree comes from the hypervisor and is trusted to be well-formed. Nothing here writes to it.
 */
#include "guests/lib/fdt/fdt_format.h"
#include "guests/lib/fdt/fdt_node.h"
#include "guests/lib/guest.h"

/*
 * Look at the nodes of depth @depth (1: below the root) whose names begin with @name.
 * @prop: the property that is wanted of them, or NULL
 * @count: how many such nodes there are, or NULL
 * Return: value of the first @prop that one of them has; NULL: none has it
 */
static const u8 *fdt_find(const void *fdt, u32 depth, const char *name, const char *prop,
			  u32 *count)
{
	const u8 *found = NULL;
	struct fdt_node node;
	u32 n = 0;

	if (!fdt_node_first(fdt, &node))
		return NULL;
	while (fdt_node_next(&node)) {
		if (node.depth != depth || strncmp(node.name, name, strlen(name)) != 0)
			continue;
		n++;
		if (found == NULL && prop != NULL)
			found = fdt_node_prop(&node, prop, NULL);
	}
	if (count != NULL)
		*count = n;
	return found;
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
	*base = fdt_be64(p);
	*size = fdt_be64(p + 8);
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
