/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ISA extensions as device trees name them, as bit sets over those that a guest may be given.
 *
 * A guest is told only of extensions whose whole state Cleave switches (or that have none) and that no CSR of the
 * hypervisor would have to allow beyond what arch/riscv/guest.c sets. Builds for the host too.
 */
#ifndef ARCH_RISCV_ISA_H
#define ARCH_RISCV_ISA_H

#include <cleave/types.h>

#define ISA_WORDS     2U
#define ISA_GUEST_LEN 512U /* bytes of the longest string for a guest, NUL included */

/* struct isa - a set of extensions: those of isa.c's table, and H */
struct isa {
	u64 word[ISA_WORDS];
	bool h;
};

/* What an extension needs beside being in the harts' device-tree nodes */
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
};

/** isa_add_string() - add what a `riscv,isa` string names: "rv64imafdch_zicsr_..."; @len: bytes without the NUL */
void isa_add_string(struct isa *isa, const char *text, size_t len);

/** isa_add_list() - add what a `riscv,isa-extensions` property names: NUL-terminated names one behind the other */
void isa_add_list(struct isa *isa, const char *list, size_t len);

/** isa_intersect() - take out of @isa what @other does not have */
void isa_intersect(struct isa *isa, const struct isa *other);

/** isa_has() - Return: whether @isa holds the extension @name of isa.c's table, in lower case */
bool isa_has(const struct isa *isa, const char *name);

/**
 * isa_guest_string() - ISA string for a guest
 * @have: bit set 1 << enum isa_needs of what was found by trying (ISA_NEEDS_NOTHING need not be set)
 * @buf: where to, NUL-terminated, cut at @size
 * Return: length in bytes, without the NUL.
 */
size_t isa_guest_string(const struct isa *isa, u32 have, char *buf, size_t size);

#endif
