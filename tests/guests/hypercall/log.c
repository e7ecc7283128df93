/* SPDX-License-Identifier: BSD-2-Clause */
/* The dirty log of a partition that runs: every mode, what it reports, and what it refuses. */
#include "tests/guests/hypercall/hypercall_test.h"

#define WORDS (SUBJECT_PAGES / 64U)

static u64 bits[WORDS] __attribute__((aligned(4096)));

static bool reported(u64 page)
{
	return (bits[page / 64U] >> (page % 64U) & 1U) != 0;
}

/* All pages, in as many calls as it takes. */
static void fetch(unsigned long fn)
{
	u64 done = 0;

	while (done < SUBJECT_PAGES) {
		struct sbiret r = cleave_log_bits(fn, subject, 0, done, SUBJECT_PAGES - done,
						  bits + done / 64U);

		if (r.error != 0 || r.value <= 0) {
			check(false, "function 0x%lx on pages from %lu: error %ld, value %ld", fn,
			      done, r.error, r.value);
			return;
		}
		done += (u64)r.value;
	}
}

static u64 arena_bits(void)
{
	u64 n = 0, i;

	for (i = 0; i < ARENA_PAGES; i++)
		n += reported(ARENA_PAGE0 + i) ? 1U : 0U;
	return n;
}

static void start(u32 mode, u32 flags, const char *name)
{
	struct cleave_log_status status;
	u32 open = flags == CLEAVE_LOG_FLAG_EAGER_OFF ? CLEAVE_LOG_FAULT : default_log;

	check_eq((u64)cleave_log_start(subject, 0, mode, flags).error, 0, "%s: start", name);
	check_eq((u64)cleave_log_status(subject, 0, &status).error, 0, "%s: status", name);
	check_eq(status.pages, SUBJECT_PAGES, "%s: status: pages", name);
	check_eq(status.mode, mode == CLEAVE_LOG_DEFAULT ? open : mode, "%s: status: mode", name);
	check_eq(status.own, 0, "%s: status: not the subject's own", name);
	check_eq((u64)cleave_log_start(subject, 0, mode, flags).error, (u64)SBI_ERR_INVALID_STATE,
		 "%s: a second start", name);
}

static void stop(bool collapse, const char *name)
{
	struct cleave_leaves leaves;

	check_eq((u64)cleave_log_stop(subject, 0, collapse ? CLEAVE_LOG_FLAG_COLLAPSE : 0).error, 0,
		 "%s: stop", name);
	check_eq((u64)cleave_log_stop(subject, 0, 0).error, (u64)SBI_ERR_INVALID_STATE,
		 "%s: a second stop", name);
	check_eq((u64)cleave_leaves(subject, 0, &leaves).error, 0, "%s: leaves", name);
	if (collapse)
		check(leaves.leaves[0] == 0 && leaves.leaves[1] == SUBJECT_SIZE >> 21,
		      "%s: huge leaves are back", name);
	/* Its memory is as writable as before. */
	pause();
	rounds();
	resume();
	check(true, "%s: the subject goes on after the stop", name);
}

static void mode_test(u32 mode, u32 flags, bool collapse, const char *name)
{
	touch(3, 200);
	start(mode, flags, name);
	pause();
	fetch(CLEAVE_FN_LOG_GET_CLEAR);
	/* In an initially-set log nothing is tracked before it has been cleared. */
	if (mode >= CLEAVE_LOG_INITIALLY_SET)
		check_eq(arena_bits(), ARENA_PAGES, "%s: all pages are set at first", name);
	fetch(CLEAVE_FN_LOG_GET_CLEAR);
	check_eq(arena_bits(), 0, "%s: nothing is set any more", name);
	rounds();
	fetch(CLEAVE_FN_LOG_GET);
	check(reported(ARENA_PAGE0 + 3) && reported(ARENA_PAGE0 + 200),
	      "%s: get shows what was written", name);
	check_eq(arena_bits(), 2, "%s: and nothing else", name);
	check(reported((MAILBOX - SUBJECT_BASE) / PAGE_SIZE),
	      "%s: the page that it counts in is dirty", name);
	fetch(CLEAVE_FN_LOG_GET_CLEAR);
	check_eq(arena_bits(), 2, "%s: get has cleared nothing", name);
	fetch(CLEAVE_FN_LOG_GET_CLEAR);
	check_eq(arena_bits(), 0, "%s: get-and-clear has", name);
	rounds();
	fetch(CLEAVE_FN_LOG_GET_CLEAR);
	check(reported(ARENA_PAGE0 + 3) && arena_bits() == 2, "%s: both are reported again", name);
	resume();
	stop(collapse, name);
}

