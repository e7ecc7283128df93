/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making VMs: their structures, once, at boot; their memory and tables at boot or when a manager creates them.
 *
 * Memory that was a partition's is zeroed before its frames are given back (core/vm/vm_op.c), so free frames never hold what
 * another partition wrote. At the first boot, memory holds what the firmware left there.
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "arch/riscv/probe/features.h"
#include "arch/riscv/hart.h"
#include "core/boot/boot.h"
#include "core/config/config_text.h"
#include "core/run/sched.h"
#include "core/vm/vm_devices.h"
#include "core/vm/vm_internal.h"
#include "core/vm/vm_pass.h"
#include "core/vm/vmid.h"

/*
 * What the pool of a manager is sized for beside its own memory. A window's number of leaves is bounded (core/vm/vm_window.c),
 * so it takes few tables however large it is; and one that finds none is refused.
 */
#define VM_WINDOW_BYTES MIB(64)

static struct vm *vms[CONFIG_MAX_VMS]; /* filled at boot, then read-only */
static u32 vms_nr;
static u64
	vm_direct; /* bit n: the memory of partition n, which has "direct-map", is set aside; set at boot */
static bool vm_eager; /* the machine's choice of eager splitting; set at boot */

struct vm *vm_get(u32 id)
{
	return id < vms_nr ? vms[id] : NULL;
}

u32 vm_count(void)
{
	return vms_nr;
}

