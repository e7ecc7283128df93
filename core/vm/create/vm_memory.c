/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of a VM: frames and tables are taken when it is created, and given back when it is
 * destroyed.
 *
 * Memory is zeroed before its first use, because at boot the frames hold what the firmware or an
 * earlier boot has left. It is zeroed again before its frames are given back (core/vm/vm_op.c), so
 * that free frames never hold what another partition wrote.
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "arch/riscv/cache.h"
#include "arch/riscv/probe/features.h"
#include "lib/text.h"
#include "core/config/config_memory.h"
#include "core/config/config_place.h"
#include "core/machine/machine.h"
#include "core/vm/vm_devices.h"
#include "core/vm/vm_internal.h"
#include "core/vm/vm_pass.h"
#include "core/vm/vmid.h"

/*
 * Bytes that windows may map, for which a manager's pool is sized besides its own memory. A window
 * has a bounded number of leaves (core/vm/vm_window.h), so it takes few tables however large it is.
 * One that finds no table is refused.
 */
#define VM_MEMORY_WINDOWS MIB(64)

#define VM_MEMORY_STEP ((u64)CONFIG_STEP_PAGES * PAGE_SIZE)

/* Bit n: the memory of "direct-map" partition n is set aside. Written at boot, then read-only */
static u64 vm_memory_direct;

void vm_memory_set_aside(u32 id, const struct config_partition *cfg)
{
	for (u32 i = 0; cfg->direct_map && i < cfg->nr_memory; i++) {
		const struct config_memory *m = &cfg->memory[i];

		if (frames_alloc_at(&machine.frames, HPA(m->gpa), m->size) == CLV_OK)
			continue;
		printk("partition \"%s\": direct-map: the memory at 0x%lx, range %u, is not free",
		       cfg->name, m->gpa, i);
		return;
	}
	vm_memory_direct |= BIT64(id);
}

/* Memory that was set aside for the partition is taken already. */
static int vm_memory_take_direct(struct vm *vm)
{
	if ((vm_memory_direct & BIT64(vm->id)) == 0U)
		return CLV_ERR_NOMEM;
	for (; vm->ranges < vm->cfg->nr_memory; vm->ranges++)
		vm->memory[vm->ranges] = HPA(vm->cfg->memory[vm->ranges].gpa);
	return CLV_OK;
}

/* Try to take the next range, with leaves of one level. Return: 0, or an error that was said. */
static int vm_memory_take_next(struct vm *vm, u64 *tried)
{
	const struct config_partition *cfg = vm->cfg;
	const struct config_memory *m = &cfg->memory[vm->ranges];
	char want[TEXT_SIZE_LEN];
	char have[TEXT_SIZE_LEN];
	int err;

	if (cfg->direct_map)
		return vm_memory_take_direct(vm);
	err = config_place_range(&machine.frames, cfg, m, (u32)*tried, &vm->memory[vm->ranges]);
	if (err == 1) {
		(*tried)++;
		return CLV_OK;
	}
	*tried = 0;
	if (err == CLV_OK)
		vm->ranges++;
	else
		printk("partition \"%s\": memory: no room for %s; the largest free block has %s",
		       cfg->name, text_size(m->size, want),
		       text_size(frames_largest(&machine.frames, PAGE_SIZE), have));
	return err;
}

static int vm_memory_begin_range(struct vm *vm, u32 i)
{
	const struct config_memory *m = &vm->cfg->memory[i];
	int region = space_begin_memory(&vm->space, GPA(m->gpa), vm->memory[i], m->size);

	if (region < 0)
		printk("partition \"%s\": memory: range %u at 0x%lx cannot be mapped: %s",
		       vm->cfg->name, i, m->gpa,
		       region == CLV_ERR_NOMEM ? "no table is left" : "its addresses are taken");
	return MIN(region, CLV_OK);
}

