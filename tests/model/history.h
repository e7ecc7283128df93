/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Histories: what a manager and the harts of a guest do with one space, one act after another, in
 * an order that is written down. A history comes from a number, or from one line of text, and a
 * failing one is made as short as it goes.
 */
#ifndef TESTS_MODEL_HISTORY_H
#define TESTS_MODEL_HISTORY_H

#include <stdio.h>
#include <cleave/types.h>

#define HISTORY_HARTS  4U
#define HISTORY_ACTORS (HISTORY_HARTS + 1U) /* actor 0 is the manager */
#define HISTORY_MAX    4096U
#define HISTORY_ACTS   "WRXPMAGVYSTOHCLN"

/**
 * struct history_act - one act
 * @kind: one of HISTORY_ACTS; life.c has what each does
 * @actor: who; if an earlier act of the same actor is not over, that goes to its end first
 * @run: accesses to shared words after which the actor stops, and the next act begins; 0: never
 * @a, @b: what the act is about
 * @seed: of what the act leaves to chance
 */
struct history_act {
	char kind;
	u8 actor;
	u16 run;
	u32 a;
	u32 b;
	u32 seed;
};

/**
 * struct history - where, and what
 * @levels: 3, 4 or 5
 * @largest: level of the largest leaf
 * @step: pages of a step (M6)
 * @spare: tables that the pool has beyond those of the mapping; 0: all that it can ever need
 * @gib: one of the regions has a leaf of a GiB, where @largest allows it
 */
struct history {
	u32 levels;
	u32 largest;
	u32 step;
	u32 spare;
	u32 gib;
	u32 nr;
	struct history_act act[HISTORY_MAX];
};

/** history_make() - make the history of @nr acts that follows from @seed, which is not 0 */
void history_make(struct history *h, u64 seed, u32 nr);

/** history_print() - write it as one line, without an end of line */
void history_print(const struct history *h, FILE *to);

/** history_parse() - read what history_print() has written. Return: true when @line is one */
bool history_parse(struct history *h, const char *line);

/**
 * history_shorten() - take away and simplify acts as long as @fails says that it still fails
 * @seconds: the longest time
 */
void history_shorten(struct history *h, bool (*fails)(const struct history *h), u32 seconds);

#endif
