/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of the memory layer's rules M1 to M9 (docs/dirty-logging.md), in a debug build and in
 * every host test.
 *
 * A broken rule is said by its number and counted; it must never stop the machine.
 */
#ifndef MM_RULES_H
#define MM_RULES_H

#include <cleave/types.h>

struct space;
struct region;

#if defined(CONFIG_DEBUG) || defined(CLEAVE_HOST)
#define RULE_CHECK(sp, rule, holds) rules_check((sp), (rule), (holds), __func__)

/** rules_check() - report that @rule ("M1") is broken in function @where of @sp unless @holds */
void rules_check(struct space *sp, const char *rule, bool holds, const char *where);

/**
 * rules_check_protected() - M1 and M2 after a harvest: each page of a range is write-protected or
 * dirty
 * @first: page of @r; @count: pages
 */
void rules_check_protected(struct space *sp, struct region *r, u64 first, u64 count);
#else
#define RULE_CHECK(sp, rule, holds) ((void)0)

static inline void rules_check_protected(struct space *sp, struct region *r, u64 first, u64 count)
{
	(void)sp;
	(void)r;
	(void)first;
	(void)count;
}
#endif

#endif
