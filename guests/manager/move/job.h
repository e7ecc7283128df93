/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A job: one or two migration engines that are stepped until they are over, what they did pass by pass, and the report at
 * its end.
 *
 * All of it belongs to the manager's one hart. A job never waits: job_step() is bounded, and says whether there is more to do at
 * once.
 */
#ifndef GUESTS_MANAGER_JOB_H
#define GUESTS_MANAGER_JOB_H

#include "guests/lib/migrate/migrate_pipe.h"
#include "guests/manager/move/hyper.h"

#define JOB_BUFFER ((MIGRATE_BUFFER_MIN + 63U) / 64U * 64U) /* bytes */
#define JOB_ROWS   48U					    /* passes that are kept for the table */

/* What a guest stands still for, up to when it runs again */
#define JOB_STAGE_PAUSE 0U
#define JOB_STAGE_STATE 1U
#define JOB_STAGE_PAGES 2U
#define JOB_STAGES	3U

enum job_kind {
	JOB_NONE,
	JOB_MOVE,	/* slot to slot of this machine */
	JOB_SEND,	/* to the peer */
	JOB_RECEIVE,	/* from the peer */
	JOB_CHECKPOINT, /* to the store */
	JOB_RESTORE,	/* from the store */
};

/** enum job_result - what job_step() found */
enum job_result {
	JOB_MOVED,  /* something was done: call again */
	JOB_WAITS,  /* nothing can be done until a link moves */
	JOB_DOUBTS, /* the source is in doubt: it needs a new connection */
	JOB_OVER,   /* everything is over, well or not */
};

/** struct job_row - what a pass carried; @ticks: from its first frame to its acknowledgement; @left: dirty pages behind it */
struct job_row {
	u32 pass;
	u64 pages;
	u64 zero;
	u64 bytes;
	u64 ticks;
	u64 left;
	u32 brake;
};

/**
 * struct job
 * @number: that a person calls it by
 * @sends, @receives: which of its engines it has
 * @said: what was said last about what it waits for; @said_of: digest of the line before it
 * @asks: its source asks this manager's own ledger, by a destination without a slot
 * @began: ticks
 * @before: leaves of the guest before, @after: where it is then
 * @history: of the source, NULL without --verify; @history_bytes: of it
 * @stage: ticks from the pause to when it had answered, to when the state was read, to when the last pages were there; 0: not yet
 * @row: passes; @rows: how many; @open: the last of them is under way; the fields behind it are sums when that pass began
 */
struct job {
	enum job_kind kind;
	u32 number;
	bool sends;
	bool receives;
	bool asks;
	const char *said;
	u64 said_of;
	struct hyper from;
	struct hyper to;
	struct migrate_source source;
	struct migrate_dest dest;
	enum migrate_step source_step;
	enum migrate_step dest_step;
	struct migrate_pipe pipe;
	u64 timebase;
	u64 began;
	u64 ended;
	struct cleave_leaves before;
	u32 *history;
	u64 history_bytes;
	u64 stage[JOB_STAGES];
	struct job_row row[JOB_ROWS];
	u32 rows;
	bool open;
	u64 row_begin;
	u64 row_pages;
	u64 row_zero;
	u64 row_bytes;
	u64 tx[2][JOB_BUFFER / sizeof(u64)];
	u64 rx[2][JOB_BUFFER / sizeof(u64)];
};

/** job_source_config() - buffers and names filled in; the caller adds what was asked for */
struct migrate_source_config job_source_config(struct job *job);

/** job_dest_config() - the same for a destination, with @ledger; it takes the kind of stream that the job is for */
struct migrate_dest_config job_dest_config(struct job *job, struct migrate_ledger *ledger);

/**
 * job_begin_move() - both engines, joined by the job's pipe; @from and @to are set up
 * Return: they can begin, else job_line() says why not.
 */
bool job_begin_move(struct job *job, const struct migrate_source_config *config,
		    struct migrate_ledger *ledger);

/** job_begin_source(), job_begin_dest() - one engine, at @link. Return: it can begin, else job_line() says why not */
bool job_begin_source(struct job *job, const struct migrate_source_config *config,
		      const struct migrate_link *link);
bool job_begin_dest(struct job *job, struct migrate_ledger *ledger,
		    const struct migrate_link *link);

/** job_doubts() - Return: its source is in doubt, and may be asking the peer just now; it does not ask this manager yet */
bool job_doubts(const struct job *job);

/** job_ask_self() - a source in doubt asks @ledger of this manager. Return: it was in doubt */
bool job_ask_self(struct job *job, struct migrate_ledger *ledger);

/** job_step() - a bounded piece of work of all its engines. Return: enum job_result */
enum job_result job_step(struct job *job);

/** job_cancel() - Return: it is not too late; the next steps undo everything */
bool job_cancel(struct job *job);

/** job_ok() - a job that is over: Return: it did what it was to do */
bool job_ok(const struct job *job);

/** job_line() - Return: what went wrong, "" when nothing did */
const char *job_line(const struct job *job);

/** job_paused() - Return: the guest stands still because of this job: do nothing now that can wait */
bool job_paused(const struct job *job);

/** job_uses() - Return: it works on partition @vm */
bool job_uses(const struct job *job, u32 vm);

/** job_name() - Return: its kind in a word; job_target() - where the guest goes, in a word */
const char *job_name(const struct job *job);
const char *job_target(const struct job *job);

/** job_say_progress() - the progress line; job_say_report() - table, sums and leaves of a job that is over */
void job_say_progress(struct job *job);
void job_say_report(struct job *job);

#endif
