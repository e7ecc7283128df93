/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: lines out, keys in, and printk().
 *
 * What a line is and how it is shown is core/console/console_lines.c's, what keys mean core/console/console_keys.c's; here are the lock,
 * the UART, the partitions and the way of the input. It must never wait for a partition, and never hold its lock while it
 * calls anything that takes another.
 */
#include <abi/cleave.h>
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/spinlock.h>
#include <cleave/string.h>
#include "arch/riscv/hart.h"
#include "arch/riscv/firmware.h"
#include "arch/riscv/timer.h"
#include "core/boot/boot.h"
#include "core/console/console.h"
#include "core/machine/irq.h"

#define CONSOLE_SELF	   "cleave"
#define CONSOLE_INPUT_STEP 256U /* characters that one console_input() fetches (M6) */
#define CONSOLE_OUTPUT_STEP \
	1024U /* characters sent to the UART after which one console_tty_write() takes no more (M6) */
#define CONSOLE_DEAF_SEC \
	2U /* a partition with a full buffer that reads nothing for so long does not read */

#define SBI_LEGACY_GETCHAR 0x2U /* SBI 2.0, chapter 5.3 */

static int console_firmware_getc(void *opaque)
{
	(void)opaque;
	if (!firmware_has(SBI_LEGACY_GETCHAR))
		return -1;
	return (int)firmware_call(SBI_LEGACY_GETCHAR, 0, 0, 0, 0).error;
}

static void console_firmware_putc(void *opaque, u8 c)
{
	(void)opaque;
	firmware_console_putc(c);
}

static void console_emit(u8 c);

/*
 * All is guarded by @lock; @holder, @poll and @focus are read without it too, and so are atomic.
 * @holder: the hart that holds the lock, 0: none
 * @sent: how many characters went to the UART, over and over
 * @input: input is on: console_start() has been called
 * @blocked: the partition in focus has no room, and the UART's receive interrupt is off, since time @blocked_at
 * @poll: what console_needs_poll() answers
 * @prompt: the line on which the user types a command
 */
static struct {
	struct spinlock lock;
	uintptr_t holder;
	u32 sent;
	struct console_uart uart;
	struct console_screen screen;
	struct console_tty *tty[CONFIG_MAX_VMS];
	u32 ttys; /* one more than the highest number of a partition that has joined */
	struct console_tty *focus;
	struct console_keys keys;
	struct console_line prompt;
	bool input;
	bool blocked;
	bool poll;
	u64 blocked_at;
} console = {
	.uart = { .name = "SBI console",
		  .putc = console_firmware_putc,
		  .getc = console_firmware_getc },
	.screen = { .emit = console_emit },
};

static void console_emit(u8 c)
{
	console.sent++;
	console.uart.putc(console.uart.opaque, c);
}

/* --- the lock ---------------------------------------------------------------------------------------------------- */

/*
 * Not spin_lock(): who waits here may stand in a page-table walk (M4), or be serving another hart's request already, so
 * it must not serve requests. It need not, as the holder waits for nobody. And not in turn: where harts are threads of
 * an emulator, the one whose turn it is may not run, and all would wait for it at every line.
 */
static void console_lock(struct spinlock *l)
{
	while (!spin_trylock(l))
		hart_pause();
}

/* Return: false when this hart holds the console's lock already: what is said while it does is said at once. */
static bool console_enter(void)
{
	uintptr_t self = (uintptr_t)hart_this() | 1U; /* tp is 0 early in the boot */

	if (atomic_read(&console.holder) == self)
		return false;
	console_lock(&console.lock);
	atomic_set(&console.holder, self);
	return true;
}

static void console_leave(bool entered)
{
	if (!entered)
		return;
	atomic_set(&console.holder, (uintptr_t)0);
	spin_unlock(&console.lock);
}

/* --- what the hypervisor says ------------------------------------------------------------------------------------ */

static void console_say_text(const char *text, size_t len)
{
	const char *end;

	while ((end = memchr(text, '\n', len)) != NULL) {
		console_lines_say(&console.screen, CONSOLE_SELF, text, (size_t)(end - text));
		len -= (size_t)(end - text) + 1U;
		text = end + 1;
	}
	console_lines_say(&console.screen, CONSOLE_SELF, text, len);
}

static void console_vsay(const char *fmt, va_list ap)
{
	char text[CONFIG_CONSOLE_LINE];
	size_t len = str_format(text, sizeof(text), fmt, ap);
	bool entered = console_enter();

	console_say_text(text, MIN(len, sizeof(text) - 1U));
	console_leave(entered);
}

