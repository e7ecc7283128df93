/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keyboard: which partition gets what the user types.
 *
 * Characters come from the UART by interrupt or by polling. Each goes to the partition in focus,
 * unless it belongs to a command (console_keys.h). A partition without room leaves its input in the
 * UART, but it must never lock the user out: one that does not read loses its input instead.
 * Nothing here may call a partition's device with the lock held.
 */
#include <abi/cleave.h>
#include <cleave/errno.h>
#include <cleave/string.h>
#include "arch/riscv/timer.h"
#include "core/console/console_internal.h"
#include "core/console/console_keys.h"
#include "core/machine/boot_args.h"
#include "lib/text.h"
#include "lib/vm_state.h"

#define CONSOLE_FOCUS_LIST 256U /* bytes of the longest list of partitions that one line holds */
#define CONSOLE_INPUT_STEP 64U	/* characters that one console_input() fetches (M6) */
#define CONSOLE_INPUT_HZ   100U /* how often, where no interrupt tells of them */
/* A partition that has read nothing for so long, with a full buffer, does not read. */
#define CONSOLE_NOT_READING_SEC 2U

/*
 * All is guarded by the console's lock.
 * @keys: whether the user is typing a command, and what of it has come
 * @on: console_start() has been called
 * @blocked: the partition in focus has had no room since @blocked_at, and the UART's receive
 * interrupt is off
 */
static struct {
	struct console_keys keys;
	bool on;
	bool blocked;
	u64 blocked_at;
} console_input_keyboard;

static const char *console_input_state_name(struct console_tty *t)
{
	return vm_state_name(console_tty_state(t));
}

/* Will the partition ever read what is typed now? */
static bool console_input_listens(struct console_tty *t)
{
	u32 state = console_tty_state(t);

	return state == (u32)CLEAVE_VM_RUNNING || state == (u32)CLEAVE_VM_PAUSED;
}

/* Can the partition take a key now? */
static bool console_input_accepts(const struct console_tty *t)
{
	return !t->rx_frozen && t->rx_count < CONFIG_CONSOLE_RX;
}

static const char *console_input_name(u32 i)
{
	return console.tty[i] == NULL ? NULL : console.tty[i]->out.line.name;
}

/* --- listening to the UART -------------------------------------------------------------------- */

/* Leave what the user types in the UART, until there is room for it. The console's lock is held. */
static void console_input_block(void)
{
	spin_assert_held(&console.lock);
	console_input_keyboard.blocked = true;
	console_input_keyboard.blocked_at = timer_now();
	console_rx_irq(false);
}

static void console_input_unblock(void)
{
	spin_assert_held(&console.lock);
	if (!console_input_keyboard.blocked)
		return;
	console_input_keyboard.blocked = false;
	console_rx_irq(true);
}

void console_input_resume(const struct console_tty *t)
{
	spin_assert_held(&console.lock);
	if (t == console.focus)
		console_input_unblock();
}

/* --- focus ------------------------------------------------------------------------------------ */

/* The console's lock is held. */
static void console_input_set_focus(struct console_tty *t)
{
	spin_assert_held(&console.lock);
	console.focus = t;
	t->drop_reported = false;
	console_input_unblock();
	console_tty_say(NULL, "input goes to partition %u \"%s\" (%s); Ctrl-] ? explains",
			t->number, t->out.line.name, console_input_state_name(t));
	console_front(&t->out);
}

