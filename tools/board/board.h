/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine as its device tree describes it, read on a person's machine by the code that reads it
 * at boot: harts, memory, drivers. What only trying shows (CSRs, the A/D self-test) is not here.
 */
#ifndef TOOLS_BOARD_H
#define TOOLS_BOARD_H

#include <cleave/types.h>
#include "core/config/config.h"
#include "core/machine/memmap.h"

/**
 * struct board - what board_read() found
 * @path: the file
 * @tree: its content, checked whole
 * @ram: all memory
 * @unused: what of it neither the firmware reserves nor the hypervisor's address space leaves out.
 * The hypervisor, the boot archive and all partitions are in there
 * @image: where the hypervisor lies, and @archive: where the boot archive does (board_load()); they
 * are not in @unused any more. Size 0: that is not known
 * @harts: ids of those that the hypervisor uses, @nr_harts of them; the first is taken for the boot
 * hart, which may be another one at each boot
 * @mmu_levels: levels of the widest mode that all these harts say they have (mmu-type); 0: one of
 * them does not say
 * @machine: against what a configuration is checked; it points into this struct
 */
struct board {
	const char *path;
	void *tree;
	struct memmap ram;
	struct memmap unused;
	struct frames_range image;
	struct frames_range archive;
	u32 nr_harts;
	u64 harts[CONFIG_MAX_HARTS];
	u32 mmu_levels;
	struct config_machine machine;
};

/** board_file() - read a whole file; who calls frees it. Return: it; NULL: errno says why */
void *board_file(const char *path, u64 *size);

/**
 * board_read() - read a machine's device tree
 * @b: out; it must stay where it is
 *
 * Once in a program: the code of the boot keeps what it has found.
 *
 * Return: true; false when no partition could run there, which was said.
 */
bool board_read(struct board *b, const char *path);

/** board_string() - Return: a string property, fit to be shown in @buf; "" when it is none */
const char *board_string(const struct board *b, int node, const char *name, char *buf, size_t size);

/** board_path() - Return: the path of a node, fit to be shown, in @buf */
const char *board_path(const struct board *b, int node, char buf[CONFIG_PATH_LEN]);

/** board_uart() - Return: the node of the console's UART; negative: no driver has one */
int board_uart(const struct board *b);

/** board_isa_has() - Return: true when all harts say that they have an extension, in lower case */
bool board_isa_has(const char *name);

#endif
