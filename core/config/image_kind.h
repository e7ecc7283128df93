/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a file is that is given as a kernel, but that no hart could jump to. Builds for the host
 * too.
 */
#ifndef CORE_IMAGE_KIND_H
#define CORE_IMAGE_KIND_H

#include <cleave/types.h>
#include "core/config/archive.h"

#define IMAGE_WANTED "a RISC-V Linux Image, an ELF file or a flat program"

/** image_get16(), image_get32(), image_get64() - Return: the little-endian number at @p */
static inline u32 image_get16(const u8 *p)
{
	return (u32)p[0] | (u32)p[1] << 8;
}

static inline u32 image_get32(const u8 *p)
{
	return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static inline u64 image_get64(const u8 *p)
{
	return (u64)image_get32(p) | (u64)image_get32(p + 4) << 32;
}

/**
 * image_kind_refuse() - find out whether a file is surely no program
 * @f: neither a RISC-V Linux Image nor an ELF file, which are others' business
 * @first: it starts at its first byte
 * @error: out, if it is none: one line that says what it is, and how to make a program of it
 *
 * Return: true when it is surely none.
 */
bool image_kind_refuse(const struct archive_file *f, bool first, char error[ARCHIVE_ERROR_LEN]);

/**
 * image_kind_linked() - find out where a flat program was linked to run
 * @f: the program
 * @at: where its first byte goes
 * @linked: out: where it was linked to; about, where it does not say exactly
 * @only: out: it is a known program that runs nowhere else
 *
 * It is seen from the table of relocations that some programs carry.
 *
 * Return: true when that is known, and is another place than @at.
 */
bool image_kind_linked(const struct archive_file *f, u64 at, u64 *linked, bool *only);

/** image_kind_is_volume() - Return: true for a firmware volume of EDK2, which nothing can move */
bool image_kind_is_volume(const struct archive_file *f);

#endif
