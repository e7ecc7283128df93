/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ISA extensions as device trees name them, as sets over those that a guest may be given.
 *
 * A guest is told of an extension only if Cleave switches all of its state, or it has none, and if
 * it needs no permission in a CSR beyond what arch/riscv/guest.c gives. Builds for the host too.
 */
#ifndef ARCH_RISCV_ISA_H
#define ARCH_RISCV_ISA_H

#include <cleave/types.h>

#define ISA_WORDS     2U
#define ISA_GUEST_LEN 512U /* bytes of the longest string for a guest, with its NUL */

/**
 * struct isa - a set of extensions
 * @word: one bit for each extension of the table in isa.c
 * @h: the H extension, which guests never get
 */
struct isa {
	u64 word[ISA_WORDS];
	bool h;
};

/* What an extension needs besides being named by the device tree's node of every hart */
enum isa_needs {
	ISA_NEEDS_NOTHING,
	ISA_NEEDS_FP,
	ISA_NEEDS_VECTOR,
	ISA_NEEDS_SSTC,
	ISA_NEEDS_SVINVAL,
	ISA_NEEDS_SVNAPOT,
	ISA_NEEDS_SVPBMT,
	ISA_NEEDS_SVADE,
	ISA_NEEDS_ZICBOM,
	ISA_NEEDS_ZICBOZ,
	ISA_NEEDS_COUNTERS,
	ISA_NEEDS_AIA,
};

/**
 * isa_add_string() - add what a `riscv,isa` string names
 * @text: "rv64imafdch_zicsr_..."; any other beginning than "rv64" adds nothing
 * @len: length of @text without its NUL, bytes
 */
void isa_add_string(struct isa *isa, const char *text, size_t len);

/**
 * isa_add_list() - add what a `riscv,isa-extensions` property names
 * @list: NUL-terminated names, one after the other
 * @len: length of @list, bytes
 */
void isa_add_list(struct isa *isa, const char *list, size_t len);

/** isa_intersect() - remove from @isa what @other does not have */
void isa_intersect(struct isa *isa, const struct isa *other);

/** isa_has() - Return: true when @isa holds extension @name (lower case) of the table in isa.c */
bool isa_has(const struct isa *isa, const char *name);

/**
 * isa_guest_string() - write the ISA string for a guest
 * @isa: what all harts name
 * @have: set of 1 << enum isa_needs: what was found by trying; ISA_NEEDS_NOTHING need not be in it
 * @buf: receives the string, NUL-terminated, cut to @size
 * @size: size of @buf, bytes
 *
 * Return: the length of the whole string, bytes, without the NUL.
 */
size_t isa_guest_string(const struct isa *isa, u32 have, char *buf, size_t size);

#endif
