/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fair shares of a hart: time is charged as it is used (T1; start-time fair queueing).
 *
 * Each runner (a vCPU) has a tag: the time that it has been charged so far, divided by its weight.
 * Among those that want the hart, the one with the least tag has it. A runner is charged for a
 * slice when it has used the whole of it, or when it gives the hart up. Until then its tag stays as
 * it is: a runner that is interrupted keeps its place and what is left of its slice.
 *
 * A runner that did not want the hart saves at most one slice up, and where nobody wants it all
 * debts are forgotten. So one that wants its share waits for at most a slice of each of the others
 * more than its weight says.
 *
 * Tags wrap: they are compared by their difference, which stays far below 2^63. This knows no hart
 * and no vCPU, and builds for the host too. It has no lock: each fair_hart, with its runners, is
 * used by one hart alone.
 */
#ifndef CORE_FAIR_H
#define CORE_FAIR_H

#include <cleave/types.h>

#define FAIR_WEIGHT_MAX 10000U

/**
 * struct fair - one runner
 * @tag: weighted time that it has been charged; FAIR_WEIGHT_MAX divided by @weight for each tick
 * @used: ticks of its present slice that it has used, and is not charged for yet
 * @turn: when it ran last, in turns of its hart
 * @weight: 1 to FAIR_WEIGHT_MAX
 */
struct fair {
	u64 tag;
	u64 used;
	u64 turn;
	u32 weight;
};

/**
 * struct fair_hart - the runners of a hart as a whole
 * @slice: ticks of a slice
 * @least: no tag that counts is less, but for what may be saved up; it never falls, but where
 *	fair_join() says so
 * @turns: turns that were had so far
 * @best: of the present look: the runner that has the hart next, or NULL
 * @rest: of the present look: the least tag of the others that want it
 * @most: of the present look: the greatest tag of those that do not want it
 * @wanted: of the present look: how many want it
 */
struct fair_hart {
	u64 slice;
	u64 least;
	u64 turns;
	struct fair *best;
	u64 rest;
	u64 most;
	u32 wanted;
};

/** fair_less() - Return: is tag @a less than tag @b? */
static inline bool fair_less(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

/** fair_look() - begin a look at all runners: fair_wants() or fair_rests() for each follows */
void fair_look(struct fair_hart *h);

/** fair_wants() - in the present look: @f wants the hart */
void fair_wants(struct fair_hart *h, struct fair *f);

/** fair_rests() - in the present look: @f does not want the hart, and gives up its slice */
void fair_rests(struct fair_hart *h, struct fair *f);

/**
 * fair_choose() - end the look
 * Return: the runner that has the hart next; NULL: nobody wants it.
 */
struct fair *fair_choose(struct fair_hart *h);

/** fair_left() - Return: ticks that are left of the slice of @f; never 0 */
u64 fair_left(const struct fair_hart *h, const struct fair *f);

/**
 * fair_charge() - the runner that was chosen in the last look has left the hart
 * @ticks: for how long it had the hart; a turn costs at least one tick, so that short ones are not
 *	free
 */
void fair_charge(struct fair_hart *h, struct fair *f, u64 ticks);

/** fair_settle() - charge @f for what it has used of its slice, and end the slice */
void fair_settle(struct fair *f);

/** fair_pay() - charge @f for @ticks of the hart that it has cost without having it */
void fair_pay(struct fair *f, u64 ticks);

/**
 * fair_join() - @f is one of those that have the hart from now on, instead of others
 * @first: the first of them; all of them follow
 *
 * They are measured by each other alone: what the others have used meanwhile is nothing to them.
 */
void fair_join(struct fair_hart *h, const struct fair *f, bool first);

#endif