/* Clearing by bitmap clears only what the bitmap has, and of that only what is set. */
static void clear_test(void)
{
	u64 n = ARENA_PAGE0 & ~UINT64_C(63), word = UINT64_C(1) << (ARENA_PAGE0 % 64U);

	touch(0, 1);
	start(CLEAVE_LOG_FAULT, 0, "clear");
	pause();
	fetch(CLEAVE_FN_LOG_GET_CLEAR);
	rounds();
	check_eq((u64)cleave_log_bits(CLEAVE_FN_LOG_CLEAR, subject, 0, n, 64, &word).value, 64,
		 "clear: one page by bitmap");
	fetch(CLEAVE_FN_LOG_GET);
	check(!reported(ARENA_PAGE0) && reported(ARENA_PAGE0 + 1), "clear: the other is still set");
	rounds();
	fetch(CLEAVE_FN_LOG_GET);
	check(reported(ARENA_PAGE0), "clear: the cleared page is reported again");
	resume();
	stop(true, "clear");
}

static void want_answer(enum answer which, long error, const char *name)
{
	check_eq((u64)mailbox()->answer[which], (u64)error, "%s", name);
}

/* The subject tries all the time to take bits out of the manager's log, and to stop it. */
static void managed_test(void)
{
	order(COMMAND_UNLOG, 0);
	wait_done();
	want_answer(ANSWER_GET, SBI_ERR_INVALID_STATE, "owner: no log is on");
	start(CLEAVE_LOG_FAULT, 0, "owner");
	pause();
	fetch(CLEAVE_FN_LOG_GET_CLEAR);
	rounds();
	want_answer(ANSWER_GET, 0, "owner: the subject may look at a manager's log");
	want_answer(ANSWER_STATUS, 0, "owner: and ask how it is");
	want_answer(ANSWER_GET_CLEAR, SBI_ERR_INVALID_STATE, "owner: but not take bits");
	want_answer(ANSWER_CLEAR, SBI_ERR_INVALID_STATE, "owner: nor clear them");
	want_answer(ANSWER_STOP, SBI_ERR_INVALID_STATE, "owner: nor stop it");
	fetch(CLEAVE_FN_LOG_GET_CLEAR);
	check(reported((MAILBOX - SUBJECT_BASE) / PAGE_SIZE), "owner: the bits are all there");
	resume();
	stop(true, "owner");
}

/* A log that the subject has started is its own. */
static void own_test(void)
{
	u32 i;

	order(COMMAND_LOG, 0);
	wait_done();
	for (i = 0; i < ANSWERS; i++)
		check_eq((u64)mailbox()->answer[i], 0, "owner: call %u on a log of its own", i);
}

#define RACES 60U

/* The subject starts and stops a log of itself all the time. Each start of the manager wins. */
static void race_test(void)
{
	const u32 modes[] = { CLEAVE_LOG_FAULT, CLEAVE_LOG_EAGER, CLEAVE_LOG_INITIALLY_SET,
			      CLEAVE_LOG_DIRTY_BITS };
	u32 won = 0, i;

	for (i = 0; i < RACES; i++) {
		/* Each begins somewhere else in what the subject does. */
		wait_us(37U * i);
		won += cleave_log_start(subject, 0, modes[i % ARRAY_SIZE(modes)], 0).error == 0;
		if (cleave_log_stop(subject, 0, i % 2U).error != 0)
			won = 0;
	}
	check_eq(won, RACES, "taken over: starts that won");
}

