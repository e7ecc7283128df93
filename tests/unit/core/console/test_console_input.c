/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console as a whole (console.c, console_input.c, console_tty.c, printk.c): which partition
 * gets what is typed, and what becomes of input that a partition does not read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <abi/cleave.h>
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

	console = (struct console){ .screen = console.screen, .uart = console.uart };
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
	console.screen.shown = NULL;
	console.screen.focus = NULL;
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
	console.screen.shown = NULL;
	console.screen.focus = NULL;
	console_world_uart(IRQ);
	start("");
	(void)console_world_shown();
	return 0;
}

static void type(const char *keys)
{
	console_world_type(keys);
	console_input();
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
	console_input();
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
	assert_int_equal(console_tty_write(&tty[BOSS], (const u8 *)"login: ", 7), 7);
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
			    "\acleave| partition \"linux\" is stopped: what is typed now is "
			    "dropped; Ctrl-] ? explains\r\n\a\a");
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
	console_input();
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
	console_input();
	assert_string_equal(console_world_shown(), "");
	console_world.now += 1U;
	console_input();
	assert_string_equal(console_world_shown(),
			    "\acleave| partition \"linux\" does not read its input: what is typed "
			    "now is dropped; Ctrl-] ? explains\r\n");
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
	console_input();
	assert_reads(&tty[LINUX], "xyzd");
}

/* --- polling and interrupts ------------------------------------------------------------------ */

static void is_polled_without_an_interrupt(void **state)
{
	(void)state;
	assert_true(console_needs_poll());
	assert_false(console_world.rx_on);
	fill(&tty[LINUX]);
	type("y");
	assert_true(console_needs_poll());
	assert_int_equal(console_world.polls, 0);
}

static void switches_the_interrupt_off_until_there_is_room(void **state)
{
	(void)state;
	assert_false(console_needs_poll());
	assert_true(console_world.rx_on);
	console_world_type("a");
	irq_handle(0);
	assert_reads(&tty[LINUX], "a");
	fill(&tty[LINUX]);
	console_world_type("y");
	irq_handle(0);
	assert_false(console_world.rx_on);
	assert_true(console_needs_poll());
	assert_int_equal(console_world.polls, 1);
	assert_int_equal(console_tty_fetch(&tty[LINUX]), 'x');
	assert_true(console_world.rx_on);
	assert_false(console_needs_poll());
	irq_handle(0);
	assert_int_equal(tty[LINUX].rx_count, CONFIG_CONSOLE_RX);
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
	(void)console_tty_write(&tty[LINUX], (const u8 *)"$ ", 2);
	printk("news");
	assert_string_equal(console_world_shown(), "linux| $ \r\033[Kcleave| news\r\nlinux| $ ");
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
		cmocka_unit_test_setup(prints_lines_of_the_level_that_is_wanted, polled),
		cmocka_unit_test_setup(prints_between_open_lines, polled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
