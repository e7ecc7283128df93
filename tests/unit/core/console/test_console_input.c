/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console as a whole (console.c, console_input.c, console_tty.c, printk.c): which partition
 * gets what is typed, what becomes of input that a partition does not read, and who sends what to
 * the UART, and when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <abi/cleave.h>
#include "arch/riscv/firmware.h"
#include "arch/riscv/timer.h"
#include "core/console/console_internal.h"
#include "core/machine/boot_args.h"
#include "core/machine/irq.h"
#include "tests/unit/core/console/console_world.h"

/* The real printk(), and not the one of the tests, which knows no console. */
#include "core/console/printk.c"

#define IRQ    7U
#define SECOND CONSOLE_WORLD_HZ

enum {
	BOSS,
	LINUX,
	SPARE,
	PARTITIONS
};

static struct console_tty tty[PARTITIONS];

/* --- an interrupt controller with one source ------------------------------------------------- */

static void route(void *opaque, u32 hart, u32 number, bool on)
{
	(void)opaque;
	(void)hart;
	(void)number;
	(void)on;
}

static void enable(void *opaque, u32 number, bool on)
{
	(void)opaque;
	(void)number;
	(void)on;
}

static void complete(void *opaque, u32 hart, u32 number)
{
	(void)opaque;
	(void)hart;
	(void)number;
}

/* The source interrupts while the UART has something and its receive interrupt is on. */
static u32 claim(void *opaque, u32 hart)
{
	const struct console_world *w = opaque;

	(void)hart;
	return w->rx_on && w->typed_at < w->typed_len ? IRQ : 0U;
}

static const struct irq_controller controller = { .name = "test",
						  .opaque = &console_world,
						  .sources = 64,
						  .harts = 1,
						  .route = route,
						  .enable = enable,
						  .claim = claim,
						  .complete = complete };

/* --- partitions ------------------------------------------------------------------------------ */

/* Three partitions join and the console starts: a manager, a guest, and an empty slot. */
static void start(const char *focus)
{
	static const char *const names[] = { "boss", "linux", "spare" };

	console = (struct console){ .self = { .line = { .name = CONSOLE_SELF } },
				    .uart = console.uart };
	memset(&console_world, 0, sizeof(console_world));
	memset(tty, 0, sizeof(tty));
	strcpy(boot_args.focus, focus);
	for (u32 i = 0; i < PARTITIONS; i++) {
		console_world.state[i] = i == SPARE ? CLEAVE_VM_EMPTY : CLEAVE_VM_RUNNING;
		console_tty_open(&tty[i], i, names[i], i == LINUX);
	}
	console_start();
}

/* Each test has the console of this program, whose input was off before the first. */
static int polled(void **state)
{
	(void)state;
	console_world_uart(0);
	start("");
	(void)console_world_shown();
	return 0;
}

static int interrupted(void **state)
{
	(void)state;
	if (irq_controller(0) == NULL)
		assert_int_equal(irq_add_controller(&controller), 0);
	console_world_uart(IRQ);
	start("");
	if (console.uart.irq == 0U) { /* a test before this has requested it */
		console.uart.irq = IRQ;
		console.rx_on = false;
		console_rx_irq(true);
	}
	(void)console_world_shown();
	return 0;
}

static void type(const char *keys)
{
	console_world_type(keys);
	(void)console_serve();
}

/* A partition says all of it. */
static void write(struct console_tty *t, const char *text)
{
	assert_int_equal(console_tty_write(t, (const u8 *)text, strlen(text)), strlen(text));
}

static void assert_reads(struct console_tty *t, const char *want)
{
	char got[CONFIG_CONSOLE_RX + 1U];
	u32 n = 0;
	int c;

	while ((c = console_tty_fetch(t)) >= 0)
		got[n++] = (char)c;
	got[n] = '\0';
	assert_string_equal(got, want);
}

static void assert_shown(const char *text)
{
	const char *shown = console_world_shown();

	if (strstr(shown, text) == NULL)
		fail_msg("`%s` is not in `%s`", text, shown);
}

/* Fill @t's buffer to the last byte. */
static void fill(struct console_tty *t)
{
	for (u32 i = t->rx_count; i < CONFIG_CONSOLE_RX; i++)
		console_world_type("x");
	while (console_world.typed_at < console_world.typed_len)
		(void)console_serve();
	assert_int_equal(t->rx_count, CONFIG_CONSOLE_RX);
}

