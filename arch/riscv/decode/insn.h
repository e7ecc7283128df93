/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding the instruction behind an access to an emulated device.
 *
 * Pure: no CSR, no hart, no memory access, so it is built and tested on the host. It must never trust its input: whatever
 * 32 bits a guest or a hart presents give a decoded access or an error.
 */
#ifndef ARCH_RISCV_INSN_H
#define ARCH_RISCV_INSN_H

#include <cleave/types.h>

/**
 * struct insn_access - an integer load or store
 * @size: bytes: 1, 2, 4, 8
 * @reg: number of the integer register: target of a load, source of a store
 * @length: of the instruction, bytes: 2 or 4
 * @write: store
 * @sign: a load that extends the sign
 */
struct insn_access {
	u8 size;
	u8 reg;
	u8 length;
	bool write;
	bool sign;
};

/* Longest instruction that insn_decode() looks at; insn_length() says whether the upper half matters. */
#define INSN_LENGTH_SHORT 2U
#define INSN_LENGTH_LONG  4U

/**
 * insn_length() - length of an instruction by its first 16 bits
 * @first: the first parcel
 *
 * Return: bytes, 2 or 4 (unprivileged specification, "Base Instruction-Length Encoding"; longer ones are not ratified).
 */
u8 insn_length(u16 first);

/**
 * insn_decode() - decode an instruction as it stands in memory
 * @insn: the instruction; the upper 16 bits of a compressed one are ignored
 * @out: set on success only
 *
 * Knows LB to SD, their compressed forms and Zcb's.
 *
 * Return: 0, CLV_ERR_UNSUPPORTED when it is anything else (insn_what() names it).
 */
int insn_decode(u32 insn, struct insn_access *out);

/**
 * insn_decode_htinst() - decode a transformed instruction (privileged specification, chapter "H", "Transformed Instruction or
 * Pseudoinstruction for mtinst or htinst")
 * @htinst: the CSR's value; bit 1 clear says that the trapping instruction was a compressed one
 * @out: set on success only
 * @offset: distance of the faulting byte from the access's first byte; not zero only where a misaligned access was cut
 *
 * Return: 0; CLV_ERR_NOTFOUND when @htinst is zero, a pseudo-instruction or a custom value, so that the instruction has to be
 * read from memory; CLV_ERR_UNSUPPORTED when it is an instruction, but no integer load or store.
 */
int insn_decode_htinst(u64 htinst, struct insn_access *out, u8 *offset);

/** insn_what() - Return: what an instruction that insn_decode() refuses did, e.g. "atomic access to a device"; a constant string */
const char *insn_what(u32 insn);

/**
 * insn_load_value() - what a load leaves in its register
 * @a: a decoded load
 * @data: what the device answered; bits above the access's size are ignored
 *
 * Return: the 64-bit register value, sign- or zero-extended.
 */
u64 insn_load_value(const struct insn_access *a, u64 data);

/** insn_store_value() - Return: the low @a->size bytes of the register value @reg, zero-extended */
u64 insn_store_value(const struct insn_access *a, u64 reg);

#endif
