/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices of the machine in partitions (core/vm/vm_pass.c, vm_pass_map.c): two that share an
 * interrupt or a page of registers, and an interrupt that comes while its partition ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/vm/create/vm_pass_map.c"
#include "core/vm/vm_pass.c"
#include "tests/unit/core/notes.h"

#define HOST  40U
#define GUEST 7U
#define HART  2U

static struct config_partition part;
static struct vm vm;
static struct vcpu vcpu;
static struct hart hart;
static irq_handler_fn handler;
static void *handler_arg;
static u64 begun[4][2]; /* what was mapped: base and size */
static u32 nr_begun;
static int map_error;

/* Two devices with one interrupt; their registers are in one page and a part of the next. */
static const struct config config = {
	.nr_devices = 2,
	.device = {
		{ .path = "/soc/a", .nr_regs = 2, .nr_irqs = 1,
		  .reg = { { 0x10001000, 0x200 }, { 0x10004000, 0x1000 } },
		  .irq = { { .host = HOST, .guest = GUEST } } },
		{ .path = "/soc/b", .nr_regs = 2, .nr_irqs = 1,
		  .reg = { { 0x10001800, 0x4000 }, { 0x10003800, 0x1000 } },
		  .irq = { { .host = HOST, .guest = GUEST } } },
	},
};

/* --- what is called --------------------------------------------------------------------------- */

struct hart *hart_this(void)
{
	return &hart;
}

int irq_request_held(u32 source, irq_handler_fn fn, void *opaque)
{
	assert_int_equal(source, HOST);
	handler = fn;
	handler_arg = opaque;
	note('r');
	return CLV_OK;
}

bool irq_reaches(u32 source, u32 index)
{
	return source == HOST && index == HART;
}

void irq_enable(u32 source, u32 index)
{
	assert_int_equal(source, HOST);
	assert_int_equal(index, HART);
	note('e');
}

void irq_disable(u32 source)
{
	assert_int_equal(source, HOST);
	note('d');
}

void irq_complete(u32 source, u32 index)
{
	assert_int_equal(source, HOST);
	assert_int_equal(index, HART);
	note('c');
}

const struct irq_controller *irq_controller(u32 n)
{
	(void)n;
	return NULL;
}

void vplic_pass(struct vplic *p, u32 source)
{
	assert_ptr_equal(p, &vm.plic);
	assert_int_equal(source, GUEST);
	note('p');
}

void vplic_set_line(struct vplic *p, u32 source, bool level)
{
	assert_ptr_equal(p, &vm.plic);
	assert_int_equal(source, GUEST);
	note(level ? '1' : '0');
}

int space_begin_device(struct space *sp, gpa_t base, hpa_t hpa, u64 size)
{
	assert_ptr_equal(sp, &vm.space);
	assert_int_equal(base.v, hpa.v);
	assert_true(nr_begun < ARRAY_SIZE(begun));
	begun[nr_begun][0] = base.v;
	begun[nr_begun][1] = size;
	nr_begun++;
	return map_error;
}

/* --- tests ------------------------------------------------------------------------------------ */

static int setup(void **state)
{
	(void)state;
	memset(&vm, 0, sizeof(vm));
	memset(vm_pass_irqs, 0, sizeof(vm_pass_irqs));
	vm_pass_nr = 0;
	vm_pass_init(&config);
	vm.cfg = &part;
	vm.run.nr_vcpus = 1;
	vm.run.vcpu[0] = &vcpu;
	vcpu.hart = HART;
	hart.index = HART;
	notes_done[0] = '\0';
	nr_begun = 0;
	map_error = CLV_OK;
	return 0;
}

static void locked(void (*what)(struct vm *vm))
{
	spin_lock(&vm.lock);
	what(&vm);
	spin_unlock(&vm.lock);
}

static void completed(void)
{
	spin_lock(&vm.plic.lock);
	vplic_completed(&vm.plic, GUEST);
	spin_unlock(&vm.plic.lock);
}

/* Their one interrupt is requested once, and completed once each time that it came. */
static void test_an_interrupt_of_two_devices(void **state)
{
	(void)state;
	assert_int_equal(vm_pass_take(&vm), CLV_OK);
	expect("rp");
	locked(vm_pass_start);
	expect("e");
	/* Of a VM that was paused it is on. */
	locked(vm_pass_start);
	expect("");
	handler(handler_arg, HOST);
	expect("1");
	completed();
	expect("c");
	completed();
	expect("");
}

/* One that was claimed is completed at the end, and one that comes after it at once. */
static void test_an_interrupt_at_the_end(void **state)
{
	(void)state;
	assert_int_equal(vm_pass_take(&vm), CLV_OK);
	locked(vm_pass_start);
	handler(handler_arg, HOST);
	expect("rpe1");
	locked(vm_pass_stop);
	expect("d0c");
	/* Another hart had claimed it before it was switched off. */
	handler(handler_arg, HOST);
	expect("c");
	locked(vm_pass_start);
	expect("e");
}

/* Each page is mapped once, whichever device comes first. */
static void test_pages_of_two_devices(void **state)
{
	static const u64 want[][2] = {
		{ 0x10001000, 0x1000 }, /* a: the page that both are in */
		{ 0x10004000, 0x1000 }, /* a: its second range */
		{ 0x10002000, 0x2000 }, /* b: what is left of its first range, before and ... */
		{ 0x10005000, 0x1000 }, /* ... after a's second */
	};
	u64 at = 0;
	int more = 1;

	(void)state;
	spin_lock(&vm.lock);
	for (u32 range = 0; more == 1; range += at == 0U ? 1U : 0U) {
		more = vm_pass_map(&vm, range, &at);
		assert_true(range <= 4U);
	}
	spin_unlock(&vm.lock);
	assert_int_equal(more, 0);
	/* All of b's second range is there already. */
	assert_int_equal(nr_begun, ARRAY_SIZE(want));
	for (u32 i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(begun[i][0], want[i][0]);
		assert_int_equal(begun[i][1], want[i][1]);
	}
}

static void test_pages_that_cannot_be_mapped(void **state)
{
	u64 at = 0;

	(void)state;
	map_error = CLV_ERR_NOMEM;
	spin_lock(&vm.lock);
	assert_int_equal(vm_pass_map(&vm, 0, &at), CLV_ERR_NOMEM);
	spin_unlock(&vm.lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_an_interrupt_of_two_devices, setup),
		cmocka_unit_test_setup(test_an_interrupt_at_the_end, setup),
		cmocka_unit_test_setup(test_pages_of_two_devices, setup),
		cmocka_unit_test_setup(test_pages_that_cannot_be_mapped, setup),
	};

	return cmocka_run_group_tests_name("vm_pass", tests, NULL, NULL);
}
