/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypercall on a VM's statistics.
 */
#include "core/guest/hypercall_internal.h"

#include <cleave/errno.h>
#include "core/guest/hypercall_args.h"
#include "core/vm/stats.h"

int hypercall_stats(struct vcpu *v, u64 fn, u64 *value)
{
	u64 counters[CLEAVE_STAT_COUNT];
	u64 len = MIN(sbi_arg(v, 3), (u64)CLEAVE_STAT_COUNT) * sizeof(u64);
	struct vm *vm = NULL;
	gpa_t buf;
	int err;

	if (fn != CLEAVE_FN_STATS)
		return CLV_ERR_UNSUPPORTED;
	err = hypercall_target(v, &vm);
	if (err == CLV_OK)
		err = hypercall_buffer(v, 1, len, sizeof(u64), &buf);
	if (err != CLV_OK)
		return err;
	stats_read(vm, counters);
	*value = CLEAVE_STAT_COUNT;
	return hypercall_reply(v, buf, counters, len);
}
