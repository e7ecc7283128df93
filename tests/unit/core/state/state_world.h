/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM on the host, for tests of state records: real structures of vCPUs, UART, PLIC and console
 * lines, with the wires between them as core/vm/vm_devices.c lays them, and no hart.
 */
#ifndef TESTS_UNIT_STATE_WORLD_H
#define TESTS_UNIT_STATE_WORLD_H

#include "arch/riscv/probe/features.h"
#include "core/state/state.h"
#include "core/vm/vm.h"

#define WORLD_VCPUS 4U
#define WORLD_VLENB 64U

/**
 * struct world - one VM, whose lock is held for good
 * @machine: what its machine has
 * @time: its guest's time
 */
struct world {
	struct vm vm;
	struct vcpu vcpu[WORLD_VCPUS];
	u8 vector[WORLD_VCPUS][32U * WORLD_VLENB];
	struct config_partition cfg;
	struct features machine;
	u64 time;
};

/**
 * world_init() - make a VM as CREATE leaves it, and use its machine
 * @vcpus: how many vCPUs; the machine has Sstc when this is even
 * @vlenb: the machine has F, D and V of 8 * @vlenb bits; 0: it has none of them
 * @asid_bits: of the machine, which has Sv39 and Sv48
 */
void world_init(struct world *w, u32 vcpus, u32 vlenb, u8 asid_bits);

/** world_use() - let the code under test run on the machine of @w */
void world_use(const struct world *w);

/** world_live() - fill a VM with a life that @seed decides, in which everything is used */
void world_live(struct world *w, u64 seed);

/** world_why_insane() - Return: what is wrong with the VM; NULL: nothing */
const char *world_why_insane(const struct world *w);

/**
 * world_record() - read record number @n of the list
 * @record: where to: CLEAVE_STATE_MAX bytes
 * Return: its size; 0: there is no such record.
 */
u32 world_record(struct world *w, u32 n, void *record);

/** world_random() - Return: the next number from @seed, which is not 0 */
u64 world_random(u64 *seed);

#endif
