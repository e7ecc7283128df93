/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame allocator: a sorted list of free ranges, and a choice of places that keeps large blocks
 * whole.
 *
 * It must never touch the memory itself, and never change the list in a call that fails (M5): each
 * call checks what its change needs before it moves the first entry.
 */
#include "mm/frames.h"

#include <cleave/errno.h>
#include <cleave/printk.h>

/**
 * struct frames_place - a place that a block could be taken from
 * @index: number of its range; the number of ranges: there is no place
 * @base: HPA
 * @gib_lost, @mib2_lost: whole blocks of 1 GiB and of 2 MiB that taking it breaks up
 * @range_size: bytes of the range; of several places the one in the smallest range is the best
 */
struct frames_place {
	u32 index;
	u64 base;
	u64 gib_lost;
	u64 mib2_lost;
	u64 range_size;
};

static u64 frames_end(const struct frames_range *r)
{
	return r->base + r->size;
}

/* Return: index of the first range that ends after @addr. */
static u32 frames_find(const struct frames *f, u64 addr)
{
	u32 first = 0;
	u32 last = f->nr;

	spin_assert_held(&f->lock);
	while (first < last) {
		u32 middle = first + (last - first) / 2U;

		if (frames_end(&f->range[middle]) <= addr)
			first = middle + 1U;
		else
			last = middle;
	}
	return first;
}

static void frames_remove(struct frames *f, u32 index)
{
	f->nr--;
	for (u32 i = index; i < f->nr; i++)
		f->range[i] = f->range[i + 1U];
}

static void frames_insert(struct frames *f, u32 index, u64 base, u64 size)
{
	for (u32 i = f->nr; i > index; i--)
		f->range[i] = f->range[i - 1U];
	f->range[index].base = base;
	f->range[index].size = size;
	f->nr++;
}

/*
 * Take the block [@base, @end) out of range @index, which holds all of it. Where something is left
 * on both sides, that takes one more slot, and there is one: the block is out from now on.
 */
static int frames_cut(struct frames *f, u32 index, u64 base, u64 end)
{
	struct frames_range *r = &f->range[index];
	u64 r_end = frames_end(r);

	if (f->blocks == FRAMES_MAX_BLOCKS)
		return CLV_ERR_NOMEM;
	if (base > r->base && end < r_end) {
		r->size = base - r->base;
		frames_insert(f, index + 1U, end, r_end - end);
	} else if (base > r->base) {
		r->size = base - r->base;
	} else if (end < r_end) {
		r->base = end;
		r->size = r_end - end;
	} else {
		frames_remove(f, index);
	}
	f->blocks++;
	f->free -= end - base;
	return CLV_OK;
}

/*
 * Put [@base, @end) into the list, merged with the ranges that it touches. Whoever calls this has
 * seen to it that there is a slot.
 *
 * Return: false, and nothing has changed, when some of it is free already.
 */
static bool frames_put(struct frames *f, u64 base, u64 end)
{
	u32 i = frames_find(f, base);
	bool left = i > 0U && frames_end(&f->range[i - 1U]) == base;
	bool right = i < f->nr && f->range[i].base == end;

	if (i < f->nr && f->range[i].base < end)
		return false;
	if (left && right) {
		f->range[i - 1U].size += (end - base) + f->range[i].size;
		frames_remove(f, i);
	} else if (left) {
		f->range[i - 1U].size += end - base;
	} else if (right) {
		f->range[i].base = base;
		f->range[i].size += end - base;
	} else {
		frames_insert(f, i, base, end - base);
	}
	f->free += end - base;
	return true;
}

int frames_add(struct frames *f, hpa_t base, u64 size)
{
	u64 start = ALIGN_UP(base.v, PAGE_SIZE);
	u64 end = ALIGN_DOWN(base.v + size, PAGE_SIZE);
	int err = CLV_OK;

	/* It holds no whole page, or the sum or its rounding has wrapped. */
	if (base.v + size < base.v || start < base.v || start >= end)
		return CLV_OK;
	spin_lock(&f->lock);
	if (f->added == FRAMES_MAX_ADDED)
		err = CLV_ERR_NOMEM;
	else if (!frames_put(f, start, end))
		err = CLV_ERR_EXISTS;
	if (err == CLV_OK) {
		f->added++;
		f->total += end - start;
	}
	spin_unlock(&f->lock);
	return err;
}

/* Return: number of whole, aligned blocks of @block bytes in [@base, @end). */
static u64 frames_blocks(u64 base, u64 end, u64 block)
{
	u64 first = ALIGN_UP(base, block);
	u64 last = ALIGN_DOWN(end, block);

	return first >= base && first < last ? (last - first) / block : 0U;
}