/* Return: true when the line is to be said; steps over the level before its format. */
static bool console_wants(const char **fmt)
{
	u32 level = (u8)(*fmt)[0];

	if (level == 0U || level > (u32)PRINTK_DEBUG[0])
		return true;
	(*fmt)++;
	return level <= boot_log_level();
}

void printk(const char *fmt, ...)
{
	va_list ap;

	if (!console_wants(&fmt))
		return;
	va_start(ap, fmt);
	console_vsay(fmt, ap);
	va_end(ap);
}

/* --- partitions -------------------------------------------------------------------------------------------------- */

static const char *console_state_name(struct console_tty *t)
{
	static const char *const names[] = {
		[CLEAVE_VM_EMPTY] = "empty",	 [CLEAVE_VM_STOPPED] = "stopped",
		[CLEAVE_VM_RUNNING] = "running", [CLEAVE_VM_PAUSED] = "paused",
		[CLEAVE_VM_FAULTED] = "faulted",
	};
	u32 state = console_tty_state(t);

	return state < ARRAY_SIZE(names) ? names[state] : "?";
}

/* Will the partition ever read what is typed now? */
static bool console_listens(struct console_tty *t)
{
	u32 state = console_tty_state(t);

	return state == (u32)CLEAVE_VM_RUNNING || state == (u32)CLEAVE_VM_PAUSED;
}

static const char *console_tty_name(u32 i)
{
	return console.tty[i] == NULL ? NULL : console.tty[i]->line.name;
}

/* Can it take a key? */
static bool console_accepts(const struct console_tty *t)
{
	return !t->held && t->rx_count < CONFIG_CONSOLE_RX;
}

static void console_unblock(void)
{
	if (!console.blocked)
		return;
	console.blocked = false;
	atomic_set(&console.poll, console.uart.irq == 0U);
	if (console.uart.irq != 0U)
		console.uart.rx_enable(console.uart.opaque, true);
}

static void console_block(void)
{
	console.blocked = true;
	console.blocked_at = timer_now();
	atomic_set(&console.poll, true);
	if (console.uart.irq != 0U)
		console.uart.rx_enable(console.uart.opaque, false);
}

/* Bring what @t has gathered to its line; t->lock is held. Return: characters that this sent to the UART */
static u32 console_drain(struct console_tty *t)
{
	bool entered = console_enter();
	u32 sent = console.sent;

	for (u32 i = 0; i < t->staged; i++)
		console_lines_putc(&console.screen, &t->line, t->stage[i]);
	sent = console.sent - sent;
	console_leave(entered);
	t->staged = 0;
	return sent;
}

/* t->lock is held. Return: as console_drain(), 0 when there is more to gather */
static u32 console_gather(struct console_tty *t, u8 c)
{
	t->stage[t->staged++] = c;
	return c == '\n' || t->staged == CONSOLE_STAGE ? console_drain(t) : 0U;
}

/*
 * Output of the partition in focus is shown at once. Who has just got the focus is drained by who gave it: either that
 * drain finds what is gathered here, or, as it took t->lock before, this sees the new focus.
 */
static void console_show(struct console_tty *t)
{
	if (t->staged > 0U && atomic_read(&console.focus) == t)
		(void)console_drain(t);
}

void console_tty_putc(struct console_tty *t, u8 c)
{
	console_lock(&t->lock);
	(void)console_gather(t, c);
	console_show(t);
	spin_unlock(&t->lock);
}

u64 console_tty_write(struct console_tty *t, const u8 *s, u64 len)
{
	u32 sent = 0;
	u64 i;

	console_lock(&t->lock);
	for (i = 0; i < len && sent < CONSOLE_OUTPUT_STEP; i++)
		sent += console_gather(t, s[i]);
	console_show(t);
	spin_unlock(&t->lock);
	return i;
}

void console_tty_flush(struct console_tty *t)
{
	bool entered;

	console_lock(&t->lock);
	(void)console_drain(t);
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
	t->deaf = false;
	t->told = false;
	console_leave(entered);
}

/* The console's lock is held. */
static void console_set_focus(struct console_tty *t)
{
	atomic_set(&console.focus, t);
	t->told = false;
	console_unblock();
	printk("input goes to partition %u \"%s\" (%s); Ctrl-] ? explains", t->number, t->line.name,
	       console_state_name(t));
	console_lines_focus(&console.screen, &t->line);
}

