/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making VMs at boot: all structures first, then the frames and tables of one VM after another.
 *
 * No guest runs yet, and no device has been let loose. So taking and mapping, which go in bounded
 * steps later (core/vm/vm_op.c), are done at once here. Zeroing and loading are long: each VM's own
 * harts do that, when boot is over.
 */
#include "core/vm/create/vm_create.h"

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include <libfdt.h>
#include "arch/riscv/hart.h"
#include "arch/riscv/probe/features.h"
#include "arch/riscv/timer.h"
#include "core/machine/machine.h"
#include "core/run/sched.h"
#include "core/vm/aia/vm_aia.h"
#include "core/vm/vm_devices.h"
#include "core/vm/vm_internal.h"
#include "core/vm/vm_pass.h"
#include "lib/fdt_read.h"

/* --- structures ------------------------------------------------------------------------------- */

static void *vm_create_take_zeroed(u64 size, u64 *taken)
{
	u64 bytes = ALIGN_UP(size, PAGE_SIZE);
	hpa_t hpa;
	void *p;

	if (frames_alloc(&machine.frames, bytes, PAGE_SIZE, 0, &hpa) != CLV_OK)
		return NULL;
	/* An address in the direct map is a number that was computed. */
	p = (void *)(uintptr_t)(hpa.v + machine.hpa_to_va);
	memset(p, 0, bytes);
	*taken += bytes;
	return p;
}

/* Make all vCPUs of a VM and their vector registers, in one block. */
static int vm_create_vcpus(struct vm *vm)
{
	u64 vector = features.vector ? 32U * (u64)features.vlenb : 0U;
	u64 each = ALIGN_UP(sizeof(struct vcpu) + vector, 64U);
	u8 *block = vm_create_take_zeroed(each * vm->cfg->cpus, &vm->overhead);
	int err = CLV_OK;

	if (block == NULL)
		return CLV_ERR_NOMEM;
	for (u32 i = 0; i < vm->cfg->cpus && err == CLV_OK; i++, block += each) {
		void *place = block;
		struct vcpu *v = place;

		v->vm = vm;
		v->run = &vm->run;
		v->id = i;
		v->hart = vm->cfg->hart[i];
		v->hsm = VCPU_STOPPED;
		v->guest.no_counters = !vm->cfg->counters;
#ifdef CONFIG_AIA
		v->guest.aia = vm_aia(vm);
#endif
		if (vector != 0U)
			v->guest.vec.regs = block + ALIGN_UP(sizeof(struct vcpu), 8U);
		err = sched_add(v);
		if (err == CLV_OK) {
			vm->run.vcpu[i] = v;
			vm->run.nr_vcpus++;
		}
	}
	return err;
}

static bool vm_create_hart_taken(u32 hart)
{
	for (u32 i = 0; i < vm_count(); i++) {
		const struct vm_run *r = &vm_get(i)->run;

		for (u32 n = 0; n < r->nr_vcpus; n++) {
			if (r->vcpu[n]->hart == hart)
				return true;
		}
	}
	return false;
}

/*
 * T5: where guests can leave something in a CSR that nobody switches, the hart runs one VM, the
 * first that wants it. A VM keeps its harts whether or not it is there, so it stays the only one.
 */
static bool vm_create_harts_suit(const struct config_partition *cfg)
{
	for (u32 i = 0; i < cfg->cpus; i++) {
		const struct hart *h = hart_get(cfg->hart[i]);

		if (h->strays == 0U || !vm_create_hart_taken(cfg->hart[i]))
			continue;
		printk("partition \"%s\": cpu-affinity: hart %lu is another partition's, and has "
		       "CSRs that nobody switches; allowed: a hart of its own",
		       cfg->name, h->hartid);
		return false;
	}
	return true;
}

/* FNV-1a, 64 bits, of @n bytes. It spreads what differs; it keeps no secret. */
static u64 vm_create_hash(u64 h, const void *bytes, u64 n)
{
	const u8 *p = bytes;

	while (n-- != 0U)
		h = (h ^ *p++) * UINT64_C(0x100000001b3);
	return h;
}

/* Make a uuid out of @h and the time. Version 8 of RFC 9562: made as this machine likes. */
static void vm_create_uuid(struct vm *vm, u64 h)
{
	u64 now = timer_now();

	h = vm_create_hash(h, &now, sizeof(now));
	for (u32 i = 0; i < sizeof(vm->own.uuid); i++) {
		h = vm_create_hash(h, vm->cfg->name, sizeof(vm->cfg->name));
		vm->own.uuid[i] = (u8)(h >> 32);
	}
	vm->own.uuid[6] = (vm->own.uuid[6] & 0x0fU) | 0x80U;
	vm->own.uuid[8] = (vm->own.uuid[8] & 0x3fU) | 0x80U;
}

