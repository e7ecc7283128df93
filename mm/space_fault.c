/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest-page faults: three cases by the size of the leaf that is found, and the vCPU's half of rule
 * M1. A leaf that is larger than the region wants (it is logged) is split, and then the page is
 * granted. One that is smaller (its log has stopped) gets back what the region allows, at the size
 * that is there. One of the right size is granted by one exchange.
 *
 * It must never take a lock, wait, or serve another hart's request on the way. The flush_remote()
 * of that other hart takes this hart's answer to mean that it has left the tables (M4) and has
 * finished what it was granting.
 *
 * The race of a write fault with a harvest of the same page (M1, M2). The fault does
 *
 *	S1 set the page's bit
 *	S2 add W to the entry by compare-and-exchange
 *	S3 read the bit, and set it again if it is clear
 *
 * and the harvest, under the space's lock,
 *
 *	H1 take the bit
 *	H2 clear W, in any case
 *	H3 flush, and wait for every running vCPU
 *	H4 answer the caller
 *
 * At every instant every page is dirty in the current bitmap, or part of a harvest that has not
 * answered, or write-protected in every TLB:
 *
 * - H1 before S1: the bit that S1 set stays set. (H2 may take W away again, which costs one more
 *   fault.)
 * - S1 before H1, S2 before H2: W is gone again. A vCPU that used it in between did so before it
 *   answered H3, so before H4, and the page is in the answer. S3 may set the bit again; then the
 *   page is reported once more than needed.
 * - S1 before H1, H2 before S2: W stands, and the bit is clear until S3. S2 has read what H2 wrote,
 *   or something later. So S3 comes after H1, sees that the bit is gone, and sets it. In the short
 *   time between S2 and S3, vCPUs may write to the page, but the harvest has not answered: H3 waits
 *   for this vCPU too, which answers only after it has left space_fault().
 *
 * This is why H2 is done even when the entry has no W (S2 must have something to read), and why a
 * harvest that took any bit always flushes, even when it changed no entry.
 *
 * A split comes before S1. So if H1 took the bit that S1 set, the harvest's walk, which follows H1,
 * sees the split. And if the harvest's walk did not see the split, S1 comes after H1. A harvest can
 * never protect the leaf while the child stays granted.
 */
#include "mm/rules.h"
#include "mm/space.h"

/* Add one to a counter that this hart alone writes. */
static void space_fault_count(u64 *counter)
{
	atomic_set(counter, atomic_read(counter) + 1U);
}

/* Mark all pages of the leaf at @level that maps @gpa. A leaf never reaches beyond its region. */
static void space_fault_mark_leaf(struct region *r, gpa_t gpa, u32 level)
{
	gpa_t first = GPA(ALIGN_DOWN(gpa.v, gstage_span(level)));

	dirty_mark_range(&r->log.dirty, region_page(r, first), gstage_span(level) >> PAGE_SHIFT);
}

/*
 * M5: the pool is empty, so the leaf cannot be split. Mark all its pages and grant it whole.
 * Return: false when the entry has changed.
 */
static bool space_fault_grant_coarse(struct space *sp, struct region *r, gpa_t gpa, u64 *slot,
				     u32 level, u64 pte, struct space_counters *cnt)
{
	u64 found = pte;

	RULE_CHECK(&sp->stats.rules_broken, "M5", sp->cfg.pool_tables != 0U);
	(void)sp;
	space_fault_mark_leaf(r, gpa, level); /* S1 for each page of the leaf */
	if (!atomic_cas(slot, &found, pte | GSTAGE_PTE_W))
		return false;
	space_fault_mark_leaf(r, gpa, level); /* S3: a bit that is set stays set */
	space_fault_count(&cnt->coarse_grants);
	return true;
}

/*
 * The region is not logged: grant all that it allows, at the size that is there. Return: false when
 * the entry has changed.
 */
static bool space_fault_restore(struct region *r, gpa_t gpa, u64 *slot, u32 level, u64 pte)
{
	u64 found = pte;

	if (!atomic_cas(slot, &found, pte | r->prot))
		return false;
	/*
	 * A log may have started since we looked, and may have protected this leaf before we added
	 * W. Its start sets `active`, then protects, then flushes. So if our exchange came after
	 * it protected the leaf, we see `active` here; and its flush waits until we have marked.
	 */
	if (atomic_read_acquire(&r->log.active) != 0U)
		space_fault_mark_leaf(r, gpa, level);
	return true;
}

/*
 * M1: S1, S2 and S3 for a 4 KiB leaf without W in a logged region. Return: false when the entry has
 * changed. The mark stays then, and the page may be reported without need.
 */
