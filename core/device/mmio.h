/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated devices of a VM, and the guest-physical range of each. Builds for the host too.
 *
 * The bus is filled when the VM is created, and read-only while the VM runs. Each device takes its
 * own lock.
 */
#ifndef CORE_MMIO_H
#define CORE_MMIO_H

#include <cleave/types.h>

#define MMIO_MAX_DEVICES 8U

struct vm;

/**
 * struct mmio_device - an emulated device
 * @base: GPA of its first byte
 * @size: bytes of its range
 * @name: for reports
 * @opaque: handed to @read and @write
 * @read: load @size bytes, 1, 2, 4 or 8, at @offset bytes within the range. Return: the value, 0
 * where nothing is
 * @write: store @size bytes there; only the low @size bytes of @value count
 *
 * Both accept whatever offset, size and value a hostile guest gives. An access that begins in the
 * range may end after it.
 */
struct mmio_device {
	gpa_t base;
	u64 size;
	const char *name;
	void *opaque;
	u64 (*read)(void *opaque, u32 vcpu, u64 offset, u8 size);
	void (*write)(void *opaque, u32 vcpu, u64 offset, u8 size, u64 value);
};

/** struct mmio_bus - the devices of a VM: the first @nr of @dev */
struct mmio_bus {
	u32 nr;
	struct mmio_device dev[MMIO_MAX_DEVICES];
};

/**
 * mmio_add() - put a device on the bus
 *
 * Return: 0; CLV_ERR_INVAL when the device has no bytes or wraps past the end of the address space,
 * CLV_ERR_EXISTS when it overlaps another device, CLV_ERR_NOMEM when the bus is full
 */
int mmio_add(struct mmio_bus *bus, const struct mmio_device *dev);

/** mmio_find() - Return: the device whose range holds @gpa, NULL when there is none */
const struct mmio_device *mmio_find(const struct mmio_bus *bus, gpa_t gpa);

#endif
