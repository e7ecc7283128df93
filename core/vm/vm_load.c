/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading a partition's images, from the boot archive or from what came with its guest
 * (vm_images.c), into its memory, in bounded steps (M6), each time that it starts anew. Its device
 * tree is made once, at boot: nothing that it says changes later, and making it takes several
 * steps' time.
 *
 * It must never touch guest memory but through the door that logs (M8): a log may run while a
 * partition is reset.
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/spinlock.h>
#include <cleave/string.h>
#include "arch/riscv/model/isa.h"
#include "arch/riscv/probe/features.h"
#include "arch/riscv/timer.h"
#include "core/config/guest_fdt.h"
#include "core/config/image.h"
#include "core/machine/machine.h"
#include "core/vm/aia/vm_aia.h"
#include "core/vm/vm_internal.h"
#include "core/vm/vm_pass.h"

/*
 * Bytes that one step copies, so that it takes at most 50,000 instructions (T2): up to 7 for 8
 * bytes, where a file and its place differ by half a word (lib/string.c), and a log's marks.
 */
#define VM_LOAD_STEP KIB(32)

static const struct archive *vm_load_archive; /* set at boot */

void vm_load_init(const struct archive *archive)
{
	vm_load_archive = archive;
}

static int vm_load_find(const struct vm *vm, const char *property, const char *name,
			struct archive_file *out)
{
	int err = archive_find(vm_load_archive, name, out);

	if (err != CLV_OK)
		printk("partition \"%s\": %s: there is no file \"%s\" in the boot archive",
		       vm->cfg->name, property, name);
	return err;
}

/**
 * struct vm_load_plan - the images that the configuration names, and where they go
 * @initrd: has size 0 if there is none
 */
struct vm_load_plan {
	struct archive_file kernel;
	struct archive_file initrd;
	struct image_layout layout;
};

static int vm_load_make_plan(const struct vm *vm, struct vm_load_plan *plan)
{
	const struct config_partition *cfg = vm->cfg;
	char error[ARCHIVE_ERROR_LEN];
	int err;

	plan->initrd.size = 0;
	err = vm_load_find(vm, "kernel", cfg->kernel, &plan->kernel);
	if (err == CLV_OK && cfg->initrd != NULL)
		err = vm_load_find(vm, "initrd", cfg->initrd, &plan->initrd);
	if (err != CLV_OK)
		return err;
	err = image_place(cfg, &plan->kernel, cfg->initrd != NULL ? &plan->initrd : NULL,
			  &plan->layout, error);
	if (err != CLV_OK)
		printk("partition \"%s\": kernel: %s", cfg->name, error);
	return err;
}

static void vm_load_add(struct vm_load *load, u64 gpa, const u8 *data, u64 size)
{
	struct cleave_images *images = &load->images;

	images->gpa[images->pieces] = gpa;
	images->size[images->pieces] = size;
	load->data[images->pieces] = data;
	images->bytes += size;
	images->pieces++;
}

_Static_assert(IMAGE_SEGMENTS + 2U <= CLEAVE_IMAGES_PIECES, "initrd and device tree fit, too");

static void vm_load_fill(struct vm *vm, const struct vm_load_plan *plan, const u8 *fdt, u64 size)
{
	const struct image_layout *l = &plan->layout;
	struct vm_load *load = &vm->made;

	load->images.bytes = sizeof(load->images);
	load->images.entry = l->entry;
	load->images.fdt = l->fdt;
	if (vm->cfg->on_fault == CONFIG_ON_FAULT_RESTART)
		load->images.flags = CLEAVE_IMAGES_RESTART;
	for (u32 i = 0; i < l->nr_segments; i++)
		vm_load_add(load, l->segment[i].gpa, plan->kernel.data + l->segment[i].offset,
			    l->segment[i].size);
	/* An initrd of 0 bytes has no place, as if there were none. */
	if (l->initrd != 0U)
		vm_load_add(load, l->initrd, plan->initrd.data, plan->initrd.size);
	vm_load_add(load, l->fdt, fdt, size);
}

