/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a job prints, for a person or a script: its progress line, and the passes, sums and leaves
 * at its end.
 */
#include "guests/manager/commands.h"
#include "guests/manager/move/job.h"

static u64 job_report_ticks_ms(const struct job *job, u64 ticks)
{
	return ticks * 1000U / job->timebase;
}

/* Return: bytes a second, from @bytes in @ticks. */
static u64 job_report_rate(const struct job *job, u64 bytes, u64 ticks)
{
	u64 us = ticks * 1000U / (job->timebase / 1000U);

	return us == 0 ? 0 : bytes * 1000U / us * 1000U;
}

/* Write a rate in MiB/s, with tenths. */
static void job_report_rate_text(char *buf, size_t size, u64 bytes_a_second)
{
	u64 tenths = bytes_a_second * 10U / MIB(1);

	str_print(buf, size, "%lu.%lu", tenths / 10U, tenths % 10U);
}

const char *job_name(const struct job *job)
{
	static const char *const names[] = {
		[JOB_NONE] = "-",
		[JOB_MOVE] = "migrate",
		[JOB_SEND] = "migrate",
		[JOB_RECEIVE] = "receive",
		[JOB_CHECKPOINT] = "checkpoint",
		[JOB_RESTORE] = "restore",
	};

	return names[job->kind];
}

const char *job_target(const struct job *job)
{
	if (job->kind == JOB_SEND)
		return job->link_name;
	return job->kind == JOB_CHECKPOINT ? "store" : job->to.name;
}

/* --- progress --------------------------------------------------------------------------------- */

/* Write a rate as short as the row for a person needs it: with tenths only where they matter. */
static void job_report_rate_short(char *buf, size_t size, u64 bytes_a_second)
{
	if (bytes_a_second < 10U * MIB(1))
		job_report_rate_text(buf, size, bytes_a_second);
	else
		str_print(buf, size, "%lu", bytes_a_second / MIB(1));
}

/*
 * The row has 71 columns. This fits, with a name of five letters and numbers as long as they
 * usually get.
 */
static void job_report_say_row(const struct job *job, const struct migrate_progress *p, u64 now)
{
	char speed[24], dirty[24], what[24], brake[24] = "", known[64] = "";

	if (strcmp(p->phase, "copy") == 0)
		str_print(what, sizeof(what), "pass %u", p->pass);
	else
		str_print(what, sizeof(what), "%s", p->phase);
	job_report_rate_short(speed, sizeof(speed), now);
	job_report_rate_short(dirty, sizeof(dirty), p->dirty_rate * PAGE_SIZE);
	if (p->brake != 0)
		str_print(brake, sizeof(brake), ", brake %u%%", p->brake);
	/* Before a first pass has ended, nobody knows. */
	if (p->rate != 0)
		str_print(known, sizeof(known), ", dirty %s MiB/s, down %lu ms", dirty,
			  p->estimate_us / 1000U);
	shell_progress("%s: %s, %u%%, %s MiB/s%s%s", job->from.name, what, p->percent, speed, known,
		       brake);
}

static void job_report_say_source(struct job *job)
{
	const struct migrate_source *s = &job->source;
	const struct migrate_progress *p = migrate_source_progress(&job->source);
	u64 now = job_report_rate(job, s->tx.bytes - s->pass_bytes, rdtime() - s->pass_time);
	char speed[24], known[96] = "";

	if (p->pass == 0)
		now = 0;
	if (!shell_script()) {
		job_report_say_row(job, p, now);
		return;
	}
	job_report_rate_text(speed, sizeof(speed), now);
	if (p->rate != 0)
		str_print(known, sizeof(known),
			  " dirty_rate_pages_s=%lu left_pages=%lu estimate_ms=%lu", p->dirty_rate,
			  p->dirty, p->estimate_us / 1000U);
	shell_progress("job=%u phase=\"%s\" pass=%u percent=%u mib_s=%s%s brake_percent=%u",
		       job->number, p->phase, p->pass, p->percent, speed, known, p->brake);
}

static void job_report_say_dest(struct job *job)
{
	const struct migrate_progress *p = migrate_dest_progress(&job->dest);
	char speed[24];

	job_report_rate_text(speed, sizeof(speed),
			     job_report_rate(job, p->bytes, rdtime() - job->began));
	if (shell_script())
		shell_progress("job=%u phase=\"%s\" pass=%u pages=%lu zero_pages=%lu mib_s=%s",
			       job->number, p->phase, p->pass, p->pages, p->zero, speed);
	else
		shell_progress("%s: %s, pass %u, %lu pages, %lu zero, %s MiB/s", job_target(job),
			       p->phase, p->pass, p->pages, p->zero, speed);
}

