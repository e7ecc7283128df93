/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small terminal, of what ECMA-48 says of the sequences that the console sends.
 */
#ifndef TESTS_UNIT_CORE_CONSOLE_TERMINAL_H
#define TESTS_UNIT_CORE_CONSOLE_TERMINAL_H

#include <cleave/types.h>

#define ROWS	20000
#define COLUMNS 2000

/*
 * struct terminal - @row: the last row; @done: rows above it, oldest first; @column: the cursor. A
 * character is a cell of up to four bytes.
 */
struct terminal {
	char cell[COLUMNS][5];
	unsigned int len, column;
	char *done[ROWS];
	unsigned int rows;
	char seq[64];
	unsigned int seq_len;
	unsigned int utf8;
	bool styled;
	bool goes_on; /* it got ESC [ m last */
	bool strict;  /* nothing but what the console may send is allowed */
	unsigned int bells;
	char asked[64];
	unsigned int width; /* 0: it has no edge */
	size_t sent;	    /* bytes that it got */
};

/* Return: what is in the last row, until the next call */
char *terminal_row(const struct terminal *t);

/* The terminal gets a byte. */
void terminal_putc(struct terminal *t, u8 c);

/* strict: it fails at what the console must not send */
struct terminal *terminal_new(bool strict);

void terminal_free(struct terminal *t);

#endif
