/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of whole lines. No byte of it is a mark: a line may hold any bytes.
 */
#include "core/console/console_ring.h"

#include <cleave/atomic.h>
#include <cleave/string.h>

#define RING_SELF 0x80U /* in an entry's second byte, above the length */

_Static_assert(CONFIG_CONSOLE_LINE < RING_SELF << 8, "a length leaves the mark's bit free");

/* The last stamp; atomic. What has caused a line has an earlier one, on whatever hart it was. */
static u32 console_ring_stamp;

static void console_ring_write(struct console_ring *r, u32 at, const void *bytes, u32 n)
{
	u32 first = MIN(n, (u32)CONFIG_CONSOLE_RING - at);

	memcpy(&r->bytes[at], bytes, first);
	memcpy(r->bytes, (const u8 *)bytes + first, n - first);
}

static void console_ring_read(const struct console_ring *r, u32 at, void *bytes, u32 n)
{
	u32 first = MIN(n, (u32)CONFIG_CONSOLE_RING - at);

	memcpy(bytes, &r->bytes[at], first);
	memcpy((u8 *)bytes + first, r->bytes, n - first);
}

static u32 console_ring_index(const struct console_ring *r, u32 n)
{
	return (r->head + n) % CONFIG_CONSOLE_RING;
}

u32 console_ring_room(const struct console_ring *r)
{
	return CONFIG_CONSOLE_RING - atomic_read(&r->used);
}

bool console_ring_put(struct console_ring *r, const void *text, u32 len, bool self)
{
	u32 used = atomic_read(&r->used);
	u32 stamp = atomic_add(&console_ring_stamp, 1U);
	u8 head[CONSOLE_RING_HEAD] = { (u8)len, (u8)(len >> 8 | (self ? RING_SELF : 0U)) };

	if (console_ring_room(r) < len + CONSOLE_RING_HEAD)
		return false;
	memcpy(&head[2], &stamp, sizeof(stamp));
	console_ring_write(r, console_ring_index(r, used), head, CONSOLE_RING_HEAD);
	console_ring_write(r, console_ring_index(r, used + CONSOLE_RING_HEAD), text, len);
	/* Release pairs with the acquire in console_ring_peek(). */
	atomic_set_release(&r->used, used + CONSOLE_RING_HEAD + len);
	return true;
}

bool console_ring_peek(const struct console_ring *r, struct console_entry *e)
{
	u8 head[CONSOLE_RING_HEAD];

	if (atomic_read_acquire(&r->used) == 0U)
		return false;
	console_ring_read(r, r->head, head, CONSOLE_RING_HEAD);
	e->len = head[0] | (head[1] & (RING_SELF - 1U)) << 8;
	e->self = (head[1] & RING_SELF) != 0U;
	memcpy(&e->stamp, &head[2], sizeof(e->stamp));
	return true;
}

void console_ring_get(struct console_ring *r, const struct console_entry *e, u8 *text)
{
	u32 n = CONSOLE_RING_HEAD + e->len;

	console_ring_read(r, console_ring_index(r, CONSOLE_RING_HEAD), text, e->len);
	r->head = console_ring_index(r, n);
	atomic_set(&r->used, atomic_read(&r->used) - n);
}
