/* SPDX-License-Identifier: BSD-2-Clause */
/* A hart, a clock, a UART and partitions for core/console on the host. */
#include "tests/unit/core/console/console_world.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "arch/riscv/firmware.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/timer.h"
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

void console_start_polling(void)
{
	console_world.polls++;
}

u32 console_tty_state(struct console_tty *t)
{
	return console_world.state[t->number];
}

void console_tty_ready(struct console_tty *t)
{
	console_world.ready[t->number]++;
}

static void world_putc(void *opaque, u8 c)
{
	struct console_world *w = opaque;

	if (w->shown_len + 1U == sizeof(w->shown))
		abort();
	w->shown[w->shown_len++] = (char)c;
	w->shown[w->shown_len] = '\0';
}

static int world_getc(void *opaque)
{
	struct console_world *w = opaque;

	return w->typed_at < w->typed_len ? (u8)w->typed[w->typed_at++] : -1;
}

static void world_rx_enable(void *opaque, bool on)
{
	struct console_world *w = opaque;

	w->rx_on = on;
}

void console_world_uart(u32 irq)
{
	const struct uart uart = { .opaque = &console_world,
				   .irq = irq,
				   .putc = world_putc,
				   .getc = world_getc,
				   .rx_enable = world_rx_enable };

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

const char *console_world_shown(void)
{
	static char shown[sizeof(console_world.shown)];

	memcpy(shown, console_world.shown, console_world.shown_len + 1U);
	console_world.shown_len = 0;
	console_world.shown[0] = '\0';
	return shown;
}
