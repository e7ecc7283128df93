/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of the memory layer's rules M1 to M9 (docs/dirty-logging.md), for the debug build and for
 * the tests on the host.
 *
 * A broken rule is reported by its number, and counted. It must never stop the machine (M9).
 */
#ifndef MM_RULES_H
#define MM_RULES_H

#include "mm/gstage.h"
#include "mm/region.h"

#if defined(CONFIG_DEBUG) || defined(CLEAVE_HOST)
#define RULE_CHECK(broken, rule, holds) rules_check((broken), (rule), (holds), __func__)

/**
 * rules_check() - report that a rule is broken, unless it holds
 * @broken: counter of the rules that were broken in this space; goes up by one
 * @rule: its number, "M1"
 * @holds: whether it holds
 * @where: function that found out
 */
void rules_check(u64 *broken, const char *rule, bool holds, const char *where);

/**
 * rules_check_protected() - check M1 and M2 after a harvest: each page of a range is
 * write-protected or dirty
 * @broken: as of rules_check()
 * @gs: the tables that map @r
 * @r: the region; @first, @count: pages of it
 */
void rules_check_protected(u64 *broken, const struct gstage *gs, const struct region *r, u64 first,
			   u64 count);
#else
#define RULE_CHECK(broken, rule, holds) ((void)0)

static inline void rules_check_protected(u64 *broken, const struct gstage *gs,
					 const struct region *r, u64 first, u64 count)
{
	(void)broken;
	(void)gs;
	(void)r;
	(void)first;
	(void)count;
}
#endif

#endif