/* What the subject has of a log that was taken over, and that no write is missed. */
static void taken_over(u32 mode, const char *name)
{
	const u64 mailbox_page = (MAILBOX - SUBJECT_BASE) / PAGE_SIZE;
	u64 begin, n;

	start(mode, 0, name);
	begin = mailbox()->counter;
	while (mailbox()->counter < begin + 5U)
		cpu_relax();
	want_answer(ANSWER_START, SBI_ERR_INVALID_STATE, name);
	want_answer(ANSWER_STOP, SBI_ERR_INVALID_STATE, name);
	pause();
	fetch(CLEAVE_FN_LOG_GET_CLEAR);
	check(reported(mailbox_page), "%s: the page that it counts in is dirty", name);
	begin = mailbox()->counter;
	rounds();
	fetch(CLEAVE_FN_LOG_GET_CLEAR);
	check(reported(mailbox_page), "%s: and again", name);
	for (n = begin + 1U; n < mailbox()->counter; n++)
		if (!reported(ARENA_PAGE0 + n % ARENA_PAGES))
			check(false, "%s: the page of round %lu is missing", name, n);
	resume();
	/* A moment later the subject may have a log of its own. */
	want(cleave_log_stop(subject, 0, CLEAVE_LOG_FLAG_COLLAPSE), 0, name);
	begin = mailbox()->counter;
	while (mailbox()->answer[ANSWER_START] != 0 || mailbox()->counter < begin + 5U)
		cpu_relax();
	check(true, "%s: after its stop the subject logs itself again", name);
}

static void take_over_test(void)
{
	struct cleave_log_status status;

	order(COMMAND_LOG_LOOP, 0);
	wait_done();
	do {
		(void)cleave_log_status(subject, 0, &status);
	} while (status.own == 0);
	check(status.mode != CLEAVE_LOG_OFF, "its own log is on");
	race_test();
	taken_over(CLEAVE_LOG_FAULT, "taken over, fault-driven");
	taken_over(CLEAVE_LOG_EAGER, "taken over, eager");
	taken_over(CLEAVE_LOG_INITIALLY_SET, "taken over, initially-set");
	taken_over(CLEAVE_LOG_DIRTY_BITS, "taken over, dirty bits");
	/* A log is on now and then, which order() may not find. */
	pause();
	(void)cleave_log_stop(subject, 0, CLEAVE_LOG_FLAG_COLLAPSE);
	order(COMMAND_IDLE, 0);
	wait_done();
	/* The pause may have found the subject before its start, which leaves a log on then. */
	(void)cleave_log_stop(subject, 0, CLEAVE_LOG_FLAG_COLLAPSE);
}

