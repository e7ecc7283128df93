/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways out of a migration at the source: the guest runs on here with everything it had, or it
 * is the destination's and is forgotten here.
 *
 * A call that fails on the way out is added to the line, and does not stop what comes after it.
 */
#include "guests/lib/migrate/migrate_internal.h"

void migrate_cancel_fill(struct migrate_cancel *cancel, uint32_t reason, uint64_t arg,
			 const char *text)
{
	size_t n = strlen(text);

	*cancel = (struct migrate_cancel){ .reason = reason, .arg = arg };
	memcpy(cancel->text, text, n < sizeof(cancel->text) ? n : sizeof(cancel->text) - 1U);
}

void migrate_cancel_say(const struct migrate_cancel *cancel, struct migrate_line *line)
{
	if (cancel->text[0] == '\0')
		migrate_line_add(line, "reason %u", cancel->reason);
	else
		migrate_line_add(line, "%.*s", (int)sizeof(cancel->text), cancel->text);
}

static void migrate_leave_also(struct migrate_source *s, const char *call, int error)
{
	if (error == 0)
		return;
	if (s->line.length == 0U)
		(void)migrate_source_say(s);
	else
		migrate_line_add(&s->line, "; ");
	migrate_line_add(&s->line, "%s", call);
	migrate_line_error(&s->line, error);
}

void migrate_leave_brake_off(struct migrate_source *s)
{
	if (s->progress.brake != 0U)
		migrate_leave_also(s, "brake", s->ops->vm_brake(s->ctx, 0));
	s->progress.brake = 0;
}

/* If the guest was paused before the migration, or has ended by itself, it is left as it is. */
void migrate_leave_run(struct migrate_source *s)
{
	uint64_t stood;

	if (!s->paused)
		return;
	if (s->running_before && s->ops->vm_state(s->ctx) == (int)CLEAVE_VM_PAUSED)
		migrate_leave_also(s, "resume", s->ops->vm_resume(s->ctx));
	stood = s->ops->time(s->ctx) - s->paused_at;
	if (stood > s->progress.paused_ticks)
		s->progress.paused_ticks = stood;
	s->paused = false;
}

/* The guest comes first, because it stands still. */
enum migrate_step migrate_leave_resume(struct migrate_source *s)
{
	migrate_leave_brake_off(s);
	if (s->committed)
		migrate_leave_also(s, "taking the guest back", s->ops->vm_own(s->ctx, true));
	s->committed = false;
	migrate_leave_run(s);
	s->region = 0;
	s->cursor = 0;
	s->state = MIGRATE_SRC_LOG_STOP;
	return MIGRATE_PROGRESS;
}

static void migrate_leave_logs_stopped(struct migrate_source *s)
{
	s->moved_at = s->ops->time(s->ctx);
	if (!s->failed)
		s->state = MIGRATE_SRC_DONE;
	else if (s->told || s->tx.dead)
		s->state = MIGRATE_SRC_FAILED;
	else
		s->state = MIGRATE_SRC_TELL;
}

enum migrate_step migrate_leave_log_stop(struct migrate_source *s)
{
	uint64_t dirty;
	int err;

	if (s->region >= s->logs) {
		migrate_leave_logs_stopped(s);
		return MIGRATE_PROGRESS;
	}
	/* A start that failed may have left nothing to stop. */
	if (s->cursor == 0U && s->ops->log_status(s->ctx, s->region, &dirty) == CLEAVE_LOG_OFF) {
		s->region++;
		return MIGRATE_PROGRESS;
	}
	err = s->ops->log_stop(s->ctx, s->region, &s->cursor);
	migrate_leave_also(s, "stop of the dirty log", err);
	if (err != 0)
		s->cursor = 0;
	if (s->cursor == 0U)
		s->region++;
	return MIGRATE_PROGRESS;
}

/*
 * Wait for the link to take the CANCEL, but no longer than a second: the guest is safe, and CANCEL
 * only saves the other end a wait.
 */
enum migrate_step migrate_leave_tell(struct migrate_source *s)
{
	if (!s->told)
		s->told = migrate_tx_record(&s->tx, &s->crc, MIGRATE_REC_CANCEL, &s->cancel,
					    sizeof(s->cancel));
	if ((s->told && migrate_tx_waiting(&s->tx) == 0U) || s->tx.dead ||
	    s->ops->time(s->ctx) - s->moved_at > MIGRATE_TELL_SECONDS * s->config.timebase) {
		s->state = MIGRATE_SRC_FAILED;
		return MIGRATE_FAILED;
	}
	return MIGRATE_WANT_SEND;
}

/* Only here is a guest forgotten, and only after the destination has said RUNNING. */
enum migrate_step migrate_leave_forget(struct migrate_source *s)
{
	int err;

	migrate_leave_brake_off(s);
	if (s->progress.paused_ticks == 0U)
		s->progress.paused_ticks = s->ops->time(s->ctx) - s->paused_at;
	err = s->ops->vm_destroy(s->ctx, &s->cursor);
	migrate_leave_also(s, "emptying the slot that the guest left", err);
	if (err == 0 && s->cursor != 0U)
		return MIGRATE_PROGRESS;
	if (err == 0)
		migrate_leave_also(s, "striking out the note", s->ops->vm_own(s->ctx, true));
	s->state = MIGRATE_SRC_DONE;
	return MIGRATE_DONE;
}
