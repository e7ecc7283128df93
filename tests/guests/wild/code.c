/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs: words that are drawn, but for those after which this guest could not go on, and single
 * accesses of all kinds.
 */
#include "tests/guests/wild/wild.h"

#define EBREAK 0x00100073U
#define NOP    0x00000013U

#define OP_AUIPC  0x17U
#define OP_BRANCH 0x63U
#define OP_JALR	  0x67U
#define OP_JAL	  0x6fU
#define OP_SYSTEM 0x73U

#define INSN_ECALL 0x00000073U
#define INSN_SRET  0x10200073U
#define INSN_WFI   0x10500073U

/* stvec, sscratch, sepc, satp: what run.S stands on */
static bool own_csr(u32 csr)
{
	return csr == 0x105U || csr == 0x140U || csr == 0x141U || csr == 0x180U;
}

/*
 * Return: whether the guest can run the word @w. Jumps within the program, and what knows where the
 * program is, could lead back into it.
 */
static bool tame(u32 w)
{
	switch (w & 0x7fU) {
	case OP_AUIPC:
	case OP_BRANCH:
	case OP_JAL:
	case OP_JALR:
		return false;
	case OP_SYSTEM:
		if ((w >> 12 & 3U) != 0)
			return !own_csr(w >> 20);
		return w != INSN_ECALL && w != INSN_SRET && w != INSN_WFI;
	default:
		return (w & 3U) == 3U; /* 16-bit ones include jumps */
	}
}

/* Each CSR that there may be, and any operation */
static u32 draw_csr(struct wild_hart *h)
{
	static const u32 likely[] = { 0x000, 0x100, 0x104, 0x106, 0x10a, 0x120, 0x142, 0x143, 0x144,
				      0x14d, 0x150, 0x151, 0x15c, 0x200, 0x204, 0x240, 0x244, 0x280,
				      0x5a8, 0x600, 0x603, 0x605, 0x606, 0x60a, 0x643, 0x645, 0x64a,
				      0x680, 0xc00, 0xc01, 0xc02, 0xdb0, 0xe12, 0xfb0 };
	u32 csr = (u32)(wild_below(h, 2U) != 0 ? likely[wild_below(h, ARRAY_SIZE(likely))]
					       : wild_below(h, 4096U));
	static const u32 ops[] = { 1, 2, 3, 5, 6, 7 };

	return csr << 20 | (u32)wild_below(h, 32U) << 15 |
	       ops[wild_below(h, ARRAY_SIZE(ops))] << 12 | (u32)wild_below(h, 32U) << 7 | OP_SYSTEM;
}

/* Instructions that VS-mode does not have, or has and Cleave has to do with */
static u32 draw_special(struct wild_hart *h)
{
	static const u32 words[] = {
		0x22000073, 0x62000073, 0x26000073, 0x66000073, /* hfence, hinval */
		0x600542f3, 0x6c0542f3, 0x682542f3, 0x683542f3, /* hlv, hlvx */
		0x62554073, 0x6e554073,				/* hsv */
		0x30200073, 0x70200073, 0x7b200073,		/* mret, mnret, dret */
		0x00d00073, 0x01d00073,				/* wrs.nto, wrs.sto */
		0x12000073, 0x12a50073, 0x16000073,		/* sfence.vma, sinval.vma */
		0x18000073, 0x18100073, 0x0000100f, 0x0ff0000f, /* sfence.w.inval, fence */
		0x0005200f, 0x0015200f, 0x0025200f, 0x0045200f, /* cbo of (a0) */
	};

	return words[wild_below(h, ARRAY_SIZE(words))];
}

void wild_code(struct wild_hart *h, u32 n)
{
	u32 i, w;

	for (i = 0; i < n && i < WILD_CODE - 1U; i++) {
		switch (wild_below(h, 4U)) {
		case 0:
			w = draw_csr(h);
			break;
		case 1:
			w = draw_special(h);
			break;
		case 2:
			w = wild_access(h, NULL);
			break;
		default:
			w = (u32)random_next(&h->state) | 3U;
			break;
		}
		h->code[i] = tame(w) ? w : NOP;
	}
	h->code[i] = EBREAK;
}

u32 wild_access(struct wild_hart *h, bool *jump)
{
	/* rd or rs2 is a1, the address is in a0. The 16-bit ones have a NOP beside them. */
	static const u32 words[] = {
		0x00050583, 0x00051583, 0x00052583, 0x00053583, /* lb, lh, lw, ld */
		0x00054583, 0x00055583, 0x00056583, 0x00053503, /* lbu, lhu, lwu, ld a0 */
		0x00b50023, 0x00b51023, 0x00b52023, 0x00b53023, /* sb, sh, sw, sd */
		0x00052003, 0x00050003,				/* lw x0, lb x0 */
		0x00052587, 0x00053587, 0x00b52027, 0x00b53027, /* flw, fld, fsw, fsd */
		0x100525af, 0x100535af, 0x18b525af, 0x18b535af, /* lr, sc */
		0x00b525af, 0x00b535af, 0x08b535af, 0xe0b525af, /* amoadd, amoswap, amomaxu */
		0x00b505af, 0x28b535af, 0x00b545af,		/* amoadd.b, amocas.d, amoadd.q */
		0x0001410c, 0x0001610c, 0x0001c10c, 0x0001e10c, /* c.lw, c.ld, c.sw, c.sd */
		0x0001810c, 0x0001850c, 0x0001890c, 0x00018d0c, /* c.lbu, c.lhu, c.sb, c.sh */
	};
	u64 i = wild_below(h, ARRAY_SIZE(words) + 1U);

	if (jump == NULL)
		return words[i % ARRAY_SIZE(words)] | 3U;
	*jump = i == ARRAY_SIZE(words);
	return *jump ? 0x00050067U : words[i]; /* jr a0 */
}
