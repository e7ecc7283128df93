/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The source of a migration: its states from the offer to the hand-over.
 *
 * The guest may run here until vm_own(false), and after that only when the destination has said
 * that it does not have the guest.
 */
#include "guests/lib/migrate/migrate_internal.h"

static bool migrate_source_config_ok(const struct migrate_source_config *c,
				     struct migrate_line *line, const struct migrate_ops *ops)
{
	if (c->id == 0U)
		migrate_line_add(line, "the migration id is 0");
	else if (c->timebase == 0U)
		migrate_line_add(line, "the time base is 0 Hz");
	else if (c->kind > MIGRATE_KIND_CHECKPOINT)
		migrate_line_add(line, "kind %u; 0 (live) and 1 (checkpoint) exist", c->kind);
	else if (c->verify && (c->history == NULL || c->kind != MIGRATE_KIND_LIVE))
		migrate_line_add(line, "to verify needs a live migration and a history");
	else if (c->epochs > 1U && c->kind != MIGRATE_KIND_CHECKPOINT)
		migrate_line_add(line, "only a checkpoint has epochs");
	else if (c->passes == 0U)
		migrate_line_add(line, "0 passes; 1 or more are allowed");
	else if (c->brake_max > 99U)
		migrate_line_add(line, "a brake of %u%%; 0 to 99 are allowed", c->brake_max);
	else if (c->brake_max != 0U && ops->vm_brake == NULL)
		migrate_line_add(line, "a brake is asked for, but there is none");
	else if (c->tx_size < MIGRATE_BUFFER_MIN || c->rx_size < MIGRATE_BUFFER_MIN)
		migrate_line_add(line, "a buffer of less than %zu bytes", MIGRATE_BUFFER_MIN);
	else
		return true;
	return false;
}

bool migrate_source_init(struct migrate_source *s, const struct migrate_ops *ops, void *ctx,
			 const struct migrate_link *link,
			 const struct migrate_source_config *config)
{
	memset(s, 0, sizeof(*s));
	s->ops = ops;
	s->ctx = ctx;
	s->link = *link;
	s->config = *config;
	s->digest = config->id;
	s->state = MIGRATE_SRC_FAILED;
	if (!migrate_source_config_ok(config, migrate_source_say(s), ops))
		return false;
	if (!migrate_crc_init(&s->crc)) {
		migrate_line_add(migrate_source_say(s), "checksum or digest miscalculates");
		return false;
	}
	migrate_tx_init(&s->tx, config->tx, config->tx_size, link->memory);
	migrate_rx_init(&s->rx, config->rx, config->rx_size, link->memory);
	migrate_line_clear(&s->line);
	s->moved_at = ops->time(ctx);
	s->began_at = s->moved_at;
	s->epoch_at = s->moved_at;
	s->state = MIGRATE_SRC_CHECK;
	return true;
}

bool migrate_source_init_doubt(struct migrate_source *s, const struct migrate_ops *ops, void *ctx,
			       const struct migrate_link *link,
			       const struct migrate_source_config *config, bool run)
{
	int err;

	if (!migrate_source_init(s, ops, ctx, link, config))
		return false;
	err = ops->describe(ctx, &s->machine);
	if (err != 0) {
		migrate_line_add(migrate_source_say(s), "describe");
		migrate_line_error(&s->line, err);
		s->state = MIGRATE_SRC_FAILED;
		return false;
	}
	s->logs = s->machine.regions;
	s->running_before = run;
	s->paused = true;
	s->paused_at = ops->time(ctx);
	s->committed = true;
	s->state = MIGRATE_SRC_DOUBT;
	return true;
}

struct migrate_line *migrate_source_say(struct migrate_source *s)
{
	migrate_line_clear(&s->line);
	migrate_line_add(&s->line, "%s: ", s->config.name);
	return &s->line;
}

