/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that may trap, and where to go on when they do.
 *
 * A pair (instruction, resume) stands in section .cleave.fixup as two offsets relative to themselves; trap_host() in trap.c
 * looks a trap's pc up there. The trap itself overwrites sepc, sstatus.SPP, sstatus.SPIE and hstatus.SPV and GVA: the
 * functions here put all three registers back, so that they can be used while a guest's state is in them. scause, stval,
 * htval and htinst keep what the trap left, for the caller to look at.
 */
#ifndef ARCH_RISCV_FIXUP_H
#define ARCH_RISCV_FIXUP_H

#include <cleave/errno.h>
#include <cleave/types.h>
#include "arch/riscv/csr.h"

/** FIXUP() - for inline assembly: when the instruction at local label @insn traps, go on at local label @resume */
#define FIXUP(insn, resume)                   \
	".pushsection .cleave.fixup, \"a\"\n" \
	"	.balign 4\n"                        \
	"	.word " #insn " - .\n"        \
	"	.word " #resume " - .\n"      \
	".popsection\n"

/* The registers of a loaded guest that a trap in the hypervisor overwrites */
struct fixup_saved {
	u64 sepc;
	u64 sstatus;
	u64 hstatus;
};

static inline struct fixup_saved fixup_save(void)
{
	return (struct fixup_saved){
		.sepc = csr_read(CSR_SEPC),
		.sstatus = csr_read(CSR_SSTATUS),
		.hstatus = csr_read(CSR_HSTATUS),
	};
}

static inline void fixup_restore(const struct fixup_saved *s)
{
	csr_write(CSR_SEPC, s->sepc);
	csr_write(CSR_SSTATUS, s->sstatus);
	csr_write(CSR_HSTATUS, s->hstatus);
}

/**
 * fixup_try() - run one instruction that may trap
 * @insn: its text, with %1 for the register that it writes or reads
 * @io: u64 lvalue: value in and out
 *
 * Return: CLV_OK, or CLV_ERR_FAULT when it trapped; @io is as the instruction left it.
 */
#define fixup_try(insn, io)                                         \
	({                                                          \
		struct fixup_saved fixup_s_ = fixup_save();         \
		u64 fixup_v_ = (io);                                \
		long fixup_e_;                                      \
		__asm__ volatile("	li	%0, %2\n"                     \
				 "1:	" insn "\n"                 \
				 "	li	%0, 0\n"                      \
				 "2:\n" FIXUP(1b, 2b)               \
				 : "=&r"(fixup_e_), "+&r"(fixup_v_) \
				 : "i"(CLV_ERR_FAULT)               \
				 : "memory");                       \
		if (fixup_e_ != 0)                                  \
			fixup_restore(&fixup_s_);                   \
		(io) = fixup_v_;                                    \
		(int)fixup_e_;                                      \
	})

/**
 * csr_probe_read() - read CSR number @csr, which may not exist, into u64 lvalue @v
 * csr_probe_write() - write u64 lvalue @v into it
 * csr_probe_swap() - write @v and get the old value into it
 * Return: CLV_OK or CLV_ERR_FAULT.
 */
#define csr_probe_read(csr, v)	fixup_try("csrr %1, " CSR_STRING(csr), v)
#define csr_probe_write(csr, v) fixup_try("csrw " CSR_STRING(csr) ", %1", v)
#define csr_probe_swap(csr, v)	fixup_try("csrrw %1, " CSR_STRING(csr) ", %1", v)

/** fixup_load32() - load a word that may not be there. Return: CLV_OK or CLV_ERR_FAULT (@out is 0 then) */
static inline int fixup_load32(const volatile void *p, u32 *out)
{
	u64 v = (uintptr_t)p;
	int err = fixup_try("lwu %1, 0(%1)", v);

	*out = err == CLV_OK ? (u32)v : 0U;
	return err;
}

/** fixup_load64() - as fixup_load32(), eight bytes */
static inline int fixup_load64(const volatile void *p, u64 *out)
{
	u64 v = (uintptr_t)p;
	int err = fixup_try("ld %1, 0(%1)", v);

	*out = err == CLV_OK ? v : 0U;
	return err;
}

#endif
