/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a command found, as rows of named values, and its text: for a person a table or a list with units that read well, for a
 * script `key=value` fields with plain numbers. Builds for the host too; what has no room is left out, and counted.
 */
#ifndef GUESTS_MANAGER_REPORT_H
#define GUESTS_MANAGER_REPORT_H

#include "guests/lib/guest.h"

#define REPORT_ROWS    64U
#define REPORT_COLUMNS 32U
#define REPORT_POOL    16384U /* bytes of all values */

/**
 * struct report - @key: heading of a column, and the key of a field, in which a space becomes `_`; @suffix: the field's unit,
 * "_bytes"; @right: numbers. Rows need not have the same columns: a value goes into the column of its key. @lost: values left out
 */
struct report {
	u32 rows;
	u32 columns;
	struct {
		const char *key;
		const char *suffix;
		bool right;
	} column[REPORT_COLUMNS];
	u16 value[REPORT_ROWS][REPORT_COLUMNS]; /* place in the pool; 0: none */
	u32 used;
	u32 lost;
	bool script;
	char pool[REPORT_POOL];
};

/** report_begin() - no rows yet; @script: numbers plain */
void report_begin(struct report *r, bool script);

/** report_row() - values go into a new row */
void report_row(struct report *r);

/** report_text() - a value as it is; empty: `-` */
void report_text(struct report *r, const char *key, const char *text);

/** report_number() - a count; @unit: in words, "pages" (field `KEY_pages`), or NULL */
void report_number(struct report *r, const char *key, const char *unit, u64 n);

/** report_bytes() - a size: `1.5 GiB`, or the field `KEY_bytes` */
void report_bytes(struct report *r, const char *key, u64 n);

/** report_hex() - an address */
void report_hex(struct report *r, const char *key, u64 n);

/** report_percent() - `20 %`, or the field `KEY_percent` */
void report_percent(struct report *r, const char *key, u64 n);

/** report_words() - append @word to a list that report_text() takes: words stand behind commas */
void report_words(char *buf, size_t size, const char *word);

/**
 * report_table() - a line of the table: 0 is the heading, then the rows
 * report_list() - a line of the only row: a key and its value, one a line; for a script `key=value`
 * report_fields() - a row as fields on one line
 * Each: Return: false when there is no line @n.
 */
bool report_table(const struct report *r, u32 n, char *buf, size_t size);
bool report_list(const struct report *r, u32 n, char *buf, size_t size);
bool report_fields(const struct report *r, u32 n, char *buf, size_t size);

/** report_size() - @n bytes for a person: in the largest unit that it fills, with up to two decimals */
void report_size(char *buf, size_t size, u64 n);

/** report_grouped() - @n with a comma every three digits */
void report_grouped(char *buf, size_t size, u64 n);

#endif
