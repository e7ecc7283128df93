/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The jobs: taking one, stepping all of them in turn, and saying how each ends. A partition is in
 * one job at most; before anything else changes a partition it asks move_uses().
 */
#include "guests/manager/move/link.h"
#include "guests/manager/pack/pack.h"
#include "guests/manager/move/wall.h"

#define PROGRESS_PER_SECOND 4U
#define STALL_MS	    10000U

struct move move;

_Static_assert(2U * MOVE_JOBS <= HYPER_VIEWS, "each job has two places for windows");

/* --- jobs ------------------------------------------------------------------------------------- */

struct job *move_job_take(enum job_kind kind)
{
	u32 i;

	for (i = 0; i < MOVE_JOBS; i++) {
		struct job *job = &move.job[i];

		if (job->kind != JOB_NONE)
			continue;
		memset(job, 0, offsetof(struct job, tx));
		job->kind = kind;
		job->number = ++move.jobs;
		job->nonce = move_id();
		job->timebase = move.timebase;
		job->began = rdtime();
		return job;
	}
	return NULL;
}

struct job *move_job_new(enum job_kind kind)
{
	struct job *job = move_job_take(kind);

	if (job == NULL)
		shell_error("%u jobs are running, which is the limit; `jobs` shows them",
			    MOVE_JOBS);
	return job;
}

u32 move_view(const struct job *job, u32 end)
{
	return (u32)(job - move.job) * 2U + end;
}

/*
 * Take memory for the page history that --verify needs. It is taken from one end to the other, and
 * given back once no job has any.
 */
static bool move_history_take(struct job *job)
{
	struct migrate_machine machine;
	u32 number[MIGRATE_REGIONS_MAX];
	u64 bytes;

	if (hyper_describe(job->from.vm, &machine, number) != 0) {
		shell_error("the hypervisor does not describe the memory of partition %u \"%s\"",
			    job->from.vm, job->from.name);
		return false;
	}
	bytes = migrate_machine_pages(&machine) * sizeof(u32);
	if (bytes > move.history_size - move.history_used) {
		shell_error("--verify of partition %u \"%s\" needs %lu KiB for its page history, "
			    "and %lu KiB are left: give the manager's partition more memory",
			    job->from.vm, job->from.name, bytes / 1024U,
			    (move.history_size - move.history_used) / 1024U);
		return false;
	}
	job->history = (u32 *)(move.history + move.history_used);
	job->history_bytes = bytes;
	move.history_used += bytes;
	return true;
}

static void move_history_give(struct job *job)
{
	u32 i;

	job->history = NULL;
	for (i = 0; i < MOVE_JOBS; i++) {
		if (move.job[i].kind != JOB_NONE && move.job[i].history != NULL)
			return;
	}
	move.history_used = 0;
}

void move_job_drop(struct job *job)
{
	hyper_done(&job->from);
	hyper_done(&job->to);
	job->kind = JOB_NONE;
	move_history_give(job);
}

/*
 * An id has to be unique among all that a destination ever hears of. So it is a digest of the
 * time, of a count, and of the counters of the manager's own partition, which no reset of the
 * manager sets back.
 */
u64 move_id(void)
{
	u64 seed[CLEAVE_STAT_COUNT + 2U] = { 0 };
	u64 id;

	(void)cleave_stats(vms_self(), seed, CLEAVE_STAT_COUNT);
	seed[CLEAVE_STAT_COUNT] = rdtime();
	seed[CLEAVE_STAT_COUNT + 1U] = ++move.ids;
	id = migrate_digest(seed, sizeof(seed), 0) & ~MOVE_ID_LOCAL;
	return id == 0 ? 2U : id;
}

u32 move_recall(u64 id)
{
	struct sbiret r = cleave_outcome(id);

	if (r.error == 0 && r.value != (long)CLEAVE_OUTCOME_UNKNOWN)
		(void)ledger_put(&move.ledger, id, (u32)r.value);
	return ledger_find(&move.ledger, id);
}

bool move_configure(struct job *job, const struct move_wants *w,
		    struct migrate_source_config *config)
{
	if (w->verify && !move_history_take(job))
		return false;
	(void)hyper_leaves(job->from.vm, &job->before);
	*config = job_source_config(job);
	config->verify = w->verify;
	config->downtime_ms = (u32)w->downtime;
	config->passes = (u32)w->passes;
	config->bound_ms = (u32)w->bound;
	config->brake_max = (u32)w->brake;
	config->useless = w->useless;
	config->verify_apart = w->verify_apart;
	config->timeout_ms = (u32)(w->timeout * 1000U);
	config->rate = w->rate * MIB(1);
	config->stay_paused = w->paused;
	config->clock_runs = w->clock_runs;
	config->epochs = (u32)w->epochs;
	config->every_ms = (u32)w->every;
	config->stall_ms = STALL_MS;
	if (w->pack != NULL ? strcmp(w->pack, "lz4") == 0 : move.packs)
		config->pack = move.takes;
	return true;
}

/* --- the main loop's side --------------------------------------------------------------------- */

/*
 * The boot argument `pack`: what --pack is when it is not given. With `never` no packed page is
 * taken either, so what comes from a peer or a store never reaches lz4.
 */
