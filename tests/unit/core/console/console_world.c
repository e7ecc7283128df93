/* SPDX-License-Identifier: BSD-2-Clause */
/* A hart, a clock, a UART and partitions for core/console on the host. */
#include "tests/unit/core/console/console_world.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "arch/riscv/firmware.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/timer.h"
#include "core/console/console_internal.h"
#include "core/machine/uart.h"

struct console_world console_world;

struct hart *hart_this(void)
{
	static _Thread_local struct hart self;

	return &self;
}

void hart_pause(void)
{
	sched_yield();
}

u64 timer_now(void)
{
	return console_world.now;
}

u64 timer_frequency(void)
{
	return CONSOLE_WORLD_HZ;
}

/*
 * Until a test has given it a UART, the console has the firmware's, which shows and hears nothing.
 */
void firmware_console_putc(u8 c)
{
	(void)c;
}

int firmware_console_getc(void)
{
	return -1;
}

u64 console_serve_later(void)
{
	return console_world.later;
}

void console_serve_at(u64 at)
{
	console_world.serve_at = at;
}

struct console_tty *console_tty_current(void)
{
	return console_world.current;
}

void console_tty_sent(struct console_tty *t)
{
	console_world.sent[t->number]++;
}

u32 console_tty_state(struct console_tty *t)
{
	return console_world.state[t->number];
}

void console_tty_ready(struct console_tty *t)
{
	console_world.ready[t->number]++;
}

static u32 world_room(void *opaque)
{
	struct console_world *w = opaque;

	w->looks++;
	return w->deaf ? 0U : CONSOLE_WORLD_FIFO;
}

static void world_send(void *opaque, const u8 *c, u32 n)
{
	struct console_world *w = opaque;

	if (w->deaf || n > CONSOLE_WORLD_FIFO || w->shown_len + n >= sizeof(w->shown))
		abort();
	memcpy(&w->shown[w->shown_len], c, n);
	w->shown_len += n;
	w->shown[w->shown_len] = '\0';
}

static int world_getc(void *opaque)
{
	struct console_world *w = opaque;

	return w->typed_at < w->typed_len ? (u8)w->typed[w->typed_at++] : -1;
}

static void world_enable(void *opaque, bool rx, bool tx)
{
	struct console_world *w = opaque;

	w->rx_on = rx;
	w->tx_on = tx;
}

void console_world_uart(u32 irq)
{
	const struct uart uart = { .opaque = &console_world,
				   .irq = irq,
				   .fifo = CONSOLE_WORLD_FIFO,
				   .room = world_room,
				   .send = world_send,
				   .getc = world_getc,
				   .enable = world_enable };

	uart_register(&uart);
}

void console_world_type(const char *keys)
{
	size_t n = strlen(keys);

	if (console_world.typed_at == console_world.typed_len) {
		console_world.typed_at = 0;
		console_world.typed_len = 0;
	}
	if (n > sizeof(console_world.typed) - console_world.typed_len)
		abort();
	memcpy(&console_world.typed[console_world.typed_len], keys, n);
	console_world.typed_len += (u32)n;
}

void console_world_drain(void)
{
	u32 steps = 0;

	do {
		(void)console_serve();
		if (++steps == 100000U)
			abort();
	} while (atomic_read(&console.busy) != 0U && !console_world.deaf);
}

const char *console_world_shown(void)
{
	static char shown[sizeof(console_world.shown)];

	console_world_drain();
	memcpy(shown, console_world.shown, console_world.shown_len + 1U);
	console_world.shown_len = 0;
	console_world.shown[0] = '\0';
	return shown;
}