/* Report that cleave.focus names no partition, or several, and list the partitions. */
static void console_input_say_focus(const char *text, s32 why)
{
	const char *names[CONFIG_MAX_VMS] = { NULL };
	const char *near;
	char list[CONSOLE_FOCUS_LIST] = "";
	bool room = true;
	u32 n = 0;

	for (u32 i = 0; i < console.ttys; i++) {
		if (console.tty[i] == NULL)
			continue;
		names[n++] = console_input_name(i);
		room = room && text_list(list, sizeof(list), "%u \"%s\"", i, console_input_name(i));
	}
	near = why == CLV_ERR_EXISTS ? NULL : text_nearest(text, names, n);
	console_tty_say(NULL, "boot argument cleave.focus: %s \"%s\"%s%s%s; there are: %s",
			why == CLV_ERR_EXISTS ? "several partitions' names begin with"
					      : "there is no partition",
			text, near != NULL ? ", perhaps \"" : "", near != NULL ? near : "",
			near != NULL ? "\" was meant" : "", list);
}

/*
 * Return: the partition that cleave.focus names; NULL when there is no such argument, or when it is
 * wrong, which is said.
 */
static struct console_tty *console_input_wanted_focus(void)
{
	s32 found;

	if (boot_args.focus[0] == '\0')
		return NULL;
	found = console_keys_find(boot_args.focus, console.ttys, console_input_name);
	if (found >= 0 && console.tty[found] != NULL)
		return console.tty[found];
	console_input_say_focus(boot_args.focus, found);
	return NULL;
}

static struct console_tty *console_input_first_focus(void)
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

/* --- commands --------------------------------------------------------------------------------- */

/* The command is the hypervisor's open line, and in front while it is typed. */
static void console_input_prompt_str(const char *s)
{
	console_spin(&console.self.lock);
	for (; *s != '\0'; s++)
		console_lines_putc(&console.self, (u8)*s);
	spin_unlock(&console.self.lock);
	console_kick();
}

static void console_input_prompt_begin(void)
{
	console_input_prompt_str("input to partition (number or name, ? explains): ");
	console_front(&console.self);
}

static void console_input_prompt_end(void)
{
	console_spin(&console.self.lock);
	console_lines_drop(&console.self);
	spin_unlock(&console.self.lock);
	console_front(console.focus == NULL ? NULL : &console.focus->out);
}

static void console_input_select(void)
{
	const char *text = console_input_keyboard.keys.text;
	s32 found = console_keys_find(text, console.ttys, console_input_name);

	if (found == CLV_ERR_EXISTS)
		console_tty_say(
			NULL, "several partitions' names begin with \"%s\": type more of the name",
			text);
	else if (found < 0 || console.tty[found] == NULL)
		console_tty_say(NULL, "there is no partition \"%s\"; Ctrl-] ? lists them", text);
	else
		console_input_set_focus(console.tty[found]);
}

static void console_input_help(void)
{
	console_tty_say(
		NULL,
		"Ctrl-] and a partition's number%s, or its name and Enter: input goes to that "
		"partition",
		console.ttys > 10U ? " and Enter" : "");
	console_tty_say(NULL,
			"Ctrl-] twice: send one Ctrl-] to the partition; Ctrl-] ?: this list");
	for (u32 i = 0; i < console.ttys; i++) {
		struct console_tty *t = console.tty[i];

		if (t != NULL)
			console_tty_say(NULL, "  %s %2u %-16s %s", t == console.focus ? "*" : " ",
					i, t->out.line.name, console_input_state_name(t));
	}
}

/* --- keys ------------------------------------------------------------------------------------- */

static void console_input_bell(void)
{
	struct console_out *o = console.front;

	if (o == NULL)
		return;
	console_spin(&o->lock);
	o->bell = true;
	atomic_set(&o->news, 1U);
	spin_unlock(&o->lock);
	console_kick();
}

/* Nobody will read this key: answer with the bell, and say why, once. */
static void console_input_drop(struct console_tty *t)
{
	console_input_bell();
	if (t == NULL || t->drop_reported)
		return;
	t->drop_reported = true;
	if (console_input_listens(t))
		console_tty_say(
			NULL,
			"partition \"%s\" does not read its input: what is typed now is dropped; "
			"Ctrl-] ? explains",
			t->out.line.name);
	else
		console_tty_say(
			NULL,
			"partition \"%s\" is %s: what is typed now is dropped; Ctrl-] ? explains",
			t->out.line.name, console_input_state_name(t));
}

