/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The destination of a migration: from the first frame to the guest's first instruction here, or to
 * an empty slot.
 *
 * The guest may run here only after COMMIT. A destination that has said that it does not have the
 * guest must never run it.
 */
#include "guests/lib/migrate/migrate_internal.h"
#include "lib/vm_state.h"

_Static_assert(MIGRATE_OUTCOME_PENDING == CLEAVE_OUTCOME_PENDING &&
		       MIGRATE_OUTCOME_NONE == CLEAVE_OUTCOME_NONE &&
		       MIGRATE_OUTCOME_RUNNING == CLEAVE_OUTCOME_RUNNING,
	       "a ledger holds what the stream says");

bool migrate_dest_init(struct migrate_dest *d, const struct migrate_ops *ops, void *ctx,
		       const struct migrate_link *link, const struct migrate_dest_config *config)
{
	memset(d, 0, sizeof(*d));
	d->ops = ops;
	d->ctx = ctx;
	d->link = *link;
	d->config = *config;
	d->state = MIGRATE_DST_FAILED;
	if (config->tx_size < MIGRATE_BUFFER_MIN || config->rx_size < MIGRATE_BUFFER_MIN) {
		migrate_line_add(migrate_dest_say(d), "a buffer of less than %zu bytes",
				 MIGRATE_BUFFER_MIN);
		return false;
	}
	if (config->timebase == 0U || config->ledger == NULL) {
		migrate_line_add(migrate_dest_say(d), "no time base or no ledger");
		return false;
	}
	if (config->kind == MIGRATE_KIND_LIVE && config->nonce == 0U) {
		migrate_line_add(migrate_dest_say(d), "the nonce is 0");
		return false;
	}
	if (config->kind > MIGRATE_KIND_CHECKPOINT) {
		migrate_line_add(migrate_dest_say(d), "kind %u; 0 (live) and 1 (checkpoint) exist",
				 config->kind);
		return false;
	}
	if (!migrate_crc_init(&d->crc)) {
		migrate_line_add(migrate_dest_say(d), "checksum or digest miscalculates");
		return false;
	}
	migrate_tx_init(&d->tx, config->tx, config->tx_size, link->memory);
	migrate_rx_init(&d->rx, config->rx, config->rx_size, link->memory);
	d->state = MIGRATE_DST_HELLO;
	return true;
}

struct migrate_line *migrate_dest_say(struct migrate_dest *d)
{
	migrate_line_clear(&d->line);
	migrate_line_add(&d->line, "%s: ", d->config.name);
	return &d->line;
}

enum migrate_step migrate_dest_fail(struct migrate_dest *d, uint32_t reason, uint64_t arg)
{
	migrate_epoch_hint(d);
	migrate_cancel_fill(&d->cancel, reason, arg, d->line.text + strlen(d->config.name) + 2U);
	d->cursor = 0;
	d->state = MIGRATE_DST_EMPTY;
	return MIGRATE_PROGRESS;
}

enum migrate_step migrate_dest_call_failed(struct migrate_dest *d, const char *call, int64_t error)
{
	migrate_line_add(migrate_dest_say(d), "%s", call);
	migrate_line_error(&d->line, error);
	return migrate_dest_fail(d, MIGRATE_REASON_MACHINE, 0);
}

enum migrate_step migrate_dest_unexpected(struct migrate_dest *d,
					  const struct migrate_record *record, const char *why)
{
	migrate_line_add(migrate_dest_say(d), "frame %lu (%s) %s", record->seq,
			 migrate_record_name(record->type), why);
	return migrate_dest_fail(d, MIGRATE_REASON_STREAM, 0);
}

/*
 * Is the stream of the kind that is taken here? A live migration ends with COMMIT, so a stream that
 * was recorded, and is read from a file, must never pass for one. And a checkpoint, which needs no
 * COMMIT, must not come from a peer that still has the guest.
 */
static bool migrate_dest_kind_ok(const struct migrate_dest *d, const struct migrate_hello *h,
				 struct migrate_line *line)
{
	static const char *const names[] = { "0 (live)", "1 (checkpoint)" };

	if (h->kind == d->config.kind)
		return true;
	if (h->kind > MIGRATE_KIND_CHECKPOINT)
		migrate_line_add(line, "stream of kind %u", h->kind);
	else
		migrate_line_add(line, "stream of kind %s", names[h->kind]);
	migrate_line_add(line, "; here %s is taken", names[d->config.kind]);
	return false;
}

