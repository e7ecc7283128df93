/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot archive: a cpio file in "newc" format, read in place.
 *
 * An entry is a header of 110 characters (a magic number, then 13 numbers of 8 hexadecimal digits),
 * the name with its NUL, padding to a multiple of 4 bytes, the data, and padding again. An entry
 * with the name TRAILER!!! ends the archive.
 *
 * It must never read outside the bytes that it was given: every length is compared with what is
 * left, before it is used.
 */
#include "core/config/archive.h"

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>

#define NEWC_HEADER    110U
#define NEWC_MAGIC     "070701"
#define NEWC_MAGIC_CRC "070702"
#define NEWC_MAGIC_ODC "070707"
#define NEWC_MAGIC_LEN 6U
#define NEWC_DIGITS    8U
#define NEWC_TRAILER   "TRAILER!!!"
#define NEWC_MODE_FMT  UINT32_C(0170000)
#define NEWC_MODE_DIR  UINT32_C(0040000)
#define NEWC_MODE_FILE UINT32_C(0100000)

/* The places of some of a header's 13 numbers. The others do not matter here. */
enum newc_field {
	NEWC_MODE = 1,
	NEWC_NLINK = 4,
	NEWC_FILESIZE = 6,
	NEWC_NAMESIZE = 11,
	NEWC_FIELDS = 13,
};

/* The longest name, with its NUL. A console line could not show a longer one. */
#define NEWC_MAX_NAME 256U

/*
 * struct archive_entry - one entry, wholly inside the archive
 * @at: offset of its header, bytes
 * @next: offset after it and its padding; the padding may be missing at the archive's end
 */
struct archive_entry {
	u64 at;
	u64 next;
	const char *name;
	const u8 *data;
	u64 size;
	u32 mode;
	u32 nlink;
};

/*
 * struct archive_report - where a line goes that says what is wrong
 * @line: NULL: nobody wants to know
 * @after: the name of the entry before; "" at the first
 */
struct archive_report {
	char *line;
	const char *after;
};

