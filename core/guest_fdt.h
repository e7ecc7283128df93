/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree that a guest gets, made with libfdt. Builds for the host too.
 */
#ifndef CORE_GUEST_FDT_H
#define CORE_GUEST_FDT_H

#include <cleave/types.h>
#include "core/config.h"

/* Where a guest finds its emulated devices, as on QEMU's virt board */
#define GUEST_UART_BASE UINT64_C(0x10000000)
#define GUEST_UART_SIZE UINT64_C(0x100)
#define GUEST_UART_IRQ 10U
#define GUEST_PLIC_BASE UINT64_C(0x0c000000)
#define GUEST_PLIC_SIZE UINT64_C(0x600000)
#define GUEST_PLIC_SOURCES 31U
#define GUEST_UART_CLOCK 3686400U /* Hz */

/** struct guest_fdt_params - what config does not know */
struct guest_fdt_params {
	const struct config_partition *part;
	const char *isa;	 /* features_guest_isa() */
	const char *mmu_type;	 /* "riscv,sv39", "riscv,sv48", "riscv,sv57" */
	u64 timebase;		 /* Hz */
	u64 initrd_start;	 /* GPA; 0 and 0: none */
	u64 initrd_end;
	bool zicbom;
	bool zicboz;
	u32 cbom_block; /* bytes */
	u32 cboz_block; /* bytes */
	u64 reserved_base; /* GPA range kept from the guest, or 0 size */
	u64 reserved_size;
};

/**
 * guest_fdt_make() - write the device tree of a partition
 * @buf: where to, 8-byte aligned; @size: bytes there
 * Return: bytes used (its totalsize), or CLV_ERR_NOMEM when it does not fit.
 */
s64 guest_fdt_make(const struct guest_fdt_params *p, void *buf, u64 size);

#endif