/*
 * Give @vm the identity that the configuration says, or one that no partition of another machine,
 * or of this one after another boot, is likely to have: from the seed that the firmware left in the
 * tree, and the time.
 */
static void vm_create_identity(struct vm *vm)
{
	static const u8 none[CONFIG_UUID_LEN];
	int len = 0;
	const void *seed = fdt_read_chosen(machine.tree, "rng-seed", &len);

	if (memcmp(vm->cfg->uuid, none, sizeof(none)) != 0)
		memcpy(vm->own.uuid, vm->cfg->uuid, sizeof(vm->own.uuid));
	else
		vm_create_uuid(vm, vm_create_hash(UINT64_C(0xcbf29ce484222325), seed,
						  seed != NULL ? (u64)len : 0U));
	memcpy(vm->own.name, vm->cfg->name, sizeof(vm->own.name));
	vm->guest = vm->own;
}

void vm_create_identity_anew(struct vm *vm)
{
	spin_assert_held(&vm->lock);
	vm_create_uuid(vm, vm_create_hash(0, vm->own.uuid, sizeof(vm->own.uuid)));
	vm->guest = vm->own;
}

static struct vm *vm_create_one(u32 id, const struct config_partition *cfg)
{
	u64 taken = 0;
	struct vm *vm = vm_create_take_zeroed(sizeof(*vm), &taken);

	if (vm == NULL)
		return NULL;
	vm->id = id;
	vm->cfg = cfg;
	vm->run.name = cfg->name;
	vm->run.id = id;
	vm->run.cpu_weight = cfg->cpu_weight;
	vm->run.state = CLEAVE_VM_EMPTY;
	vm->overhead = taken;
	vm->load = &vm->made;
	vm_create_identity(vm);
	if (!vm_create_harts_suit(cfg))
		return vm;
	if (vm_create_vcpus(vm) != CLV_OK) {
		printk("partition \"%s\": cpus: no memory is left for them, or no such hart",
		       cfg->name);
		return vm;
	}
	vm_devices_init(vm);
	return vm;
}

void vm_create_all(const struct config *cfg, const struct archive *archive)
{
	vm_load_init(archive);
	vm_pass_init(cfg);
	/* Before any other memory is taken, which could lie there. */
	for (u32 i = 0; i < cfg->nr; i++)
		vm_memory_set_aside(i, &cfg->partition[i]);
	for (u32 i = 0; i < cfg->nr; i++) {
		struct vm *vm = vm_create_one(i, &cfg->partition[i]);

		if (vm == NULL) {
			printk("partition \"%s\": no memory is left for it",
			       cfg->partition[i].name);
			return;
		}
		vm_add(vm);
	}
}

/* --- memory and start ------------------------------------------------------------------------- */

static int vm_create_take_all(struct vm *vm)
{
	u64 tried = 0;
	int more;

	do {
		more = vm_memory_take(vm, &tried);
	} while (more > 0);
	return more;
}

static int vm_create_map_all(struct vm *vm)
{
	u32 index = 0;
	u64 pos = 0;
	int more;

	do {
		more = vm_memory_map(vm, &index, &pos);
	} while (more > 0);
	return more;
}

static int vm_create_memory_locked(struct vm *vm)
{
	int err = vm_create_take_all(vm);

	if (err == CLV_OK)
		err = vm_create_map_all(vm);
	while (err != CLV_OK && vm_memory_give(vm))
		;
	/* Not vm_set_state(): nobody has to be told that a VM which never ran does not run. */
	if (err == CLV_OK)
		atomic_set_release(&vm->run.state, (u32)CLEAVE_VM_STOPPED);
	return err;
}

int vm_create_memory(struct vm *vm)
{
	int err;

	if (vm->run.nr_vcpus != vm->cfg->cpus)
		return CLV_ERR_NOMEM;
	/* First: what fails after it leaves a slot in which a manager may create a VM. */
	err = vm_pass_take(vm);
	if (err == CLV_OK)
		err = vm_load_prepare(vm);
	if (err != CLV_OK || vm->cfg->incoming)
		return err;
	spin_lock(&vm->lock);
	err = vm_create_memory_locked(vm);
	spin_unlock(&vm->lock);
	return err;
}

void vm_create_start(struct vm *vm)
{
	spin_lock(&vm->lock);
	vm_op_begin_boot(vm);
	spin_unlock(&vm->lock);
}