enum migrate_step migrate_source_fail(struct migrate_source *s, uint32_t reason)
{
	if (s->failed)
		return MIGRATE_PROGRESS;
	s->failed = true;
	migrate_cancel_fill(&s->cancel, reason, 0, s->line.text + strlen(s->config.name) + 2U);
	s->state = MIGRATE_SRC_RESUME;
	return MIGRATE_PROGRESS;
}

enum migrate_step migrate_source_call_failed(struct migrate_source *s, const char *call,
					     int64_t error)
{
	migrate_line_add(migrate_source_say(s), "%s", call);
	migrate_line_error(&s->line, error);
	return migrate_source_fail(s, MIGRATE_REASON_MACHINE);
}

static enum migrate_step migrate_source_refuse(struct migrate_source *s)
{
	s->told = true; /* the destination has heard of nothing yet */
	return migrate_source_fail(s, MIGRATE_REASON_REFUSED);
}

bool migrate_source_state_ok(struct migrate_source *s)
{
	int state = s->ops->vm_state(s->ctx);

	if (state == (int)CLEAVE_VM_RUNNING || state == (int)CLEAVE_VM_PAUSED) {
		s->running_before = state == (int)CLEAVE_VM_RUNNING;
		return true;
	}
	migrate_line_add(migrate_source_say(s), "neither running nor paused");
	if (state < 0)
		migrate_line_error(&s->line, state);
	return false;
}

static bool migrate_source_logs_off(struct migrate_source *s)
{
	uint64_t dirty;

	for (uint32_t i = 0; i < s->machine.regions; i++) {
		int mode = s->ops->log_status(s->ctx, i, &dirty);

		if (mode == (int)CLEAVE_LOG_OFF)
			continue;
		migrate_line_add(migrate_source_say(s), "dirty log of region %u%s", i,
				 mode < 0 ? "" : " is in use; stop it first");
		if (mode < 0)
			migrate_line_error(&s->line, mode);
		return false;
	}
	return true;
}

static enum migrate_step migrate_source_check(struct migrate_source *s)
{
	int err;

	if (!migrate_source_state_ok(s))
		return migrate_source_refuse(s);
	err = s->ops->describe(s->ctx, &s->machine);
	if (err != 0) {
		s->told = true;
		return migrate_source_call_failed(s, "describe", err);
	}
	if (s->machine.device[0] != '\0') {
		migrate_line_add(migrate_source_say(s),
				 "has the passed-through device %.*s, which cannot move",
				 (int)sizeof(s->machine.device), s->machine.device);
		return migrate_source_refuse(s);
	}
	if (!migrate_machine_check(&s->machine, migrate_source_say(s)))
		return migrate_source_refuse(s);
	if (s->config.history != NULL &&
	    s->config.history_pages < migrate_machine_pages(&s->machine)) {
		migrate_line_add(migrate_source_say(s),
				 "the history holds %lu pages, the guest has %lu",
				 s->config.history_pages, migrate_machine_pages(&s->machine));
		return migrate_source_refuse(s);
	}
	if (!migrate_source_logs_off(s))
		return migrate_source_refuse(s);
	migrate_line_clear(&s->line);
	if (s->config.history != NULL)
		memset(s->config.history, 0, s->config.history_pages * sizeof(uint32_t));
	s->state = MIGRATE_SRC_OFFER;
	return MIGRATE_PROGRESS;
}

static void migrate_source_name(char *to, size_t size, const char *name)
{
	size_t n = strlen(name);

	memcpy(to, name, n < size ? n : size - 1U);
}

static enum migrate_step migrate_source_offer(struct migrate_source *s)
{
	struct migrate_hello hello = {
		.major = MIGRATE_MAJOR,
		.minor = s->config.pack != NULL && !s->link.memory ? MIGRATE_MINOR : 0U,
		.kind = (uint16_t)s->config.kind,
		.flags = (uint16_t)((s->config.verify ? MIGRATE_HELLO_VERIFY : 0U) |
				    (s->config.epochs > 1U ? MIGRATE_HELLO_EPOCHS : 0U)),
		.id = s->config.id,
		.page = (uint32_t)MIGRATE_PAGE,
	};
	size_t n;

