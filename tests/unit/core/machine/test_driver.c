/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which driver gets which node (core/machine/probe/driver.c), and the host's interrupts
 * (core/machine/irq.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <libfdt.h>
#include <cleave/errno.h>
#include <cleave/printk.h>
#include "core/machine/probe/driver.h"

static char said[4096];

void printk(const char *fmt, ...)
{
	size_t len = strlen(said);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said + len, sizeof(said) - len, fmt, ap);
	va_end(ap);
	strcat(said, "\n");
}

/* --- device trees ----------------------------------------------------------------------------- */

static _Alignas(8) char fdt[16384];

static void ok(int rc)
{
	if (rc < 0)
		fail_msg("libfdt: %s", fdt_strerror(rc));
}

static void tree_begin(void)
{
	ok(fdt_create(fdt, sizeof(fdt)));
	ok(fdt_finish_reservemap(fdt));
}

static void tree_end(void)
{
	ok(fdt_finish(fdt));
	said[0] = '\0';
}

static void node_begin(const char *name)
{
	ok(fdt_begin_node(fdt, name));
}

static void node_end(void)
{
	ok(fdt_end_node(fdt));
}

static void cells(const char *name, size_t n, const u32 *values)
{
	fdt32_t be[16];

	for (size_t i = 0; i < n; i++)
		be[i] = cpu_to_fdt32(values[i]);
	ok(fdt_property(fdt, name, be, (int)(n * sizeof(be[0]))));
}

#define CELLS(name, ...) \
	cells((name), sizeof((u32[]){ __VA_ARGS__ }) / sizeof(u32), (u32[]){ __VA_ARGS__ })
#define STRINGS(name, s) ok(fdt_property(fdt, (name), (s), sizeof(s)))

static void bus_cells(u32 address, u32 size)
{
	CELLS("#address-cells", address);
	CELLS("#size-cells", size);
}

static int at(const char *path)
{
	int node = fdt_path_offset(fdt, path);

	ok(node);
	return node;
}

static void reads_registers_through_buses(void **state)
{
	u64 base, size;

	(void)state;
	tree_begin();
	node_begin("");
	bus_cells(2, 2);
	node_begin("plain@1");
	CELLS("reg", 0x1, 0x10000000, 0x0, 0x100, 0x2, 0x0, 0x0, 0x200);
	node_end();
	node_begin("soc");
	bus_cells(1, 1);
	CELLS("ranges", 0x0, 0x8, 0x0, 0x1000, 0x80000000, 0x0, 0x10000000, 0x10000000);
	node_begin("apb");
	bus_cells(1, 1);
	ok(fdt_property(fdt, "ranges", "", 0));
	node_begin("uart@80000100");
	CELLS("reg", 0x80000100, 0x40);
	node_end();
	node_begin("low@10");
	CELLS("reg", 0x10, 0x8);
	node_end();
	node_begin("nowhere@40000000");
	CELLS("reg", 0x40000000, 0x8);
	node_end();
	node_end();
	node_end();
	node_begin("closed");
	bus_cells(1, 0);
	node_begin("cpu@7");
	CELLS("reg", 7);
	node_end();
	node_begin("empty");
	ok(fdt_property(fdt, "reg", "", 0));
	node_end();
	node_begin("none");
	node_end();
	node_end();
	node_end();
	tree_end();

	assert_int_equal(driver_reg(fdt, at("/plain@1"), &base, &size), 0);
	assert_int_equal(base, 0x110000000);
	assert_int_equal(size, 0x100);
	assert_int_equal(driver_reg(fdt, at("/soc/apb/uart@80000100"), &base, &size), 0);
	assert_int_equal(base, 0x10000100);
	assert_int_equal(size, 0x40);
	assert_int_equal(driver_reg(fdt, at("/soc/apb/low@10"), &base, &size), 0);
	assert_int_equal(base, 0x800000010);
	assert_int_equal(driver_reg(fdt, at("/soc/apb/nowhere@40000000"), &base, &size),
			 CLV_ERR_NOTFOUND);
	assert_int_equal(driver_reg(fdt, at("/closed/cpu@7"), &base, &size), CLV_ERR_NOTFOUND);
	assert_int_equal(driver_reg(fdt, at("/closed/empty"), &base, &size), CLV_ERR_FORMAT);
	assert_int_equal(driver_reg(fdt, at("/closed/none"), &base, &size), CLV_ERR_NOTFOUND);
}

/* --- finding drivers -------------------------------------------------------------------------- */

static char probed[256];
static const char *refused; /* probing this node fails */

static int probe_as(const char *driver, const void *tree, int node)
{
	const char *name = fdt_get_name(tree, node, NULL);

	if (refused != NULL && strcmp(name, refused) == 0)
		return CLV_ERR_FORMAT;
	strcat(probed, driver);
	strcat(probed, ":");
	strcat(probed, name);
	strcat(probed, " ");
	return 0;
}

