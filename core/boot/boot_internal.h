/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the boot sequence share: boot.c (the sequence), boot_fdt.c (device tree), boot_args.c (command line),
 * boot_memory.c (memory), boot_report.c (the report). Nobody else includes this.
 */
#ifndef CORE_BOOT_INTERNAL_H
#define CORE_BOOT_INTERNAL_H

#include <cleave/types.h>
#include "core/boot/boot.h"
#include "core/machine/memmap.h"

/** boot_fail() - nothing can run: say why in a line and power the machine off */
void boot_fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/**
 * boot_fdt_take() - copy the firmware's device tree into boot_info.fdt, and check it whole
 * Does not return when it is none: without it, neither memory nor harts are known.
 */
void boot_fdt_take(void);

/** boot_args_check() - warn of each cleave.* argument that nobody knows, with the nearest name */
void boot_args_check(void);

/** boot_memory_map() - direct map of RAM, boot_info.initrd and archive, boot_frames. Does not return without memory */
void boot_memory_map(void);

/** boot_report() - the boot report, in lines that a porter can paste */
void boot_report(u32 harts_online);

/* RAM as the device tree has it; boot_memory.c, for the report */
extern struct memmap boot_ram;

#endif
