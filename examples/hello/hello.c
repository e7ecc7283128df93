/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest guest, without a library: it prints through its UART, counts three ticks of its
 * timer, and shows what is typed, by interrupts of both, until `q` ends it.
 *
 * A partition's memory is zero where nothing was loaded, so .bss need not be cleared.
 */
#include <abi/sbi.h>
#include <stdint.h>

#define UART	 ((volatile uint8_t *)0x10000000) /* ns16550a */
#define UART_IRQ 10U
#define PLIC(at) (*(volatile uint32_t *)(0x0c000000UL + (at)))
#define CONTEXT	 1UL /* of hart n: 2n is M-mode's and never interrupts, 2n + 1 is S-mode's */
#define CLAIM	 PLIC(0x200004UL + 0x1000UL * CONTEXT)
#define SECOND	 10000000U /* ticks; a program for any machine reads timebase-frequency */

static uint32_t hello_ticks, hello_over;

static void hello_sbi(unsigned long eid, unsigned long fid, unsigned long arg)
{
	register unsigned long a0 __asm__("a0") = arg, a1 __asm__("a1") = 0;
	register unsigned long a6 __asm__("a6") = fid, a7 __asm__("a7") = eid;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
}

static void hello_print(const char *text)
{
	while (*text != '\0')
		UART[0] = (uint8_t)*text++;
}

static void hello_tick(void)
{
	uint64_t now;

	__asm__ volatile("rdtime %0" : "=r"(now));
	if (hello_ticks != 0U)
		hello_print(hello_ticks < 3U ? "tick\n" : "tick; now type, q ends\n");
	/* A new time takes the interrupt back, and the greatest never comes. */
	hello_sbi(SBI_EID_TIME, SBI_TIME_SET_TIMER,
		  hello_ticks++ < 3U ? now + SECOND / 10U : UINT64_MAX);
}

/* stvec is this function's address; the compiler saves the registers and ends it with sret. */
static void __attribute__((interrupt("supervisor"), aligned(4))) hello_trap(void)
{
	uint64_t cause;

	__asm__ volatile("csrr %0, scause" : "=r"(cause));
	if (cause == (1UL << 63 | 5U)) {
		hello_tick();
	} else if (cause == (1UL << 63 | 9U)) {
		uint32_t source = CLAIM; /* claim, serve, complete */

		while ((UART[5] & 1U) != 0U) {
			uint8_t key = UART[0];

			UART[0] = key;
			hello_over |= key == 'q';
		}
		CLAIM = source;
	} else {
		hello_print("an exception that nobody expects\n");
		hello_sbi(SBI_EID_SRST, SBI_SRST_SYSTEM_RESET, SBI_RESET_SHUTDOWN);
	}
}

static void __attribute__((used)) hello_main(void)
{
	hello_print("hello from a partition\n");
	__asm__ volatile("csrw stvec, %0" ::"r"(hello_trap));
	PLIC(4U * UART_IRQ) = 1U;			  /* its priority; the threshold is 0 */
	PLIC(0x2000U + 0x80U * CONTEXT) = 1U << UART_IRQ; /* enabled */
	UART[1] = 1U;					  /* interrupt when a byte has come */
	hello_tick();
	__asm__ volatile("csrw sie, %0" ::"r"(1UL << 5 | 1UL << 9));
	/* WFI ends also with interrupts off, so none can come between the look and the wait. */
	while (hello_over == 0U)
		__asm__ volatile("wfi\n\tcsrsi sstatus, 2\n\tcsrci sstatus, 2" ::: "memory");
	hello_print("\nbye\n");
	hello_sbi(SBI_EID_SRST, SBI_SRST_SYSTEM_RESET, SBI_RESET_SHUTDOWN);
}

/* As after any SBI firmware: a0 = hart id, a1 = device tree, satp = 0, interrupts off. */
void __attribute__((naked, section(".head"))) hello_entry(void);
void hello_entry(void)
{
	__asm__ volatile("la sp, hello_stack\n\tj hello_main");
}