static bool migrate_dest_hello_ok(struct migrate_dest *d, const struct migrate_hello *h)
{
	struct migrate_line *line = migrate_dest_say(d);
	uint32_t known = MIGRATE_HELLO_VERIFY |
			 (h->kind == MIGRATE_KIND_CHECKPOINT ? MIGRATE_HELLO_EPOCHS : 0U);

	if (h->major != MIGRATE_MAJOR && h->major != MIGRATE_MAJOR_OLD) {
		migrate_line_add(line, "stream of version %u.%u; %u.x is understood", h->major,
				 h->minor, MIGRATE_MAJOR);
	} else if (h->major != MIGRATE_MAJOR && h->kind == MIGRATE_KIND_LIVE) {
		migrate_line_add(line,
				 "live stream of version %u.%u; %u.x is understood, and %u.x of "
				 "checkpoints alone",
				 h->major, h->minor, MIGRATE_MAJOR, MIGRATE_MAJOR_OLD);
	} else if (!migrate_dest_kind_ok(d, h, line)) {
		return false;
	} else if ((h->flags & ~known) != 0U || h->reserved != 0U) {
		migrate_line_add(line, "hello: unknown flags 0x%x", h->flags);
	} else if (h->page != MIGRATE_PAGE) {
		migrate_line_add(line, "pages of %u bytes; 4096 are understood", h->page);
	} else if (h->id == 0U) {
		migrate_line_add(line, "hello: the migration id is 0");
	} else if ((h->flags & MIGRATE_HELLO_EPOCHS) == 0U && h->kind != MIGRATE_KIND_LIVE &&
		   d->config.epoch != 0U && d->config.epoch != MIGRATE_EPOCH_LAST) {
		migrate_line_add(line, "there is no epoch %u: the checkpoint has epoch 0 alone",
				 d->config.epoch);
	} else if (h->kind == MIGRATE_KIND_LIVE &&
		   ledger_find(d->config.ledger, h->id) != MIGRATE_OUTCOME_UNKNOWN) {
		migrate_line_add(line, "hello: migration id 0x%lx was used before", h->id);
	} else {
		return true;
	}
	return false;
}

static bool migrate_dest_slot_free(struct migrate_dest *d)
{
	int state = d->ops->vm_state(d->ctx);

	if (state == (int)CLEAVE_VM_EMPTY)
		return true;
	if (state < 0) {
		migrate_line_add(migrate_dest_say(d), "state of the slot");
		migrate_line_error(&d->line, state);
		return false;
	}
	migrate_line_add(migrate_dest_say(d), "the slot is not empty: its guest is %s",
			 vm_state_name((uint32_t)state));
	return false;
}

static bool migrate_dest_guest_ok(struct migrate_dest *d)
{
	if (d->config.uuid == NULL ||
	    memcmp(d->config.uuid, d->hello.uuid, sizeof(d->hello.uuid)) == 0)
		return true;
	migrate_line_add(migrate_dest_say(d),
			 "guest \"%.*s\" is not the one that was made in this slot; --force "
			 "takes it all the same",
			 (int)sizeof(d->hello.name), d->hello.name);
	return false;
}

/*
 * Has @record the version that goes with the stream's? A live stream with an old REQUIRE would ask
 * for less than the guest needs.
 */
static bool migrate_dest_of_stream(const struct migrate_dest *d,
				   const struct migrate_record *record)
{
	return record->version == (d->hello.major == MIGRATE_MAJOR_OLD ? 1U : 2U);
}

static enum migrate_step migrate_dest_hello(struct migrate_dest *d,
					    const struct migrate_record *record)
{
	memset(&d->hello, 0, sizeof(d->hello));
	memcpy(&d->hello, record->payload, record->length);
	if (record->length !=
	    (record->version == 1U ? offsetof(struct migrate_hello, uuid) : sizeof(d->hello)))
		return migrate_dest_unexpected(d, record, "has another length than its version");
	if (!migrate_dest_hello_ok(d, &d->hello))
		return migrate_dest_fail(d, MIGRATE_REASON_STREAM, 0);
	if (!migrate_dest_of_stream(d, record))
		return migrate_dest_unexpected(d, record, "is of another version of the stream");
	if (!migrate_dest_slot_free(d) || !migrate_dest_guest_ok(d))
		return migrate_dest_fail(d, MIGRATE_REASON_REFUSED, 0);
	d->digest = d->hello.id;
	d->state = MIGRATE_DST_REQUIRE;
	return MIGRATE_PROGRESS;
}