/* The focus may have moved, and no lock is held: show what the partition that has it gathered before it had it. */
static void console_show_focus(void)
{
	struct console_tty *t = atomic_read(&console.focus);

	if (t == NULL)
		return;
	console_lock(&t->lock);
	console_show(t);
	spin_unlock(&t->lock);
}

/* --- state records ------------------------------------------------------------------------------------------------ */

u32 console_tty_save_line(struct console_tty *t, u8 *buf)
{
	bool entered;
	u32 n;

	console_lock(&t->lock);
	(void)console_drain(t);
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

	console_lock(&t->lock);
	(void)console_drain(t);
	entered = console_enter();
	n = console_lines_saved(&t->line);
	console_leave(entered);
	spin_unlock(&t->lock);
	return n;
}

void console_tty_drop_line(struct console_tty *t)
{
	bool entered;

	console_lock(&t->lock);
	t->staged = 0;
	entered = console_enter();
	console_lines_drop(&console.screen, &t->line);
	console_leave(entered);
	spin_unlock(&t->lock);
}

void console_tty_load_line(struct console_tty *t, const u8 *buf, u32 len)
{
	bool entered;

	console_lock(&t->lock);
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
	t->held = true;
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
	if (t == console.focus)
		console_unblock();
	console_leave(entered);
	return CLV_OK;
}

void console_tty_hold(struct console_tty *t, bool on)
{
	bool entered = console_enter();

	t->held = on;
	t->told = false;
	t->deaf = false;
	if (t == console.focus)
		console_unblock();
	console_leave(entered);
}

/* --- input ------------------------------------------------------------------------------------------------------- */

int console_tty_fetch(struct console_tty *t)
{
	bool entered = console_enter();
	int c = -1;

	if (t->rx_count > 0U) {
		c = t->rx[t->rx_head];
		t->rx_head = (t->rx_head + 1U) % CONFIG_CONSOLE_RX;
		t->rx_count--;
		t->deaf = false;
		if (t == console.focus)
			console_unblock();
	}
	console_leave(entered);
	return c;
}

/* Nobody will read this key: answer with the bell, and say why once. */
static void console_drop(struct console_tty *t)
{
	console_emit('\a');
	if (t == NULL || t->told)
		return;
	t->told = true;
	if (console_listens(t))
		printk("partition \"%s\" does not read its input: what is typed now is dropped; "
		       "Ctrl-] ? explains",
		       t->line.name);
	else
		printk("partition \"%s\" is %s: what is typed now is dropped; Ctrl-] ? explains",
		       t->line.name, console_state_name(t));
}

/* Return: the partition's bit when its UART has something to fetch now. */
static u64 console_deliver(u8 c)
{
	struct console_tty *t = console.focus;

	if (t == NULL || !console_listens(t) || !console_accepts(t)) {
		console_drop(t);
		return 0;
	}
	t->rx[(t->rx_head + t->rx_count) % CONFIG_CONSOLE_RX] = c;
	t->rx_count++;
	return BIT64(t->number);
}

static void console_prompt_str(const char *s)
{
	for (; *s != '\0'; s++)
		console_lines_putc(&console.screen, &console.prompt, (u8)*s);
}

static void console_prompt_begin(void)
{
	console_lines_init(&console.prompt, CONSOLE_SELF);
	console_lines_focus(&console.screen, &console.prompt);
	console_prompt_str("input to partition (number or name, ? explains): ");
}

static void console_prompt_end(void)
{
	console_lines_focus(&console.screen, console.focus == NULL ? NULL : &console.focus->line);
}

static void console_select(void)
{
	s32 found = console_keys_find(console.keys.text, console.ttys, console_tty_name);

	if (found == CLV_ERR_EXISTS)
		printk("several partitions' names begin with \"%s\": type more of the name",
		       console.keys.text);
	else if (found < 0 || console.tty[found] == NULL)
		printk("there is no partition \"%s\"; Ctrl-] ? lists them", console.keys.text);
	else
		console_set_focus(console.tty[found]);
}

static void console_help(void)
{
	printk("Ctrl-] and a partition's number%s, or its name and Enter: input goes to that "
	       "partition",
	       console.ttys > 10U ? " and Enter" : "");
	printk("Ctrl-] twice: send one Ctrl-] to the partition; Ctrl-] ?: this list");
	for (u32 i = 0; i < console.ttys; i++) {
		struct console_tty *t = console.tty[i];

		if (t != NULL)
			printk("  %s %2u %-16s %s", t == console.focus ? "*" : " ", i, t->line.name,
			       console_state_name(t));
	}
}

