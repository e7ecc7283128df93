/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own accesses to guest memory. All its writes go through this one door, which
 * marks the pages that they touch (M8).
 *
 * It must never touch a byte outside the memory regions of the space: what a window shows belongs
 * to another VM.
 *
 * A write marks its pages, then writes, then marks them again. The first mark makes the pages dirty
 * before they change (M1). The second one is for a harvest that took the first before the bytes
 * were there. If the vCPU in whose context this runs is IN, that harvest waits for it, and the
 * bytes are there before the harvest answers. If it is not IN, the next harvest reports the page
 * again.
 */
#include <cleave/errno.h>
#include <cleave/string.h>
#include "arch/riscv/cache.h"
#include "mm/space.h"

static struct region *space_access_region(struct space *sp, gpa_t gpa)
{
	struct region *r = region_find(sp->region, atomic_read_acquire(&sp->nr_regions), gpa);

	return r != NULL && atomic_read(&r->kind) == REGION_MEMORY ? r : NULL;
}

/* Return: number of bytes of [@gpa, @gpa + @len) that lie in @r, which contains @gpa. */
static u64 space_access_piece(const struct region *r, gpa_t gpa, u64 len)
{
	return MIN(len, r->size - (gpa.v - r->base.v));
}

static void *space_access_pointer(const struct space *sp, const struct region *r, gpa_t gpa)
{
	return (void *)(r->hpa.v + (gpa.v - r->base.v) + sp->cfg.hpa_to_va);
}

static void space_access_mark_pages(struct region *r, u64 first, u64 pages)
{
	if (atomic_read_acquire(&r->log.active) != 0U)
		dirty_mark_range(&r->log.dirty, first, pages);
}

static void space_access_mark(struct region *r, gpa_t gpa, u64 len)
{
	u64 first = region_page(r, gpa);

	space_access_mark_pages(r, first, region_page(r, GPA(gpa.v + len - 1U)) - first + 1U);
}

/* Check all of an access before its first byte moves (M5). */
static int space_access_check(struct space *sp, gpa_t gpa, u64 len)
{
	u64 done = 0;

	if (len != 0U && gpa.v + (len - 1U) < gpa.v)
		return CLV_ERR_RANGE;
	while (done < len) {
		gpa_t at = GPA(gpa.v + done);
		const struct region *r = space_access_region(sp, at);

		if (r == NULL)
			return CLV_ERR_RANGE;
		done += space_access_piece(r, at, len - done);
	}
	return CLV_OK;
}

int space_span_find(struct space *sp, gpa_t gpa, u64 len, struct space_span *span)
{
	struct region *r = space_access_region(sp, gpa);

	if (r == NULL || len == 0U || space_access_piece(r, gpa, len) != len)
		return CLV_ERR_RANGE;
	span->at = space_access_pointer(sp, r, gpa);
	span->region = r;
	span->first = region_page(r, gpa);
	span->pages = region_page(r, GPA(gpa.v + len - 1U)) - span->first + 1U;
	return CLV_OK;
}

void space_span_mark(const struct space_span *span)
{
	space_access_mark_pages(span->region, span->first, span->pages);
}

__attribute__((cold)) int space_read(struct space *sp, gpa_t gpa, void *dst, u64 len)
{
	int err = space_access_check(sp, gpa, len);
	u64 done = 0;

	while (err == CLV_OK && done < len) {
		gpa_t at = GPA(gpa.v + done);
		const struct region *r = space_access_region(sp, at);
		u64 piece = space_access_piece(r, at, len - done);

		memcpy((u8 *)dst + done, space_access_pointer(sp, r, at), piece);
		done += piece;
	}
	return err;
}

/* Write @len bytes of @src. @write_back: past the caches, too */
static int space_access_put(struct space *sp, gpa_t gpa, const u8 *src, u64 len, bool write_back)
{
	int err = space_access_check(sp, gpa, len);
	u64 done = 0;

	while (err == CLV_OK && done < len) {
		gpa_t at = GPA(gpa.v + done);
		struct region *r = space_access_region(sp, at);
		u64 piece = space_access_piece(r, at, len - done);
		void *to = space_access_pointer(sp, r, at);

		space_access_mark(r, at, piece);
		memcpy(to, src + done, piece);
		if (write_back)
			cache_write_back(to, piece);
		space_access_mark(r, at, piece);
		done += piece;
	}
	return err;
}

int space_write(struct space *sp, gpa_t gpa, const void *src, u64 len)
{
	return space_access_put(sp, gpa, src, len, false);
}

int space_load(struct space *sp, gpa_t gpa, const void *src, u64 len)
{
	return space_access_put(sp, gpa, src, len, sp->cfg.write_back);
}

static void space_access_mark_locked(struct space *sp, const struct space_span *span)
{
	spin_lock(&sp->lock);
	space_span_mark(span);
	spin_unlock(&sp->lock);
}

__attribute__((cold)) int space_wipe(struct space *sp, gpa_t gpa, u64 len)
{
	struct space_span span;
	int err = space_span_find(sp, gpa, len, &span);

	if (err != CLV_OK)
		return err;
	/*
	 * The lock keeps the log as it is while pages are marked: a mark must not come to a bitmap
	 * that a stop has wiped. In between it may start, stop or be harvested.
	 */
	space_access_mark_locked(sp, &span);
	cache_zero(span.at, len);
	if (sp->cfg.write_back)
		cache_write_back(span.at, len);
	space_access_mark_locked(sp, &span);
	return CLV_OK;
}
