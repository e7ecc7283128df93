/* SPDX-License-Identifier: BSD-2-Clause */
/* Stepping the engines of a job, and recording what each pass did. job_report.c prints it. */
#include "guests/manager/move/job.h"
#include "guests/manager/move/move_internal.h"

#define BATCH 8U /* steps of each engine in one job_step(): a few milliseconds */

struct migrate_source_config job_source_config(struct job *job)
{
	struct migrate_source_config config = {
		.name = job->from.name,
		.guest = job->from.guest,
		.slot = job->slot,
		.id = job->from.id,
		.timebase = job->timebase,
		.kind = job->kind == JOB_CHECKPOINT ? MIGRATE_KIND_CHECKPOINT : MIGRATE_KIND_LIVE,
		.bound_ms = UINT32_MAX,
		.tx = job->tx[0],
		.tx_size = sizeof(job->tx[0]),
		.rx = job->rx[0],
		.rx_size = sizeof(job->rx[0]),
		.history = job->history,
		.history_pages = job->history_bytes / sizeof(u32),
	};

	memcpy(config.uuid, job->from.uuid, sizeof(config.uuid));
	return config;
}

static struct migrate_dest_config job_dest_config(struct job *job, struct ledger *ledger)
{
	return (struct migrate_dest_config){
		.name = job->to.name,
		.timebase = job->timebase,
		.kind = job->kind == JOB_RESTORE ? MIGRATE_KIND_CHECKPOINT : MIGRATE_KIND_LIVE,
		.uuid = job->to.only ? job->to.uuid : NULL,
		.ledger = ledger,
		.nonce = job->nonce,
		.pack = move.takes,
		.epoch = job->epoch,
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

bool job_begin_dest(struct job *job, struct ledger *ledger, const struct migrate_link *link)
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
		    struct ledger *ledger)
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

bool job_ask_self(struct job *job, struct ledger *ledger)
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

static bool job_over(enum migrate_step step)
{
	return step == MIGRATE_DONE || step == MIGRATE_FAILED;
}

/* --- passes ----------------------------------------------------------------------------------- */

static bool job_in_pass(const struct migrate_source *s)
{
	return s->state == MIGRATE_SRC_COPY || s->state == MIGRATE_SRC_PASS_END ||
	       s->state == MIGRATE_SRC_PASS_ACK;
}

/* Begin the row of a pass. When all rows are taken, the newest pass overwrites the last row. */
static void job_row_open(struct job *job)
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

static void job_row_close(struct job *job)
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

static void job_stage_over(struct job *job, u32 stage)
{
	if (job->stage[stage] == 0)
		job->stage[stage] = rdtime() - job->source.paused_at;
}

static void job_rows_follow(struct job *job)
{
	if (job->source.final)
		job_stage_over(job, JOB_STAGE_PAUSE);
	if (job->source.final && job_in_pass(&job->source))
		job_stage_over(job, JOB_STAGE_STATE);
	if (job->source.final && job->open && !job_in_pass(&job->source))
		job_stage_over(job, JOB_STAGE_PAGES);
	if (!job->open && job_in_pass(&job->source))
		job_row_open(job);
	else if (job->open && !job_in_pass(&job->source))
		job_row_close(job);
}

/* --- steps ------------------------------------------------------------------------------------ */

/* Return: true when it did something. */
static bool job_step_source(struct job *job)
{
	if (!job->sends || job_over(job->source_step) || job->source_step == MIGRATE_DOUBT)
		return false;
	job->source_step = migrate_source_step(&job->source);
	job_rows_follow(job);
	if (job_over(job->source_step)) {
		hyper_done(&job->from);
		migrate_pipe_close(&job->pipe, MIGRATE_PIPE_SOURCE);
	}
	return job->source_step == MIGRATE_PROGRESS || job_over(job->source_step);
}

static bool job_step_dest(struct job *job)
{
	if ((!job->receives && !job->asks) || job_over(job->dest_step))
		return false;
	job->dest_step = migrate_dest_step(&job->dest);
	if (job_over(job->dest_step)) {
		hyper_done(&job->to);
		migrate_pipe_close(&job->pipe, MIGRATE_PIPE_DEST);
	}
	return job->dest_step == MIGRATE_PROGRESS || job_over(job->dest_step);
}

/*
 * Return: bytes that have gone over the links. They grow also without a step that says PROGRESS,
 * as by a flush.
 */
static u64 job_moved(const struct job *job)
{
	return job->source.tx.bytes + job->source.rx.bytes + job->dest.tx.bytes +
	       job->dest.rx.bytes;
}

enum job_result job_step(struct job *job)
{
	u64 before = job_moved(job), begin = rdtime();
	bool any = false, more = true;
	u32 i;

	for (i = 0; i < BATCH && more; i++) {
		more = job_step_source(job);
		more = job_step_dest(job) || more;
		any = any || more;
	}
	if (any || job_moved(job) != before)
		job->busy += rdtime() - begin;
	if ((!job->sends || job_over(job->source_step)) &&
	    (!job->receives || job_over(job->dest_step))) {
		job->ended = rdtime();
		return JOB_OVER;
	}
	if (any || job_moved(job) != before)
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
	return job->sends ? job->source.paused && !job_over(job->source_step)
			  : job->receives && job->dest.stopped && !job_over(job->dest_step);
}

bool job_uses(const struct job *job, u32 vm)
{
	return job->kind != JOB_NONE &&
	       ((job->sends && job->from.vm == vm) || (job->receives && job->to.vm == vm));
}
