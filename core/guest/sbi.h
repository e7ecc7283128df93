/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SBI that guests see (RISC-V SBI specification 2.0): how an extension is registered, found and
 * called. docs/sbi.md says what is offered.
 *
 * An extension takes its arguments from the vCPU's registers by sbi_arg(), and answers with
 * sbi_return(). It must never trust an argument, and never wait for anything but other harts'
 * acknowledgements.
 */
#ifndef CORE_SBI_H
#define CORE_SBI_H

#include <abi/cleave.h>
#include <abi/sbi.h>
#include <cleave/types.h>
#include "arch/riscv/guest.h"
#include "core/run/vcpu.h"

/**
 * struct sbi_ext - an SBI extension for guests
 * @name: its name, for the line that reports an overlap
 * @eid_start: first extension id that it answers
 * @eid_end: last extension id that it answers
 * @call: does function @fid (a6). It sets the answer by sbi_return(), unless the call does not
 * return to the guest. It runs on the vCPU's hart with interrupts off and no lock held, and the
 * guest's pc is after the ecall already. guest_on_ecall() calls it, so it must not look at the
 * guest's callee-saved registers. Return: GUEST_RESUME, or GUEST_LEAVE when the vCPU has to go
 * back to the scheduler.
 */
struct sbi_ext {
	const char *name;
	u64 eid_start;
	u64 eid_end;
	enum guest_leave (*call)(struct vcpu *v, u64 fid);
};

/* SBI_EXT_REGISTER() - offer the extension @e to guests */
#define SBI_EXT_REGISTER(e)                              \
	static const struct sbi_ext *const sbi_entry_##e \
		__attribute__((used, section(".cleave.sbi"))) = &(e)

/** sbi_arg() - Return: argument a@n of the call, @n = 0 to 5 */
static inline u64 sbi_arg(const struct vcpu *v, u32 n)
{
	return v->guest.x[10U + n];
}

/**
 * sbi_return() - set the answer of the call under way
 * @error: SBI_SUCCESS or SBI_ERR_*; goes to a0
 * @value: goes to a1
 */
static inline void sbi_return(struct vcpu *v, s64 error, u64 value)
{
	v->guest.x[10] = (u64)error;
	v->guest.x[11] = value;
}

/**
 * sbi_again() - have the vCPU leave its hart, and make the call under way once more when it comes
 * back
 *
 * Its registers must still hold the call.
 */
static inline enum guest_leave sbi_again(struct vcpu *v)
{
	v->guest.pc -= 4U; /* back to the ecall, 4 bytes long */
	return GUEST_LEAVE;
}

/**
 * sbi_ext_init() - check the registered extensions, and make the look-up fast
 *
 * Called once, before the first guest runs. Return: 0; CLV_ERR_EXISTS when two extensions claim the
 * same id: a line names both, and the caller must not start any guest.
 */
int sbi_ext_init(void);

/** sbi_ext_find() - Return: the extension that answers id @eid, NULL when there is none */
const struct sbi_ext *sbi_ext_find(u64 eid);

/**
 * sbi_handle() - do the SBI call that the registers of @v hold
 *
 * The answer to a call of an unknown extension is SBI_ERR_NOT_SUPPORTED. Return: as @call of struct
 * sbi_ext.
 */
enum guest_leave sbi_handle(struct vcpu *v);

/** sbi_error_code() - Return: the SBI error code for @err, one of CLV_ERR_* */
s64 sbi_error_code(int err);

/** sbi_error() - Return: the SBI error code for @err; SBI_SUCCESS when @err is not an error */
static inline s64 sbi_error(int err)
{
	return err >= 0 ? SBI_SUCCESS : sbi_error_code(err);
}

#endif
