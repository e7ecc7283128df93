/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hart's own interrupt file (AIA, chapter 3): messages from APLICs and from other harts.
 *
 * Identity 1, which is the first that a hart is told of, means that another hart calls. Whoever
 * claims it raises the hart's own software interrupt, so the rest of the hypervisor sees a call of
 * either kind alike. Further identities are the APLICs'.
 *
 * Concurrency: the boot hart sets pages before another hart starts. Each hart opens its own file
 * before it is online. Afterwards each file's registers belong to its hart, and any hart may store
 * into any file's page.
 */
#ifndef ARCH_RISCV_AIA_H
#define ARCH_RISCV_AIA_H

#include <cleave/types.h>

#ifdef CONFIG_AIA

#include "arch/riscv/io.h"

#define IMSIC_ID_IPI	 1U
#define IMSIC_ID_SOURCES 2U /* the first of the APLICs' */

/** imsic_here() - Return: true when the calling hart can reach a file of its own; nothing traps */
bool imsic_here(void);

/**
 * imsic_set_file() - say where the file of hart @index is, and how many identities files have
 * @page: its page, mapped
 */
void imsic_set_file(u32 index, void *page, u32 ids);

/**
 * imsic_start() - empty and open the file of the calling hart, if it has one
 *
 * Return: true; false when there should be one, and it cannot be reached or be opened.
 */
bool imsic_start(void);

/**
 * imsic_claim() - claim what has come to the file of the calling hart
 * @first, @nr: identities, one after the other
 *
 * A call of another hart is claimed too, and raises the software interrupt.
 *
 * Return: how far after @first the claimed identity is, plus 1; 0: something else is first, or
 * nothing.
 */
u32 imsic_claim(u32 first, u32 nr);

/** imsic_drop() - claim and switch off what is first in the calling hart's file, if from @end on */
void imsic_drop(u32 end);

extern void *imsic_pages[CONFIG_MAX_HARTS]; /* the pages of open files; NULL: none */

/**
 * imsic_ipi() - call hart @index by its file
 *
 * All that the caller stored before is ordered before the message (`fence iorw,o` in io_write32()).
 *
 * Return: true; false: it has no open file.
 */
static inline bool imsic_ipi(u32 index)
{
	void *page = imsic_pages[index];

	if (page == NULL)
		return false;
	io_write32(page, 0, IMSIC_ID_IPI); /* seteipnum_le */
	return true;
}

#else

static inline bool imsic_start(void)
{
	return true;
}

static inline bool imsic_ipi(u32 index)
{
	(void)index;
	return false;
}

#endif
#endif