	migrate_source_name(hello.name, sizeof(hello.name), s->config.guest);
	if (s->config.slot != NULL && s->config.kind == MIGRATE_KIND_LIVE)
		migrate_source_name(hello.slot, sizeof(hello.slot), s->config.slot);
	memcpy(hello.uuid, s->config.uuid, sizeof(hello.uuid));
	/* The buffer is empty, so it has room for both. */
	(void)migrate_tx_record(&s->tx, &s->crc, MIGRATE_REC_HELLO, &hello, sizeof(hello));
	n = migrate_machine_put(&s->machine, migrate_tx_begin(&s->tx, MIGRATE_PAYLOAD_MAX / 2U));
	migrate_tx_end(&s->tx, &s->crc, MIGRATE_REC_REQUIRE, n);
	s->state = s->config.kind == MIGRATE_KIND_LIVE ? MIGRATE_SRC_ACCEPT : MIGRATE_SRC_IMAGES;
	/* Nobody answers to a checkpoint: whoever reads it understands its minor version. */
	s->packs = s->config.kind == MIGRATE_KIND_CHECKPOINT && s->config.pack != NULL;
	return MIGRATE_PROGRESS;
}

/* Send more of what the guest reboots from. It runs meanwhile, and its log has not begun. */
static enum migrate_step migrate_source_images(struct migrate_source *s)
{
	uint64_t left = s->machine.more.images - s->images;
	uint8_t *payload;
	int64_t got;

	if (left == 0U) {
		s->state = MIGRATE_SRC_LOG_START;
		return MIGRATE_PROGRESS;
	}
	if (s->images == 0U) {
		s->pass_bytes = s->tx.bytes;
		s->pass_time = s->ops->time(s->ctx);
	}
	if (migrate_copy_too_fast(s))
		return MIGRATE_WANT_SEND;
	payload = migrate_tx_begin(&s->tx, sizeof(s->images) + MIGRATE_IMAGES_MAX);
	if (payload == NULL)
		return MIGRATE_WANT_SEND;
	got = s->ops->images_get(s->ctx, s->images, payload + sizeof(s->images),
				 left < MIGRATE_IMAGES_MAX ? (size_t)left : MIGRATE_IMAGES_MAX);
	if (got <= 0)
		return migrate_source_call_failed(s, "get of the images",
						  got < 0 ? got : SBI_ERR_FAILED);
	memcpy(payload, &s->images, sizeof(s->images));
	s->digest = migrate_chain(s->digest, MIGRATE_CHAIN_IMAGES, s->images,
				  migrate_digest(payload + sizeof(s->images), (size_t)got, 0));
	migrate_tx_end(&s->tx, &s->crc, MIGRATE_REC_IMAGES, sizeof(s->images) + (size_t)got);
	s->images += (uint64_t)got;
	return MIGRATE_PROGRESS;
}

/* The log counts before the call: what was begun is stopped, whatever becomes of it. */
static enum migrate_step migrate_source_log_start(struct migrate_source *s)
{
	int err;

	s->logs = s->region + 1U;
	err = s->ops->log_start(s->ctx, s->region, &s->cursor);
	if (err != 0)
		return migrate_source_call_failed(s, "start of the dirty log", err);
	if (s->cursor == 0U && ++s->region == s->machine.regions)
		s->state = MIGRATE_SRC_PASS_BEGIN;
	return MIGRATE_PROGRESS;
}

uint64_t migrate_source_ratio(uint64_t a, uint64_t b, uint64_t c)
{
	while (a > UINT32_MAX) {
		a >>= 1;
		c >>= 1;
	}
	while (b > UINT32_MAX) {
		b >>= 1;
		c >>= 1;
	}
	return a * b / (c == 0U ? 1U : c);
}