/* --- focus ----------------------------------------------------------------------------------- */

static void chooses_the_first_focus(void **state)
{
	(void)state;
	start("");
	assert_shown(
		"cleave| input goes to partition 1 \"linux\" (running); Ctrl-] ? explains\r\n");
	start("boss");
	assert_shown("cleave| input goes to partition 0 \"boss\" (running)");
	start("2");
	assert_shown("cleave| input goes to partition 2 \"spare\" (empty)");
	start("nobody");
	assert_shown("cleave| boot argument cleave.focus: there is no partition \"nobody\"");
	type("a");
	assert_reads(&tty[LINUX], "a");
}

static void gives_keys_to_the_focus_alone(void **state)
{
	(void)state;
	type("hello");
	assert_int_equal(console_world.ready[LINUX], 1);
	assert_int_equal(console_world.ready[BOSS], 0);
	assert_reads(&tty[BOSS], "");
	assert_reads(&tty[LINUX], "hello");
	assert_int_equal(console_tty_fetch(&tty[LINUX]), -1);
}

static void moves_the_focus_by_keys(void **state)
{
	(void)state;
	type("a\x1d"
	     "0b");
	assert_shown("cleave| input goes to partition 0 \"boss\" (running)");
	assert_reads(&tty[LINUX], "a");
	assert_reads(&tty[BOSS], "b");
	type("\x1dli\rc");
	assert_shown("cleave| input goes to partition 1 \"linux\"");
	assert_reads(&tty[LINUX], "c");
	type("\x1dx\r");
	assert_shown("cleave| there is no partition \"x\"; Ctrl-] ? lists them\r\n");
	type("\x1d?");
	assert_shown("cleave|   *  1 linux            running\r\n"
		     "cleave|      2 spare            empty\r\n");
	type("\x1d\x1d");
	assert_reads(&tty[LINUX], "\x1d");
}

/* What a partition gathered before it got the focus is shown when it gets it. */
static void shows_an_open_line_with_the_focus(void **state)
{
	(void)state;
	write(&tty[BOSS], "login: ");
	assert_string_equal(console_world_shown(), "");
	type("\x1d"
	     "0");
	assert_shown("boss| login: ");
	console_tty_putc(&tty[BOSS], 'x');
	assert_string_equal(console_world_shown(), "x");
	console_tty_flush(&tty[BOSS]);
	assert_string_equal(console_world_shown(), "\r\n");
}

/* --- input that is not read ------------------------------------------------------------------ */

static void drops_keys_of_a_partition_that_does_not_run(void **state)
{
	(void)state;
	console_world.state[LINUX] = CLEAVE_VM_STOPPED;
	type("abc");
	assert_string_equal(console_world_shown(),
			    "cleave| partition \"linux\" is stopped: what is typed now is "
			    "dropped; Ctrl-] ? explains\r\n\a");
	assert_reads(&tty[LINUX], "");
	console_world.state[LINUX] = CLEAVE_VM_PAUSED;
	type("d");
	assert_string_equal(console_world_shown(), "");
	assert_reads(&tty[LINUX], "d");
}

static void leaves_keys_in_the_uart_while_there_is_no_room(void **state)
{
	(void)state;
	fill(&tty[LINUX]);
	type("yz");
	assert_int_equal(console_world.typed_len - console_world.typed_at, 2);
	assert_int_equal(console_tty_fetch(&tty[LINUX]), 'x');
	(void)console_serve();
	assert_int_equal(console_world.typed_len - console_world.typed_at, 1);
	assert_int_equal(
		tty[LINUX].rx[(tty[LINUX].rx_head + CONFIG_CONSOLE_RX - 1U) % CONFIG_CONSOLE_RX],
		'y');
	assert_string_equal(console_world_shown(), "");
}

