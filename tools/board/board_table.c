/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table whose columns are as wide as what they hold.
 */
#include "tools/board/board_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *board_table_must(void *p)
{
	if (p == NULL) {
		perror("error: memory");
		exit(1);
	}
	return p;
}

void board_table_row(struct board_table *t, const char *const cell[])
{
	u32 n = 0;

	t->cell = board_table_must(realloc(t->cell, (t->nr + 1U) * sizeof(t->cell[0])));
	for (; n < BOARD_TABLE_COLUMNS && cell[n] != NULL; n++)
		t->cell[t->nr][n] = board_table_must(strdup(cell[n]));
	t->columns = MAX(t->columns, n);
	for (; n < BOARD_TABLE_COLUMNS; n++)
		t->cell[t->nr][n] = NULL;
	t->nr++;
}

static const char *board_table_at(const struct board_table *t, u32 row, u32 column)
{
	return t->cell[row][column] != NULL ? t->cell[row][column] : "";
}

static int board_table_width(const struct board_table *t, u32 column)
{
	size_t width = 0;

	for (u32 row = 0; row < t->nr; row++)
		width = MAX(width, strlen(board_table_at(t, row, column)));
	return (int)width;
}

void board_table_free(struct board_table *t)
{
	for (u32 row = 0; row < t->nr; row++) {
		for (u32 c = 0; c < BOARD_TABLE_COLUMNS; c++)
			free(t->cell[row][c]);
	}
	free(t->cell);
	*t = (struct board_table){ .nr = 0 };
}

void board_table_print(struct board_table *t, const char *indent)
{
	for (u32 row = 0; row < t->nr; row++) {
		u32 last = t->columns - 1U;

		while (last > 0U && *board_table_at(t, row, last) == '\0')
			last--;
		(void)printf("%s", indent);
		for (u32 c = 0; c < last; c++)
			(void)printf("%-*s  ", board_table_width(t, c), board_table_at(t, row, c));
		(void)printf("%s\n", board_table_at(t, row, last));
	}
	board_table_free(t);
}