static int vm_load_write(struct vm *vm, u64 gpa, const void *data, u64 len)
{
	int err;

	spin_lock(&vm->space.lock);
	err = space_load(&vm->space, GPA(gpa), data, len);
	spin_unlock(&vm->space.lock);
	return err;
}

/*
 * Copy the next piece of @size bytes at @data. Return: 1 when there is more of it, 0 when it is
 * done, or an error.
 */
static int vm_load_piece(struct vm *vm, const u8 *data, u64 size, u64 gpa, u64 *pos)
{
	u64 len = MIN(VM_LOAD_STEP, size - *pos);
	int err = len == 0U ? CLV_OK : vm_load_write(vm, gpa + *pos, data + *pos, len);

	if (err != CLV_OK)
		return err;
	*pos += len;
	return *pos < size ? 1 : 0;
}

static const char *vm_load_mmu_type(void)
{
	/* No feature bit tells what the VS-stage can do. Every hart with H and an MMU has Sv39. */
	return "riscv,sv39";
}

/* Return: bytes of the tree, made in guest_fdt_room; or a negative error. */
static s64 vm_load_make_tree(const struct vm *vm, const struct image_layout *layout)
{
	char isa[ISA_GUEST_LEN];
	struct guest_fdt_params p = {
		.part = vm->cfg,
		.isa = isa,
		.mmu_type = vm_load_mmu_type(),
		.timebase = timer_frequency(),
		.initrd_start = layout->initrd,
		.initrd_end = layout->initrd_end,
		.zicbom = features.zicbom,
		.zicboz = features.zicboz,
		.cbom_block = features.cbom_block,
		.cboz_block = features.cboz_block,
		.tree = machine.tree,
		.partition = vm->id,
		.nr_devices = vm_pass_config()->nr_devices,
		.device = vm_pass_config()->device,
		.own = config_own_load(vm_load_archive, vm->cfg),
	};

	(void)features_guest_isa(vm->cfg->counters, vm_aia(vm), isa, sizeof(isa));
	return guest_fdt_make(&p, guest_fdt_room, sizeof(guest_fdt_room));
}

int vm_load_prepare(struct vm *vm)
{
	struct vm_load_plan plan;
	hpa_t hpa;
	u64 used;
	s64 size;
	u8 *fdt;
	int err;

	if (vm->cfg->kernel == NULL)
		return CLV_OK;
	err = vm_load_make_plan(vm, &plan);
	if (err != CLV_OK)
		return err;
	size = vm_load_make_tree(vm, &plan.layout);
	if (size < 0) {
		printk("partition \"%s\": its device tree does not fit into %lu bytes",
		       vm->cfg->name, IMAGE_FDT_SIZE);
		return (int)size;
	}
	/* What is free in it is zero, as is the memory that it is copied to. */
	used = guest_fdt_used(guest_fdt_room);
	err = frames_alloc(&machine.frames, ALIGN_UP(used, PAGE_SIZE), PAGE_SIZE, 0, &hpa);
	if (err != CLV_OK) {
		printk("partition \"%s\": no memory is left for its device tree", vm->cfg->name);
		return err;
	}
	vm->overhead += ALIGN_UP(used, PAGE_SIZE);
	/* An address in the direct map is a number that was computed. */
	fdt = (void *)(uintptr_t)(hpa.v + machine.hpa_to_va);
	memcpy(fdt, guest_fdt_room, used);
	vm_load_fill(vm, &plan, fdt, used);
	return CLV_OK;
}

int vm_load_step(struct vm *vm, u32 *index, u64 *pos)
{
	const struct vm_load *load = vm->load;
	int more;

	spin_assert_held(&vm->lock);
	more = vm_load_piece(vm, load->data[*index], load->images.size[*index],
			     load->images.gpa[*index], pos);
	if (more < 0)
		return more;
	if (more == 0) {
		*pos = 0;
		(*index)++;
	}
	return *index < load->images.pieces ? 1 : 0;
}
