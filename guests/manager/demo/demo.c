/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Passes over a live partition in one mode of the dirty log: start, passes, stop with collapse; one line of a table each.
 *
 * Calls are timed each for itself and added up: what the manager does in between (hashing) is not their cost.
 */
#include "guests/manager/demo/demo.h"
#include "guests/manager/shell/shell.h"

#define PASS_GAP_US 200000U /* guest time between passes */

/** struct row - a line of the table: what this step found and took */
struct row {
	u64 dirty;
	u64 ticks;
	u64 calls;
};

/* Counters up to the last line: what the partition did between two lines belongs to the pass that reports it. */
static u64 counted[CLEAVE_STAT_COUNT];

static const char *mode_name(u32 mode)
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

bool demo_table_begin(const struct target *t)
{
	shell_say("%-13s  %-5s  %11s  %10s  %12s  %14s  %13s  %6s  %-16s  %5s  %12s", "mode",
		  "pass", "pages dirty", "KiB", "write faults", "split by fault", "split eagerly",
		  "fences", "call", "calls", "time, us");
	return !failed(t, "stats", cleave_stats(t->info.id, counted, CLEAVE_STAT_COUNT));
}

static bool row_end(const struct target *t, const struct row *row, u32 mode, const char *pass,
		    const char *call)
{
	u64 now[CLEAVE_STAT_COUNT], since[CLEAVE_STAT_COUNT];
	/* Tenths of a microsecond: a tick of QEMU's is one. */
	u64 tenths = row->ticks * 10000000U / t->timebase;
	char time[24];
	u32 i;

	if (failed(t, "stats", cleave_stats(t->info.id, now, CLEAVE_STAT_COUNT)))
		return false;
	for (i = 0; i < CLEAVE_STAT_COUNT; i++) {
		since[i] = now[i] - counted[i];
		counted[i] = now[i];
	}
	str_print(time, sizeof(time), "%lu.%lu", tenths / 10U, tenths % 10U);
	shell_say("%-13s  %-5s  %11lu  %10lu  %12lu  %14lu  %13lu  %6lu  %-16s  %5lu  %12s",
		  mode_name(mode), pass, row->dirty, row->dirty * (PAGE_SIZE / 1024U),
		  since[CLEAVE_STAT_WRITE_FAULTS], since[CLEAVE_STAT_FAULT_SPLITS],
		  since[CLEAVE_STAT_EAGER_SPLITS], since[CLEAVE_STAT_FENCES], call, row->calls,
		  time);
	return true;
}

static struct sbiret timed(struct row *row, unsigned long fn, unsigned long a0, unsigned long a1,
			   unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	u64 begin = rdtime();
	struct sbiret r = cleave_call(fn, a0, a1, a2, a3, a4, a5);

	row->ticks += rdtime() - begin;
	row->calls++;
	return r;
}

static bool start(const struct target *t, u32 mode)
{
	struct row row = { 0 };
	u32 n;

	for (n = 0; n < t->nr; n++) {
		struct sbiret r = { 0, 0 };

		do {
			r = timed(&row, CLEAVE_FN_LOG_START, t->info.id, n, mode, 0,
				  (unsigned long)r.value, 0);
			if (failed(t, "log start", r))
				return false;
		} while (r.value != 0);
	}
	return row_end(t, &row, mode, "start", "start");
}

static bool stop(const struct target *t, u32 mode)
{
	struct row row = { 0 };
	u32 n;

	for (n = 0; n < t->nr; n++) {
		struct sbiret r = { 0, 0 };

		do {
			r = timed(&row, CLEAVE_FN_LOG_STOP, t->info.id, n, CLEAVE_LOG_FLAG_COLLAPSE,
				  (unsigned long)r.value, 0, 0);
			if (failed(t, "log stop", r))
				return false;
		} while (r.value != 0);
	}
	return row_end(t, &row, mode, "stop", "stop, collapse");
}

