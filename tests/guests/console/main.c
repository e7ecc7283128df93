/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console from inside a partition: it prints hard, listens, and tests the emulated UART and
 * PLIC.
 *
 * Bootargs:
 *   mode=device   test the UART's and the PLIC's registers and interrupts: `ok`, `FAIL` and `done`
 *                 lines
 *   mode=print    print `lines=N` numbered lines as fast as possible, through the UART and SBI DBCN
 *                 by turns
 *   mode=prompt   show a prompt and leave it open, for ever
 *   mode=echo     show a prompt, echo what is typed, and say for each line how long it was and what
 *                 its bytes add up to; `slow=US` waits so long after each character; a line `quit`
 *                 ends it
 *   mode=dbcn     the same, but listen by SBI DBCN instead of the UART's interrupt
 *   mode=deaf     never read
 */
#include "guests/lib/guest.h"

#define UART			0x10000000UL
#define UART_RBR		0U
#define UART_THR		0U
#define UART_IER		1U
#define UART_IIR		2U
#define UART_FCR		2U
#define UART_LCR		3U
#define UART_MCR		4U
#define UART_LSR		5U
#define UART_MSR		6U
#define UART_IRQ		10U
#define LSR_DR			0x01U
#define LSR_THRE		0x20U
#define MCR_LOOP		0x10U
#define PLIC			0x0c000000UL
#define PLIC_ENABLE(context)	(PLIC + 0x2000UL + 0x80UL * (context))
#define PLIC_THRESHOLD(context) (PLIC + 0x200000UL + 0x1000UL * (context))
#define PLIC_CLAIM(context)	(PLIC_THRESHOLD(context) + 4UL)

static u8 uart_read(u32 reg)
{
	return *(volatile u8 *)(UART + reg);
}

static void uart_write(u32 reg, u32 value)
{
	*(volatile u8 *)(UART + reg) = (u8)value;
}

static u32 plic_read(u64 addr)
{
	return *(volatile u32 *)addr;
}

static void plic_write(u64 addr, u32 value)
{
	*(volatile u32 *)addr = value;
}

static void uart_putc(char c)
{
	while ((uart_read(UART_LSR) & LSR_THRE) == 0U)
		cpu_relax();
	uart_write(UART_THR, (u8)c);
}

static void uart_puts(const char *s)
{
	for (; *s != '\0'; s++)
		uart_putc(*s);
}

/* --- external interrupts --------------------------------------------------------------------- */

static volatile u32 irqs;	/* external interrupts taken */
static volatile u32 irq_last;	/* what the last claim answered */
static void (*irq_serve)(void); /* makes the device quiet before the completion */

static bool on_external(struct trap *t)
{
	u32 context = (u32)this_hart();

	if (t->scause != TRAP_IRQ_EXT)
		return false;
	irqs++;
	irq_last = plic_read(PLIC_CLAIM(context));
	if (irq_last != 0U) {
		if (irq_serve != NULL)
			irq_serve();
		plic_write(PLIC_CLAIM(context), irq_last);
	}
	return true;
}

static void irq_open(void (*serve)(void))
{
	u32 context = (u32)this_hart();

	irq_serve = serve;
	on_trap(on_external);
	plic_write(PLIC + 4UL * UART_IRQ, 1);
	plic_write(PLIC_THRESHOLD(context), 0);
	plic_write(PLIC_ENABLE(context), 1U << UART_IRQ);
	csr_set(sie, SIE_EXT);
	csr_set(sstatus, SSTATUS_SIE);
}

/* --- mode=device ----------------------------------------------------------------------------- */

static void serve_transmitter(void)
{
	(void)uart_read(UART_IIR); /* acknowledges an empty transmitter */
}

static u8 received[32];
static u32 received_len;

static void serve_receiver(void)
{
	while ((uart_read(UART_LSR) & LSR_DR) != 0U && received_len < sizeof(received))
		received[received_len++] = uart_read(UART_RBR);
}

static void wait_irqs(u32 n)
{
	u64 end = rdtime() + 10000000U;

	while (irqs < n && rdtime() < end)
		cpu_relax();
}

