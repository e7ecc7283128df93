/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls: an SBI extension of Cleave's own (include/abi/cleave.h, docs/abi.md). Here are the
 * calls about Cleave itself, and the way to all others.
 *
 * Nothing of the hypercalls may print because of what a guest passed: a guest could flood the
 * console. The error code says it all.
 */
#include "core/guest/hypercall_internal.h"

#include <cleave/errno.h>
#include "arch/riscv/probe/features.h"
#include "arch/riscv/timer.h"
#include "core/guest/hypercall_args.h"
#include "core/machine/boot_args.h"
#include "core/run/sched.h"
#include "core/run/schedule.h"

/* The number of a function, but for its last hexadecimal digit, is that of its group. */
#define GROUP_SHIFT    4U
#define GROUP_BASE     0U
#define GROUP_VM       1U
#define GROUP_MEMORY   2U
#define GROUP_LOG      3U
#define GROUP_STATE    4U
#define GROUP_STATS    5U
#define GROUP_SCHEDULE 6U

static u64 hypercall_feature(const struct vcpu *v, u64 id)
{
	switch (id) {
	case CLEAVE_FEATURE_LOG_MODES:
		return features.ad_sound ? BIT64(CLEAVE_LOG_FAULT) | BIT64(CLEAVE_LOG_EAGER) |
						   BIT64(CLEAVE_LOG_INITIALLY_SET) |
						   (u64)features.d_sound << CLEAVE_LOG_DIRTY_BITS
					 : 0U;
	case CLEAVE_FEATURE_STEP_PAGES:
		return CONFIG_STEP_PAGES;
	case CLEAVE_FEATURE_EAGER_SPLIT:
		return boot_args.eager_page_split;
	case CLEAVE_FEATURE_MAX_VMS:
		/* A partition that may not work on others is told nothing of them. */
		return v->vm->cfg->manager ? vm_count() : (u64)v->vm->id + 1U;
	case CLEAVE_FEATURE_TIMEBASE:
		return timer_frequency();
	case CLEAVE_FEATURE_MANAGER:
		return v->vm->cfg->manager ? 1U : 0U;
	case CLEAVE_FEATURE_GSTAGE_MODES:
		return features.gstage_modes;
	case CLEAVE_FEATURE_SCHEDULES:
		return v->vm->cfg->manager ? schedule_plans() : 0U;
	default:
		return 0;
	}
}

static int hypercall_base(const struct vcpu *v, u64 fn, u64 *value)
{
	if (fn == CLEAVE_FN_VERSION)
		*value = ((u64)CLEAVE_ABI_MAJOR << 16) | CLEAVE_ABI_MINOR;
	else if (fn == CLEAVE_FN_FEATURE)
		*value = hypercall_feature(v, sbi_arg(v, 0));
	else
		return CLV_ERR_UNSUPPORTED;
	return CLV_OK;
}

static s64 hypercall_error(int err)
{
	return err == CLV_ERR_STATE ? SBI_ERR_INVALID_STATE : sbi_error(err);
}

/* All groups but the first, whose calls take no time. */
static int hypercall_group(struct vcpu *v, u64 fn, u64 *value)
{
	if (sched_defer(v))
		return HYPERCALL_AGAIN;
	switch (fn >> GROUP_SHIFT) {
	case GROUP_VM:
		return hypercall_vm(v, fn, value);
	case GROUP_MEMORY:
		return hypercall_memory(v, fn, value);
	case GROUP_LOG:
		return hypercall_log(v, fn, value);
	case GROUP_STATE:
		return fn < CLEAVE_FN_MACHINE ? hypercall_state(v, fn, value)
					      : hypercall_machine(v, fn, value);
	case GROUP_STATS:
		return hypercall_stats(v, fn, value);
	case GROUP_SCHEDULE:
		return hypercall_schedule(v, fn, value);
	default:
		return CLV_ERR_UNSUPPORTED;
	}
}

static enum guest_leave hypercall_call(struct vcpu *v, u64 fn)
{
	u64 value = 0;
	int err;

	if (fn >> GROUP_SHIFT == GROUP_BASE)
		err = hypercall_base(v, fn, &value);
	else
		err = hypercall_group(v, fn, &value);
	if (err == HYPERCALL_AGAIN)
		return sbi_again(v);
	if (err == HYPERCALL_MISSING)
		sbi_return(v, SBI_ERR_INVALID_STATE, value);
	else
		sbi_return(v, hypercall_error(err), err == CLV_OK ? value : 0U);
	return GUEST_RESUME;
}

static const struct sbi_ext hypercall_ext = {
	.name = "cleave",
	.eid_start = CLEAVE_EID,
	.eid_end = CLEAVE_EID,
	.call = hypercall_call,
};
SBI_EXT_REGISTER(hypercall_ext);
