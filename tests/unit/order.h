/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accessors of include/cleave/atomic.h that write down what they do, for tests of the order in
 * which code does what other harts see.
 *
 * A host that is stronger than RVWMO, as x86 is, shows no missing barrier. So the sources that a
 * test looks at are included after this header: what is compared is what the source says. Only
 * accesses to watched words are in the list. docs/concurrency.md and the comments at each barrier
 * say what it pairs with.
 *
 * The words: `set` and `rel` are stores, relaxed and with release; `get` and `acq` loads, relaxed
 * and with acquire; `cas`, `xchg`, `or`, `and`, `add` read and write with acquire and release,
 * `and~` and `add~` relaxed; `wmb` and `mb` are barriers. A test adds others by order_say().
 */
#ifndef TESTS_UNIT_ORDER_H
#define TESTS_UNIT_ORDER_H

#include <stdio.h>
#include <string.h>
#include <cleave/atomic.h>

#define ORDER_WATCHED 8U

static struct {
	const volatile void *at;
	const char *name;
} order_watched[ORDER_WATCHED];
static u32 order_nr;
static char order_list[4096];

/* Add `what name` to the list, if anything is watched. */
static void order_say(const char *what, const char *name)
{
	size_t at = strlen(order_list);

	if (order_nr != 0U)
		(void)snprintf(order_list + at, sizeof(order_list) - at, "%s%s%s%s",
			       at != 0U ? ", " : "", what, *name != '\0' ? " " : "", name);
}

static void order_note(const volatile void *at, const char *what)
{
	if (at == NULL)
		order_say(what, "");
	for (u32 i = 0; i < order_nr; i++) {
		if (order_watched[i].at == at)
			order_say(what, order_watched[i].name);
	}
}

/* Watch a word from now on; the list begins anew. */
static void order_watch(const volatile void *at, const char *name)
{
	order_watched[order_nr].at = at;
	order_watched[order_nr].name = name;
	order_nr++;
	order_list[0] = '\0';
}

/* Return: what was done since the last order_watch(); nothing is watched any more. */
static const char *order_done(void)
{
	order_nr = 0;
	return order_list;
}

#undef atomic_read
#undef atomic_read_consume
#undef atomic_read_acquire
#undef atomic_set
#undef atomic_set_release
#undef atomic_xchg
#undef atomic_add
#undef atomic_add_acq_rel
#undef atomic_or
#undef atomic_and
#undef atomic_and_relaxed
#undef atomic_cas
#undef smp_mb
#undef smp_wmb
#define atomic_read(p)		 (order_note(p, "get"), __atomic_load_n((p), __ATOMIC_RELAXED))
#define atomic_read_consume(p)	 (order_note(p, "get"), __atomic_load_n((p), __ATOMIC_RELAXED))
#define atomic_read_acquire(p)	 (order_note(p, "acq"), __atomic_load_n((p), __ATOMIC_ACQUIRE))
#define atomic_set(p, v)	 (order_note(p, "set"), __atomic_store_n((p), (v), 0))
#define atomic_set_release(p, v) (order_note(p, "rel"), __atomic_store_n((p), (v), 3))
#define atomic_xchg(p, v)	 (order_note(p, "xchg"), __atomic_exchange_n((p), (v), 4))
#define atomic_add(p, v)	 (order_note(p, "add~"), __atomic_fetch_add((p), (v), 0))
#define atomic_add_acq_rel(p, v) (order_note(p, "add"), __atomic_fetch_add((p), (v), 4))
#define atomic_or(p, v)		 (order_note(p, "or"), __atomic_fetch_or((p), (v), 4))
#define atomic_and(p, v)	 (order_note(p, "and"), __atomic_fetch_and((p), (v), 4))
#define atomic_and_relaxed(p, v) (order_note(p, "and~"), __atomic_fetch_and((p), (v), 0))
#define atomic_cas(p, old, new)                                                      \
	(order_note(p, "cas"), __atomic_compare_exchange_n((p), (old), (new), false, \
							   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
#define smp_mb()  order_note(NULL, "mb")
#define smp_wmb() order_note(NULL, "wmb")

#endif
