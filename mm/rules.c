/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The debug build's checks of the memory layer's rules.
 */
#include "mm/rules.h"

#if defined(CONFIG_DEBUG) || defined(CLEAVE_HOST)
#include <cleave/atomic.h>
#include <cleave/printk.h>

void rules_check(u64 *broken, const char *rule, bool holds, const char *where)
{
	if (holds)
		return;
	/*
	 * If a guest ever finds a way to break a rule, it must not be able to flood the console.
	 * So only the first few are printed.
	 */
	if (atomic_add(broken, 1U) < 16U)
		printk("memory: rule %s broken in %s", rule, where);
}

void rules_check_protected(u64 *broken, const struct gstage *gs, const struct region *r, u64 first,
			   u64 count)
{
	for (u64 page = first; page < first + count; page++) {
		gpa_t gpa = GPA(r->base.v + (page << PAGE_SHIFT));
		u32 level;
		u64 pte;

		/* Read the entry first and the bit second: a fault sets the bit first. */
		(void)gstage_walk(gs, gpa, &level, &pte);
		smp_mb();
		rules_check(broken, "M1",
			    (pte & GSTAGE_PTE_W) == 0U || dirty_test(&r->log.dirty, page),
			    __func__);
	}
}
#endif
