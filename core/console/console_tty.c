/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A partition's side of the console: the output that it sends, the input that waits for it, and
 * both as state records.
 *
 * Output is gathered under the partition's own lock, and goes to the terminal a line at a time, or
 * at once if the partition has the focus. Input is in the buffer already: console_input.c puts it
 * there.
 */
#include <cleave/errno.h>
#include <cleave/string.h>
#include "core/console/console_internal.h"

/* Characters sent to the UART after which one console_tty_write() takes no more (M6) */
#define CONSOLE_OUTPUT_STEP 1024U

/* --- output ----------------------------------------------------------------------------------- */

/*
 * Bring what @t has gathered to its line; t->lock is held.
 * Return: how many characters this sent to the UART
 */
static u32 console_tty_drain(struct console_tty *t)
{
	bool entered = console_enter();
	u32 sent = console.sent;

	spin_assert_held(&t->lock);
	for (u32 i = 0; i < t->staged; i++)
		console_lines_putc(&console.screen, &t->line, t->stage[i]);
	sent = console.sent - sent;
	console_leave(entered);
	t->staged = 0;
	return sent;
}

/*
 * Take one character of output; t->lock is held.
 * Return: how many characters this sent to the UART, 0 when the character was only gathered
 */
static u32 console_tty_gather(struct console_tty *t, u8 c)
{
	spin_assert_held(&t->lock);
	t->stage[t->staged++] = c;
	return c == '\n' || t->staged == CONSOLE_STAGE ? console_tty_drain(t) : 0U;
}

/*
 * If @t has the focus, show what it has gathered; t->lock is held.
 *
 * Whoever moves the focus drains the new owner. Either that drain finds what is gathered here; or
 * it took t->lock earlier, and then this function sees the new focus.
 */
static void console_tty_show(struct console_tty *t)
{
	spin_assert_held(&t->lock);
	if (t->staged > 0U && atomic_read(&console.focus) == t)
		(void)console_tty_drain(t);
}

void console_tty_show_focus(void)
{
	struct console_tty *t = atomic_read(&console.focus);

	if (t == NULL)
		return;
	console_spin(&t->lock);
	console_tty_show(t);
	spin_unlock(&t->lock);
}

void console_tty_putc(struct console_tty *t, u8 c)
{
	console_spin(&t->lock);
	(void)console_tty_gather(t, c);
	console_tty_show(t);
	spin_unlock(&t->lock);
}

u64 console_tty_write(struct console_tty *t, const u8 *s, u64 len)
{
	u32 sent = 0;
	u64 i;

	console_spin(&t->lock);
	for (i = 0; i < len && sent < CONSOLE_OUTPUT_STEP; i++)
		sent += console_tty_gather(t, s[i]);
	console_tty_show(t);
	spin_unlock(&t->lock);
	return i;
}

void console_tty_flush(struct console_tty *t)
{
	bool entered;

	console_spin(&t->lock);
	(void)console_tty_drain(t);
	entered = console_enter();
	console_lines_flush(&console.screen, &t->line);
	console_leave(entered);
	spin_unlock(&t->lock);
}

void console_tty_open(struct console_tty *t, u32 number, const char *name, bool first_focus)
{
	bool entered;

	console_tty_flush(t);
	entered = console_enter();
	if (console.tty[number] == NULL) {
		console_lines_init(&t->line, name);
		t->number = number;
		t->first_focus = first_focus;
		console.tty[number] = t;
		console.ttys = MAX(console.ttys, number + 1U);
	}
	t->not_reading = false;
	t->drop_reported = false;
	console_leave(entered);
}

/* --- input ------------------------------------------------------------------------------------ */

int console_tty_fetch(struct console_tty *t)
{
	bool entered = console_enter();
	int c = -1;

	if (t->rx_count > 0U) {
		c = t->rx[t->rx_head];
		t->rx_head = (t->rx_head + 1U) % CONFIG_CONSOLE_RX;
		t->rx_count--;
		t->not_reading = false;
		console_input_resume(t);
	}
	console_leave(entered);
	return c;
}

/* --- state records ---------------------------------------------------------------------------- */

u32 console_tty_save_line(struct console_tty *t, u8 *buf)
{
	bool entered;
	u32 n;

	console_spin(&t->lock);
	(void)console_tty_drain(t);
	entered = console_enter();
	n = console_lines_save(&t->line, buf);
	console_leave(entered);
	spin_unlock(&t->lock);
	return n;
}

u32 console_tty_line_bytes(struct console_tty *t)
{
	bool entered;
	u32 n;

	console_spin(&t->lock);
	(void)console_tty_drain(t);
	entered = console_enter();
	n = console_lines_saved(&t->line);
	console_leave(entered);
	spin_unlock(&t->lock);
	return n;
}

void console_tty_drop_line(struct console_tty *t)
{
	bool entered;

	console_spin(&t->lock);
	t->staged = 0;
	entered = console_enter();
	console_lines_drop(&console.screen, &t->line);
	console_leave(entered);
	spin_unlock(&t->lock);
}

void console_tty_load_line(struct console_tty *t, const u8 *buf, u32 len)
{
	bool entered;

	console_spin(&t->lock);
	t->staged = 0;
	entered = console_enter();
	console_lines_load(&console.screen, &t->line, buf, len);
	console_leave(entered);
	spin_unlock(&t->lock);
}

u32 console_tty_save_input(struct console_tty *t, u8 *buf)
{
	bool entered = console_enter();
	u32 n = t->rx_count;

	for (u32 i = 0; i < n; i++)
		buf[i] = t->rx[(t->rx_head + i) % CONFIG_CONSOLE_RX];
	t->rx_frozen = true;
	console_leave(entered);
	return n;
}

u32 console_tty_input_bytes(struct console_tty *t)
{
	bool entered = console_enter();
	u32 n = t->rx_count;

	console_leave(entered);
	return n;
}

int console_tty_load_input(struct console_tty *t, const u8 *buf, u32 len)
{
	bool entered;

	if (len > CONFIG_CONSOLE_RX)
		return CLV_ERR_INVAL;
	entered = console_enter();
	t->rx_head = 0;
	t->rx_count = len;
	memcpy(t->rx, buf, len);
	console_input_resume(t);
	console_leave(entered);
	return CLV_OK;
}

void console_tty_freeze_input(struct console_tty *t, bool on)
{
	bool entered = console_enter();

	t->rx_frozen = on;
	t->drop_reported = false;
	t->not_reading = false;
	console_input_resume(t);
	console_leave(entered);
}
