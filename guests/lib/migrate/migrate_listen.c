/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the source hears: the destination's records, and that the link was cut.
 *
 * Each kind of record is taken in one state only. Once the guest is given up, nothing that is
 * damaged or missing may be taken for an answer: it leaves the source in doubt.
 */
#include "guests/lib/migrate/migrate_internal.h"

/*
 * The link is gone, or what comes over it cannot be believed.
 *
 * If the link has not taken the last byte of COMMIT, the destination never had it whole, and cannot
 * have acted on it. Then, too, the guest is still ours.
 */
static void migrate_listen_lost(struct migrate_source *s)
{
	bool sent = migrate_tx_waiting(&s->tx) == 0U || s->state != MIGRATE_SRC_RUNNING;

	s->told = true;
	s->tx.dead = true;
	s->rx.dead = true;
	if (s->failed || s->state == MIGRATE_SRC_FORGET)
		return;
	if (s->committed && sent) {
		migrate_line_add(&s->line, "; in doubt: paused until the destination is asked");
		s->state = MIGRATE_SRC_DOUBT;
		return;
	}
	(void)migrate_source_fail(s, MIGRATE_REASON_LINK);
}

/* The stream is wrong: tell the destination, unless the guest is given up. */
static void migrate_listen_bad(struct migrate_source *s)
{
	if (s->committed)
		migrate_listen_lost(s);
	else
		(void)migrate_source_fail(s, MIGRATE_REASON_STREAM);
}

static void migrate_listen_cut(struct migrate_source *s)
{
	if (s->failed || s->state == MIGRATE_SRC_FORGET) {
		s->tx.dead = true;
		return;
	}
	migrate_rx_cut(&s->rx, migrate_source_say(s));
	if (s->config.kind == MIGRATE_KIND_CHECKPOINT)
		migrate_line_add(migrate_source_say(s), "the checkpoint cannot be written");
	migrate_listen_lost(s);
}

static void migrate_listen_cancel(struct migrate_source *s, const struct migrate_record *record)
{
	struct migrate_cancel cancel;
	struct migrate_line *line = migrate_source_say(s);

	memcpy(&cancel, record->payload, sizeof(cancel));
	s->told = true;
	/* The rest of COMMIT must not leave after the guest was taken back. */
	s->tx.dead = s->tx.dead || s->committed;
	migrate_line_add(line, "the destination gave up: ");
	migrate_cancel_say(&cancel, line);
	if (cancel.reason == MIGRATE_REASON_VERIFY)
		migrate_copy_history(s, cancel.arg, line);
	(void)migrate_source_fail(s, cancel.reason);
}

static bool migrate_listen_ack_ok(const struct migrate_source *s,
				  const struct migrate_record *record)
{
	struct migrate_pass ack;

	memcpy(&ack, record->payload, sizeof(ack));
	return ack.pass == s->progress.pass && ack.flags == 0U && ack.pages == s->pass_pages &&
	       ack.zero == s->pass_zero;
}

static void migrate_listen_ready(struct migrate_source *s, const struct migrate_record *record)
{
	struct migrate_handover ready;

	memcpy(&ready, record->payload, sizeof(ready));
	if (ready.id != s->config.id || ready.passes != s->progress.pass ||
	    ready.states != s->states || ready.pages != s->progress.pages ||
	    ready.zero != s->progress.zero || ready.digest != s->digest) {
		migrate_line_add(migrate_source_say(s),
				 "the destination received digest 0x%lx, but 0x%lx was sent",
				 ready.digest, s->digest);
		(void)migrate_source_fail(s, MIGRATE_REASON_DIGEST);
		return;
	}
	s->state = MIGRATE_SRC_COMMIT;
}

/* The destination answers QUERY, after a connection was lost in the one moment of doubt. */
static void migrate_listen_status(struct migrate_source *s, const struct migrate_status *status)
{
	switch (status->outcome) {
	case MIGRATE_OUTCOME_RUNNING:
		migrate_line_clear(&s->line);
		s->state = MIGRATE_SRC_FORGET;
		break;
	case MIGRATE_OUTCOME_NONE:
		migrate_line_add(migrate_source_say(s), "the destination does not have the guest");
		s->told = true;
		(void)migrate_source_fail(s, MIGRATE_REASON_NONE);
		break;
	default:
		migrate_line_add(migrate_source_say(s),
				 status->outcome == MIGRATE_OUTCOME_PENDING
					 ? "the destination has not decided; ask again"
					 : "the destination does not know of this migration");
		s->state = MIGRATE_SRC_DOUBT;
		break;
	}
}

