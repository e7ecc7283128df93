/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls on a VM's state as records: list, get, set, check. */
#include "core/hypercall.h"

#include <cleave/errno.h>

int hypercall_state(struct vcpu *v, u64 fn, u64 *value)
{
	(void)v;
	(void)fn;
	(void)value;
	return CLV_ERR_UNSUPPORTED;
}