static void device_transmitter(void)
{
	irq_open(serve_transmitter);
	irqs = 0;
	uart_write(UART_IER, 0x02);
	wait_irqs(1);
	(void)check_eq(irqs, 1, "an empty transmitter interrupts once");
	(void)check_eq(irq_last, UART_IRQ, "the PLIC names the UART");
	uart_write(UART_THR, '\r');
	wait_irqs(2);
	(void)check_eq(irqs, 2, "a character that is out interrupts again");
	uart_write(UART_IER, 0);
	(void)check_eq(plic_read(PLIC_CLAIM(this_hart())), 0, "nothing is left to claim");
}

static void device_receiver(void)
{
	u32 good = 0;

	uart_write(UART_FCR, 0x07);
	uart_write(UART_MCR, MCR_LOOP | 0x0aU);
	(void)check_eq(uart_read(UART_MSR) & 0xf0U, 0x90, "loopback shows its modem lines");
	irq_open(serve_receiver);
	irqs = 0;
	uart_write(UART_IER, 0x01);
	for (u32 i = 0; i < sizeof(received); i++)
		uart_write(UART_THR, i * 7U);
	wait_irqs(sizeof(received));
	uart_write(UART_IER, 0);
	uart_write(UART_MCR, 0);
	for (u32 i = 0; i < received_len; i++)
		good += received[i] == (u8)(i * 7U) ? 1U : 0U;
	(void)check_eq(good, sizeof(received), "loopback returns every character, by interrupt");
}

static void device_mask(void)
{
	u32 context = (u32)this_hart();

	csr_clear(sstatus, SSTATUS_SIE);
	plic_write(PLIC_THRESHOLD(context), 7);
	uart_write(UART_IER, 0x02);
	(void)check(((csr_read(sip) >> 9) & 1U) == 0U, "the threshold masks");
	plic_write(PLIC_THRESHOLD(context), 0);
	(void)check(((csr_read(sip) >> 9) & 1U) == 1U, "sip.SEIP follows the PLIC up");
	(void)check_eq(plic_read(PLIC_CLAIM(context)), UART_IRQ,
		       "claim answers with interrupts off");
	(void)check(((csr_read(sip) >> 9) & 1U) == 0U, "sip.SEIP follows the PLIC down");
	plic_write(PLIC_CLAIM(context), UART_IRQ);
	(void)check(((csr_read(sip) >> 9) & 1U) == 1U,
		    "a line that is still high interrupts after completion");
	uart_write(UART_IER, 0);
	(void)plic_read(PLIC_CLAIM(context));
	plic_write(PLIC_CLAIM(context), UART_IRQ);
	(void)check(((csr_read(sip) >> 9) & 1U) == 0U, "a line that is low does not");
}

/* Whatever is written, the devices answer, and only this partition's console shows it. */
static void device_garbage(void)
{
	u64 seed = 88172645463325252U;

	for (u32 i = 0; i < 20000U; i++) {
		u64 offset;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		offset = (seed >> 20) % 0x600000U & ~7UL;
		if ((seed & 1U) != 0U)
			*(volatile u64 *)(PLIC + offset) = seed;
		else
			*(volatile u32 *)(PLIC + offset + (seed & 4U)) = (u32)seed;
		(void)*(volatile u32 *)(PLIC + offset);
		(void)*(volatile u8 *)(UART + (seed >> 8 & 0xf8U));
		/* Not the transmitter: its garbage would only make the log hard to read. */
		if ((seed >> 16 & 7U) != 0U)
			uart_write((u32)(seed >> 16 & 7U), (u32)(seed >> 32));
	}
	uart_write(UART_LCR, 0);
	uart_write(UART_MCR, 0);
	uart_write(UART_IER, 0);
	(void)check_eq(uart_read(UART_LSR) & LSR_THRE, LSR_THRE, "the UART survives garbage");
	plic_write(PLIC + 4UL, 5);
	(void)check_eq(plic_read(PLIC + 4UL), 5, "the PLIC survives garbage");
}

static void device(void)
{
	device_transmitter();
	device_receiver();
	device_mask();
	device_garbage();
}

/* --- mode=print ------------------------------------------------------------------------------ */