/* Act on a key; the lock is held. Return: as console_deliver(). */
static u64 console_key(u8 c)
{
	switch (console_keys_feed(&console.keys, c, console.ttys)) {
	case CONSOLE_KEY_INPUT:
		console_prompt_end();
		return console_deliver(c);
	case CONSOLE_KEY_BEGIN:
		console_prompt_begin();
		break;
	case CONSOLE_KEY_MORE:
		console_lines_putc(&console.screen, &console.prompt, c);
		break;
	case CONSOLE_KEY_LESS:
		console_prompt_str("\b \b");
		break;
	case CONSOLE_KEY_IGNORE:
		console_emit('\a');
		break;
	case CONSOLE_KEY_CANCEL:
		console_prompt_end();
		break;
	case CONSOLE_KEY_HELP:
		console_prompt_end();
		console_help();
		break;
	case CONSOLE_KEY_SELECT:
		console_prompt_end();
		console_select();
		break;
	}
	return 0;
}

/* Return: true when the next key can be taken whatever it is; else the UART keeps it. */
static bool console_has_room(void)
{
	struct console_tty *t = console.focus;

	if (console.keys.command || t == NULL || t->deaf || !console_listens(t) ||
	    console_accepts(t))
		return true;
	if (!console.blocked) {
		console_block();
	} else if (timer_now() - console.blocked_at >= CONSOLE_DEAF_SEC * timer_frequency()) {
		t->deaf = true;
		return true;
	}
	return false;
}

/* Take keys from the UART. Return: bit set of partitions whose UARTs have something to fetch. */
static u64 console_fetch_keys(void)
{
	u64 touched = 0;

	for (u32 n = 0; n < CONSOLE_INPUT_STEP && console_has_room(); n++) {
		int c = console.uart.getc(console.uart.opaque);

		console_unblock();
		if (c < 0)
			break;
		touched |= console_key((u8)c);
	}
	return touched;
}

void console_input(void)
{
	u64 touched = 0;
	bool entered = console_enter();

	if (entered && console.input)
		touched = console_fetch_keys();
	console_leave(entered);
	console_show_focus();
	/* Without the lock: a UART raises an interrupt, which takes other locks. */
	for (u32 id = 0; touched != 0U; id++, touched >>= 1) {
		if ((touched & 1U) != 0U)
			console_tty_ready(console.tty[id]);
	}
}

bool console_needs_poll(void)
{
	return atomic_read(&console.poll);
}

/* --- start ------------------------------------------------------------------------------------------------------- */

void console_set_uart(const struct console_uart *uart)
{
	bool entered = console_enter();

	console.uart = *uart;
	console_leave(entered);
}

static void console_interrupt(void *opaque, u32 source)
{
	(void)opaque;
	(void)source;
	console_input();
	if (console_needs_poll())
		console_start_polling(); /* the interrupt is off now, until there is room */
}

/* What cleave.focus names, NULL when it is not given or wrong (which is said). */
static struct console_tty *console_wanted_focus(void)
{
	char text[CONSOLE_KEYS_MAX + 1U];
	size_t len;
	const char *value = boot_option("cleave.focus", &len);
	s32 found;

	if (value == NULL)
		return NULL;
	str_print(text, sizeof(text), "%.*s", (int)MIN(len, sizeof(text)), value);
	found = console_keys_find(text, console.ttys, console_tty_name);
	if (found >= 0 && console.tty[found] != NULL)
		return console.tty[found];
	printk("boot argument cleave.focus: there is no partition \"%s\"", text);
	return NULL;
}

static struct console_tty *console_first_focus(void)
{
	struct console_tty *first = NULL;

	for (u32 i = 0; i < console.ttys; i++) {
		struct console_tty *t = console.tty[i];

		if (t == NULL)
			continue;
		if (t->first_focus)
			return t;
		if (first == NULL)
			first = t;
	}
	return first;
}

void console_start(void)
{
	bool entered = console_enter();
	struct console_tty *t = console_wanted_focus();

	if (t == NULL)
		t = console_first_focus();
	if (t != NULL)
		console_set_focus(t);
	console.input = true;
	console_leave(entered);
	console_show_focus();

	if (console.uart.irq != 0U && irq_request(console.uart.irq, console_interrupt, NULL) != 0)
		console.uart.irq = 0; /* it said why; polled from now on */
	if (console.uart.irq != 0U)
		console.uart.rx_enable(console.uart.opaque, true);
	atomic_set(&console.poll, console.uart.irq == 0U);
}
