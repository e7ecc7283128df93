/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's time while it is away (`--clock`), and the generation of a restored one: what a
 * destination changes of the state that has come, before the guest runs.
 */
#ifndef GUESTS_MANAGER_HYPER_CLOCK_H
#define GUESTS_MANAGER_HYPER_CLOCK_H

#include "guests/manager/move/hyper.h"

/** hyper_clock_paused() - source: the guest stands still from now on */
void hyper_clock_paused(struct hyper *h);

/** hyper_clock_head() - source: Return: true when there is a MOMENT record, whose head is @head */
bool hyper_clock_head(const struct hyper *h, struct cleave_state_head *head);

/**
 * hyper_clock_stopped() - destination: the source's guest stands still from now on
 * @clock: its time is to go on
 */
void hyper_clock_stopped(struct hyper *h, bool clock);

/**
 * hyper_clock_seen() - destination: look at a record that was set, for hyper_clock_arrive()
 * Return: 0, or SBI_ERR_INVALID_PARAM for a MOMENT record that is none.
 */
int hyper_clock_seen(struct hyper *h, const struct cleave_state_head *head, const void *data);

/**
 * hyper_clock_check() - destination: is everything known that hyper_clock_arrive() needs?
 * Return: false: @line gets appended what is not.
 */
bool hyper_clock_check(const struct hyper *h, struct migrate_line *line);

/**
 * hyper_clock_arrive() - destination: all has come, and the guest is to run: set its time on, and
 * its generation, as was asked for
 * Return: 0, or an error; the guest has not run.
 */
int hyper_clock_arrive(struct hyper *h);

#endif
