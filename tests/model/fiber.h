/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fibers: pieces of code on stacks of their own, of which one runs at a time. A fiber stops before
 * an access to a shared word (cleave/atomic.h) that was chosen for it, or where it has to wait, and
 * goes on when it is told to. So an order of all accesses can be chosen, and comes again.
 */
#ifndef TESTS_MODEL_FIBER_H
#define TESTS_MODEL_FIBER_H

#include <stdbool.h>
#include <ucontext.h>

#define FIBER_STACK (256U * 1024U)

/**
 * struct fiber - one of them; its fields are of fiber.c
 * @busy: it was started, and has not come to its end
 * @waiting: it stopped because it waits for others
 */
struct fiber {
	ucontext_t context;
	void *stack;
	void *fake_stack; /* of the address sanitizer */
	void (*call)(void *arg);
	void *arg;
	unsigned left;
	bool busy;
	bool waiting;
};

/**
 * fiber_warn() - have the address sanitizer say now that it does not know contexts fully, which it
 * says once in a process: not in each process that comes from this one
 */
void fiber_warn(void);

/** fiber_init() - make a fiber, which does nothing yet */
void fiber_init(struct fiber *f);

/** fiber_end() - free what fiber_init() took */
void fiber_end(struct fiber *f);

/** fiber_start() - have a fiber that is not busy call @call; fiber_go() lets it run */
void fiber_start(struct fiber *f, void (*call)(void *arg), void *arg);

/**
 * fiber_go() - let a busy fiber run until it ends, waits, or stands before the access after the
 * next @accesses; 0: it does not stop for an access
 */
void fiber_go(struct fiber *f, unsigned accesses);

/** fiber_wait() - called in a fiber: stop until fiber_go() */
void fiber_wait(void);

/** fiber_this() - Return: the fiber that runs, NULL when none does */
struct fiber *fiber_this(void);

#endif
