/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A test of the hypercalls: a manager (bootarg role=manager) works on another partition, the
 * subject (role=subject), which runs the same program and does what a shared page tells it.
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
	/* count only */
	COMMAND_IDLE = 0,
	/* write to the page number `argument` of the arena, once for each new `serial` */
	COMMAND_TOUCH = 1,
	COMMAND_SHUTDOWN = 2,
	/* jump to where nothing is */
	COMMAND_FAULT = 3,
	/* in each round, call everything but a start on its own log */
	COMMAND_UNLOG = 4,
	/* start a log of itself, and then the same; once for each new `serial` */
	COMMAND_LOG = 5,
	/* in each round, start a log of itself, in each mode in turn, and mostly stop it */
	COMMAND_LOG_LOOP = 6,
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

/**
 * struct mailbox - the page that both sides share
 * @counter: rounds of the subject
 * @serial: number of the last command given
 * @done: number of the last command that was done
 * @answer: errors of the subject's last calls on its own log
 * @command: enum command
 * @argument: of the command
 *
 * The manager writes the last three, and the subject everything else.
 */
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
extern u32 default_log;	    /* mode of a log whose caller leaves it open */
extern const char *own_isa; /* riscv,isa of this partition's device tree */

/** mailbox() - the subject's mailbox through the window */
static inline const volatile struct mailbox *mailbox(void)
{
	return (const volatile struct mailbox *)(WINDOW + (MAILBOX - SUBJECT_BASE));
}

/**
 * order() - give the subject, which must not be logged meanwhile, a command
 *
 * Pauses the subject, puts the command into its mailbox through a writable window, and resumes
 * it.
 */
void order(u64 command, u64 argument);

/** wait_done() - wait until the subject has done what order() said */
void wait_done(void);

/** touch() - have the subject write to two pages of its arena in every round from now on */
void touch(u64 one, u64 other);

/**
 * pause() - pause the subject; resume() - resume it
 * rounds() - let the paused subject do some rounds, and pause it again
 */
void pause(void);
void resume(void);
void rounds(void);

/** wait_up() - wait until the subject counts; wait_state() - wait until its state is @state */
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
 * given_and_reborn() - give the subject up and reboot this partition
 *
 * In its second life it sees that the subject is still given up. Returns in the second life, when
 * the subject is destroyed.
 */
void given_and_reborn(void);

/**
 * created_in_steps() - no call of the subject's creation, with leaves of 4 KiB, maps more than a
 * step
 */
void created_in_steps(void);

#endif
