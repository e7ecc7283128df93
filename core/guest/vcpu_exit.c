/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What arch/ asks core/ when a vCPU exits (arch/riscv/guest.h): calls, faults, devices, interrupts,
 * and what a guest may not do.
 *
 * The frequent exits run with the guest's callee-saved registers still in the hart, and must not
 * look at them. Nothing here may trust what comes from the guest.
 */
#include <abi/cleave.h>
#include <cleave/atomic.h>
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/types.h>
#include "arch/riscv/guest.h"
#include "arch/riscv/hart.h"
#include "core/device/mmio.h"
#include "core/guest/sbi.h"
#include "core/guest/slow/vcpu_fault.h"
#include "core/machine/irq.h"
#include "core/run/request.h"
#include "core/run/sched.h"
#include "core/run/vcpu.h"
#include "core/vm/vm.h"
#include "core/vm/vm_life.h"
#include "core/vm/vm_pass.h"
#include "mm/space.h"

/* Only the vCPU's hart writes its counters; readers on other harts take what they find. */
static void vcpu_exit_count(struct vcpu *v, enum cleave_stat cause)
{
	v->stat[CLEAVE_STAT_EXITS]++;
	v->stat[cause]++;
}

enum guest_leave guest_on_ecall(struct guest *g)
{
	struct vcpu *v = vcpu_of(g);

	vcpu_exit_count(v,
			g->x[17] == CLEAVE_EID ? CLEAVE_STAT_EXIT_HYPERCALL : CLEAVE_STAT_EXIT_SBI);
	return sbi_handle(v);
}

/*
 * Neither memory nor a device is there. This is not inline, to keep the faults of a dirty log
 * short.
 */
static __attribute__((noinline)) enum fault_answer
vcpu_exit_nothing(struct vcpu *v, enum access access, bool implicit)
{
	v->stat[CLEAVE_STAT_EXIT_OTHER]++;
	/* Another manager may take a window away at any moment, which is not this one's fault. */
	return !implicit && access != ACCESS_EXEC && v->vm->cfg->manager ? FAULT_GONE
									 : FAULT_NOTHING;
}

enum fault_answer guest_on_page_fault(struct guest *g, gpa_t gpa, enum access access, bool implicit)
{
	struct vcpu *v = vcpu_of(g);
	enum fault_answer answer;

	v->stat[CLEAVE_STAT_EXITS]++;
	answer = space_fault(&v->vm->space, gpa, access, &v->counters);
	if (fault_retry(answer)) {
		v->stat[CLEAVE_STAT_EXIT_FAULT]++;
		return answer;
	}
	if (answer == FAULT_NOTHING) {
		/* A hart fetches neither page tables nor instructions from an emulated device. */
		if (!implicit && access != ACCESS_EXEC && mmio_find(&v->vm->bus, gpa) != NULL) {
			v->stat[CLEAVE_STAT_EXIT_MMIO]++;
			return FAULT_EMULATED;
		}
		return vcpu_exit_nothing(v, access, implicit);
	}
	v->stat[CLEAVE_STAT_EXIT_OTHER]++;
	return answer;
}

int guest_on_walk(struct guest *g, gpa_t gpa, u64 *pte)
{
	return space_read(&vcpu_of(g)->vm->space, gpa, pte, sizeof(*pte));
}

int guest_on_mmio(struct guest *g, struct guest_mmio *m)
{
	struct vcpu *v = vcpu_of(g);
	const struct mmio_device *d = mmio_find(&v->vm->bus, m->gpa);
	u64 offset;

	if (d == NULL)
		return CLV_ERR_NOTFOUND;
	offset = m->gpa.v - d->base.v;
	if (m->size > d->size - offset)
		return CLV_ERR_INVAL;
	if (m->write)
		d->write(d->opaque, v->id, offset, m->size, m->data);
	else
		m->data = d->read(d->opaque, v->id, offset, m->size);
	return CLV_OK;
}

enum guest_leave guest_on_interrupt(struct guest *g, u64 irq)
{
	struct vcpu *v = vcpu_of(g);

	vcpu_exit_count(v, CLEAVE_STAT_EXIT_IRQ);
	switch (irq) {
	case HART_IRQ_SOFT:
		return request_serve() ? GUEST_LEAVE : GUEST_RESUME;
	case HART_IRQ_TIMER:
		return sched_timer(v) ? GUEST_LEAVE : GUEST_RESUME;
	case HART_IRQ_EXT:
		irq_handle(hart_this()->index);
#ifdef CONFIG_AIA
		/* Another hart's call came as a message: it is served without a second exit. */
		if ((hart_irqs_pending() & BIT64(HART_IRQ_SOFT)) != 0U && request_serve())
			return GUEST_LEAVE;
#endif
		/* Another vCPU of this hart may be runnable now. */
		return vcpu_hart_woken() ? GUEST_LEAVE : GUEST_RESUME;
	default:
		/* No other is enabled in sie. If one comes, it is not the guest's doing. */
		return GUEST_RESUME;
	}
}

enum guest_leave guest_on_wfi(struct guest *g)
{
	struct vcpu *v = vcpu_of(g);

	vcpu_exit_count(v, CLEAVE_STAT_EXIT_WFI);
	if (guest_irq_pending(g, vcpu_irqs(v)))
		return GUEST_RESUME;
	atomic_set(&v->waiting, true);
	return GUEST_LEAVE;
}
