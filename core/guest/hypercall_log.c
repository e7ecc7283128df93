/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on dirty logs.
 *
 * What a call costs is bounded by CONFIG_STEP_PAGES (M6). Pages that are protected or split count;
 * stretches with nothing dirty hardly do, so that one call passes over a clean GiB.
 *
 * Bitmaps go between the log and the caller's memory without a copy, through the door that logs
 * (M8): the pages that hold the bitmap may be logged by somebody too. The caller's buffer is looked
 * up whole before a bit is taken, so that no bit is cleared that the caller does not get to see
 * (M2). The caller's other harts may write to the buffer all the while: what is stored there is
 * never read back, and what is read is read once.
 *
 * A manager copies a partition by its log. A bit that the partition itself took away, or a log
 * that it stopped, would mean writes that nobody copies. So a partition must never change a log on
 * itself that another partition has started. Nor may a partition keep a manager out by a log of its
 * own: the manager's start takes that log over.
 */
#include "core/guest/hypercall_internal.h"

#include <cleave/errno.h>
#include <cleave/string.h>
#include "arch/riscv/probe/features.h"
#include "core/guest/hypercall_args.h"
#include "core/vm/vm_window.h"
#include "core/machine/boot_args.h"

_Static_assert(CONFIG_MAX_REGIONS <= 64, "a bit each in struct vm's log_managed");

/**
 * struct hypercall_log_range - what a call on the bits of a log works on, checked
 * @vm: whose log
 * @region: number of the region
 * @first: first page
 * @count: pages
 * @bitmap: the caller's bitmap, with one bit for each of these pages
 */
struct hypercall_log_range {
	struct vm *vm;
	u32 region;
	u64 first;
	u64 count;
	struct space_span bitmap;
};

/* Decode a0, the VM, and a1, the region. */
static int hypercall_log_target(const struct vcpu *v, struct vm **vm, u32 *region)
{
	u64 wanted = sbi_arg(v, 1);
	int err = hypercall_target(v, vm);

	if (err != CLV_OK)
		return err;
	if (wanted >= (*vm)->cfg->nr_memory)
		return CLV_ERR_NOTFOUND;
	*region = (u32)wanted;
	return CLV_OK;
}

/* Decode a4 and a5, and look up the bitmap of @count pages there, to work on it where it is. */
static int hypercall_log_bitmap(const struct vcpu *v, u64 count, struct space_span *bitmap)
{
	gpa_t gpa = GPA(sbi_arg(v, 4));

	if (sbi_arg(v, 5) != 0U || !IS_ALIGNED(gpa.v, sizeof(u64)))
		return CLV_ERR_RANGE;
	return space_span_find(&v->vm->space, gpa, dirty_range_words(count) * sizeof(u64), bitmap);
}

/*
 * Decode a0 to a5: VM, region, first page, count, bitmap. This is the one place where a range is
 * judged and its bitmap looked up.
 */
static int hypercall_log_range(const struct vcpu *v, struct hypercall_log_range *r)
{
	int err = hypercall_log_target(v, &r->vm, &r->region);

	if (err != CLV_OK)
		return err;
	r->first = sbi_arg(v, 2);
	r->count = sbi_arg(v, 3);
	if (!dirty_range_ok(r->vm->cfg->memory[r->region].size >> PAGE_SHIFT, r->first, r->count))
		return CLV_ERR_INVAL;
	return hypercall_log_bitmap(v, r->count, &r->bitmap);
}

/* Does the slot have memory, and so a space? With vm->lock held. */
static int hypercall_log_check_memory(const struct vm *vm)
{
	spin_assert_held(&vm->lock);
	return atomic_read(&vm->run.state) == (u32)CLEAVE_VM_EMPTY ? CLV_ERR_STATE : CLV_OK;
}

/* May the caller change this log, if there is one? With vm->lock held. */
static int hypercall_log_check_owner(const struct vcpu *v, const struct vm *vm, u32 region)
{
	int err = hypercall_log_check_memory(vm);

	spin_assert_held(&vm->lock);
	if (err == CLV_OK && v->vm == vm && (vm->log_managed & BIT64(region)) != 0U)
		err = CLV_ERR_STATE;
	return err;
}

/* The caller has begun this log. With vm->lock held. */
static void hypercall_log_set_owner(const struct vcpu *v, struct vm *vm, u32 region)
{
	spin_assert_held(&vm->lock);
	if (v->vm == vm)
		vm->log_managed &= ~BIT64(region);
	else
		vm->log_managed |= BIT64(region);
}

