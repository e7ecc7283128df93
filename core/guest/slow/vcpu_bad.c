/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest may not do: an access to what its partition has not, or an exit that nobody expects.
 *
 * It must never end the machine, nor let a guest fill the console.
 */
#include <cleave/atomic.h>
#include <cleave/printk.h>
#include <cleave/types.h>
#include "arch/riscv/guest.h"
#include "core/device/mmio.h"
#include "core/guest/slow/vcpu_fault.h"
#include "core/run/sched.h"
#include "core/run/vcpu.h"
#include "core/vm/vm.h"
#include "core/vm/vm_pass.h"

#define BAD_WHY_LEN 512U

/* Write to @buf what the partition may access, as far as it fits: its memory, then its devices. */
static void vcpu_bad_print_allowed(const struct vm *vm, char *buf, size_t size)
{
	size_t at = str_print(buf, size, "memory");

	for (u32 i = 0; i < vm->cfg->nr_memory && at < size; i++) {
		const struct config_memory *m = &vm->cfg->memory[i];

		at += str_print(buf + at, size - at, " 0x%lx-0x%lx", m->gpa, m->gpa + m->size - 1U);
	}
	for (u32 i = 0; i < vm->bus.nr && at < size; i++) {
		const struct mmio_device *d = &vm->bus.dev[i];

		at += str_print(buf + at, size - at, ", %s 0x%lx-0x%lx", d->name, d->base.v,
				d->base.v + d->size - 1U);
	}
	if (at < size)
		(void)vm_pass_print(vm, buf + at, size - at);
}

/* Write to @why what the guest has done, and what it might. */
static void vcpu_bad_print_why(const struct vcpu *v, const struct guest_fault *f,
			       char why[BAD_WHY_LEN])
{
	char allowed[BAD_WHY_LEN / 2U];
	char where[32] = "";
	char insn[48] = "";

	vcpu_bad_print_allowed(v->vm, allowed, sizeof(allowed));
	if (f->gpa.v != 0U)
		(void)str_print(where, sizeof(where), " at 0x%lx", f->gpa.v);
	if (f->insn != 0U)
		(void)str_print(insn, sizeof(insn), ", instruction 0x%lx", f->insn);
	(void)str_print(why, BAD_WHY_LEN,
			"vCPU %u: %s%s, pc 0x%lx%s, scause 0x%lx, stval 0x%lx; it has %s", v->id,
			f->what, where, v->guest.pc, insn, f->scause, f->stval, allowed);
}

enum guest_leave guest_on_bad(struct guest *g, const struct guest_fault *f)
{
	struct vcpu *v = vcpu_of(g);
	struct vm *vm = v->vm;
	char why[BAD_WHY_LEN];

	/* A report takes long. What the guest has done, it will do again. */
	if (sched_defer(v))
		return GUEST_LEAVE;
	if (f->cause == 0U || vm->cfg->on_bad_access == CONFIG_BAD_ACCESS_STOP) {
		vcpu_bad_print_why(v, f, why);
		vcpu_fault(v, f, why);
		return GUEST_LEAVE;
	}
	v->stat[CLEAVE_STAT_BAD_ACCESSES]++;
	/* Said once: a guest can do this as often as it likes. */
	if (atomic_xchg(&vm->bad_access_said, 1U) == 0U) {
		vcpu_bad_print_why(v, f, why);
		printk("partition \"%s\": %s; it got an access fault, and more of them are counted "
		       "only (on-bad-access)",
		       vm->cfg->name, why);
	}
	return GUEST_RESUME;
}
