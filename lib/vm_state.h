/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The states of a VM in words, for the hypervisor and for guests.
 */
#ifndef LIB_VM_STATE_H
#define LIB_VM_STATE_H

#include <cleave/types.h>

/** vm_state_name() - Return: state @state, CLEAVE_VM_*, in a word; "?" for any other number */
const char *vm_state_name(u32 state);

#endif
