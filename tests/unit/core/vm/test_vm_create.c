/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A creation that lacks something leaves nothing changed (M5): VM_CREATE as a manager calls it, the
 * memory that the boot takes, and the room for images that a manager brings, each with no block of
 * frames left, with one, and so on, until there are enough. The memory layer is the real one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <sys/mman.h>

#include "core/vm/create/vm_create.c"
#include "core/vm/create/vm_memory.c"
#include "core/vm/create/vm_pass_map.c"
#include "core/vm/vm_images.c"
#include "core/vm/vm_op.c"
#include "tests/unit/mm/mm_harness.h"

#define ENOUGH 64U
#define CALLS  10000U

static struct mm_machine m;
static struct config cfg;
static struct config_partition *part;
static struct vm vm;
static struct vcpu vcpu[2];
static u32 lines;   /* that were said */
static u32 events;  /* that were posted */
static u32 cleared; /* notes that were struck out */
static u32 assigned;
static u32 added;
static u64 tree[64];
static bool no_tree; /* there is no memory for the device tree */
static bool irqs;    /* the devices' interrupts are the VM's */

struct start_info start_info;
struct features features;

/* --- what is called --------------------------------------------------------------------------- */

void printk(const char *fmt, ...)
{
	(void)fmt;
	lines++;
}

void event_post(u32 type, u32 id, u64 arg)
{
	(void)type;
	(void)id;
	(void)arg;
	events++;
}

const struct config *vm_pass_config(void)
{
	return &cfg;
}

bool vm_pass_noncoherent(const struct vm *v)
{
	(void)v;
	return false;
}

void vm_note_clear(struct vm *v)
{
	(void)v;
	cleared++;
}

void vmid_assign(struct vm *v)
{
	(void)v;
	assigned++;
}

void vcpu_reset(struct vcpu *v)
{
	(void)v;
}

void vcpu_wake(struct vcpu *v)
{
	(void)v;
}

void vm_kick_all(struct vm *v)
{
	(void)v;
}

void vm_clock_reset(struct vm *v)
{
	(void)v;
}

void vm_records_forget(struct vm *v)
{
	(void)v;
}

void vm_records_accept(struct vm *v)
{
	(void)v;
}

void vm_records_drop_console(struct vm *v)
{
	(void)v;
}

void vm_devices_reset(struct vm *v)
{
	(void)v;
}

void vm_restart_loud(struct vm *v)
{
	(void)v;
}

void vuart_refill(struct vuart *v)
{
	(void)v;
}

void console_tty_flush(struct console_tty *v)
{
	(void)v;
}

int sched_add(struct vcpu *v)
{
	(void)v;
	return CLV_OK;
}

void vm_add(struct vm *v)
{
	(void)v;
	added++;
}

void vm_load_init(const struct archive *archive)
{
	(void)archive;
}

void vm_pass_init(const struct config *c)
{
	(void)c;
}

void vm_devices_init(struct vm *v)
{
	(void)v;
}

int vm_load_prepare(struct vm *v)
{
	(void)v;
	return no_tree ? CLV_ERR_NOMEM : CLV_OK;
}

int vm_pass_take(struct vm *v)
{
	(void)v;
	irqs = true;
	return CLV_OK;
}

struct vm *vm_get(u32 id)
{
	(void)id;
	return &vm;
}

u32 vm_count(void)
{
	return 1;
}

void vm_check_ended(void)
{
}

void vm_set_state(struct vm *v, enum cleave_vm_state state)
{
	v->run.state = (u32)state;
	events++;
}

void guest_init(struct guest *g, u64 pc, u64 a0, u64 a1)
{
	(void)g;
	(void)pc;
	(void)a0;
	(void)a1;
}

void guest_set_gstage(struct guest *g, hpa_t root, u8 levels, u16 vmid)
{
	(void)g;
	(void)vmid;
	assert_int_equal(root.v, vm.space.gs.root_hpa.v);
	assert_int_equal(levels, 3);
}

int vcpu_start(struct vcpu *v, u64 pc, u64 opaque)
{
	(void)v;
	(void)pc;
	(void)opaque;
	return CLV_OK;
}

bool vm_all_out(const struct vm *v)
{
	(void)v;
	return true;
}

bool vm_is_callers(const struct vm *v)
{
	(void)v;
	return false;
}

bool vm_windows_drop(const struct vm *v, enum vm_windows which)
{
	(void)v;
	(void)which;
	return false;
}

