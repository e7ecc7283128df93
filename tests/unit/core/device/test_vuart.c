/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated ns16550a (core/device/vuart.c): what drivers probe for, transmit and receive
 * interrupts, loopback, and accesses of a guest that means harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/device/vuart.h"

/* Registers and bits as the PC16550D data sheet has them */
#define RBR 0U
#define THR 0U
#define DLL 0U
#define IER 1U
#define DLM 1U
#define IIR 2U
#define FCR 2U
#define LCR 3U
#define MCR 4U
#define LSR 5U
#define MSR 6U
#define SCR 7U

static struct vuart uart;
static char out[4096];
static size_t out_len;
static size_t full_at; /* the console is full when it has got so many characters */
static bool full;
static const char *in; /* what waits in the console */
static bool line;
static unsigned int edges; /* changes of the line */

void spin_relax(void)
{
	fail_msg("the UART's lock is held");
}

bool vuart_output(struct vuart *u, u8 c)
{
	assert_int_not_equal(u->lock.next, u->lock.owner); /* the contract: with the lock */
	out[out_len++ % sizeof(out)] = (char)c;
	full = full || out_len >= full_at;
	return !full;
}

bool vuart_output_full(struct vuart *u)
{
	(void)u;
	return full;
}

void vuart_irq(struct vuart *u, bool level)
{
	assert_int_not_equal(u->lock.next, u->lock.owner); /* the contract: with it */
	assert_int_not_equal(level, line);
	line = level;
	edges++;
}

int vuart_fetch(struct vuart *u)
{
	(void)u;
	return *in == '\0' ? -1 : *in++;
}

static u8 rd(u64 reg)
{
	return (u8)vuart_read(&uart, 0, reg, 1);
}

static void wr(u64 reg, u64 value)
{
	vuart_write(&uart, 0, reg, 1, value);
}

static void type(const char *s)
{
	in = s;
	vuart_refill(&uart);
}

static int setup(void **state)
{
	(void)state;
	memset(&uart, 0, sizeof(uart));
	out_len = 0;
	full_at = SIZE_MAX;
	full = false;
	in = "";
	line = false;
	edges = 0;
	vuart_reset(&uart);
	return 0;
}

static void is_found_to_be_a_16550a(void **state)
{
	(void)state;
	/*
	 * What 8250 drivers do: IER keeps four bits, SCR all, FCR shows in IIR, and neither EFR nor
	 * a 64-byte FIFO is there.
	 */
	wr(IER, 0xff);
	assert_int_equal(rd(IER), 0x0f);
	wr(IER, 0);
	assert_int_equal(rd(IER), 0);
	wr(SCR, 0xa5);
	assert_int_equal(rd(SCR), 0xa5);
	assert_int_equal(rd(IIR), 0x01);
	wr(FCR, 0x01);
	assert_int_equal(rd(IIR), 0xc1);
	wr(LCR, 0xbf);
	assert_int_not_equal(rd(2), 0);
	wr(LCR, 0x80);
	wr(FCR, 0x21);
	assert_int_equal(rd(IIR) & 0x20, 0);
	wr(LCR, 0);
	wr(FCR, 0);
	assert_int_equal(rd(IIR), 0x01);
	assert_int_equal(rd(LSR), 0x60);
	assert_int_equal(rd(MSR) & 0xf0, 0xb0);
}

static void keeps_the_divisor_behind_dlab(void **state)
{
	(void)state;
	wr(LCR, 0x83);
	wr(DLL, 0x12);
	wr(DLM, 0x34);
	assert_int_equal(rd(DLL), 0x12);
	assert_int_equal(rd(DLM), 0x34);
	wr(LCR, 0x03);
	assert_int_equal(rd(LCR), 0x03);
	assert_int_equal(rd(IER), 0);
	assert_int_equal(rd(RBR), 0);
	assert_int_equal(out_len, 0);
	wr(LCR, 0x83);
	assert_int_equal(rd(DLL), 0x12);
}

static void sends_every_character(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 256; i++)
		wr(THR, i);
	assert_int_equal(out_len, 256);
	for (unsigned int i = 0; i < 256; i++)
		assert_int_equal((u8)out[i], i);
	assert_int_equal(rd(LSR), 0x60);
	assert_false(line);
}

static void interrupts_when_the_transmitter_is_empty(void **state)
{
	(void)state;
	wr(IER, 0x02);
	assert_true(line); /* empty already */
	assert_int_equal(rd(IIR), 0x02);
	assert_false(line); /* reading IIR acknowledges */
	assert_int_equal(rd(IIR), 0x01);
	wr(THR, 'x');
	assert_true(line); /* empty again */
	wr(IER, 0);
	assert_false(line);
	wr(IER, 0x02);
	assert_true(line); /* enabling it asks again: drivers test for this */
	wr(IER, 0x02);
	assert_int_equal(rd(IIR), 0x02);
	wr(IER, 0x02);
	assert_false(line); /* enabling what is enabled does not */
}

