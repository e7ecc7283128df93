/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A job: one or two migration engines that are stepped until they are over, what they did pass by
 * pass, and the report at the end.
 *
 * All of it belongs to the manager's one hart. A job never waits: job_step() is bounded, and says
 * whether there is more to do at once.
 */
#ifndef GUESTS_MANAGER_JOB_H
#define GUESTS_MANAGER_JOB_H

#include "guests/lib/migrate/migrate_pipe.h"
#include "guests/manager/move/hyper.h"

#define JOB_BUFFER ((MIGRATE_BUFFER_MIN + 63U) / 64U * 64U) /* bytes */
#define JOB_ROWS   48U					    /* passes that are kept for the table */

/* Stages of the time in which a guest stands still, each up to its end */
#define JOB_STAGE_PAUSE 0U /* its vCPUs stop */
#define JOB_STAGE_STATE 1U /* its state is read */
#define JOB_STAGE_PAGES 2U /* its last pages go over */
#define JOB_STAGES	3U

/** enum job_kind - what a job does */
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
	JOB_OVER,   /* everything is over, whether it went well or not */
};

/**
 * struct job_row - what one pass carried
 * @pages: pages with their contents
 * @zero: pages that were zero
 * @bytes: of the link
 * @ticks: from the pass's first frame to its acknowledgement
 * @left: pages that were dirty after it
 * @brake: percent
 */
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
 * struct job - a job; its fields up to @tx are zero in a new one
 * @number: what a person calls it by
 * @sends, @receives: which engines it has: a source, a destination, or both
 * @asks: its source is in doubt, and asks this manager's own ledger through a destination without
 *	a slot
 * @nonce: of its destination's ACCEPT
 * @epoch: of a checkpoint that is to be restored
 * @link, @link_name: of the peer's link that it goes over
 * @astray: in doubt, and taken over from an earlier life of the manager: it may be any link
 * @asked: in doubt: when it last asked, ticks
 * @slot: the slot at the peer that a person wants; "": any
 * @said, @said_whom: in doubt: what was last said about what the job waits for
 * @said_of: digest of the line that was said with it
 * @from, @to: the hypervisor's side of the source and of the destination
 * @pipe: joins the two engines of one job
 * @timebase: ticks in a second
 * @began, @ended: ticks
 * @busy: ticks in steps that did something, without those in which a link was waited for
 * @before: the guest's leaves before the job
 * @history: the source's page history, @history_bytes bytes; NULL without --verify
 * @stage: ticks from the pause to the end of each stage (JOB_STAGE_*); 0: it has not ended
 * @row: the passes, @rows of them
 * @open: the last of them is under way
 * @row_begin, @row_pages, @row_zero, @row_bytes: time and sums when that pass began
 */
struct job {
	enum job_kind kind;
	u32 number;
	bool sends;
	bool receives;
	bool asks;
	u64 nonce;
	u32 epoch;
	u32 link;
	const char *link_name;
	bool astray;
	u64 asked;
	char slot[HYPER_NAME_MAX];
	const char *said;
	const char *said_whom;
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
	u64 busy;
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

/**
 * job_source_config() - make a source's configuration
 * Return: a configuration with names and buffers filled in; the caller adds what was asked for.
 */
struct migrate_source_config job_source_config(struct job *job);

/**
 * job_begin_move() - begin with both engines, joined by the job's pipe
 *
 * job->from and job->to are set up.
 * Return: true when they can begin; else job_line() says why not.
 */
bool job_begin_move(struct job *job, const struct migrate_source_config *config,
		    struct ledger *ledger);

/**
 * job_begin_source() - begin with one engine, a source at @link; job->from is set up
 * job_begin_dest() - begin with one engine, a destination at @link; job->to is set up
 * Return: true when it can begin; else job_line() says why not.
 */
bool job_begin_source(struct job *job, const struct migrate_source_config *config,
		      const struct migrate_link *link);
bool job_begin_dest(struct job *job, struct ledger *ledger, const struct migrate_link *link);

/**
 * job_doubts() - is the job's source in doubt?
 * Return: true when it is, whether or not it is asking the peer; false once it asks this manager.
 */
bool job_doubts(const struct job *job);

/**
 * job_ask_self() - let a source in doubt ask @ledger, which is this manager's
 * Return: false if it was not in doubt.
 */
bool job_ask_self(struct job *job, struct ledger *ledger);

/** job_step() - do a bounded piece of work of all its engines */
enum job_result job_step(struct job *job);

/**
 * job_cancel() - cancel the job
 * Return: false when it is too late; else the next steps undo everything.
 */
bool job_cancel(struct job *job);

/** job_ok() - Return: true when the job, which is over, did what it was to do */
bool job_ok(const struct job *job);

/** job_line() - Return: a line that says what went wrong; "" when nothing did */
const char *job_line(const struct job *job);

/**
 * job_paused() - does the guest stand still because of this job?
 * Return: true when it does: what can wait must wait.
 */
bool job_paused(const struct job *job);

/** job_uses() - Return: true when the job works on partition @vm */
bool job_uses(const struct job *job, u32 vm);

/** job_name() - Return: the kind of job in a word */
const char *job_name(const struct job *job);

/** job_target() - Return: where the guest goes, in a word */
const char *job_target(const struct job *job);

/** job_say_progress() - show the progress line */
void job_say_progress(struct job *job);

/** job_say_report() - print the passes, sums and leaves of a job that is over */
void job_say_report(struct job *job);

#endif