static void migrate_source_measure(struct migrate_source *s)
{
	struct migrate_progress *p = &s->progress;
	uint64_t ticks = s->ops->time(s->ctx) - s->pass_time;
	uint64_t left;

	p->rate = migrate_source_ratio(s->tx.bytes - s->pass_bytes, s->config.timebase, ticks);
	p->dirty_rate = migrate_source_ratio(p->dirty, s->config.timebase, ticks);
	/* What is left is pages, and for each vCPU's state as much as one more page. */
	left = (p->dirty + s->machine.vcpus) *
	       (MIGRATE_PAGE + sizeof(struct migrate_frame) + sizeof(uint64_t));
	p->estimate_us = migrate_source_ratio(left, 1000000U, p->rate) + s->verify_us;
}

/*
 * Measure what --verify will take while the guest stands still: both ends read and digest all of
 * the memory again. The room for a frame serves as memory for a page.
 */
static int migrate_source_measure_verify(struct migrate_source *s)
{
	uint64_t begin = s->ops->time(s->ctx);
	uint64_t gpa = s->machine.region[0].gpa;
	uint8_t *page = migrate_tx_begin(&s->tx, MIGRATE_PAGE);
	uint64_t digest;

	if (!s->config.verify || !s->running_before || s->verify_us != 0U || page == NULL)
		return 0;
	for (uint32_t i = 0; i < MIGRATE_MEASURE; i++) {
		int got = s->ops->page_read(s->ctx, gpa, page, &digest);

		if (got < 0)
			return got;
		if (got > 0)
			(void)migrate_digest_page(page, gpa);
	}
	s->verify_us = migrate_source_ratio(2U * migrate_machine_pages(&s->machine) *
						    (s->ops->time(s->ctx) - begin),
					    1000000U, s->config.timebase) /
			       MIGRATE_MEASURE +
		       1U;
	return 0;
}

/* Would the guest stand still for no longer than @ms? */
static bool migrate_source_within(const struct migrate_source *s, uint32_t ms)
{
	uint64_t apart = s->config.verify_apart ? s->verify_us : 0U;

	return ms == UINT32_MAX || s->progress.estimate_us <= UINT64_C(1000) * ms + apart;
}

/* The target is missed, and no further pass is to be made: give up, unless it may be missed. */
static enum migrate_step migrate_source_missed(struct migrate_source *s)
{
	const struct migrate_progress *p = &s->progress;

	s->state = MIGRATE_SRC_PAUSE;
	if (migrate_source_within(s, s->config.bound_ms))
		return MIGRATE_PROGRESS;
	migrate_line_add(migrate_source_say(s), "after %u passes", p->pass - s->epoch_pass);
	if (s->config.useless != 0U && s->useless >= s->config.useless)
		migrate_line_add(&s->line, ", of which the last %u gained less than 10 %%,",
				 s->useless);
	migrate_line_add(&s->line, " it would stand still for %lu ms; at most %u ms are allowed",
			 p->estimate_us / 1000U, s->config.bound_ms);
	return migrate_source_fail(s, MIGRATE_REASON_DOWNTIME);
}

/* Count the passes in a row that gained little. Return: true when there were too many. */
static bool migrate_source_useless(struct migrate_source *s)
{
	const struct migrate_progress *p = &s->progress;
	bool more_brake = p->brake < s->config.brake_max;

	if (p->pass - s->epoch_pass > 1U && !more_brake &&
	    p->dirty > s->left_before - s->left_before / 10U)
		s->useless++;
	else
		s->useless = 0;
	s->left_before = p->dirty;
	return s->config.useless != 0U && s->useless >= s->config.useless;
}

/*
 * Set the brake one step higher, if the guest dirtied more than half as much as the pass carried.
 */
static int migrate_source_brake(struct migrate_source *s)
{
	struct migrate_progress *p = &s->progress;
	uint32_t percent = p->brake == 0U ? MIGRATE_BRAKE_FIRST : p->brake + MIGRATE_BRAKE_STEP;
	uint64_t carried = s->tx.bytes - s->pass_bytes;
	int err;

	if (percent > s->config.brake_max)
		percent = s->config.brake_max;
	if (percent == p->brake || p->dirty * MIGRATE_PAGE * 2U <= carried)
		return 0;
	err = s->ops->vm_brake(s->ctx, percent);
	if (err == 0)
		p->brake = percent;
	return err;
}

