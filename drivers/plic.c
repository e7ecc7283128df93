/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's PLIC: registers (RISC-V PLIC specification 1.0.0, chapter 3, memory map).
 */
#include <cleave/errno.h>
#include "arch/riscv/io.h"
#include "drivers/plic.h"

#define PLIC_PRIORITY	    UINT64_C(0x0)
#define PLIC_ENABLE	    UINT64_C(0x2000)
#define PLIC_ENABLE_STRIDE  UINT64_C(0x80)
#define PLIC_CONTEXT	    UINT64_C(0x200000)
#define PLIC_CONTEXT_STRIDE UINT64_C(0x1000)
#define PLIC_THRESHOLD	    UINT64_C(0x0)
#define PLIC_CLAIM	    UINT64_C(0x4)

u64 plic_size(u32 contexts)
{
	return PLIC_CONTEXT + (u64)contexts * PLIC_CONTEXT_STRIDE;
}

static u64 plic_enable_word(u32 context, u32 source)
{
	return PLIC_ENABLE + context * PLIC_ENABLE_STRIDE + source / 32U * 4U;
}

static u64 plic_context(const struct plic *p)
{
	return PLIC_CONTEXT + p->context * PLIC_CONTEXT_STRIDE;
}

void plic_quiet(const struct plic *p, u32 context)
{
	for (u32 source = 0; source <= p->sources; source += 32U)
		io_write32(p->regs, plic_enable_word(context, source), 0);
}

int plic_enable(void *opaque, u32 source)
{
	const struct plic *p = opaque;
	u64 word = plic_enable_word(p->context, source);

	if (source == 0U || source > p->sources)
		return CLV_ERR_RANGE;
	io_write32(p->regs, PLIC_PRIORITY + (u64)source * 4U, 1);
	io_write32(p->regs, plic_context(p) + PLIC_THRESHOLD, 0);
	io_write32(p->regs, word, io_read32(p->regs, word) | UINT32_C(1) << source % 32U);
	return 0;
}

void plic_disable(void *opaque, u32 source)
{
	const struct plic *p = opaque;

	if (source == 0U || source > p->sources)
		return;
	/*
	 * By the priority, not by the enable bit: the PLIC ignores a completion of a source that is
	 * not enabled, and the source would stay claimed.
	 */
	io_write32(p->regs, PLIC_PRIORITY + (u64)source * 4U, 0);
}

u32 plic_claim(void *opaque)
{
	const struct plic *p = opaque;

	return io_read32(p->regs, plic_context(p) + PLIC_CLAIM);
}

void plic_complete(void *opaque, u32 source)
{
	const struct plic *p = opaque;

	io_write32(p->regs, plic_context(p) + PLIC_CLAIM, source);
}
