/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations on a VM that take long, in bounded steps (M6): create, start, reset, destroy.
 */
#ifndef CORE_VM_OP_H
#define CORE_VM_OP_H

#include <cleave/types.h>
#include "core/vm/vm.h"

/**
 * vm_op_step() - do one step of an operation for a manager
 * @op: which one
 * @cursor: in: 0 to begin, also anew when a manager gave up half-way, else what the last step put
 *	there; out: 0 when the operation is done
 *
 * Takes vm->lock. An error that comes of the configuration or of memory is reported in a line.
 *
 * Return: 0; CLV_ERR_STATE (the VM's state or note does not allow it, it has no kernel to load, or
 * @cursor is not that of the operation under way); CLV_ERR_EXISTS (START of a VM that runs, CREATE
 * of one that is there); CLV_ERR_INVAL (the caller's own VM); CLV_ERR_NOMEM; CLV_ERR_FORMAT.
 */
int vm_op_step(struct vm *vm, enum vm_op op, u64 *cursor);

#endif