static enum migrate_step migrate_source_decide(struct migrate_source *s)
{
	struct migrate_progress *p = &s->progress;
	uint64_t dirty = 0;
	int err;

	p->dirty = 0;
	for (uint32_t i = 0; i < s->machine.regions; i++) {
		err = s->ops->log_status(s->ctx, i, &dirty);
		if (err < 0)
			return migrate_source_call_failed(s, "status of the dirty log", err);
		p->dirty += dirty;
	}
	err = migrate_source_measure_verify(s);
	if (err != 0)
		return migrate_source_call_failed(s, "read of a page", err);
	migrate_source_measure(s);
	s->state = MIGRATE_SRC_PAUSE;
	if (migrate_source_within(s, s->config.downtime_ms))
		return MIGRATE_PROGRESS;
	if (p->pass - s->epoch_pass >= s->config.passes || migrate_source_useless(s))
		return migrate_source_missed(s);
	err = migrate_source_brake(s);
	if (err != 0)
		return migrate_source_call_failed(s, "brake", err);
	s->state = MIGRATE_SRC_PASS_BEGIN;
	return MIGRATE_PROGRESS;
}

static enum migrate_step migrate_source_pause(struct migrate_source *s)
{
	int err;

	s->paused_at = s->ops->time(s->ctx);
	s->moved_at = s->paused_at;
	s->paused = true;
	err = s->ops->vm_pause(s->ctx);
	if (err != 0)
		return migrate_source_call_failed(s, "pause", err);
	if (s->ops->vm_state(s->ctx) != (int)CLEAVE_VM_PAUSED) {
		migrate_line_add(migrate_source_say(s), "the guest stopped by itself");
		return migrate_source_fail(s, MIGRATE_REASON_MACHINE);
	}
	s->final = true;
	s->state = MIGRATE_SRC_STOP;
	return MIGRATE_PROGRESS;
}

static enum migrate_step migrate_source_stop(struct migrate_source *s)
{
	struct migrate_stop stop = { .run = s->running_before && !s->config.stay_paused ? 1U : 0U,
				     .clock = s->config.clock_runs ? 1U : 0U };

	if (!migrate_tx_record(&s->tx, &s->crc, MIGRATE_REC_STOP, &stop, sizeof(stop)))
		return MIGRATE_WANT_SEND;
	s->state = MIGRATE_SRC_STATE;
	return MIGRATE_PROGRESS;
}

/*
 * The state is sent before the last pages, because to read it may write to the guest's memory, and
 * that write is logged.
 */
static enum migrate_step migrate_source_send_state(struct migrate_source *s)
{
	size_t room = MIGRATE_PAYLOAD_MAX - sizeof(struct cleave_state_head);
	uint8_t *payload = migrate_tx_begin(&s->tx, MIGRATE_PAYLOAD_MAX);
	struct cleave_state_head head;
	int got;

	if (payload == NULL)
		return MIGRATE_WANT_SEND;
	memset(&head, 0, sizeof(head));
	got = s->ops->state_get(s->ctx, s->index, &head, payload + sizeof(head), room);
	if (got < 0 || (got > 0 && head.length > room))
		return migrate_source_call_failed(s, "get of a state record",
						  got < 0 ? got : SBI_ERR_FAILED);
	if (got == 0) {
		s->state = MIGRATE_SRC_PASS_BEGIN;
		return MIGRATE_PROGRESS;
	}
	s->index++;
	s->states++;
	s->digest = migrate_chain(s->digest, MIGRATE_CHAIN_STATE,
				  (uint64_t)head.kind << 32 | head.instance,
				  migrate_digest(payload + sizeof(head), head.length, 0));
	memcpy(payload, &head, sizeof(head));
	migrate_tx_end(&s->tx, &s->crc, MIGRATE_REC_STATE, sizeof(head) + head.length);
	return MIGRATE_PROGRESS;
}

