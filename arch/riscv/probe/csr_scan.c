/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CSRs that VS-mode can write without a trap, found by having VS-mode write them.
 *
 * HS-mode could try them too, but it reaches more than VS-mode does, and would need an instruction
 * in the image for each number. So a guest of two or three instructions runs, which are made anew
 * for each number. It has neither stage of translation: its code lies in a data page of the
 * hypervisor's, which the hypervisor itself can never execute. A CSR gets back the value that was
 * read, since a write of anything else to a CSR that nobody knows could do harm. An access that is
 * not allowed prints nothing, like that of any guest. It ends here, or as an exception of the guest
 * itself, whose vector leads here.
 *
 * Illegal instructions are the guest's, as those of any guest are. They come to the firmware first,
 * which hands them on; and QEMU from 10.0.11 on lets no firmware hand a trap of a guest's to
 * HS-mode: mstatus.MPV keeps what it is, so HS-mode's vector would be entered in VS-mode, for ever.
 *
 * It must leave no trace, and run while the hart takes no interrupt.
 */
#include "arch/riscv/probe/csr_scan.h"

#include <cleave/format.h>
#include <cleave/printk.h>
#include "arch/riscv/csr.h"
#include "arch/riscv/fence.h"
#include "arch/riscv/fixup.h"
#include "arch/riscv/guest.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/model/guest_csr.h"
#include "arch/riscv/probe/features.h"
#include "arch/riscv/probe/paging.h"

#define CSR_NUMBERS 0x1000U

#define INSN_NOP	   0x00000013U
#define INSN_ECALL	   0x00000073U
#define INSN_READ_A0(csr)  (0x00002573U | (csr) << 20) /* csrr a0, csr */
#define INSN_WRITE_A0(csr) (0x00051073U | (csr) << 20) /* csrw csr, a0 */

#define NAMES 5U /* numbers that are printed */

/* Words of the guest's code */
enum csr_scan_at {
	AT_FIRST,
	AT_READ,
	AT_WRITE,
	AT_END,
	AT_VECTOR, /* of its own exceptions */
	AT_ALL,
};

/* The guest's code. One hart at a time is probed. */
static u32 csr_scan_code[AT_ALL] __attribute__((aligned(16)));

/*
 * @pc: HPA of the guest's code
 * @strays: found so far
 * @names: the first of them, in words, of @len characters
 */
struct csr_scan {
	u64 pc;
	u32 strays;
	size_t len;
	char names[128];
};

/* Run the code with @a0. Return: sepc of what ended it. */
static u64 csr_scan_enter(const struct csr_scan *s, u64 a0)
{
	register u64 value __asm__("a0");

	fence_instruction();
	value = a0; /* after the call, which may use the register */
	/* hstatus.SPV and sstatus.SPP lead to VS-mode; the trap sets them again. */
	__asm__ volatile("	lla	t0, 1f\n"
			 "	csrrw	t1, stvec, t0\n"
			 "	csrw	sepc, %1\n"
			 "	sret\n"
			 "	.balign	4\n"
			 "1:	csrw	stvec, t1\n"
			 : "+r"(value)
			 : "r"(s->pc)
			 : "t0", "t1", "memory");
	return csr_read(CSR_SEPC);
}

/* Can the guest write @csr? If that is behind siselect, @first chooses @a0 there. */
static bool csr_scan_writes(const struct csr_scan *s, u32 first, u32 csr, u64 a0)
{
	csr_scan_code[AT_FIRST] = first;
	csr_scan_code[AT_READ] = INSN_READ_A0(csr);
	csr_scan_code[AT_WRITE] = INSN_WRITE_A0(csr);
	csr_scan_code[AT_END] = INSN_ECALL;
	csr_scan_code[AT_VECTOR] = INSN_ECALL;
	return csr_scan_enter(s, a0) == s->pc + AT_END * sizeof(u32);
}

static void csr_scan_found(struct csr_scan *s, const char *what, u32 number)
{
	s->strays++;
	if (s->strays <= NAMES)
		s->len += str_print(s->names + s->len, sizeof(s->names) - s->len, " %s0x%x", what,
				    number);
}

static void csr_scan_all(struct csr_scan *s)
{
	/* If this fails, so does everything, and nothing would be known. */
	if (!csr_scan_writes(s, INSN_NOP, CSR_SSCRATCH, 0))
		csr_scan_found(s, "(any, as the trial failed) ", CSR_SSCRATCH);
	for (u32 csr = 0; csr < CSR_NUMBERS; csr++) {
		if (guest_csr_may_write(csr) && !guest_csr_is_kept(csr) &&
		    csr_scan_writes(s, INSN_NOP, csr, 0))
			csr_scan_found(s, "", csr);
	}
	for (u32 n = 0; features.siselect && n < GUEST_CSR_SELECT_END; n++) {
		if (!guest_csr_selected_is_kept(n) &&
		    csr_scan_writes(s, INSN_WRITE_A0(CSR_SISELECT), CSR_SIREG, n))
			csr_scan_found(s, "siselect ", n);
	}
}

void csr_scan(void)
{
	struct csr_scan s = { .strays = 0 };
	struct guest g = { .hgatp = 0 };
	struct fixup_saved saved = fixup_save();
	u64 sie = csr_swap(CSR_SIE, 0);
	struct hart *h = hart_this();
	hpa_t pc = HPA(0);

	(void)paging_hpa(csr_scan_code, &pc);
	s.pc = pc.v;
	guest_init(&g, 0, 0, 0);
	g.csr.vstvec = pc.v + AT_VECTOR * sizeof(u32);
	guest_load(&g);
	csr_scan_all(&s);
	guest_put(&g);
	h->fp_owner = NULL;
	csr_write(CSR_SIE, sie);
	fixup_restore(&saved);
	h->strays = s.strays;
	if (s.strays != 0U)
		printk(PRINTK_WARNING
		       "hart %lu: guests can write CSR%s%s, which nobody switches: only one "
		       "partition may use this hart",
		       h->hartid, s.names, s.strays > NAMES ? " and others" : "");
}
