/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instruction decoding for device emulation. insn.h says what it must never do.
 *
 * The encodings are those of the unprivileged specification: "RV32/64G Instruction Set Listings",
 * "C" (quadrants 0 and 2) and "Zcb".
 */
#include "arch/riscv/decode/insn.h"

#include <cleave/errno.h>

/* Major opcodes, bits 6:0 of a 32-bit instruction */
#define OP_LOAD	    0x03U
#define OP_LOAD_FP  0x07U
#define OP_MISC_MEM 0x0fU
#define OP_STORE    0x23U
#define OP_STORE_FP 0x27U
#define OP_AMO	    0x2fU

#define OPCODE(i) ((i) & 0x7fU)
#define RD(i)	  ((u8)(((i) >> 7) & 0x1fU))
#define FUNCT3(i) (((i) >> 12) & 0x7U)
#define RS1(i)	  ((u8)(((i) >> 15) & 0x1fU))
#define RS2(i)	  ((u8)(((i) >> 20) & 0x1fU))

/*
 * funct3 of a load: bits 1:0 are log2 of the size, bit 2 means unsigned, and 7 is not assigned.
 * funct3 of a store is log2 of the size, 0 to 3.
 */
#define FUNCT3_SIZE	0x3U
#define FUNCT3_UNSIGNED 0x4U
#define FUNCT3_NO_LOAD	7U
#define FUNCT3_STORES	4U

/*
 * funct3 of scalar floating-point accesses (H, W, D, Q). The other values under the same opcodes
 * are vector accesses.
 */
#define FUNCT3_FP_FIRST 1U
#define FUNCT3_FP_LAST	4U

/* funct3 of cache-block operations. All other instructions of MISC-MEM are FENCE and FENCE.I. */
#define FUNCT3_CBO 2U

/* Compressed: quadrant in bits 1:0, funct3 in bits 15:13; a three-bit register is x8 to x15 */
#define C_QUADRANT(i) ((i) & 0x3U)
#define C_FUNCT3(i)   (((i) >> 13) & 0x7U)
#define C_REG_LOW(i)  ((u8)(8U + (((i) >> 2) & 0x7U))) /* rd' and rs2' */
#define C_RD(i)	      ((u8)(((i) >> 7) & 0x1fU))
#define C_RS2(i)      ((u8)(((i) >> 2) & 0x1fU))

/* Zcb, quadrant 0, funct3 100: bits 12:10 are the operation; bit 6 chooses a half-word form */
#define ZCB_OP(i)   (((i) >> 10) & 0x7U)
#define ZCB_BIT6(i) (((i) >> 6) & 0x1U)
#define ZCB_LBU	    0U
#define ZCB_LH	    1U /* bit 6: 0 c.lhu, 1 c.lh */
#define ZCB_SB	    2U
#define ZCB_SH	    3U

/* htinst of a transformed instruction: bit 1 is clear if the original had 16 bits. */
#define HTINST_LONG 2U

u8 insn_length(u16 first)
{
	return (first & 0x3U) == 0x3U ? INSN_LENGTH_LONG : INSN_LENGTH_SHORT;
}

static int insn_decode_long(u32 insn, struct insn_access *out)
{
	u32 funct3 = FUNCT3(insn);

	if (OPCODE(insn) == OP_LOAD && funct3 != FUNCT3_NO_LOAD) {
		*out = (struct insn_access){
			.size = (u8)(1U << (funct3 & FUNCT3_SIZE)),
			.reg = RD(insn),
			.length = INSN_LENGTH_LONG,
			.sign = (funct3 & FUNCT3_UNSIGNED) == 0U,
		};
		return CLV_OK;
	}
	if (OPCODE(insn) == OP_STORE && funct3 < FUNCT3_STORES) {
		*out = (struct insn_access){
			.size = (u8)(1U << funct3),
			.reg = RS2(insn),
			.length = INSN_LENGTH_LONG,
			.write = true,
		};
		return CLV_OK;
	}
	return CLV_ERR_UNSUPPORTED;
}

static struct insn_access insn_short(u8 size, u8 reg, bool write, bool sign)
{
	return (struct insn_access){
		.size = size,
		.reg = reg,
		.length = INSN_LENGTH_SHORT,
		.write = write,
		.sign = sign,
	};
}

