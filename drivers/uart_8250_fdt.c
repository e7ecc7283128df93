/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UARTs of the 8250 family: what the device tree says (bindings serial/8250.yaml and
 * serial/snps-dw-apb-uart.yaml).
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <libfdt.h>
#include "arch/riscv/probe/paging.h"
#include "core/machine/probe/driver.h"
#include "core/machine/uart.h"
#include "drivers/uart_8250.h"
#include "lib/fdt_read.h"

#define UART_8250_MAX_SHIFT 4U

static struct uart_8250 uart_8250; /* the console's only UART */

static enum uart_8250_variant uart_8250_variant(const void *fdt, int node)
{
	static const char *const xscale[] = { "intel,xscale-uart", "spacemit,k1-uart",
					      "mrvl,mmp-uart" };

	if (fdt_node_check_compatible(fdt, node, "snps,dw-apb-uart") == 0)
		return UART_8250_DW;
	for (size_t i = 0; i < ARRAY_SIZE(xscale); i++) {
		if (fdt_node_check_compatible(fdt, node, xscale[i]) == 0)
			return UART_8250_XSCALE;
	}
	return UART_8250_PLAIN;
}

static int uart_8250_probe(const void *fdt, int node)
{
	const char *name = fdt_get_name(fdt, node, NULL);
	u32 shift = fdt_read_cell(fdt, node, "reg-shift", 0);
	u32 width = fdt_read_cell(fdt, node, "reg-io-width", 1);
	u32 offset = fdt_read_cell(fdt, node, "reg-offset", 0);
	struct uart_8250 u = { .shift = (u8)shift,
			       .width = (u8)width,
			       .variant = uart_8250_variant(fdt, node) };
	struct uart uart = {
		.opaque = &uart_8250,
		.irq = driver_irq(fdt, node),
		.room = uart_8250_room,
		.send = uart_8250_send,
		.getc = uart_8250_getc,
		.enable = uart_8250_enable,
	};
	u64 base;
	u64 size;

	if (shift > UART_8250_MAX_SHIFT || (width != 1U && (width != 4U || shift < 2U))) {
		printk("uart %s: reg-shift %u, reg-io-width %u: a shift of 0 to %u can be used "
		       "with "
		       "a width of 1, and one of 2 to %u with a width of 4",
		       name, shift, width, UART_8250_MAX_SHIFT, UART_8250_MAX_SHIFT);
		return CLV_ERR_UNSUPPORTED;
	}
	if (driver_reg(fdt, node, &base, &size) != 0 || size < offset + uart_8250_size(&u) ||
	    !IS_ALIGNED(base + offset, width)) {
		printk("uart %s: its registers cannot be found (reg, reg-offset, ranges)", name);
		return CLV_ERR_FORMAT;
	}
	u.regs = paging_map_mmio(HPA(base + offset), size - offset);
	if (u.regs == NULL) {
		printk("uart %s: its registers cannot be mapped", name);
		return CLV_ERR_NOMEM;
	}
	uart_8250 = u;
	uart_8250_init(&uart_8250);
	uart.fifo = uart_8250.depth;
	uart_register(&uart);
	printk(PRINTK_INFO "uart %s: 8250, %s", name, uart.irq != 0U ? "with interrupt" : "polled");
	return 0;
}

static const char *const uart_8250_compatible[] = {
	"ns16550a",	     "ns16550",		 "ns16450",	  "ns8250", "snps,dw-apb-uart",
	"intel,xscale-uart", "spacemit,k1-uart", "mrvl,mmp-uart", NULL,
};

static const struct driver uart_8250_driver = {
	.name = "uart_8250",
	.class = DRIVER_UART,
	.compatible = uart_8250_compatible,
	.probe = uart_8250_probe,
};

DRIVER_REGISTER(uart_8250_driver);
