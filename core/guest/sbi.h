/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SBI that guests see (RISC-V SBI specification 2.0): how an extension is registered, found and called.
 *
 * An extension gets its arguments where the guest put them and answers with sbi_return(). It must never trust an
 * argument, and never wait for anything but other harts' acknowledgements.
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
 * @name: for the report of an overlap
 * @eid_start, @eid_end: first and last extension id that it answers
 * @call: does function @fid (a6). Arguments are sbi_arg(v, 0..5). It sets the answer by sbi_return() unless the call does not
 * return to the guest. Runs on the vCPU's hart, interrupts off, no lock held, pc already behind the ecall; a path that
 * is entered by guest_on_ecall(), so the same restriction on registers holds. Return: GUEST_RESUME, or GUEST_LEAVE
 * when the vCPU has to go back to the scheduler.
 */
struct sbi_ext {
	const char *name;
	u64 eid_start;
	u64 eid_end;
	enum guest_leave (*call)(struct vcpu *v, u64 fid);
};

#define SBI_EXT_REGISTER(e)                              \
	static const struct sbi_ext *const sbi_entry_##e \
		__attribute__((used, section(".cleave.sbi"))) = &(e)

/** sbi_arg() - Return: argument a@n of the call, n = 0..5 */
static inline u64 sbi_arg(const struct vcpu *v, u32 n)
{
	return v->guest.x[10U + n];
}

/**
 * sbi_return() - set the answer of the call under way
 * @error: SBI error code, SBI_SUCCESS or SBI_ERR_*: a0
 * @value: a1
 */
static inline void sbi_return(struct vcpu *v, s64 error, u64 value)
{
	v->guest.x[10] = (u64)error;
	v->guest.x[11] = value;
}

/**
 * sbi_ext_init() - check the registered extensions and make the look-up fast; once, before the first guest runs
 * Return: 0, CLV_ERR_EXISTS when two claim the same id (both are named in a line; neither is offered for that id's sake:
 * the caller does not go on).
 */
int sbi_ext_init(void);

/** sbi_ext_find() - Return: the extension that answers @eid, NULL when there is none */
const struct sbi_ext *sbi_ext_find(u64 eid);

/** sbi_handle() - do the call in a7, a6, a0..a5 of @v; an unknown one answers SBI_ERR_NOT_SUPPORTED */
enum guest_leave sbi_handle(struct vcpu *v);

/** sbi_error_code() - Return: the SBI error code that says what CLV_ERR_* @err, an error, means */
s64 sbi_error_code(int err);

/** sbi_error() - the same of any result: one that is no error is SBI_SUCCESS */
static inline s64 sbi_error(int err)
{
	return err >= 0 ? SBI_SUCCESS : sbi_error_code(err);
}

#endif
