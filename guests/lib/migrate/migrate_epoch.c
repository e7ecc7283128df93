/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Epochs of a checkpoint: the guest is written once, and from then on what it has changed, again
 * and again. After each hand-over the stream holds a whole guest.
 *
 * At the source the dirty log stays on between two epochs, so that nothing is lost: a bit that is
 * set after an epoch's last clear is a page of the next one. The destination writes into one slot.
 * Once a page of an epoch has come, the epoch before it is not in the slot any more; so a stream
 * that is cut within an epoch leaves the slot empty, and says which epochs are whole.
 */
#include "guests/lib/migrate/migrate_internal.h"

/* --- source ----------------------------------------------------------------------------------- */

enum migrate_source_state migrate_epoch_sent(struct migrate_source *s)
{
	s->epochs++;
	if (s->config.epochs > 1U && (s->epochs >= s->config.epochs || s->ending))
		return MIGRATE_SRC_END;
	return MIGRATE_SRC_FLUSH;
}

enum migrate_step migrate_epoch_end(struct migrate_source *s)
{
	struct migrate_end end = { .epochs = s->epochs };

	if (!migrate_tx_record(&s->tx, &s->crc, MIGRATE_REC_END, &end, sizeof(end)))
		return MIGRATE_WANT_SEND;
	s->ended = true;
	s->state = MIGRATE_SRC_FLUSH;
	return MIGRATE_PROGRESS;
}

/* A checkpoint, or an epoch of it, is written when the link has all of it. */
enum migrate_step migrate_epoch_flush(struct migrate_source *s)
{
	if (migrate_tx_waiting(&s->tx) != 0U)
		return MIGRATE_WANT_SEND;
	if (s->config.epochs <= 1U || s->ended) {
		s->state = MIGRATE_SRC_RESUME;
		return MIGRATE_PROGRESS;
	}
	migrate_leave_brake_off(s);
	migrate_leave_run(s);
	s->final = false;
	s->index = 0;
	s->state = MIGRATE_SRC_REST;
	return MIGRATE_PROGRESS;
}

/* Meanwhile a person may have paused or resumed the guest, or it may have ended. */
enum migrate_step migrate_epoch_rest(struct migrate_source *s)
{
	uint64_t now = s->ops->time(s->ctx);

	if (s->ending) {
		s->state = MIGRATE_SRC_END;
		return MIGRATE_PROGRESS;
	}
	if (now - s->epoch_at < migrate_source_ratio(s->config.every_ms, s->config.timebase, 1000U))
		return MIGRATE_WANT_SEND;
	if (!migrate_source_state_ok(s))
		return migrate_source_fail(s, MIGRATE_REASON_MACHINE);
	s->epoch_at = now;
	s->began_at = now;
	s->epoch_pass = s->progress.pass;
	s->state = MIGRATE_SRC_PASS_BEGIN;
	return MIGRATE_PROGRESS;
}

bool migrate_epoch_cancel(struct migrate_source *s)
{
	if (s->config.epochs <= 1U || s->epochs == 0U || s->ending)
		return false;
	s->ending = true;
	return true;
}

/* --- destination ------------------------------------------------------------------------------ */

static bool migrate_epoch_follows(const struct migrate_dest *d)
{
	return (d->hello.flags & MIGRATE_HELLO_EPOCHS) != 0U && d->epochs != 0U;
}

/* Has nothing of a further epoch come? */
static bool migrate_epoch_between(const struct migrate_dest *d)
{
	return migrate_epoch_follows(d) && !d->stopped && !d->in_pass &&
	       d->progress.pass == d->epoch_pass;
}

/*
 * The slot has a state from the first epoch on. So that a later one is not taken with a part of the
 * state before it, it must have as many records.
 */
enum migrate_step migrate_epoch_came(struct migrate_dest *d)
{
	uint32_t states = d->states - d->states_before;

	if (d->epochs != 0U && states != d->epoch_states) {
		migrate_line_add(migrate_dest_say(d), "epoch %u has %u state records, not %u",
				 d->epochs, states, d->epoch_states);
		return migrate_dest_fail(d, MIGRATE_REASON_STREAM, 0);
	}
	d->epoch_states = states;
	d->states_before = d->states;
	d->epochs++;
	if (!migrate_epoch_follows(d) || d->epochs - 1U == d->config.epoch)
		return migrate_dest_take(d);
	d->stopped = false;
	d->finished = false;
	d->state_seen = false;
	d->epoch_pass = d->progress.pass;
	return MIGRATE_PROGRESS;
}

enum migrate_step migrate_epoch_over(struct migrate_dest *d, const struct migrate_record *record)
{
	struct migrate_end end;

	memcpy(&end, record->payload, sizeof(end));
	if (!migrate_epoch_between(d) || end.epochs != d->epochs || end.reserved != 0U)
		return migrate_dest_unexpected(d, record, "may not come now");
	if (d->config.epoch == MIGRATE_EPOCH_LAST)
		return migrate_dest_take(d);
	migrate_line_add(migrate_dest_say(d), "there is no epoch %u", d->config.epoch);
	return migrate_dest_fail(d, MIGRATE_REASON_REFUSED, 0);
}

bool migrate_epoch_ends(struct migrate_dest *d, const char *why)
{
	if (d->config.epoch != MIGRATE_EPOCH_LAST || !migrate_epoch_between(d) ||
	    d->rx.tail - d->rx.head > d->rx.taken)
		return false;
	migrate_line_add(migrate_dest_say(d), "the stream ended after epoch %u: %s", d->epochs - 1U,
			 why);
	return true;
}

void migrate_epoch_hint(struct migrate_dest *d)
{
	if (migrate_epoch_follows(d))
		migrate_line_add(&d->line, "; up to epoch %u it is whole: --at %u restores that",
				 d->epochs - 1U, d->epochs - 1U);
}
