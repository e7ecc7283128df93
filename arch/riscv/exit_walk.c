/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a guest-page fault that htinst says nothing about came from the guest's own page tables.
 *
 * Where htval is not 0, a hart has to write a pseudo-instruction to htinst for such a fault, and
 * "zero is not allowed" (privileged specification, chapter "H", "Transformed Instruction or
 * Pseudoinstruction for mtinst or htinst"). It may leave 0 there for the entry at address 0, whose
 * htval is 0, and there are harts that leave 0 there always. Such a fault must never be emulated as
 * an access of the guest's: it would read or write a register that the guest has not named.
 */
#include "arch/riscv/csr.h"
#include "arch/riscv/exit.h"
#include "arch/riscv/pte.h"

#define EXIT_WALK_ENTRY 8U /* bytes */

/*
 * An access of the guest's own reaches @gpa only if its walk got to the end, for which it had to
 * read each entry. So if the walk itself reads @gpa, that is what has faulted. The guest may change
 * its tables meanwhile: then it is told of a fault that it could have had.
 */
bool exit_walk_reads(struct guest *g, u64 va, u64 gpa)
{
	u64 vsatp = csr_read(CSR_VSATP);
	u64 mode = vsatp >> SATP_MODE_SHIFT;
	u64 pte = vsatp << PTE_PPN_SHIFT;
	u64 level;

	if (gpa % EXIT_WALK_ENTRY != 0U || mode < SATP_MODE_SV39 || mode > SATP_MODE_SV57)
		return false;
	for (level = mode - SATP_MODE_SV39 + 3U; level-- != 0U;) {
		u64 index = (va >> PTE_LEVEL_SHIFT(level)) % PTE_TABLE_ENTRIES;
		u64 at = pte_address(pte) + index * EXIT_WALK_ENTRY;

		if (at == gpa)
			return true;
		if (guest_on_walk(g, GPA(at), &pte) != 0 || (pte & PTE_V) == 0U || pte_is_leaf(pte))
			break;
	}
	return false;
}
