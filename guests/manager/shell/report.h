/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A report: what a command found, as rows of named values.
 *
 * A person gets a table or a list, with units that read well. A script gets `key=value` fields
 * with plain numbers. Builds for the host too. A value that does not fit is left out and counted.
 */
#ifndef GUESTS_MANAGER_REPORT_H
#define GUESTS_MANAGER_REPORT_H

#include "guests/lib/guest.h"

#define REPORT_ROWS    64U
#define REPORT_COLUMNS 32U
#define REPORT_POOL    16384U /* bytes of all values */

/**
 * struct report - a report that is being made
 *
 * Rows need not have the same columns: a value goes into the column of its key.
 * @rows: rows begun; the last of them takes the values
 * @columns: the columns that values have made so far. @key: the heading; as the key of a field its
 *	spaces become `_`. @suffix: the unit that follows the key of a field, as in `memory_bytes`.
 *	@right: flush right, for numbers
 * @value: where in @pool the value of a row and column is; 0: there is none
 * @used: bytes of @pool in use
 * @lost: values that were left out
 * @script: numbers are plain
 */
struct report {
	u32 rows;
	u32 columns;
	struct {
		const char *key;
		const char *suffix;
		bool right;
	} column[REPORT_COLUMNS];
	u16 value[REPORT_ROWS][REPORT_COLUMNS];
	u32 used;
	u32 lost;
	bool script;
	char pool[REPORT_POOL];
};

/** report_begin() - begin without rows; @script: numbers are plain */
void report_begin(struct report *r, bool script);

/** report_row() - begin a row: the values that follow go into it */
void report_row(struct report *r);

/** report_text() - add a text as it is; an empty one is shown as `-` */
void report_text(struct report *r, const char *key, const char *text);

/** report_number() - add a count of @unit ("pages": field `KEY_pages`); @unit may be NULL */
void report_number(struct report *r, const char *key, const char *unit, u64 n);

/** report_bytes() - add a size in bytes: `1.5 GiB`, or the field `KEY_bytes` */
void report_bytes(struct report *r, const char *key, u64 n);

/** report_hex() - add an address or an id, in hexadecimal */
void report_hex(struct report *r, const char *key, u64 n);

/** report_percent() - add a percentage: `20 %`, or the field `KEY_percent` */
void report_percent(struct report *r, const char *key, u64 n);

/** report_words() - append @word to a list of words for report_text(), with a comma in between */
void report_words(char *buf, size_t size, const char *word);

/**
 * report_table() - line @n of the report as a table; line 0 is the heading
 * report_list() - line @n of the first row as a list, one value a line; for a script `key=value`
 * report_fields() - row @n as fields on one line
 * @buf, @size: take the line, which is cut to fit
 * Return: false when there is no line @n.
 */
bool report_table(const struct report *r, u32 n, char *buf, size_t size);
bool report_list(const struct report *r, u32 n, char *buf, size_t size);
bool report_fields(const struct report *r, u32 n, char *buf, size_t size);

/** report_size() - @n bytes in the largest unit that they fill, with up to two decimals */
void report_size(char *buf, size_t size, u64 n);

/** report_grouped() - @n with a comma after every three digits from the right */
void report_grouped(char *buf, size_t size, u64 n);

#endif
