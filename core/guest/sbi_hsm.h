/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the suspend of one vCPU (HSM) and that of a whole partition (SUSP) share. It must never be
 * called for another vCPU than the one that makes the SBI call.
 */
#ifndef CORE_SBI_HSM_H
#define CORE_SBI_HSM_H

#include "arch/riscv/guest.h"
#include "core/run/vcpu.h"

/**
 * sbi_hsm_sleep() - have the calling vCPU sleep until an interrupt that is enabled in sie pends
 * @v: it; the answer of its call has been set
 *
 * The scheduler sees that it waits, and wakes it; at once, if such an interrupt pends already.
 *
 * Locking: none; @v's hart.
 * Return: what the handler of the call returns.
 */
enum guest_leave sbi_hsm_sleep(struct vcpu *v);

/**
 * sbi_hsm_sleep_deep() - the same, but it goes on elsewhere, with nothing kept but its interrupts
 * @v: it
 * @addr: guest-physical address where it goes on; sbi_args_entry() has accepted it
 * @opaque: what a1 is there
 *
 * Locking: none; @v's hart.
 * Return: what the handler of the call returns.
 */
enum guest_leave sbi_hsm_sleep_deep(struct vcpu *v, u64 addr, u64 opaque);

#endif