void job_say_progress(struct job *job)
{
	if (job->sends)
		job_report_say_source(job);
	else
		job_report_say_dest(job);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void job_report_say_passes(const struct job *job)
{
	struct report *r = commands_report();
	u32 i;

	for (i = 0; i < job->rows; i++) {
		const struct job_row *row = &job->row[i];
		char speed[24];

		report_row(r);
		report_number(r, "pass", NULL, row->pass);
		report_number(r, "pages", NULL, row->pages);
		report_number(r, "zero", NULL, row->zero);
		report_bytes(r, "sent", row->bytes);
		report_number(r, "time", "ms", job_report_ticks_ms(job, row->ticks));
		job_report_rate_text(speed, sizeof(speed),
				     job_report_rate(job, row->bytes, row->ticks));
		report_text(r, "MiB/s", speed);
		report_number(r, "dirty left", NULL, row->left);
		report_percent(r, "brake", row->brake);
	}
	if (job->rows != 0)
		commands_say_table(r);
}

static void job_report_say_ratio(struct report *r, u64 pages, u64 first)
{
	char text[24];
	u64 thousandths = first == 0 ? 0 : pages * 1000U / first;

	str_print(text, sizeof(text), "%lu.%03lu", thousandths / 1000U, thousandths % 1000U);
	report_text(r, "ratio", text);
}

static void job_report_sums_source(const struct job *job, struct report *r)
{
	const struct migrate_progress *p = &job->source.progress;
	u64 first = job->rows != 0 && job->row[0].pass == 1 ? job->row[0].pages : 0;
	char speed[24];

	report_number(r, "passes", NULL, p->pass);
	if (job->source.config.epochs > 1U)
		report_number(r, "epochs", NULL, job->source.epochs);
	report_number(r, "pages", NULL, p->pages);
	report_number(r, "packed", NULL, p->packed);
	report_number(r, "zero", NULL, p->zero);
	report_number(r, "nonzero", NULL, first);
	job_report_say_ratio(r, p->pages, first);
	report_bytes(r, "sent", p->bytes);
	report_number(r, "time", "ms", job_report_ticks_ms(job, job->ended - job->began));
	job_report_rate_text(speed, sizeof(speed),
			     job_report_rate(job, p->bytes, job->ended - job->began));
	report_text(r, "MiB/s", speed);
	report_number(r, "downtime", "ms", job_report_ticks_ms(job, p->paused_ticks));
	report_number(r, "downtime ticks", NULL, p->paused_ticks);
	report_number(r, "paused at", "ticks", job->stage[JOB_STAGE_PAUSE]);
	report_number(r, "state at", "ticks", job->stage[JOB_STAGE_STATE]);
	report_number(r, "pages at", "ticks", job->stage[JOB_STAGE_PAGES]);
	report_number(r, "state", "bytes", job->from.state_bytes);
	report_number(r, "state of a vcpu", "bytes", job->from.vcpu_bytes);
}

static void job_report_sums_dest(const struct job *job, struct report *r)
{
	const struct migrate_dest *d = &job->dest;

	report_number(r, "passes", NULL, d->progress.pass);
	report_number(r, "pages", NULL, d->progress.pages);
	report_number(r, "packed", NULL, d->progress.packed);
	report_number(r, "zero", NULL, d->progress.zero);
	report_bytes(r, "received", d->rx.bytes);
	report_number(r, "time", "ms", job_report_ticks_ms(job, job->ended - job->began));
	report_number(r, "busy", "ticks", job->busy);
}

static void job_report_say_sums(struct job *job)
{
	struct report *r = commands_report();

	if (job->sends)
		(void)migrate_source_progress(&job->source);
	report_row(r);
	report_number(r, "job", NULL, job->number);
	if (job->sends)
		job_report_sums_source(job, r);
	else
		job_report_sums_dest(job, r);
	if (shell_script())
		commands_say_table(r);
	else
		commands_say_list(r);
}

static void job_report_leaves_row(struct report *r, const char *where, const char *when,
				  const struct cleave_leaves *leaves)
{
	report_row(r);
	report_text(r, "leaves", where);
	report_text(r, "when", when);
	report_number(r, "1 GiB", NULL, leaves->leaves[2]);
	report_number(r, "2 MiB", NULL, leaves->leaves[1]);
	report_number(r, "4 KiB", NULL, leaves->leaves[0]);
}

/*
 * The leaves where the guest was, and where it is now: huge leaves before mean huge leaves after.
 */
static void job_report_say_leaves(const struct job *job)
{
	bool here = job->receives && (job_ok(job) || !job->sends);
	const struct hyper *now = here ? &job->to : &job->from;
	struct report *r = commands_report();
	struct cleave_leaves after;

	if (!hyper_leaves(now->vm, &after))
		return;
	if (job->sends)
		job_report_leaves_row(r, job->from.name, "before", &job->before);
	job_report_leaves_row(r, now->name, "after", &after);
	commands_say_table(r);
}

void job_say_report(struct job *job)
{
	job_report_say_passes(job);
	if (job->sends || job_ok(job))
		job_report_say_sums(job);
	if ((job->sends && job->kind != JOB_SEND) || !job_ok(job) || job->receives)
		job_report_say_leaves(job);
}