/* The guest is paused, and its last pages are sent: no page may be dirty any more. */
static enum migrate_step migrate_source_settled(struct migrate_source *s)
{
	uint64_t dirty = 0;

	for (uint32_t i = 0; i < s->machine.regions; i++) {
		int err = s->ops->log_status(s->ctx, i, &dirty);

		if (err < 0)
			return migrate_source_call_failed(s, "status of the dirty log", err);
		if (dirty != 0U) {
			migrate_line_add(migrate_source_say(s),
					 "%lu pages were written while the guest was paused",
					 dirty);
			return migrate_source_fail(s, MIGRATE_REASON_MACHINE);
		}
	}
	s->region = 0;
	s->verified = 0;
	s->state = s->config.verify ? MIGRATE_SRC_VERIFY : MIGRATE_SRC_HANDOVER;
	return MIGRATE_PROGRESS;
}

static struct migrate_handover migrate_source_sums(const struct migrate_source *s)
{
	return (struct migrate_handover){
		.id = s->config.id,
		.digest = s->digest,
		.pages = s->progress.pages,
		.zero = s->progress.zero,
		.passes = s->progress.pass,
		.states = s->states,
	};
}

static enum migrate_step migrate_source_handover(struct migrate_source *s)
{
	struct migrate_handover sums = migrate_source_sums(s);

	if (!migrate_tx_record(&s->tx, &s->crc, MIGRATE_REC_HANDOVER, &sums, sizeof(sums)))
		return MIGRATE_WANT_SEND;
	s->state = s->config.kind == MIGRATE_KIND_LIVE ? MIGRATE_SRC_READY : migrate_epoch_sent(s);
	return MIGRATE_PROGRESS;
}

/*
 * vm_own() comes first: before the first byte of COMMIT leaves, nobody here may let the guest run.
 */
static enum migrate_step migrate_source_commit(struct migrate_source *s)
{
	struct migrate_promise commit = {
		.id = s->config.id,
		.outcome = MIGRATE_OUTCOME_RUNNING,
		.nonce = s->nonce,
	};
	int err;

	if (migrate_tx_begin(&s->tx, sizeof(commit)) == NULL)
		return MIGRATE_WANT_SEND;
	err = s->ops->vm_own(s->ctx, false);
	if (err != 0)
		return migrate_source_call_failed(s, "giving the guest up", err);
	s->committed = true;
	(void)migrate_tx_record(&s->tx, &s->crc, MIGRATE_REC_COMMIT, &commit, sizeof(commit));
	s->state = MIGRATE_SRC_RUNNING;
	return MIGRATE_PROGRESS;
}

static enum migrate_step migrate_source_query(struct migrate_source *s)
{
	struct migrate_status query = { .id = s->config.id, .outcome = MIGRATE_OUTCOME_PENDING };

	(void)migrate_tx_record(&s->tx, &s->crc, MIGRATE_REC_QUERY, &query, sizeof(query));
	s->state = MIGRATE_SRC_STATUS;
	return MIGRATE_PROGRESS;
}

static enum migrate_step migrate_source_wait(const struct migrate_source *s)
{
	return migrate_tx_waiting(&s->tx) != 0U ? MIGRATE_WANT_SEND : MIGRATE_WANT_RECV;
}

