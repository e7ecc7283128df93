/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Atomic access to words that several harts share.
 *
 * The name of each accessor says its ordering, and a comment where it is used says which other
 * access it pairs with. A shared word must not be accessed in any other way. These are compiler
 * built-ins, so they work the same on a hart and on the host.
 */
#ifndef CLEAVE_ATOMIC_H
#define CLEAVE_ATOMIC_H

#include <cleave/types.h>

/*
 * Unit tests on the host may stop code before each access to a shared word, to let another hart or
 * vCPU act there. Everywhere else this is nothing.
 */
#if defined(ATOMIC_POINTS) || defined(CLEAVE_HOST)
extern void (*atomic_hook)(void); /* tests/unit/host_points.c; NULL: go on */
#endif
#ifdef ATOMIC_POINTS
#define atomic_point() (atomic_hook != NULL ? atomic_hook() : (void)0)
#else
#define atomic_point() ((void)0)
#endif

/*
 * Of a function that reads plain words which another hart may be writing, as docs/concurrency.md
 * argues: what it says is a hint. ThreadSanitizer then leaves it alone.
 */
#ifdef __SANITIZE_THREAD__
#define HINT_READ __attribute__((no_sanitize_thread))
#else
#define HINT_READ
#endif

#define atomic_read(p)		 (atomic_point(), __atomic_load_n((p), __ATOMIC_RELAXED))
#define atomic_read_acquire(p)	 (atomic_point(), __atomic_load_n((p), __ATOMIC_ACQUIRE))
#define atomic_set(p, v)	 (atomic_point(), __atomic_store_n((p), (v), __ATOMIC_RELAXED))
#define atomic_set_release(p, v) (atomic_point(), __atomic_store_n((p), (v), __ATOMIC_RELEASE))
#define atomic_xchg(p, v)	 (atomic_point(), __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL))
#define atomic_add(p, v)	 (atomic_point(), __atomic_fetch_add((p), (v), __ATOMIC_RELAXED))
#define atomic_add_acq_rel(p, v) (atomic_point(), __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL))
#define atomic_or(p, v)		 (atomic_point(), __atomic_fetch_or((p), (v), __ATOMIC_ACQ_REL))
#define atomic_and(p, v)	 (atomic_point(), __atomic_fetch_and((p), (v), __ATOMIC_ACQ_REL))
#define atomic_and_relaxed(p, v) (atomic_point(), __atomic_fetch_and((p), (v), __ATOMIC_RELAXED))

/**
 * atomic_cas() - compare and exchange, strong, acquire-release
 * @p: the shared word
 * @old: pointer to the expected value; holds the value found when the exchange fails
 * @new: value to store
 *
 * The release is a barrier of its own, because gcc up to 13 has a bug on RISC-V: for an
 * acquire-release exchange whose failure is an acquire, it emits `lr.aq; sc.aq`, which has no
 * release.
 *
 * Return: true when *@p was *@old and is now @new.
 */
#define atomic_cas(p, old, new)                                                  \
	(atomic_point(), __atomic_thread_fence(__ATOMIC_RELEASE),                \
	 __atomic_compare_exchange_n((p), (old), (new), false, ATOMIC_CAS_ORDER, \
				     __ATOMIC_ACQUIRE))

/**
 * atomic_read_consume() - read a word that holds an address
 *
 * What is read through that address comes after this read, as RVWMO keeps the order of a syntactic
 * address dependency. Nothing else does.
 */
#define atomic_read_consume(p) (atomic_point(), __atomic_load_n((p), ATOMIC_CONSUME_ORDER))

/*
 * ThreadSanitizer sees neither barriers nor dependencies. There the exchange is the release, and
 * the read an acquire.
 */
#ifdef __SANITIZE_THREAD__
#define ATOMIC_CAS_ORDER     __ATOMIC_ACQ_REL
#define ATOMIC_CONSUME_ORDER __ATOMIC_ACQUIRE
#else
#define ATOMIC_CAS_ORDER     __ATOMIC_ACQUIRE
#define ATOMIC_CONSUME_ORDER __ATOMIC_RELAXED
#endif

/**
 * smp_mb() - full barrier (RVWMO `fence rw,rw`): a store comes before a later load of another word
 */
#define smp_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)

/** smp_wmb() - write barrier (RVWMO `fence rw,w`): earlier accesses come before later writes */
#define smp_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)

#endif
