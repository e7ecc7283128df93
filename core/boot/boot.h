/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What boot found out, and the way from arch's start-up to the first guest.
 */
#ifndef CORE_BOOT_H
#define CORE_BOOT_H

#include <cleave/types.h>
#include "arch/riscv/start.h" /* boot_main() */
#include "mm/frames.h"

/**
 * struct boot_info - filled by the boot sequence, read-only once guests run
 * @fdt: the host's device tree, mapped, a private copy
 * @fdt_size: bytes
 * @image: HPA range of the hypervisor with its boot-time data
 * @initrd: HPA range of the boot archive, from /chosen; size 0: none
 * @archive: the boot archive, mapped
 * @hpa_to_va: offset of the direct map of RAM
 * @cmdline: /chosen/bootargs, "" when there is none
 */
struct boot_info {
	const void *fdt;
	u64 fdt_size;
	struct frames_range image;
	struct frames_range initrd;
	const void *archive;
	uintptr_t hpa_to_va;
	const char *cmdline;
	u64 entry_instret; /* instret counter at entry, 0 if not readable */
};

extern struct boot_info boot_info;
extern struct frames boot_frames; /* all of the machine's memory that is not in use */

/** boot_option() - value of `name=value` on the command line. Return: pointer to the value and its length, or NULL */
const char *boot_option(const char *name, size_t *len);

/** boot_log_level() - Return: what `cleave.log` says, else CONFIG_LOG_LEVEL: 0 errors to 3 debugging */
u32 boot_log_level(void);

#endif
