/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree that a guest gets, made with libfdt. Builds for the host too.
 */
#ifndef CORE_GUEST_FDT_H
#define CORE_GUEST_FDT_H

#include <cleave/types.h>
#include "core/config/config.h"
#include "core/config/image.h"

/* Where a guest finds its emulated devices, as on QEMU's virt board */
#define GUEST_UART_BASE	    UINT64_C(0x10000000)
#define GUEST_UART_SIZE	    UINT64_C(0x100)
#define GUEST_UART_IRQ	    10U
#define GUEST_PLIC_BASE	    UINT64_C(0x0c000000)
#define GUEST_PLIC_SIZE	    UINT64_C(0x600000)
#define GUEST_PLIC_SOURCES  31U
#define GUEST_APLIC_BASE    UINT64_C(0x0d000000)
#define GUEST_APLIC_SIZE    UINT64_C(0x4000)
#define GUEST_APLIC_SOURCES 31U
#define GUEST_IMSIC_BASE    UINT64_C(0x28000000) /* a page for each vCPU */
#define GUEST_IMSIC_SIZE    UINT64_C(0x40000)
#define GUEST_IMSIC_IDS	    255U
#define GUEST_UART_CLOCK    3686400U /* Hz */

/* In the root of an own tree ("fdt"): "memory" and "cpus", where these are to be generated */
#define GUEST_FDT_FILL "cleave,fill"

/**
 * struct guest_fdt_params - what the device tree says that the configuration does not
 * @part: gives cpus, memory and boot arguments
 * @isa: as features_guest_isa() writes it: "rv64", single letters, then names, each after a '_'
 * @mmu_type: "riscv,sv39", "riscv,sv48" or "riscv,sv57"
 * @timebase: frequency of the time CSR, Hz
 * @initrd_start, @initrd_end: GPA of its first byte, and of the byte after it; 0 and 0: there is
 * none
 * @cbom_block, @cboz_block: bytes; used when @zicbom and when @zicboz
 * @reserved_base, @reserved_size: GPA and bytes of a range that is kept from the guest; size 0:
 * none
 * @tree: the machine's device tree, from which nodes of devices are copied; NULL: there are none
 * @partition: number of the partition
 * @device: the devices of all partitions, @nr_devices of them
 * @own: of config_own_load(): with "fdt", the tree is this; with "fdt-overlay", this is
 * merged into it; NULL: neither is configured. It is used up
 */
struct guest_fdt_params {
	const struct config_partition *part;
	const char *isa;
	const char *mmu_type;
	u64 timebase;
	u64 initrd_start;
	u64 initrd_end;
	bool zicbom;
	bool zicboz;
	u32 cbom_block;
	u32 cboz_block;
	u64 reserved_base;
	u64 reserved_size;
	const void *tree;
	u32 partition;
	u32 nr_devices;
	const struct config_device *device;
	void *own;
};

/*
 * What becomes of a property of a device's node in its guest's tree:
 * COPY: it means the same to the guest, and is copied
 * OWN: it is written anew, or only says something about what is left out
 * REFERENCE: it refers to another node of the machine's tree, which the guest does not have, and is
 * left out
 */
enum guest_fdt_property {
	GUEST_FDT_COPY,
	GUEST_FDT_OWN,
	GUEST_FDT_REFERENCE,
};

/** guest_fdt_property() - Return: what becomes of the property @name of a device's node */
enum guest_fdt_property guest_fdt_property(const char *name);

/**
 * guest_fdt_make() - write the device tree of a partition
 * @p: what it says
 * @buf: receives it; at a multiple of 8 bytes
 * @size: bytes that are set aside for it, which the tree says are its own: what it does not use is
 * zero, and free for its reader: who starts a kernel with it, as U-Boot does, adds to it in place
 *
 * The same parameters give the same bytes. Hart ids are the vCPUs' numbers, from 0. IMAGE_FDT_SIZE
 * bytes are enough for CONFIG_BOOTARGS_LEN of boot arguments and 64 vCPUs with an ISA string of 300
 * characters.
 *
 * Return: @size (its totalsize), CLV_ERR_NOMEM when it does not fit, CLV_ERR_INVAL when @isa is no
 * rv64 ISA string.
 */
s64 guest_fdt_make(const struct guest_fdt_params *p, void *buf, u64 size);

/*
 * At boot one tree after another is made here, once to be checked and once for its guest, which
 * keeps a copy.
 */
extern u64 guest_fdt_room[IMAGE_FDT_SIZE / sizeof(u64)];

/** guest_fdt_used() - Return: bytes of a tree of guest_fdt_make(), without what is free */
u64 guest_fdt_used(const void *fdt);

#endif
