/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which driver gets which node of the host's device tree, and what nodes say of registers and
 * interrupts.
 *
 * The tree comes from the firmware, and may be wrong. It must never make this read outside the tree
 * (libfdt checks that) or loop.
 * Reference: Devicetree Specification 0.4, chapters 2.3 (cells, ranges), 2.4 (interrupts), 3.6
 * (/chosen).
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include <libfdt.h>
#include "core/machine/probe/driver.h"
#include "lib/fdt_index.h"
#include "lib/fdt_read.h"

#define DRIVER_BUSES 8U			    /* deepest nesting of buses that is followed */
#define DRIVER_NODES (IRQ_CONTROLLERS + 1U) /* the interrupt controllers and the UART */

/* --- reading nodes ---------------------------------------------------------------------------- */

/* Translate @base from the bus that @bus makes for its children to the bus that @bus stands on. */
static int driver_translate(const void *fdt, int bus, int parent, u64 *base)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, bus, "ranges", &len);
	int child_cells = fdt_address_cells(fdt, bus);
	int size_cells = fdt_size_cells(fdt, bus);
	int parent_cells = fdt_address_cells(fdt, parent);
	int entry = child_cells + parent_cells + size_cells;

	if (p == NULL)
		return CLV_ERR_NOTFOUND; /* no address above leads here */
	if (len == 0)
		return 0; /* the same addresses */
	if (child_cells < 1 || parent_cells < 1 || size_cells < 1)
		return CLV_ERR_FORMAT;
	for (int i = 0; i + entry <= len / (int)sizeof(*p); i += entry) {
		u64 child = fdt_read_cells(&p[i], (u32)child_cells);
		u64 size = fdt_read_cells(&p[i + child_cells + parent_cells], (u32)size_cells);

		if (*base - child >= size)
			continue;
		*base = *base - child + fdt_read_cells(&p[i + child_cells], (u32)parent_cells);
		return 0;
	}
	return CLV_ERR_NOTFOUND;
}

/* Read entry @index of a node's reg, in the addresses of its own bus. Return: as driver_reg() */
static int driver_bus_reg(const void *fdt, int node, u32 index, u64 *base, u64 *size)
{
	struct fdt_reg reg;
	int rc = fdt_read_reg(fdt, fdt_index_parent(fdt, node), node, &reg);

	if (rc != 0)
		return rc;
	if (index >= reg.entries)
		return CLV_ERR_NOTFOUND;
	fdt_reg_entry(&reg, index, base, size);
	return 0;
}

/* Translate @base, an address on the bus of @node, to the machine's own. */
static int driver_translate_all(const void *fdt, int node, u64 *base)
{
	int bus = fdt_index_parent(fdt, node);
	int rc = 0;

	for (u32 depth = 0; rc == 0 && bus > 0; depth++) {
		int above = fdt_index_parent(fdt, bus);

		if (above < 0 || depth == DRIVER_BUSES)
			return CLV_ERR_FORMAT;
		rc = driver_translate(fdt, bus, above, base);
		bus = above;
	}
	return rc;
}

int driver_reg(const void *fdt, int node, u64 *base, u64 *size)
{
	int rc = driver_bus_reg(fdt, node, 0, base, size);

	return rc != 0 ? rc : driver_translate_all(fdt, node, base);
}

int driver_reg_at(const void *fdt, int node, u32 index, u64 *base, u64 *size)
{
	int rc = driver_bus_reg(fdt, node, index, base, size);
	u64 last;

	if (rc != 0)
		return rc;
	last = *base + (*size == 0U ? 0U : *size - 1U);
	if (last < *base)
		return CLV_ERR_FORMAT;
	rc = driver_translate_all(fdt, node, base);
	if (rc == 0)
		rc = driver_translate_all(fdt, node, &last);
	if (rc != 0)
		return rc;
	return *size != 0U && last != *base + (*size - 1U) ? CLV_ERR_FORMAT : 0;
}

u32 driver_irq_parent(const void *fdt, int node)
{
	for (u32 depth = 0; node >= 0 && depth <= DRIVER_BUSES; depth++) {
		u32 phandle = fdt_read_cell(fdt, node, "interrupt-parent", 0);

		if (phandle != 0U)
			return phandle;
		node = fdt_index_parent(fdt, node);
	}
	return 0;
}

/* --- finding drivers -------------------------------------------------------------------------- */

