/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a VM by a fault of one of its vCPUs. */
#ifndef CORE_VCPU_FAULT_H
#define CORE_VCPU_FAULT_H

#include "arch/riscv/guest.h"
#include "core/run/vcpu.h"

/**
 * vcpu_fault() - end the VM of a vCPU that has done what it may not
 * @v: has just exited on this hart, and leaves it after this call
 * @why: what is reported, in one line
 */
void vcpu_fault(const struct vcpu *v, const struct guest_fault *f, const char *why);

#endif