static int archive_report(const struct archive_report *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int archive_report(const struct archive_report *r, const char *fmt, ...)
{
	va_list ap;

	if (r->line != NULL) {
		va_start(ap, fmt);
		(void)str_format(r->line, ARCHIVE_ERROR_LEN, fmt, ap);
		va_end(ap);
	}
	return CLV_ERR_FORMAT;
}

static bool archive_is_magic(const u8 *p, const char *magic)
{
	return memcmp(p, magic, NEWC_MAGIC_LEN) == 0;
}

/* Say what is found where a header should be. Formats that are often given by mistake are named. */
static int archive_report_magic(const struct archive_report *r, const u8 *p, u64 at)
{
	const char *is = "no cpio header";

	if (archive_is_magic(p, NEWC_MAGIC_CRC))
		is = "cpio's \"crc\" format";
	else if (archive_is_magic(p, NEWC_MAGIC_ODC))
		is = "cpio's \"odc\" format";
	else if ((p[0] == 0xc7U && p[1] == 0x71U) || (p[0] == 0x71U && p[1] == 0xc7U))
		is = "cpio's old binary format";
	else if (p[0] == 0x1fU && p[1] == 0x8bU)
		is = "gzip data";
	else if (p[0] == 0xd0U && p[1] == 0x0dU && p[2] == 0xfeU && p[3] == 0xedU)
		is = "a device tree";

	return archive_report(
		r, "boot archive: %s at byte %lu%s%.48s; wanted: uncompressed cpio \"newc\"", is,
		at, *r->after != '\0' ? " after file " : "", r->after);
}

static bool archive_hex(const u8 *p, u32 *out)
{
	u32 v = 0;

	for (u32 i = 0; i < NEWC_DIGITS; i++) {
		u32 digit;

		if (p[i] >= '0' && p[i] <= '9')
			digit = (u32)p[i] - '0';
		else if (p[i] >= 'a' && p[i] <= 'f')
			digit = (u32)p[i] - 'a' + 10U;
		else if (p[i] >= 'A' && p[i] <= 'F')
			digit = (u32)p[i] - 'A' + 10U;
		else
			return false;
		v = (v << 4) | digit;
	}
	*out = v;
	return true;
}

/* Check that a name ends in a NUL where its size says so, and can be shown in a line. */
static int archive_check_name(const struct archive_report *r, const u8 *name, u32 len, u64 at)
{
	if (len < 2U || len > NEWC_MAX_NAME)
		return archive_report(
			r, "boot archive: the name at byte %lu has %u bytes; allowed: 2 to %u", at,
			len, NEWC_MAX_NAME);
	for (u32 i = 0; i < len - 1U; i++) {
		if (name[i] < 0x20U || name[i] == 0x7fU)
			return archive_report(
				r, "boot archive: the name at byte %lu holds the character 0x%02x",
				at, name[i]);
	}
	if (name[len - 1U] != 0U)
		return archive_report(r, "boot archive: the name at byte %lu does not end in a NUL",
				      at);
	return 0;
}

/* Read the entry at offset @at, where the archive does not end yet. */
static int archive_read_entry(const struct archive *a, u64 at, const struct archive_report *r,
			      struct archive_entry *out)
{
	const u8 *p = a->data + at;
	u64 left = a->size - at;
	u32 field[NEWC_FIELDS];
	u64 body;
	int err;

	if (left >= NEWC_MAGIC_LEN && !archive_is_magic(p, NEWC_MAGIC))
		return archive_report_magic(r, p, at);
	if (left < NEWC_HEADER)
		return archive_report(
			r,
			"boot archive is truncated at byte %lu in the header after file \"%.48s\"",
			a->size, r->after);
	for (u32 i = 0; i < (u32)NEWC_FIELDS; i++) {
		if (!archive_hex(p + NEWC_MAGIC_LEN + i * NEWC_DIGITS, &field[i]))
			return archive_report(
				r,
				"boot archive: no hexadecimal number at byte %lu, in the header "
				"after file \"%.48s\"",
				at + NEWC_MAGIC_LEN + i * NEWC_DIGITS, r->after);
	}

	/* These are 32-bit numbers in 64-bit sums, so nothing wraps. */
	body = ALIGN_UP(NEWC_HEADER + (u64)field[NEWC_NAMESIZE], UINT64_C(4));
	if (NEWC_HEADER + (u64)field[NEWC_NAMESIZE] > left)
		return archive_report(
			r, "boot archive is truncated at byte %lu in the name after file \"%.48s\"",
			a->size, r->after);
	err = archive_check_name(r, p + NEWC_HEADER, field[NEWC_NAMESIZE], at + NEWC_HEADER);
	if (err != 0)
		return err;

	out->at = at;
	out->name = (const char *)p + NEWC_HEADER;
	out->mode = field[NEWC_MODE];
	out->nlink = field[NEWC_NLINK];
	out->size = field[NEWC_FILESIZE];
	if (out->size != 0U && (body > left || out->size > left - body))
		return archive_report(
			r,
			"boot archive is truncated at byte %lu in file \"%.48s\", which has %lu "
			"bytes from byte %lu",
			a->size, out->name, out->size, at + body);
	out->data = p + MIN(body, left);
	out->next = at + ALIGN_UP(body + out->size, UINT64_C(4));
	return 0;
}

static bool archive_is_trailer(const struct archive_entry *e)
{
	return strcmp(e->name, NEWC_TRAILER) == 0;
}

static bool archive_is_file(const struct archive_entry *e)
{
	return (e->mode & NEWC_MODE_FMT) == NEWC_MODE_FILE;
}

/* Tools that pack a folder store a name as "./name". */
static const char *archive_plain_name(const char *name)
{
	while (name[0] == '.' && name[1] == '/')
		name += 2;
	return name;
}

int archive_next(const struct archive *a, u64 *pos, struct archive_file *out)
{
	const struct archive_report silent = { .line = NULL, .after = "" };
	struct archive_entry e;

	while (*pos < a->size && archive_read_entry(a, *pos, &silent, &e) == 0 &&
	       !archive_is_trailer(&e)) {
		*pos = e.next;
		if (archive_is_file(&e)) {
			out->name = archive_plain_name(e.name);
			out->data = e.data;
			out->size = e.size;
			return 0;
		}
	}
	return CLV_ERR_NOTFOUND;
}

int archive_find(const struct archive *a, const char *name, struct archive_file *out)
{
	u64 pos = 0;

	while (archive_next(a, &pos, out) == 0) {
		if (strcmp(out->name, name) == 0)
			return 0;
	}
	return CLV_ERR_NOTFOUND;
}

/* Check that an entry is a file or a directory, and that no file before it has its name. */
static int archive_check_entry(const struct archive *a, const struct archive_entry *e,
			       const struct archive_report *r)
{
	const struct archive before = { .data = a->data, .size = e->at };
	const char *name = archive_plain_name(e->name);
	struct archive_file other;

	if ((e->mode & NEWC_MODE_FMT) == NEWC_MODE_DIR)
		return 0;
	if (!archive_is_file(e))
		return archive_report(
			r,
			"boot archive: \"%.48s\" at byte %lu has mode 0%o; allowed: regular files "
			"and directories",
			e->name, e->at, e->mode);
	/* Of several hard links to a file, cpio stores the data with the last one only. */
	if (e->nlink > 1U && e->size == 0U)
		return archive_report(
			r,
			"boot archive: \"%.48s\" at byte %lu is a hard link without data; pack a "
			"copy",
			e->name, e->at);
	if (*name == '\0')
		return archive_report(r, "boot archive: the file at byte %lu has no name", e->at);
	if (archive_find(&before, name, &other) == 0)
		return archive_report(
			r, "boot archive: file \"%.48s\" is there twice, again at byte %lu", name,
			e->at);
	return 0;
}

/*
 * Only padding may follow the trailer. Data there would not be used, and somebody may expect it to
 * be.
 */
static int archive_check_padding(const struct archive *a, u64 at, const struct archive_report *r)
{
	for (u64 i = at; i < a->size; i++) {
		if (a->data[i] != 0U)
			return archive_report(
				r,
				"boot archive: data after its trailer, at byte %lu; allowed: "
				"one archive",
				i);
	}
	return 0;
}

int archive_open(struct archive *a, const void *data, u64 size, char error[ARCHIVE_ERROR_LEN])
{
	struct archive_report r = { .line = error, .after = "" };
	struct archive_entry e;
	u64 at = 0;

	a->data = data;
	a->size = size;
	if (size == 0U)
		return archive_report(&r, "boot archive is empty");

	for (u32 n = 0; at < size; n++) {
		int err = archive_read_entry(a, at, &r, &e);

		if (err != 0)
			return err;
		if (archive_is_trailer(&e))
			return archive_check_padding(a, e.next, &r);
		if (n == ARCHIVE_MAX_FILES)
			return archive_report(&r, "boot archive holds more than %u files",
					      ARCHIVE_MAX_FILES);
		err = archive_check_entry(a, &e, &r);
		if (err != 0)
			return err;
		r.after = e.name;
		at = e.next;
	}
	return archive_report(
		&r, "boot archive is truncated at byte %lu: no trailer after file \"%.48s\"", size,
		r.after);
}