/* Nodes that a driver has taken. */
static int driver_nodes[DRIVER_NODES];
static u32 driver_nr_nodes;

bool driver_bound(int node)
{
	for (u32 i = 0; i < driver_nr_nodes; i++) {
		if (driver_nodes[i] == node)
			return true;
	}
	return false;
}

/* Return: true when @d, which may be NULL, has taken the node */
static bool driver_probe_node(const struct driver *d, const void *fdt, int node)
{
	if (d == NULL || d->probe(fdt, node) != 0)
		return false;
	if (driver_nr_nodes < DRIVER_NODES)
		driver_nodes[driver_nr_nodes++] = node;
	return true;
}

/* Return: a string that both drivers claim, or NULL */
static const char *driver_shared(const struct driver *a, const struct driver *b)
{
	for (const char *const *i = a->compatible; *i != NULL; i++) {
		for (const char *const *k = b->compatible; *k != NULL; k++) {
			if (strcmp(*i, *k) == 0)
				return *i;
		}
	}
	return NULL;
}

/* Does driver @i claim a compatible that another claims too? With @say, each pair is said once. */
static bool driver_conflicts(const struct driver *const *list, size_t nr, size_t i, bool say)
{
	bool conflict = false;

	for (size_t k = 0; k < nr; k++) {
		const char *shared = k == i ? NULL : driver_shared(list[i], list[k]);

		if (shared == NULL)
			continue;
		conflict = true;
		if (say && i < k)
			printk("drivers \"%s\" and \"%s\" both claim \"%s\": neither is used",
			       list[i]->name, list[k]->name, shared);
	}
	return conflict;
}

/*
 * Return: the driver of a class for a node, or NULL. A node lists its compatibles from special to
 * general: the first that any driver claims decides.
 */
static const struct driver *driver_match(const struct driver *const *list, size_t nr,
					 enum driver_class class, const void *fdt, int node)
{
	const char *compatible;

	if (!fdt_read_enabled(fdt, node))
		return NULL;
	for (int s = 0; (compatible = fdt_stringlist_get(fdt, node, "compatible", s, NULL)) != NULL;
	     s++) {
		for (size_t i = 0; i < nr; i++) {
			if (list[i]->class != class || driver_conflicts(list, nr, i, false))
				continue;
			for (const char *const *c = list[i]->compatible; *c != NULL; c++) {
				if (strcmp(*c, compatible) == 0)
					return list[i];
			}
		}
	}
	return NULL;
}

/* Probe nodes of the tree in order, until @most are bound. Return: how many are */
static u32 driver_probe_class(const struct driver *const *list, size_t nr, enum driver_class class,
			      const void *fdt, u32 most)
{
	u32 bound = 0;

	for (int node = fdt_next_node(fdt, -1, NULL); node >= 0 && bound < most;
	     node = fdt_next_node(fdt, node, NULL)) {
		const struct driver *d = driver_match(list, nr, class, fdt, node);

		if (driver_probe_node(d, fdt, node))
			bound++;
	}
	return bound;
}

/* The value goes up to a colon. Options of the device follow. */
int driver_stdout(const void *fdt)
{
	int len;
	const char *path = fdt_read_chosen(fdt, "stdout-path", &len);
	const char *colon;

	if (len < 1)
		return -FDT_ERR_NOTFOUND;
	colon = memchr(path, ':', (size_t)len);
	return fdt_path_offset_namelen(
		fdt, path, colon != NULL ? (int)(colon - path) : (int)strnlen(path, (size_t)len));
}

static u32 driver_probe_uart(const struct driver *const *list, size_t nr, const void *fdt)
{
	int node = driver_stdout(fdt);
	const struct driver *d = node < 0 ? NULL : driver_match(list, nr, DRIVER_UART, fdt, node);

	if (driver_probe_node(d, fdt, node))
		return 1;
	return driver_probe_class(list, nr, DRIVER_UART, fdt, 1);
}

u32 driver_probe_list(const struct driver *const *list, size_t nr, const void *fdt)
{
	u32 bound;

	for (size_t i = 0; i < nr; i++)
		(void)driver_conflicts(list, nr, i, true);
	bound = driver_probe_class(list, nr, DRIVER_INTC, fdt, UINT32_MAX);
	return bound + driver_probe_uart(list, nr, fdt);
}
