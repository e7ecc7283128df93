/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of the memory layer's rules M1 to M9 (docs/dirty-logging.md), in a debug build and in
 * every host test.
 *
 * A broken rule is said by its number and counted; it must never stop the machine.
 */
#ifndef MM_RULES_H
#define MM_RULES_H

#include "mm/gstage.h"
#include "mm/region.h"

#if defined(CONFIG_DEBUG) || defined(CLEAVE_HOST)
#define RULE_CHECK(broken, rule, holds) rules_check((broken), (rule), (holds), __func__)

/**
 * rules_check() - report that @rule ("M1") is broken in function @where, unless @holds
 * @broken: how often rules were broken in this space; counts one more
 */
void rules_check(u64 *broken, const char *rule, bool holds, const char *where);

/**
 * rules_check_protected() - M1 and M2 after a harvest: each page of a range is write-protected or
 * dirty
 * @broken: as for rules_check()
 * @gs: the tables that map @r
 * @first: page of @r; @count: pages
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
