/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot archive: a cpio file in "newc" format, read in place.
 *
 * Builds for the host too. It must never read outside the bytes that it was given, whatever they
 * say.
 */
#ifndef CORE_ARCHIVE_H
#define CORE_ARCHIVE_H

#include <cleave/types.h>

#define ARCHIVE_CONFIG_NAME "cleave.dtb"
#define ARCHIVE_ERROR_LEN   256U

/*
 * Most entries, directories included. Each name is compared with all others, so there is a limit.
 */
#define ARCHIVE_MAX_FILES 256U

/**
 * struct archive - an open archive
 * @data: the cpio bytes; they must stay for as long as the archive is used
 * @size: how many
 */
struct archive {
	const u8 *data;
	u64 size;
};

/**
 * struct archive_file - a file of an archive
 * @name: inside the archive; it ends in a NUL
 * @data: inside the archive, at a multiple of 4 from its first byte
 * @size: bytes
 */
struct archive_file {
	const char *name;
	const u8 *data;
	u64 size;
};

/**
 * archive_open() - check an archive whole: headers, names, sizes, no name twice, trailer
 * @a: out: the archive, when 0 is returned
 * @data: untrusted
 * @size: bytes that may be read there
 * @error: out: one line that says what is wrong and where (byte offset, file name)
 *
 * Directories are passed over. Zeros after the trailer are padding; anything else there is an
 * error, as are links, devices and more than ARCHIVE_MAX_FILES entries.
 *
 * Return: 0, CLV_ERR_FORMAT.
 */
int archive_open(struct archive *a, const void *data, u64 size, char error[ARCHIVE_ERROR_LEN]);

/**
 * archive_find() - find a file by its name
 * @name: a "./" at the beginning of a stored name does not count
 * @out: out
 *
 * Return: 0, CLV_ERR_NOTFOUND.
 */
int archive_find(const struct archive *a, const char *name, struct archive_file *out);

/**
 * archive_next() - go to the next file
 * @pos: 0 at first; kept by the caller
 * @out: out
 *
 * Return: 0, CLV_ERR_NOTFOUND (there are no more).
 */
int archive_next(const struct archive *a, u64 *pos, struct archive_file *out);

#endif