bool vm_windows_writable(const struct vm *v)
{
	(void)v;
	return false;
}

bool vm_clock_stop(struct vm *v)
{
	v->time_stands = true;
	v->records.accepted = true;
	return true;
}

int vm_load_step(struct vm *v, u32 *index, u64 *pos)
{
	(void)v;
	(void)index;
	(void)pos;
	return 0;
}

u64 cache_zero_step(bool write_back)
{
	(void)write_back;
	return MIB(2);
}

u64 timer_now(void)
{
	return 1;
}

u64 timer_frequency(void)
{
	return 1;
}

u64 start_instret(void)
{
	return 0;
}

struct hart *hart_get(u32 index)
{
	static struct hart hart;

	(void)index;
	return &hart;
}

/* --- a machine, and a VM that has not been created -------------------------------------------- */

/** struct snapshot - what a call that fails must leave as it is */
struct snapshot {
	struct frames frames;
	u32 state, op, restarting;
	u32 ranges, assigned, events;
	bool spaced;
	u64 overhead, images_size, images_got;
	const struct vm_load *load;
};

static void look(struct snapshot *out)
{
	memset(out, 0, sizeof(*out));
	out->frames = machine.frames;
	memset(&out->frames.lock, 0, sizeof(out->frames.lock));
	memset(&out->frames.range[machine.frames.nr], 0,
	       (FRAMES_MAX_RANGES - machine.frames.nr) * sizeof(machine.frames.range[0]));
	out->state = vm.run.state;
	out->op = vm.work.op;
	out->restarting = vm.run.restarting;
	out->ranges = vm.ranges;
	out->assigned = assigned;
	out->events = events;
	out->spaced = vm.spaced;
	out->overhead = vm.overhead;
	out->images_size = vm.images_size;
	out->images_got = vm.images_got;
	out->load = vm.load;
}

static void add_device(u64 at, u64 size)
{
	struct config_device *d = &cfg.device[cfg.nr_devices];

	*d = (struct config_device){ .path = "/soc/device", .partition = 0, .nr_regs = 1 };
	d->reg[0] = (struct config_memory){ at, size };
	cfg.nr_devices++;
}

static int begin(void **state)
{
	(void)state;
	mm_machine_init(&m, 0, MIB(64));
	machine.frames = m.frames;
	machine.hpa_to_va = m.hpa_to_va;
	assert_int_equal(fdt_create_empty_tree(tree, sizeof(tree)), 0);
	machine.tree = tree;
	memset(&cfg, 0, sizeof(cfg));
	part = &cfg.partition[0];
	*part = (struct config_partition){ .name = "p",
					   .cpus = 2,
					   .levels = 3,
					   .largest_page = MIB(2),
					   .manager = true,
					   .nr_memory = 3 };
	part->memory[0] = (struct config_memory){ GIB(1), MIB(4) + 0x3000U };
	part->memory[1] = (struct config_memory){ GIB(2) - PAGE_SIZE, 2U * PAGE_SIZE };
	part->memory[2] = (struct config_memory){ GIB(3), MIB(2) };
	add_device(0x10000000, 0x100);
	add_device(0x10000800, PAGE_SIZE);
	add_device(GIB(8), MIB(2));
	memset(&vm, 0, sizeof(vm));
	vm.cfg = part;
	vm.load = &vm.made;
	vm.run.name = "p";
	vm.run.nr_vcpus = 2;
	for (u32 i = 0; i < 2U; i++) {
		vcpu[i] = (struct vcpu){ .vm = &vm, .run = &vm.run, .id = i };
		vm.run.vcpu[i] = &vcpu[i];
	}
	lines = events = cleared = assigned = added = 0;
	no_tree = irqs = false;
	cfg.nr = 1;
	return 0;
}

static int end(void **state)
{
	(void)state;
	m.frames = machine.frames;
	mm_machine_end(&m);
	return 0;
}

/* --- what is tried ---------------------------------------------------------------------------- */

static int steps(enum vm_op op)
{
	u64 cursor = 0;
	int err;
	u32 n = 0;

	do {
		err = vm_op_step(&vm, op, &cursor);
		assert_true(++n < CALLS);
	} while (err == CLV_OK && cursor != 0U);
	return err;
}

static int create(void)
{
	return steps(VM_OP_CREATE);
}

static int create_at_boot(void)
{
	return vm_create_memory(&vm);
}

