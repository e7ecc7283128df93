/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of core/state/.
 *
 * Any records may be set in any order: a refusal changes nothing, and what is accepted leaves a VM
 * that can exist and that reads back as records which another slot takes.
 *
 * Input: a byte that chooses the machine (bit 0: V and F/D, bits 1 and 2: vCPUs), then records one
 * after the other: a head, and as many bytes as it says. The last one may be cut off.
 */
#include <stdint.h>
#include <string.h>

#include <cleave/errno.h>
#include "tests/unit/core/state/state_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct world world, before, other;
static u8 record[CLEAVE_STATE_MAX] __attribute__((aligned(8)));

static void must(bool ok)
{
	if (!ok)
		__builtin_trap();
}

static void set(u32 size)
{
	int err;

	memcpy(&before, &world, sizeof(world));
	err = state_set(&world.vm, record, size);
	must(err == CLV_OK || err == CLV_ERR_INVAL || err == CLV_ERR_UNSUPPORTED);
	must(err == CLV_OK || memcmp(&before, &world, sizeof(world)) == 0);
	must(world_why_insane(&world) == NULL);
}

/* Every record of this VM is one that a slot of the same kind takes, and then it has the same. */
static void pass_on(void)
{
	static u8 again[CLEAVE_STATE_MAX] __attribute__((aligned(8)));
	u32 size;

	world_init(&other, world.vm.run.nr_vcpus, world.machine.vlenb, world.machine.asid_bits);
	for (u32 n = 0; (size = world_record(&world, n, record)) != 0U; n++) {
		must(size <= sizeof(record));
		must(state_set(&other.vm, record, size) == CLV_OK);
		must(world_record(&other, n, again) == size);
		must(memcmp(record, again, size) == 0);
	}
	must(state_missing(&other.vm) == 0U);
	must(world_why_insane(&other) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0U)
		return 0;
	world_init(&world, 1U + (data[0] >> 1 & 3U), (data[0] & 1U) != 0U ? WORLD_VLENB : 0U, 16);
	data++;
	size--;
	while (size >= sizeof(struct cleave_state_head)) {
		struct cleave_state_head head;
		u32 n;

		memcpy(&head, data, sizeof(head));
		n = (u32)MIN((u64)sizeof(head) + head.length, MIN(size, sizeof(record)));
		memcpy(record, data, n);
		set(n);
		data += n;
		size -= n;
	}
	pass_on();
	return 0;
}
