/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps that the hypervisor itself takes.
 *
 * The report goes straight to the firmware's console, because the code that failed may be the
 * console's. What others have printed before is sent first, without waiting for anybody.
 */
#include "arch/riscv/trap.h"

#include <cleave/atomic.h>
#include <cleave/format.h>
#include <cleave/string.h>
#include "arch/riscv/csr.h"
#include "arch/riscv/firmware.h"
#include "arch/riscv/hart.h"

/* An entry of section .cleave.fixup: two offsets, each from its own address (fixup.h) */
struct fixup_entry {
	s32 insn;
	s32 resume;
};

extern const struct fixup_entry cleave_fixup_start[], cleave_fixup_end[];
extern u8 trap_entry[];

/* 1 once a report has begun; atomic. A trap inside the report must not begin another one. */
static u32 trap_reporting;

static uintptr_t trap_fixup_address(const s32 *field)
{
	return (uintptr_t)field + (uintptr_t)(s64)*field;
}

/* Return: where to go on after a trap at @pc; 0 if there is no fix-up for it. */
static uintptr_t trap_find_fixup(uintptr_t pc)
{
	for (const struct fixup_entry *e = cleave_fixup_start; e < cleave_fixup_end; e++) {
		if (trap_fixup_address(&e->insn) == pc)
			return trap_fixup_address(&e->resume);
	}
	return 0;
}

static const char *trap_cause_name(u64 cause)
{
	static const char *const name[] = {
		"instruction address misaligned",
		"instruction access fault",
		"illegal instruction",
		"breakpoint",
		"load address misaligned",
		"load access fault",
		"store address misaligned",
		"store access fault",
		"ecall from U-mode",
		"ecall from HS-mode",
		"ecall from VS-mode",
		NULL,
		"instruction page fault",
		"load page fault",
		NULL,
		"store page fault",
		NULL,
		NULL,
		NULL,
		NULL,
		"instruction guest-page fault",
		"load guest-page fault",
		"virtual instruction",
		"store guest-page fault",
	};

	if ((cause & SCAUSE_INTERRUPT) != 0U)
		return "interrupt";
	if (cause >= ARRAY_SIZE(name) || name[cause] == NULL)
		return "unknown cause";
	return name[cause];
}

static void trap_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void trap_say(const char *fmt, ...)
{
	char line[160];
	va_list ap;

	va_start(ap, fmt);
	(void)str_format(line, sizeof(line), fmt, ap);
	va_end(ap);
	firmware_console_write("cleave| ", 8U);
	firmware_console_write(line, strlen(line));
	firmware_console_write("\r\n", 2U);
}

/* Names of x1 to x31, four bytes each */
static const char trap_register_name[] =
	"    ra  sp  gp  tp  t0  t1  t2  s0  s1  a0  a1  a2  a3  a4  a5  a6  a7  s2  s3  s4  "
	"s5  s6  s7  s8  s9  s10 s11 t3  t4  t5  t6  ";

static void trap_report(const struct trap_frame *f)
{
	const struct hart *h = hart_this();
	u64 cause = csr_read(CSR_SCAUSE);

	firmware_flush_console();
	firmware_console_write("\r\n", 2U);
	trap_say("hypervisor bug on hart %lu: %s%s", h->hartid, trap_cause_name(cause),
		 f->overflow != 0U ? ", with sp outside the hart's stack (overflow?)" : "");
	trap_say("sepc %016lx scause %lx stval %016lx htval %lx htinst %lx", f->sepc, cause,
		 csr_read(CSR_STVAL), csr_read(CSR_HTVAL), csr_read(CSR_HTINST));
	trap_say("sstatus %lx hstatus %lx satp %lx hgatp %lx vsatp %lx", f->sstatus, f->hstatus,
		 csr_read(CSR_SATP), csr_read(CSR_HGATP), csr_read(CSR_VSATP));
	trap_say("stack %016lx to %016lx, guest loaded %016lx", h->stack_bottom, h->stack_top,
		 (u64)(uintptr_t)h->guest);
	for (u32 i = 1; i < 32U; i += 3U) {
		char line[96];
		size_t at = 0;

		for (u32 j = i; j < 32U && j < i + 3U; j++)
			at += str_print(line + at, sizeof(line) - at, "%.4s%016lx  ",
					&trap_register_name[j * 4U], f->x[j]);
		trap_say("%s", line);
	}
	trap_say("the machine is shut down; please report this with the boot report");
}

void trap_host(struct trap_frame *f)
{
	uintptr_t resume = f->overflow == 0U ? trap_find_fixup(f->sepc) : 0U;

	if (resume != 0U) {
		f->sepc = resume;
		return;
	}
	/* Only the first trap is reported in full: not another hart's, nor one in the report. */
	if (atomic_xchg(&trap_reporting, 1U) == 0U) {
		trap_report(f);
		firmware_shutdown(true);
	}
	if (f->overflow == 0U)
		trap_say("another trap: sepc %016lx scause %lx stval %lx", f->sepc,
			 csr_read(CSR_SCAUSE), csr_read(CSR_STVAL));
	firmware_shutdown(true);
}

void trap_init(void)
{
	csr_write(CSR_SSCRATCH, 0);
	csr_write(CSR_STVEC, (uintptr_t)trap_entry);
}
