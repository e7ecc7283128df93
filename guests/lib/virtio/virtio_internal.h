/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the virtio drivers share: barriers, and the state of the console device.
 *
 * virtio_serial.c has the device, virtio_control.c the control messages, virtio_port.c the bytes.
 */
#ifndef GUESTS_LIB_VIRTIO_INTERNAL_H
#define GUESTS_LIB_VIRTIO_INTERNAL_H

#include <cleave/types.h>
#include "guests/lib/virtio/virtio_mmio.h"
#include "guests/lib/virtio/virtio_queue.h"
#include "guests/lib/virtio/virtio_serial.h"

/*
 * Barriers: three order what the program and the device see of memory (2.7.13 "Supplying Buffers to
 * The Device"), and virtio_fence_device() orders memory and registers. On the host, the simulated
 * device runs on the program's own thread.
 */
#if defined(__riscv)
#define virtio_fence_write()  __asm__ volatile("fence w, w" ::: "memory")
#define virtio_fence_read()   __asm__ volatile("fence r, r" ::: "memory")
#define virtio_fence_memory() __asm__ volatile("fence rw, rw" ::: "memory")
#define virtio_fence_device() __asm__ volatile("fence iorw, iorw" ::: "memory")
#else
#define virtio_fence_write()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define virtio_fence_read()   __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define virtio_fence_memory() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define virtio_fence_device() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif

/*
 * Port numbers whose queues are set up. No queue can be added when the device runs, and it
 * announces the first port only then.
 */
#define VIRTIO_PORT_IDS 8U

/* No buffer: of those that hold control messages, or of those that were received */
#define VIRTIO_NO_BUFFER UINT32_MAX

/* 5.3.6.2 "Multiport Device Operation": the event of a control message */
#define VIRTIO_CONSOLE_DEVICE_READY 0U
#define VIRTIO_CONSOLE_PORT_ADD	    1U
#define VIRTIO_CONSOLE_PORT_REMOVE  2U
#define VIRTIO_CONSOLE_PORT_READY   3U
#define VIRTIO_CONSOLE_PORT_OPEN    6U
#define VIRTIO_CONSOLE_PORT_NAME    7U

/** enum virtio_port_state - the program's end of a port */
enum virtio_port_state {
	VIRTIO_PORT_CLOSED,
	VIRTIO_PORT_OPEN,
	VIRTIO_PORT_CLOSING, /* the connection is over, and the device has not taken that yet */
	VIRTIO_PORT_RESTING, /* there is a connection, and our end is closed or about to be */
};

/**
 * struct virtio_port - a port
 * @name: what the device calls it; "" while it has no name
 * @id: its number at the device
 * @slot: its number in virtio_serial.ports[], and of its buffers
 * @added: the device has announced it
 * @ready_due: the device must still be told that the port is taken
 * @host_open: the host's side is open
 * @told_open: our end is open, as far as the device was told
 * @state: what the program wants of our end
 * @generation: how often the host's side has opened
 * @message: the buffer of the control message that told the device so, until the device has taken
 * it; then VIRTIO_NO_BUFFER
 * @room: the buffer that virtio_port_room() gave out last
 * @rx_id: the received buffer that the program reads now, or VIRTIO_NO_BUFFER
 * @rx_len: bytes that were received in it, and in the buffers after it that go on where it ends:
 * all but the last of these are full
 * @rx_at: how many of these were read, less than a buffer holds
 * @rx_next, @rx_next_len: a buffer that was received after them and does not go on there, or
 * VIRTIO_NO_BUFFER
 *
 * @told_open and @state are two things, because a control message may find its queue full.
 */
struct virtio_port {
	char name[VIRTIO_PORT_NAME_MAX];
	u32 id;
	u32 slot;
	bool added;
	bool ready_due;
	bool host_open;
	bool told_open;
	enum virtio_port_state state;
	u32 generation;
	u32 message;
	u32 room;
	u32 rx_id;
	u32 rx_len;
	u32 rx_at;
	u32 rx_next;
	u32 rx_next_len;
};

/**
 * struct virtio_serial - the console device
 * @works: it was started, and has not been given up
 * @refused_one: a line has said that a port is not used; it is said once, however often the device
 * announces the port
 * @ids: port numbers that have queues
 * @ports_nr: ports in use
 * @rx, @tx: the queues of the ports, by port number
 */
struct virtio_serial {
	struct virtio_mmio dev;
	bool works;
	bool refused_one;
	u32 ids;
	u32 ports_nr;
	struct virtio_port ports[VIRTIO_PORTS_MAX];
	struct virtio_queue control_rx, control_tx;
	struct virtio_queue rx[VIRTIO_PORT_IDS], tx[VIRTIO_PORT_IDS];
};

extern struct virtio_serial virtio_serial;

/**
 * virtio_serial_give_up() - the device broke the rules: cut all connections, and say why in a line,
 * once
 */
void virtio_serial_give_up(const char *why);

/**
 * virtio_control_start() - give the device the buffers for its control messages, before it is
 * started
 */
void virtio_control_start(void);

/**
 * virtio_control_send() - send a control message.
 * Return: the buffer that has it, VIRTIO_NO_BUFFER: there is no room now
 */
u32 virtio_control_send(u32 port_id, u16 event, u16 value);

/**
 * virtio_control_poll() - deal with the control messages that have come, and send those that are
 * due
 */
void virtio_control_poll(void);

/**
 * virtio_control_tell_open() - tell the device whether our end of @port is open
 *
 * Return: false when there is no room now. The device may not have looked at it yet: port->message
 * says when it has.
 */
bool virtio_control_tell_open(struct virtio_port *port, bool open);

/** virtio_port_rx_give() - give buffer @id to the device, to receive into */
void virtio_port_rx_give(struct virtio_port *port, u32 id);

/** virtio_port_rx_drop() - drop all that was received on @port up to now */
void virtio_port_rx_drop(struct virtio_port *port);

/** virtio_port_rx() - Return: the receive queue of @port */
static inline struct virtio_queue *virtio_port_rx(const struct virtio_port *port)
{
	return &virtio_serial.rx[port->id];
}

#endif
