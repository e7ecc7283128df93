/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The terminal: its lock and its UART.
 *
 * It must never wait for anything but the UART while the lock is held.
 */
#include "core/console/console_internal.h"
#include "arch/riscv/firmware.h"
#include "arch/riscv/hart.h"

static int console_firmware_getc(void *opaque)
{
	(void)opaque;
	return firmware_console_getc();
}

static void console_firmware_putc(void *opaque, u8 c)
{
	(void)opaque;
	firmware_console_putc(c);
}

struct console console = {
	.uart = { .putc = console_firmware_putc, .getc = console_firmware_getc },
	.screen = { .emit = console_emit },
};

void console_emit(u8 c)
{
	spin_assert_held(&console.lock);
	console.sent++;
	console.uart.putc(console.uart.opaque, c);
}

void console_spin(struct spinlock *lock)
{
	while (!spin_trylock(lock))
		hart_pause();
}

bool console_enter(void)
{
	uintptr_t self = (uintptr_t)hart_this() | 1U; /* tp is 0 early in the boot */

	if (atomic_read(&console.holder) == self)
		return false;
	console_spin(&console.lock);
	atomic_set(&console.holder, self);
	return true;
}

void console_leave(bool entered)
{
	if (!entered)
		return;
	atomic_set(&console.holder, (uintptr_t)0);
	spin_unlock(&console.lock);
}

void uart_register(const struct uart *uart)
{
	bool entered = console_enter();

	console.uart = *uart;
	console_leave(entered);
}
