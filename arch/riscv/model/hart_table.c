/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of harts. Builds for the host too: tools read a machine's device tree into it as the
 * boot does.
 *
 * Concurrency: the boot hart alone writes the table, before it starts another hart. From then on
 * each struct hart belongs to its hart; only `online` is atomic.
 */
#include "arch/riscv/hart.h"

/* head.S knows this table by name. */
struct hart harts[CONFIG_MAX_HARTS];

static u32 hart_table_nr;

u32 hart_count(void)
{
	return hart_table_nr;
}

struct hart *hart_get(u32 index)
{
	return &harts[index];
}

struct hart *hart_by_id(u64 hartid)
{
	for (u32 i = 0; i < hart_table_nr; i++) {
		if (harts[i].hartid == hartid)
			return &harts[i];
	}
	return NULL;
}

struct hart *hart_add(u64 hartid)
{
	struct hart *h;

	if (hart_table_nr >= CONFIG_MAX_HARTS)
		return NULL;
	h = &harts[hart_table_nr];
	h->index = hart_table_nr;
	h->hartid = hartid;
	hart_table_nr++;
	return h;
}
