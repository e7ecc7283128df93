/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a hart interrupts another one, and itself (arch/riscv/hart.c), and in which order
 * (tests/unit/order.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/order.h"

#include "arch/riscv/csr.h"
#undef csr_read
#undef csr_set
#undef csr_clear
#define csr_read(number)	(csr_note("read", number), csr_holds)
#define csr_set(number, bits)	(csr_note("set", number), (csr_bits = (bits)))
#define csr_clear(number, bits) (csr_note("clear", number), (csr_bits = (bits)))

static u64 csr_bits;  /* of the last that was set or cleared */
static u64 csr_holds; /* what is read */

static void csr_note(const char *what, u32 number)
{
	order_say(what, number == CSR_SIP ? "sip" : number == CSR_SIE ? "sie" : "another");
}

#include "arch/riscv/hart.c"

static struct hart harts[2] = { { .index = 0, .hartid = 40 }, { .index = 1, .hartid = 70 } };
static u64 interrupted;
static u32 watched;

struct hart *hart_this(void)
{
	return &harts[0];
}

struct hart *hart_get(u32 index)
{
	return &harts[index];
}

int firmware_send_ipi(u64 hartid)
{
	order_say("firmware", "");
	interrupted = hartid;
	return 0;
}

/* What is asked for is visible before the interrupt, whatever the caller has done for that. */
static void test_another_hart(void **state)
{
	(void)state;
	order_watch(&watched, "");
	hart_ipi(1);
	assert_string_equal(order_done(), "mb, firmware");
	assert_int_equal(interrupted, 70);
}

static void test_itself(void **state)
{
	(void)state;
	interrupted = 0;
	order_watch(&watched, "");
	hart_ipi(0);
	assert_string_equal(order_done(), "mb, set sip");
	assert_int_equal(csr_bits, 2);
	assert_int_equal(interrupted, 0);
}

/* The look at what was asked comes after the interrupt is withdrawn. */
static void test_an_interrupt_is_withdrawn(void **state)
{
	(void)state;
	order_watch(&watched, "");
	hart_irq_soft_clear();
	assert_string_equal(order_done(), "clear sip, mb");
	assert_int_equal(csr_bits, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_hart),
		cmocka_unit_test(test_itself),
		cmocka_unit_test(test_an_interrupt_is_withdrawn),
	};

	return cmocka_run_group_tests_name("hart", tests, NULL, NULL);
}
