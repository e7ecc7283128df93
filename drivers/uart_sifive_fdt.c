/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SiFive UARTs: what the device tree says (binding serial/sifive-serial.yaml).
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <libfdt.h>
#include "arch/riscv/probe/paging.h"
#include "core/machine/probe/driver.h"
#include "core/machine/uart.h"
#include "drivers/uart_sifive.h"

static struct uart_sifive uart_sifive; /* the console's only UART */

static int uart_sifive_probe(const void *fdt, int node)
{
	const char *name = fdt_get_name(fdt, node, NULL);
	struct uart uart = {
		.opaque = &uart_sifive,
		.irq = driver_irq(fdt, node),
		.fifo = UART_SIFIVE_FIFO,
		.room = uart_sifive_room,
		.send = uart_sifive_send,
		.getc = uart_sifive_getc,
		.enable = uart_sifive_enable,
	};
	void *regs;
	u64 base;
	u64 size;

	if (driver_reg(fdt, node, &base, &size) != 0 || size < UART_SIFIVE_SIZE ||
	    !IS_ALIGNED(base, 4U)) {
		printk("uart %s: its registers cannot be found (reg, ranges)", name);
		return CLV_ERR_FORMAT;
	}
	regs = paging_map_mmio(HPA(base), size);
	if (regs == NULL) {
		printk("uart %s: its registers cannot be mapped", name);
		return CLV_ERR_NOMEM;
	}
	uart_sifive.regs = regs;
	uart_sifive_init(&uart_sifive);
	uart_register(&uart);
	printk(PRINTK_INFO "uart %s: SiFive, %s", name,
	       uart.irq != 0U ? "with interrupt" : "polled");
	return 0;
}

static const char *const uart_sifive_compatible[] = {
	"sifive,uart0",
	"sifive,fu540-c000-uart",
	"sifive,fu740-c000-uart",
	NULL,
};

static const struct driver uart_sifive_driver = {
	.name = "uart_sifive",
	.class = DRIVER_UART,
	.compatible = uart_sifive_compatible,
	.probe = uart_sifive_probe,
};

DRIVER_REGISTER(uart_sifive_driver);
