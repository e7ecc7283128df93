/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMs on the harts of hart_model.h: core/run/, core/vm/, arch/riscv/ and mm/ as they are, a manager
 * and guests. Harts take turns down to single accesses to shared words. Each access of a guest must
 * reach the page that its own tables say, each fetch the word that stands there, and the hypervisor
 * must never report a broken rule.
 */
#ifndef TESTS_MODEL_HART_WORLD_H
#define TESTS_MODEL_HART_WORLD_H

#include <cleave/types.h>

/**
 * struct hart_world_seen - what has come about
 * @accesses, @fetches: of guests
 * @pauses, @windows, @resets, @creates, @harvests, @stops: what the manager has done
 * @rfences: fences that guests have asked for on other vCPUs
 */
struct hart_world_seen {
	u64 accesses;
	u64 fetches;
	u64 pauses;
	u64 windows;
	u64 resets;
	u64 creates;
	u64 harvests;
	u64 stops;
	u64 rfences;
};

/**
 * hart_world_run() - make a world from @seed and let it run for @turns turns of harts; abort with a
 * message where something is wrong. Once in a process: core/ has state of its own
 */
void hart_world_run(u64 seed, u64 turns, struct hart_world_seen *seen);

#endif
