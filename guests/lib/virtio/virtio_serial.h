/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Named streams of bytes to the host: driver of a virtio console device with several ports (VIRTIO 1.2, 5.3 "Console
 * Device"), found in the program's own device tree as a virtio-mmio device of version 2. The program's memory must be at
 * GPA = HPA (`direct-map`): the device is given addresses as they are.
 *
 * Called from one hart. Nothing here waits: who wants more looks again, after virtio_poll(), and may sleep in between.
 *
 * The device and who is at the other end are not trusted: a device that breaks the rules is given up with one line, and all
 * its ports are cut then, for good. Nothing that they do may make the program read or write outside its buffers, or spin.
 *
 * A port's connection is the time from when the host's side opens it to when it closes it. A program takes one by
 * virtio_port_open(); from the close on, virtio_port_send() and virtio_port_recv() answer -1, whatever the host's side
 * has opened since, until the program opens again. What was received and not read by then is dropped, and so is what was
 * sent and not yet taken by the host.
 *
 * The device does not say in which order bytes and an open of another queue came. Before the host's first byte of a connection
 * can be given to the program, the device waits for virtio_port_open(), so nothing is lost, with one exception: when the
 * host closes and opens again before the program has seen the close (virtio_poll() not called in between), bytes that it sends
 * at once may be taken for the old connection's and be dropped. Who opens again at once lets the program speak first; and a program
 * that expects nothing for a while says so by virtio_port_rest(), after which this cannot happen.
 */
#ifndef GUESTS_LIB_VIRTIO_SERIAL_H
#define GUESTS_LIB_VIRTIO_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ports that can be used at once, and bytes of a name that count, with its NUL */
#define VIRTIO_PORTS_MAX     4U
#define VIRTIO_PORT_NAME_MAX 64U

struct virtio_port;

/**
 * virtio_serial_init() - find the device and start it
 * @fdt: the program's device tree
 * Return: there is one and it works; false without a line when there is none, with a line when it cannot be used.
 *
 * Ports appear later: the device announces them to virtio_poll(). Takes the first console device of the tree; a second call
 * resets it, and every connection is cut.
 */
bool virtio_serial_init(const void *fdt);

/**
 * virtio_serial_stop() - reset the device, for a program that is about to give up its memory; every connection is cut
 *
 * Until then it reads and writes its rings, whatever has become of them. Only where virtio_serial_init() has found one.
 */
void virtio_serial_stop(void);

/**
 * virtio_serial_wake() - let the device's interrupt end a WFI of the calling hart
 * Return: it can; false: there is no device, or no interrupt controller that reaches this hart.
 *
 * Needs guest_plic_init(). Sets sie.SEIE and leaves sstatus.SIE alone: no interrupt is taken, WFI just goes on. In the main loop,
 * after virtio_poll(), call guest_plic_poll() before the next WFI.
 */
bool virtio_serial_wake(void);

/** virtio_poll() - take what the device has to say, return to it what it may have. Bounded. Call it in each turn of the main loop */
void virtio_poll(void);

/** virtio_port_find() - Return: the port of that name, valid for good; NULL: none was announced yet */
struct virtio_port *virtio_port_find(const char *name);

/** virtio_port_connected() - Return: the host's side is open, as of the last poll; whether or not the program opened it */
bool virtio_port_connected(const struct virtio_port *port);

/** virtio_port_generation() - Return: how often the host's side has opened; 0: never yet */
uint32_t virtio_port_generation(const struct virtio_port *port);

/**
 * virtio_port_open() - take the host's present connection
 * Return: it is the program's now, or was already. False: the host's side is closed, or the end of the last connection is
 * not through yet: try again after virtio_poll().
 */
bool virtio_port_open(struct virtio_port *port);

/**
 * virtio_port_rest() - the program is not interested for now: what the host sends waits at the host
 *
 * Sending and receiving answer -1 until virtio_port_open(). If that finds the same connection, it goes on where it was, and
 * nothing is lost; else it is a new one, with all its bytes. What was sent before goes on its way. Does nothing to a port that
 * the program has not open.
 */
void virtio_port_rest(struct virtio_port *port);

/**
 * virtio_port_send() - send bytes
 * @size: bytes at @bytes
 * Return: how many were taken, from the first on; 0: no room now; -1: the connection is cut, and nothing of this call arrives.
 *
 * Taken is not arrived: what the host has not taken when it closes is lost.
 */
int64_t virtio_port_send(struct virtio_port *port, const void *bytes, size_t size);

/**
 * virtio_port_recv() - receive bytes
 * @size: room at @bytes
 * Return: how many came; 0: none now; -1: the connection is cut, and no more come.
 */
int64_t virtio_port_recv(struct virtio_port *port, void *bytes, size_t size);

#endif
