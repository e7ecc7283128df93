/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arguments of hypercalls: which VM a call is about, the caller's buffer, and the answer in it.
 *
 * The groups of hypercalls (hypercall_*.c) stand above this file, which knows none of them. It must
 * never trust an argument: the guest may pass any value, and may write to its buffers meanwhile.
 */
#ifndef CORE_HYPERCALL_ARGS_H
#define CORE_HYPERCALL_ARGS_H

#include <cleave/types.h>
#include "core/guest/sbi.h"
#include "core/vm/vm.h"

/**
 * hypercall_manager() - may the caller work on other VMs?
 *
 * Return: 0, or CLV_ERR_DENIED when the caller's partition is not a manager.
 */
int hypercall_manager(const struct vcpu *v);

/**
 * hypercall_target() - find the VM that argument a0 names
 * @out: that VM; set only when the answer is 0
 *
 * Return: 0, CLV_ERR_DENIED (another VM, and the caller is not a manager), CLV_ERR_NOTFOUND.
 */
int hypercall_target(const struct vcpu *v, struct vm **out);

/**
 * hypercall_buffer() - check a buffer of the caller's
 * @n: number of the argument with the low word of its address; the next one has the high word
 * @len: bytes; 0: any address will do
 * @align: power of two
 * @out: guest-physical address of the buffer
 *
 * Return: 0, CLV_ERR_RANGE: not aligned, or not in one memory region of the caller's (a window is
 * none).
 */
int hypercall_buffer(const struct vcpu *v, u32 n, u64 len, u64 align, gpa_t *out);

/**
 * hypercall_reply() - write to a buffer that hypercall_buffer() has checked, through the door that
 * logs (M8)
 * @buf: guest-physical address
 * @record: what to write
 * @len: bytes
 *
 * Return: 0. The caller's memory does not change while its vCPU is in a call.
 */
int hypercall_reply(const struct vcpu *v, gpa_t buf, const void *record, u64 len);

/**
 * hypercall_record() - answer a call (vm, buf lo, buf hi, size) with a record of that VM
 * @record: where the record is put together
 * @size: its bytes
 * @fill: fills it in; called with vm->lock held
 * @value: out: bytes written to the buffer: as many as the caller asked for, at most @size
 *
 * Return: 0, CLV_ERR_DENIED, CLV_ERR_NOTFOUND, CLV_ERR_RANGE (the buffer). Locking: takes vm->lock.
 */
int hypercall_record(const struct vcpu *v, void *record, u64 size,
		     void (*fill)(const struct vm *vm, void *record), u64 *value);

#endif
