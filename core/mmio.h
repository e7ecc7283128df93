/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Emulated devices of a VM: which guest-physical range belongs to which.
 *
 * Filled when the VM is created, read-only while it runs. A device takes its own lock.
 */
#ifndef CORE_MMIO_H
#define CORE_MMIO_H

#include <cleave/types.h>

#define MMIO_MAX_DEVICES 8U

struct vm;

/**
 * struct mmio_device - @read/@write: offset within the range in bytes, size 1, 2, 4 or 8; both accept any offset and value
 * of a hostile guest and answer reads of nothing with 0
 */
struct mmio_device {
	gpa_t base;
	u64 size; /* bytes */
	const char *name;
	void *opaque;
	u64 (*read)(void *opaque, u32 vcpu, u64 offset, u8 size);
	void (*write)(void *opaque, u32 vcpu, u64 offset, u8 size, u64 value);
};

struct mmio_bus {
	u32 nr;
	struct mmio_device dev[MMIO_MAX_DEVICES];
};

/** mmio_add() - Return: 0, CLV_ERR_NOMEM (no slot), CLV_ERR_EXISTS (overlap) */
int mmio_add(struct mmio_bus *bus, const struct mmio_device *dev);

/** mmio_find() - Return: the device whose range holds @gpa, or NULL */
const struct mmio_device *mmio_find(const struct mmio_bus *bus, gpa_t gpa);

#endif
