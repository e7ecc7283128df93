/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the boot sequence share: boot.c (the sequence), boot_fdt.c (device tree),
 * boot_memory.c (memory), boot_report.c (the report), boot_vms.c (partitions).
 */
#ifndef CORE_BOOT_INTERNAL_H
#define CORE_BOOT_INTERNAL_H

#include <cleave/types.h>
#include "core/machine/machine.h"
#include "core/machine/memmap.h"

struct archive;
struct config;

/**
 * struct boot_info - what boot found out and nobody needs once guests run
 * @image: HPA range of the hypervisor with its boot-time data
 * @initrd: HPA range of the boot archive; size 0: there is none
 * @archive: the boot archive, mapped; NULL: there is none
 * @ram: RAM as the device tree has it
 * @cmdline: /chosen/bootargs; "" when there is none
 */
struct boot_info {
	struct frames_range image;
	struct frames_range initrd;
	const void *archive;
	struct memmap ram;
	const char *cmdline;
};

extern struct boot_info boot_info;

/** boot_fail() - nothing can run: say why in a line and power the machine off */
void boot_fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/**
 * boot_fdt_take() - copy the firmware's device tree into machine.tree, and check it whole
 *
 * Does not return when there is none: without it, neither memory nor harts are known.
 */
void boot_fdt_take(void);

/**
 * boot_memory_map() - map RAM, find the boot archive, and give all other memory to machine.frames
 *
 * Does not return when no memory is left for partitions.
 */
void boot_memory_map(void);

/** boot_report() - print the boot report, in lines that a porter can paste */
void boot_report(u32 harts_online);

/**
 * boot_vms() - make the partitions of @cfg, load their images, start those that start by themselves
 * @cfg, @archive: kept for as long as the machine runs: a restart loads again
 *
 * A partition that cannot be made is reported by name and left EMPTY; the others go on.
 *
 * Return: how many partitions were made.
 */
u32 boot_vms(const struct config *cfg, const struct archive *archive);

#endif
