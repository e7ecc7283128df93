/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * State records of the VM as a whole: what its guest was promised, and its time.
 *
 * Every member of struct vm, and where it goes:
 *	id, lock, cfg, space, memory, ranges, spaced, raw, overhead, load, work, bus
 *			stay with the slot; CONFIG compares what a guest can see of them
 *	log_managed	stays with the slot, as its dirty logs do
 *	run		stays with the slot. CONFIG compares the number of vCPUs; the vCPUs go as
 *			core/state/state_vcpu.c says. The brake is the managers': it says what
 *			may be done with this copy
 *	restart, bad_access_said
 *			stay with the slot: they say what happened there
 *	note, note_id, note_run
 *			the managers', as the brake
 *	own, born	stay with the slot
 *	made, brought, images, images_size, images_got
 *			stay with the slot; managers carry what @load is along (VM_IMAGES)
 *	guest, generation
 *			go as IDENTITY and GENERATION
 *	records		is about these records themselves
 *	time_offset, time_stopped, time_stands
 *			go as CLOCK, because another machine's time CSR shows something else
 *	uart, plic, tty	go as core/state/state_devices.c says
 */
#include <cleave/errno.h>
#include <cleave/string.h>
#include "arch/riscv/model/guest_state.h"
#include "arch/riscv/probe/features.h"
#include "arch/riscv/timer.h"
#include "core/state/state_internal.h"
#include "core/vm/vm.h"
#include "core/vm/vm_clock.h"

u32 state_flags(void)
{
	return (guest_state_fp() ? CLEAVE_STATE_CONFIG_FP : 0U) |
	       (guest_state_vlenb() != 0U ? CLEAVE_STATE_CONFIG_VECTOR : 0U);
}

static u32 state_vm_more_config(struct vm *vm)
{
	return vm->cfg->nr_memory * (u32)sizeof(struct cleave_state_region);
}

/* Bytes of a cache block, as CONFIG has room for them. No hart has a block nearly as large. */
static u16 state_vm_block(u32 bytes)
{
	return (u16)MIN(bytes, (u32)UINT16_MAX);
}

static u32 state_vm_get_config(struct vm *vm, u32 i, void *data)
{
	struct cleave_state_config *c = data;
	struct cleave_state_region *r = (void *)(c + 1);

	(void)i;
	*c = (struct cleave_state_config){ .vcpus = vm->run.nr_vcpus,
					   .regions = vm->cfg->nr_memory,
					   .flags = state_flags(),
					   .vlenb = guest_state_vlenb(),
					   .asid_bits = guest_state_asid_bits(),
					   .cbom_block = state_vm_block(features.cbom_block),
					   .cboz_block = state_vm_block(features.cboz_block),
					   .timebase = timer_frequency() };
	for (u32 n = 0; n < vm->cfg->nr_memory; n++)
		r[n] = (struct cleave_state_region){ vm->cfg->memory[n].gpa,
						     vm->cfg->memory[n].size };
	return (u32)sizeof(*c) + state_vm_more_config(vm);
}

/*
 * A guest zeroes pages and flushes buffers in steps of the block size that it was told. 0: it was
 * told none.
 */
static bool state_vm_block_fits(u16 told, u32 bytes)
{
	return told == 0U || told == state_vm_block(bytes);
}

/* Has this machine all that the guest was promised? It may have more: the guest does not know. */
static bool state_vm_fits(const struct cleave_state_config *c)
{
	return (c->flags & ~state_flags()) == 0U && c->asid_bits <= guest_state_asid_bits() &&
	       state_vm_block_fits(c->cbom_block, features.cbom_block) &&
	       state_vm_block_fits(c->cboz_block, features.cboz_block) &&
	       ((c->flags & CLEAVE_STATE_CONFIG_VECTOR) == 0U || c->vlenb == guest_state_vlenb());
}

static int state_vm_set_config(struct vm *vm, u32 i, const void *data, u32 length)
{
	const struct cleave_state_config *c = data;
	const struct cleave_state_region *r = (const void *)(c + 1);

	(void)i;
	if (length != sizeof(*c) + state_vm_more_config(vm) || c->regions != vm->cfg->nr_memory ||
	    c->vcpus != vm->run.nr_vcpus || c->timebase != timer_frequency() ||
	    (c->flags & ~(CLEAVE_STATE_CONFIG_FP | CLEAVE_STATE_CONFIG_VECTOR)) != 0U ||
	    ((c->flags & CLEAVE_STATE_CONFIG_VECTOR) != 0U) != (c->vlenb != 0U))
		return CLV_ERR_INVAL;
	for (u32 n = 0; n < vm->cfg->nr_memory; n++) {
		if (r[n].gpa != vm->cfg->memory[n].gpa || r[n].size != vm->cfg->memory[n].size)
			return CLV_ERR_INVAL;
	}
	if (!state_vm_fits(c))
		return CLV_ERR_UNSUPPORTED;
	vm->records.flags = c->flags;
	return CLV_OK;
}

const struct state_kind state_kind_config = { .kind = CLEAVE_STATE_CONFIG,
					      .size = sizeof(struct cleave_state_config),
					      .more = state_vm_more_config,
					      .get = state_vm_get_config,
					      .set = state_vm_set_config };

static u32 state_vm_get_clock(struct vm *vm, u32 i, void *data)
{
	struct cleave_state_clock *c = data;

	(void)i;
	c->time = vm_guest_time(vm);
	return sizeof(*c);
}

static int state_vm_set_clock(struct vm *vm, u32 i, const void *data, u32 length)
{
	const struct cleave_state_clock *c = data;

	(void)i;
	(void)length;
	vm_set_guest_time(vm, c->time);
	return CLV_OK;
}

const struct state_kind state_kind_clock = { .kind = CLEAVE_STATE_CLOCK,
					     .size = sizeof(struct cleave_state_clock),
					     .get = state_vm_get_clock,
					     .set = state_vm_set_clock };

static int state_vm_set_identity(struct vm *vm, u32 i, const void *data, u32 length)
{
	const struct cleave_state_identity *id = data;
	bool end = false;
	u8 any = 0;

	(void)i;
	(void)length;
	for (u32 n = 0; n < sizeof(id->uuid); n++)
		any |= id->uuid[n];
	/* It is printed: nothing but text, and zeros after it. */
	for (u32 n = 0; n < sizeof(id->name); n++) {
		char c = id->name[n];

		if (end ? c != '\0' : c != '\0' && (c < ' ' || c > '~'))
			return CLV_ERR_INVAL;
		end = end || c == '\0';
	}
	if (any == 0U || !end || id->name[0] == '\0')
		return CLV_ERR_INVAL;
	vm->guest = *id;
	return CLV_OK;
}

const struct state_kind state_kind_identity = { .kind = CLEAVE_STATE_IDENTITY,
						.optional = true,
						.size = sizeof(struct cleave_state_identity),
						.at = offsetof(struct vm, guest),
						.set = state_vm_set_identity };

const struct state_kind state_kind_generation = { .kind = CLEAVE_STATE_GENERATION,
						  .optional = true,
						  .size = sizeof(struct cleave_state_generation),
						  .at = offsetof(struct vm, generation) };