static u64 count_bits(const u64 *bits, u64 count)
{
	u64 n = 0, i;

	for (i = 0; i < count; i++)
		n += bits[i / 64U] >> (i % 64U) & 1U;
	return n;
}

/*
 * Fetch and clear the bits of a chunk. An initially-set log is cleared as a migration would: the bits are looked at, and those
 * that were seen are cleared by the bitmap, which starts the tracking of their pages. @count: in: pages wanted, out: done.
 */
static bool harvest(const struct target *t, struct row *row, u32 mode, u32 region, u64 first,
		    u64 *count, u64 *bits)
{
	struct sbiret r;

	if (mode != CLEAVE_LOG_INITIALLY_SET) {
		r = timed(row, CLEAVE_FN_LOG_GET_CLEAR, t->info.id, region, first, *count,
			  BUF_LO(bits), BUF_HI);
		if (failed(t, "log get-and-clear", r))
			return false;
		*count = (u64)r.value;
		return true;
	}
	r = timed(row, CLEAVE_FN_LOG_GET, t->info.id, region, first, *count, BUF_LO(bits), BUF_HI);
	if (failed(t, "log get", r))
		return false;
	/* What was looked at is cleared: no more, but all of it. */
	u64 end = first + (u64)r.value, at = first;

	while (at < end) {
		r = timed(row, CLEAVE_FN_LOG_CLEAR, t->info.id, region, at, end - at,
			  BUF_LO(bits + (at - first) / 64U), BUF_HI);
		if (failed(t, "log clear", r))
			return false;
		at += (u64)r.value;
	}
	*count = end - first;
	return true;
}

/* @verify: false in the first pass of an initially-set log, before which no page has been told clean. */
static bool pass(struct target *t, u32 mode, u32 number, bool verify, struct verdict *v)
{
	static u64 bits[CHUNK_PAGES / 64U];
	char name[8];
	struct row row = { 0 };
	u64 first, count;
	u32 n;

	for (n = 0; n < t->nr; n++) {
		for (first = 0; first < t->region[n].pages; first += count) {
			count = t->region[n].pages - first;
			if (count > CHUNK_PAGES)
				count = CHUNK_PAGES;
			if (!harvest(t, &row, mode, n, first, &count, bits))
				return false;
			row.dirty += count_bits(bits, count);
			verify_hash_chunk(&t->region[n], first, count, bits);
			if (verify && !verify_chunk(t, n, first, count, bits, v))
				return false;
		}
	}
	str_print(name, sizeof(name), "%u", number);
	return row_end(t, &row, mode, name,
		       mode == CLEAVE_LOG_INITIALLY_SET ? "get, clear" : "get-and-clear");
}

static bool paused_check(struct target *t, u32 mode, struct verdict *v)
{
	struct verdict before = *v;
	bool ok;

	if (failed(t, "pause", cleave_vm_op(CLEAVE_FN_VM_PAUSE, t->info.id)))
		return false;
	ok = verify_paused(t, v);
	if (failed(t, "resume", cleave_vm_op(CLEAVE_FN_VM_RESUME, t->info.id)))
		return false;
	shell_say("%-13s  partition paused: %lu pages reported clean are unchanged, %lu are not",
		  mode_name(mode),
		  v->checked - before.checked - (v->unreported - before.unreported),
		  v->unreported - before.unreported);
	return ok;
}

bool demo_mode(struct target *t, u32 mode, struct verdict *v)
{
	u32 i;
	bool ok = start(t, mode);

	if (!ok)
		return false;
	/* Nothing is reported and all is protected: every page is told clean, and its contents count from here. */
	if (mode != CLEAVE_LOG_INITIALLY_SET)
		verify_hash_all(t);
	for (i = 1; ok && i <= PASSES; i++) {
		ok = demo_wait(PASS_GAP_US) &&
		     pass(t, mode, i, i > 1 || mode != CLEAVE_LOG_INITIALLY_SET, v);
	}
	ok = ok && paused_check(t, mode, v);
	return stop(t, mode) && ok;
}