static void takes_a_partition_that_does_not_read_for_one_that_never_will(void **state)
{
	(void)state;
	fill(&tty[LINUX]);
	type("y");
	console_world.now += 2U * SECOND - 1U;
	(void)console_serve();
	assert_string_equal(console_world_shown(), "");
	console_world.now += 1U;
	(void)console_serve();
	assert_string_equal(console_world_shown(),
			    "cleave| partition \"linux\" does not read its input: what is typed "
			    "now is dropped; Ctrl-] ? explains\r\n\a");
	/* The user has the keyboard back. */
	type("z\x1d"
	     "0b");
	assert_reads(&tty[BOSS], "b");
	/* And the partition gets input again as soon as it reads. */
	assert_int_equal(console_tty_fetch(&tty[LINUX]), 'x');
	type("\x1d"
	     "1c");
	assert_int_equal(tty[LINUX].rx_count, CONFIG_CONSOLE_RX);
}

static void takes_no_input_while_it_is_a_state_record(void **state)
{
	u8 record[CONFIG_CONSOLE_RX];

	(void)state;
	type("abc");
	assert_int_equal(console_tty_input_bytes(&tty[LINUX]), 3);
	assert_int_equal(console_tty_save_input(&tty[LINUX], record), 3);
	assert_memory_equal(record, "abc", 3);
	type("d");
	assert_int_equal(console_tty_input_bytes(&tty[LINUX]), 3);
	assert_int_equal(console_tty_load_input(&tty[LINUX], (const u8 *)"xyz", 3), 0);
	console_tty_freeze_input(&tty[LINUX], false);
	(void)console_serve();
	assert_reads(&tty[LINUX], "xyzd");
}

/* --- polling and interrupts ------------------------------------------------------------------ */

static void is_polled_without_an_interrupt(void **state)
{
	(void)state;
	assert_int_equal(console_serve(), SECOND / 100U);
	assert_false(console_world.rx_on);
	fill(&tty[LINUX]);
	type("y");
	assert_int_equal(console_serve(), SECOND / 100U);
	console_world.now = 5;
	assert_int_equal(console_serve(), SECOND / 100U + 5U);
	printk("output that waits is looked at more often");
	assert_int_equal(console_serve(), SECOND / 500U + 5U);
	assert_shown("more often");
	assert_int_equal(console_serve(), SECOND / 100U + 5U);
}

static void switches_the_interrupt_off_until_there_is_room(void **state)
{
	(void)state;
	assert_int_equal(console_serve(), TIMER_NEVER);
	assert_true(console_world.rx_on);
	assert_false(console_world.tx_on);
	console_world_type("a");
	irq_handle(0);
	assert_reads(&tty[LINUX], "a");
	fill(&tty[LINUX]);
	console_world_type("y");
	irq_handle(0);
	assert_false(console_world.rx_on);
	assert_int_equal(console_world.serve_at, SECOND / 100U);
	assert_int_equal(console_tty_fetch(&tty[LINUX]), 'x');
	assert_true(console_world.rx_on);
	irq_handle(0);
	assert_int_equal(console_serve(), SECOND / 100U); /* it is full again */
	assert_int_equal(tty[LINUX].rx_count, CONFIG_CONSOLE_RX);
}

/* A hart whose window is about to end leaves the UART alone, which then must not interrupt. */
static void is_served_later_where_the_hart_must_go_on(void **state)
{
	(void)state;
	assert_int_equal(console_serve(), TIMER_NEVER);
	console_world.later = 77;
	console_world_type("a");
	printk("a line that waits");
	assert_true(console_world.tx_on);
	irq_handle(0);
	assert_int_equal(console_world.serve_at, 77);
	assert_int_equal(tty[LINUX].rx_count, 0);
	assert_int_equal(console_world.shown_len, 0);
	assert_false(console_world.rx_on || console_world.tx_on);
	printk("another, which switches nothing on");
	assert_false(console_world.rx_on || console_world.tx_on);
	console_world.later = 0;
	(void)console_serve();
	assert_true(console_world.rx_on);
	assert_shown("switches nothing on");
	assert_reads(&tty[LINUX], "a");
}

/* --- printk() -------------------------------------------------------------------------------- */

static void prints_lines_of_the_level_that_is_wanted(void **state)
{
	(void)state;
	boot_args.log = 1;
	printk("always");
	printk(PRINTK_WARNING "a warning of %u", 1U);
	printk(PRINTK_INFO "information");
	printk("two\nlines");
	assert_string_equal(console_world_shown(), "cleave| always\r\ncleave| a warning of 1\r\n"
						   "cleave| two\r\ncleave| lines\r\n");
}

