/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * struct migrate_ops by hypercalls. Each operation makes one bounded call, or a few; how many does
 * not depend on the size of the memory.
 */
#include "guests/manager/move/hyper_clock.h"

/*
 * Views lie where no partition has memory and no device is, and within Sv39x4's 2 TiB. A window
 * begins in the first GiB of its view.
 */
#define VIEW_BASE   (UINT64_C(1) << 38)
#define VIEW_SPAN   (UINT64_C(1) << 32)
#define WINDOW_MORE (MIGRATE_STEP_PAGES * PAGE_SIZE) /* a call may reach so far beyond a GiB */

/*
 * A G-stage of n levels translates 14 + 9n bits (privileged specification, "Guest-Physical Address
 * Translation").
 */
#define GPA_BITS(n) (14U + 9U * (n))

/* The high byte of a record's kind is its class (abi/state.h). */
#define KIND_CLASS_SHIFT 8U
#define KIND_CLASS_VCPU	 (CLEAVE_STATE_REGS >> KIND_CLASS_SHIFT)

static u64 hyper_state_buffer[CLEAVE_STATE_MAX / sizeof(u64)];

void hyper_init(struct hyper *h, const struct cleave_vm_info *info, u64 id, u32 slot)
{
	memset(h, 0, sizeof(*h));
	h->vm = info->id;
	h->shares = info->id;
	memcpy(h->name, info->name, sizeof(info->name));
	memcpy(h->guest, info->guest, sizeof(info->guest));
	memcpy(h->uuid, info->uuid, sizeof(h->uuid));
	h->view = VIEW_BASE + slot * VIEW_SPAN;
	h->id = id;
	h->run = info->note_run != 0;
	h->old_note = info->note;
	h->old_id = info->note_id;
}

bool hyper_home(const struct cleave_vm_info *info, const u8 *uuid)
{
	return memcmp(info->uuid, uuid, sizeof(info->uuid)) == 0 &&
	       (info->flags & CLEAVE_VM_FLAG_KERNEL) != 0;
}

static u64 hyper_time(void *ctx)
{
	(void)ctx;
	return rdtime();
}

static int hyper_vm_state(void *ctx)
{
	const struct hyper *h = ctx;
	struct cleave_vm_info info;
	struct sbiret r = cleave_vm_info(h->vm, &info);

	return r.error != 0 ? (int)r.error : (int)info.state;
}

/* --- what a partition was given --------------------------------------------------------------- */

/*
 * Insert a region so that all are in ascending order, which the stream needs. The configuration
 * may list them in any order.
 */
static void hyper_region_insert(struct migrate_machine *m, u32 *number, u32 region,
				const struct cleave_region_info *info)
{
	u32 at = m->regions++;

	for (; at != 0 && m->region[at - 1U].gpa > info->gpa; at--) {
		m->region[at] = m->region[at - 1U];
		number[at] = number[at - 1U];
	}
	m->region[at] = (struct migrate_region){ .gpa = info->gpa, .size = info->size };
	number[at] = region;
}

/* Return: the least number of levels whose guest-physical addresses reach every region. */
static u32 hyper_levels_needed(const struct migrate_machine *m)
{
	const struct migrate_region *last = &m->region[m->regions - 1U];
	u32 levels = 3;

	while (levels < 5U && last->gpa + last->size > UINT64_C(1) << GPA_BITS(levels))
		levels++;
	return levels;
}

int hyper_describe(u32 vm, struct migrate_machine *machine, u32 *number)
{
	struct cleave_machine from = { 0 };
	struct cleave_region_info region;
	struct cleave_vm_info info;
	struct sbiret r = cleave_machine(vm, &from);
	u32 i;

	if (r.error == 0)
		r = cleave_vm_info(vm, &info);
	if (r.error != 0)
		return (int)r.error;
	if (from.regions == 0 || from.regions > MIGRATE_REGIONS_MAX)
		return SBI_ERR_NOT_SUPPORTED;
	memset(machine, 0, sizeof(*machine));
	memcpy(machine->isa, from.isa, sizeof(from.isa));
	memcpy(machine->device, from.device, sizeof(machine->device) - 1U);
	machine->vcpus = from.vcpus;
	machine->timebase = from.timebase;
	machine->cbom_block = from.cbom_block;
	machine->cboz_block = from.cboz_block;
	machine->more = (struct migrate_require_more){
		.vlenb = from.vlenb,
		.asid_bits = from.asid_bits,
		.vs_levels = from.vs_levels,
		.state_level = from.state_level,
		.sbi_version = from.sbi_version,
		.sbi = from.sbi,
	};
	r = cleave_vm_images(vm, 0, &machine->more.images, sizeof(machine->more.images));
	if (r.error != 0)
		return (int)r.error;
	for (i = 0; i < from.regions; i++) {
		r = cleave_region_info(vm, i, &region);
		if (r.error != 0)
			return (int)r.error;
		hyper_region_insert(machine, number, i, &region);
	}
	machine->gstage_levels = info.state == CLEAVE_VM_EMPTY ? from.gstage_levels
							       : hyper_levels_needed(machine);
	return 0;
}