static bool migrate_listen_id_ok(struct migrate_source *s, const struct migrate_record *record,
				 struct migrate_status *status)
{
	memcpy(status, record->payload, sizeof(*status));
	if (status->id == s->config.id)
		return true;
	migrate_line_add(migrate_source_say(s), "frame %lu (%s): migration 0x%lx, not 0x%lx",
			 record->seq, migrate_record_name(record->type), status->id, s->config.id);
	migrate_listen_bad(s);
	return false;
}

static void migrate_listen_accept(struct migrate_source *s, const struct migrate_record *record)
{
	struct migrate_promise accept;
	struct migrate_status status;

	memcpy(&accept, record->payload, sizeof(accept));
	if (!migrate_listen_id_ok(s, record, &status))
		return;
	if (s->config.clock_runs && (accept.features & MIGRATE_FEATURE_CLOCK) == 0U) {
		migrate_line_add(migrate_source_say(s),
				 "the destination cannot let the guest's time go on: --clock stand "
				 "moves it there");
		(void)migrate_source_fail(s, MIGRATE_REASON_REFUSED);
		return;
	}
	s->nonce = accept.nonce;
	s->packs = s->config.pack != NULL && !s->link.memory &&
		   (accept.features & MIGRATE_FEATURE_PACKED) != 0U;
	s->state = (accept.features & MIGRATE_FEATURE_IMAGES) != 0U ? MIGRATE_SRC_IMAGES
								    : MIGRATE_SRC_LOG_START;
}

static void migrate_listen_unexpected(struct migrate_source *s, const struct migrate_record *record)
{
	migrate_line_add(migrate_source_say(s), "frame %lu (%s) may not come now", record->seq,
			 migrate_record_name(record->type));
	migrate_listen_bad(s);
}

static void migrate_listen_record(struct migrate_source *s, const struct migrate_record *record)
{
	enum migrate_source_state state = s->state;
	struct migrate_status status;

	/*
	 * The only answer to a question is STATUS. A CANCEL may be left over from another
	 * migration, and would settle this one wrongly.
	 */
	if (record->type == MIGRATE_REC_CANCEL && !migrate_source_doubts(s)) {
		migrate_listen_cancel(s, record);
	} else if (record->type == MIGRATE_REC_ACCEPT && state == MIGRATE_SRC_ACCEPT) {
		migrate_listen_accept(s, record);
	} else if (record->type == MIGRATE_REC_PASS_ACK && state == MIGRATE_SRC_PASS_ACK) {
		if (migrate_listen_ack_ok(s, record))
			s->state = MIGRATE_SRC_DECIDE;
		else
			migrate_listen_unexpected(s, record);
	} else if (record->type == MIGRATE_REC_READY && state == MIGRATE_SRC_READY) {
		migrate_listen_ready(s, record);
	} else if (record->type == MIGRATE_REC_RUNNING && state == MIGRATE_SRC_RUNNING) {
		if (migrate_listen_id_ok(s, record, &status))
			s->state = MIGRATE_SRC_FORGET;
	} else if (record->type == MIGRATE_REC_STATUS && state == MIGRATE_SRC_STATUS) {
		if (migrate_listen_id_ok(s, record, &status))
			migrate_listen_status(s, &status);
	} else {
		migrate_listen_unexpected(s, record);
	}
}

void migrate_listen(struct migrate_source *s)
{
	struct migrate_record record;
	struct migrate_line why;

	/* On the way out, nothing that comes can change anything. */
	if (s->failed || s->state == MIGRATE_SRC_FORGET || s->state == MIGRATE_SRC_RESUME ||
	    s->state == MIGRATE_SRC_LOG_STOP) {
		migrate_rx_forget(&s->rx);
		return;
	}
	/* What came before the question cannot answer it. */
	if (s->state == MIGRATE_SRC_QUERY)
		return;
	migrate_line_clear(&why);
	switch (migrate_rx_next(&s->rx, &s->crc, &record, &why)) {
	case MIGRATE_RX_RECORD:
		migrate_listen_record(s, &record);
		break;
	case MIGRATE_RX_MORE:
		if (s->rx.dead || s->tx.dead)
			migrate_listen_cut(s);
		break;
	case MIGRATE_RX_BAD:
		migrate_line_add(migrate_source_say(s), "%s", why.text);
		migrate_listen_bad(s);
		break;
	}
	migrate_rx_settle(&s->rx);
}
