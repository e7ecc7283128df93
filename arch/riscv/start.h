/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the entry of the image hands to core: where it was loaded, and where the firmware says that the device tree is.
 */
#ifndef ARCH_RISCV_START_H
#define ARCH_RISCV_START_H

#include <cleave/types.h>

/**
 * struct start_info - written once by start_main(), read-only from then on
 * @fdt: HPA of the device tree as the firmware said, not looked at yet
 * @image: HPA of the image's first byte; @image_size: bytes, with bss and stacks
 * @archive: HPA of a boot archive linked into the image; @archive_size: 0: none. It is not mapped with the image
 * @instret: retired instructions at entry, 0 when that counter cannot be read
 * @time: time CSR at entry to C, ticks
 */
struct start_info {
	u64 fdt;
	u64 image;
	u64 image_size;
	u64 archive;
	u64 archive_size;
	u64 instret;
	u64 time;
};

extern struct start_info start_info;

/** start_instret() - Return: retired instructions of this hart now, 0 when that counter cannot be read */
u64 start_instret(void);

/** start_main() - head.S: C begins on the boot hart, on the boot tables; calls boot_main() */
void start_main(u64 hartid, u64 fdt, u64 image, u64 instret) __attribute__((noreturn));

/** boot_main() - call up, defined by core/boot/boot.c: the rest of boot, never returns */
void boot_main(void) __attribute__((noreturn));

#endif
