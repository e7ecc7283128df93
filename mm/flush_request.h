/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A record of the fences that a guest asks for (SBI RFENCE): how two records become one, and which
 * pages a record names.
 *
 * Merging may only widen: when the merged record has been executed, everything is gone that either
 * of the two asked to be gone.
 */
#ifndef MM_FLUSH_REQUEST_H
#define MM_FLUSH_REQUEST_H

#include <cleave/types.h>

#define FLUSH_REQ_INSTRUCTION 0x1U /* FENCE.I */
#define FLUSH_REQ_RANGE	      0x2U /* HFENCE.VVMA of a range, all ASIDs */
#define FLUSH_REQ_RANGE_ASID  0x4U /* HFENCE.VVMA of a range, one ASID */
#define FLUSH_REQ_ALL	      0x8U /* HFENCE.VVMA of everything */

/* As a size: every address. */
#define FLUSH_WHOLE UINT64_MAX

/*
 * A range of more pages is fenced by one fence of all addresses: the fence of one page costs about
 * as much as that one.
 */
#define FLUSH_REQUEST_MAX_PAGES 16U

/**
 * struct flush_request - fences that a guest asks for
 * @kind: set of FLUSH_REQ_* with at most one of the HFENCE kinds; 0: nothing is asked for
 * @asid: for FLUSH_REQ_RANGE_ASID
 * @start: first guest-virtual address
 * @size: bytes, not 0, or FLUSH_WHOLE; sbi_args_range() has seen to it that the range does not wrap
 */
struct flush_request {
	u32 kind;
	u16 asid;
	u64 start;
	u64 size;
};

/**
 * flush_request_merge() - add a request to those that wait
 * @to: what waits; afterwards it covers @r too
 * @r: what is added
 *
 * Two ranges that are not the same become FLUSH_REQ_ALL.
 */
void flush_request_merge(struct flush_request *to, const struct flush_request *r);

/**
 * flush_request_pages() - count the pages that the range of @r touches
 * @first: out: address of the first page; set only when the answer is not 0
 *
 * Return: their number, at most FLUSH_REQUEST_MAX_PAGES + 1, or 0 when there are too many: then
 * all addresses are to be fenced.
 */
u64 flush_request_pages(const struct flush_request *r, u64 *first);

#endif
