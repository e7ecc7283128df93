/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the debug build does when tables are unlinked and freed: here nothing. Weak: where a test
 * plays harts, core/run/tlb.c looks into what they may hold. Other tests have walkers of their own,
 * which find a table that was freed too early.
 */
#include <cleave/types.h>

struct gstage;
struct table_pool;

void flush_unlinked(const struct gstage *gs);
void flush_freeing(const struct table_pool *pool);

__attribute__((weak)) void flush_unlinked(const struct gstage *gs)
{
	(void)gs;
}

__attribute__((weak)) void flush_freeing(const struct table_pool *pool)
{
	(void)pool;
}
