/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the image's entry hands to core: where the image was loaded, and where the firmware says
 * that the device tree is.
 */
#ifndef ARCH_RISCV_START_H
#define ARCH_RISCV_START_H

#include <cleave/types.h>

/**
 * struct start_info - facts about the start; start_main() writes it, and it is read-only afterwards
 * @fdt: HPA of the device tree as the firmware gave it; nobody has looked at it yet
 * @image: HPA of the image's first byte
 * @image_size: bytes, with bss and stacks
 * @archive: HPA of a boot archive that is linked into the image; it is not mapped with the image
 * @archive_size: bytes; 0: there is none
 * @instret: retired instructions at entry, 0 when that counter cannot be read
 * @time: time CSR at the entry to C, ticks
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

/** start_instret() - Return: retired instructions of this hart, 0 if that counter cannot be read */
u64 start_instret(void);

/**
 * start_main() - begin C on the boot hart, on the boot tables; called by head.S
 * @hartid: mhartid of the boot hart
 * @fdt: HPA of the device tree as the firmware gave it
 * @image: HPA of the image's first byte
 * @instret: retired instructions at entry, 0 when that counter cannot be read
 *
 * Ends in boot_main(); never returns.
 */
void start_main(u64 hartid, u64 fdt, u64 image, u64 instret) __attribute__((noreturn));

/** boot_main() - call up, defined by core/boot/boot.c: the rest of the boot; never returns */
void boot_main(void) __attribute__((noreturn));

#endif
