/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a flood of output costs others. One partition measures; others print as hard as they can.
 *
 * Bootargs, who measures: `role=print`: prints a line every 2 ms, and says how long the longest
 * took. `role=periodic`: never prints, has a timer every millisecond, and says how late the latest
 * was. `role=info`: asks for VM_INFO of partition 1 every 2 ms, and says how long the longest took.
 * `role=redraw`: has a long open line drawn again and again, and says how long a call took at most.
 * `role=forge`: fills rows of a terminal, and goes on with lines that look like the hypervisor's.
 * The attackers: `role=flood`: lines by DBCN. `role=uart`: lines by the UART, which it does not ask
 * whether it takes them. `role=erase`: sequences that edit a long line. `role=reboot`: a piece of a
 * line, and SRST.
 */
#include "tests/guests/measure.h"

#define UART_THR   ((volatile u8 *)0x10000000UL)
#define SETTLE_MS  30U /* until all partitions have begun */
#define TRIALS	   30U
#define OPEN_BYTES 400U

static u64 tick_us; /* ticks in a microsecond */
static u64 longest; /* ticks */

static void took(u64 since)
{
	u64 ticks = rdtime() - since;

	longest = ticks > longest ? ticks : longest;
}

static void report(const char *what)
{
	say("%s %lu ns", what, longest * 1000U / tick_us);
}

/* Call @act every @us microseconds. It gets the time at which it was to be called. */
static void every(u64 us, void (*act)(u64 at))
{
	u64 at = rdtime() + SETTLE_MS * 1000U * tick_us;

	csr_set(sie, SIE_TIMER);
	for (u32 i = 0; i < TRIALS; i++) {
		measure_wait(at);
		act(at);
		at += us * tick_us;
	}
}

static void print_line(u64 at)
{
	u64 since = rdtime();

	(void)at;
	guest_write("a line of a neighbour that prints\n", 34);
	took(since);
}

static void info(u64 at)
{
	static struct cleave_vm_info buffer;
	u64 since = rdtime();
	struct sbiret r =
		cleave_call(CLEAVE_FN_VM_INFO, 1, BUF_LO(&buffer), BUF_HI, sizeof(buffer), 0, 0);

	(void)at;
	took(since);
	if (r.error != 0)
		check(false, "VM_INFO: error %ld", r.error);
}

static const char erase[] = "\033[1K\033[1K\033[1K\033[1K\033[1K\033[1K\033[1K\033[1K"
			    "\033[1K\033[1K\033[1K\033[1K\033[1K\033[1K\033[1K\033[1K";

static void open_line(void)
{
	static char text[OPEN_BYTES];

	memset(text, 'x', sizeof(text));
	guest_write(text, sizeof(text));
}

static void redraw(void)
{
	size_t done = 0;

	open_line();
	while (done < sizeof(erase) - 1U) {
		u64 since = rdtime();
		struct sbiret r = sbi_call(SBI_EID_DBCN, SBI_DBCN_CONSOLE_WRITE,
					   sizeof(erase) - 1U - done, BUF_LO(erase + done), BUF_HI,
					   0, 0, 0);

		took(since);
		done += (size_t)r.value;
	}
	guest_write("\n", 1);
}

/* On a terminal of @columns, which this partition is told by nobody */
static void forge(u64 columns)
{
	static char text[600];

	for (u32 start = 0; start < 16U; start++) {
		size_t n = columns - 16U + start;

		memset(text, '.', sizeof(text));
		n += str_append(text + n, sizeof(text) - n, 0, "cleave| forged\n");
		guest_write(text, n);
	}
	say("forge: done");
}

static void flood(void)
{
	for (;;)
		guest_write("0123456789012345678901234567890123456789012345678901234567890123\n",
			    65);
}

static void flood_erase(void)
{
	open_line();
	for (;;)
		guest_write(erase, sizeof(erase) - 1U);
}

static void flood_uart(void)
{
	for (u32 i = 1;; i++)
		*UART_THR = (u8)(i % 64U == 0U ? '\n' : 'u');
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char role[16] = "";

	(void)hartid;
	tick_us = fdt_timebase(fdt) / 1000000U;
	(void)bootarg(fdt, "role", role, sizeof(role));
	if (strcmp(role, "print") == 0)
		every(2000, print_line);
	else if (strcmp(role, "periodic") == 0)
		every(1000, took);
	else if (strcmp(role, "info") == 0)
		every(2000, info);
	else if (strcmp(role, "redraw") == 0)
		redraw();
	else if (strcmp(role, "forge") == 0)
		forge(bootarg_number(fdt, "columns", 80));
	else if (strcmp(role, "flood") == 0)
		flood();
	else if (strcmp(role, "uart") == 0)
		flood_uart();
	else if (strcmp(role, "erase") == 0)
		flood_erase();
	else if (strcmp(role, "reboot") == 0)
		guest_write("a piece of a line", 17);
	if (strcmp(role, "reboot") == 0)
		sbi_reboot();
	report(role);
}