static void refusals(void)
{
	static const struct {
		const char *name;
		u64 region, first, count;
		long error;
	} bad[] = {
		{ "no such region", 1, 0, 64, SBI_ERR_INVALID_PARAM },
		{ "region 2^32", UINT64_C(1) << 32, 0, 64, SBI_ERR_INVALID_PARAM },
		{ "first page not a multiple of 64", 0, 1, 64, SBI_ERR_INVALID_PARAM },
		{ "count not a multiple of 64", 0, 0, 65, SBI_ERR_INVALID_PARAM },
		{ "no pages", 0, 0, 0, SBI_ERR_INVALID_PARAM },
		{ "after the end of the region", 0, SUBJECT_PAGES, 64, SBI_ERR_INVALID_PARAM },
		{ "across its end", 0, SUBJECT_PAGES - 64, 128, SBI_ERR_INVALID_PARAM },
		{ "count that wraps", 0, 64, UINT64_MAX & ~UINT64_C(63), SBI_ERR_INVALID_PARAM },
		{ "first that wraps", 0, UINT64_MAX & ~UINT64_C(63), 64, SBI_ERR_INVALID_PARAM },
	};
	static const u32 fns[] = { CLEAVE_FN_LOG_GET, CLEAVE_FN_LOG_GET_CLEAR,
				   CLEAVE_FN_LOG_CLEAR };
	u32 i, f;

	for (f = 0; f < ARRAY_SIZE(fns); f++) {
		for (i = 0; i < ARRAY_SIZE(bad); i++)
			check_eq((u64)cleave_call(fns[f], subject, bad[i].region, bad[i].first,
						  bad[i].count, (u64)bits, 0)
					 .error,
				 (u64)bad[i].error, "function 0x%x: %s", fns[f], bad[i].name);
		check_eq((u64)cleave_call(fns[f], subject, 0, 0, 64, (u64)bits, 0).error,
			 (u64)SBI_ERR_INVALID_STATE, "function 0x%x: no log", fns[f]);
	}
	want(cleave_log_start(subject, 1, CLEAVE_LOG_FAULT, 0), SBI_ERR_INVALID_PARAM,
	     "start: no such region");
	want(cleave_log_start(subject, 0, 5, 0), SBI_ERR_INVALID_PARAM, "start: no such mode");
	want(cleave_log_start(subject, 0, CLEAVE_LOG_FAULT, 3), SBI_ERR_INVALID_PARAM,
	     "start: eager and not eager");
	want(cleave_log_start(subject, 0, CLEAVE_LOG_FAULT, 4), SBI_ERR_INVALID_PARAM,
	     "start: unknown flags");
	want(cleave_log_start(subject, 0, CLEAVE_LOG_FAULT, CLEAVE_LOG_FLAG_EAGER_ON),
	     SBI_ERR_INVALID_PARAM, "start: fault-driven and eager");
	want(cleave_log_start(subject, 0, CLEAVE_LOG_EAGER, CLEAVE_LOG_FLAG_EAGER_OFF),
	     SBI_ERR_INVALID_PARAM, "start: eager and not eager");
	want(cleave_call(CLEAVE_FN_LOG_START, subject, 0, CLEAVE_LOG_EAGER, 0, 77, 0),
	     SBI_ERR_INVALID_STATE, "start: a cursor out of nowhere");
	want(cleave_log_stop(subject, 0, 0), SBI_ERR_INVALID_STATE, "stop: no log");
	want(cleave_log_stop(subject, 0, 2), SBI_ERR_INVALID_PARAM, "stop: unknown flags");
	want(cleave_call(CLEAVE_FN_LEAVES, subject, 1, 0, (u64)bits, 0, 0), SBI_ERR_INVALID_PARAM,
	     "leaves: no such region");
}

void test_log(void)
{
	refusals();
	mode_test(CLEAVE_LOG_FAULT, 0, true, "fault-driven");
	mode_test(CLEAVE_LOG_EAGER, 0, true, "eager");
	mode_test(CLEAVE_LOG_INITIALLY_SET, CLEAVE_LOG_FLAG_EAGER_ON, true, "initially-set, eager");
	mode_test(CLEAVE_LOG_INITIALLY_SET, CLEAVE_LOG_FLAG_EAGER_OFF, false,
		  "initially-set, split by fault");
	mode_test(CLEAVE_LOG_DIRTY_BITS, CLEAVE_LOG_FLAG_EAGER_ON, true, "dirty bits");
	mode_test(CLEAVE_LOG_DEFAULT, 0, true, "default");
	mode_test(CLEAVE_LOG_DEFAULT, CLEAVE_LOG_FLAG_EAGER_OFF, true, "default, not eager");
	clear_test();
	managed_test();
	own_test();
	/* It does not matter which partition has started an earlier log. */
	managed_test();
	take_over_test();
}