static int insn_decode_zcb(u32 insn, struct insn_access *out)
{
	u8 reg = C_REG_LOW(insn);

	switch (ZCB_OP(insn)) {
	case ZCB_LBU:
		*out = insn_short(1, reg, false, false);
		return CLV_OK;
	case ZCB_LH:
		*out = insn_short(2, reg, false, ZCB_BIT6(insn) != 0U);
		return CLV_OK;
	case ZCB_SB:
		*out = insn_short(1, reg, true, false);
		return CLV_OK;
	case ZCB_SH:
		if (ZCB_BIT6(insn) != 0U)
			return CLV_ERR_UNSUPPORTED;
		*out = insn_short(2, reg, true, false);
		return CLV_OK;
	default:
		return CLV_ERR_UNSUPPORTED;
	}
}

/* Quadrant 0: addresses relative to a register */
static int insn_decode_c0(u32 insn, struct insn_access *out)
{
	u8 reg = C_REG_LOW(insn);

	switch (C_FUNCT3(insn)) {
	case 2: /* c.lw */
		*out = insn_short(4, reg, false, true);
		return CLV_OK;
	case 3: /* c.ld */
		*out = insn_short(8, reg, false, true);
		return CLV_OK;
	case 4:
		return insn_decode_zcb(insn, out);
	case 6: /* c.sw */
		*out = insn_short(4, reg, true, false);
		return CLV_OK;
	case 7: /* c.sd */
		*out = insn_short(8, reg, true, false);
		return CLV_OK;
	default:
		return CLV_ERR_UNSUPPORTED;
	}
}

/* Quadrant 2: addresses relative to the stack pointer; loads into x0 are reserved */
static int insn_decode_c2(u32 insn, struct insn_access *out)
{
	u8 rd = C_RD(insn);

	switch (C_FUNCT3(insn)) {
	case 2: /* c.lwsp */
	case 3: /* c.ldsp */
		if (rd == 0U)
			return CLV_ERR_UNSUPPORTED;
		*out = insn_short(C_FUNCT3(insn) == 2U ? 4 : 8, rd, false, true);
		return CLV_OK;
	case 6: /* c.swsp */
		*out = insn_short(4, C_RS2(insn), true, false);
		return CLV_OK;
	case 7: /* c.sdsp */
		*out = insn_short(8, C_RS2(insn), true, false);
		return CLV_OK;
	default:
		return CLV_ERR_UNSUPPORTED;
	}
}

int insn_decode(u32 insn, struct insn_access *out)
{
	switch (C_QUADRANT(insn)) {
	case 0:
		return insn_decode_c0(insn, out);
	case 2:
		return insn_decode_c2(insn, out);
	case 3:
		return insn_decode_long(insn, out);
	default:
		return CLV_ERR_UNSUPPORTED;
	}
}

int insn_decode_htinst(u64 htinst, struct insn_access *out, u8 *offset)
{
	int err;

	if ((htinst & HTINST_TRANSFORMED) == 0U || htinst > UINT32_MAX)
		return CLV_ERR_NOTFOUND;

	err = insn_decode_long((u32)htinst | HTINST_LONG, out);
	if (err != CLV_OK)
		return err;
	if ((htinst & HTINST_LONG) == 0U)
		out->length = INSN_LENGTH_SHORT;
	*offset = RS1((u32)htinst); /* "Addr. Offset" takes the place of rs1 */
	return CLV_OK;
}

static const char *insn_what_fp(u32 insn)
{
	u32 funct3 = FUNCT3(insn);

	if (funct3 >= FUNCT3_FP_FIRST && funct3 <= FUNCT3_FP_LAST)
		return "floating-point access to a device";
	return "vector access to a device";
}

const char *insn_what(u32 insn)
{
	if (C_QUADRANT(insn) != 3U) {
		/* c.fld, c.fsd, c.fldsp, c.fsdsp */
		if (C_QUADRANT(insn) != 1U && (C_FUNCT3(insn) == 1U || C_FUNCT3(insn) == 5U))
			return "floating-point access to a device";
		return "device access by an instruction that is no load or store";
	}
	switch (OPCODE(insn)) {
	case OP_LOAD_FP:
	case OP_STORE_FP:
		return insn_what_fp(insn);
	case OP_AMO:
		return "atomic access to a device";
	case OP_MISC_MEM:
		if (FUNCT3(insn) == FUNCT3_CBO)
			return "cache-block operation on a device";
		break;
	default:
		break;
	}
	return "device access by an instruction that is no load or store";
}

u64 insn_load_value(const struct insn_access *a, u64 data)
{
	u32 unused = 64U - 8U * (u32)a->size;

	if (a->sign)
		return (u64)((s64)(data << unused) >> unused);
	return (data << unused) >> unused;
}

u64 insn_store_value(const struct insn_access *a, u64 reg)
{
	u32 unused = 64U - 8U * (u32)a->size;

	return (reg << unused) >> unused;
}
