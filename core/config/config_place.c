/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the machine's memory for a partition's ranges comes from.
 */
#include "core/config/config_place.h"

#include <cleave/errno.h>
#include "mm/gstage.h"

u8 config_place_level(const struct config_partition *part)
{
	if (part->largest_page == GIB(1))
		return 2;
	return part->largest_page == MIB(2) ? 1 : 0;
}

/* Return: true when @m holds a whole block of @block bytes that is aligned to its size. */
static bool config_place_holds(const struct config_memory *m, u64 block)
{
	return ALIGN_UP(m->gpa, block) + block <= m->gpa + m->size;
}

int config_place_range(struct frames *frames, const struct config_partition *part,
		       const struct config_memory *m, u32 tried, hpa_t *out)
{
	u32 level = config_place_level(part) - tried;
	u64 block = gstage_span(level);

	if ((level == 0U || config_place_holds(m, block)) &&
	    frames_alloc(frames, m->size, block, m->gpa & (block - 1U), out) == CLV_OK)
		return CLV_OK;
	return level == 0U ? CLV_ERR_NOMEM : 1;
}
