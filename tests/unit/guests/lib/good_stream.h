/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A good stream, as the source of a simulated migration sent it. Tests make bad ones from it, and
 * give them to the simulation's destination.
 */
#ifndef TESTS_UNIT_GOOD_STREAM_H
#define TESTS_UNIT_GOOD_STREAM_H

#include "tests/unit/guests/lib/migrate_sim.h"

#define GOOD_MAX    (1U << 20)
#define GOOD_FRAMES 200U

extern struct sim *sim;
extern struct migrate_crc crc;

/* The stream, and where each of its frames begins; the last place is its end. */
extern uint8_t good[GOOD_MAX];
extern size_t good_size;
extern size_t good_at[GOOD_FRAMES + 1U];
extern uint32_t good_frames;

/* The guest's memory when it was paused, which an accepted stream must bring. */
extern uint8_t good_memory[8U * 4096U];

/** frame_at() - Return: the header of the frame that begins at @at */
struct migrate_frame frame_at(size_t at);

/** good_start() - set up the simulation as it is for the good stream */
void good_start(void);

/** good_setup() - record the good stream; for cmocka's group. Return: 0, or 1 when it failed */
int good_setup(void **state);

/** good_teardown() - give the simulation back. Return: 0 */
int good_teardown(void **state);

#endif
