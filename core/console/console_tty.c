/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A partition's side of the console: the output that it sends, the input that waits for it, and
 * both as state records.
 *
 * Output is put together under the partition's own lock, and goes into its ring a line at a time.
 * Input is in the buffer already: console_input.c puts it there.
 */
#include <cleave/atomic.h>
#include <cleave/errno.h>
#include <cleave/string.h>
#include "core/console/console_internal.h"

/* How much work one console_tty_write() makes at most (console_lines_work()), about */
#define CONSOLE_WRITE_WORK 4096U

/* Room that DBCN leaves: for the end of the open line, and a line of the hypervisor's */
#define CONSOLE_KEPT (2U * (CONFIG_CONSOLE_LINE + CONSOLE_RING_HEAD))

/* A driver that has seen an empty transmitter sends a FIFO, which may be 16 lines of nothing. */
#define CONSOLE_FULL  (CONSOLE_KEPT + CONSOLE_BYTE_ROOM + CONSOLE_BURST * CONSOLE_RING_HEAD)
#define CONSOLE_BURST 32U

/* A UART that was full takes more when this much is left to be shown. */
#define CONSOLE_RESUME (CONFIG_CONSOLE_RING / 4U)

_Static_assert(CONFIG_CONSOLE_RING >= CONSOLE_FULL + CONSOLE_RESUME,
	       "Kconfig: CONSOLE_RING has room for six lines of CONSOLE_LINE bytes");

/* --- output ----------------------------------------------------------------------------------- */

/* Does the drainer have to know? @used is what the ring held before. */
static void console_tty_news(const struct console_tty *t, u32 used)
{
	if (atomic_read(&t->out.ring.used) > used || atomic_read(&console.front) == &t->out)
		console_kick();
}

/* Take one more byte if there is room for it and @kept besides. Return: false when it is not */
static bool console_tty_take(struct console_tty *t, u8 c, u32 kept)
{
	spin_assert_held(&t->out.lock);
	if (atomic_read(&console.ending) != 0U ||
	    console_ring_room(&t->out.ring) < CONSOLE_BYTE_ROOM + kept)
		return false;
	console_lines_putc(&t->out, c);
	return true;
}

/* Return: false when the partition's UART must not take more. The lock of t->out is held. */
static bool console_tty_look(struct console_tty *t)
{
	spin_assert_held(&t->out.lock);
	if (console_ring_room(&t->out.ring) < CONSOLE_FULL)
		atomic_set(&t->full, 1U);
	return !console_tty_full(t);
}

bool console_tty_putc(struct console_tty *t, u8 c)
{
	u32 used;
	bool more;

	console_spin(&t->out.lock);
	used = atomic_read(&t->out.ring.used);
	(void)console_tty_take(t, c, 0);
	more = console_tty_look(t);
	spin_unlock(&t->out.lock);
	console_tty_news(t, used);
	return more;
}

u64 console_tty_write(struct console_tty *t, const u8 *s, u64 len)
{
	u32 work = 0;
	u32 used;
	u64 i;

	console_spin(&t->out.lock);
	used = atomic_read(&t->out.ring.used);
	for (i = 0; i < len && work < CONSOLE_WRITE_WORK; i++) {
		work += console_lines_work(&t->out, s[i]);
		if (!console_tty_take(t, s[i], CONSOLE_KEPT))
			break;
	}
	(void)console_tty_look(t);
	spin_unlock(&t->out.lock);
	console_tty_news(t, used);
	return i;
}

void console_tty_shown(struct console_tty *t)
{
	if (!console_tty_full(t) || atomic_read(&console.served) == 0U ||
	    atomic_read(&t->out.ring.used) > CONSOLE_RESUME)
		return;
	console_spin(&t->out.lock);
	atomic_set(&t->full, 0U);
	spin_unlock(&t->out.lock);
	console_tty_sent(t);
}

void console_tty_flush(struct console_tty *t)
{
	console_spin(&t->out.lock);
	console_lines_flush(&t->out);
	spin_unlock(&t->out.lock);
	console_kick();
}

void console_tty_open(struct console_tty *t, u32 number, const char *name, bool first_focus)
{
	console_tty_flush(t);
	console_spin(&console.lock);
	if (console.tty[number] == NULL) {
		console_lines_init(&t->out.line, name);
		t->number = number;
		t->first_focus = first_focus;
		console.tty[number] = t;
		console.ttys = MAX(console.ttys, number + 1U);
	}
	t->not_reading = false;
	t->drop_reported = false;
	spin_unlock(&console.lock);
}

/* --- input ------------------------------------------------------------------------------------ */

int console_tty_fetch(struct console_tty *t)
{
	int c = -1;

	/* Whoever adds a character tells the partition afterwards, so that it looks again. */
	if (atomic_read(&t->rx_count) == 0U)
		return -1;
	console_spin(&console.lock);
	if (t->rx_count > 0U) {
		c = t->rx[t->rx_head];
		t->rx_head = (t->rx_head + 1U) % CONFIG_CONSOLE_RX;
		atomic_set(&t->rx_count, t->rx_count - 1U);
		t->not_reading = false;
		console_input_resume(t);
	}
	spin_unlock(&console.lock);
	return c;
}

/* --- state records ---------------------------------------------------------------------------- */

u32 console_tty_save_line(struct console_tty *t, u8 *buf)
{
	u32 n;

	console_spin(&t->out.lock);
	n = console_lines_save(&t->out.line, buf);
	spin_unlock(&t->out.lock);
	return n;
}

u32 console_tty_line_bytes(struct console_tty *t)
{
	u32 n;

	console_spin(&t->out.lock);
	n = console_lines_saved(&t->out.line);
	spin_unlock(&t->out.lock);
	return n;
}

void console_tty_drop_line(struct console_tty *t)
{
	console_tty_load_line(t, (const u8 *)"", 0);
}

void console_tty_load_line(struct console_tty *t, const u8 *buf, u32 len)
{
	console_spin(&t->out.lock);
	console_lines_load(&t->out, buf, len);
	spin_unlock(&t->out.lock);
	console_kick();
}

u32 console_tty_save_input(struct console_tty *t, u8 *buf)
{
	u32 n;

	console_spin(&console.lock);
	n = t->rx_count;
	for (u32 i = 0; i < n; i++)
		buf[i] = t->rx[(t->rx_head + i) % CONFIG_CONSOLE_RX];
	t->rx_frozen = true;
	spin_unlock(&console.lock);
	return n;
}

u32 console_tty_input_bytes(struct console_tty *t)
{
	return atomic_read(&t->rx_count);
}

int console_tty_load_input(struct console_tty *t, const u8 *buf, u32 len)
{
	if (len > CONFIG_CONSOLE_RX)
		return CLV_ERR_INVAL;
	console_spin(&console.lock);
	t->rx_head = 0;
	atomic_set(&t->rx_count, len);
	memcpy(t->rx, buf, len);
	console_input_resume(t);
	spin_unlock(&console.lock);
	return CLV_OK;
}

void console_tty_freeze_input(struct console_tty *t, bool on)
{
	console_spin(&console.lock);
	t->rx_frozen = on;
	t->drop_reported = false;
	t->not_reading = false;
	console_input_resume(t);
	spin_unlock(&console.lock);
}