/* A full console keeps the transmitter full, as a slow line does, until it has room. */
static void waits_while_the_console_is_full(void **state)
{
	struct cleave_state_uart r;

	(void)state;
	full_at = 2;
	wr(IER, 0x02);
	(void)rd(IIR);
	wr(THR, 'a');
	assert_true(line);
	assert_int_equal(rd(LSR), 0x60);
	wr(THR, 'b');
	assert_false(line);
	assert_int_equal(rd(LSR), 0);
	assert_int_equal(rd(IIR), 0x01);
	wr(IER, 0);
	wr(IER, 0x02); /* what begins to send when there is room must not begin now */
	assert_false(line);
	wr(MCR, 0x10); /* in loopback nothing goes to the console */
	assert_int_equal(rd(LSR), 0x60);
	wr(MCR, 0);
	vuart_save(&uart, &r); /* it moves to a machine whose console is not full */
	assert_int_equal(r.flags & CLEAVE_STATE_UART_THRE, CLEAVE_STATE_UART_THRE);
	full = false;
	full_at = SIZE_MAX;
	vuart_sent(&uart);
	assert_true(line);
	assert_int_equal(rd(LSR), 0x60);
	assert_int_equal(rd(IIR), 0x02);
	assert_int_equal(out_len, 2);
}

static void interrupts_when_it_has_received(void **state)
{
	(void)state;
	wr(FCR, 0x81); /* trigger at 8 */
	wr(IER, 0x01);
	type("abc");
	assert_true(line);
	assert_int_equal(rd(IIR), 0xcc); /* fewer than the trigger level: timeout */
	assert_int_equal(rd(LSR), 0x61);
	type("defgh");
	assert_int_equal(rd(IIR), 0xc4);
	for (const char *p = "abcdefgh"; *p != '\0'; p++) {
		assert_true(line);
		assert_int_equal(rd(RBR), *p);
	}
	assert_false(line);
	assert_int_equal(rd(LSR), 0x60);
	assert_int_equal(rd(RBR), 0);
}

static void leaves_what_does_not_fit_where_it_is(void **state)
{
	const char text[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	(void)state;
	wr(FCR, 0x01);
	type(text);
	assert_int_equal(in - text, VUART_FIFO_SIZE);
	for (const char *p = text; *p != '\0'; p++) {
		assert_int_equal(rd(LSR) & 0x01, 0x01);
		assert_int_equal(rd(RBR), *p);
	}
	assert_int_equal(rd(LSR), 0x60);
	assert_int_equal(*in, '\0');
}

static void empties_the_fifo_when_told(void **state)
{
	(void)state;
	wr(FCR, 0x01);
	type("lost");
	wr(FCR, 0x07);
	assert_int_equal(rd(LSR), 0x60);
	type("more");
	wr(FCR, 0x00); /* switching it off empties it too */
	assert_int_equal(rd(LSR), 0x60);
	/* Reset bits without the enable bit empty the one register that the receiver has then. */
	wr(FCR, 0x06);
	type("x");
	assert_int_equal(rd(RBR), 'x');
}

static void orders_interrupts_by_priority(void **state)
{
	(void)state;
	wr(IER, 0x0f);
	wr(MCR,
	   0x10 | 0x02); /* loopback with RTS: DSR and DCD drop, and what is sent is received */
	for (unsigned int i = 0; i <= VUART_FIFO_SIZE; i++)
		wr(THR, i);
	assert_int_equal(out_len, 0);
	assert_int_equal(rd(IIR), 0x06); /* overrun */
	assert_int_equal(rd(LSR), 0x63);
	assert_int_equal(rd(IIR), 0x04); /* data */
	for (unsigned int i = 0; i < VUART_FIFO_SIZE; i++)
		assert_int_equal(rd(RBR), i);
	assert_int_equal(rd(IIR), 0x02); /* transmitter */
	assert_int_equal(rd(IIR), 0x00); /* modem status */
	assert_true(line);
	assert_int_equal(rd(MSR), 0x10 | 0x0a);
	assert_int_equal(rd(IIR), 0x01);
	assert_false(line);
}

static void loops_its_modem_lines_back(void **state)
{
	/* MCR bit of an output, MSR bit of the input that it is looped to */
	static const struct {
		u8 mcr, msr;
	} pairs[] = { { 0x01, 0x20 }, { 0x02, 0x10 }, { 0x04, 0x40 }, { 0x08, 0x80 } };

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		wr(MCR, 0x10 | pairs[i].mcr);
		assert_int_equal(rd(MSR) & 0xf0, pairs[i].msr);
	}
	wr(MCR, 0x1a); /* what Linux looks at */
	assert_int_equal(rd(MSR) & 0xf0, 0x90);
	wr(MCR, 0x14);
	(void)rd(MSR);
	wr(MCR, 0x10); /* RI ends */
	assert_int_equal(rd(MSR), 0x04);
	wr(MCR, 0xe0); /* bits that are not there */
	assert_int_equal(rd(MCR), 0);
}

