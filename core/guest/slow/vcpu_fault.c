/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a vCPU held when it did what it may not: its registers, and where its callers go on.
 *
 * Nothing here may trust the guest: s0 can be anything, and a chain of frames can be a circle.
 */
#include "core/guest/slow/vcpu_fault.h"

#include <abi/cleave.h>
#include <cleave/errno.h>
#include <cleave/string.h>
#include "core/vm/vm_life.h"

/*
 * A function that keeps frame records has its caller's s0 and the address at which the caller goes
 * on below s0 (RISC-V calling convention, "Frame Pointer Convention"). Stacks grow down, so a
 * caller's frame is at a higher address.
 */
static u32 vcpu_fault_walk(u64 fp, u64 frame[CLEAVE_FAULT_FRAMES])
{
	u32 n;

	for (n = 0; n < CLEAVE_FAULT_FRAMES; n++) {
		u64 callers = fp - 16U;

		frame[n] = fp - 8U;
		if (guest_peek(&frame[n]) != CLV_OK || guest_peek(&callers) != CLV_OK) {
			frame[n] = 0;
			break;
		}
		if (callers <= fp)
			return n + 1U;
		fp = callers;
	}
	return n;
}

void vcpu_fault(const struct vcpu *v, const struct guest_fault *f, const char *why)
{
	struct cleave_fault fault = {
		.vcpu = v->id,
		.pc = v->guest.pc,
		.scause = f->scause,
		.stval = f->stval,
		.gpa = f->gpa.v,
		.insn = f->insn,
	};

	memcpy(fault.x, v->guest.x, sizeof(fault.x));
	fault.frames = vcpu_fault_walk(fault.x[8], fault.frame);
	vm_stop_self(v->vm, &fault, why);
}
