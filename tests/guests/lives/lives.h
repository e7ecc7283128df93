/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A manager that gives partitions lives in random order: it creates, starts, logs, looks into,
 * moves, pauses, resets, brakes and destroys them, and leaves operations half-way. At the end all
 * are gone, and what they had must be free again (tests/boot/core/vm/test_lives.py).
 *
 * Bootargs: role=manager seed=N operations=N; role=worker: runs until it is ended
 */
#ifndef TESTS_GUESTS_LIVES_H
#define TESTS_GUESTS_LIVES_H

#include "tests/guests/random.h"

#define LIVES_SLOTS 9U

/**
 * struct slot - a partition that is worked on
 * @vm: its id
 * @twin: index of the slot of the same shape that it can be moved to; its own: there is none
 * @regions: of its memory
 */
struct slot {
	u32 vm;
	u32 twin;
	u32 regions;
};

extern struct slot slots[LIVES_SLOTS];
extern u32 nr_slots;
extern u64 draws; /* state of the draws */

/** below() - Return: a number below @n, which is not 0 */
static inline u64 below(u64 n)
{
	return (random_next(&draws) >> 11) % n;
}

/* operations.c: one random operation on slot @i; it may be refused: the state is anything */
struct sbiret operation_life(u32 i);
struct sbiret operation_log(u32 i);
struct sbiret operation_window(u32 i);

/** operation_move() - move @i to its twin, if their states let it. Return: whether it did */
bool operation_move(u32 i);

/** end_all() - unmap, stop, destroy: all that is left of the slots */
void end_all(void);

#endif