bool vm_eager_split(void)
{
	return vm_eager;
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

static u8 largest_level(const struct config_partition *cfg)
{
	if (cfg->largest_page == GIB(1))
		return 2;
	return cfg->largest_page == MIB(2) ? 1 : 0;
}

/* Return: true when [base, base + size) holds a whole block of @block bytes that is aligned to its size. */
static bool holds_block(const struct config_memory *m, u64 block)
{
	return ALIGN_UP(m->gpa, block) + block <= m->gpa + m->size;
}

/*
 * Frames for one range: GPA and HPA congruent modulo the largest leaf that fits into it, so that it is mapped with that leaf;
 * where memory is too short for that, modulo the next smaller one.
 */
static int take_range(const struct config_partition *cfg, const struct config_memory *m, hpa_t *out)
{
	int err = CLV_ERR_NOMEM;

	for (u32 level = largest_level(cfg);; level--) {
		u64 block = gstage_span(level);

		if (level == 0U || holds_block(m, block)) {
			err = frames_alloc(&boot_frames, m->size, block, m->gpa & (block - 1U),
					   out);
			if (err == CLV_OK || level == 0U)
				return err;
		}
	}
}

/*
 * Memory at GPA = HPA is the partition's for as long as the machine runs, whether it is there or not: there is no other place
 * for it, and a device that was told of it may write to it at any time.
 */
static void set_aside(u32 id, const struct config_partition *cfg)
{
	for (u32 i = 0; cfg->direct_map && i < cfg->nr_memory; i++) {
		const struct config_memory *m = &cfg->memory[i];

		if (frames_alloc_at(&boot_frames, HPA(m->gpa), m->size) == CLV_OK)
			continue;
		printk("partition \"%s\": direct-map: the memory at 0x%lx, range %u, is not free",
		       cfg->name, m->gpa, i);
		return;
	}
	vm_direct |= BIT64(id);
}

static int take_direct(struct vm *vm)
{
	if ((vm_direct & BIT64(vm->id)) == 0U)
		return CLV_ERR_NOMEM;
	for (u32 i = 0; i < vm->cfg->nr_memory; i++)
		vm->memory[i] = HPA(vm->cfg->memory[i].gpa);
	return CLV_OK;
}

static void give_ranges(struct vm *vm, u32 nr)
{
	if (vm->cfg->direct_map)
		return;
	for (u32 i = 0; i < nr; i++)
		(void)frames_free(&boot_frames, vm->memory[i], vm->cfg->memory[i].size);
}

static int take_ranges(struct vm *vm)
{
	const struct config_partition *cfg = vm->cfg;
	char want[CONFIG_SIZE_LEN];
	char have[CONFIG_SIZE_LEN];

	if (cfg->direct_map)
		return take_direct(vm);
	for (u32 i = 0; i < cfg->nr_memory; i++) {
		if (take_range(cfg, &cfg->memory[i], &vm->memory[i]) == CLV_OK)
			continue;
		printk("partition \"%s\": memory: no room for %s; the largest free block has %s",
		       cfg->name, config_text_size(cfg->memory[i].size, want),
		       config_text_size(frames_largest(&boot_frames, PAGE_SIZE), have));
		give_ranges(vm, i);
		return CLV_ERR_NOMEM;
	}
	return CLV_OK;
}

static u64 memory_bytes(const struct config_partition *cfg)
{
	u64 bytes = 0;

	for (u32 i = 0; i < cfg->nr_memory; i++)
		bytes += cfg->memory[i].size;
	return bytes;
}

static int begin_range(struct vm *vm, u32 i)
{
	const struct config_memory *m = &vm->cfg->memory[i];
	int region = space_begin_memory(&vm->space, GPA(m->gpa), vm->memory[i], m->size);

	if (region < 0)
		printk("partition \"%s\": memory: range %u at 0x%lx cannot be mapped (error %d)",
		       vm->cfg->name, i, m->gpa, region);
	return MIN(region, CLV_OK);
}

static int make_space(struct vm *vm)
{
	const struct config_partition *cfg = vm->cfg;
	struct space_config sc = {
		.levels = config_levels(cfg, features.gstage_modes),
		.largest_level = largest_level(cfg),
		.eager_split = cfg->eager == CONFIG_EAGER_DEFAULT ? vm_eager
								  : cfg->eager == CONFIG_EAGER_ON,
		.pool_tables = cfg->pool_tables,
		.window_size = cfg->manager ? VM_WINDOW_BYTES : 0U,
		.hpa_to_va = boot_info.hpa_to_va,
		.step_pages = CONFIG_STEP_PAGES,
	};
	int err;

	if (sc.levels == 0U || (features.gstage_modes & BIT64(sc.levels)) == 0U) {
		printk("partition \"%s\": gstage-mode: no mode of this machine covers its memory",
		       cfg->name);
		return CLV_ERR_UNSUPPORTED;
	}
	memset(&vm->space, 0, sizeof(vm->space));
	err = space_init(&vm->space, &boot_frames, &sc, memory_bytes(cfg));
	if (err != CLV_OK)
		printk("partition \"%s\": no memory is left for its page tables", cfg->name);
	return err;
}

int vm_memory_take(struct vm *vm)
{
	int err = take_ranges(vm);

	if (err != CLV_OK)
		return err;
	err = make_space(vm);
	if (err != CLV_OK)
		give_ranges(vm, vm->cfg->nr_memory);
	return err;
}

/* Statistics count from the creation; the space's own begin with it. Nobody counts: all vCPUs are off their harts. */
static void clear_counters(struct vm *vm)
{
	memset(vm->stat, 0, sizeof(vm->stat));
	for (u32 i = 0; i < vm->nr_vcpus; i++) {
		memset(vm->vcpu[i]->stat, 0, sizeof(vm->vcpu[i]->stat));
		memset(&vm->vcpu[i]->counters, 0, sizeof(vm->vcpu[i]->counters));
	}
}

/* Everything is mapped: devices, vCPUs and their view of the memory. */
static int finish_memory(struct vm *vm)
{
	int err = vm_pass_map(vm);

	if (err != CLV_OK)
		return err;
	vmid_assign(vm);
	for (u32 i = 0; i < vm->nr_vcpus; i++) {
		vcpu_reset(vm->vcpu[i]);
		/* Registers of whoever was here before; and state records that are set need what the hart offers. */
		guest_init(&vm->vcpu[i]->guest, 0, 0, 0);
		guest_set_gstage(&vm->vcpu[i]->guest, vm->space.gs.root_hpa, vm->space.cfg.levels,
				 vm->vmid);
	}
	vm_devices_reset(vm);
	clear_counters(vm);
	return CLV_OK;
}

int vm_memory_map(struct vm *vm, u32 *index)
{
	int err;

	if (space_memory_step(&vm->space))
		return 1;
	if (*index == vm->cfg->nr_memory)
		return finish_memory(vm);
	err = begin_range(vm, *index);
	(*index)++;
	return err == CLV_OK ? 1 : err;
}

void vm_memory_give(struct vm *vm)
{
	space_destroy(&vm->space);
	give_ranges(vm, vm->cfg->nr_memory);
}

/* --- structures, at boot ----------------------------------------------------------------------------------------- */

static void *take_zeroed(u64 size, u64 *taken)
{
	u64 bytes = ALIGN_UP(size, PAGE_SIZE);
	hpa_t hpa;
	void *p;

	if (frames_alloc(&boot_frames, bytes, PAGE_SIZE, 0, &hpa) != CLV_OK)
		return NULL;
	/* A direct map: its addresses are numbers that were computed. */
	p = (void *)(uintptr_t)(hpa.v + boot_info.hpa_to_va);
	memset(p, 0, bytes);
	*taken += bytes;
	return p;
}

/* All vCPUs of a VM and their vector registers in one block. */
static int make_vcpus(struct vm *vm)
{
	u64 vector = features.vector ? 32U * (u64)features.vlenb : 0U;
	u64 each = ALIGN_UP(sizeof(struct vcpu) + vector, 64U);
	u8 *block = take_zeroed(each * vm->cfg->cpus, &vm->overhead);
	int err = CLV_OK;

	if (block == NULL)
		return CLV_ERR_NOMEM;
	for (u32 i = 0; i < vm->cfg->cpus && err == CLV_OK; i++, block += each) {
		struct vcpu *v = (struct vcpu *)(void *)block;

		v->vm = vm;
		v->id = i;
		v->hart = (u32)vm->cfg->affinity[i];
		v->hsm = VCPU_STOPPED;
		if (vector != 0U)
			v->guest.vec.regs = block + ALIGN_UP(sizeof(struct vcpu), 8U);
		err = sched_add(v);
		if (err == CLV_OK) {
			vm->vcpu[i] = v;
			vm->nr_vcpus++;
		}
	}
	return err;
}

static struct vm *make_vm(u32 id, const struct config_partition *cfg)
{
	u64 taken = 0;
	struct vm *vm = take_zeroed(sizeof(*vm), &taken);

	if (vm == NULL)
		return NULL;
	vm->id = id;
	vm->cfg = cfg;
	vm->state = CLEAVE_VM_EMPTY;
	vm->overhead = taken;
	if (make_vcpus(vm) != CLV_OK) {
		printk("partition \"%s\": cpus: no memory is left for them, or no such hart",
		       cfg->name);
		return vm;
	}
	vm_devices_init(vm);
	return vm;
}

/* --- boot -------------------------------------------------------------------------------------------------------- */

static void report_harts(const struct vm *vm, char *buf, size_t size)
{
	buf[0] = '\0';
	for (u32 i = 0; i < vm->nr_vcpus; i++)
		(void)config_text_append(buf, size, "%s%lu", i == 0U ? "" : " ",
					 hart_get(vm->vcpu[i]->hart)->hartid);
}

static void report_leaves(struct vm *vm, u64 leaves[3])
{
	leaves[0] = leaves[1] = leaves[2] = 0;
	for (u32 i = 0; i < vm->space.nr_regions; i++) {
		u64 cursor = 0;

		do {
			if (space_leaves(&vm->space, i, leaves, &cursor) != CLV_OK)
				break;
		} while (cursor != 0U);
	}
}

static void report(struct vm *vm)
{
	char harts[64];
	char memory[CONFIG_SIZE_LEN];
	char overhead[CONFIG_SIZE_LEN];
	u64 leaves[3];

	report_harts(vm, harts, sizeof(harts));
	report_leaves(vm, leaves);
	printk(PRINTK_INFO
	       "partition %u \"%s\": %u vCPU%s on hart%s %s; %s at 0x%lx in leaves of 1 GiB: %lu, "
	       "2 MiB: %lu, 4 KiB: %lu; %u-level tables, VMID %u; overhead %s%s",
	       vm->id, vm->cfg->name, vm->nr_vcpus, vm->nr_vcpus == 1U ? "" : "s",
	       vm->nr_vcpus == 1U ? "" : "s", harts,
	       config_text_size(memory_bytes(vm->cfg), memory), vm->cfg->memory[0].gpa, leaves[2],
	       leaves[1], leaves[0], vm->space.cfg.levels, vm->vmid,
	       config_text_size(vm_overhead(vm), overhead), vm->cfg->manager ? "; manager" : "");
	vm_pass_report(vm);
}

/* Nobody runs yet, so this need not go in steps. */
static int load_all(struct vm *vm)
{
	u32 index = 0;
	u64 pos = 0;
	int more;

	do {
		more = vm_load_step(vm, &index, &pos, MIB(64));
	} while (more > 0);
	return more;
}

static int start_first(struct vm *vm)
{
	u64 entry;
	u64 fdt;
	int err = vm_load_entry(vm, &entry, &fdt);

	if (err == CLV_OK)
		err = vcpu_start(vm->vcpu[0], entry, fdt);
	if (err == CLV_OK)
		vm_set_state(vm, CLEAVE_VM_RUNNING);
	return err;
}

/* Nobody runs yet, so this need not go in steps. */
static int take_all(struct vm *vm)
{
	u32 index = 0;
	int more = vm_memory_take(vm);

	if (more != CLV_OK)
		return more;
	do {
		more = vm_memory_map(vm, &index);
	} while (more > 0);
	if (more != CLV_OK)
		vm_memory_give(vm);
	return more;
}

/*
 * Of a partition that cannot be started: the next one to be made may get these frames, and must not find in them what was loaded.
 * Nobody runs yet, so this need not go in steps.
 */
static void wipe_and_give(struct vm *vm)
{
	for (u32 i = 0; i < vm->cfg->nr_memory; i++) {
		const struct config_memory *m = &vm->cfg->memory[i];

		spin_lock(&vm->space.lock);
		(void)space_zero(&vm->space, GPA(m->gpa), m->size); /* all of it is memory */
		spin_unlock(&vm->space.lock);
	}
	vm_memory_give(vm);
}

/* Memory, images, start of one partition. */
static bool bring_up(struct vm *vm)
{
	if (vm->nr_vcpus != vm->cfg->cpus || vm_pass_take(vm) != CLV_OK)
		return false;
	if (vm->cfg->incoming) {
		printk(PRINTK_INFO "partition %u \"%s\": an empty slot for an incoming partition",
		       vm->id, vm->cfg->name);
		return true;
	}
	if (take_all(vm) != CLV_OK)
		return false;
	/* Not vm_set_state(): nobody has to be told that a VM which never ran does not run. */
	atomic_set_release(&vm->state, (u32)CLEAVE_VM_STOPPED);
	report(vm);
	if (vm->cfg->no_autostart)
		return true;
	if (load_all(vm) != CLV_OK || start_first(vm) != CLV_OK) {
		wipe_and_give(vm);
		atomic_set_release(&vm->state, (u32)CLEAVE_VM_EMPTY);
		return false;
	}
	return true;
}

/* cleave.eager_page_split=on or =off; without it, what the build says. */
static bool eager_option(void)
{
#ifdef CONFIG_EAGER_PAGE_SPLIT
	bool built = true;
#else
	bool built = false;
#endif
	size_t len;
	const char *value = boot_option("cleave.eager_page_split", &len);

	if (value == NULL)
		return built;
	if (len == 2U && memcmp(value, "on", 2) == 0)
		return true;
	if (len == 3U && memcmp(value, "off", 3) == 0)
		return false;
	printk("boot argument cleave.eager_page_split: \"%.*s\" is not known; allowed: on, off. "
	       "Taken: %s",
	       (int)MIN(len, (size_t)32U), value, built ? "on" : "off");
	return built;
}

u32 vm_create_all(const struct config *cfg, const struct archive *archive)
{
	u32 made = 0;

	vm_eager = eager_option();
	vm_load_init(archive);
	vm_pass_init(cfg);
	/* Before anything else is taken, which could lie there. */
	for (u32 i = 0; i < cfg->nr; i++)
		set_aside(i, &cfg->partition[i]);
	/* First all structures: VMIDs depend on how many VMs there are, and events look at all. */
	for (u32 i = 0; i < cfg->nr; i++) {
		vms[i] = make_vm(i, &cfg->partition[i]);
		if (vms[i] == NULL) {
			printk("partition \"%s\": no memory is left for it",
			       cfg->partition[i].name);
			break;
		}
		vms_nr++;
	}
	for (u32 i = 0; i < vms_nr; i++) {
		if (bring_up(vms[i]))
			made++;
	}
	/* Empty slots and partitions that are to be started by hand, and nobody who could do it. */
	if (made != 0U)
		vm_check_ended();
	return made;
}
