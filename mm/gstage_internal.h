/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the G-stage tables share with one another.
 */
#ifndef MM_GSTAGE_INTERNAL_H
#define MM_GSTAGE_INTERNAL_H

#include "mm/gstage.h"

/**
 * gstage_split_with() - as gstage_split(), with a table of the caller's
 * @table: 512 words of any content; the caller keeps it unless the answer is GSTAGE_SPLIT_DONE
 */
enum gstage_split_result gstage_split_with(const struct gstage *gs, u64 *table, u64 *slot,
					   u32 level, u64 pte, u64 drop);

/**
 * gstage_entry() - Return: the entry at @level on the way to @gpa, NULL when the way ends at a
 * higher level
 */
u64 *gstage_entry(const struct gstage *gs, u64 gpa, u32 level);

#endif
