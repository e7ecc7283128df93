/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What guests hand over, for any 64-bit values: hart masks, ranges to fence, the pages of a fence,
 * pages of a log, and instructions that are to be emulated. Sums are compared with sums of 128
 * bits, which cannot wrap.
 *
 * cbmc: core/guest/args/sbi_args.c core/config/config_memory.c mm/flush_request.c
 * cbmc: arch/riscv/decode/insn.c --unwind 9
 */
#include "arch/riscv/decode/insn.h"
#include "core/guest/args/sbi_args.h"
#include "mm/dirty.h"
#include "mm/flush_request.h"

typedef unsigned __int128 wide;

u64 nondet_u64(void);
u32 nondet_u32(void);

static void check_hart_mask(void)
{
	u64 mask = nondet_u64();
	u64 base = nondet_u64();
	u32 harts = nondet_u32();
	u64 out = 0;
	u32 i = nondet_u32();

	__CPROVER_assume(harts >= 1U && harts <= 64U && i < 64U);
	if (sbi_args_hart_mask(mask, base, harts, &out) != SBI_SUCCESS)
		return;
	if (base == UINT64_MAX)
		__CPROVER_assert(((out >> i) & 1U) == (i < harts ? 1U : 0U), "all harts");
	else
		__CPROVER_assert(((out >> i) & 1U) == (i >= base ? (mask >> (i - base)) & 1U : 0U),
				 "the harts of the mask, from its base on");
	__CPROVER_assert(harts == 64U || out >> harts == 0U, "no hart that is not there");
}

static void check_range(void)
{
	u64 start = nondet_u64();
	u64 size = nondet_u64();
	u64 was = start;
	wide end = (wide)start + size;
	bool all = size == 0U || size == UINT64_MAX;
	struct flush_request r = { .kind = FLUSH_REQ_RANGE };
	u64 first = 0;
	u64 pages;

	if (sbi_args_range(&start, &size) != SBI_SUCCESS) {
		__CPROVER_assert(!all && end > (wide)1 << 64, "it goes past the last address");
		return;
	}
	__CPROVER_assert(all ? start == 0U && size == UINT64_MAX
			     : start == was && end <= (wide)1 << 64,
			 "the range, or everything");
	r.start = start;
	r.size = size;
	pages = flush_request_pages(&r, &first);
	if (pages == 0U)
		return; /* all addresses are fenced */
	__CPROVER_assert(pages <= FLUSH_REQUEST_MAX_PAGES + 1U, "few pages");
	__CPROVER_assert(first <= start && IS_ALIGNED(first, PAGE_SIZE), "from the first page on");
	__CPROVER_assert((wide)first + (wide)pages * PAGE_SIZE >= (wide)start + size,
			 "up to the last");
}

static void check_dirty_range(void)
{
	u64 pages = nondet_u64();
	u64 first = nondet_u64();
	u64 count = nondet_u64();

	/* A region has at most as many pages as the widest mode translates. */
	__CPROVER_assume(pages <= UINT64_C(1) << 47);
	if (!dirty_range_ok(pages, first, count))
		return;
	__CPROVER_assert((wide)first + count <= pages && count != 0U, "inside the bitmap");
	__CPROVER_assert(dirty_range_words(count) * 64U >= count &&
				 first / 64U + dirty_range_words(count) <= (pages + 63U) / 64U,
			 "and so are its words");
}

static void check_instruction(void)
{
	u32 insn = nondet_u32();
	u64 htinst = nondet_u64();
	struct insn_access a;
	u8 offset;

	if (insn_decode(insn, &a) == 0) {
		__CPROVER_assert(a.size == 1U || a.size == 2U || a.size == 4U || a.size == 8U,
				 "a size that there is");
		__CPROVER_assert(a.reg < 32U && (a.length == 2U || a.length == 4U),
				 "a register and a length that there are");
		__CPROVER_assert(a.length == insn_length((u16)insn), "as long as its low bits say");
	}
	if (insn_decode_htinst(htinst, &a, &offset) == 0)
		__CPROVER_assert(a.reg < 32U && a.size <= 8U, "the same for a transformed one");
}

int main(void)
{
	check_hart_mask();
	check_range();
	check_dirty_range();
	check_instruction();
	return 0;
}
