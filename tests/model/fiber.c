/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fibers. See fiber.h. The address sanitizer is told of each change of the stack.
 */
#include "tests/model/fiber.h"
#include <cleave/atomic.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include "tests/unit/mm/mm_harness.h"

static ucontext_t fiber_main;
static const void *fiber_main_stack;
static size_t fiber_main_size;
static void *fiber_main_fake;
static struct fiber *fiber_now;

static void fiber_back(void)
{
	struct fiber *f = fiber_now;

	__sanitizer_start_switch_fiber(&f->fake_stack, fiber_main_stack, fiber_main_size);
	MUST(swapcontext(&f->context, &fiber_main) == 0);
	__sanitizer_finish_switch_fiber(f->fake_stack, &fiber_main_stack, &fiber_main_size);
}

static void fiber_point(void)
{
	if (fiber_now == NULL || fiber_now->left == 0)
		return;
	if (--fiber_now->left == 0)
		fiber_back();
}

/* A fiber's life: it is told what to call again and again. */
static void fiber_life(void)
{
	__sanitizer_finish_switch_fiber(NULL, &fiber_main_stack, &fiber_main_size);
	for (;;) {
		struct fiber *f = fiber_now;

		f->call(f->arg);
		f->busy = false;
		f->left = 0;
		fiber_back();
	}
}

void fiber_init(struct fiber *f)
{
	*f = (struct fiber){ .stack = malloc(FIBER_STACK) };
	MUST(f->stack != NULL && getcontext(&f->context) == 0);
	f->context.uc_stack.ss_sp = f->stack;
	f->context.uc_stack.ss_size = FIBER_STACK;
	f->context.uc_link = NULL;
	makecontext(&f->context, fiber_life, 0);
	atomic_hook = fiber_point;
}

static void fiber_nothing(void *arg)
{
	(void)arg;
}

void fiber_warn(void)
{
	static struct fiber f;

	fiber_init(&f);
	fiber_start(&f, fiber_nothing, NULL);
	fiber_go(&f, 0);
	fiber_end(&f);
}

void fiber_end(struct fiber *f)
{
	MUST(!f->busy);
	__asan_unpoison_memory_region(f->stack, FIBER_STACK);
	free(f->stack);
}

void fiber_start(struct fiber *f, void (*call)(void *arg), void *arg)
{
	MUST(!f->busy);
	f->call = call;
	f->arg = arg;
	f->busy = true;
}

void fiber_go(struct fiber *f, unsigned accesses)
{
	MUST(f->busy && fiber_now == NULL);
	f->left = accesses == 0 ? 0 : accesses + 1;
	f->waiting = false;
	fiber_now = f;
	__sanitizer_start_switch_fiber(&fiber_main_fake, f->stack, FIBER_STACK);
	MUST(swapcontext(&fiber_main, &f->context) == 0);
	__sanitizer_finish_switch_fiber(fiber_main_fake, NULL, NULL);
	fiber_now = NULL;
}

void fiber_wait(void)
{
	fiber_now->waiting = true;
	fiber_back();
}

struct fiber *fiber_this(void)
{
	return fiber_now;
}