static void move_init_pack(const void *fdt)
{
	char pack[8] = "none";

	(void)bootarg(fdt, "pack", pack, sizeof(pack));
	move.packs = strcmp(pack, "lz4") == 0;
	if (strcmp(pack, "never") == 0)
		return;
	move.takes = pack_lz4();
	if (move.packs && move.takes == NULL)
		shell_say("pack=lz4: this manager was built without lz4 (make setup fetches it)");
	else if (!move.packs && strcmp(pack, "none") != 0)
		shell_say("pack=%s: only none, lz4 and never are allowed; it is none", pack);
}

void move_init(const void *fdt)
{
	struct cleave_machine own;
	u64 base = 0;

	move.timebase = cleave_feature(CLEAVE_FEATURE_TIMEBASE);
	migrate_digest_use_zbb(cleave_machine(vms_self(), &own).error == 0 &&
			       migrate_machine_isa_has(own.isa, "zbb", 3));
	if (free_memory(fdt, &base, &move.history_size))
		move.history = (u8 *)base;
	else
		move.history_size = 0;
	move_init_pack(fdt);
	wall_init(fdt);
	move_restart();
	link_init(fdt);
}

static void move_say_done(const struct job *job)
{
	const char *also = job_line(job);
	const struct migrate_source *s = &job->source;
	u64 stood = job->sends ? s->progress.paused_ticks * 1000U / job->timebase : 0;
	u64 wanted = s->config.downtime_ms;
	struct migrate_line name;

	migrate_line_clear(&name);
	if (job->sends)
		migrate_line_add(&name, "%s", job->from.name);
	else
		migrate_line_add(&name, "%.*s", (int)sizeof(job->dest.hello.name),
				 job->dest.hello.name);
	if (s->config.verify_apart)
		wanted += s->verify_us / 1000U;
	if (job->sends && s->running_before && stood > wanted)
		migrate_line_add(&name, " to %s; it stood still for %lu ms, %lu ms were wanted",
				 job_target(job), stood, wanted);
	else
		migrate_line_add(&name, " to %s", job_target(job));
	if (job->receives && job->to.clock)
		migrate_line_add(&name, "; its time went on by %lu.%03lu s",
				 job->to.passed / job->timebase,
				 job->to.passed % job->timebase * 1000U / job->timebase);
	shell_say("done: %s %s%s%s", job_name(job), name.text, also[0] != '\0' ? "; " : "", also);
}

/*
 * Where the guest would have stood still for longer than it may, also say what helps. Before a
 * first pass has ended nobody knows.
 */
static void move_say_failed(const struct job *job)
{
	const struct migrate_source *s = &job->source;
	u64 estimate = s->progress.estimate_us / 1000U + 1U;

	if (job->sends && s->cancel.reason == MIGRATE_REASON_DOWNTIME && s->progress.rate != 0)
		shell_say(
			"help: --downtime %lu would have stopped it then; so may a higher --brake "
			"than %u, or a guest that writes less; --force stops it in any case",
			estimate, s->config.brake_max);
	if (job->sends && s->epochs != 0)
		shell_say("written: up to epoch %u", s->epochs - 1U);
	shell_say("failed: %s %s", job_name(job), job_line(job));
}

/*
 * Nothing that this machine keeps outlives a power cycle. So say what one would do, where the slot
 * that the guest has left names a kernel.
 */
static void move_say_note(const struct job *job)
{
	struct cleave_vm_info info;

	if (job->kind != JOB_SEND || cleave_vm_info(job->from.vm, &info).error != 0 ||
	    (info.flags & CLEAVE_VM_FLAG_KERNEL) == 0 ||
	    (info.flags & CLEAVE_VM_FLAG_INCOMING) != 0)
		return;
	shell_say("note: this machine keeps no note of the move over a power cycle: after one its "
		  "boot starts \"%s\" from the archive beside the guest that has left, unless it "
		  "has `manual-start`",
		  info.name);
}

static void move_job_end(struct job *job)
{
	link_over(job);
	shell_progress_end();
	job_say_report(job);
	if (job_ok(job)) {
		move_say_note(job);
		move_say_done(job);
	} else {
		move_say_failed(job);
	}
	move_job_drop(job);
}

/* Show how far the job is, but seldom while its guest stands still: printing costs it time. */
static void move_job_show(struct job *job)
{
	u64 now = rdtime();

	if (now - move.shown <
	    (job_paused(job) ? move.timebase : move.timebase / PROGRESS_PER_SECOND))
		return;
	move.shown = now;
	job_say_progress(job);
}

/* A state that a job brought a partition into is no news. */
static void move_expect(struct hyper *h)
{
	if (!h->changed)
		return;
	h->changed = false;
	vms_expect(h->vm, h->state);
}

bool move_step(void)
{
	enum job_result result;
	bool more = link_step();
	u32 i;

	for (i = 0; i < MOVE_JOBS; i++) {
		struct job *job = &move.job[i];

		if (job->kind == JOB_NONE)
			continue;
		result = job_step(job);
		move_expect(&job->from);
		move_expect(&job->to);
		switch (result) {
		case JOB_OVER:
			move_job_end(job);
			more = true;
			break;
		case JOB_MOVED:
			move_job_show(job);
			more = true;
			break;
		case JOB_WAITS:
		case JOB_DOUBTS:
			break;
		}
	}
	return more;
}

bool move_busy(void)
{
	u32 i;

	for (i = 0; i < MOVE_JOBS; i++) {
		if (move.job[i].kind != JOB_NONE)
			return true;
	}
	return false;
}

bool move_uses(u32 vm)
{
	u32 i;

	for (i = 0; i < MOVE_JOBS; i++) {
		if (job_uses(&move.job[i], vm))
			return true;
	}
	return false;
}
