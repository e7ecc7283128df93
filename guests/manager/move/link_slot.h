/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which slot of this machine a guest gets that a peer offers. It looks, and changes nothing: what a
 * slot lacks is for the engine to say.
 */
#ifndef GUESTS_MANAGER_LINK_SLOT_H
#define GUESTS_MANAGER_LINK_SLOT_H

#include "guests/lib/guest.h"
#include "guests/lib/migrate/migrate_stream.h"

/**
 * link_slot_find() - find an empty slot that can be what @guest is
 * @guest: NULL: it is not known
 *
 * That is the one that the guest was made in, or else the first. If there is none, take the first
 * empty one: its engine then says what the slot lacks.
 * Return: true when there is an empty slot; else @line says so.
 */
bool link_slot_find(const struct migrate_hello *hello, const struct migrate_machine *guest,
		    struct cleave_vm_info *slot, struct migrate_line *line);

/**
 * link_slot_named() - find the slot that the source has named; its engine says what it lacks
 * Return: false when the guest may not come there: @line says why not.
 */
bool link_slot_named(const struct migrate_hello *hello, struct cleave_vm_info *slot,
		     struct migrate_line *line);

#endif
