/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events that managers wait for (CLEAVE_FN_VM_WAIT): a ring that keeps the newest, numbered from 1.
 *
 * Locking: one lock for the ring and for the decision to sleep. Every function may be called on any
 * hart with any VM's lock held (docs/concurrency.md).
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <abi/cleave.h>
#include <cleave/types.h>
#include "lib/event_ring.h"
#include "core/run/vcpu.h"

/** event_post() - tell everybody who waits */
void event_post(u32 type, u32 vm, u64 arg);

/**
 * event_next() - fetch the first event after @seq, or sleep
 * @v: the caller. When there is no event it is made to wait (vcpu->blocked) until there is one; it must do the call again
 *     then. Decided under the ring's lock, so that no event comes in between.
 * Return: true and @out filled, or false: @v is blocked.
 */
bool event_next(struct vcpu *v, u64 seq, struct cleave_event *out);

#endif
