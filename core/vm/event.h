/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events that managers wait for (CLEAVE_FN_VM_WAIT): a ring of the newest ones, numbered from 1.
 *
 * Locking: one lock guards the ring and the decision to sleep. No other lock is taken while it is
 * held. Every function may be called on any hart, with any VM's lock held.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <abi/cleave.h>
#include <cleave/types.h>

struct vcpu;

/**
 * event_post() - add an event, and wake all who wait for one
 * @type: CLEAVE_EVENT_*
 * @vm: id of the VM that it concerns
 * @arg: depends on @type
 */
void event_post(u32 type, u32 vm, u64 arg);

/**
 * event_next() - fetch the first event after number @seq, or sleep
 * @v: the calling vCPU
 * @out: the event
 *
 * Return: true when @out was filled. False: there is no such event yet, and @v is blocked
 * (vcpu->blocked) until there is one; it must make the call again then. This is decided under the
 * ring's lock, so that no event comes in between.
 */
bool event_next(struct vcpu *v, u64 seq, struct cleave_event *out);

#endif
