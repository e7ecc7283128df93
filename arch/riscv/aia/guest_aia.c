/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Emulation of siselect, sireg and stopei for a guest whose interrupt file is an emulated one
 * (Advanced Interrupt Architecture 1.0, 2.3 and 2.5).
 *
 * hstatus.VGEIN is 0, so stopei, and sireg for what is selected from 0x70 to 0xff, raise a virtual-
 * instruction exception on every hart that has Ssaia. So does sireg from 0x30 to 0x3f. siselect
 * itself does so only where Smstateen closes it: there it is kept in struct guest alone, and the
 * hart's is never used. Whatever else a guest selects is an illegal instruction.
 */
#include "arch/riscv/aia/guest_aia.h"

#include <cleave/errno.h>
#include "arch/riscv/csr.h"
#include "arch/riscv/probe/features.h"

#define OPCODE_SYSTEM 0x73U
#define FUNCT3_WRITE  1U
#define FUNCT3_SET    2U
#define FUNCT3_CLEAR  3U
#define FUNCT3_IMM    4U /* is added where the operand is a number of five bits */

/* siselect holds at least these (2.2) */
#define SELECT_MASK UINT64_C(0x1ff)

/* Priorities of interrupts: read-only zero, as is allowed; the odd ones do not exist (5.2.2). */
#define SELECT_IPRIO_FIRST 0x30U
#define SELECT_IPRIO_LAST  0x3fU

/**
 * struct guest_aia_op - what a CSR instruction does
 * @writes: it writes the CSR, which becomes (old & ~@clear) | @set
 */
struct guest_aia_op {
	bool writes;
	u64 clear;
	u64 set;
};

/* Return: true when @insn is one of the CSR instructions (unprivileged specification, "Zicsr") */
static bool guest_aia_decode(const struct guest *g, u32 insn, struct guest_aia_op *op)
{
	u32 funct3 = insn >> 12 & 7U;
	u32 source = insn >> 15 & 31U;
	u64 value = (funct3 & FUNCT3_IMM) != 0U ? source : g->x[source];

	*op = (struct guest_aia_op){ .writes = source != 0U };
	if ((insn & 0x7fU) != OPCODE_SYSTEM)
		return false;
	switch (funct3 & ~FUNCT3_IMM) {
	case FUNCT3_WRITE:
		*op = (struct guest_aia_op){ true, ~UINT64_C(0), value };
		return true;
	case FUNCT3_SET:
		op->set = value;
		return true;
	case FUNCT3_CLEAR:
		op->clear = value;
		return true;
	default:
		return false;
	}
}

static u64 guest_aia_selected(const struct guest *g)
{
	return features.siselect ? csr_read(CSR_VSISELECT) : g->csr.vsiselect;
}

/* An access to siselect: it has trapped, so guest_load() does not switch the hart's. */
static u64 guest_aia_select(struct guest *g, const struct guest_aia_op *op)
{
	u64 old = g->csr.vsiselect;

	g->csr.vsiselect = ((old & ~op->clear) | op->set) & SELECT_MASK;
	return old;
}

static int guest_aia_register(struct guest *g, const struct guest_aia_op *op, u64 *old)
{
	u64 select = guest_aia_selected(g);

	*old = 0;
	if (select >= SELECT_IPRIO_FIRST && select <= SELECT_IPRIO_LAST)
		return (select & 1U) == 0U ? CLV_OK : CLV_ERR_NOTFOUND;
	return guest_on_file(g, select, op->clear, op->set, old);
}

bool guest_aia_csr(struct guest *g, u32 insn)
{
	u32 number = insn >> 20;
	u32 rd = insn >> 7 & 31U;
	struct guest_aia_op op;
	u64 old;

	if (!g->aia || (csr_read(CSR_SSTATUS) & SSTATUS_SPP) == 0U ||
	    !guest_aia_decode(g, insn, &op))
		return false;
	if (number == CSR_STOPEI)
		old = guest_on_top(g, op.writes);
	else if (number == CSR_SISELECT && !features.siselect)
		old = guest_aia_select(g, &op);
	else if (number != CSR_SIREG || guest_aia_register(g, &op, &old) != CLV_OK)
		return false;
	if (rd != 0U)
		g->x[rd] = old;
	guest_skip(g);
	return true;
}
