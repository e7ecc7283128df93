/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calling hart's own interrupt file, by its CSRs (AIA 3.7 to 3.9). It must never clear a
 * pending bit that it has not read: stopei may name another identity with each access, so a claim
 * goes by number (AIA 3.9, note).
 */
#include "arch/riscv/aia.h"

#include "arch/riscv/csr.h"
#include "arch/riscv/hart.h"

/* Registers that siselect selects (AIA 3.7). Of eip and eie, RV64 has the even numbers alone. */
#define IMSIC_EIDELIVERY  0x70U
#define IMSIC_EITHRESHOLD 0x72U
#define IMSIC_EIP	  0x80U
#define IMSIC_EIE	  0xc0U

#define IMSIC_IDENTITY_SHIFT 16U /* of stopei */

static struct {
	void *page[CONFIG_MAX_HARTS]; /* of files that may not be open yet */
	u32 ids;
} imsic;

void imsic_set_file(u32 index, void *page, u32 ids)
{
	imsic.page[index] = page;
	imsic.ids = ids;
}

static void imsic_write(u32 reg, u64 value)
{
	csr_write(CSR_SISELECT, reg);
	csr_write(CSR_SIREG, value);
}

/* Clear the bit of identity @id in eip or eie. */
static void imsic_clear(u32 reg, u32 id)
{
	csr_write(CSR_SISELECT, reg + id / 64U * 2U);
	csr_clear(CSR_SIREG, BIT64(id % 64U));
}

/*
 * What the firmware or an earlier kernel has left in it is not ours. All identities are enabled:
 * the APLIC switches sources, on whichever hart they are.
 */
bool imsic_start(void)
{
	u32 index = hart_this()->index;

	if (imsic.page[index] == NULL)
		return true;
	if (!imsic_here())
		return false;
	imsic_write(IMSIC_EIDELIVERY, 0);
	for (u32 id = 0; id < imsic.ids; id += 64U) {
		imsic_write(IMSIC_EIP + id / 64U * 2U, 0);
		imsic_write(IMSIC_EIE + id / 64U * 2U, ~UINT64_C(0));
	}
	imsic_write(IMSIC_EITHRESHOLD, 0);
	imsic_write(IMSIC_EIDELIVERY, 1);
	if (csr_read(CSR_SIREG) != 1U)
		return false;
	imsic_pages[index] = imsic.page[index];
	return true;
}

/*
 * CSRs count as devices for a fence: what is read after the fence is as new as the message, so the
 * request that a call is about is seen.
 */
static u32 imsic_top(void)
{
	u32 id = (u32)(csr_read(CSR_STOPEI) >> IMSIC_IDENTITY_SHIFT);

	IO_AFTER_READ();
	return id;
}

u32 imsic_claim(u32 first, u32 nr)
{
	u32 id = imsic_top();

	if (id == IMSIC_ID_IPI) {
		imsic_clear(IMSIC_EIP, id);
		csr_set(CSR_SIP, SIP_SSIP);
		id = imsic_top();
	}
	if (id - first >= nr)
		return 0;
	imsic_clear(IMSIC_EIP, id);
	return id - first + 1U;
}

void imsic_drop(u32 end)
{
	u32 id = imsic_top();

	if (id < end)
		return;
	imsic_clear(IMSIC_EIE, id);
	imsic_clear(IMSIC_EIP, id);
}
