/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fence requests of guests: merging them, and their pages. See mm/flush_request.h.
 */
#include "mm/flush_request.h"

#define FLUSH_REQ_HFENCE (FLUSH_REQ_RANGE | FLUSH_REQ_RANGE_ASID | FLUSH_REQ_ALL)

/* Return: true when both ask for the same HFENCE of the same range. */
static bool flush_request_same(const struct flush_request *a, const struct flush_request *b)
{
	return (a->kind & FLUSH_REQ_HFENCE) == (b->kind & FLUSH_REQ_HFENCE) && a->asid == b->asid &&
	       a->start == b->start && a->size == b->size;
}

void flush_request_merge(struct flush_request *to, const struct flush_request *r)
{
	u32 both = to->kind | r->kind;

	if ((r->kind & FLUSH_REQ_HFENCE) == 0U || flush_request_same(to, r)) {
		to->kind = both;
	} else if ((to->kind & FLUSH_REQ_HFENCE) == 0U) {
		*to = *r;
		to->kind = both;
	} else {
		to->kind = (both & FLUSH_REQ_INSTRUCTION) | FLUSH_REQ_ALL;
	}
}

u64 flush_request_pages(const struct flush_request *r, u64 *first)
{
	u64 offset = r->start & PAGE_MASK;

	if (r->size > FLUSH_REQUEST_MAX_PAGES * PAGE_SIZE)
		return 0;
	*first = r->start - offset;
	return (offset + r->size + PAGE_MASK) >> PAGE_SHIFT;
}