static int hyper_op_describe(void *ctx, struct migrate_machine *machine)
{
	struct hyper *h = ctx;
	int err = hyper_describe(h->vm, &h->machine, h->number);

	if (err == 0)
		*machine = h->machine;
	return err;
}

bool hyper_fits(u32 vm, const struct migrate_machine *guest)
{
	struct migrate_machine slot;
	u32 number[MIGRATE_REGIONS_MAX];
	struct migrate_line line;

	migrate_line_clear(&line);
	return hyper_describe(vm, &slot, number) == 0 && migrate_machine_fits(guest, &slot, &line);
}

bool hyper_leaves(u32 vm, struct cleave_leaves *sum)
{
	struct cleave_vm_info info;
	struct cleave_leaves one;
	u32 i, n;

	memset(sum, 0, sizeof(*sum));
	if (cleave_vm_info(vm, &info).error != 0)
		return false;
	for (n = 0; n < info.regions; n++) {
		if (cleave_leaves(vm, n, &one).error != 0)
			return false;
		for (i = 0; i < ARRAY_SIZE(sum->leaves); i++)
			sum->leaves[i] += one.leaves[i];
	}
	return true;
}

/* --- memory ----------------------------------------------------------------------------------- */

/*
 * Map the part of region @r that lies in the GiB of @gpa, and what one call may reach beyond it.
 * There is one window at a time. So it takes few leaves however large the region is, and it seldom
 * moves, since passes go through memory in ascending order. It has the same offset within a GiB as
 * in the guest, which allows large leaves.
 */
static int hyper_window_open(struct hyper *h, const struct migrate_region *r, u64 gpa, u32 flags)
{
	u64 begin = ALIGN_DOWN(gpa, GIB(1)), end = begin + GIB(1) + WINDOW_MORE;
	struct sbiret ret;
	u64 at;

	if (begin < r->gpa)
		begin = r->gpa;
	if (end > r->gpa + r->size)
		end = r->gpa + r->size;
	hyper_done(h);
	at = h->view + begin % GIB(1);
	ret = cleave_window_map(h->vm, begin, end - begin, at, flags);
	if (ret.error != 0)
		return (int)ret.error;
	h->window = (u8 *)at;
	h->window_gpa = begin;
	h->window_end = end;
	h->window_flags = flags;
	return 0;
}

void hyper_done(struct hyper *h)
{
	if (h->window != NULL)
		(void)cleave_window_unmap((u64)h->window);
	h->window = NULL;
}

static bool hyper_window_has(const struct hyper *h, u64 gpa, u64 pages, u32 flags)
{
	return h->window != NULL && gpa >= h->window_gpa &&
	       gpa + pages * PAGE_SIZE <= h->window_end && (flags & ~h->window_flags) == 0;
}

/* Return: where the manager sees @gpa; NULL when it cannot, with the error in @err. */
static u8 *hyper_memory_at(struct hyper *h, u64 gpa, u64 pages, u32 flags, int *err)
{
	u32 region = migrate_machine_region(&h->machine, gpa, pages);

	*err = 0;
	if (region == h->machine.regions || pages > MIGRATE_STEP_PAGES)
		*err = SBI_ERR_INVALID_ADDRESS;
	else if (!hyper_window_has(h, gpa, pages, flags))
		*err = hyper_window_open(h, &h->machine.region[region], gpa, flags);
	return *err == 0 ? h->window + (gpa - h->window_gpa) : NULL;
}

