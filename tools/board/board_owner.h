/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who owns which part of a machine, as its device tree and an accepted configuration say.
 */
#ifndef TOOLS_BOARD_OWNER_H
#define TOOLS_BOARD_OWNER_H

#include <cleave/types.h>
#include "tools/board/board.h"

#define BOARD_OWNER_LEN 160U

/* An owner is the number of a partition, or one of these: */
enum board_owner {
	BOARD_NOBODY = -1,
	BOARD_CLEAVE = -2,   /* the hypervisor */
	BOARD_FIRMWARE = -3, /* the firmware, or what must stay as the firmware has left it */
	BOARD_SEVERAL = -4,  /* several partitions, or all that memory is given out to */
};

/**
 * struct board_piece - memory, a hart or a device, and its owner
 * @base, @size: of memory
 * @owner: an enum board_owner or the number of a partition
 * @text: the owner in words
 */
struct board_piece {
	u64 base;
	u64 size;
	int owner;
	char text[BOARD_OWNER_LEN];
};

/**
 * board_owner_memory() - find the piece of memory that begins at an address or after it
 * @at: in: where to begin, 0 at first; out: after the piece
 * @out: out
 *
 * Return: true; false when there is no more memory.
 */
bool board_owner_memory(const struct board *b, const struct config *config, u64 *at,
			struct board_piece *out);

/** board_owner_hart() - find the owner of hart number @i of @b->harts */
void board_owner_hart(const struct board *b, const struct config *config, u32 i,
		      struct board_piece *out);

/**
 * board_owner_device() - find the owner of a node, and its first registers
 *
 * Return: true; false when the node is no device with registers that is enabled.
 */
bool board_owner_device(const struct board *b, const struct config *config, int node,
			struct board_piece *out);

/** board_owner_config() - Return: the device of the configuration that a node is, or NULL */
const struct config_device *board_owner_config(const struct config *config, int node);

#endif
