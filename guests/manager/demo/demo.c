/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Passes over a live partition in one mode of the dirty log: start, passes, stop with collapse.
 * Each is a row of a table.
 *
 * Each call is timed by itself, and the times are added up: what the manager does in between, such
 * as hashing, is no cost of the log.
 */
#include "guests/manager/demo/demo.h"
#include "guests/manager/shell/shell.h"

#define PASSES	    5U
#define PASS_GAP_US 200000U /* time between two passes */

/**
 * struct demo_row - a row of the table: what one step found and what it took; @calls: hypercalls
 */
struct demo_row {
	u64 dirty;
	u64 ticks;
	u64 calls;
};

/*
 * The counters when the last row ended. What the partition does between two rows counts for the
 * second of them.
 */
static u64 demo_counted[CLEAVE_STAT_COUNT];

static const char *demo_mode_name(u32 mode)
{
	switch (mode) {
	case CLEAVE_LOG_FAULT:
		return "fault-driven";
	case CLEAVE_LOG_EAGER:
		return "eager";
	case CLEAVE_LOG_INITIALLY_SET:
		return "initially-set";
	default:
		return "?";
	}
}

bool demo_table_begin(const struct demo_target *t)
{
	shell_say("%-13s  %-5s  %11s  %10s  %12s  %14s  %13s  %6s  %-16s  %5s  %12s", "mode",
		  "pass", "pages dirty", "KiB", "write faults", "split by fault", "split eagerly",
		  "fences", "call", "calls", "time, us");
	return !demo_failed(t, "stats", cleave_stats(t->info.id, demo_counted, CLEAVE_STAT_COUNT));
}

static bool demo_row_end(const struct demo_target *t, const struct demo_row *row, u32 mode,
			 const char *pass, const char *call)
{
	u64 now[CLEAVE_STAT_COUNT], since[CLEAVE_STAT_COUNT];
	/* Tenths of a microsecond: QEMU's tick is one. */
	u64 tenths = row->ticks * 10000000U / t->timebase;
	char time[24];
	u32 i;

	if (demo_failed(t, "stats", cleave_stats(t->info.id, now, CLEAVE_STAT_COUNT)))
		return false;
	for (i = 0; i < CLEAVE_STAT_COUNT; i++) {
		since[i] = now[i] - demo_counted[i];
		demo_counted[i] = now[i];
	}
	str_print(time, sizeof(time), "%lu.%lu", tenths / 10U, tenths % 10U);
	shell_say("%-13s  %-5s  %11lu  %10lu  %12lu  %14lu  %13lu  %6lu  %-16s  %5lu  %12s",
		  demo_mode_name(mode), pass, row->dirty, row->dirty * (PAGE_SIZE / 1024U),
		  since[CLEAVE_STAT_WRITE_FAULTS], since[CLEAVE_STAT_FAULT_SPLITS],
		  since[CLEAVE_STAT_EAGER_SPLITS], since[CLEAVE_STAT_FENCES], call, row->calls,
		  time);
	return true;
}

static struct sbiret demo_timed(struct demo_row *row, unsigned long fn, unsigned long a0,
				unsigned long a1, unsigned long a2, unsigned long a3,
				unsigned long a4, unsigned long a5)
{
	u64 begin = rdtime();
	struct sbiret r = cleave_call(fn, a0, a1, a2, a3, a4, a5);

	row->ticks += rdtime() - begin;
	row->calls++;
	return r;
}

static bool demo_start(const struct demo_target *t, u32 mode)
{
	struct demo_row row = { 0 };
	u32 n;

	for (n = 0; n < t->nr; n++) {
		struct sbiret r = { 0, 0 };

		do {
			r = demo_timed(&row, CLEAVE_FN_LOG_START, t->info.id, n, mode, 0,
				       (unsigned long)r.value, 0);
			if (demo_failed(t, "log start", r))
				return false;
		} while (r.value != 0);
	}
	return demo_row_end(t, &row, mode, "start", "start");
}

static bool demo_stop(const struct demo_target *t, u32 mode)
{
	struct demo_row row = { 0 };
	u32 n;

	for (n = 0; n < t->nr; n++) {
		struct sbiret r = { 0, 0 };

		do {
			r = demo_timed(&row, CLEAVE_FN_LOG_STOP, t->info.id, n,
				       CLEAVE_LOG_FLAG_COLLAPSE, (unsigned long)r.value, 0, 0);
			if (demo_failed(t, "log stop", r))
				return false;
		} while (r.value != 0);
	}
	return demo_row_end(t, &row, mode, "stop", "stop, collapse");
}

