/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's registers as state records (include/abi/state.h): which CSR bits a record holds, and
 * what a record may say. Builds for the host too.
 *
 * The guest must be loaded on no hart; what is set takes effect when it is loaded next. The
 * functions that set return 0, or one of these errors, and then they have changed nothing:
 *	CLV_ERR_INVAL: a value that no hart can hold
 *	CLV_ERR_UNSUPPORTED: a value that this machine's harts cannot hold
 *
 * Every member of struct guest, and the record that holds it:
 *	x, pc			REGS
 *	sstatus			SPP is the mode in REGS. FS and VS follow from FP and VECTOR: saved
 *				registers are clean. SIE and SPIE mean nothing to the guest
 *	hstatus			SPV is 1. SPVP follows the mode (each trap writes it anyway). VTW is
 *				the scheduler's
 *	host_sp, host_tp	the hypervisor's own
 *	hgatp			the slot's
 *	time_offset		CLOCK (core/vm/vm_clock.c)
 *	henvcfg, hideleg, hedeleg, hcounteren, hstateen0
 *				what the machine's harts have; guest_init() sets them when the slot
 *				is created
 *	csr			CSRS, without vstimecmp (TIMER); of hvip only VSSIP, since core sets
 *				the rest. vsiselect, jvt and scontext become 0: no guest is told of
 *				what they belong to
 *	fp, vec			FP, VECTOR, VECTOR_LOW, VECTOR_HIGH
 *	fp_valid, vec_valid	set together with them
 *	no_counters		the slot's
 *	fp_hart			NULL: what a hart's registers hold is older
 *	fault_pc, fault_gpa, fault_repeats, exit
 *				of an exit that is under way; a guest that is not loaded has none
 */
#ifndef ARCH_RISCV_GUEST_STATE_H
#define ARCH_RISCV_GUEST_STATE_H

#include <abi/state.h>
#include "arch/riscv/guest.h"

/** guest_state_vlenb() - Return: bytes of a vector register of this machine's guests; 0: no V */
u32 guest_state_vlenb(void);

/** guest_state_fp() - Return: true when this machine's guests have F and D */
bool guest_state_fp(void);

/** guest_state_asid_bits() - Return: ASIDLEN of VS-mode */
u32 guest_state_asid_bits(void);

/** guest_state_get_regs(), guest_state_set_regs() - integer registers, pc and mode */
void guest_state_get_regs(const struct guest *g, struct cleave_state_regs *r);
int guest_state_set_regs(struct guest *g, const struct cleave_state_regs *r);

/** guest_state_get_csrs(), guest_state_set_csrs() - CSRs of VS-mode, without the timer */
void guest_state_get_csrs(const struct guest *g, struct cleave_state_csrs *r);
int guest_state_set_csrs(struct guest *g, const struct cleave_state_csrs *r);

/**
 * guest_state_get_fp(), guest_state_set_fp() - F and D registers
 *
 * Only where guest_state_fp() is true.
 */
void guest_state_get_fp(const struct guest *g, struct cleave_state_fp *r);
int guest_state_set_fp(struct guest *g, const struct cleave_state_fp *r);

/**
 * guest_state_get_vector(), guest_state_set_vector() - CSRs of V
 *
 * Only where guest_state_vlenb() is not 0.
 */
void guest_state_get_vector(const struct guest *g, struct cleave_state_vector *r);
int guest_state_set_vector(struct guest *g, const struct cleave_state_vector *r);

/**
 * guest_state_get_half(), guest_state_set_half() - 16 vector registers
 * @first: number of the first of them, 0 or 16
 * @data: struct cleave_state_vector_half and after it 16 * vlenb bytes
 *
 * Only where guest_state_vlenb() is not 0.
 */
void guest_state_get_half(const struct guest *g, u32 first, void *data);
int guest_state_set_half(struct guest *g, u32 first, const void *data);

#endif
