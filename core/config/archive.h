/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot archive: a cpio file in "newc" format, read in place.
 *
 * Builds for the host too. It must never read outside the bytes that it was given, whatever they say.
 */
#ifndef CORE_ARCHIVE_H
#define CORE_ARCHIVE_H

#include <cleave/types.h>

#define ARCHIVE_CONFIG_NAME "cleave.dtb"
#define ARCHIVE_ERROR_LEN   160U

/* Most entries, directories included. Names are compared with one another, so the number must be bounded. */
#define ARCHIVE_MAX_FILES 256U

/** struct archive - @data: the cpio bytes; @size: bytes; borrowed for as long as the archive is used */
struct archive {
	const u8 *data;
	u64 size;
};

struct archive_file {
	const char *name; /* NUL-terminated, inside the archive */
	const u8 *data;	  /* a multiple of 4 from the archive's first byte */
	u64 size;	  /* bytes */
};

/**
 * archive_open() - check an archive whole: headers, names, sizes, no name twice, trailer
 * @a: out, usable when 0 is returned
 * @data: the archive, untrusted
 * @size: bytes that may be read there
 * @error: out, one line that says what is wrong and where (byte offset, file name)
 *
 * Directories are passed over. Zeros behind the trailer are padding; anything else there is an error, as are links,
 * devices and more than ARCHIVE_MAX_FILES entries.
 *
 * Return: 0 or CLV_ERR_FORMAT.
 */
int archive_open(struct archive *a, const void *data, u64 size, char error[ARCHIVE_ERROR_LEN]);

/** archive_find() - Return: 0 and @out filled, or CLV_ERR_NOTFOUND. A leading "./" of a stored name does not count */
int archive_find(const struct archive *a, const char *name, struct archive_file *out);

/** archive_next() - walk: @pos starts as 0. Return: 0 and @out filled, or CLV_ERR_NOTFOUND at the end */
int archive_next(const struct archive *a, u64 *pos, struct archive_file *out);

#endif