/* An open line in focus is taken back for the hypervisor's, and shown again after it. */
static void prints_between_open_lines(void **state)
{
	(void)state;
	write(&tty[LINUX], "$ ");
	console_world_drain();
	printk("news");
	assert_string_equal(console_world_shown(), "linux| $ \r\033[Kcleave| news\r\nlinux| $ ");
}

/* --- rings and turns -------------------------------------------------------------------------- */

/* Say lines until no more are taken. Return: how many */
static u32 flood(struct console_tty *t, const char *line)
{
	size_t len = strlen(line);
	u32 n = 0;

	while (console_tty_write(t, (const u8 *)line, len) == len)
		n++;
	return n;
}

/* However much others have to say, who says a line waits for as much as a line of each of them. */
static void takes_a_line_of_each_by_turns(void **state)
{
	char text[CONFIG_CONSOLE_LINE + 1U];
	const char *shown, *at;
	u32 most = 0;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[CONFIG_CONSOLE_LINE - 1U] = '\n';
	text[CONFIG_CONSOLE_LINE] = '\0';
	assert_in_range(flood(&tty[LINUX], "one of many lines\n"), 50, CONFIG_CONSOLE_RING);
	flood(&tty[SPARE], &text[256]);
	flood(&tty[SPARE], text);
	(void)console_serve();
	write(&tty[BOSS], "now\n");
	printk("me too");
	/* A line is on its way, then comes one of each, in rows with prefixes, and what it adds. */
	most = 24U + 2U * 24U + (CONFIG_CONSOLE_LINE + 8U * 11U) + 32U;
	shown = console_world_shown();
	at = strstr(shown, "boss| now\r\n");
	assert_non_null(at);
	assert_in_range(at - shown, 0, most);
	at = strstr(shown, "cleave| me too\r\n");
	assert_in_range(at - shown, 0, most);
}

/* As long as nobody floods, lines come in the order in which they were said, whoever said them. */
static void shows_lines_in_their_order(void **state)
{
	static struct console_tty *const who[] = { &tty[SPARE], &tty[BOSS], &tty[LINUX] };
	const char *shown;
	char text[16];

	(void)state;
	for (u32 n = 0; n < 24U; n++) {
		snprintf(text, sizeof(text), "number %u\n", n);
		if (n % 4U == 3U)
			printk("number %u", n);
		else
			write(who[n * 7U % 3U], text);
	}
	shown = console_world_shown();
	for (u32 n = 0; n < 24U; n++) {
		snprintf(text, sizeof(text), "| number %u\r\n", n);
		shown = strstr(shown, text);
		assert_non_null(shown);
	}
}

/* Who types sees it soon, whoever floods. */
static void shows_an_echo_beside_a_flood(void **state)
{
	const char *shown, *at;

	(void)state;
	flood(&tty[BOSS], "one of many lines\n");
	flood(&tty[SPARE], "one of many lines\n");
	(void)console_serve();
	write(&tty[LINUX], "e");
	shown = console_world_shown();
	at = strstr(shown, "linux| e");
	assert_non_null(at);
	assert_in_range(at - shown, 0, 256 + 80);
}

static void sends_a_fifo_at_most(void **state)
{
	u32 before = 0;

	(void)state;
	flood(&tty[LINUX], "x\n");
	flood(&tty[BOSS], "a line that is longer than a FIFO is\n");
	for (u32 i = 0; i < 200; i++) {
		(void)console_serve();
		assert_in_range(console_world.shown_len - before, 1, CONSOLE_WORLD_FIFO);
		before = console_world.shown_len;
	}
	(void)console_world_shown();
}

/* Who prints sends nothing and asks the UART nothing; it switches its interrupt on, once. */
static void leaves_the_sending_to_others(void **state)
{
	const char *shown;

	(void)state;
	console_world_drain();
	console_world.looks = 0;
	assert_false(console_world.tx_on);
	printk("a line");
	assert_true(console_world.tx_on);
	write(&tty[LINUX], "another\n");
	console_tty_flush(&tty[LINUX]);
	assert_int_equal(console_world.looks, 0);
	assert_int_equal(console_world.shown_len, 0);
	shown = console_world_shown();
	assert_non_null(strstr(shown, "linux| another\r\n"));
	assert_non_null(strstr(shown, "cleave| a line\r\n"));
	assert_false(console_world.tx_on);
}

