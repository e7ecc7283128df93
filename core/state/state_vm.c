/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * State records of the VM as a whole: what it was given, and its time.
 *
 * Every member of struct vm, and where it goes:
 *	id, lock, cfg, space, memory, overhead, work, bus
 *				the slot's; CONFIG compares what a guest can see of them. Dirty logs stay behind,
 *				and with them log_managed
 *	run			the slot's, but for the number of vCPUs, which CONFIG compares, and the vCPUs
 *				(core/state/state_vcpu.c). The brake is the managers': it says what may be done with this copy
 *	restarts, restart_since	of the slot: how often its configuration made it begin anew
 *	note, note_id, note_run	the managers' too
 *	records			what this is about
 *	time_offset, time_stopped, time_stands
 *				CLOCK: another machine's time CSR shows something else
 *	uart, plic, tty		core/state/state_devices.c
 */
#include <cleave/errno.h>
#include "arch/riscv/probe/features.h"
#include "arch/riscv/model/guest_state.h"
#include "arch/riscv/timer.h"
#include "core/state/state.h"
#include "core/vm/vm.h"
#include "core/vm/vm_clock.h"

u32 state_flags(void)
{
	return (guest_state_fp() ? CLEAVE_STATE_CONFIG_FP : 0U) |
	       (guest_state_vlenb() != 0U ? CLEAVE_STATE_CONFIG_VECTOR : 0U);
}

static u32 more_config(struct vm *vm)
{
	return vm->cfg->nr_memory * (u32)sizeof(struct cleave_state_region);
}

/* Bytes of a cache block, as CONFIG has room for them: no hart has one that comes near. */
static u16 config_block(u32 bytes)
{
	return (u16)MIN(bytes, (u32)UINT16_MAX);
}

static u32 get_config(struct vm *vm, u32 i, void *data)
{
	struct cleave_state_config *c = data;
	struct cleave_state_region *r = (void *)(c + 1);

	(void)i;
	*c = (struct cleave_state_config){ .vcpus = vm->run.nr_vcpus,
					   .regions = vm->cfg->nr_memory,
					   .flags = state_flags(),
					   .vlenb = guest_state_vlenb(),
					   .asid_bits = guest_state_asid_bits(),
					   .cbom_block = config_block(features.cbom_block),
					   .cboz_block = config_block(features.cboz_block),
					   .timebase = timer_frequency() };
	for (u32 n = 0; n < vm->cfg->nr_memory; n++)
		r[n] = (struct cleave_state_region){ vm->cfg->memory[n].gpa,
						     vm->cfg->memory[n].size };
	return (u32)sizeof(*c) + more_config(vm);
}

/* A guest that was told how long a block is zeroes whole pages, and flushes buffers, in steps of that. */
static bool config_block_fits(u16 told, u32 bytes)
{
	return told == 0U || told == config_block(bytes);
}

/* Is the machine at least what the guest was given? More does not disturb it: it does not know. */
static bool config_fits(const struct cleave_state_config *c)
{
	return (c->flags & ~state_flags()) == 0U && c->asid_bits <= guest_state_asid_bits() &&
	       config_block_fits(c->cbom_block, features.cbom_block) &&
	       config_block_fits(c->cboz_block, features.cboz_block) &&
	       ((c->flags & CLEAVE_STATE_CONFIG_VECTOR) == 0U || c->vlenb == guest_state_vlenb());
}

static int set_config(struct vm *vm, u32 i, const void *data, u32 length)
{
	const struct cleave_state_config *c = data;
	const struct cleave_state_region *r = (const void *)(c + 1);

	(void)i;
	if (length != sizeof(*c) + more_config(vm) || c->regions != vm->cfg->nr_memory ||
	    c->vcpus != vm->run.nr_vcpus || c->timebase != timer_frequency() ||
	    (c->flags & ~(CLEAVE_STATE_CONFIG_FP | CLEAVE_STATE_CONFIG_VECTOR)) != 0U ||
	    ((c->flags & CLEAVE_STATE_CONFIG_VECTOR) != 0U) != (c->vlenb != 0U))
		return CLV_ERR_INVAL;
	for (u32 n = 0; n < vm->cfg->nr_memory; n++) {
		if (r[n].gpa != vm->cfg->memory[n].gpa || r[n].size != vm->cfg->memory[n].size)
			return CLV_ERR_INVAL;
	}
	if (!config_fits(c))
		return CLV_ERR_UNSUPPORTED;
	vm->records.flags = c->flags;
	return CLV_OK;
}

const struct state_kind state_kind_config = { .kind = CLEAVE_STATE_CONFIG,
					      .size = sizeof(struct cleave_state_config),
					      .more = more_config,
					      .get = get_config,
					      .set = set_config };

static u32 get_clock(struct vm *vm, u32 i, void *data)
{
	struct cleave_state_clock *c = data;

	(void)i;
	c->time = vm_guest_time(vm);
	return sizeof(*c);
}

static int set_clock(struct vm *vm, u32 i, const void *data, u32 length)
{
	const struct cleave_state_clock *c = data;

	(void)i;
	(void)length;
	vm_set_guest_time(vm, c->time);
	return CLV_OK;
}

const struct state_kind state_kind_clock = { .kind = CLEAVE_STATE_CLOCK,
					     .size = sizeof(struct cleave_state_clock),
					     .get = get_clock,
					     .set = set_clock };