/**
 * struct hyper_access - an access to memory through a window
 * @to, @from: one of them is in the window
 * @size: bytes
 * @gpa: of the page
 * @digest: gets the digest of a page; NULL: it is not wanted
 * @zero: what was read is a page of zeros, which was not copied
 */
struct hyper_access {
	u8 *to;
	const u8 *from;
	u64 size;
	u64 gpa;
	u64 *digest;
	bool zero;
};

static void hyper_access_read(void *arg)
{
	struct hyper_access *a = arg;

	a->zero = migrate_page_is_zero(a->from);
	if (!a->zero)
		*a->digest = migrate_digest_copy(a->to, a->from, a->gpa);
}

static void hyper_access_write(void *arg)
{
	const struct hyper_access *a = arg;

	if (a->digest != NULL)
		*a->digest = migrate_digest_copy(a->to, a->from, a->gpa);
	else
		memcpy(a->to, a->from, a->size);
}

static void hyper_access_zero(void *arg)
{
	const struct hyper_access *a = arg;

	memset(a->to, 0, a->size);
}

/*
 * Make an access that may trap. Another manager may destroy the partition at any moment, and its
 * windows go with it. Then the call fails, but this manager does not end.
 */
static int hyper_access_try(void (*access)(void *arg), struct hyper_access *a)
{
	return trap_try(access, a, NULL) == TRAP_NONE ? 0 : SBI_ERR_INVALID_STATE;
}

static int hyper_page_read(void *ctx, u64 gpa, void *page, u64 *digest)
{
	int err;
	struct hyper_access a = { .to = page,
				  .from = hyper_memory_at(ctx, gpa, 1, 0, &err),
				  .gpa = gpa,
				  .digest = digest };

	if (a.from == NULL)
		return err;
	err = hyper_access_try(hyper_access_read, &a);
	return err != 0 ? err : a.zero;
}

static int hyper_page_write(void *ctx, u64 gpa, const void *page, u64 *digest)
{
	struct hyper *h = ctx;
	int err;
	struct hyper_access a = { .to = hyper_memory_at(h, gpa, 1, CLEAVE_WINDOW_WRITABLE, &err),
				  .from = page,
				  .size = PAGE_SIZE,
				  .gpa = gpa,
				  .digest = digest };

	if (a.to == NULL)
		return err;
	err = hyper_access_try(hyper_access_write, &a);
	if (err == 0 && h->touched < gpa + PAGE_SIZE)
		h->touched = gpa + PAGE_SIZE;
	return err;
}

/* From @touched on, the slot's memory is zero already, because VM_CREATE zeroes it. */
static int hyper_page_zero(void *ctx, u64 gpa, u64 pages)
{
	struct hyper *h = ctx;
	int err;
	struct hyper_access a = { .to = hyper_memory_at(h, gpa, pages, CLEAVE_WINDOW_WRITABLE,
							&err),
				  .size = pages * PAGE_SIZE };

	if (a.to == NULL || gpa >= h->touched)
		return err;
	return hyper_access_try(hyper_access_zero, &a);
}

static int hyper_leaf(void *ctx, u64 gpa)
{
	const struct hyper *h = ctx;
	struct sbiret r = cleave_leaf(h->vm, gpa);

	return r.error != 0 ? (int)r.error : (int)r.value;
}

/* Note that the partition is in @state now, unless @error is not 0. Return: @error. */
static int hyper_made(struct hyper *h, long error, u32 state)
{
	if (error == 0) {
		h->changed = true;
		h->state = state;
	}
	return (int)error;
}

/* --- life ------------------------------------------------------------------------------------- */

/*
 * Write the note of a guest that belongs to this side.
 * @run: a job has paused it, and it is to run when the job is over
 */
static struct sbiret hyper_note_own(const struct hyper *h, bool run)
{
	if (h->old_note == CLEAVE_NOTE_TAKEN)
		return cleave_vm_note(h->vm, CLEAVE_NOTE_TAKEN, h->old_id, run);
	return run ? cleave_vm_note(h->vm, CLEAVE_NOTE_TAKEN, h->id, true)
		   : cleave_vm_note(h->vm, CLEAVE_NOTE_NONE, 0, false);
}

/*
 * Note that the guest is to run before pausing it: if the manager is restarted in between, it lets
 * the guest run again.
 */