/* LOG_GET, and LOG_GET_CLEAR if @clear */
static int hypercall_log_get(const struct vcpu *v, bool clear, u64 *value)
{
	struct hypercall_log_range r;
	u64 dirty;
	s64 pages = hypercall_log_range(v, &r);

	if (pages != CLV_OK)
		return (int)pages;
	space_span_mark(&r.bitmap);
	spin_lock(&r.vm->lock);
	pages = clear ? hypercall_log_check_owner(v, r.vm, r.region)
		      : hypercall_log_check_memory(r.vm);
	if (pages == CLV_OK)
		pages = clear ? space_log_harvest(&r.vm->space, r.region, r.first, r.count,
						  r.bitmap.at, &dirty)
			      : space_log_get(&r.vm->space, r.region, r.first, r.count,
					      r.bitmap.at);
	spin_unlock(&r.vm->lock);
	space_span_mark(&r.bitmap);
	if (pages < 0)
		return (int)pages;
	*value = (u64)pages;
	return CLV_OK;
}

static int hypercall_log_clear(const struct vcpu *v, u64 *value)
{
	struct hypercall_log_range r;
	s64 pages = hypercall_log_range(v, &r);

	if (pages != CLV_OK)
		return (int)pages;
	spin_lock(&r.vm->lock);
	pages = hypercall_log_check_owner(v, r.vm, r.region);
	if (pages == CLV_OK)
		pages = space_log_clear(&r.vm->space, r.region, r.first, r.count, r.bitmap.at);
	spin_unlock(&r.vm->lock);
	if (pages < 0)
		return (int)pages;
	*value = (u64)pages;
	return CLV_OK;
}

/*
 * Whether a log splits huge leaves before they are written to. The first of these that says
 * something decides: the flags of the call, the partition's property "eager-page-split", the boot
 * argument cleave.eager_page_split, and Kconfig's EAGER_PAGE_SPLIT, which is that argument's
 * default.
 */
static bool hypercall_log_eager(const struct vm *vm, u64 flags)
{
	if (flags != 0U)
		return flags == CLEAVE_LOG_FLAG_EAGER_ON;
	if (vm->cfg->eager != CONFIG_EAGER_DEFAULT)
		return vm->cfg->eager == CONFIG_EAGER_ON;
	return boot_args.eager_page_split != 0U;
}

/*
 * Check the mode and the flags of a call, and replace mode DEFAULT by what it means. FAULT and
 * EAGER choose by themselves, so a flag must not say the opposite.
 */
static int hypercall_log_mode(const struct vm *vm, u64 mode, u64 flags, u32 *out, bool *eager)
{
	const u64 both = CLEAVE_LOG_FLAG_EAGER_ON | CLEAVE_LOG_FLAG_EAGER_OFF;

	if (mode > CLEAVE_LOG_DIRTY_BITS || (flags & ~both) != 0U || flags == both ||
	    (mode == CLEAVE_LOG_FAULT && flags == CLEAVE_LOG_FLAG_EAGER_ON) ||
	    (mode == CLEAVE_LOG_EAGER && flags == CLEAVE_LOG_FLAG_EAGER_OFF))
		return CLV_ERR_INVAL;
	if (mode == CLEAVE_LOG_DIRTY_BITS && !features.d_sound)
		return CLV_ERR_UNSUPPORTED;
	*eager = hypercall_log_eager(vm, flags);
	*out = (u32)mode;
	if (mode == CLEAVE_LOG_DEFAULT)
		*out = *eager ? CLEAVE_LOG_EAGER : CLEAVE_LOG_FAULT;
	return CLV_OK;
}

/*
 * A step of a start, and at cursor 0 the caller becomes the log's owner. A partition other than
 * @vm takes over a log that @vm has started on itself, in the same step: vm->lock, which is held,
 * keeps all other calls on the log out. A log that another partition has started stays.
 */
static int hypercall_log_start_step(const struct vcpu *v, struct vm *vm, u32 region, u32 mode,
				    bool eager, u64 *cursor)
{
	bool begins = *cursor == 0U;
	int err;

	spin_assert_held(&vm->lock);
	if (begins && v->vm != vm && (vm->log_managed & BIT64(region)) == 0U)
		err = space_log_take_over(&vm->space, region, mode, eager, cursor);
	else
		err = space_log_start(&vm->space, region, mode, eager, cursor);
	if (err == CLV_OK && begins)
		hypercall_log_set_owner(v, vm, region);
	return err;
}