static enum migrate_step migrate_source_act(struct migrate_source *s)
{
	switch (s->state) {
	case MIGRATE_SRC_CHECK:
		return migrate_source_check(s);
	case MIGRATE_SRC_OFFER:
		return migrate_source_offer(s);
	case MIGRATE_SRC_IMAGES:
		return migrate_source_images(s);
	case MIGRATE_SRC_LOG_START:
		return migrate_source_log_start(s);
	case MIGRATE_SRC_PASS_BEGIN:
		return migrate_copy_begin(s);
	case MIGRATE_SRC_COPY:
		return migrate_copy_step(s);
	case MIGRATE_SRC_PASS_END:
		return migrate_copy_end(s);
	case MIGRATE_SRC_DECIDE:
		return migrate_source_decide(s);
	case MIGRATE_SRC_PAUSE:
		return migrate_source_pause(s);
	case MIGRATE_SRC_STOP:
		return migrate_source_stop(s);
	case MIGRATE_SRC_STATE:
		return migrate_source_send_state(s);
	case MIGRATE_SRC_SETTLED:
		return migrate_source_settled(s);
	case MIGRATE_SRC_VERIFY:
		return migrate_copy_verify(s);
	case MIGRATE_SRC_HANDOVER:
		return migrate_source_handover(s);
	case MIGRATE_SRC_COMMIT:
		return migrate_source_commit(s);
	case MIGRATE_SRC_FORGET:
		return migrate_leave_forget(s);
	case MIGRATE_SRC_END:
		return migrate_epoch_end(s);
	case MIGRATE_SRC_FLUSH:
		return migrate_epoch_flush(s);
	case MIGRATE_SRC_REST:
		return migrate_epoch_rest(s);
	case MIGRATE_SRC_RESUME:
		return migrate_leave_resume(s);
	case MIGRATE_SRC_LOG_STOP:
		return migrate_leave_log_stop(s);
	case MIGRATE_SRC_TELL:
		return migrate_leave_tell(s);
	case MIGRATE_SRC_QUERY:
		return migrate_source_query(s);
	case MIGRATE_SRC_ACCEPT:
	case MIGRATE_SRC_PASS_ACK:
	case MIGRATE_SRC_READY:
	case MIGRATE_SRC_RUNNING:
	case MIGRATE_SRC_STATUS:
		return migrate_source_wait(s);
	case MIGRATE_SRC_DOUBT:
		return MIGRATE_DOUBT;
	case MIGRATE_SRC_DONE:
		return MIGRATE_DONE;
	case MIGRATE_SRC_FAILED:
		break;
	}
	return MIGRATE_FAILED;
}

/* A paused guest must not stand still for ever while nothing moves. */
static enum migrate_step migrate_source_stall(struct migrate_source *s, enum migrate_step step)
{
	uint64_t now = s->ops->time(s->ctx);

	if (step == MIGRATE_PROGRESS) {
		s->moved_at = now;
		return step;
	}
	if (s->config.stall_ms == 0U || !s->paused || s->committed || s->failed ||
	    s->state >= MIGRATE_SRC_FORGET ||
	    now - s->moved_at <=
		    migrate_source_ratio(s->config.stall_ms, s->config.timebase, 1000U))
		return step;
	migrate_line_add(migrate_source_say(s),
			 "the link stood still for %u ms while the guest was paused",
			 s->config.stall_ms);
	return migrate_source_fail(s, MIGRATE_REASON_LINK);
}

/* A guest that runs must not be copied for ever. */
static bool migrate_source_late(const struct migrate_source *s)
{
	if (s->config.timeout_ms == 0U || s->paused || s->failed || s->state == MIGRATE_SRC_REST ||
	    s->state >= MIGRATE_SRC_FORGET)
		return false;
	return s->ops->time(s->ctx) - s->began_at >
	       migrate_source_ratio(s->config.timeout_ms, s->config.timebase, 1000U);
}

enum migrate_step migrate_source_step(struct migrate_source *s)
{
	bool moved;

	if (s->state == MIGRATE_SRC_DONE || s->state == MIGRATE_SRC_FAILED ||
	    s->state == MIGRATE_SRC_DOUBT)
		return migrate_source_act(s);
	moved = migrate_tx_flush(&s->tx, &s->link);
	if (s->config.kind == MIGRATE_KIND_LIVE && migrate_rx_fill(&s->rx, &s->link))
		moved = true;
	if (moved)
		s->moved_at = s->ops->time(s->ctx);
	migrate_listen(s);
	if (migrate_source_late(s)) {
		migrate_line_add(migrate_source_say(s), "not ready to be stopped after %u ms",
				 s->config.timeout_ms);
		return migrate_source_fail(s, MIGRATE_REASON_DOWNTIME);
	}
	return migrate_source_stall(s, migrate_source_act(s));
}

