/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the boot loader puts the hypervisor and the boot archive: memory that no partition can
 * have. No device tree says it before the boot.
 */
#ifndef TOOLS_BOARD_LOAD_H
#define TOOLS_BOARD_LOAD_H

#include <cleave/types.h>
#include "tools/board/board.h"

/* What a build has with the choices of any defconfig, rounded up (tests/tools/test_boards.py) */
#define BOARD_LOAD_IMAGE MIB(2)

/**
 * struct board_load - what a person says about it
 * @given: whether anything is said; if not, a default is taken
 * @anywhere: it is not known, because the loader chooses
 * @at: else: the address
 */
struct board_load {
	bool given;
	bool anywhere;
	u64 at;
};

/**
 * board_load() - take the memory of both out of what is free
 * @b: read; where they lie is written to @b->image and @b->archive, with size 0 where that is not
 * known, and @b->machine counts what is left
 * @image: of the hypervisor. Its default is where OpenSBI and U-Boot's booti put an image: 2 MiB
 * after the beginning of memory, or the next free 2 MiB
 * @archive: of the boot archive. Its default is what the tree says in /chosen, as a loader has
 * written it, and on QEMU's virt machine what QEMU does
 * @size: bytes of the archive
 *
 * Return: true; false where they cannot lie where a person says, which was said.
 */
bool board_load(struct board *b, const struct board_load *image, const struct board_load *archive,
		u64 size);

#endif