static int hyper_vm_pause(void *ctx)
{
	struct hyper *h = ctx;
	struct sbiret r = { 0, 0 };

	h->run = hyper_vm_state(h) == (int)CLEAVE_VM_RUNNING;
	if (h->run)
		r = hyper_note_own(h, true);
	if (r.error == 0)
		r = cleave_vm_op(CLEAVE_FN_VM_PAUSE, h->vm);
	hyper_clock_paused(h);
	return hyper_made(h, r.error, CLEAVE_VM_PAUSED);
}

/* Unmap the window first: the hypervisor runs no partition that can be written to from outside. */
static int hyper_resume(struct hyper *h)
{
	hyper_done(h);
	return hyper_made(h, cleave_vm_op(CLEAVE_FN_VM_RESUME, h->vm).error, CLEAVE_VM_RUNNING);
}

static int hyper_vm_resume(void *ctx)
{
	struct hyper *h = ctx;
	int err = hyper_resume(h);

	if (err == 0)
		(void)hyper_note_own(h, false);
	return err;
}

/*
 * Note an arriving guest as taken before it runs, and once more when it does. If the manager is
 * restarted between the two, it finds a paused guest that is to run, and lets it. A guest that
 * cannot run has not arrived: its slot is emptied, by the engine or after a restart.
 */
static int hyper_vm_take(void *ctx, u64 id, bool run)
{
	struct hyper *h = ctx;
	struct sbiret r;
	int err = hyper_clock_arrive(h);

	if (err != 0)
		return err;
	r = cleave_vm_note(h->vm, CLEAVE_NOTE_TAKEN, id, run);
	if (r.error != 0)
		return (int)r.error;
	hyper_done(h);
	if (!run)
		return 0;
	err = hyper_resume(h);
	(void)cleave_vm_note(h->vm, err == 0 ? CLEAVE_NOTE_TAKEN : CLEAVE_NOTE_FILLING, id, false);
	return err;
}

/*
 * A guest that comes back gets its old note again, because a peer may still ask about the
 * migration that brought the guest here. If the guest is to run, its note says so at every moment,
 * so that a restarted manager lets it run.
 */
static int hyper_vm_own(void *ctx, bool own)
{
	struct hyper *h = ctx;
	struct sbiret r;

	if (!own)
		return (int)cleave_vm_note(h->vm, CLEAVE_NOTE_GIVEN, h->id, h->run).error;
	if (hyper_vm_state(h) == (int)CLEAVE_VM_EMPTY)
		return 0;
	r = cleave_vm_note(h->vm, CLEAVE_NOTE_TAKEN, h->id, h->run);
	return (int)(r.error == 0 ? hyper_note_own(h, h->run) : r).error;
}

static int hyper_vm_brake(void *ctx, u32 percent)
{
	const struct hyper *h = ctx;

	return (int)cleave_vm_brake(h->vm, percent).error;
}

/* Take the cursor out of @r, the answer of a call in steps. Return: its error. */
static int hyper_step(struct sbiret r, u64 *cursor)
{
	*cursor = r.error == 0 ? (u64)r.value : 0;
	return (int)r.error;
}

static int hyper_vm_step(unsigned long fn, u32 vm, u64 *cursor)
{
	return hyper_step(cleave_call(fn, vm, *cursor, 0, 0, 0, 0), cursor);
}

static int hyper_vm_destroy(void *ctx, u64 *cursor)
{
	struct hyper *h = ctx;
	int err;

	/*
	 * The hypervisor would unmap the window with the partition, and @window must not point
	 * nowhere.
	 */
	hyper_done(h);
	err = hyper_vm_step(CLEAVE_FN_VM_DESTROY, h->vm, cursor);
	return hyper_made(h, err, *cursor == 0 ? CLEAVE_VM_EMPTY : CLEAVE_VM_STOPPED);
}

/*
 * Note the slot as filling before its memory is there: nobody runs it before it is taken, and a
 * restarted manager empties it.
 */
static int hyper_vm_create(void *ctx, u64 *cursor)
{
	struct hyper *h = ctx;
	struct sbiret r = { 0, 0 };

	h->touched = 0;
	if (*cursor == 0)
		r = cleave_vm_note(h->vm, CLEAVE_NOTE_FILLING, h->id, false);
	if (r.error == 0)
		r.error = hyper_vm_step(CLEAVE_FN_VM_CREATE, h->vm, cursor);
	return hyper_made(h, r.error, *cursor == 0 ? CLEAVE_VM_PAUSED : CLEAVE_VM_EMPTY);
}

