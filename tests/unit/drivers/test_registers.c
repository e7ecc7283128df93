/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register parts of the UART and PLIC drivers, on registers that are plain memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "drivers/plic.h"
#include "drivers/uart_8250.h"
#include "drivers/uart_sifive.h"

static void drives_8250s_of_all_layouts(void **state)
{
	static const struct {
		u8 shift, width;
	} t[] = { { 0, 1 }, { 2, 1 }, { 2, 4 } };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		_Alignas(4) u8 regs[256] = { 0 };
		struct uart_8250 u = { .regs = regs, .shift = t[i].shift, .width = t[i].width };
		u8 *lcr = &regs[3U << t[i].shift];
		u8 *lsr = &regs[5U << t[i].shift];
		u8 *ier = &regs[1U << t[i].shift];

		*lcr = 0x83;
		*ier = 0xff;
		uart_8250_init(&u);
		assert_int_equal(*lcr, 0x03);
		assert_int_equal(*ier, 0);
		assert_int_equal(regs[4U << t[i].shift], 0x0b);
		assert_int_equal(u.depth, 1); /* IIR reads back what was written to FCR: no FIFO */
		assert_int_equal(uart_8250_room(&u), 0);
		*lsr = 0x60;
		assert_int_equal(uart_8250_room(&u), 1);
		uart_8250_send(&u, (const u8 *)"wx", 2);
		assert_int_equal(regs[0], 'x');
		assert_int_equal(uart_8250_getc(&u), -1);
		*lsr = 0x61;
		regs[0] = 0xff;
		assert_int_equal(uart_8250_getc(&u), 0xff);
		uart_8250_enable(&u, true, false);
		assert_int_equal(*ier, 0x01);
		uart_8250_enable(&u, false, true);
		assert_int_equal(*ier, 0x02);
		uart_8250_enable(&u, false, false);
		assert_int_equal(*ier, 0x00);
		assert_int_equal(regs[4U << t[i].shift], 0x09); /* RTS asks the sender to stop */
		uart_8250_enable(&u, true, true);
		assert_int_equal(*ier, 0x03);
		assert_int_equal(regs[4U << t[i].shift], 0x0b);
	}
}

/* An 8250 with a FIFO takes all of it when it is empty, and nothing until it is empty again. */
static void fills_the_fifo_of_an_8250(void **state)
{
	u8 regs[8] = { 0 };
	struct uart_8250 u = { .regs = regs, .width = 1, .depth = 16 };

	(void)state;
	assert_int_equal(uart_8250_room(&u), 0);
	regs[5] = 0x20;
	assert_int_equal(uart_8250_room(&u), 16);
}

static void minds_what_variants_do_otherwise(void **state)
{
	_Alignas(4) u8 regs[128] = { 0 };
	struct uart_8250 u = { .regs = regs, .shift = 2, .width = 4, .variant = UART_8250_XSCALE };

	(void)state;
	uart_8250_init(&u);
	assert_int_equal(regs[4], 0x40);
	uart_8250_enable(&u, true, true);
	assert_int_equal(regs[4], 0x53);
	u.variant = UART_8250_DW;
	uart_8250_enable(&u, true, false);
	assert_int_equal(regs[4], 0x01);
	regs[8] = 0x07; /* "busy": the status register at 0x7c is read, and nothing was received */
	regs[20] = 0x60;
	assert_int_equal(uart_8250_getc(&u), -1);
}

static void drives_sifive_uarts(void **state)
{
	u32 regs[8] = { 0x80000000, 0x80000041, 0x70000, 0, 3, 0, 0, 0 };
	struct uart_sifive u = { .regs = regs };

	(void)state;
	uart_sifive_init(&u);
	assert_int_equal(regs[2], 0x10001); /* it interrupts when it is empty */
	assert_int_equal(regs[3], 1);
	assert_int_equal(regs[4], 0);
	assert_int_equal(uart_sifive_room(&u), 0);
	regs[0] = 0;
	assert_int_equal(uart_sifive_room(&u), 1);
	uart_sifive_send(&u, (const u8 *)"wx", 2);
	assert_int_equal(regs[0], 'x');
	assert_int_equal(uart_sifive_getc(&u), -1);
	regs[1] = 0x41;
	assert_int_equal(uart_sifive_getc(&u), 0x41);
	uart_sifive_enable(&u, true, false);
	assert_int_equal(regs[4], 2);
	uart_sifive_enable(&u, true, true);
	assert_int_equal(regs[4], 3);
}

static void drives_a_plic(void **state)
{
	static u32 regs[0x204000 / 4];
	struct plic p = { .regs = regs, .sources = 95, .context = { 1, 3 } };
	u32 *enable = &regs[(0x2000 + 3 * 0x80) / 4];
	u32 *context = &regs[(0x200000 + 3 * 0x1000) / 4];

	(void)state;
	assert_int_equal(plic_size(4), 0x204000);
	for (u32 i = 0; i < 4; i++)
		enable[i] = 0xffffffff;
	context[0] = 7;
	plic_quiet(&p, 3);
	for (u32 i = 0; i < 4; i++)
		assert_int_equal(enable[i], i < 3 ? 0 : 0xffffffff);
	plic_route(&p, 1, 10, true);
	plic_route(&p, 1, 95, true);
	plic_route(&p, 0, 10, true);
	assert_int_equal(enable[0], 1U << 10);
	assert_int_equal(enable[2], 1U << 31);
	/* The firmware has closed the context by its threshold when it started the hart. */
	assert_int_equal(context[0], 0);
	plic_route(&p, 1, 10, false);
	assert_int_equal(enable[0], 0);
	assert_int_equal(regs[(0x2000 + 0x80) / 4], 1U << 10);
	context[1] = 10;
	assert_int_equal(plic_claim(&p, 1), 10);
	plic_complete(&p, 1, 95);
	assert_int_equal(context[1], 95);
	plic_enable(&p, 95, true);
	assert_int_equal(regs[95], 1);
	/* Off is not by the enable bit: otherwise the completion that follows would be ignored. */
	plic_enable(&p, 95, false);
	assert_int_equal(regs[95], 0);
	assert_int_equal(enable[2], 1U << 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drives_8250s_of_all_layouts),
		cmocka_unit_test(fills_the_fifo_of_an_8250),
		cmocka_unit_test(minds_what_variants_do_otherwise),
		cmocka_unit_test(drives_sifive_uarts),
		cmocka_unit_test(drives_a_plic),
	};

	return cmocka_run_group_tests_name("registers", tests, NULL, NULL);
}
