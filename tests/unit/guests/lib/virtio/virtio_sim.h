/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A simulated virtio console device for tests of guests/lib/virtio/virtio_*.c: registers, queues,
 * ports, and a host that opens them. It does what the specification says, complains (with cmocka's
 * assertions) when the driver does not, and can be told to lie.
 */
#ifndef TESTS_UNIT_VIRTIO_SIM_H
#define TESTS_UNIT_VIRTIO_SIM_H

#include "guests/lib/virtio/virtio_queue.h"
#include "guests/lib/virtio/virtio_serial.h"

#define SIM_BASE      UINT64_C(0x10001000)
#define SIM_IRQ	      1U
#define SIM_PORTS     8U
#define SIM_QUEUES    (2U * SIM_PORTS + 2U)
#define SIM_HOST_SIZE (1U << 20)

struct vsim_queue {
	u64 desc, avail, used;
	u32 num;
	bool ready;
	u16 seen; /* of the avail ring */
	u16 done; /* of the used ring */
};

/** struct vsim_port - @got: what the host received, @taken of it looked at by the test */
struct vsim_port {
	const char *name;
	bool there, ready, host_open, guest_open, throttled;
	u32 refused;
	u8 got[SIM_HOST_SIZE];
	size_t got_len;
};

struct vsim {
	/* What kind of device it is; set before virtio_serial_init() */
	u32 version, device_id, max_ports, queue_max;
	u64 features;
	bool stuck, refuses;
	/* A device that does not look at its queues before vsim_run() */
	bool lazy;
	/* One that does not give back the buffer in the middle of which the host closed */
	bool loses;
	/* One that may have lost its way in a ring, by its own fault */
	bool lies;
	/* Its state */
	u32 status, sel, feature_sel, irq, interrupts, notified;
	u64 accepted;
	struct vsim_queue queue[SIM_QUEUES];
	struct vsim_port port[SIM_PORTS];
	/* What the driver said in lines */
	u32 lines;
	char line[512];
	u32 enabled; /* interrupt source */
};

extern struct vsim vsim;

/**
 * vsim_reset() - a device with ports 1 cleave.link and 2 cleave.second, closed at the host's side
 */
void vsim_reset(void);

/** vsim_tree() - Return: a device tree with the device in it, or none */
const void *vsim_tree(bool with_device);

/** vsim_run() - look at all queues, as if all had been notified */
void vsim_run(void);

void vsim_host_open(u32 port);
void vsim_host_close(u32 port);

/** vsim_host_write() - Return: bytes that the device took */
size_t vsim_host_write(u32 port, const void *bytes, size_t size);

/** vsim_throttle() - the host's side takes nothing, or goes on */
void vsim_throttle(u32 port, bool on);

/** vsim_control() - a control message and @size bytes after it. Return: there was a buffer */
bool vsim_control(u32 port, u16 event, u16 value, const void *more, u32 size);

/** vsim_used() - put any entry into a used ring */
void vsim_used(u32 queue, u32 id, u32 len);

/** vsim_pop() - take the next buffer of a queue. Return: there is one */
bool vsim_pop(u32 queue, u32 *id, u8 **buf, u32 *size, bool write);

u32 vsim_rx_queue(u32 port);

#endif
