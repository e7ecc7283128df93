/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading nodes of a device tree. See fdt_read.h.
 */
#include "lib/fdt_read.h"

#include <cleave/errno.h>
#include <cleave/string.h>
#include <libfdt.h>

#define FDT_READ_CELL	     ((u32)sizeof(fdt32_t))
#define FDT_READ_NONCOHERENT "dma-noncoherent"

/* Device trees before version 17 (2006) do not say how large their structure block is. */
#define FDT_READ_VERSION 17U

const char *fdt_read_unsafe(const void *fdt)
{
	if (fdt_magic(fdt) != FDT_MAGIC)
		return NULL; /* fdt_check_full() says so */
	if (fdt_version(fdt) < FDT_READ_VERSION)
		return "has a version before 17; wanted: 17 or later";
	/* libfdt_env.h has libfdt take this for granted, too. */
	if (fdt_last_comp_version(fdt) > FDT_READ_VERSION)
		return "is only for readers of a version after 17; wanted: one that 17 can read";
	/* Devicetree Specification, chapter "Flattened Devicetree (DTB) Format", "Alignment" */
	if (!IS_ALIGNED(fdt_off_dt_struct(fdt), sizeof(fdt32_t)) ||
	    !IS_ALIGNED(fdt_off_mem_rsvmap(fdt), sizeof(fdt64_t)))
		return "has blocks that are not aligned to 4 and 8 bytes";
	return NULL;
}

/* In the stub for EFI, which can have no table of pointers, this becomes comparisons. */
const char *fdt_read_error(int err)
{
	switch (-err) {
	case FDT_ERR_BADMAGIC:
		return "it does not begin with 0xd00dfeed";
	case FDT_ERR_TRUNCATED:
		return "it is cut off, or says wrongly where its parts are";
	case FDT_ERR_BADVERSION:
		return "its version is too new; wanted: one that is compatible with 17";
	case FDT_ERR_NOSPACE:
		return "it is too large";
	case FDT_ERR_BADNCELLS:
		return "#address-cells or #size-cells of its root are not 1 or 2";
	case FDT_ERR_BADSTRUCTURE:
		return "its nodes and properties are damaged";
	default:
		return "its header is damaged";
	}
}

u64 fdt_read_cells(const void *p, u32 cells)
{
	const fdt32_t *cell = p;
	u64 value = 0;

	for (u32 i = 0; i < cells; i++)
		value = value << 32 | fdt32_ld(&cell[i]);
	return value;
}

u32 fdt_read_cell(const void *fdt, int node, const char *name, u32 none)
{
	int len = 0;
	const void *p = fdt_getprop(fdt, node, name, &len);

	return p == NULL || (u32)len < FDT_READ_CELL ? none : (u32)fdt_read_cells(p, 1);
}

const void *fdt_read_chosen(const void *fdt, const char *name, int *len)
{
	/* Without that node libfdt refuses its number, which is negative then. */
	return fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), name, len);
}

bool fdt_read_number(const void *fdt, int node, const char *name, u64 *out)
{
	int len = 0;
	const void *p = fdt_getprop(fdt, node, name, &len);
	u32 cells = (u32)len / FDT_READ_CELL;

	if (p == NULL || (u32)len % FDT_READ_CELL != 0U || cells < 1U || cells > 2U)
		return false;
	*out = fdt_read_cells(p, cells);
	return true;
}

bool fdt_read_enabled(const void *fdt, int node)
{
	const char *status;

	if (fdt_getprop(fdt, node, "status", NULL) == NULL)
		return true;
	/* NULL: the property is not a string. */
	status = fdt_stringlist_get(fdt, node, "status", 0, NULL);
	return status != NULL && (strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0);
}

int fdt_read_reg(const void *fdt, int bus, int node, struct fdt_reg *reg)
{
	int len = 0;
	int address_cells = bus < 0 ? -1 : fdt_address_cells(fdt, bus);
	int size_cells = bus < 0 ? -1 : fdt_size_cells(fdt, bus);
	u32 entry;

	reg->cell = fdt_getprop(fdt, node, "reg", &len);
	if (reg->cell == NULL)
		return CLV_ERR_NOTFOUND;
	if (address_cells < 1 || size_cells < 0)
		return CLV_ERR_FORMAT;
	reg->address_cells = (u32)address_cells;
	reg->size_cells = (u32)size_cells;
	entry = (reg->address_cells + reg->size_cells) * FDT_READ_CELL;
	reg->entries = (u32)len / entry;
	reg->rest = (u32)len % entry;
	return reg->entries == 0U ? CLV_ERR_FORMAT : CLV_OK;
}

void fdt_reg_entry(const struct fdt_reg *reg, u32 index, u64 *base, u64 *size)
{
	const fdt32_t *cell = reg->cell;

	cell += index * (reg->address_cells + reg->size_cells);
	*base = fdt_read_cells(cell, reg->address_cells);
	*size = fdt_read_cells(cell + reg->address_cells, reg->size_cells);
}

bool fdt_read_unit(const void *fdt, int bus, int node, u64 *out)
{
	int len = 0;
	int cells = bus < 0 ? -1 : fdt_address_cells(fdt, bus);
	const void *p = fdt_getprop(fdt, node, "reg", &len);

	if (p == NULL || cells < 1 || cells > 2 || (u32)len < (u32)cells * FDT_READ_CELL)
		return false;
	*out = fdt_read_cells(p, (u32)cells);
	return true;
}

const char *fdt_read_coherence(const void *fdt, int *node)
{
	static const char *const said[] = { FDT_READ_NONCOHERENT, "dma-coherent" };

	for (int at = *node; at >= 0; at = fdt_parent_offset(fdt, at)) {
		for (u32 i = 0; i < ARRAY_SIZE(said); i++) {
			if (fdt_getprop(fdt, at, said[i], NULL) == NULL)
				continue;
			*node = at;
			return said[i];
		}
	}
	return NULL;
}

bool fdt_read_noncoherent(const void *fdt, int node)
{
	const char *said = fdt_read_coherence(fdt, &node);

	return said != NULL && strcmp(said, FDT_READ_NONCOHERENT) == 0;
}
