/* SPDX-License-Identifier: BSD-2-Clause */
/* Stepping the engines of a job, and noting what each pass did. What it looks like to a person is job_report.c's. */
#include "guests/manager/move/job.h"

#define BATCH 64U /* steps of each engine in one job_step(): a few milliseconds */

struct migrate_source_config job_source_config(struct job *job)
{
	return (struct migrate_source_config){
		.name = job->from.name,
		.id = job->from.id,
		.timebase = job->timebase,
		.bound_ms = UINT32_MAX,
		.tx = job->tx[0],
		.tx_size = sizeof(job->tx[0]),
		.rx = job->rx[0],
		.rx_size = sizeof(job->rx[0]),
		.history = job->history,
		.history_pages = job->history_bytes / sizeof(u32),
	};
}

struct migrate_dest_config job_dest_config(struct job *job, struct migrate_ledger *ledger)
{
	return (struct migrate_dest_config){
		.name = job->to.name,
		.timebase = job->timebase,
		.kind = job->kind == JOB_RESTORE ? MIGRATE_KIND_CHECKPOINT : MIGRATE_KIND_LIVE,
		.ledger = ledger,
		.tx = job->tx[1],
		.tx_size = sizeof(job->tx[1]),
		.rx = job->rx[1],
		.rx_size = sizeof(job->rx[1]),
	};
}

bool job_begin_source(struct job *job, const struct migrate_source_config *config,
		      const struct migrate_link *link)
{
	job->sends = true;
	job->source_step = MIGRATE_PROGRESS;
	if (migrate_source_init(&job->source, &hyper_ops, &job->from, link, config))
		return true;
	job->source_step = MIGRATE_FAILED;
	return false;
}

bool job_begin_dest(struct job *job, struct migrate_ledger *ledger, const struct migrate_link *link)
{
	struct migrate_dest_config config = job_dest_config(job, ledger);

	job->receives = true;
	job->dest_step = MIGRATE_PROGRESS;
	if (migrate_dest_init(&job->dest, &hyper_ops, &job->to, link, &config))
		return true;
	job->dest_step = MIGRATE_FAILED;
	return false;
}

bool job_begin_move(struct job *job, const struct migrate_source_config *config,
		    struct migrate_ledger *ledger)
{
	struct migrate_link source = migrate_pipe_link(&job->pipe, MIGRATE_PIPE_SOURCE);
	struct migrate_link dest = migrate_pipe_link(&job->pipe, MIGRATE_PIPE_DEST);

	migrate_pipe_init(&job->pipe, &job->source.tx, &job->dest.tx);
	return job_begin_dest(job, ledger, &dest) && job_begin_source(job, config, &source);
}

bool job_doubts(const struct job *job)
{
	return job->sends && !job->asks && migrate_source_doubts(&job->source);
}

bool job_ask_self(struct job *job, struct migrate_ledger *ledger)
{
	struct migrate_link source = migrate_pipe_link(&job->pipe, MIGRATE_PIPE_SOURCE);
	struct migrate_link dest = migrate_pipe_link(&job->pipe, MIGRATE_PIPE_DEST);
	struct migrate_dest_config config = job_dest_config(job, ledger);

	migrate_pipe_init(&job->pipe, &job->source.tx, &job->dest.tx);
	job->asks = migrate_source_reconnect(&job->source, &source) &&
		    migrate_dest_init(&job->dest, &hyper_ops, &job->to, &dest, &config);
	job->receives = false;
	job->source_step = MIGRATE_PROGRESS;
	job->dest_step = MIGRATE_PROGRESS;
	return job->asks;
}

static bool over(enum migrate_step step)
{
	return step == MIGRATE_DONE || step == MIGRATE_FAILED;
}

/* --- passes --------------------------------------------------------------------------------------------------------- */

static bool in_pass(const struct migrate_source *s)
{
	return s->state == MIGRATE_SRC_COPY || s->state == MIGRATE_SRC_PASS_END ||
	       s->state == MIGRATE_SRC_PASS_ACK;
}

