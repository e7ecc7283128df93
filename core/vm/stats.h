/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's statistics, as a manager reads them (include/abi/cleave.h, enum cleave_stat).
 */
#ifndef CORE_STATS_H
#define CORE_STATS_H

#include <cleave/types.h>

struct vm;

/**
 * stats_read() - add up the counters of a VM
 * @vm: any VM, in any state; no lock is needed
 * @out: CLEAVE_STAT_COUNT counters, indexed by enum cleave_stat
 *
 * The counters are read while vCPUs count: a sum may miss the last few events.
 */
void stats_read(const struct vm *vm, u64 *out);

#endif
