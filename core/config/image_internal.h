/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files that read a kernel's image share.
 */
#ifndef CORE_IMAGE_INTERNAL_H
#define CORE_IMAGE_INTERNAL_H

#include <cleave/types.h>
#include "core/config/archive.h"
#include "core/config/image.h"
#include "core/config/image_kind.h"

/** image_elf_is() - Return: true when a file is an ELF file, of whatever kind */
bool image_elf_is(const struct archive_file *f);

/**
 * image_elf_read() - read where an ELF file goes, and where it starts
 * @f: an ELF file
 * @at: where its lowest byte goes if it can go anywhere; not given: where it was linked to
 * @fixed: out: it goes only where it was linked to
 * @out: out: form, segments, entry, and the range from the first byte to the last
 * @error: out, unless 0 is returned: one line
 *
 * Return: 0; CLV_ERR_FORMAT when no hart could run it.
 */
int image_elf_read(const struct archive_file *f, const struct config_address *at, bool *fixed,
		   struct image_layout *out, char error[ARCHIVE_ERROR_LEN]);

#endif
