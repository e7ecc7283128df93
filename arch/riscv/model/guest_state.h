/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's registers as state records (include/abi/state.h): what stands in which CSR bit, and what a record may say. Builds
 * for the host too.
 *
 * The guest is loaded on no hart. What is set takes effect when it is loaded next. Functions that set return 0, CLV_ERR_INVAL (a value that
 * no hart has there) or CLV_ERR_UNSUPPORTED (one that this machine's harts cannot hold); they have changed nothing then.
 *
 * Every member of struct guest, and where it goes:
 *	x, pc			REGS
 *	sstatus			SPP is REGS' mode; FS and VS follow from FP and VECTOR: saved registers are clean. SIE and SPIE mean
 *				nothing to the guest
 *	hstatus			SPV is 1, SPVP follows the mode (each trap writes it anyway), VTW is the scheduler's
 *	host_sp, host_tp	the hypervisor's own
 *	hgatp			the slot's
 *	time_offset		CLOCK (core/vm/vm_clock.c)
 *	henvcfg, hideleg, hedeleg, hcounteren, hstateen0
 *				what the machine's harts offer: set by guest_init() when the slot is created
 *	csr			CSRS, but for vstimecmp: TIMER; of hvip only VSSIP: the rest is core's to show
 *	fp, vec			FP, VECTOR, VECTOR_LOW, VECTOR_HIGH
 *	fp_valid, vec_valid	set with them
 *	fp_hart			NULL: what a hart's registers hold is older
 *	fault_pc, fault_gpa, fault_repeats, exit
 *				of an exit that is under way; a guest that is not loaded has none
 */
#ifndef ARCH_RISCV_GUEST_STATE_H
#define ARCH_RISCV_GUEST_STATE_H

#include <abi/state.h>
#include "arch/riscv/guest.h"

/** guest_state_vlenb() - Return: bytes of a vector register of this machine's guests, 0: they have none */
u32 guest_state_vlenb(void);

/** guest_state_fp() - Return: true when this machine's guests have F and D */
bool guest_state_fp(void);

/** guest_state_asid_bits() - Return: ASIDLEN of VS-mode */
u32 guest_state_asid_bits(void);

void guest_state_get_regs(const struct guest *g, struct cleave_state_regs *r);
int guest_state_set_regs(struct guest *g, const struct cleave_state_regs *r);

void guest_state_get_csrs(const struct guest *g, struct cleave_state_csrs *r);
int guest_state_set_csrs(struct guest *g, const struct cleave_state_csrs *r);

/* Only where guest_state_fp() */
void guest_state_get_fp(const struct guest *g, struct cleave_state_fp *r);
int guest_state_set_fp(struct guest *g, const struct cleave_state_fp *r);

/* Only where guest_state_vlenb() is not 0 */
void guest_state_get_vector(const struct guest *g, struct cleave_state_vector *r);
int guest_state_set_vector(struct guest *g, const struct cleave_state_vector *r);

/**
 * guest_state_get_half(), guest_state_set_half() - 16 vector registers
 * @first: 0 or 16
 * @data: struct cleave_state_vector_half and 16 * vlenb bytes
 */
void guest_state_get_half(const struct guest *g, u32 first, void *data);
int guest_state_set_half(struct guest *g, u32 first, const void *data);

#endif
