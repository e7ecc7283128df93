/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Named streams of bytes to the host: the driver of a virtio console device with several ports
 * (VIRTIO 1.2, 5.3 "Console Device"). The device is a virtio-mmio device of version 2 in the
 * program's own device tree. The program's memory must be at GPA = HPA (`direct-map`), because the
 * device is given addresses as they are.
 *
 * All functions are called on one hart, and none of them waits: a program that wants more calls
 * virtio_poll() and looks again, and may sleep in between.
 *
 * Neither the device nor the other end of a port is trusted. A device that breaks the rules is
 * given up with one line, and all its ports are cut for good. Nothing that the two do may make the
 * program read or write outside its buffers, or spin.
 *
 * A connection of a port lasts from the time when the host's side opens the port to the time when
 * it closes it. A program takes the connection by virtio_port_open(). After the host has closed it,
 * virtio_port_send() and virtio_port_recv() return -1 until the program opens the port again, even
 * if the host's side is open again by then. Two things are dropped at the close: what was received
 * and not read, and what was sent and not yet taken by the host.
 *
 * The device does not say whether a byte in one queue came before an open in another one. It keeps
 * the first byte of a connection until virtio_port_open(), so nothing is lost, with one exception.
 * If the host closes and opens again before the program has seen the close (by virtio_poll()),
 * bytes that the host sends at once may be taken for the old connection's, and be dropped. So a
 * host that opens again at once should let the program speak first; and a program that expects
 * nothing for a while should say so by virtio_port_rest(), after which this cannot happen.
 */
#ifndef GUESTS_LIB_VIRTIO_SERIAL_H
#define GUESTS_LIB_VIRTIO_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many ports can be used at once */
#define VIRTIO_PORTS_MAX 4U
/* How many bytes of a port's name count, with the NUL */
#define VIRTIO_PORT_NAME_MAX 64U

struct virtio_port;

/**
 * virtio_serial_init() - find the first console device of the tree, and start it
 * @fdt: the program's device tree
 *
 * Ports appear later, when the device announces them to virtio_poll(). A second call resets the
 * device, and cuts every connection.
 *
 * Return: true when the device works; false when there is none, or when a line says why it cannot
 * be used
 */
bool virtio_serial_init(const void *fdt);

/**
 * virtio_serial_stop() - reset the device, and cut every connection
 *
 * For a program that is about to give up its memory: until the reset the device reads and writes
 * its rings, whatever has become of them. Only after virtio_serial_init() has found a device.
 */
void virtio_serial_stop(void);

/**
 * virtio_serial_wake() - let the device's interrupt end a WFI of the calling hart
 *
 * It needs guest_plic_init(). No interrupt is taken: the WFI just ends. In the main loop, call
 * guest_plic_poll() after virtio_poll() and before the next WFI.
 *
 * Return: false when there is no device, or no interrupt controller that reaches this hart
 */
bool virtio_serial_wake(void);

/**
 * virtio_poll() - deal with what the device has said, and give it what it may have
 *
 * Call it in each turn of the main loop. It takes a bounded time.
 */
void virtio_poll(void);

/**
 * virtio_port_find() - Return: the port with this name, valid for good; NULL when the device has
 * not announced one
 */
struct virtio_port *virtio_port_find(const char *name);

/**
 * virtio_port_connected() - is the host's side open?
 *
 * Return: what was true at the last poll, whether or not the program has opened the port
 */
bool virtio_port_connected(const struct virtio_port *port);

/** virtio_port_generation() - Return: how often the host's side has opened the port; 0: never */
uint32_t virtio_port_generation(const struct virtio_port *port);

/**
 * virtio_port_open() - take the host's present connection
 *
 * Return: true when the program has it, perhaps since an earlier call. False when the host's side
 * is closed, or when the last connection has not ended at the device yet; then try again after
 * virtio_poll().
 */
bool virtio_port_open(struct virtio_port *port);

/**
 * virtio_port_rest() - let what the host sends wait at the host, as the program is not interested
 * for now
 *
 * virtio_port_send() and virtio_port_recv() return -1 until virtio_port_open(). If that finds the
 * same connection, the connection goes on where it was, and nothing is lost. Otherwise it is a new
 * one, with all its bytes. What was sent before goes on its way. A port that the program has not
 * opened stays as it is.
 */
void virtio_port_rest(struct virtio_port *port);

/**
 * virtio_port_send() - send @size bytes
 *
 * Bytes that were taken have not arrived yet: what the host has not read when it closes the port is
 * lost.
 *
 * Return: how many bytes were taken, from the first on; 0 when there is no room now; -1 when the
 * connection is cut, and then nothing of this call arrives
 */
int64_t virtio_port_send(struct virtio_port *port, const void *bytes, size_t size);

/**
 * virtio_port_room() - get memory of the port, in which at most 8192 bytes can be built
 *
 * It is a port's own until the next call for that port: virtio_port_sent(), or any other, which
 * forgets it.
 *
 * Return: the memory, aligned to 4096; NULL when there is none now, or the connection is cut
 */
void *virtio_port_room(struct virtio_port *port, size_t size);

/**
 * virtio_port_sent() - send the first @size bytes of what virtio_port_room() gave
 *
 * Return: @size; -1 when the connection is cut, and then nothing of them arrives
 */
int64_t virtio_port_sent(struct virtio_port *port, size_t size);

/**
 * virtio_port_recv() - receive at most @size bytes
 *
 * Return: how many bytes came; 0 when there are none now; -1 when the connection is cut, and no
 * more will come
 */
int64_t virtio_port_recv(struct virtio_port *port, void *bytes, size_t size);

/**
 * virtio_port_peek() - look at what has been received, where it is
 * @size: as much as that is wanted in one piece, if it has come in one
 * @bytes: gets the place; what is there stays until the next call for this port
 * @grows: gets whether what comes next may come right after them
 *
 * Return: bytes at that place, perhaps fewer than @size although more have come: then
 * virtio_port_recv() gets them; 0 when there are none, or the connection is cut
 */
size_t virtio_port_peek(struct virtio_port *port, size_t size, const uint8_t **bytes, bool *grows);

/** virtio_port_read() - the first @size bytes of what virtio_port_peek() showed are done with */
void virtio_port_read(struct virtio_port *port, size_t size);

#endif