static inline bool space_fault_grant(struct region *r, gpa_t gpa, u64 *slot, u64 pte,
				     struct space_counters *cnt)
{
	u64 page = region_page(r, gpa);
	u64 found = pte;

	dirty_mark(&r->log.dirty, page);		   /* S1 */
	if (!atomic_cas(slot, &found, pte | GSTAGE_PTE_W)) /* S2 */
		return false;
	if (!dirty_test(&r->log.dirty, page)) /* S3 */
		dirty_mark(&r->log.dirty, page);
	space_fault_count(&cnt->write_faults);
	return true;
}

/* Has a write met a leaf whose D a log of D bits has cleared, on a hart that sets none itself? */
static bool space_fault_lacks_d(u64 need, u64 pte)
{
	return need == GSTAGE_PTE_W && gstage_pte_is_leaf(pte) &&
	       (pte & (GSTAGE_PTE_W | GSTAGE_PTE_D)) == GSTAGE_PTE_W;
}

/*
 * Do what the hart leaves to software (privileged specification, "Svade"). D is the mark that the
 * log reads, and it is there before the write (M1). Return: false when the entry has changed.
 */
static bool space_fault_set_d(u64 *slot, u64 pte, struct space_counters *cnt)
{
	u64 found = pte;

	if (!atomic_cas(slot, &found, pte | GSTAGE_PTE_D))
		return false;
	space_fault_count(&cnt->write_faults);
	return true;
}

/* Answer a write to a leaf of any size without W in a logged region. Return: false: look again. */
static bool space_fault_logged(struct space *sp, struct region *r, gpa_t gpa, u64 *slot, u32 level,
			       u64 pte, struct space_counters *cnt)
{
	enum gstage_split_result split;

	if (level == 0U)
		return space_fault_grant(r, gpa, slot, pte, cnt);
	split = gstage_split(&sp->gs, &sp->pool, slot, level, pte, 0);
	if (split == GSTAGE_SPLIT_NO_TABLE)
		return space_fault_grant_coarse(sp, r, gpa, slot, level, pte, cnt);
	if (split == GSTAGE_SPLIT_DONE)
		space_fault_count(&cnt->fault_splits);
	return false;
}

/*
 * Answer every fault. In each turn but the last, a split by this vCPU or a change by somebody else
 * has changed the entry. So somebody makes progress in each turn.
 */
static __attribute__((noinline)) enum fault_answer space_fault_slow(struct space *sp,
								    struct region *r, gpa_t gpa,
								    enum access access,
								    struct space_counters *cnt)
{
	u64 need = gstage_pte_permission(access);
	bool done = false;

	if ((r->prot & need) == 0U)
		return FAULT_FORBIDDEN;
	while (!done) {
		u32 level;
		u64 pte;
		u64 *slot = gstage_walk(&sp->gs, gpa, &level, &pte);

		if (space_fault_lacks_d(need, pte)) {
			done = space_fault_set_d(slot, pte, cnt);
			continue;
		}
		/*
		 * The table allows it already. Or a window is being removed, which the guest will
		 * find gone when it tries again.
		 */
		if ((pte & need) != 0U || !gstage_pte_is_leaf(pte)) {
			space_fault_count(&cnt->spurious_faults);
			return FAULT_SPURIOUS;
		}
		if (need == GSTAGE_PTE_W && atomic_read_acquire(&r->log.active) != 0U)
			done = space_fault_logged(sp, r, gpa, slot, level, pte, cnt);
		else
			done = space_fault_restore(r, gpa, slot, level, pte);
	}
	return FAULT_GRANTED;
}

enum fault_answer space_fault(struct space *sp, gpa_t gpa, enum access access,
			      struct space_counters *cnt)
{
	struct region *r = region_find(sp->region, atomic_read_acquire(&sp->nr_regions), gpa);

	if (r == NULL)
		return FAULT_NOTHING;
	/*
	 * What happens most often: the first write since a harvest to a page that is a 4 KiB leaf
	 * already. This way makes no call.
	 */
	if (access == ACCESS_WRITE && atomic_read_acquire(&r->log.active) != 0U) {
		u32 level;
		u64 pte;
		u64 *slot = gstage_walk(&sp->gs, gpa, &level, &pte);

		if (level == 0U && (pte & (GSTAGE_PTE_V | GSTAGE_PTE_W)) == GSTAGE_PTE_V &&
		    space_fault_grant(r, gpa, slot, pte, cnt))
			return FAULT_GRANTED;
	}
	return space_fault_slow(sp, r, gpa, access, cnt);
}
