/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fence requests: merging them, and their pages. See flush_request.h.
 */
#include "mm/flush_request.h"

#define FENCE_REQ_HFENCE (FENCE_REQ_RANGE | FENCE_REQ_RANGE_ASID | FENCE_REQ_ALL)

static bool fence_request_same(const struct fence_request *a, const struct fence_request *b)
{
	return (a->kind & FENCE_REQ_HFENCE) == (b->kind & FENCE_REQ_HFENCE) && a->asid == b->asid &&
	       a->start == b->start && a->size == b->size;
}

void fence_request_merge(struct fence_request *to, const struct fence_request *r)
{
	u32 both = to->kind | r->kind;

	if ((r->kind & FENCE_REQ_HFENCE) == 0U || fence_request_same(to, r)) {
		to->kind = both;
	} else if ((to->kind & FENCE_REQ_HFENCE) == 0U) {
		*to = *r;
		to->kind = both;
	} else {
		to->kind = (both & FENCE_REQ_INSTRUCTION) | FENCE_REQ_ALL;
	}
}

u64 fence_request_pages(const struct fence_request *r, u64 *first)
{
	u64 offset = r->start & PAGE_MASK;

	if (r->size > FENCE_REQUEST_MAX_PAGES * PAGE_SIZE)
		return 0;
	*first = r->start - offset;
	return (offset + r->size + PAGE_MASK) >> PAGE_SHIFT;
}