/* --- what the guest reboots from -------------------------------------------------------------- */

static s64 hyper_images_get(void *ctx, u64 offset, void *bytes, size_t size)
{
	const struct hyper *h = ctx;
	struct sbiret r = cleave_vm_images(h->vm, offset, bytes, size);

	return r.error != 0 ? r.error : r.value;
}

/* Within this machine nothing is copied, unless the guest came to this machine with it. */
static int hyper_images_take(void *ctx, u64 bytes)
{
	const struct hyper *h = ctx;
	struct sbiret r = { .error = SBI_ERR_NOT_SUPPORTED };

	if (h->home)
		return 0;
	if (h->shares != h->vm)
		r = cleave_vm_images_take(h->vm, h->shares, 0);
	if (r.error != SBI_ERR_NOT_SUPPORTED)
		return (int)r.error;
	r = cleave_vm_images_take(h->vm, h->vm, bytes);
	return r.error != 0 ? (int)r.error : 1;
}

static int hyper_images_put(void *ctx, const void *bytes, size_t size)
{
	const struct hyper *h = ctx;

	return (int)cleave_vm_images_put(h->vm, bytes, size).error;
}

/* --- log -------------------------------------------------------------------------------------- */

static int hyper_log_status(void *ctx, u32 region, u64 *dirty)
{
	const struct hyper *h = ctx;
	struct cleave_log_status status;
	struct sbiret r = cleave_log_status(h->vm, h->number[region], &status);

	if (r.error != 0)
		return (int)r.error;
	*dirty = status.dirty;
	/* A log of the guest's own gives way to a start. It is not the move's to stop. */
	return status.own != 0U ? (int)CLEAVE_LOG_OFF : (int)status.mode;
}

static int hyper_log_start(void *ctx, u32 region, u64 *cursor)
{
	const struct hyper *h = ctx;

	return hyper_step(cleave_call(CLEAVE_FN_LOG_START, h->vm, h->number[region],
				      CLEAVE_LOG_INITIALLY_SET, CLEAVE_LOG_FLAG_EAGER_ON, *cursor,
				      0),
			  cursor);
}

static s64 hyper_log_bits(const struct hyper *h, unsigned long fn, u32 region, u64 first, u64 count,
			  const u64 *bitmap)
{
	struct sbiret r =
		cleave_call(fn, h->vm, h->number[region], first, count, BUF_LO(bitmap), BUF_HI);

	return r.error != 0 ? r.error : r.value;
}

static s64 hyper_log_get(void *ctx, u32 region, u64 first, u64 count, u64 *bitmap)
{
	return hyper_log_bits(ctx, CLEAVE_FN_LOG_GET, region, first, count, bitmap);
}

static s64 hyper_log_clear(void *ctx, u32 region, u64 first, u64 count, const u64 *bitmap)
{
	return hyper_log_bits(ctx, CLEAVE_FN_LOG_CLEAR, region, first, count, bitmap);
}

static int hyper_log_stop(void *ctx, u32 region, u64 *cursor)
{
	const struct hyper *h = ctx;

	return hyper_step(cleave_call(CLEAVE_FN_LOG_STOP, h->vm, h->number[region],
				      CLEAVE_LOG_FLAG_COLLAPSE, *cursor, 0, 0),
			  cursor);
}

/* --- state ------------------------------------------------------------------------------------ */

static u64 hyper_state_key(const struct cleave_state_head *head)
{
	return (u64)head->kind << 32 | head->instance;
}

/*
 * Sort the heads in ascending order, which the stream needs; the hypervisor may list them in any
 * order.
 */
static void hyper_states_sort(struct hyper *h)
{
	u32 i, k;

	for (i = 1; i < h->nr_heads; i++) {
		struct cleave_state_head head = h->heads[i];

		for (k = i; k != 0 && hyper_state_key(&h->heads[k - 1U]) > hyper_state_key(&head);
		     k--)
			h->heads[k] = h->heads[k - 1U];
		h->heads[k] = head;
	}
}

static int hyper_states_list(struct hyper *h)
{
	struct sbiret r = cleave_state_list(h->vm, h->heads, ARRAY_SIZE(h->heads));

	if (r.error != 0)
		return (int)r.error;
	if ((u64)r.value >= ARRAY_SIZE(h->heads))
		return SBI_ERR_NOT_SUPPORTED;
	h->nr_heads = (u32)r.value;
	if (hyper_clock_head(h, &h->heads[h->nr_heads]))
		h->nr_heads++;
	hyper_states_sort(h);
	return 0;
}

