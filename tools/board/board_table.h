/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table on standard output whose columns are as wide as what they hold.
 */
#ifndef TOOLS_BOARD_TABLE_H
#define TOOLS_BOARD_TABLE_H

#include <cleave/types.h>

#define BOARD_TABLE_COLUMNS 5U

/**
 * struct board_table - rows that wait to be printed; all zero: none
 * @cell: of @nr rows, @columns each
 */
struct board_table {
	u32 columns;
	u32 nr;
	char *(*cell)[BOARD_TABLE_COLUMNS];
};

/** board_table_row() - add a row; @cell: its columns, NULL after the last */
void board_table_row(struct board_table *t, const char *const cell[]);

/** board_table_free() - forget the rows */
void board_table_free(struct board_table *t);

/** board_table_print() - print the rows, each after @indent, and forget them */
void board_table_print(struct board_table *t, const char *indent);

#endif
