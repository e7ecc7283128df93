/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A test of the hypercalls: a manager (bootarg role=manager) works on another partition, the subject (role=subject), that runs
 * the same program and does what a shared page tells it.
 */
#ifndef TESTS_GUESTS_HYPERCALL_TEST_H
#define TESTS_GUESTS_HYPERCALL_TEST_H

#include "guests/lib/guest.h"

/* Where both sides expect things in the subject's memory, which is 16 MiB from 0x80000000 */
#define SUBJECT_BASE  UINT64_C(0x80000000)
#define SUBJECT_SIZE  UINT64_C(0x1000000)
#define SUBJECT_PAGES (SUBJECT_SIZE / PAGE_SIZE)
#define MAILBOX	      (SUBJECT_BASE + UINT64_C(0x800000))
#define ARENA	      (SUBJECT_BASE + UINT64_C(0xa00000))
#define ARENA_PAGES   256U
#define ARENA_PAGE0   ((ARENA - SUBJECT_BASE) / PAGE_SIZE)

#define MAILBOX_MAGIC UINT64_C(0x636c65617665626f)

enum command {
	COMMAND_IDLE = 0, /* count only */
	COMMAND_TOUCH =
		1, /* write to the page number `argument` of the arena, once for each new `serial` */
	COMMAND_SHUTDOWN = 2,
	COMMAND_FAULT = 3, /* jump to nowhere */
	COMMAND_UNLOG = 4, /* in each round, call everything but a start on its own log */
	COMMAND_LOG = 5, /* start a log of itself, and then the same; once for each new `serial` */
};

enum answer {
	ANSWER_START = 0,
	ANSWER_GET,
	ANSWER_STATUS,
	ANSWER_GET_CLEAR,
	ANSWER_CLEAR,
	ANSWER_STOP,
	ANSWERS,
};

/** struct mailbox - @counter: rounds of the subject; @serial: of the last command given, @done: of the last that was done;
 * @answer: errors of the last calls on its own log; the rest is written from outside */
struct mailbox {
	u64 magic;
	u64 counter;
	u64 done;
	s64 answer[ANSWERS];
	u64 serial;
	u64 command;
	u64 argument;
};

/* The manager's side (subject.c) */

#define WINDOW UINT64_C(0x100000000) /* view of the subject's memory */

extern u32 subject;	    /* its id */
extern const char *own_isa; /* riscv,isa of this partition's device tree */

/** mailbox() - the subject's mailbox through the window */
static inline const volatile struct mailbox *mailbox(void)
{
	return (const volatile struct mailbox *)(WINDOW + (MAILBOX - SUBJECT_BASE));
}

/** order() - pause the subject, put a command into its mailbox through a writable window, resume it; not while it is logged */
void order(u64 command, u64 argument);

/** wait_done() - until the subject has done what order() said */
void wait_done(void);

/** touch() - have the subject write to two pages of its arena from now on, in every round */
void touch(u64 one, u64 other);

/** pause(), resume(); rounds() - let the paused subject do some rounds, and pause it again */
void pause(void);
void resume(void);
void rounds(void);

/** wait_up() - until the subject counts; wait_state() - until its state is @state */
void wait_up(void);
void wait_state(u32 state);

/** map_view(), unmap_view() - the read-only window over all of the subject's memory */
void map_view(void);
void unmap_view(void);

/** want() - check an answer */
void want(struct sbiret r, long error, const char *name);

void test_life(void);
void test_log(void);
void test_arguments(void);
void test_owner(void);

/**
 * given_and_reborn() - give the subject up and reboot this partition; in its second life see that the subject is still given up
 * Returns in the second life, when the subject is destroyed.
 */
void given_and_reborn(void);

/** created_in_steps() - the subject has leaves of 4 KiB: no call of its creation maps more than a step's */
void created_in_steps(void);

#endif
