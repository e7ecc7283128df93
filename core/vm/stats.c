/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's statistics. Each vCPU counts on its own hart, and the space counts under its lock; whoever
 * asks adds these up.
 *
 * It must never make a vCPU wait: nothing here takes a lock, so a sum may miss the last few events.
 */
#include "core/vm/stats.h"

#include <cleave/atomic.h>
#include <cleave/string.h>
#include "core/vm/vm.h"

static void stats_add_vcpu(const struct vcpu *v, u64 *out)
{
	const struct space_counters *c = &v->counters;

	for (u32 i = 0; i < CLEAVE_STAT_COUNT; i++)
		out[i] += atomic_read(&v->stat[i]);
	out[CLEAVE_STAT_WRITE_FAULTS] += atomic_read(&c->write_faults);
	out[CLEAVE_STAT_FAULT_SPLITS] += atomic_read(&c->fault_splits);
	out[CLEAVE_STAT_COARSE_GRANTS] += atomic_read(&c->coarse_grants);
	out[CLEAVE_STAT_SPURIOUS_FAULTS] += atomic_read(&c->spurious_faults);
}

void stats_read(const struct vm *vm, u64 *out)
{
	const struct space_stats *s = &vm->space.stats;

	memset(out, 0, CLEAVE_STAT_COUNT * sizeof(*out));
	for (u32 i = 0; i < vm->run.nr_vcpus; i++)
		stats_add_vcpu(vm->run.vcpu[i], out);
	out[CLEAVE_STAT_FENCE_IPIS] += atomic_read(&vm->run.flush_ipis);
	out[CLEAVE_STAT_EAGER_SPLITS] += atomic_read(&s->eager_splits);
	out[CLEAVE_STAT_COLLAPSES] += atomic_read(&s->collapses);
	out[CLEAVE_STAT_FENCES] += atomic_read(&s->flushes);
	out[CLEAVE_STAT_PAGES_REPORTED] += atomic_read(&s->pages_reported);
}