/* Return: the bit of the partition that got the key, by its number; 0 when none did */
static u64 console_input_deliver(u8 c)
{
	struct console_tty *t = console.focus;

	if (t == NULL || !console_input_listens(t) || !console_input_accepts(t)) {
		console_input_drop(t);
		return 0;
	}
	t->rx[(t->rx_head + t->rx_count) % CONFIG_CONSOLE_RX] = c;
	atomic_set(&t->rx_count, t->rx_count + 1U);
	return BIT64(t->number);
}

/* Act on a key; the console's lock is held. Return: as console_input_deliver() */
static u64 console_input_key(u8 c)
{
	spin_assert_held(&console.lock);
	switch (console_keys_feed(&console_input_keyboard.keys, c, console.ttys)) {
	case CONSOLE_KEY_INPUT:
		if (console.front == &console.self)
			console_input_prompt_end();
		return console_input_deliver(c);
	case CONSOLE_KEY_BEGIN:
		console_input_prompt_begin();
		break;
	case CONSOLE_KEY_MORE:
		console_input_prompt_str((const char[]){ (char)c, '\0' });
		break;
	case CONSOLE_KEY_LESS:
		console_input_prompt_str("\b \b");
		break;
	case CONSOLE_KEY_IGNORE:
		console_input_bell();
		break;
	case CONSOLE_KEY_CANCEL:
		console_input_prompt_end();
		break;
	case CONSOLE_KEY_HELP:
		console_input_prompt_end();
		console_input_help();
		break;
	case CONSOLE_KEY_SELECT:
		console_input_prompt_end();
		console_input_select();
		break;
	}
	return 0;
}

/*
 * Return: true when the next key can be taken, whatever it is; false when it has to stay in the
 * UART
 */
static bool console_input_has_room(void)
{
	struct console_tty *t = console.focus;

	if (console_input_keyboard.keys.command || t == NULL || t->not_reading ||
	    !console_input_listens(t) || console_input_accepts(t))
		return true;
	if (!console_input_keyboard.blocked) {
		console_input_block();
	} else if (timer_now() - console_input_keyboard.blocked_at >=
		   CONSOLE_NOT_READING_SEC * timer_frequency()) {
		t->not_reading = true;
		return true;
	}
	return false;
}

/* Take keys from the UART. Return: the partitions that got any, bit n for number n */
static u64 console_input_fetch(void)
{
	u64 touched = 0;

	for (u32 n = 0; n < CONSOLE_INPUT_STEP && console_input_has_room(); n++) {
		int c = console.uart.getc(console.uart.opaque);

		console_input_unblock();
		if (c < 0)
			break;
		touched |= console_input_key((u8)c);
	}
	return touched;
}

u64 console_input(u64 now)
{
	u64 touched = 0;
	bool poll;

	console_spin(&console.lock);
	if (console_input_keyboard.on)
		touched = console_input_fetch();
	poll = console.uart.irq == 0U || console_input_keyboard.blocked;
	spin_unlock(&console.lock);
	/* Without the lock: the partition's UART raises an interrupt, which takes other locks. */
	for (u32 i = 0; touched != 0U; i++, touched >>= 1) {
		if ((touched & 1U) != 0U)
			console_tty_ready(console.tty[i]);
	}
	return poll ? now + timer_frequency() / CONSOLE_INPUT_HZ : TIMER_NEVER;
}

/* --- start ------------------------------------------------------------------------------------ */

void console_start_input(void)
{
	struct console_tty *t;

	console_spin(&console.lock);
	t = console_input_wanted_focus();
	if (t == NULL)
		t = console_input_first_focus();
	if (t != NULL)
		console_input_set_focus(t);
	console_input_keyboard.on = true;
	spin_unlock(&console.lock);
}
