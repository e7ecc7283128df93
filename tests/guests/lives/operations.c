/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on slots, each one of the hypercalls, or all that make up a move. */
#include "tests/guests/lives/lives.h"

#define WINDOWS	    UINT64_C(0x200000000)
#define WINDOW_SPAN (UINT64_C(1) << 30) /* from one window's place to the next */
#define PLACES	    6U
#define TAKEN	    UINT64_C(0x400000000) /* where a move has its two windows */

#define RECORDS	  160U
#define POOL_SIZE 131072U

static u64 bitmap[4096] __attribute__((aligned(4096)));
static u8 pool[POOL_SIZE] __attribute__((aligned(8)));

/* Call @fn until it is done, or leave it half-way. */
static struct sbiret steps(unsigned long fn, u32 vm, bool whole)
{
	struct sbiret r = { 0, 0 };
	u64 most = whole ? UINT64_MAX : 1U + below(8U);

	do {
		r = cleave_call(fn, vm, (unsigned long)r.value, 0, 0, 0, 0);
	} while (r.error == 0 && r.value != 0 && --most > 0);
	return r;
}

struct sbiret operation_life(u32 i)
{
	static const unsigned long in_steps[] = { CLEAVE_FN_VM_CREATE, CLEAVE_FN_VM_CREATE,
						  CLEAVE_FN_VM_START,  CLEAVE_FN_VM_START,
						  CLEAVE_FN_VM_RESET,  CLEAVE_FN_VM_DESTROY };
	u32 vm = slots[i].vm;

	switch (below(12U)) {
	case 0:
	case 1:
		return cleave_vm_op(CLEAVE_FN_VM_PAUSE, vm);
	case 2:
	case 3:
		return cleave_vm_op(CLEAVE_FN_VM_RESUME, vm);
	case 4:
		return cleave_vm_brake(vm, (u32)below(100U));
	case 5:
		return cleave_vm_note(vm, (u32)below(4U), 1U + below(3U), below(2U) != 0);
	case 6:
		return cleave_vm_note(vm, CLEAVE_NOTE_NONE, 0, false);
	default:
		return steps(in_steps[below(ARRAY_SIZE(in_steps))], vm, below(4U) != 0);
	}
}

struct sbiret operation_log(u32 i)
{
	u32 vm = slots[i].vm, region = (u32)below(slots[i].regions);
	struct sbiret r = { 0, 0 };
	u64 most = below(4U) != 0 ? UINT64_MAX : 1U + below(4U);

	switch (below(6U)) {
	case 0:
	case 1:
		do {
			r = cleave_call(CLEAVE_FN_LOG_START, vm, region, below(4U), 0,
					(unsigned long)r.value, 0);
		} while (r.error == 0 && r.value != 0 && --most > 0);
		return r;
	case 2:
		do {
			r = cleave_call(CLEAVE_FN_LOG_STOP, vm, region, below(2U),
					(unsigned long)r.value, 0, 0);
		} while (r.error == 0 && r.value != 0 && --most > 0);
		return r;
	case 3:
		return cleave_log_bits(CLEAVE_FN_LOG_CLEAR, vm, region, 0, 64U, bitmap);
	default:
		return cleave_log_bits(CLEAVE_FN_LOG_GET_CLEAR, vm, region, 0, 64U, bitmap);
	}
}

struct sbiret operation_window(u32 i)
{
	u64 own = WINDOWS + below(PLACES) * WINDOW_SPAN + below(2U) * PAGE_SIZE;
	struct cleave_region_info info;
	u32 region = (u32)below(slots[i].regions);
	u64 first;

	if (below(3U) == 0)
		return cleave_window_unmap(own);
	memset(&info, 0, sizeof(info));
	cleave_region_info(slots[i].vm, region, &info);
	first = below(info.size / PAGE_SIZE);
	return cleave_window_map(slots[i].vm, info.gpa + first * PAGE_SIZE,
				 PAGE_SIZE * (1U + below(info.size / PAGE_SIZE - first)), own,
				 (u32)below(2U));
}

static bool copy_region(u32 from, u32 to, u32 region)
{
	static const u64 zero[PAGE_SIZE / sizeof(u64)];
	struct cleave_region_info info;
	bool ok = cleave_region_info(from, region, &info).error == 0 &&
		  cleave_window_map(from, info.gpa, info.size, TAKEN, 0).error == 0 &&
		  cleave_window_map(to, info.gpa, info.size, TAKEN + WINDOW_SPAN,
				    CLEAVE_WINDOW_WRITABLE)
				  .error == 0;

	for (u64 at = 0; ok && at < info.size; at += PAGE_SIZE) {
		const void *page = (const void *)(TAKEN + at);

		if (memcmp(page, zero, PAGE_SIZE) != 0)
			memcpy((void *)(TAKEN + WINDOW_SPAN + at), page, PAGE_SIZE);
	}
	(void)cleave_window_unmap(TAKEN);
	(void)cleave_window_unmap(TAKEN + WINDOW_SPAN);
	return ok;
}

static bool copy_records(u32 from, u32 to)
{
	static struct cleave_state_head heads[RECORDS];
	struct sbiret r = cleave_state_list(from, heads, RECORDS), g;
	bool ok = r.error == 0 && r.value <= (long)RECORDS;

	for (u32 n = 0; ok && n < (u32)r.value; n++) {
		g = cleave_state_get(from, heads[n].kind, heads[n].instance, pool, POOL_SIZE);
		ok = g.error == 0 && cleave_state_set(to, pool, (size_t)g.value).error == 0;
	}
	return ok && cleave_state_check(to).error == 0;
}

bool operation_move(u32 i)
{
	u32 from = slots[i].vm, to = slots[slots[i].twin].vm;
	bool ok = from != to && cleave_vm_op(CLEAVE_FN_VM_PAUSE, from).error == 0 &&
		  steps(CLEAVE_FN_VM_CREATE, to, true).error == 0;

	for (u32 region = 0; ok && region < slots[i].regions; region++)
		ok = copy_region(from, to, region);
	ok = ok && copy_records(from, to) &&
	     cleave_vm_note(from, CLEAVE_NOTE_GIVEN, 7U, true).error == 0 &&
	     steps(CLEAVE_FN_VM_DESTROY, from, true).error == 0;
	/* What came may rightly have been seized by a note meanwhile; it is tried all the same. */
	return ok && cleave_vm_op(CLEAVE_FN_VM_RESUME, to).error == 0;
}

void end_all(void)
{
	struct cleave_vm_info info;

	for (u64 place = 0; place < PLACES; place++) {
		(void)cleave_window_unmap(WINDOWS + place * WINDOW_SPAN);
		(void)cleave_window_unmap(WINDOWS + place * WINDOW_SPAN + PAGE_SIZE);
	}
	for (u32 i = 0; i < nr_slots; i++) {
		(void)cleave_vm_note(slots[i].vm, CLEAVE_NOTE_NONE, 0, false);
		/* An empty slot has nothing to destroy, unless a creation was left half-way. */
		(void)steps(CLEAVE_FN_VM_DESTROY, slots[i].vm, true);
		if (cleave_vm_info(slots[i].vm, &info).error != 0 ||
		    info.state != CLEAVE_VM_EMPTY || (info.flags & CLEAVE_VM_FLAG_BUSY) != 0)
			check(false, "slot %u: state %u, flags 0x%x", slots[i].vm, info.state,
			      info.flags);
	}
}