static int vm_memory_make_space(struct vm *vm)
{
	const struct config_partition *cfg = vm->cfg;
	struct space_config sc = {
		.levels = cfg->levels,
		.largest_level = config_place_level(cfg),
		.pool_tables = cfg->pool_tables,
		.window_size = cfg->manager ? VM_MEMORY_WINDOWS : 0U,
		.hpa_to_va = machine.hpa_to_va,
		.step_pages = CONFIG_STEP_PAGES,
		/* With Svpbmt a guest may map its memory as not cacheable. */
		.write_back = features.svpbmt || vm_pass_noncoherent(vm),
		.owner = &vm->run,
	};
	int err;

	memset(&vm->space, 0, sizeof(vm->space));
	memset(&vm->fault, 0, sizeof(vm->fault));
	err = space_init(&vm->space, &machine.frames, &sc,
			 config_memory_bytes(cfg->memory, cfg->nr_memory));
	if (err != CLV_OK)
		printk("partition \"%s\": no memory is left for its page tables", cfg->name);
	return err;
}

int vm_memory_take(struct vm *vm, u64 *tried)
{
	int err;

	spin_assert_held(&vm->lock);
	if (vm->ranges < vm->cfg->nr_memory) {
		err = vm_memory_take_next(vm, tried);
		return err == CLV_OK ? 1 : err;
	}
	vm->raw = true;
	err = vm_memory_make_space(vm);
	vm->spaced = err == CLV_OK;
	return err;
}

/*
 * Make vCPU @v ready. Its registers still hold what the slot's previous guest left. And state
 * records can be set before the first start; they need what the hart offers. Statistics count from
 * the creation on; those of the space begin with it. The vCPU is off its hart, so nobody counts
 * now.
 */
static void vm_memory_reset_vcpu(struct vm *vm, struct vcpu *v)
{
	vcpu_reset(v);
	guest_init(&v->guest, 0, 0, 0);
	guest_set_gstage(&v->guest, vm->space.gs.root_hpa, vm->space.cfg.levels, vm->run.vmid);
	memset(v->stat, 0, sizeof(v->stat));
	memset(&v->counters, 0, sizeof(v->counters));
}

/* All memory is mapped. Then come the devices' registers, then the vCPUs, one a step. */
static int vm_memory_finish(struct vm *vm, u64 *pos)
{
	if (*pos < vm->run.nr_vcpus) {
		if (*pos == 0U)
			vmid_assign(vm);
		vm_memory_reset_vcpu(vm, vm->run.vcpu[*pos]);
		(*pos)++;
		return 1;
	}
	vm_devices_reset(vm);
	atomic_set(&vm->run.flush_ipis, 0U);
	return 0;
}

int vm_memory_map(struct vm *vm, u32 *index, u64 *pos)
{
	u32 ranges = vm->cfg->nr_memory;
	int err;

	spin_assert_held(&vm->lock);
	if (space_memory_step(&vm->space))
		return 1;
	if (*index < ranges) {
		err = vm_memory_begin_range(vm, *index);
		(*index)++;
		return err == CLV_OK ? 1 : err;
	}
	err = vm_pass_map(vm, *index - ranges, pos);
	if (err == 0)
		return vm_memory_finish(vm, pos);
	if (*pos == 0U)
		(*index)++;
	return err;
}

bool vm_memory_next(struct vm *vm, u32 *index, u64 *pos, struct vm_piece *out)
{
	u64 step = MIN(cache_zero_step(vm->space.cfg.write_back), VM_MEMORY_STEP);
	const struct config_memory *m = &vm->cfg->memory[*index];

	spin_assert_held(&vm->lock);
	if (*index == vm->cfg->nr_memory)
		return false;
	out->gpa = m->gpa + *pos;
	out->len = MIN(step, m->size - *pos);
	*pos += out->len;
	if (*pos == m->size) {
		*pos = 0;
		(*index)++;
	}
	return true;
}

int vm_memory_zero(struct vm *vm, const struct vm_piece *piece)
{
	return space_wipe(&vm->space, GPA(piece->gpa), piece->len);
}

bool vm_memory_give(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	vm_images_drop(vm);
	if (vm->spaced) {
		vm->spaced = space_destroy_step(&vm->space);
	} else if (vm->ranges != 0U) {
		vm->ranges--;
		/* Memory that was set aside for the partition stays set aside. */
		if (!vm->cfg->direct_map)
			frames_free(&machine.frames, vm->memory[vm->ranges],
				    vm->cfg->memory[vm->ranges].size);
	}
	return vm_memory_held(vm);
}
