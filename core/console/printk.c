/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * printk(): the hypervisor speaks on the console, as one speaker among the partitions.
 *
 * It must work on any hart, with any lock held, and before a driver has found the UART.
 */
#include <cleave/printk.h>
#include <cleave/string.h>
#include "core/console/console_internal.h"
#include "core/machine/boot_args.h"

static void printk_text(const char *text, size_t len)
{
	const char *end;

	while ((end = memchr(text, '\n', len)) != NULL) {
		console_lines_say(&console.screen, CONSOLE_SELF, text, (size_t)(end - text));
		len -= (size_t)(end - text) + 1U;
		text = end + 1;
	}
	console_lines_say(&console.screen, CONSOLE_SELF, text, len);
}

static void printk_format(const char *fmt, va_list ap)
{
	char text[CONFIG_CONSOLE_LINE];
	size_t len = str_format(text, sizeof(text), fmt, ap);
	bool entered = console_enter();

	printk_text(text, MIN(len, sizeof(text) - 1U));
	console_leave(entered);
}

/*
 * Step over the level that @fmt may begin with. Return: true when lines of that level are to be
 * printed.
 */
static bool printk_wanted(const char **fmt)
{
	u32 level = (u8)(*fmt)[0];

	if (level == 0U || level > (u32)PRINTK_DEBUG[0])
		return true;
	(*fmt)++;
	return level <= boot_args.log;
}

void printk(const char *fmt, ...)
{
	va_list ap;

	if (!printk_wanted(&fmt))
		return;
	va_start(ap, fmt);
	printk_format(fmt, ap);
	va_end(ap);
}