static int hypercall_log_start(const struct vcpu *v, u64 *value)
{
	u64 cursor = sbi_arg(v, 4);
	bool begins = cursor == 0U;
	struct vm *vm = NULL;
	u32 region = 0;
	u32 mode = 0;
	bool eager = false;
	int err = hypercall_log_target(v, &vm, &region);

	if (err != CLV_OK)
		return err;
	/* What a device writes is in no log. */
	if (!features.ad_sound || vm->cfg->nr_devices != 0U)
		return CLV_ERR_UNSUPPORTED;
	spin_lock(&vm->lock);
	err = begins ? hypercall_log_check_memory(vm) : hypercall_log_check_owner(v, vm, region);
	if (err == CLV_OK)
		err = hypercall_log_mode(vm, sbi_arg(v, 2), sbi_arg(v, 3), &mode, &eager);
	/* Stores through a window are in nobody's log. */
	if (err == CLV_OK && vm_windows_writable(vm))
		err = CLV_ERR_STATE;
	if (err == CLV_OK)
		err = hypercall_log_start_step(v, vm, region, mode, eager, &cursor);
	spin_unlock(&vm->lock);
	*value = cursor;
	return err;
}

static int hypercall_log_stop(const struct vcpu *v, u64 *value)
{
	u64 flags = sbi_arg(v, 2);
	u64 cursor = sbi_arg(v, 3);
	struct vm *vm = NULL;
	u32 region = 0;
	int err = hypercall_log_target(v, &vm, &region);

	if (err == CLV_OK && (flags & ~(u64)CLEAVE_LOG_FLAG_COLLAPSE) != 0U)
		err = CLV_ERR_INVAL;
	if (err != CLV_OK)
		return err;
	spin_lock(&vm->lock);
	err = hypercall_log_check_owner(v, vm, region);
	if (err == CLV_OK)
		err = space_log_stop(&vm->space, region, flags == CLEAVE_LOG_FLAG_COLLAPSE,
				     &cursor);
	spin_unlock(&vm->lock);
	*value = cursor;
	return err;
}

static __attribute__((cold)) int hypercall_log_status(const struct vcpu *v, u64 *value)
{
	struct cleave_log_status record;
	u64 len = MIN(sbi_arg(v, 4), sizeof(record));
	struct space_log_status log = { .mode = CLEAVE_LOG_OFF };
	struct vm *vm = NULL;
	u32 region = 0;
	bool managed;
	gpa_t buf;
	int err = hypercall_log_target(v, &vm, &region);

	if (err == CLV_OK)
		err = hypercall_buffer(v, 2, len, sizeof(u64), &buf);
	if (err != CLV_OK)
		return err;
	spin_lock(&vm->lock);
	if (hypercall_log_check_memory(vm) == CLV_OK)
		err = space_log_status(&vm->space, region, &log);
	managed = (vm->log_managed & BIT64(region)) != 0U;
	spin_unlock(&vm->lock);
	if (err != CLV_OK)
		return err;
	memset(&record, 0, sizeof(record));
	record.mode = log.mode;
	record.eager = log.eager ? 1U : 0U;
	record.pages = vm->cfg->memory[region].size >> PAGE_SHIFT;
	record.dirty = log.dirty;
	record.own = log.mode != CLEAVE_LOG_OFF && !managed ? 1U : 0U;
	*value = len;
	return hypercall_reply(v, buf, &record, len);
}

int hypercall_log(struct vcpu *v, u64 fn, u64 *value)
{
	switch (fn) {
	case CLEAVE_FN_LOG_START:
		return hypercall_log_start(v, value);
	case CLEAVE_FN_LOG_GET:
		return hypercall_log_get(v, false, value);
	case CLEAVE_FN_LOG_GET_CLEAR:
		return hypercall_log_get(v, true, value);
	case CLEAVE_FN_LOG_CLEAR:
		return hypercall_log_clear(v, value);
	case CLEAVE_FN_LOG_STOP:
		return hypercall_log_stop(v, value);
	case CLEAVE_FN_LOG_STATUS:
		return hypercall_log_status(v, value);
	default:
		return CLV_ERR_UNSUPPORTED;
	}
}