/* A UART that takes everything at once must not keep its hart for the console. */
static void does_not_ask_a_fast_uart_all_the_time(void **state)
{
	u64 pace = SECOND / 2500U;

	(void)state;
	flood(&tty[LINUX], "a line that is longer than a FIFO is\n");
	console_world.now = SECOND;
	for (u32 round = 0; round < 2U; round++) {
		for (u32 fifo = 0; fifo < 3U; fifo++) {
			assert_int_equal(console_serve(), 3U * SECOND);
			assert_true(console_world.tx_on);
		}
		assert_int_equal(console_serve(), console_world.now + pace);
		assert_false(console_world.tx_on);
		console_world.now += pace;
	}
	(void)console_world_shown();
}

/* A ring that is full holds its partition's UART, and no other, and nothing is lost. */
static void slows_a_partition_that_prints_too_much(void **state)
{
	const char *shown;
	u32 n = 0, seen = 0;

	(void)state;
	(void)flood(&tty[LINUX], "x\n");
	assert_true(console_tty_full(&tty[LINUX]));
	assert_int_equal(console_tty_write(&tty[LINUX], (const u8 *)"y", 1), 0);
	assert_false(console_tty_full(&tty[BOSS]));
	(void)console_world_shown();
	assert_int_equal(console_world.sent[LINUX], 1);
	assert_false(console_tty_full(&tty[LINUX]));
	while (console_tty_putc(&tty[LINUX], '\n'))
		n++;
	for (u32 i = 0; i < 16U; i++) /* what a driver may send that has seen it empty before */
		(void)console_tty_putc(&tty[LINUX], '\n');
	for (shown = console_world_shown(); (shown = strstr(shown, "linux| \r\n")) != NULL; shown++)
		seen++;
	assert_int_equal(seen, n + 1U + 16U);
}

/* Each byte makes work, some much: one call does not take them all. */
static void bounds_the_work_of_a_write(void **state)
{
	char text[CONFIG_CONSOLE_LINE + 1U];
	u8 back[256];

	(void)state;
	memset(text, 'x', sizeof(text) - 1U);
	text[sizeof(text) - 1U] = '\0';
	for (u32 i = 0; i < 2U; i++)
		write(&tty[LINUX], &text[CONFIG_CONSOLE_LINE / 2U]);
	memset(back, '\b', sizeof(back));
	assert_in_range(console_tty_write(&tty[LINUX], back, sizeof(back)), 1, 16);
}

/* What is printed about a partition comes after what it has said, and before what it says then. */
static void keeps_the_order_of_cause_and_report(void **state)
{
	(void)state;
	flood(&tty[LINUX], "x\n");
	console_world.current = &tty[LINUX];
	printk("linux did it");
	console_world.current = NULL;
	console_tty_say(&tty[LINUX], "and more");
	write(&tty[BOSS], "meanwhile\n");
	console_tty_flush(&tty[LINUX]);
	assert_shown("linux| x\r\ncleave| linux did it\r\ncleave| and more\r\n");
}

static void counts_lines_that_do_not_fit(void **state)
{
	u32 n = 0;

	(void)state;
	console_world.deaf = true;
	while (atomic_read(&console.lost) < 3U && n < CONFIG_CONSOLE_RING) {
		printk("a line of the hypervisor, number %u", n);
		n++;
	}
	assert_in_range(n, CONFIG_CONSOLE_RING / 64U, CONFIG_CONSOLE_RING / 32U);
	console_world.deaf = false;
	assert_shown("cleave| 3 lines of the hypervisor did not fit here: they are lost\r\n");
	assert_int_equal(console.lost, 0);
}

/* A UART that takes nothing costs lines, and no partition its life. */
static void loses_lines_of_a_deaf_uart(void **state)
{
	u32 n;

	(void)state;
	console_world.deaf = true;
	flood(&tty[LINUX], "x\n");
	for (n = 0; n < 1000U; n++) {
		console_world.now += SECOND / 1000U;
		(void)console_serve();
		assert_true(console_tty_full(&tty[LINUX]));
	}
	for (; n < 4000U && console_tty_full(&tty[LINUX]); n++) {
		console_world.now += SECOND / 1000U;
		(void)console_serve();
	}
	assert_false(console_tty_full(&tty[LINUX]));
	console_world.deaf = false;
	(void)console_serve();
	write(&tty[BOSS], "here again\n");
	assert_shown("boss| here again\r\n");
}

