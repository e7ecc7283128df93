/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is the peer's link secured? It is when the manager's partition has an initrd: that is the file
 * with the keys. Then it never becomes a plain one: what is missing or wrong refuses the link.
 */
#ifndef GUESTS_MANAGER_LINK_SECURE_H
#define GUESTS_MANAGER_LINK_SECURE_H

#include "guests/lib/migrate/migrate_stream.h"
#include "guests/lib/virtio/virtio_serial.h"

/** link_secure_init() - read the keys, gather what no earlier life had, and say what the link is */
void link_secure_init(const void *fdt);

/** link_secure_wanted() - Return: true when the link is secured, or refused */
bool link_secure_wanted(void);

/** link_secure_over() - Return: the link over @port, whose bytes are as they are: secured or not */
struct migrate_link link_secure_over(const struct migrate_link *port);

/**
 * link_secure_open() - connect @port, and wait for the peer's proof where that is wanted
 * Return: true when there is a new connection of the link.
 */
bool link_secure_open(struct virtio_port *port);

/** link_secure_step() - do a piece of work for the session. Return: true when there was some. */
bool link_secure_step(void);

/** link_secure_state() - Return: a word for the command `links`; @open: there is a connection */
const char *link_secure_state(bool open);

#endif