static enum migrate_step migrate_dest_query(struct migrate_dest *d,
					    const struct migrate_record *record)
{
	struct migrate_status status;

	if (d->config.kind == MIGRATE_KIND_CHECKPOINT)
		return migrate_dest_unexpected(d, record, "may not come where nobody is answered");
	memcpy(&status, record->payload, sizeof(status));
	status = (struct migrate_status){
		.id = status.id,
		.outcome = ledger_find(d->config.ledger, status.id),
	};
	(void)migrate_tx_record(&d->tx, &d->crc, MIGRATE_REC_STATUS, &status, sizeof(status));
	d->state = MIGRATE_DST_ANSWERED;
	return MIGRATE_PROGRESS;
}

/* All that the guest could miss later is compared now, before a byte of it comes. */
static enum migrate_step migrate_dest_require(struct migrate_dest *d,
					      const struct migrate_record *record)
{
	struct migrate_line *line;
	int err;

	if (!migrate_dest_of_stream(d, record))
		return migrate_dest_unexpected(d, record, "is of another version of the stream");
	line = migrate_dest_say(d);
	migrate_line_add(line, "requirements: ");
	if (!migrate_machine_get(&d->machine, record->version, record->payload, record->length,
				 line))
		return migrate_dest_fail(d, MIGRATE_REASON_STREAM, 0);
	err = d->ops->describe(d->ctx, &d->slot);
	if (err != 0)
		return migrate_dest_call_failed(d, "describe", err);
	line = migrate_dest_say(d);
	migrate_line_add(line, "the slot has ");
	if (!migrate_machine_fits(&d->machine, &d->slot, line))
		return migrate_dest_fail(d, MIGRATE_REASON_REFUSED, 0);
	if (d->hello.kind == MIGRATE_KIND_LIVE) {
		if (!ledger_put(d->config.ledger, d->hello.id, MIGRATE_OUTCOME_PENDING)) {
			migrate_line_add(migrate_dest_say(d),
					 "%u migrations are under way, no more are possible",
					 LEDGER_SIZE);
			return migrate_dest_fail(d, MIGRATE_REASON_REFUSED, 0);
		}
		d->registered = true;
	}
	migrate_line_clear(&d->line);
	d->state = MIGRATE_DST_CREATE;
	return MIGRATE_PROGRESS;
}

/* Make room for what the guest reboots from, unless the slot has that. Return: as the call */
static int migrate_dest_images(struct migrate_dest *d)
{
	int got = d->machine.more.images == 0U
			  ? 0
			  : d->ops->images_take(d->ctx, d->machine.more.images);

	d->wants_images = got == 1;
	return got < 0 ? got : 0;
}

/*
 * A first call that fails has created nothing (M5); if somebody else was faster, the slot is
 * theirs. So only memory that was created here is given back.
 */
static enum migrate_step migrate_dest_create(struct migrate_dest *d)
{
	struct migrate_promise accept = {
		.id = d->hello.id,
		.outcome = MIGRATE_OUTCOME_PENDING,
		.nonce = d->config.nonce,
	};
	int err = d->ops->vm_create(d->ctx, &d->cursor);

	if (err != 0)
		return migrate_dest_call_failed(d, "creation of the slot's memory", err);
	d->created = true;
	if (d->cursor != 0U)
		return MIGRATE_PROGRESS;
	err = migrate_dest_images(d);
	if (err != 0)
		return migrate_dest_call_failed(d, "room for what the guest reboots from", err);
	if (d->ops->stopped != NULL)
		accept.features |= MIGRATE_FEATURE_CLOCK;
	if (d->wants_images)
		accept.features |= MIGRATE_FEATURE_IMAGES;
	d->packs = d->config.pack != NULL && d->hello.minor >= MIGRATE_MINOR && !d->link.memory;
	if (d->packs)
		accept.features |= MIGRATE_FEATURE_PACKED;
	if (d->hello.kind == MIGRATE_KIND_LIVE)
		(void)migrate_tx_record(&d->tx, &d->crc, MIGRATE_REC_ACCEPT, &accept,
					sizeof(accept));
	d->next = d->machine.region[0].gpa;
	d->verified = d->next;
	d->state = MIGRATE_DST_RECEIVE;
	return MIGRATE_PROGRESS;
}

/*
 * From here on the guest belongs to this side. The ledger says so only when it is true: until then
 * a question is answered with PENDING.
 */
enum migrate_step migrate_dest_take(struct migrate_dest *d)
{
	struct migrate_status running = { .id = d->hello.id, .outcome = MIGRATE_OUTCOME_RUNNING };
	int err = d->ops->vm_take(d->ctx, d->hello.id, d->run);

