/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pass over the source's memory, chunk by chunk.
 *
 * For each chunk, look at its bits, clear exactly those that were seen, and copy the pages only
 * after the call that protects them has returned (M2). A write that comes after the clear sets the
 * bit again, and the page is sent again in a later pass; a write that came before it is in the
 * copy. So no order of writes loses one, and the last pass, with the guest paused, leaves no bit
 * set.
 */
#include "guests/lib/migrate/migrate_internal.h"

/*
 * A word of the history: how often the page was sent, in which pass last, and whether as a zero
 * page then
 */
#define HISTORY_PASS_MASK   0xfffU
#define HISTORY_TIMES_SHIFT 12U
#define HISTORY_TIMES_MASK  0xffffU
#define HISTORY_ZERO	    (UINT32_C(1) << 28)

static struct migrate_region *migrate_copy_region(struct migrate_source *s)
{
	return &s->machine.region[s->region];
}

static uint64_t migrate_copy_region_pages(struct migrate_source *s)
{
	return migrate_copy_region(s)->size / MIGRATE_PAGE;
}

static uint64_t migrate_copy_history_index(const struct migrate_source *s, uint32_t region,
					   uint64_t gpa)
{
	uint64_t index = (gpa - s->machine.region[region].gpa) / MIGRATE_PAGE;

	for (uint32_t i = 0; i < region; i++)
		index += s->machine.region[i].size / MIGRATE_PAGE;
	return index;
}

static void migrate_copy_note(struct migrate_source *s, uint64_t gpa, bool zero)
{
	uint32_t *word;
	uint32_t times;
	uint32_t pass = s->progress.pass;

	if (s->config.history == NULL)
		return;
	word = &s->config.history[migrate_copy_history_index(s, s->region, gpa)];
	times = (*word >> HISTORY_TIMES_SHIFT) & HISTORY_TIMES_MASK;
	if (times < HISTORY_TIMES_MASK)
		times++;
	if (pass > HISTORY_PASS_MASK)
		pass = HISTORY_PASS_MASK;
	*word = pass | times << HISTORY_TIMES_SHIFT | (zero ? HISTORY_ZERO : 0U);
}

static void migrate_copy_leaf(struct migrate_source *s, uint64_t gpa, struct migrate_line *line)
{
	int level = s->ops->leaf != NULL ? s->ops->leaf(s->ctx, gpa) : -1;

	if (level < 0)
		migrate_line_add(line, "; its leaf is not known");
	else
		migrate_line_add(line, "; its leaf is of level %d", level);
}

void migrate_copy_history(struct migrate_source *s, uint64_t gpa, struct migrate_line *line)
{
	uint32_t region = migrate_machine_region(&s->machine, gpa, 1);
	uint32_t word;

	if (s->config.history == NULL || region == s->machine.regions)
		return;
	word = s->config.history[migrate_copy_history_index(s, region, gpa)];
	migrate_line_add(line, "; sent %u times, last in pass %u of %u as %s",
			 (word >> HISTORY_TIMES_SHIFT) & HISTORY_TIMES_MASK,
			 word & HISTORY_PASS_MASK, s->progress.pass,
			 (word & HISTORY_ZERO) != 0U ? "a zero page" : "data");
	migrate_copy_leaf(s, gpa, line);
}

/*
 * Send a PASS record with the flags and the counts of this pass. A PASS_ACK must repeat the counts.
 */
static bool migrate_copy_pass_record(struct migrate_source *s, uint16_t type)
{
	struct migrate_pass pass = {
		.pass = s->progress.pass,
		.flags = s->final ? MIGRATE_PASS_FINAL : 0U,
		.pages = s->pass_pages,
		.zero = s->pass_zero,
	};

	return migrate_tx_record(&s->tx, &s->crc, type, &pass, sizeof(pass));
}