/*
 * Count the bytes of a record. Of the vCPUs' records those of vCPU 0 are counted apart; those of
 * the others are as long.
 */
static void hyper_states_count(struct hyper *h, const struct cleave_state_head *head)
{
	h->state_bytes += sizeof(*head) + head->length;
	if (head->instance == 0 && head->kind >> KIND_CLASS_SHIFT == KIND_CLASS_VCPU)
		h->vcpu_bytes += sizeof(*head) + head->length;
}

static int hyper_state_get(void *ctx, u32 index, struct cleave_state_head *head, void *data,
			   size_t size)
{
	struct hyper *h = ctx;
	struct cleave_state_head got;
	struct sbiret r;
	int err = index == 0 ? hyper_states_list(h) : 0;

	if (err != 0)
		return err;
	if (index >= h->nr_heads)
		return 0;
	if (h->heads[index].kind == CLEAVE_STATE_MOMENT) {
		*head = h->heads[index];
		memcpy(data, &h->moment, sizeof(h->moment));
		return 1;
	}
	r = cleave_state_get(h->vm, h->heads[index].kind, h->heads[index].instance,
			     hyper_state_buffer, sizeof(hyper_state_buffer));
	if (r.error != 0)
		return (int)r.error;
	memcpy(&got, hyper_state_buffer, sizeof(got));
	if ((u64)r.value < sizeof(got) || got.length != (u64)r.value - sizeof(got) ||
	    got.length > size)
		return SBI_ERR_FAILED;
	*head = got;
	memcpy(data, (const u8 *)hyper_state_buffer + sizeof(got), got.length);
	hyper_states_count(h, &got);
	return 1;
}

static int hyper_state_set(void *ctx, const struct cleave_state_head *head, const void *data)
{
	struct hyper *h = ctx;
	int err;

	if (head->length > sizeof(hyper_state_buffer) - sizeof(*head))
		return SBI_ERR_INVALID_PARAM;
	memcpy(hyper_state_buffer, head, sizeof(*head));
	memcpy((u8 *)hyper_state_buffer + sizeof(*head), data, head->length);
	err = (int)cleave_state_set(h->vm, hyper_state_buffer, sizeof(*head) + head->length).error;
	return err != 0 ? err : hyper_clock_seen(h, head, data);
}

static int hyper_state_check(void *ctx, struct migrate_line *line)
{
	const struct hyper *h = ctx;
	struct sbiret r = cleave_state_check(h->vm);

	if (r.error == 0 && !hyper_clock_check(h, line))
		return SBI_ERR_NOT_SUPPORTED;

	if (r.error == SBI_ERR_INVALID_STATE) {
		migrate_line_add(line, "state record kind %lu instance %lu is missing",
				 (u64)r.value >> 32, (u64)r.value & UINT32_MAX);
	} else if (r.error != 0) {
		migrate_line_add(line, "check of the state");
		migrate_line_error(line, r.error);
	}
	return (int)r.error;
}

static void hyper_stopped(void *ctx, bool clock)
{
	hyper_clock_stopped(ctx, clock);
}

const struct migrate_ops hyper_ops = {
	.time = hyper_time,
	.vm_state = hyper_vm_state,
	.describe = hyper_op_describe,
	.vm_resume = hyper_vm_resume,
	.vm_destroy = hyper_vm_destroy,
	.page_read = hyper_page_read,
	.vm_pause = hyper_vm_pause,
	.vm_own = hyper_vm_own,
	.vm_brake = hyper_vm_brake,
	.log_status = hyper_log_status,
	.log_start = hyper_log_start,
	.log_get = hyper_log_get,
	.log_clear = hyper_log_clear,
	.log_stop = hyper_log_stop,
	.leaf = hyper_leaf,
	.state_get = hyper_state_get,
	.images_get = hyper_images_get,
	.stopped = hyper_stopped,
	.images_take = hyper_images_take,
	.images_put = hyper_images_put,
	.vm_create = hyper_vm_create,
	.vm_take = hyper_vm_take,
	.page_write = hyper_page_write,
	.page_zero = hyper_page_zero,
	.state_set = hyper_state_set,
	.state_check = hyper_state_check,
};