/* The lines of a partition are shown where it said them, whatever becomes of it, and once. */
static void keeps_lines_that_have_ended(void **state)
{
	u8 record[CONSOLE_SAVE_MAX];
	const char *shown;
	u32 n;

	(void)state;
	write(&tty[BOSS], "whole\nhalf");
	n = console_tty_save_line(&tty[BOSS], record);
	assert_int_equal(n, 4);
	assert_memory_equal(record, "half", 4);
	console_tty_drop_line(&tty[BOSS]);
	console_tty_load_line(&tty[SPARE], record, n);
	write(&tty[SPARE], " and half\n");
	shown = console_world_shown();
	assert_int_equal(strlen(shown), strlen("boss| whole\r\nspare| half and half\r\n"));
	assert_non_null(strstr(shown, "boss| whole\r\n"));
	assert_non_null(strstr(shown, "spare| half and half\r\n"));
}

/* When the machine ends, all that waits is sent first, and nobody can add to it. */
static void sends_all_at_the_end(void **state)
{
	(void)state;
	flood(&tty[LINUX], "x\n");
	write(&tty[BOSS], "unfinished");
	console_tty_flush(&tty[BOSS]);
	console_spin(&tty[SPARE].out.lock); /* the hart that has trapped held it */
	firmware_flush_console();
	assert_int_equal(console.screen.ready_at, console.screen.ready_len);
	assert_non_null(strstr(console_world.shown, "boss| unfinished\r\n"));
	assert_int_equal(console_tty_write(&tty[LINUX], (const u8 *)"x", 1), 0);
	(void)console_tty_putc(&tty[LINUX], '\n');
	console_world.shown_len = 0;
	printk("the last line");
	assert_string_equal(console_world.shown, "cleave| the last line\r\n");
	spin_unlock(&tty[SPARE].out.lock);
	console_world.deaf = true;
	console_world.looks = 0;
	printk("nobody hears it");
	printk("nor this");
	assert_in_range(console_world.looks, 1000, 2000000);
	console_world.deaf = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(chooses_the_first_focus, polled),
		cmocka_unit_test_setup(gives_keys_to_the_focus_alone, polled),
		cmocka_unit_test_setup(moves_the_focus_by_keys, polled),
		cmocka_unit_test_setup(shows_an_open_line_with_the_focus, polled),
		cmocka_unit_test_setup(drops_keys_of_a_partition_that_does_not_run, polled),
		cmocka_unit_test_setup(leaves_keys_in_the_uart_while_there_is_no_room, polled),
		cmocka_unit_test_setup(takes_a_partition_that_does_not_read_for_one_that_never_will,
				       polled),
		cmocka_unit_test_setup(takes_no_input_while_it_is_a_state_record, polled),
		cmocka_unit_test_setup(is_polled_without_an_interrupt, polled),
		cmocka_unit_test_setup(switches_the_interrupt_off_until_there_is_room, interrupted),
		cmocka_unit_test_setup(is_served_later_where_the_hart_must_go_on, interrupted),
		cmocka_unit_test_setup(prints_lines_of_the_level_that_is_wanted, polled),
		cmocka_unit_test_setup(prints_between_open_lines, polled),
		cmocka_unit_test_setup(takes_a_line_of_each_by_turns, interrupted),
		cmocka_unit_test_setup(shows_lines_in_their_order, interrupted),
		cmocka_unit_test_setup(shows_an_echo_beside_a_flood, interrupted),
		cmocka_unit_test_setup(sends_a_fifo_at_most, interrupted),
		cmocka_unit_test_setup(leaves_the_sending_to_others, interrupted),
		cmocka_unit_test_setup(does_not_ask_a_fast_uart_all_the_time, interrupted),
		cmocka_unit_test_setup(slows_a_partition_that_prints_too_much, interrupted),
		cmocka_unit_test_setup(bounds_the_work_of_a_write, interrupted),
		cmocka_unit_test_setup(keeps_the_order_of_cause_and_report, interrupted),
		cmocka_unit_test_setup(counts_lines_that_do_not_fit, interrupted),
		cmocka_unit_test_setup(loses_lines_of_a_deaf_uart, interrupted),
		cmocka_unit_test_setup(keeps_lines_that_have_ended, interrupted),
		cmocka_unit_test_setup(sends_all_at_the_end, interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
