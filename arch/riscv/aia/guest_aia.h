/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CSRs by which a guest reaches its interrupt file, where the file is an emulated one.
 *
 * Without CONFIG_AIA none of it is there.
 */
#ifndef ARCH_RISCV_GUEST_AIA_H
#define ARCH_RISCV_GUEST_AIA_H

#include "arch/riscv/guest.h"

#ifdef CONFIG_AIA
/**
 * guest_aia_csr() - do an access to siselect, sireg or stopei that has trapped
 * @g: the loaded guest; all its registers are in @g->x
 * @insn: the instruction
 *
 * Return: true when it is done, and pc is after it; false: it is another instruction, or one that
 * has to raise an exception, as in VU-mode, and nothing was changed.
 */
bool guest_aia_csr(struct guest *g, u32 insn);

/*
 * Calls up, defined by core/vm/aia/vm_aia.c, as those of guest.h; full
 */

/** guest_on_file() - an access to sireg: as vimsic_access() of core/device/aia/vimsic.h */
int guest_on_file(struct guest *g, u64 select, u64 clear, u64 set, u64 *old);

/** guest_on_top() - an access to stopei: as vimsic_top() */
u64 guest_on_top(struct guest *g, bool claim);
#else
static inline bool guest_aia_csr(struct guest *g, u32 insn)
{
	(void)g;
	(void)insn;
	return false;
}
#endif

#endif