enum migrate_step migrate_copy_begin(struct migrate_source *s)
{
	if (migrate_tx_begin(&s->tx, sizeof(struct migrate_pass)) == NULL)
		return MIGRATE_WANT_SEND;
	if (migrate_tx_pad(&s->tx, &s->crc))
		return MIGRATE_PROGRESS;
	s->progress.pass++;
	s->pass_pages = 0;
	s->pass_zero = 0;
	s->pass_seen = 0;
	s->pass_bytes = s->tx.bytes;
	s->pass_time = s->ops->time(s->ctx);
	s->region = 0;
	s->chunk = (struct migrate_chunk){ .first = 0 };
	(void)migrate_copy_pass_record(s, MIGRATE_REC_PASS_BEGIN);
	s->state = MIGRATE_SRC_COPY;
	return MIGRATE_PROGRESS;
}

/* Send the run of zero pages that was gathered. Return: false when there is no room now */
static bool migrate_copy_send_run(struct migrate_source *s)
{
	struct migrate_zero zero = { .gpa = s->run_gpa, .pages = s->run_pages };

	if (s->run_pages == 0U)
		return true;
	if (!migrate_tx_record(&s->tx, &s->crc, MIGRATE_REC_ZERO, &zero, sizeof(zero)))
		return false;
	s->digest = migrate_chain(s->digest, MIGRATE_CHAIN_ZERO, zero.gpa, zero.pages);
	s->pass_zero += zero.pages;
	s->progress.zero += zero.pages;
	s->run_pages = 0;
	return true;
}

/*
 * Add a page to the run of zero pages, or begin a run.
 * Return: false when the page does not continue the run
 */
static bool migrate_copy_join_run(struct migrate_source *s, uint64_t gpa)
{
	if (s->run_pages != 0U &&
	    (s->run_region != s->region || s->run_gpa + s->run_pages * MIGRATE_PAGE != gpa))
		return false;
	if (s->run_pages == 0U) {
		s->run_gpa = gpa;
		s->run_region = s->region;
	}
	s->run_pages++;
	migrate_copy_note(s, gpa, true);
	return true;
}

/*
 * Send the page that was read to @s->page as a packed page. Return: false when it does not shrink,
 * and then it is at @payload as a page record has it
 */
static bool migrate_copy_pack(struct migrate_source *s, uint8_t *payload, uint64_t gpa,
			      uint64_t digest)
{
	struct migrate_packed head = { .gpa = gpa, .method = MIGRATE_PACKED_LZ4 };
	size_t size = s->config.pack->pack(s->page, payload + sizeof(head), MIGRATE_PACKED_MAX);
	size_t round = (size + 7U) & ~(size_t)7U;

	if (size == 0U || size > MIGRATE_PACKED_MAX) {
		memcpy(payload + sizeof(gpa), s->page, sizeof(s->page));
		return false;
	}
	head.size = (uint32_t)size;
	memcpy(payload, &head, sizeof(head));
	memset(payload + sizeof(head) + size, 0, round - size);
	migrate_tx_end_packed(&s->tx, &s->crc, &s->link, payload, sizeof(head) + round, digest);
	s->progress.packed++;
	return true;
}

static void migrate_copy_send_page(struct migrate_source *s, uint8_t *payload, uint64_t gpa,
				   uint64_t digest)
{
	s->digest = migrate_chain(s->digest, MIGRATE_CHAIN_PAGE, gpa, digest);
	if (!s->packs || !migrate_copy_pack(s, payload, gpa, digest)) {
		memcpy(payload, &gpa, sizeof(gpa));
		migrate_tx_end_page(&s->tx, &s->crc, &s->link, payload, digest);
	}
	s->pass_pages++;
	s->progress.pages++;
	migrate_copy_note(s, gpa, false);
}

bool migrate_copy_too_fast(const struct migrate_source *s)
{
	uint64_t sent = s->tx.bytes - s->pass_bytes + migrate_tx_waiting(&s->tx);

	return s->config.rate != 0U && !s->paused &&
	       sent > migrate_source_ratio(s->ops->time(s->ctx) - s->pass_time, s->config.rate,
					   s->config.timebase);
}

/*
 * Send the next page of the chunk, which is read straight to where its frame is built, or to where
 * it is packed from: the guest may write meanwhile, and what is packed is what has the digest. If a
 * run must be sent before it, the page is read again in the next step: its bit stays in the chunk
 * until the page is on its way.
 */