/* Of more passes than there are rows, the last keeps its own. */
static void row_open(struct job *job)
{
	const struct migrate_source *s = &job->source;

	if (job->rows < JOB_ROWS)
		job->rows++;
	job->open = true;
	job->row_begin = s->pass_time;
	job->row_pages = s->progress.pages;
	job->row_zero = s->progress.zero;
	job->row_bytes = s->pass_bytes;
	job->row[job->rows - 1U] =
		(struct job_row){ .pass = s->progress.pass, .brake = s->progress.brake };
}

static void row_close(struct job *job)
{
	const struct migrate_source *s = &job->source;
	struct job_row *row = &job->row[job->rows - 1U];

	job->open = false;
	row->pages = s->progress.pages - job->row_pages;
	row->zero = s->progress.zero - job->row_zero;
	row->bytes = s->tx.bytes - job->row_bytes;
	row->ticks = rdtime() - job->row_begin;
	row->left = s->final ? 0 : s->progress.dirty;
}

static void stage_over(struct job *job, u32 stage)
{
	if (job->stage[stage] == 0)
		job->stage[stage] = rdtime() - job->source.paused_at;
}

static void rows_follow(struct job *job)
{
	if (job->source.final)
		stage_over(job, JOB_STAGE_PAUSE);
	if (job->source.final && in_pass(&job->source))
		stage_over(job, JOB_STAGE_STATE);
	if (job->source.final && job->open && !in_pass(&job->source))
		stage_over(job, JOB_STAGE_PAGES);
	if (!job->open && in_pass(&job->source))
		row_open(job);
	else if (job->open && !in_pass(&job->source))
		row_close(job);
}

/* --- steps ---------------------------------------------------------------------------------------------------------- */

/* Return: it did something */
static bool step_source(struct job *job)
{
	if (!job->sends || over(job->source_step) || job->source_step == MIGRATE_DOUBT)
		return false;
	job->source_step = migrate_source_step(&job->source);
	rows_follow(job);
	if (over(job->source_step)) {
		hyper_done(&job->from);
		migrate_pipe_close(&job->pipe, MIGRATE_PIPE_SOURCE);
	}
	return job->source_step == MIGRATE_PROGRESS || over(job->source_step);
}

static bool step_dest(struct job *job)
{
	if ((!job->receives && !job->asks) || over(job->dest_step))
		return false;
	job->dest_step = migrate_dest_step(&job->dest);
	if (over(job->dest_step)) {
		hyper_done(&job->to);
		migrate_pipe_close(&job->pipe, MIGRATE_PIPE_DEST);
	}
	return job->dest_step == MIGRATE_PROGRESS || over(job->dest_step);
}

/* Bytes that went between the two without a step that says PROGRESS: a flush, or what came in behind a frame. */
static u64 moved(const struct job *job)
{
	return job->source.tx.bytes + job->source.rx.bytes + job->dest.tx.bytes +
	       job->dest.rx.bytes;
}

enum job_result job_step(struct job *job)
{
	u64 before = moved(job);
	bool any = false, more = true;
	u32 i;

	for (i = 0; i < BATCH && more; i++) {
		more = step_source(job);
		more = step_dest(job) || more;
		any = any || more;
	}
	if ((!job->sends || over(job->source_step)) && (!job->receives || over(job->dest_step))) {
		job->ended = rdtime();
		return JOB_OVER;
	}
	if (any || moved(job) != before)
		return JOB_MOVED;
	return job->sends && job->source_step == MIGRATE_DOUBT ? JOB_DOUBTS : JOB_WAITS;
}

bool job_cancel(struct job *job)
{
	return job->sends ? migrate_source_cancel(&job->source) : migrate_dest_cancel(&job->dest);
}

bool job_ok(const struct job *job)
{
	if (job->sends)
		return job->source_step == MIGRATE_DONE;
	return job->dest_step == MIGRATE_DONE && migrate_dest_has_guest(&job->dest);
}

const char *job_line(const struct job *job)
{
	const char *line = job->sends ? migrate_source_line(&job->source) : "";

	return line[0] != '\0' || !job->receives ? line : migrate_dest_line(&job->dest);
}

bool job_paused(const struct job *job)
{
	return job->sends ? job->source.paused && !over(job->source_step)
			  : job->receives && job->dest.stopped && !over(job->dest_step);
}

bool job_uses(const struct job *job, u32 vm)
{
	return job->kind != JOB_NONE &&
	       ((job->sends && job->from.vm == vm) || (job->receives && job->to.vm == vm));
}
