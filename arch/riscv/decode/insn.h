/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding the instruction that accesses an emulated device.
 *
 * Pure: no CSR, no hart, no memory access, so it is built and tested on the host. It must never
 * trust its input: any 32 bits that a guest or a hart presents give either a decoded access or an
 * error.
 */
#ifndef ARCH_RISCV_INSN_H
#define ARCH_RISCV_INSN_H

#include <cleave/types.h>

/**
 * struct insn_access - an integer load or store
 * @size: bytes: 1, 2, 4 or 8
 * @reg: number of the integer register: target of a load, source of a store
 * @length: length of the instruction, bytes: 2 or 4
 * @write: it is a store
 * @sign: it is a load that extends the sign
 */
struct insn_access {
	u8 size;
	u8 reg;
	u8 length;
	bool write;
	bool sign;
};

/* Lengths of an instruction, bytes: a compressed one, and all others */
#define INSN_LENGTH_SHORT 2U
#define INSN_LENGTH_LONG  4U

/**
 * insn_length() - find the length of an instruction
 * @first: its first 16 bits
 *
 * Return: bytes, 2 or 4 (unprivileged specification, "Base Instruction-Length Encoding"; longer
 * ones are not ratified).
 */
u8 insn_length(u16 first);

/**
 * insn_decode() - decode an instruction that was read from memory
 * @insn: the instruction; the upper 16 bits of a compressed one are ignored
 * @out: set on success only
 *
 * It knows LB to SD, their compressed forms, and those of Zcb.
 *
 * Return: 0; CLV_ERR_UNSUPPORTED when it is anything else (insn_what() names it).
 */
int insn_decode(u32 insn, struct insn_access *out);

/* Bit 0 of htinst is set if it holds a transformed instruction. */
#define HTINST_TRANSFORMED 1U

/**
 * insn_decode_htinst() - decode a transformed instruction (privileged specification, chapter "H",
 * "Transformed Instruction or Pseudoinstruction for mtinst or htinst")
 * @htinst: value of the CSR
 * @out: set on success only
 * @offset: set on success only: distance of the faulting byte from the access's first byte, bytes;
 * it is not 0 only where a hart has split a misaligned access
 *
 * Return: 0; CLV_ERR_NOTFOUND when @htinst is 0, a pseudo-instruction or a custom value, so that
 * the instruction has to be read from memory; CLV_ERR_UNSUPPORTED when it is an instruction, but
 * not an integer load or store.
 */
int insn_decode_htinst(u64 htinst, struct insn_access *out, u8 *offset);

/**
 * insn_what() - name what an instruction did that insn_decode() refuses
 *
 * Return: a constant string such as "atomic access to a device".
 */
const char *insn_what(u32 insn);

/**
 * insn_load_value() - compute what a load leaves in its register
 * @a: the decoded load
 * @data: what the device answered; bits above the access's size are ignored
 *
 * Return: the 64-bit register value, extended by sign or by zeros.
 */
u64 insn_load_value(const struct insn_access *a, u64 data);

/** insn_store_value() - Return: the low @a->size bytes of the register value @reg, zero-extended */
u64 insn_store_value(const struct insn_access *a, u64 reg);

#endif
