/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the hypercalls share. Nobody else includes this; docs/abi.md is the specification of what they do.
 *
 * A function gets the caller's vCPU (arguments by sbi_arg(), none of them to be trusted), and checks in this order: may the
 * caller work on that VM, does it exist, are the arguments of the right form, is the buffer memory of the caller's, does
 * the state allow it. What has to be written to the buffer was checked to fit before anything was changed.
 */
#ifndef CORE_HYPERCALL_H
#define CORE_HYPERCALL_H

#include "core/guest/sbi.h"
#include "core/vm/vm.h"

/* Answer of a function that has to be called again by the vCPU itself, after it left its hart (blocked, or stopped) */
#define HYPERCALL_AGAIN 1
/* Answer of STATE_CHECK: INVALID_STATE, and *@value says what is missing. Of all other errors the value is 0 */
#define HYPERCALL_MISSING 2

/** hypercall_target() - the VM that argument a0 names. Return: 0, CLV_ERR_DENIED, CLV_ERR_NOTFOUND */
int hypercall_target(const struct vcpu *v, struct vm **out);

/** hypercall_manager() - Return: 0, or CLV_ERR_DENIED when the caller's partition is no manager */
int hypercall_manager(const struct vcpu *v);

/**
 * hypercall_buffer() - check a buffer of the caller's
 * @n: number of the argument with the low word of its address; the next one has the high word
 * @len: bytes; 0: any address will do
 * @align: power of two
 * @out: its GPA
 * Return: 0, CLV_ERR_RANGE: not aligned, or not in one memory region of the caller's (a window is none).
 */
int hypercall_buffer(const struct vcpu *v, u32 n, u64 len, u64 align, gpa_t *out);

/** hypercall_reply() - write a record to a buffer that was checked; through the door that logs (M8) */
int hypercall_reply(const struct vcpu *v, gpa_t buf, const void *record, u64 len);

/**
 * hypercall_vm_record() - answer a call (vm, buf lo, buf hi, size) with a record of that VM
 * @fill: writes the record, of @size bytes at @record; under vm->lock
 * @value: out: bytes that were written to the buffer: what the caller asked for, at most @size
 * Return: 0, CLV_ERR_DENIED, CLV_ERR_NOTFOUND, CLV_ERR_RANGE (the buffer).
 */
int hypercall_vm_record(const struct vcpu *v, void *record, u64 size,
			void (*fill)(const struct vm *vm, void *record), u64 *value);

/* The functions, by group. Return: 0 and *@value, a CLV_ERR_*, HYPERCALL_AGAIN, or HYPERCALL_MISSING and *@value */
int hypercall_vm(struct vcpu *v, u64 fn, u64 *value);	   /* 0x10 to 0x1f */
int hypercall_memory(struct vcpu *v, u64 fn, u64 *value);  /* 0x20 to 0x2f */
int hypercall_log(struct vcpu *v, u64 fn, u64 *value);	   /* 0x30 to 0x3f */
int hypercall_state(struct vcpu *v, u64 fn, u64 *value);   /* 0x40 to 0x43 */
int hypercall_machine(struct vcpu *v, u64 fn, u64 *value); /* 0x44 to 0x4f */

#endif