#define DRIVER(id, class_, ...)                                                                    \
	static int probe_##id(const void *tree, int node)                                          \
	{                                                                                          \
		return probe_as(#id, tree, node);                                                  \
	}                                                                                          \
	static const struct driver id = { #id, class_, (const char *const[]){ __VA_ARGS__, NULL }, \
					  probe_##id }

DRIVER(plain, DRIVER_UART, "ns16550a", "ns16550");
DRIVER(special, DRIVER_UART, "acme,uart");
DRIVER(thief, DRIVER_UART, "other", "ns16550");
DRIVER(intc, DRIVER_INTC, "riscv,plic0");

static void uart_node(const char *name, const char *compatible, size_t len, const char *status)
{
	node_begin(name);
	ok(fdt_property(fdt, "compatible", compatible, (int)len));
	if (status != NULL)
		ok(fdt_property_string(fdt, "status", status));
	node_end();
}

#define UART_NODE(name, compatible, status) \
	uart_node((name), (compatible), sizeof(compatible), (status))

static void tree_of_uarts(const char *stdout_path)
{
	tree_begin();
	node_begin("");
	node_begin("chosen");
	if (stdout_path != NULL)
		ok(fdt_property_string(fdt, "stdout-path", stdout_path));
	node_end();
	node_begin("aliases");
	ok(fdt_property_string(fdt, "serial0", "/soc/c"));
	node_end();
	node_begin("soc");
	UART_NODE("off", "ns16550a", "disabled");
	UART_NODE("a", "unknown\0ns16550", NULL);
	UART_NODE("b", "acme,uart\0ns16550a", "okay");
	UART_NODE("c", "ns16550a", "ok");
	UART_NODE("plic", "sifive,plic-1.0.0\0riscv,plic0", NULL);
	UART_NODE("plic2", "riscv,plic0", NULL);
	UART_NODE("x", "unknown", NULL);
	node_end();
	node_end();
	tree_end();
	probed[0] = '\0';
	refused = NULL;
}

static void binds_controllers_and_then_the_console(void **state)
{
	static const struct driver *const list[] = { &plain, &special, &intc };
	static const struct {
		const char *stdout_path, *probed;
	} t[] = {
		{ "/soc/b:115200n8", "intc:plic intc:plic2 special:b " },
		{ "/soc/b", "intc:plic intc:plic2 special:b " },
		{ "serial0:115200", "intc:plic intc:plic2 plain:c " },
		{ "serial0", "intc:plic intc:plic2 plain:c " },
		/* It is disabled, so the first UART that is there is used. */
		{ "/soc/off", "intc:plic intc:plic2 plain:a " },
		{ "/soc/x", "intc:plic intc:plic2 plain:a " },
		{ "/nowhere", "intc:plic intc:plic2 plain:a " },
		{ "", "intc:plic intc:plic2 plain:a " },
		{ NULL, "intc:plic intc:plic2 plain:a " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		tree_of_uarts(t[i].stdout_path);
		assert_int_equal(driver_probe_list(list, 3, fdt), 3);
		assert_string_equal(probed, t[i].probed);
		assert_string_equal(said, "");
	}
}

static void goes_on_when_a_probe_fails(void **state)
{
	static const struct driver *const list[] = { &plain, &special, &intc };

	(void)state;
	tree_of_uarts("/soc/a");
	refused = "a";
	assert_int_equal(driver_probe_list(list, 3, fdt), 3);
	assert_string_equal(probed, "intc:plic intc:plic2 special:b ");
}

static void refuses_two_that_claim_one_compatible(void **state)
{
	static const struct driver *const list[] = { &plain, &thief, &special };

	(void)state;
	tree_of_uarts("/soc/c");
	assert_int_equal(driver_probe_list(list, 3, fdt), 1);
	assert_string_equal(probed, "special:b ");
	assert_string_equal(
		said, "drivers \"plain\" and \"thief\" both claim \"ns16550\": neither is used\n");
}

/* --- interrupts ------------------------------------------------------------------------------- */

/*
 * Two controllers: "near" has harts 0 and 1, "far" has harts 1 and 2. What they are told is written
 * down, with the hart.
 */
static u32 waiting[2][8]; /* what claim returns, one after the other; it repeats the last */
static unsigned int waiting_at[2];
static char events[4096];

static void event(const char *what, u32 controller, u32 source)
{
	size_t len = strlen(events);

	snprintf(events + len, sizeof(events) - len, "%s%s%u ", controller != 0 ? "far-" : "", what,
		 source);
}

static u32 controller_of(const void *opaque)
{
	return opaque == waiting[0] ? 0 : 1;
}

static void test_route(void *opaque, u32 hart, u32 number, bool on)
{
	char what[32];

	snprintf(what, sizeof(what), "%shart%u:", on ? "to-" : "not-", hart);
	event(what, controller_of(opaque), number);
}

static void test_enable(void *opaque, u32 number, bool on)
{
	event(on ? "on" : "off", controller_of(opaque), number);
}

static u32 test_claim(void *opaque, u32 hart)
{
	u32 c = controller_of(opaque);

	assert_true(hart == 1 || hart == 2 * c);
	return waiting[c][waiting_at[c] < 7 ? waiting_at[c]++ : 7];
}

static void test_complete(void *opaque, u32 hart, u32 number)
{
	char what[32];

	snprintf(what, sizeof(what), "hart%u-done", hart);
	event(what, controller_of(opaque), number);
}

static void handler(void *opaque, u32 source)
{
	assert_ptr_equal(opaque, events);
	event("serve", IRQ_CONTROLLER(source), IRQ_NUMBER(source));
}

static void waits(const u32 *near, const u32 *far)
{
	memcpy(waiting[0], near, sizeof(waiting[0]));
	memcpy(waiting[1], far, sizeof(waiting[1]));
	waiting_at[0] = waiting_at[1] = 0;
	events[0] = '\0';
}

#define SOURCES(...) ((u32[8]){ __VA_ARGS__ })
#define FAR(number)  IRQ_SOURCE(1, (number))

static const struct irq_controller near = {
	.name = "near",
	.opaque = waiting[0],
	.phandle = 5,
	.sources = 90,
	.harts = 3,
	.route = test_route,
	.enable = test_enable,
	.claim = test_claim,
	.complete = test_complete,
};

static void requests_are_checked(void)
{
	said[0] = events[0] = '\0';
	assert_int_equal(irq_request(10, handler, events), 0);
	assert_string_equal(events, "to-hart0:10 on10 ");
	assert_int_equal(irq_request(10, handler, events), CLV_ERR_EXISTS);
	assert_int_equal(irq_request(91, handler, events), CLV_ERR_NOTFOUND);
	assert_int_equal(irq_request(0, handler, events), CLV_ERR_NOTFOUND);
	assert_int_equal(irq_request(IRQ_SOURCE(2, 10), handler, events), CLV_ERR_NOTFOUND);
	/* Of the harts that it reaches, none has started yet. */
	assert_int_equal(irq_request(FAR(10), handler, events), CLV_ERR_NOTFOUND);
	assert_string_equal(said,
			    "interrupt 10 of near is requested twice\n"
			    "interrupt 91: no interrupt controller that a driver knows has it\n"
			    "interrupt 0: no interrupt controller that a driver knows has it\n"
			    "interrupt 10: no interrupt controller that a driver knows has it\n"
			    "interrupt 10: far reaches no hart that runs\n");
	irq_set_harts(7);
	assert_int_equal(irq_request(FAR(10), handler, events), 0);
	assert_string_equal(events, "to-hart0:10 on10 far-to-hart1:10 far-on10 ");
}

/* A held source is off at first, and an interrupt stays claimed until it is completed. */
static void held_sources_follow_who_completes(void)
{
	waits(SOURCES(0), SOURCES(0));
	assert_int_equal(irq_request_held(FAR(12), handler, events), 0);
	assert_string_equal(events, "far-to-hart1:12 far-off12 ");
	/* Hart 0 cannot take it, so it stays where it is. */
	irq_enable(FAR(12), 0);
	assert_string_equal(events, "far-to-hart1:12 far-off12 far-on12 ");

	waits(SOURCES(0), SOURCES(12, 10));
	irq_handle(1);
	assert_string_equal(events, "far-serve12 far-serve10 far-hart1-done10 ");
	/* First it is moved, then it is completed where it is enabled now. */
	events[0] = '\0';
	irq_complete(FAR(12), 2);
	assert_string_equal(events, "far-not-hart1:12 far-to-hart2:12 far-hart2-done12 ");
	events[0] = '\0';
	irq_complete(FAR(12), 2);
	irq_complete(FAR(12), 0);
	irq_complete(FAR(12), 31);
	assert_string_equal(events, "far-hart2-done12 far-hart2-done12 far-hart2-done12 ");
	events[0] = '\0';
	irq_disable(FAR(12));
	irq_enable(FAR(12), 1);
	assert_string_equal(events, "far-off12 far-not-hart2:12 far-to-hart1:12 far-on12 ");
	assert_int_equal(irq_request_held(FAR(12), handler, events), CLV_ERR_EXISTS);
	assert_int_equal(irq_request_held(FAR(91), handler, events), CLV_ERR_NOTFOUND);
}

/* This is one test, because a program has its controllers as long as it runs. */
static void serves_interrupts(void **state)
{
	struct irq_controller far = near;

	(void)state;
	said[0] = '\0';
	assert_null(irq_controller(0));
	assert_int_equal(irq_find_source(5, 10), 0);
	irq_handle(0);
	assert_int_equal(irq_request(10, handler, events), CLV_ERR_NOTFOUND);
	assert_string_equal(said,
			    "interrupt 10: no interrupt controller that a driver knows has it\n");

	far.name = "far";
	far.opaque = waiting[1];
	far.phandle = 6;
	far.harts = 6;
	assert_int_equal(irq_add_controller(&near), 0);
	assert_int_equal(irq_add_controller(&far), 0);
	assert_string_equal(irq_controller(1)->name, "far");
	assert_null(irq_controller(2));
	assert_int_equal(irq_find_source(5, 90), 90);
	assert_int_equal(irq_find_source(5, 91), 0);
	assert_int_equal(irq_find_source(6, 11), FAR(11));
	assert_int_equal(irq_find_source(7, 11), 0);
	requests_are_checked();

	/* Each hart serves the controllers that reach it. */
	waits(SOURCES(10), SOURCES(10));
	irq_handle(0);
	assert_string_equal(events, "serve10 hart0-done10 ");
	waits(SOURCES(10), SOURCES(10));
	irq_handle(2);
	assert_string_equal(events, "far-serve10 far-hart2-done10 ");
	waits(SOURCES(10, 10), SOURCES(10));
	irq_handle(1);
	assert_string_equal(events, "serve10 hart1-done10 serve10 hart1-done10 far-serve10 "
				    "far-hart1-done10 ");

	waits(SOURCES(0), SOURCES(33, 10));
	said[0] = '\0';
	irq_handle(2);
	assert_string_equal(events, "far-off33 far-hart2-done33 far-serve10 far-hart2-done10 ");
	assert_string_equal(said,
			    "interrupt 33 of far: nobody has requested it; it is switched off\n");

	/* It does not stop, so it is served a step at a time. */
	waits(SOURCES(10, 10, 10, 10, 10, 10, 10, 10), SOURCES(10));
	irq_handle(1);
	assert_int_equal(strlen(events), IRQ_STEP * strlen("serve10 hart1-done10 "));
	held_sources_follow_who_completes();

	for (u32 source = 13; source < 10 + IRQ_HANDLERS; source++)
		assert_int_equal(irq_request(source, handler, events), 0);
	assert_int_equal(irq_request(11, handler, events), CLV_ERR_NOMEM);
	assert_int_equal(irq_request_held(11, handler, events), CLV_ERR_NOMEM);
	for (u32 n = 2; n < IRQ_CONTROLLERS; n++)
		assert_int_equal(irq_add_controller(&far), 0);
	said[0] = '\0';
	assert_int_equal(irq_add_controller(&far), CLV_ERR_NOMEM);
	assert_string_equal(said, "interrupt controller far is not used: 8 others are\n");
}

static void finds_the_interrupt_of_a_node(void **state)
{
	(void)state;
	tree_begin();
	node_begin("");
	CELLS("interrupt-parent", 5);
	node_begin("soc");
	node_begin("inherits");
	CELLS("interrupts", 10, 4);
	node_end();
	node_begin("elsewhere");
	CELLS("interrupt-parent", 99);
	CELLS("interrupts", 10);
	node_end();
	node_begin("extended");
	CELLS("interrupts-extended", 5, 11);
	CELLS("interrupts", 12);
	node_end();
	node_begin("extended-elsewhere");
	CELLS("interrupts-extended", 99, 11);
	node_end();
	node_begin("second");
	CELLS("interrupts-extended", 6, 11);
	node_end();
	node_begin("short");
	CELLS("interrupts-extended", 5);
	node_end();
	node_begin("none");
	node_end();
	node_end();
	node_end();
	tree_end();
	assert_non_null(irq_controller(1)); /* the test before has added them */
	assert_int_equal(driver_irq(fdt, at("/soc/inherits")), 10);
	assert_int_equal(driver_irq(fdt, at("/soc/elsewhere")), 0);
	assert_int_equal(driver_irq(fdt, at("/soc/extended")), 11);
	assert_int_equal(driver_irq(fdt, at("/soc/extended-elsewhere")), 0);
	assert_int_equal(driver_irq(fdt, at("/soc/second")), FAR(11));
	assert_int_equal(driver_irq(fdt, at("/soc/short")), 0);
	assert_int_equal(driver_irq(fdt, at("/soc/none")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_registers_through_buses),
		cmocka_unit_test(binds_controllers_and_then_the_console),
		cmocka_unit_test(goes_on_when_a_probe_fails),
		cmocka_unit_test(refuses_two_that_claim_one_compatible),
		cmocka_unit_test(serves_interrupts),
		cmocka_unit_test(finds_the_interrupt_of_a_node),
	};

	return cmocka_run_group_tests_name("driver", tests, NULL, NULL);
}