	if (err != 0)
		return migrate_dest_call_failed(d, "taking the guest", err);
	if (d->registered) {
		(void)ledger_put(d->config.ledger, d->hello.id, MIGRATE_OUTCOME_RUNNING);
		(void)migrate_tx_record(&d->tx, &d->crc, MIGRATE_REC_RUNNING, &running,
					sizeof(running));
	}
	d->state = MIGRATE_DST_TOOK;
	return MIGRATE_PROGRESS;
}

static enum migrate_step migrate_dest_commit(struct migrate_dest *d,
					     const struct migrate_record *record)
{
	struct migrate_promise commit;

	if (record->type != MIGRATE_REC_COMMIT)
		return migrate_dest_unexpected(d, record, "may not come before commit");
	memcpy(&commit, record->payload, sizeof(commit));
	if (commit.id != d->hello.id || commit.outcome != MIGRATE_OUTCOME_RUNNING ||
	    commit.features != 0U)
		return migrate_dest_unexpected(d, record, "is not of this migration");
	/* So a COMMIT that somebody has recorded gives nobody the guest. */
	if (commit.nonce != d->config.nonce)
		return migrate_dest_unexpected(d, record, "answers another accept");
	return migrate_dest_take(d);
}

static enum migrate_step migrate_dest_cancelled(struct migrate_dest *d,
						const struct migrate_record *record)
{
	struct migrate_cancel cancel;
	struct migrate_line *line = migrate_dest_say(d);

	memcpy(&cancel, record->payload, sizeof(cancel));
	d->told = true;
	if (migrate_epoch_ends(d, "the source gave up: ")) {
		migrate_cancel_say(&cancel, &d->line);
		return migrate_dest_take(d);
	}
	migrate_line_add(line, "the source gave up: ");
	migrate_cancel_say(&cancel, line);
	return migrate_dest_fail(d, cancel.reason, 0);
}

static enum migrate_step migrate_dest_record(struct migrate_dest *d,
					     const struct migrate_record *record)
{
	if (record->type == MIGRATE_REC_CANCEL)
		return migrate_dest_cancelled(d, record);
	switch (d->state) {
	case MIGRATE_DST_HELLO:
		if (record->type == MIGRATE_REC_QUERY)
			return migrate_dest_query(d, record);
		if (record->type == MIGRATE_REC_HELLO)
			return migrate_dest_hello(d, record);
		return migrate_dest_unexpected(d, record, "may not come before hello");
	case MIGRATE_DST_REQUIRE:
		if (record->type == MIGRATE_REC_REQUIRE)
			return migrate_dest_require(d, record);
		return migrate_dest_unexpected(d, record, "may not come before require");
	case MIGRATE_DST_PREPARED:
		return migrate_dest_commit(d, record);
	default:
		return migrate_record_take(d, record);
	}
}

static enum migrate_step migrate_dest_listen(struct migrate_dest *d)
{
	struct migrate_record record;
	struct migrate_line why;

	migrate_line_clear(&why);
	switch (migrate_rx_next(&d->rx, &d->crc, &record, &why)) {
	case MIGRATE_RX_RECORD:
		return migrate_dest_record(d, &record);
	case MIGRATE_RX_BAD:
		migrate_line_add(migrate_dest_say(d), "%s", why.text);
		return migrate_dest_fail(d, MIGRATE_REASON_STREAM, 0);
	case MIGRATE_RX_MORE:
		break;
	}
	if (d->rx.dead || d->tx.dead) {
		if (migrate_epoch_ends(d, "it was cut"))
			return migrate_dest_take(d);
		migrate_rx_cut(&d->rx, migrate_dest_say(d));
		d->told = true;
		return migrate_dest_fail(d, MIGRATE_REASON_LINK, 0);
	}
	return migrate_tx_waiting(&d->tx) != 0U ? MIGRATE_WANT_SEND : MIGRATE_WANT_RECV;
}

/* Return: as the first of several records; what stops the rest is said by the next step */
static enum migrate_step migrate_dest_listen_on(struct migrate_dest *d)
{
	enum migrate_step step = migrate_dest_listen(d);
	enum migrate_step next = step;

	migrate_rx_settle(&d->rx);
	for (uint32_t i = 1;
	     i < MIGRATE_STEP_FRAMES && next == MIGRATE_PROGRESS && d->state == MIGRATE_DST_RECEIVE;
	     i++) {
		if (migrate_rx_waiting(&d->rx) == 0U && !migrate_rx_fill(&d->rx, &d->link))
			break;
		next = migrate_dest_listen(d);
		migrate_rx_settle(&d->rx);
	}
	return step;
}

static enum migrate_step migrate_dest_end(struct migrate_dest *d, enum migrate_dest_state state)
{
	d->state = state;
	return state == MIGRATE_DST_DONE ? MIGRATE_DONE : MIGRATE_FAILED;
}