static enum migrate_step migrate_copy_page(struct migrate_source *s)
{
	if (migrate_copy_too_fast(s))
		return MIGRATE_WANT_SEND;
	struct migrate_chunk *c = &s->chunk;
	uint64_t gpa = migrate_copy_region(s)->gpa + (c->first + c->next) * MIGRATE_PAGE;
	uint8_t *payload = migrate_tx_begin_page(&s->tx, &s->link);
	uint64_t digest = 0;
	int got;

	if (payload == NULL)
		return MIGRATE_WANT_SEND;
	got = s->ops->page_read(s->ctx, gpa, s->packs ? (void *)s->page : payload + sizeof(gpa),
				&digest);
	if (got < 0)
		return migrate_source_call_failed(s, "read of a page", got);
	if (got > 0) {
		if (!migrate_copy_join_run(s, gpa))
			return migrate_copy_send_run(s) ? MIGRATE_PROGRESS : MIGRATE_WANT_SEND;
	} else if (s->run_pages != 0U) {
		return migrate_copy_send_run(s) ? MIGRATE_PROGRESS : MIGRATE_WANT_SEND;
	} else {
		migrate_copy_send_page(s, payload, gpa, digest);
	}
	c->bits[c->next / 64U] &= ~(UINT64_C(1) << (c->next % 64U));
	c->next++;
	return MIGRATE_PROGRESS;
}

/* Move @next to the next page that waits. Return: false when none does */
static bool migrate_copy_chunk_left(struct migrate_chunk *c)
{
	while (c->next < c->pages) {
		uint64_t word = c->bits[c->next / 64U] >> (c->next % 64U);

		/* Mostly it is the next one. */
		if ((word & 1U) != 0U)
			return true;
		if (word != 0U) {
			c->next += (uint64_t)__builtin_ctzll(word);
			return true;
		}
		c->next = (c->next | 63U) + 1U;
	}
	return false;
}

/* Clear the bits after the first @pages: they are not of this chunk. */
static void migrate_copy_trim(uint64_t *bits, uint64_t pages)
{
	for (uint64_t i = pages; i < MIGRATE_STEP_PAGES; i = (i | 63U) + 1U)
		bits[i / 64U] &= (UINT64_C(1) << (i % 64U)) - 1U;
}

/*
 * May a call go so far? It deals with at least one page, and with no more than it was asked to; and
 * it ends at a whole word, or where it was asked to end.
 */
static bool migrate_copy_went_ok(int64_t went, uint64_t asked)
{
	return went > 0 && (uint64_t)went <= asked &&
	       ((uint64_t)went == asked || (uint64_t)went % 64U == 0U);
}

/*
 * Take a chunk of pages at @first: look at the bits, clear those that were seen, and only then let
 * the pages be copied.
 */
static enum migrate_step migrate_copy_take_chunk(struct migrate_source *s, uint64_t first)
{
	struct migrate_chunk *c = &s->chunk;
	uint64_t count = migrate_copy_region_pages(s) - first;
	uint64_t any = 0;
	int64_t went;

	if (count > MIGRATE_STEP_PAGES)
		count = MIGRATE_STEP_PAGES;
	memset(c->bits, 0, sizeof(c->bits));
	went = s->ops->log_get(s->ctx, s->region, first, count, c->bits);
	if (!migrate_copy_went_ok(went, count))
		return migrate_source_call_failed(s, "get of dirty bits",
						  went < 0 ? went : SBI_ERR_FAILED);
	count = (uint64_t)went;
	migrate_copy_trim(c->bits, count);
	for (uint32_t i = 0; i < MIGRATE_STEP_PAGES / 64U; i++)
		any |= c->bits[i];
	if (any != 0U) {
		went = s->ops->log_clear(s->ctx, s->region, first, count, c->bits);
		if (!migrate_copy_went_ok(went, count))
			return migrate_source_call_failed(s, "clear of dirty bits",
							  went < 0 ? went : SBI_ERR_FAILED);
		count = (uint64_t)went;
	}
	/* The first pass carries every page, whatever the bits say. */
	if (s->progress.pass == 1U)
		memset(c->bits, 0xff, sizeof(c->bits));
	migrate_copy_trim(c->bits, count);
	c->first = first;
	c->pages = count;
	c->next = 0;
	s->pass_seen += count;
	return MIGRATE_PROGRESS;
}

