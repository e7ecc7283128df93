/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one line that says what went wrong. Builds text without the C library; must never write behind the line, or let a
 * byte that came over the link reach a terminal as anything but a printable character.
 */
#include <abi/sbi.h>
#include "guests/lib/migrate/migrate_stream.h"

static void migrate_line_char(struct migrate_line *line, char c)
{
	if (line->length + 1U >= MIGRATE_LINE_MAX)
		return;
	line->text[line->length++] = (c >= ' ' && c <= '~') ? c : '?';
	line->text[line->length] = '\0';
}

void migrate_line_clear(struct migrate_line *line)
{
	line->length = 0;
	line->text[0] = '\0';
}

void migrate_line_text(struct migrate_line *line, const char *text)
{
	for (; *text != '\0'; text++)
		migrate_line_char(line, *text);
}

void migrate_line_bytes(struct migrate_line *line, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size && bytes[i] != '\0'; i++)
		migrate_line_char(line, bytes[i]);
}

static void migrate_line_number(struct migrate_line *line, uint64_t value, uint64_t base)
{
	char digits[20];
	size_t n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0U);
	while (n != 0U)
		migrate_line_char(line, digits[--n]);
}

void migrate_line_dec(struct migrate_line *line, uint64_t value)
{
	migrate_line_number(line, value, 10U);
}

void migrate_line_hex(struct migrate_line *line, uint64_t value)
{
	migrate_line_text(line, "0x");
	migrate_line_number(line, value, 16U);
}

void migrate_line_fact(struct migrate_line *line, const char *before, uint64_t value,
		       const char *after)
{
	migrate_line_text(line, before);
	migrate_line_dec(line, value);
	migrate_line_text(line, after);
}

const char *migrate_error_text(int64_t error)
{
	switch (error) {
	case SBI_ERR_FAILED:
		return "no memory, no page table or no slot is left for it";
	case SBI_ERR_NOT_SUPPORTED:
		return "not supported by this machine";
	case SBI_ERR_INVALID_PARAM:
		return "invalid parameter";
	case SBI_ERR_DENIED:
		return "denied";
	case SBI_ERR_INVALID_ADDRESS:
		return "invalid address";
	case SBI_ERR_ALREADY_AVAILABLE:
		return "it is so already";
	case SBI_ERR_INVALID_STATE:
		return "not in a state that allows it";
	default:
		return "unknown error";
	}
}

void migrate_line_error(struct migrate_line *line, int64_t error)
{
	migrate_line_text(line, " failed: ");
	migrate_line_text(line, migrate_error_text(error));
	migrate_line_fact(line, " (error -", 0U - (uint64_t)error, ")");
}
