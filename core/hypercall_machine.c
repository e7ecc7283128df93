/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls on what a VM was given, who owns it, and how much of the time it runs. */
#include "core/hypercall.h"

#include <cleave/errno.h>

int hypercall_machine(struct vcpu *v, u64 fn, u64 *value)
{
	(void)v;
	(void)fn;
	(void)value;
	return CLV_ERR_UNSUPPORTED;
}
