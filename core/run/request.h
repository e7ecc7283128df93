/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hart does when others ask: fences, pause, stop, new interrupts, another choice.
 *
 * core/run/request.c also defines spin_relax() (cleave/spinlock.h), which serves the requests that
 * a hart may serve while it waits, and spin_self().
 */
#ifndef CORE_REQUEST_H
#define CORE_REQUEST_H

#include <cleave/types.h>

/**
 * request_serve() - serve what other harts have asked of this one
 *
 * Does the fences that wait for the loaded vCPU and shows it its interrupts. Not inside a
 * page-table walk (M4).
 * Return: true when the loaded vCPU must leave the hart: its VM does not run any more, or the
 * scheduler is to choose again.
 */
bool request_serve(void);

/**
 * request_wait() - wait a moment for another hart, with no lock held
 *
 * As spin_relax(), and it serves this hart's external interrupts too: the wait may be longer than a
 * bounded step (T2).
 */
void request_wait(void);

#endif