/*
 * Wait until the link has taken what is owed. If it is cut, nothing is lost: the source can ask
 * again.
 */
static enum migrate_step migrate_dest_flush(struct migrate_dest *d)
{
	if (migrate_tx_waiting(&d->tx) == 0U || d->tx.dead || d->rx.dead)
		return migrate_dest_end(d, MIGRATE_DST_DONE);
	return MIGRATE_WANT_SEND;
}

/* First the slot, then the ledger, then the source: what the source hears is true by then. */
static enum migrate_step migrate_dest_empty(struct migrate_dest *d)
{
	int err = d->created ? d->ops->vm_destroy(d->ctx, &d->cursor) : 0;

	if (err != 0) {
		migrate_line_add(&d->line, "; emptying the slot");
		migrate_line_error(&d->line, err);
		d->cursor = 0;
	}
	if (d->cursor != 0U)
		return MIGRATE_PROGRESS;
	d->created = false;
	if (d->registered)
		(void)ledger_put(d->config.ledger, d->hello.id, MIGRATE_OUTCOME_NONE);
	d->registered = false;
	if (d->config.kind == MIGRATE_KIND_CHECKPOINT)
		d->told = true;
	d->moved_at = d->ops->time(d->ctx);
	d->state = MIGRATE_DST_TELL;
	return MIGRATE_PROGRESS;
}

static enum migrate_step migrate_dest_tell(struct migrate_dest *d)
{
	if (d->told || d->tx.dead)
		return migrate_dest_end(d, MIGRATE_DST_FAILED);
	if (!d->queued)
		d->queued = migrate_tx_record(&d->tx, &d->crc, MIGRATE_REC_CANCEL, &d->cancel,
					      sizeof(d->cancel));
	(void)migrate_tx_flush(&d->tx, &d->link);
	if ((d->queued && migrate_tx_waiting(&d->tx) == 0U) ||
	    d->ops->time(d->ctx) - d->moved_at > MIGRATE_TELL_SECONDS * d->config.timebase)
		return migrate_dest_end(d, MIGRATE_DST_FAILED);
	return MIGRATE_WANT_SEND;
}

enum migrate_step migrate_dest_step(struct migrate_dest *d)
{
	if (d->state == MIGRATE_DST_DONE)
		return MIGRATE_DONE;
	if (d->state == MIGRATE_DST_FAILED)
		return MIGRATE_FAILED;
	(void)migrate_tx_flush(&d->tx, &d->link);
	(void)migrate_rx_fill(&d->rx, &d->link);
	switch (d->state) {
	case MIGRATE_DST_CREATE:
		return migrate_dest_create(d);
	case MIGRATE_DST_ZERO:
		return migrate_record_zero(d);
	case MIGRATE_DST_TOOK:
	case MIGRATE_DST_ANSWERED:
		return migrate_dest_flush(d);
	case MIGRATE_DST_EMPTY:
		return migrate_dest_empty(d);
	case MIGRATE_DST_TELL:
		return migrate_dest_tell(d);
	default:
		return migrate_dest_listen_on(d);
	}
}

bool migrate_dest_cancel(struct migrate_dest *d)
{
	if (d->state >= MIGRATE_DST_TOOK)
		return false;
	migrate_line_add(migrate_dest_say(d), "cancelled");
	(void)migrate_dest_fail(d, MIGRATE_REASON_USER, 0);
	return true;
}

bool migrate_dest_has_guest(const struct migrate_dest *d)
{
	return d->created && (d->state == MIGRATE_DST_TOOK || d->state == MIGRATE_DST_DONE);
}

const char *migrate_dest_line(const struct migrate_dest *d)
{
	return d->line.text;
}

const struct migrate_progress *migrate_dest_progress(struct migrate_dest *d)
{
	static const char *const phases[] = {
		[MIGRATE_DST_HELLO] = "wait",	  [MIGRATE_DST_REQUIRE] = "wait",
		[MIGRATE_DST_CREATE] = "create",  [MIGRATE_DST_RECEIVE] = "receive",
		[MIGRATE_DST_ZERO] = "receive",	  [MIGRATE_DST_PREPARED] = "hand-over",
		[MIGRATE_DST_TOOK] = "hand-over", [MIGRATE_DST_ANSWERED] = "answer",
		[MIGRATE_DST_EMPTY] = "clean up", [MIGRATE_DST_TELL] = "tell",
		[MIGRATE_DST_DONE] = "done",	  [MIGRATE_DST_FAILED] = "failed",
	};

	d->progress.phase = phases[d->state];
	d->progress.bytes = d->rx.bytes;
	return &d->progress;
}
