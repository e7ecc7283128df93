/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's PLIC: registers (RISC-V PLIC specification 1.0.0, chapter 3, memory map).
 */
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

static u64 plic_context(u32 context)
{
	return PLIC_CONTEXT + context * PLIC_CONTEXT_STRIDE;
}

void plic_quiet(const struct plic *p, u32 context)
{
	for (u32 source = 0; source <= p->sources; source += 32U)
		io_write32(p->regs, plic_enable_word(context, source), 0);
}

/* The firmware closes a context by its threshold whenever it starts the hart. */
void plic_route(void *opaque, u32 hart, u32 source, bool on)
{
	const struct plic *p = opaque;
	u64 word = plic_enable_word(p->context[hart], source);
	u32 bit = UINT32_C(1) << source % 32U;
	u32 old = io_read32(p->regs, word);

	if (on)
		io_write32(p->regs, plic_context(p->context[hart]) + PLIC_THRESHOLD, 0);
	io_write32(p->regs, word, on ? old | bit : old & ~bit);
}

/*
 * By the priority, not by the enable bit: the PLIC ignores a completion of a source that is not
 * enabled, and the source would stay claimed.
 */
void plic_enable(void *opaque, u32 source, bool on)
{
	const struct plic *p = opaque;

	io_write32(p->regs, PLIC_PRIORITY + (u64)source * 4U, on ? 1U : 0U);
}

u32 plic_claim(void *opaque, u32 hart)
{
	const struct plic *p = opaque;

	return io_read32(p->regs, plic_context(p->context[hart]) + PLIC_CLAIM);
}

void plic_complete(void *opaque, u32 hart, u32 source)
{
	const struct plic *p = opaque;

	io_write32(p->regs, plic_context(p->context[hart]) + PLIC_CLAIM, source);
}