static void receives_nothing_from_outside_in_loopback(void **state)
{
	(void)state;
	wr(MCR, 0x10);
	type("later");
	assert_int_equal(rd(LSR), 0x60);
	wr(MCR, 0x00);
	assert_int_equal(rd(RBR), 'l');
}

static void is_read_past_its_registers(void **state)
{
	u8 buf[64];

	(void)state;
	wr(IER, 0x01);
	type("0123456789abcdefghijklmnopqrstuvwxyz");
	assert_true(line);
	assert_int_equal(vuart_take(&uart, buf, 4), 4);
	assert_memory_equal(buf, "0123", 4);
	assert_int_equal(rd(RBR), '4');
	assert_int_equal(vuart_take(&uart, buf, sizeof(buf)), 31);
	assert_memory_equal(buf, "56789abcdefghijklmnopqrstuvwxyz", 31);
	assert_false(line);
	assert_int_equal(vuart_take(&uart, buf, sizeof(buf)), 0);
	in = "not announced";
	assert_int_equal(vuart_take(&uart, buf, 3), 3);
	assert_memory_equal(buf, "not", 3);
	wr(MCR, 0x10);
	assert_int_equal(vuart_take(&uart, buf, 4), 4);
	assert_memory_equal(buf, " ann", 4);
}

static void starts_again_after_reset(void **state)
{
	(void)state;
	wr(IER, 0x0f);
	wr(LCR, 0x83);
	wr(MCR, 0x1f);
	wr(SCR, 0x77);
	type("x");
	assert_true(line);
	vuart_reset(&uart);
	assert_false(line);
	assert_int_equal(rd(LCR), 0);
	assert_int_equal(rd(IER), 0);
	assert_int_equal(rd(MCR), 0);
	assert_int_equal(rd(SCR), 0);
	assert_int_equal(rd(LSR), 0x60);
	assert_int_equal(rd(IIR), 0x01);
}

static void takes_any_access(void **state)
{
	static const u8 sizes[] = { 1, 2, 4, 8 };
	size_t sent = 0;

	(void)state;
	srandom(1);
	in = "x";
	for (unsigned int i = 0; i < 1000000; i++) {
		u64 reg = i % 3 == 0 ? (u64)random() << 32 | (u64)random() : (u64)random() % 12;
		u64 value = (u64)random() << 32 | (u64)random();
		u8 size = sizes[(u64)random() % 4];

		if ((random() & 1) != 0) {
			bool goes_out = reg == THR && (uart.lcr & 0x80) == 0 &&
					(uart.mcr & 0x10) == 0;

			vuart_write(&uart, 7, reg, size, value);
			if (goes_out)
				sent++;
			assert_int_equal(out_len, sent);
		} else {
			u64 got = vuart_read(&uart, 7, reg, size);

			assert_true(got <= 0xff);
			if (reg > 7)
				assert_int_equal(got, 0);
		}
		if (*in == '\0')
			in = "y";
		assert_true(uart.rx_count <= VUART_FIFO_SIZE);
		/* The line says what IIR says. */
		if ((uart.lcr & 0x80) == 0 && i % 16 == 0) {
			bool level = line;

			assert_int_equal((rd(IIR) & 1) == 0, level);
		}
	}
	assert_true(edges > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(is_found_to_be_a_16550a, setup),
		cmocka_unit_test_setup(keeps_the_divisor_behind_dlab, setup),
		cmocka_unit_test_setup(sends_every_character, setup),
		cmocka_unit_test_setup(interrupts_when_the_transmitter_is_empty, setup),
		cmocka_unit_test_setup(waits_while_the_console_is_full, setup),
		cmocka_unit_test_setup(interrupts_when_it_has_received, setup),
		cmocka_unit_test_setup(leaves_what_does_not_fit_where_it_is, setup),
		cmocka_unit_test_setup(empties_the_fifo_when_told, setup),
		cmocka_unit_test_setup(orders_interrupts_by_priority, setup),
		cmocka_unit_test_setup(loops_its_modem_lines_back, setup),
		cmocka_unit_test_setup(receives_nothing_from_outside_in_loopback, setup),
		cmocka_unit_test_setup(is_read_past_its_registers, setup),
		cmocka_unit_test_setup(starts_again_after_reset, setup),
		cmocka_unit_test_setup(takes_any_access, setup),
	};

	return cmocka_run_group_tests_name("vuart", tests, NULL, NULL);
}
