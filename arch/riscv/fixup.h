/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that may trap, and where execution goes on when they do.
 *
 * Section .cleave.fixup holds pairs (instruction, resume), as two offsets, each from its own
 * address. trap_host() looks up the pc of a trap there.
 *
 * The trap itself overwrites sepc, sstatus.SPP, sstatus.SPIE, hstatus.SPV and hstatus.GVA.
 * fixup_try() puts these three registers back, so it can be used while they hold a guest's state.
 * scause, stval, htval and htinst keep what the trap has left there, for the caller to look at.
 */
#ifndef ARCH_RISCV_FIXUP_H
#define ARCH_RISCV_FIXUP_H

#include <cleave/errno.h>
#include <cleave/types.h>
#include "arch/riscv/csr.h"

/**
 * FIXUP() - inline assembly: if the instruction at a label traps, go on at another
 * @insn, @resume: local labels
 */
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
 * fixup_try_unloaded() - run one instruction that may trap, while no guest is loaded
 * @insn: text of the instruction, with %1 for the register that it reads or writes
 * @io: lvalue of type u64: the register's value, in and out
 *
 * A trap leaves its traces in sepc, sstatus and hstatus; guest_load() sets them.
 *
 * Return: CLV_OK, or CLV_ERR_FAULT when the instruction trapped; @io is as the instruction left it.
 */
#define fixup_try_unloaded(insn, io)                                \
	({                                                          \
		u64 fixup_v_ = (io);                                \
		long fixup_e_;                                      \
		__asm__ volatile("	li	%0, %2\n"                     \
				 "1:	" insn "\n"                 \
				 "	li	%0, 0\n"                      \
				 "2:\n" FIXUP(1b, 2b)               \
				 : "=&r"(fixup_e_), "+&r"(fixup_v_) \
				 : "i"(CLV_ERR_FAULT)               \
				 : "memory");                       \
		(io) = fixup_v_;                                    \
		(int)fixup_e_;                                      \
	})

/** fixup_try() - do fixup_try_unloaded(), and put back what a trap overwrites */
#define fixup_try(insn, io)                                  \
	({                                                   \
		struct fixup_saved fixup_s_ = fixup_save();  \
		int fixup_r_ = fixup_try_unloaded(insn, io); \
		if (fixup_r_ != CLV_OK)                      \
			fixup_restore(&fixup_s_);            \
		fixup_r_;                                    \
	})

/**
 * csr_probe_read() - read a CSR that may not exist
 * csr_probe_write() - write it
 * csr_probe_swap() - exchange its value with @v
 * @csr: number of the CSR
 * @v: lvalue of type u64: the value
 *
 * No guest is loaded.
 *
 * Return: CLV_OK, or CLV_ERR_FAULT when the access trapped.
 */
#define csr_probe_read(csr, v)	fixup_try_unloaded("csrr %1, " CSR_STRING(csr), v)
#define csr_probe_write(csr, v) fixup_try_unloaded("csrw " CSR_STRING(csr) ", %1", v)
#define csr_probe_swap(csr, v)	fixup_try_unloaded("csrrw %1, " CSR_STRING(csr) ", %1", v)

/**
 * fixup_load64() - load eight bytes from memory that may not be there
 * @p: address of the hypervisor's, a multiple of 8
 * @out: the bytes
 *
 * Return: CLV_OK, or CLV_ERR_FAULT when the load trapped, and then *@out is 0.
 */
static inline int fixup_load64(const volatile void *p, u64 *out)
{
	u64 v = (uintptr_t)p;
	int err = fixup_try("ld %1, 0(%1)", v);

	*out = err == CLV_OK ? v : 0U;
	return err;
}

#endif
