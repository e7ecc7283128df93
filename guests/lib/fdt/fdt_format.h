/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of a flattened device tree (Devicetree specification 0.4, chapter 5).
 */
#ifndef GUESTS_LIB_FDT_FORMAT_H
#define GUESTS_LIB_FDT_FORMAT_H

#include "guests/lib/guest.h"

#define FDT_MAGIC      0xd00dfeedU
#define FDT_BEGIN_NODE 1U
#define FDT_END_NODE   2U
#define FDT_PROP       3U
#define FDT_NOP	       4U

/* Offsets of fields in the header, bytes */
#define FDT_OFF_TOTALSIZE 4U
#define FDT_OFF_STRUCT	  8U
#define FDT_OFF_STRINGS	  12U

/** fdt_be32() - Return: the big-endian word at @p, which need not be aligned */
static inline u32 fdt_be32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

/** fdt_be64() - Return: the big-endian pair of words at @p, which need not be aligned */
static inline u64 fdt_be64(const u8 *p)
{
	return (u64)fdt_be32(p) << 32 | fdt_be32(p + 4);
}

#endif
