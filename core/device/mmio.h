/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Emulated devices of a VM: which guest-physical range belongs to which. Builds for the host too.
 *
 * Filled when the VM is created, read-only while it runs. A device takes its own lock.
 */
#ifndef CORE_MMIO_H
#define CORE_MMIO_H

#include <cleave/types.h>

#define MMIO_MAX_DEVICES 8U

struct vm;

/**
 * struct mmio_device - an emulated device
 * @base: GPA of its first byte
 * @size: bytes
 * @name: for reports
 * @opaque: handed to @read and @write
 * @read: offset within the range in bytes, size 1, 2, 4 or 8; reads of nothing answer 0
 * @write: likewise; only the low @size bytes of the value count
 *
 * Both accept any offset, size and value of a hostile guest. An access that begins in the range may end behind it.
 */
struct mmio_device {
	gpa_t base;
	u64 size;
	const char *name;
	void *opaque;
	u64 (*read)(void *opaque, u32 vcpu, u64 offset, u8 size);
	void (*write)(void *opaque, u32 vcpu, u64 offset, u8 size, u64 value);
};

struct mmio_bus {
	u32 nr;
	struct mmio_device dev[MMIO_MAX_DEVICES];
};

/**
 * mmio_add() - put a device on the bus
 *
 * Return: 0, CLV_ERR_INVAL (no bytes, or wraps past the end of the address space), CLV_ERR_EXISTS (overlaps another),
 * CLV_ERR_NOMEM (no slot is left).
 */
int mmio_add(struct mmio_bus *bus, const struct mmio_device *dev);

/** mmio_find() - Return: the device whose range holds @gpa, or NULL */
const struct mmio_device *mmio_find(const struct mmio_bus *bus, gpa_t gpa);

#endif
