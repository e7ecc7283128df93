/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's virtual address space. For C, assembly and the linker script.
 *
 * Only the upper half is used, so nothing is mapped at address 0. Sv39, Sv48 and Sv57 use the same
 * addresses; only the direct map begins at the lowest upper-half address of the mode:
 *
 *   direct map of RAM    0xffffffc0_00000000 (Sv39) and up, to LAYOUT_STACKS
 *   stacks of harts      0xfffffffe_80000000, each between unmapped pages
 *   MMIO                 0xffffffff_00000000
 *   image                0xffffffff_80000000
 */
#ifndef ARCH_RISCV_LAYOUT_H
#define ARCH_RISCV_LAYOUT_H

#define LAYOUT_STACKS	0xfffffffe80000000
#define LAYOUT_MMIO	0xffffffff00000000
#define LAYOUT_MMIO_END 0xffffffff40000000
#define LAYOUT_WINDOW	0xffffffff40000000 /* the firmware's device tree, during early boot only */
#define LAYOUT_IMAGE	0xffffffff80000000

/* How much of the image its own page tables can map, bytes: text, data, bss and stacks together */
#define LAYOUT_IMAGE_MAX 0x1000000

/* Bytes of the trap entry's own stack: room for a frame and the report of a hypervisor bug */
#define LAYOUT_TRAP_STACK_SIZE 4096

/*
 * Page tables in the image: 8 for the image itself, the rest for RAM that does not begin or end on
 * a 1 GiB boundary.
 */
#define LAYOUT_TABLES 64

/*
 * The largest device tree, bytes. LAYOUT_WINDOW shows at least 2 MiB from any address; a board's
 * tree has 20 to 300 KiB.
 */
#define LAYOUT_FDT_MAX 0x100000

#endif