bool migrate_source_cancel(struct migrate_source *s)
{
	if (s->committed || s->failed || s->state >= MIGRATE_SRC_FORGET)
		return false;
	if (migrate_epoch_cancel(s))
		return true;
	migrate_line_add(migrate_source_say(s), "cancelled");
	(void)migrate_source_fail(s, MIGRATE_REASON_USER);
	return true;
}

bool migrate_source_doubts(const struct migrate_source *s)
{
	return s->state == MIGRATE_SRC_DOUBT || s->state == MIGRATE_SRC_QUERY ||
	       s->state == MIGRATE_SRC_STATUS;
}

bool migrate_source_reconnect(struct migrate_source *s, const struct migrate_link *link)
{
	if (!migrate_source_doubts(s))
		return false;
	s->link = *link;
	migrate_tx_init(&s->tx, s->config.tx, s->config.tx_size, link->memory);
	migrate_rx_init(&s->rx, s->config.rx, s->config.rx_size, link->memory);
	s->state = MIGRATE_SRC_QUERY;
	return true;
}

const char *migrate_source_line(const struct migrate_source *s)
{
	return s->line.text;
}

const struct migrate_progress *migrate_source_progress(struct migrate_source *s)
{
	static const char *const phases[] = {
		[MIGRATE_SRC_CHECK] = "check",	       [MIGRATE_SRC_OFFER] = "offer",
		[MIGRATE_SRC_ACCEPT] = "offer",	       [MIGRATE_SRC_IMAGES] = "images",
		[MIGRATE_SRC_LOG_START] = "log start", [MIGRATE_SRC_PASS_BEGIN] = "copy",
		[MIGRATE_SRC_COPY] = "copy",	       [MIGRATE_SRC_PASS_END] = "copy",
		[MIGRATE_SRC_PASS_ACK] = "copy",       [MIGRATE_SRC_DECIDE] = "copy",
		[MIGRATE_SRC_PAUSE] = "stop",	       [MIGRATE_SRC_STOP] = "stop",
		[MIGRATE_SRC_STATE] = "state",	       [MIGRATE_SRC_SETTLED] = "stop",
		[MIGRATE_SRC_VERIFY] = "verify",       [MIGRATE_SRC_HANDOVER] = "hand-over",
		[MIGRATE_SRC_READY] = "hand-over",     [MIGRATE_SRC_COMMIT] = "hand-over",
		[MIGRATE_SRC_RUNNING] = "hand-over",   [MIGRATE_SRC_FORGET] = "clean up",
		[MIGRATE_SRC_FLUSH] = "flush",	       [MIGRATE_SRC_END] = "flush",
		[MIGRATE_SRC_REST] = "rest",	       [MIGRATE_SRC_RESUME] = "resume",
		[MIGRATE_SRC_LOG_STOP] = "log stop",   [MIGRATE_SRC_TELL] = "tell",
		[MIGRATE_SRC_DOUBT] = "in doubt",      [MIGRATE_SRC_QUERY] = "ask",
		[MIGRATE_SRC_STATUS] = "ask",	       [MIGRATE_SRC_DONE] = "done",
		[MIGRATE_SRC_FAILED] = "failed",
	};
	uint64_t total = migrate_machine_pages(&s->machine);

	s->progress.phase = s->final && s->state <= MIGRATE_SRC_PASS_END ? "last pages"
									 : phases[s->state];
	s->progress.percent = total == 0U ? 0U : (uint32_t)(s->pass_seen * 100U / total);
	if (s->state == MIGRATE_SRC_VERIFY)
		s->progress.percent = migrate_copy_verified(s);
	if (s->state == MIGRATE_SRC_IMAGES && s->machine.more.images != 0U)
		s->progress.percent = (uint32_t)(s->images * 100U / s->machine.more.images);
	if (s->state == MIGRATE_SRC_DONE)
		s->progress.percent = 100;
	s->progress.bytes = s->tx.bytes;
	return &s->progress;
}