/* Return: number of whole blocks of @block bytes in @r that taking [@base, @end) breaks up. */
static u64 frames_lost(const struct frames_range *r, u64 base, u64 end, u64 block)
{
	u64 r_end = frames_end(r);

	return frames_blocks(r->base, r_end, block) - frames_blocks(r->base, base, block) -
	       frames_blocks(end, r_end, block);
}

/*
 * Find the lowest address from @base on that is congruent to @offset modulo @align. Return: false
 * when it wraps.
 */
static bool frames_align_up(u64 base, u64 align, u64 offset, u64 *out)
{
	u64 block = ALIGN_DOWN(base, align);
	u64 up = block + offset;

	if (up >= block && up < base)
		up += align;
	*out = up;
	return up >= base;
}

static bool frames_better(const struct frames_place *a, const struct frames_place *b)
{
	if (a->gib_lost != b->gib_lost)
		return a->gib_lost < b->gib_lost;
	if (a->mib2_lost != b->mib2_lost)
		return a->mib2_lost < b->mib2_lost;
	return a->range_size < b->range_size;
}

/* Keep the place [@base, @base + @size) in range @index as @best if it is better than that. */
static void frames_consider(const struct frames *f, u32 index, u64 base, u64 size,
			    struct frames_place *best)
{
	const struct frames_range *r = &f->range[index];
	struct frames_place place = {
		.index = index,
		.base = base,
		.gib_lost = frames_lost(r, base, base + size, GIB(1)),
		.mib2_lost = frames_lost(r, base, base + size, MIB(2)),
		.range_size = r->size,
	};

	if (best->index == f->nr || frames_better(&place, best))
		*best = place;
}

int frames_alloc(struct frames *f, u64 size, u64 align, u64 offset, hpa_t *out)
{
	struct frames_place best;
	int err = CLV_ERR_NOMEM;

	if (size == 0U || !IS_ALIGNED(size, PAGE_SIZE) || align < PAGE_SIZE ||
	    (align & (align - 1U)) != 0U || !IS_ALIGNED(offset, PAGE_SIZE) || offset >= align)
		return CLV_ERR_INVAL;
	spin_lock(&f->lock);
	best.index = f->nr;
	/* The places between the lowest and the highest of a range break up no fewer blocks. */
	for (u32 i = 0; i < f->nr; i++) {
		const struct frames_range *r = &f->range[i];
		u64 low;
		u64 high;

		if (r->size < size || !frames_align_up(r->base, align, offset, &low) ||
		    low >= frames_end(r) || frames_end(r) - low < size)
			continue;
		high = low + ALIGN_DOWN(frames_end(r) - low - size, align);
		frames_consider(f, i, low, size, &best);
		frames_consider(f, i, high, size, &best);
	}
	if (best.index < f->nr) {
		*out = HPA(best.base);
		err = frames_cut(f, best.index, best.base, best.base + size);
	}
	spin_unlock(&f->lock);
	return err;
}

int frames_alloc_at(struct frames *f, hpa_t base, u64 size)
{
	int err = CLV_ERR_RANGE;
	u32 i;

	if (size == 0U || !IS_ALIGNED(size, PAGE_SIZE) || !IS_ALIGNED(base.v, PAGE_SIZE) ||
	    base.v + size < base.v)
		return CLV_ERR_INVAL;
	spin_lock(&f->lock);
	i = frames_find(f, base.v);
	/* Free ranges that touch are one range, so a block that is wholly free lies in one. */
	if (i < f->nr && f->range[i].base <= base.v && frames_end(&f->range[i]) >= base.v + size)
		err = frames_cut(f, i, base.v, base.v + size);
	spin_unlock(&f->lock);
	return err;
}

void frames_free(struct frames *f, hpa_t base, u64 size)
{
	bool ok = size != 0U && IS_ALIGNED(base.v | size, PAGE_SIZE) && base.v + size > base.v;

	spin_lock(&f->lock);
	ok = ok && f->blocks != 0U && frames_put(f, base.v, base.v + size);
	if (ok)
		f->blocks--;
	spin_unlock(&f->lock);
	if (!ok)
		printk("memory: 0x%lx, %lu bytes, is no block that was given out", base.v, size);
}

u64 frames_largest(struct frames *f, u64 align)
{
	u64 largest = 0;

	spin_lock(&f->lock);
	for (u32 i = 0; i < f->nr; i++) {
		const struct frames_range *r = &f->range[i];
		u64 low;

		if (frames_align_up(r->base, align, 0, &low) && low < frames_end(r))
			largest = MAX(largest, frames_end(r) - low);
	}
	spin_unlock(&f->lock);
	return largest;
}
