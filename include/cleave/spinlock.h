/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ticket lock between harts. docs/concurrency.md lists every lock of the tree, and the order in
 * which they are taken.
 *
 * A hart that waits for a lock calls spin_relax(), which serves the requests that other harts have
 * sent to it, TLB fences above all: the hart that holds the lock may be waiting for just that
 * answer. So a hart must not take a lock while it stands in a page-table walk for a running vCPU
 * (rule M4): serving a fence request declares that walk over.
 *
 * The hypervisor runs with interrupts off, and no interrupt handler takes a lock. So there is no
 * form that saves the interrupt state.
 *
 * A debug build and every host build record who holds a lock, and spin_assert_held() checks it. In
 * a release build the record and the check cost nothing.
 */
#ifndef CLEAVE_SPINLOCK_H
#define CLEAVE_SPINLOCK_H

#include <cleave/atomic.h>

#if defined(CONFIG_DEBUG) || defined(CLEAVE_HOST)
#define SPIN_CHECK 1
#endif

/**
 * struct spinlock - a ticket lock; all zero is a lock that is free
 * @next: the next ticket to hand out; atomic
 * @owner: the ticket that holds the lock; atomic, written by the holder
 * @holder: spin_self() of the holder, 0 while the lock is free; atomic, written by the holder
 */
struct spinlock {
	u32 next;
	u32 owner;
#ifdef SPIN_CHECK
	uintptr_t holder;
#endif
};

/**
 * spin_relax() - wait a moment inside a busy loop and serve other harts' requests
 *
 * Defined by core/run/request.c for the hypervisor and by the test harness on the host.
 */
void spin_relax(void);

#ifdef SPIN_CHECK
/**
 * spin_self() - who runs this code: a hart in the hypervisor, a thread on the host
 *
 * Defined by core/run/request.c for the hypervisor and by lib/spinlock.c for the host.
 *
 * Return: a value that no other hart or thread has, and never 0.
 */
uintptr_t spin_self(void);

/**
 * spin_report_unheld() - report that a lock that must be held is not held by the caller
 * @lock: the expression that names the lock in the source
 * @file: the source file that asked
 * @func: the function that asked
 *
 * The hypervisor prints one line and goes on, as with each broken rule; on the host the program is
 * aborted.
 */
void spin_report_unheld(const char *lock, const char *file, const char *func);

/* Called with @l just taken. */
static inline void spin_record(struct spinlock *l)
{
	atomic_set(&l->holder, spin_self());
}

/* Called with @l held, just before it is released. */
static inline void spin_forget(struct spinlock *l)
{
	atomic_set(&l->holder, (uintptr_t)0);
}

static inline void spin_check_held(const struct spinlock *l, const char *lock, const char *file,
				   const char *func)
{
	/* A holder that is not the caller may change meanwhile, but never to the caller. */
	if (atomic_read(&l->holder) != spin_self())
		spin_report_unheld(lock, file, func);
}

/** spin_assert_held() - check that the calling hart holds @l; in a release build this is nothing */
#define spin_assert_held(l) spin_check_held((l), #l, __FILE__, __func__)
#else
#define spin_record(l)	    ((void)(l))
#define spin_forget(l)	    ((void)(l))
#define spin_assert_held(l) ((void)(l))
#endif

/** spin_lock() - take @l; waits in ticket order */
static inline void spin_lock(struct spinlock *l)
{
	u32 ticket = __atomic_fetch_add(&l->next, 1U, __ATOMIC_RELAXED);

	/* Acquire pairs with the release in spin_unlock(). */
	while (atomic_read_acquire(&l->owner) != ticket)
		spin_relax();
	spin_record(l);
}

/**
 * spin_trylock() - take @l if it is free
 *
 * Return: true when the caller now holds @l.
 */
static inline bool spin_trylock(struct spinlock *l)
{
	u32 owner = atomic_read_acquire(&l->owner);
	u32 expected = owner;

	if (!__atomic_compare_exchange_n(&l->next, &expected, owner + 1U, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return false;
	spin_record(l);
	return true;
}

/** spin_unlock() - release @l, which the caller holds */
static inline void spin_unlock(struct spinlock *l)
{
	spin_assert_held(l);
	spin_forget(l);
	atomic_set_release(&l->owner, atomic_read(&l->owner) + 1U);
}

#endif
