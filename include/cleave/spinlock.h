/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ticket lock between harts.
 *
 * A hart that waits calls spin_relax(), which serves the requests that other harts sent to it (TLB fences above all):
 * the hart that holds the lock may be waiting for just that answer. So a lock must never be taken while the caller stands
 * inside a page-table walk of a running vCPU (rule M4): serving a fence request declares the walk over.
 *
 * The hypervisor runs with interrupts off; the lock is taken from no interrupt handler, so it needs no irq-saving form.
 */
#ifndef CLEAVE_SPINLOCK_H
#define CLEAVE_SPINLOCK_H

#include <cleave/atomic.h>

struct spinlock {
	u32 next;  /* next ticket to hand out; atomic */
	u32 owner; /* ticket that holds the lock; atomic, written by the holder */
};

/**
 * spin_relax() - wait a moment inside a busy loop and serve other harts' requests
 *
 * Defined by core/run/ipi.c for the hypervisor and by the test harness on the host.
 */
void spin_relax(void);

/** spin_lock() - take @l; waits in ticket order */
static inline void spin_lock(struct spinlock *l)
{
	u32 ticket = __atomic_fetch_add(&l->next, 1U, __ATOMIC_RELAXED);

	/* Acquire pairs with the release in spin_unlock(). */
	while (atomic_read_acquire(&l->owner) != ticket)
		spin_relax();
}

/** spin_trylock() - take @l if it is free. Return: true when taken */
static inline bool spin_trylock(struct spinlock *l)
{
	u32 owner = atomic_read_acquire(&l->owner);
	u32 expected = owner;

	return __atomic_compare_exchange_n(&l->next, &expected, owner + 1U, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/** spin_unlock() - release @l, which the caller holds */
static inline void spin_unlock(struct spinlock *l)
{
	atomic_set_release(&l->owner, atomic_read(&l->owner) + 1U);
}

#endif