static int bring_images(void)
{
	return vm_images_take(&vm, &vm, sizeof(struct cleave_images) + KIB(10));
}

/* Fail each allocation in turn. Return: how often @call has failed. */
static u32 short_of_blocks(int (*call)(void))
{
	struct snapshot before, after;
	u32 out = machine.frames.blocks;
	int err = CLV_ERR_NOMEM;
	u32 n = 0;

	look(&before);
	for (; n < ENOUGH && err != CLV_OK; n++) {
		machine.frames.blocks = FRAMES_MAX_BLOCKS - n;
		err = call();
		machine.frames.blocks -= FRAMES_MAX_BLOCKS - n;
		machine.frames.blocks += out;
		if (err == CLV_OK)
			break;
		assert_int_equal(err, CLV_ERR_NOMEM);
		look(&after);
		assert_memory_equal(&before, &after, sizeof(before));
	}
	assert_int_equal(err, CLV_OK);
	return n;
}

/* Three ranges, root, pool, three bitmaps, and the devices' tables. Each lack is said once. */
static void test_a_creation(void **state)
{
	u64 bytes = machine.frames.free;
	u32 failed;

	(void)state;
	failed = short_of_blocks(create);
	assert_true(failed >= 3U + 2U + 3U + 1U);
	assert_int_equal(lines, failed);
	assert_int_equal(cleared, failed);
	assert_int_equal(vm_state(&vm), CLEAVE_VM_PAUSED);
	assert_int_equal(assigned, 1);
	assert_true(machine.frames.free < bytes);
	assert_int_equal(short_of_blocks(bring_images), 1);
	assert_int_equal(steps(VM_OP_DESTROY), CLV_OK);
	assert_int_equal(machine.frames.free, bytes);
	assert_int_equal(vm_state(&vm), CLEAVE_VM_EMPTY);
}

/* As the creation, but nobody is told of a state, and the vCPUs are made ready as well. */
static void test_the_memory_of_a_boot(void **state)
{
	u64 bytes = machine.frames.free;
	u32 failed = short_of_blocks(create_at_boot);

	(void)state;
	assert_true(failed >= 3U + 2U + 3U + 1U);
	assert_int_equal(lines, failed);
	assert_int_equal(events, 0);
	assert_int_equal(vm_state(&vm), CLEAVE_VM_STOPPED);
	assert_int_equal(steps(VM_OP_DESTROY), CLV_OK);
	assert_int_equal(machine.frames.free, bytes);
}

/*
 * A VM that got no memory at boot may be created later. Its devices are its own then, and so are
 * their interrupts, which are taken at boot alone.
 */
static void test_a_slot_that_the_boot_left_empty(void **state)
{
	(void)state;
	no_tree = true;
	assert_int_equal(vm_create_memory(&vm), CLV_ERR_NOMEM);
	assert_int_equal(vm_state(&vm), CLEAVE_VM_EMPTY);
	assert_int_equal(create(), CLV_OK);
	assert_true(irqs);
	assert_int_equal(steps(VM_OP_DESTROY), CLV_OK);
}

/* The structures: without those of a VM there is none, and without its vCPUs it is never created */
static void test_the_structures(void **state)
{
	u32 out = machine.frames.blocks;

	(void)state;
	for (u32 n = 0; n <= 2U; n++) {
		lines = added = 0;
		machine.frames.blocks = FRAMES_MAX_BLOCKS - n;
		vm_create_all(&cfg, NULL);
		machine.frames.blocks = machine.frames.blocks - (FRAMES_MAX_BLOCKS - n) + out;
		assert_int_equal(lines, n == 2U ? 0 : 1);
		assert_int_equal(added, n == 0U ? 0 : 1);
		out = machine.frames.blocks;
	}
	vm.run.nr_vcpus = 0;
	assert_int_equal(create(), CLV_ERR_NOMEM);
	assert_int_equal(vm_create_memory(&vm), CLV_ERR_NOMEM);
}

static int end_with_structures(void **state)
{
	(void)state;
	munmap(m.memory, m.size);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_creation, begin, end),
		cmocka_unit_test_setup_teardown(test_the_memory_of_a_boot, begin, end),
		cmocka_unit_test_setup_teardown(test_a_slot_that_the_boot_left_empty, begin, end),
		cmocka_unit_test_setup_teardown(test_the_structures, begin, end_with_structures),
	};

	return cmocka_run_group_tests_name("vm_create", tests, NULL, NULL);
}