static enum migrate_step migrate_copy_one(struct migrate_source *s)
{
	uint64_t first = s->chunk.first + s->chunk.pages;

	if (migrate_copy_chunk_left(&s->chunk))
		return migrate_copy_page(s);
	if (first < migrate_copy_region_pages(s))
		return migrate_copy_take_chunk(s, first);
	if (s->region + 1U < s->machine.regions) {
		s->region++;
		s->chunk = (struct migrate_chunk){ .first = 0 };
		return MIGRATE_PROGRESS;
	}
	if (!migrate_copy_send_run(s))
		return MIGRATE_WANT_SEND;
	s->state = MIGRATE_SRC_PASS_END;
	return MIGRATE_PROGRESS;
}

enum migrate_step migrate_copy_step(struct migrate_source *s)
{
	enum migrate_step step = migrate_copy_one(s);

	for (uint32_t i = 1;
	     i < MIGRATE_STEP_FRAMES && step == MIGRATE_PROGRESS && s->state == MIGRATE_SRC_COPY;
	     i++) {
		(void)migrate_tx_flush(&s->tx, &s->link);
		if (migrate_copy_one(s) != MIGRATE_PROGRESS)
			break;
	}
	return step;
}

enum migrate_step migrate_copy_end(struct migrate_source *s)
{
	if (!migrate_copy_pass_record(s, MIGRATE_REC_PASS_END))
		return MIGRATE_WANT_SEND;
	if (s->final)
		s->state = MIGRATE_SRC_SETTLED;
	else
		s->state = s->config.kind == MIGRATE_KIND_LIVE ? MIGRATE_SRC_PASS_ACK
							       : MIGRATE_SRC_DECIDE;
	return MIGRATE_PROGRESS;
}

uint32_t migrate_copy_verified(const struct migrate_source *s)
{
	uint64_t done = s->verified;

	for (uint32_t i = 0; i < s->region; i++)
		done += s->machine.region[i].size / MIGRATE_PAGE;
	return (uint32_t)(done * 100U / migrate_machine_pages(&s->machine));
}

/*
 * Each page is read to the end of the room for the record that is built: the buffer is the only
 * memory that there is.
 */
enum migrate_step migrate_copy_verify(struct migrate_source *s)
{
	struct migrate_verify head;
	uint64_t left = migrate_copy_region_pages(s) - s->verified;
	size_t most = sizeof(head) + MIGRATE_VERIFY_MAX * sizeof(uint64_t);
	uint8_t *payload = migrate_tx_begin(&s->tx, most + MIGRATE_PAGE);
	uint64_t digest;
	uint64_t i;

	if (payload == NULL)
		return MIGRATE_WANT_SEND;
	head.gpa = migrate_copy_region(s)->gpa + s->verified * MIGRATE_PAGE;
	head.pages = left < MIGRATE_VERIFY_MAX ? left : MIGRATE_VERIFY_MAX;
	for (i = 0; i < head.pages; i++) {
		uint64_t gpa = head.gpa + i * MIGRATE_PAGE;
		int got = s->ops->page_read(s->ctx, gpa, payload + most, &digest);

		if (got < 0)
			return migrate_source_call_failed(s, "read of a page", got);
		if (got > 0) {
			memset(payload + most, 0, MIGRATE_PAGE);
			digest = migrate_digest_page(payload + most, gpa);
		}
		memcpy(payload + sizeof(head) + i * sizeof(digest), &digest, sizeof(digest));
	}
	memcpy(payload, &head, sizeof(head));
	migrate_tx_end(&s->tx, &s->crc, MIGRATE_REC_VERIFY,
		       sizeof(head) + head.pages * sizeof(uint64_t));
	s->verified += head.pages;
	if (s->verified == migrate_copy_region_pages(s)) {
		s->verified = 0;
		if (++s->region == s->machine.regions)
			s->state = MIGRATE_SRC_HANDOVER;
	}
	return MIGRATE_PROGRESS;
}