u64 demo_chunk(const struct demo_region *r, u64 first)
{
	return r->pages - first < DEMO_CHUNK ? r->pages - first : DEMO_CHUNK;
}

static u64 demo_count_bits(const u64 *bits, u64 count)
{
	u64 n = 0, i;

	for (i = 0; i < count; i++)
		n += bits[i / 64U] >> (i % 64U) & 1U;
	return n;
}

/*
 * Fetch and clear the bits of a chunk. An initially-set log is cleared as a migration does it: it
 * looks at the bits, then clears by the bitmap those that it saw, which starts the tracking of
 * their pages.
 * @count: in: pages wanted; out: pages done
 * Return: false when a call failed.
 */
static bool demo_harvest(const struct demo_target *t, struct demo_row *row, u32 mode, u32 region,
			 u64 first, u64 *count, u64 *bits)
{
	struct sbiret r;

	if (mode != CLEAVE_LOG_INITIALLY_SET) {
		r = demo_timed(row, CLEAVE_FN_LOG_GET_CLEAR, t->info.id, region, first, *count,
			       BUF_LO(bits), BUF_HI);
		if (demo_failed(t, "log get-and-clear", r))
			return false;
		*count = (u64)r.value;
		return true;
	}
	r = demo_timed(row, CLEAVE_FN_LOG_GET, t->info.id, region, first, *count, BUF_LO(bits),
		       BUF_HI);
	if (demo_failed(t, "log get", r))
		return false;
	/* Clear exactly what was looked at, in as many calls as it takes. */
	u64 end = first + (u64)r.value, at = first;

	while (at < end) {
		r = demo_timed(row, CLEAVE_FN_LOG_CLEAR, t->info.id, region, at, end - at,
			       BUF_LO(bits + (at - first) / 64U), BUF_HI);
		if (demo_failed(t, "log clear", r))
			return false;
		at += (u64)r.value;
	}
	*count = end - first;
	return true;
}

/*
 * Do one pass over all of the memory.
 * @verify: false in the first pass of an initially-set log: no page has been reported clean before
 *	it
 * Return: false when a call failed.
 */
static bool demo_pass(struct demo_target *t, u32 mode, u32 number, bool verify,
		      struct demo_verdict *v)
{
	static u64 bits[DEMO_CHUNK / 64U];
	char name[8];
	struct demo_row row = { 0 };
	u64 first, count;
	u32 n;

	for (n = 0; n < t->nr; n++) {
		for (first = 0; first < t->region[n].pages; first += count) {
			count = demo_chunk(&t->region[n], first);
			if (!demo_harvest(t, &row, mode, n, first, &count, bits))
				return false;
			row.dirty += demo_count_bits(bits, count);
			verify_hash_chunk(&t->region[n], first, count, bits);
			if (verify && !verify_chunk(t, n, first, count, bits, v))
				return false;
		}
	}
	str_print(name, sizeof(name), "%u", number);
	return demo_row_end(t, &row, mode, name,
			    mode == CLEAVE_LOG_INITIALLY_SET ? "get, clear" : "get-and-clear");
}

static bool demo_paused_check(struct demo_target *t, u32 mode, struct demo_verdict *v)
{
	struct demo_verdict before = *v;
	bool ok;

	if (demo_failed(t, "pause", cleave_vm_op(CLEAVE_FN_VM_PAUSE, t->info.id)))
		return false;
	ok = verify_paused(t, v);
	if (demo_failed(t, "resume", cleave_vm_op(CLEAVE_FN_VM_RESUME, t->info.id)))
		return false;
	shell_say("%-13s  partition paused: %lu pages reported clean are unchanged, %lu are not",
		  demo_mode_name(mode),
		  v->checked - before.checked - (v->unreported - before.unreported),
		  v->unreported - before.unreported);
	return ok;
}

bool demo_mode(struct demo_target *t, u32 mode, struct demo_verdict *v)
{
	u32 i;
	bool ok = demo_start(t, mode);

	if (!ok)
		return false;
	/*
	 * The start has reported no page and protected all of them: from here on every page counts
	 * as clean.
	 */
	if (mode != CLEAVE_LOG_INITIALLY_SET)
		verify_hash_all(t);
	for (i = 1; ok && i <= PASSES; i++) {
		ok = demo_wait(PASS_GAP_US) &&
		     demo_pass(t, mode, i, i > 1 || mode != CLEAVE_LOG_INITIALLY_SET, v);
	}
	ok = ok && demo_paused_check(t, mode, v);
	return demo_stop(t, mode) && ok;
}
