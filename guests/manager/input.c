/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is typed, and sleep.
 *
 * The emulated UART is used for its interrupt alone. The bytes come by SBI DBCN read, which also
 * empties the UART's receiver, and fetches many bytes without an exit for each. No interrupt is
 * taken: sstatus.SIE is 0, and WFI ends when an interrupt that sie enables is pending.
 */
#include "guests/lib/fdt/fdt_node.h"
#include "guests/lib/guest_plic.h"
#include "guests/manager/input.h"

#define POLLS_A_SECOND 50U

/* PC16550D data sheet, 8.7 */
#define UART_IER     1U
#define UART_IER_RDI 0x01U

#define BATCH 64U

static struct {
	bool interrupts;
	u32 at;
	u32 len;
	char bytes[BATCH]; /* those from @at up to @len have been fetched and not been read yet */
} input;

static bool input_uart_enable(const void *fdt)
{
	struct fdt_node node;
	u64 base;

	if (!fdt_node_first(fdt, &node))
		return false;
	while (fdt_node_next(&node)) {
		if (!fdt_node_is(&node, "ns16550a") || !fdt_node_reg(&node, &base))
			continue;
		if (!guest_plic_enable(fdt_node_cell(&node, "interrupts", 0, 0)))
			return false;
		*(volatile u8 *)(uintptr_t)(base + UART_IER) = UART_IER_RDI;
		return true;
	}
	return false;
}

void input_init(const void *fdt)
{
	input.interrupts = guest_plic_init(fdt) && input_uart_enable(fdt);
}

static void input_fetch(void)
{
	struct sbiret r = sbi_call(SBI_EID_DBCN, SBI_DBCN_CONSOLE_READ, BATCH, BUF_LO(input.bytes),
				   BUF_HI, 0, 0, 0);

	input.at = 0;
	input.len = r.error == 0 && r.value > 0 && r.value <= (long)BATCH ? (u32)r.value : 0;
}

size_t input_read(char *buf, size_t size)
{
	size_t n;

	if (input.at == input.len)
		input_fetch();
	n = input.len - input.at < size ? input.len - input.at : size;
	memcpy(buf, input.bytes + input.at, n);
	input.at += (u32)n;
	return n;
}

void input_sleep(u64 until)
{
	u64 poll = rdtime() + ticks_per_second() / POLLS_A_SECOND;

	if (input.at != input.len)
		return;
	if (!input.interrupts && poll < until)
		until = poll;
	guest_plic_poll();
	csr_set(sie, SIE_TIMER);
	sbi_set_timer(until);
	__asm__ volatile("wfi" ::: "memory");
}
