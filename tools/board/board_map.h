/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The map of a machine: who owns which memory, hart, device and interrupt; and who finds none.
 */
#ifndef TOOLS_BOARD_MAP_H
#define TOOLS_BOARD_MAP_H

#include "tools/board/board.h"

/**
 * board_map_print() - print the map as tables
 * @config: accepted for @b->machine; NULL: no partitions yet
 * @indent: what each line begins with
 */
void board_map_print(const struct board *b, const struct config *config, const char *indent);

/** board_map_print_memory() - print the memory alone */
void board_map_print_memory(const struct board *b, const struct config *config, const char *indent);

/**
 * board_place_check() - warn of each partition that would find no memory beside the others
 * @config: accepted for @b->machine
 */
void board_place_check(const struct board *b, const struct config *config);

/** board_own_console() - warn of a stdout-path that names no node; @where begins the line */
void board_own_console(const char *where, const void *tree);

/**
 * board_own_check() - warn of paths that lead nowhere in the trees that partitions bring
 * @config: of @a, and accepted for @m
 */
void board_own_check(const struct archive *a, const struct config_machine *m,
		     const struct config *config);

/** board_svg_write() - draw the map into a file. Return: true; false: errno says why not */
bool board_svg_write(const struct board *b, const struct config *config, const char *path);

#endif
