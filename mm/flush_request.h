/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What fences a guest wants, as a record: merging two into one, and what it takes to do it. Builds for the host too.
 *
 * Merging may only ever widen: whatever either of two requests wanted gone is gone when their merger is done.
 */
#ifndef MM_FLUSH_REQUEST_H
#define MM_FLUSH_REQUEST_H

#include <cleave/types.h>

#define FLUSH_REQ_INSTRUCTION 0x1U /* FENCE.I */
#define FLUSH_REQ_RANGE	      0x2U /* HFENCE.VVMA of a range, all ASIDs */
#define FLUSH_REQ_RANGE_ASID  0x4U /* HFENCE.VVMA of a range, one ASID */
#define FLUSH_REQ_ALL	      0x8U /* HFENCE.VVMA of everything */

#define FLUSH_WHOLE UINT64_MAX /* as a size: every address */

/* More pages than these are fenced by one fence of all addresses: each page costs about as much as that one does. */
#define FLUSH_REQUEST_MAX_PAGES 16U

/**
 * struct flush_request - fences that a guest wants
 * @kind: bit set FLUSH_REQ_*; at most one of the HFENCE kinds; 0: none
 * @asid: for FLUSH_REQ_RANGE_ASID
 * @start: first guest virtual address
 * @size: bytes, not 0, or FLUSH_WHOLE; the range does not wrap (sbi_args_range())
 */
struct flush_request {
	u32 kind;
	u16 asid;
	u64 start;
	u64 size;
};

/** flush_request_merge() - add @r to the requests that wait in @to; what does not fit together becomes FLUSH_REQ_ALL */
void flush_request_merge(struct flush_request *to, const struct flush_request *r);

/**
 * flush_request_pages() - pages that @r's range touches
 * @first: out: address of the first, when the answer is not 0
 * Return: their number, at most FLUSH_REQUEST_MAX_PAGES + 1; 0: too many, fence all addresses.
 */
u64 flush_request_pages(const struct flush_request *r, u64 *first);

#endif
