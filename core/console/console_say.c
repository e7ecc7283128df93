/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's lines: how one gets into a ring. It must work on any hart, with any lock held
 * but the console's own.
 */
#include <cleave/printk.h>
#include <cleave/string.h>
#include "core/console/console_internal.h"
#include "core/machine/boot_args.h"

/* Return: false when there is no room. */
static bool console_say_put(struct console_out *o, const char *text, u32 len)
{
	bool fits;

#ifdef SPIN_CHECK
	/* A broken rule is reported with any lock held. */
	if (atomic_read(&o->lock.holder) == spin_self())
		return false;
#endif
	console_spin(&o->lock);
	fits = console_ring_put(&o->ring, text, len, true);
	spin_unlock(&o->lock);
	return fits;
}

static void console_say_line(struct console_tty *t, const char *text, u32 len)
{
	if (t != NULL && console_say_put(&t->out, text, len))
		return;
	if (!console_say_put(&console.self, text, len))
		(void)atomic_add(&console.lost, 1U);
}

static void console_say_format(struct console_tty *t, const char *fmt, va_list ap)
{
	char text[CONFIG_CONSOLE_LINE];
	u32 len = (u32)MIN(str_format(text, sizeof(text), fmt, ap), sizeof(text) - 1U);
	u32 from = 0;

	for (u32 i = 0; i < len; i++) {
		if (text[i] == '\n') {
			console_say_line(t, &text[from], i - from);
			from = i + 1U;
		} else if ((u8)text[i] < 0x20U || (u8)text[i] == 0x7fU) {
			text[i] = '?';
		}
	}
	console_say_line(t, &text[from], len - from);
	console_kick();
}

/*
 * Step over the level that @fmt may begin with. Return: true when lines of that level are to be
 * printed.
 */
static bool console_say_wanted(const char **fmt)
{
	u32 level = (u8)(*fmt)[0];

	if (level == 0U || level > (u32)PRINTK_DEBUG[0])
		return true;
	(*fmt)++;
	return level <= boot_args.log;
}

void console_say(struct console_tty *t, const char *fmt, va_list ap)
{
	if (console_say_wanted(&fmt))
		console_say_format(t, fmt, ap);
}

void console_tty_say(struct console_tty *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	console_say(t, fmt, ap);
	va_end(ap);
}