/* Lines of all lengths: each says its number, and ends with a mark that no other line has there. */
static u32 compose(char *line, size_t size, u32 n)
{
	u32 len = (u32)str_append(line, size - 2U, 0, "line %06u ", n);

	for (u32 i = 0; i < n * 37U % 90U; i++)
		line[len++] = (char)('a' + (n + i) % 26U);
	len = (u32)str_append(line, size - 2U, len, " %06u end", n);
	if (n % 5U == 0U)
		line[len++] = '\r';
	line[len++] = '\n';
	line[len] = '\0';
	return len;
}

static void print(u32 lines)
{
	char line[160];

	for (u32 n = 0; n < lines; n++) {
		u32 len = compose(line, sizeof(line), n);

		if (n % 2U == 0U) {
			uart_puts(line);
			continue;
		}
		/* By DBCN in two pieces: a line may be made of several calls. */
		guest_write(line, len / 2U);
		guest_write(line + len / 2U, len - len / 2U);
	}
	(void)check(true, "printed %u lines", lines);
}

/* --- mode=echo, mode=dbcn -------------------------------------------------------------------- */

static u8 heard[4096]; /* ring, filled by the interrupt */
static volatile u32 heard_in;
static u32 heard_out;

/*
 * What does not fit is left in the UART; its interrupt is then off until the program has made
 * room.
 */
static void serve_echo(void)
{
	while ((uart_read(UART_LSR) & LSR_DR) != 0U) {
		if (heard_in - heard_out == sizeof(heard)) {
			uart_write(UART_IER, 0);
			return;
		}
		heard[heard_in % sizeof(heard)] = uart_read(UART_RBR);
		heard_in++;
	}
}

/* Interrupts are on in here alone, as wait_us() wants them off. */
static int uart_getc(void)
{
	csr_clear(sstatus, SSTATUS_SIE);
	while (heard_in == heard_out) {
		uart_write(UART_IER, 0x01);
		__asm__ volatile("wfi" ::: "memory");
		csr_set(sstatus, SSTATUS_SIE); /* it is taken here */
		csr_clear(sstatus, SSTATUS_SIE);
	}
	return heard[heard_out++ % sizeof(heard)];
}

static int dbcn_getc(void)
{
	int c;

	while ((c = sbi_getchar()) < 0)
		wait_us(1000);
	return c;
}

static void echo(int (*get)(void), u32 slow)
{
	static char line[128];
	u32 kept = 0;
	u32 len = 0;
	u32 sum = 0;
	char text[96];

	uart_puts("echo> ");
	for (;;) {
		char c = (char)get();

		if (slow > 0U)
			wait_us(slow);
		if (c != '\r') {
			if (kept < sizeof(line) - 1U)
				line[kept++] = c;
			if (slow == 0U)
				uart_putc(c);
			sum = sum * 31U + (u8)c;
			len++;
			continue;
		}
		line[kept] = '\0';
		(void)str_print(text, sizeof(text), "\r\nheard %u bytes, sum %08x\r\n", len, sum);
		uart_puts(text);
		if (strcmp(line, "quit") == 0)
			return;
		uart_puts("echo> ");
		kept = len = sum = 0;
	}
}

static void idle(void)
{
	for (;;)
		wait_us(1000000);
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char mode[16] = "device";

	(void)hartid;
	(void)bootarg(fdt, "mode", mode, sizeof(mode));
	if (strcmp(mode, "device") == 0) {
		device();
	} else if (strcmp(mode, "print") == 0) {
		print((u32)bootarg_number(fdt, "lines", 1000));
	} else if (strcmp(mode, "echo") == 0) {
		irq_open(serve_echo);
		echo(uart_getc, (u32)bootarg_number(fdt, "slow", 0));
	} else if (strcmp(mode, "dbcn") == 0) {
		echo(dbcn_getc, (u32)bootarg_number(fdt, "slow", 0));
	} else if (strcmp(mode, "prompt") == 0) {
		uart_puts("prompt> ");
		idle();
	} else if (strcmp(mode, "deaf") == 0) {
		say("deaf: ready");
		idle();
	} else {
		(void)check(false, "there is a mode \"%s\"", mode);
	}
}
