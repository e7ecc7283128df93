/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines of one speaker that are whole and wait to be shown. Builds for the host too.
 *
 * An entry is a line: whose it is, its length, and when it was put in, and then its text. Nothing
 * here takes a lock: the speaker's is held.
 */
#ifndef CORE_CONSOLE_RING_H
#define CORE_CONSOLE_RING_H

#include <cleave/types.h>

#define CONSOLE_RING_HEAD 6U /* bytes of an entry before its text */

/**
 * struct console_entry - what is known of a line before it is taken out
 * @stamp: of two lines the one with the higher stamp came later; wraps
 * @len: bytes of its text
 * @self: it is the hypervisor's line, and not the speaker's own
 */
struct console_entry {
	u32 stamp;
	u32 len;
	bool self;
};

/**
 * struct console_ring - lines, oldest first
 * @used: bytes of @bytes that are in use; atomic, as the drainer looks at it without the lock. It
 * grows by whole entries (release)
 * @head: index of the oldest byte
 */
struct console_ring {
	u32 used;
	u32 head;
	u8 bytes[CONFIG_CONSOLE_RING];
};

/** console_ring_room() - Return: bytes that are free, for texts and CONSOLE_RING_HEAD each */
u32 console_ring_room(const struct console_ring *r);

/**
 * console_ring_put() - add a line
 * @text: at most CONFIG_CONSOLE_LINE bytes; @len: how many
 * @self: it is the hypervisor's line, and not the speaker's own
 *
 * Return: false when there is no room, and then nothing has changed
 */
bool console_ring_put(struct console_ring *r, const void *text, u32 len, bool self);

/**
 * console_ring_peek() - look at the oldest line
 *
 * Only the drainer calls it, who alone takes lines out, and without the lock: what is in the ring
 * does not change. Return: false when there is none
 */
bool console_ring_peek(const struct console_ring *r, struct console_entry *e);

/**
 * console_ring_get() - take the oldest line out
 * @e: what console_ring_peek() has told of it
 * @text: room for CONFIG_CONSOLE_LINE bytes
 */
void console_ring_get(struct console_ring *r, const struct console_entry *e, u8 *text);

#endif
