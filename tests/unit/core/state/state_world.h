/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM on the host, for tests of state records: real vCPU structures, UART, PLIC and console lines, with the wires between them as
 * core/vm/vm_devices.c lays them; no hart.
 */
#ifndef TESTS_UNIT_STATE_WORLD_H
#define TESTS_UNIT_STATE_WORLD_H

#include "arch/riscv/probe/features.h"
#include "core/state/state.h"
#include "core/vm/vm.h"

#define WORLD_VCPUS 4U
#define WORLD_VLENB 64U

/* struct world - one VM; @machine: what its machine has; @time: of its guest */
struct world {
	struct vm vm;
	struct vcpu vcpu[WORLD_VCPUS];
	u8 vector[WORLD_VCPUS][32U * WORLD_VLENB];
	struct config_partition cfg;
	struct features machine;
	u64 time;
};

/**
 * world_init() - a VM of @vcpus vCPUs as CREATE leaves it, on a machine with F, D and V of 8 * @vlenb bits (0: none of them)
 * @asid_bits: of the machine. It can do Sv39 and Sv48, and has Sstc where the number of vCPUs is even
 */
void world_init(struct world *w, u32 vcpus, u32 vlenb, u8 asid_bits);

/** world_use() - the machine is @w's from now on */
void world_use(const struct world *w);

/** world_live() - fill it with a life that @seed decides, in which everything is used; it awaits nothing any more */
void world_live(struct world *w, u64 seed);

/** world_why_insane() - what no VM may be in, or NULL */
const char *world_why_insane(const struct world *w);

/** world_record() - read record @n of the list into @record (CLEAVE_STATE_MAX bytes). Return: its size, 0: there is none */
u32 world_record(struct world *w, u32 n, void *record);

/** world_random() - the next number from @seed, which is not 0 */
u64 world_random(u64 *seed);

#endif
