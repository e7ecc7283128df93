/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one line that says what went wrong.
 *
 * It must never let a byte that came over the link reach a terminal as anything but a printable
 * character.
 */
#include <abi/cleave.h>
#include <abi/sbi.h>
#include <cleave/format.h>
#include "guests/lib/migrate/migrate_stream.h"

void migrate_line_clear(struct migrate_line *line)
{
	line->length = 0;
	line->text[0] = '\0';
}

void migrate_line_add(struct migrate_line *line, const char *fmt, ...)
{
	size_t from = line->length;
	va_list ap;

	va_start(ap, fmt);
	line->length = str_append_format(line->text, sizeof(line->text), from, fmt, ap);
	va_end(ap);
	for (size_t i = from; i < line->length; i++) {
		if (line->text[i] < ' ' || line->text[i] > '~')
			line->text[i] = '?';
	}
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
	migrate_line_add(line, " failed: %s (error -%lu)", migrate_error_text(error),
			 0U - (uint64_t)error);
}
