/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The groups of hypercalls, which hypercall.c calls. docs/abi.md is the specification of what they
 * do. Nobody outside this folder includes this.
 *
 * A function gets the caller's vCPU and takes its arguments by sbi_arg(); none of them is to be
 * trusted. It checks in this order: may the caller work on that VM; does the VM exist; do the
 * arguments have the right form; is the buffer memory of the caller's; does the state allow it. It
 * must never change anything before it knows that what it has to write fits into the buffer.
 */
#ifndef CORE_HYPERCALL_INTERNAL_H
#define CORE_HYPERCALL_INTERNAL_H

#include <cleave/types.h>
#include "core/run/vcpu.h"

/*
 * The vCPU has to leave its hart (it is blocked, its VM was stopped, or its window is about to
 * end), and make the call again.
 */
#define HYPERCALL_AGAIN 1

/* Of STATE_CHECK alone: the answer is INVALID_STATE, and *@value says what is missing. */
#define HYPERCALL_MISSING 2

/*
 * The groups. @fn is the function's number; *@value is 0 at first, and the answer's value after
 * success and after HYPERCALL_MISSING. Return: 0, a CLV_ERR_*, HYPERCALL_AGAIN, HYPERCALL_MISSING.
 */
int hypercall_vm(struct vcpu *v, u64 fn, u64 *value);		  /* 0x10 to 0x19 */
int hypercall_images(struct vcpu *v, u64 fn, u64 *value);	  /* 0x1a to 0x1c */
int hypercall_memory(struct vcpu *v, u64 fn, u64 *value);	  /* 0x20 to 0x2f */
int hypercall_log(struct vcpu *v, u64 fn, u64 *value);		  /* 0x30 to 0x3f */
int hypercall_state(struct vcpu *v, u64 fn, u64 *value);	  /* 0x40 to 0x43 */
int hypercall_machine(struct vcpu *v, u64 fn, u64 *value);	  /* 0x44 to 0x4f */
int hypercall_stats(struct vcpu *v, u64 fn, u64 *value);	  /* 0x50 to 0x5f */
int hypercall_schedule(const struct vcpu *v, u64 fn, u64 *value); /* 0x60 to 0x6f */

#endif
