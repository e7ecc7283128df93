/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the destination receives between its ACCEPT and its READY.
 *
 * Each record is checked against what came before it. Nothing may reach the slot's memory outside
 * its regions, twice in a pass, or in another order than the source's.
 */
#include "guests/lib/migrate/migrate_internal.h"

/*
 * The place after the last region, where no page may come any more in this pass; no GPA of a region
 * is so large
 */
#define PAST_LAST UINT64_MAX

/*
 * Return: the place after @pages pages at @gpa, which end in @region: right after them, or where
 * the next region begins
 */
static uint64_t migrate_records_after(const struct migrate_machine *m, uint32_t region,
				      uint64_t gpa, uint64_t pages)
{
	uint64_t end = gpa + pages * MIGRATE_PAGE;

	if (end != m->region[region].gpa + m->region[region].size)
		return end;
	return region + 1U < m->regions ? m->region[region + 1U].gpa : PAST_LAST;
}

static enum migrate_step migrate_records_at(struct migrate_dest *d,
					    const struct migrate_record *record, uint64_t gpa,
					    uint64_t pages, const char *why)
{
	migrate_line_add(migrate_dest_say(d), "frame %lu (%s) of %lu pages at 0x%lx: %s",
			 record->seq, migrate_record_name(record->type), pages, gpa, why);
	return migrate_dest_fail(d, MIGRATE_REASON_STREAM, 0);
}

/*
 * Check where a run of pages is. In each pass pages come in ascending order, and each at most once.
 * The first pass has all of them, so that nothing in the slot stays as it was created.
 * Return: true when the run may be there, and @d->next is after it now; false when the migration
 * has failed
 */
static bool migrate_records_place(struct migrate_dest *d, const struct migrate_record *record,
				  uint64_t gpa, uint64_t pages)
{
	uint32_t region = migrate_machine_region(&d->machine, gpa, pages);

	if (!d->in_pass)
		(void)migrate_dest_unexpected(d, record, "may not come outside a pass");
	else if ((gpa & (MIGRATE_PAGE - 1U)) != 0U || pages == 0U)
		(void)migrate_records_at(d, record, gpa, pages, "not whole pages");
	else if (region == d->machine.regions)
		(void)migrate_records_at(d, record, gpa, pages, "not inside one memory region");
	else if (gpa < d->next)
		(void)migrate_records_at(d, record, gpa, pages, "came already, or out of order");
	else if (d->progress.pass == 1U && gpa != d->next)
		(void)migrate_records_at(d, record, gpa, pages,
					 "the first pass left out pages before it");
	else {
		d->next = migrate_records_after(&d->machine, region, gpa, pages);
		return true;
	}
	return false;
}

/*
 * A page may not be where it says. If its digest, which covers the place, is wrong too, then the
 * frame was damaged, and that is what is said.
 */
static enum migrate_step migrate_records_misplaced(struct migrate_dest *d,
						   const struct migrate_record *record,
						   const uint8_t *page, uint64_t gpa)
{
	struct migrate_line why;

	migrate_line_clear(&why);
	if (migrate_record_sum_ok(record, migrate_digest_page(page, gpa), &why))
		return MIGRATE_PROGRESS;
	migrate_line_add(migrate_dest_say(d), "%s", why.text);
	return migrate_dest_fail(d, MIGRATE_REASON_STREAM, 0);
}

/*
 * Unpack the page of a packed record to @d->page. Whatever is wrong with it ends the migration
 * before a byte of it is in the slot. A block of zeros is taken as a page record of zeros is: a
 * guest may write zeros to a page while it is copied.
 * Return: false when that has failed, and then the line says why
 */
static bool migrate_records_unpack(struct migrate_dest *d, const struct migrate_record *record)
{
	const uint8_t *block = record->payload + sizeof(struct migrate_packed);
	struct migrate_packed head;
	const char *why = NULL;
	uint8_t rest = 0;

	memcpy(&head, record->payload, sizeof(head));
	for (size_t i = head.size; i < record->length - sizeof(head); i++)
		rest |= block[i];
	if (!d->packs)
		why = d->config.pack == NULL ? "is not understood here, without lz4"
					     : "was not agreed on";
	else if (head.method != MIGRATE_PACKED_LZ4)
		why = "has a method other than 1";
	else if (head.size == 0U || head.size > MIGRATE_PACKED_MAX ||
		 record->length - sizeof(head) != ((head.size + 7U) & ~UINT64_C(7)))
		why = "has another length than its block";
	else if (rest != 0U)
		why = "has something other than 0 after its block";
	else if (!d->config.pack->unpack(block, head.size, d->page))
		why = "does not unpack to one page";
	if (why == NULL)
		return true;
	(void)migrate_dest_unexpected(d, record, why);
	return false;
}

/*
 * Write the page to where it belongs, and only then see whether it is what was sent: one loop
 * copies and digests. A wrong page does no harm meanwhile. It is in one of the slot's regions, the
 * slot's guest has never run, and the slot is emptied now.
 */
static enum migrate_step migrate_records_page(struct migrate_dest *d,
					      const struct migrate_record *record)
{
	bool packed = record->type == MIGRATE_REC_PACKED;
	const uint8_t *page = record->payload + sizeof(uint64_t);
	uint64_t gpa, digest;
	int err;

	memcpy(&gpa, record->payload, sizeof(gpa));
	if (packed && !migrate_records_unpack(d, record))
		return MIGRATE_PROGRESS;
	if (packed)
		page = (const uint8_t *)d->page;
	if (!migrate_records_place(d, record, gpa, 1))
		return migrate_records_misplaced(d, record, page, gpa);
	/* Inside one program the digest that was made with the first copy came with the page. */
	if (!packed && record->length == MIGRATE_PAGE_ROOM) {
		memcpy(&digest, page + MIGRATE_PAGE, sizeof(digest));
		err = d->ops->page_write(d->ctx, gpa, page, NULL);
	} else {
		err = d->ops->page_write(d->ctx, gpa, page, &digest);
	}
	if (err != 0)
		return migrate_dest_call_failed(d, "write of a page", err);
	if (!migrate_record_sum_ok(record, digest, migrate_dest_say(d)))
		return migrate_dest_fail(d, MIGRATE_REASON_STREAM, 0);
	d->digest = migrate_chain(d->digest, MIGRATE_CHAIN_PAGE, gpa, digest);
	d->pass_pages++;
	d->progress.pages++;
	d->progress.packed += packed ? 1U : 0U;
	return MIGRATE_PROGRESS;
}

static enum migrate_step migrate_records_zero_run(struct migrate_dest *d,
						  const struct migrate_record *record)
{
	memcpy(&d->zero, record->payload, sizeof(d->zero));
	if (!migrate_records_place(d, record, d->zero.gpa, d->zero.pages))
		return MIGRATE_PROGRESS;
	d->digest = migrate_chain(d->digest, MIGRATE_CHAIN_ZERO, d->zero.gpa, d->zero.pages);
	d->pass_zero += d->zero.pages;
	d->progress.zero += d->zero.pages;
	d->state = MIGRATE_DST_ZERO;
	return MIGRATE_PROGRESS;
}

enum migrate_step migrate_record_zero(struct migrate_dest *d)
{
	uint64_t pages = d->zero.pages < MIGRATE_STEP_PAGES ? d->zero.pages : MIGRATE_STEP_PAGES;
	int err = d->ops->page_zero(d->ctx, d->zero.gpa, pages);

	if (err != 0)
		return migrate_dest_call_failed(d, "zeroing of pages", err);
	d->zero.gpa += pages * MIGRATE_PAGE;
	d->zero.pages -= pages;
	if (d->zero.pages == 0U)
		d->state = MIGRATE_DST_RECEIVE;
	return MIGRATE_PROGRESS;
}

/*
 * What the guest reboots from comes before everything else, in ascending order and without gaps. A
 * checkpoint has it also for a slot that has the same.
 */
static enum migrate_step migrate_records_images(struct migrate_dest *d,
						const struct migrate_record *record)
{
	const uint8_t *bytes = record->payload + sizeof(uint64_t);
	size_t size = record->length - sizeof(uint64_t);
	uint64_t offset;
	int err = 0;

	memcpy(&offset, record->payload, sizeof(offset));
	if (d->progress.pass != 0U || d->stopped ||
	    (!d->wants_images && d->hello.kind == MIGRATE_KIND_LIVE))
		return migrate_dest_unexpected(d, record, "may not come now");
	if (offset != d->images || size > d->machine.more.images - d->images)
		return migrate_dest_unexpected(d, record, "does not follow the one before it");
	if (d->wants_images)
		err = d->ops->images_put(d->ctx, bytes, size);
	if (err != 0)
		return migrate_dest_call_failed(d, "put of the images", err);
	d->digest = migrate_chain(d->digest, MIGRATE_CHAIN_IMAGES, offset,
				  migrate_digest(bytes, size, 0));
	d->images += size;
	return MIGRATE_PROGRESS;
}

/* Has all come that the guest reboots from, if it is to come? */
static bool migrate_records_images_whole(const struct migrate_dest *d)
{
	return (!d->wants_images && d->hello.kind == MIGRATE_KIND_LIVE) ||
	       d->images == d->machine.more.images;
}

static enum migrate_step migrate_records_pass_begin(struct migrate_dest *d,
						    const struct migrate_record *record)
{
	struct migrate_pass pass;

	memcpy(&pass, record->payload, sizeof(pass));
	if (d->in_pass || d->finished)
		return migrate_dest_unexpected(d, record, "may not come now");
	if (!migrate_records_images_whole(d))
		return migrate_dest_unexpected(d, record, "may not come before all images");
	if (pass.pass != d->progress.pass + 1U || pass.pages != 0U || pass.zero != 0U)
		return migrate_dest_unexpected(d, record, "is not of the next pass");
	if (pass.flags != (d->stopped ? MIGRATE_PASS_FINAL : 0U))
		return migrate_dest_unexpected(d, record, "has flags that do not fit");
	d->progress.pass = pass.pass;
	d->pass_flags = pass.flags;
	d->pass_pages = 0;
	d->pass_zero = 0;
	d->next = d->machine.region[0].gpa;
	d->in_pass = true;
	return MIGRATE_PROGRESS;
}

static enum migrate_step migrate_records_pass_end(struct migrate_dest *d,
						  const struct migrate_record *record)
{
	struct migrate_pass pass;

	memcpy(&pass, record->payload, sizeof(pass));
	if (!d->in_pass || pass.pass != d->progress.pass || pass.flags != d->pass_flags)
		return migrate_dest_unexpected(d, record, "is not of the pass that is under way");
	if (pass.pages != d->pass_pages || pass.zero != d->pass_zero)
		return migrate_dest_unexpected(d, record, "counts other pages than have come");
	if (pass.pass == 1U && d->next != PAST_LAST)
		return migrate_dest_unexpected(d, record, "ends a first pass without all pages");
	d->in_pass = false;
	d->finished = d->stopped;
	if (!d->stopped && d->hello.kind == MIGRATE_KIND_LIVE &&
	    !migrate_tx_record(&d->tx, &d->crc, MIGRATE_REC_PASS_ACK, &pass, sizeof(pass)))
		return migrate_dest_unexpected(d, record, "came before its answers were taken");
	return MIGRATE_PROGRESS;
}

static enum migrate_step migrate_records_stop(struct migrate_dest *d,
					      const struct migrate_record *record)
{
	struct migrate_stop stop;

	memcpy(&stop, record->payload, sizeof(stop));
	if (d->in_pass || d->stopped)
		return migrate_dest_unexpected(d, record, "may not come now");
	if (stop.run > 1U)
		return migrate_dest_unexpected(d, record, "does not say whether the guest ran");
	/* Only who has said so in ACCEPT, which no checkpoint has, is told that time goes on. */
	if (stop.clock > (d->ops->stopped != NULL && d->hello.kind == MIGRATE_KIND_LIVE ? 1U : 0U))
		return migrate_dest_unexpected(d, record, "does not say what the time does");
	if (d->ops->stopped != NULL)
		d->ops->stopped(d->ctx, stop.clock == 1U);
	d->stopped = true;
	d->run = stop.run == 1U;
	return MIGRATE_PROGRESS;
}

static enum migrate_step
migrate_records_state_refused(struct migrate_dest *d, const struct cleave_state_head *head, int err)
{
	migrate_line_add(migrate_dest_say(d), "state record kind %u version %u instance %u",
			 head->kind, head->version, head->instance);
	if (err == SBI_ERR_NOT_SUPPORTED) {
		migrate_line_add(&d->line, " must be understood and is not");
		return migrate_dest_fail(d, MIGRATE_REASON_REFUSED, 0);
	}
	migrate_line_error(&d->line, err);
	return migrate_dest_fail(d, MIGRATE_REASON_MACHINE, 0);
}

/* State records come in ascending order of kind and instance, so none comes twice. */
static enum migrate_step migrate_records_state(struct migrate_dest *d,
					       const struct migrate_record *record)
{
	const uint8_t *data = record->payload + sizeof(struct cleave_state_head);
	struct cleave_state_head head;
	uint64_t key;
	int err;

	memcpy(&head, record->payload, sizeof(head));
	key = (uint64_t)head.kind << 32 | head.instance;
	if (!d->stopped || d->in_pass || d->finished)
		return migrate_dest_unexpected(d, record, "may not come now");
	if (head.length != record->length - sizeof(head))
		return migrate_dest_unexpected(d, record, "has another length than its frame");
	if ((head.flags & ~CLEAVE_STATE_MANDATORY) != 0U)
		return migrate_dest_unexpected(d, record, "has unknown flags");
	if (d->state_seen && key <= d->last_state)
		return migrate_dest_unexpected(d, record, "came already, or out of order");
	err = d->ops->state_set(d->ctx, &head, data);
	if (err == SBI_ERR_NOT_SUPPORTED && (head.flags & CLEAVE_STATE_MANDATORY) == 0U)
		err = 0;
	if (err != 0)
		return migrate_records_state_refused(d, &head, err);
	d->digest = migrate_chain(d->digest, MIGRATE_CHAIN_STATE, key,
				  migrate_digest(data, head.length, 0));
	d->last_state = key;
	d->state_seen = true;
	d->states++;
	return MIGRATE_PROGRESS;
}

static enum migrate_step migrate_records_differs(struct migrate_dest *d, uint64_t gpa)
{
	migrate_line_add(migrate_dest_say(d), "verify: page 0x%lx differs from the source's", gpa);
	return migrate_dest_fail(d, MIGRATE_REASON_VERIFY, gpa);
}

/* Compare digests with those of what the memory of the slot holds, not of what came. */
static enum migrate_step migrate_records_verify(struct migrate_dest *d,
						const struct migrate_record *record)
{
	struct migrate_verify head;
	uint32_t region;
	uint64_t want, digest;

	memcpy(&head, record->payload, sizeof(head));
	region = migrate_machine_region(&d->machine, head.gpa, head.pages);
	if (!d->finished || (d->hello.flags & MIGRATE_HELLO_VERIFY) == 0U)
		return migrate_dest_unexpected(d, record, "may not come now");
	if (head.pages == 0U || head.pages > MIGRATE_VERIFY_MAX ||
	    record->length != sizeof(head) + head.pages * sizeof(want))
		return migrate_dest_unexpected(d, record, "has another length than its pages");
	if (region == d->machine.regions || head.gpa != d->verified)
		return migrate_records_at(d, record, head.gpa, head.pages, "not the next pages");
	for (uint64_t i = 0; i < head.pages; i++) {
		uint64_t gpa = head.gpa + i * MIGRATE_PAGE;
		int got = d->ops->page_read(d->ctx, gpa, d->page, &digest);

		if (got < 0)
			return migrate_dest_call_failed(d, "read of a page", got);
		if (got > 0) {
			memset(d->page, 0, sizeof(d->page));
			digest = migrate_digest_page(d->page, gpa);
		}
		memcpy(&want, record->payload + sizeof(head) + i * sizeof(want), sizeof(want));
		if (digest != want)
			return migrate_records_differs(d, gpa);
	}
	d->verified = migrate_records_after(&d->machine, region, head.gpa, head.pages);
	return MIGRATE_PROGRESS;
}

static bool migrate_records_sums_ok(struct migrate_dest *d, const struct migrate_handover *sums)
{
	if (sums->id == d->hello.id && sums->pages == d->progress.pages &&
	    sums->zero == d->progress.zero && sums->passes == d->progress.pass &&
	    sums->states == d->states && sums->digest == d->digest)
		return true;
	migrate_line_add(migrate_dest_say(d),
			 "hand-over: digest 0x%lx of %lu pages and %u state records was sent, "
			 "but 0x%lx of %lu and %u came",
			 sums->digest, sums->pages, sums->states, d->digest, d->progress.pages,
			 d->states);
	return false;
}

static enum migrate_step migrate_records_handover(struct migrate_dest *d,
						  const struct migrate_record *record)
{
	struct migrate_handover sums;
	int err;

	memcpy(&sums, record->payload, sizeof(sums));
	if (!d->finished)
		return migrate_dest_unexpected(d, record, "may not come before the final pass");
	if ((d->hello.flags & MIGRATE_HELLO_VERIFY) != 0U && d->verified != PAST_LAST)
		return migrate_dest_unexpected(d, record, "may not come before all was verified");
	if (!migrate_records_sums_ok(d, &sums))
		return migrate_dest_fail(d, MIGRATE_REASON_DIGEST, 0);
	err = d->ops->state_check(d->ctx, migrate_dest_say(d));
	if (err != 0)
		return migrate_dest_fail(d, MIGRATE_REASON_STREAM, 0);
	migrate_line_clear(&d->line);
	if (d->hello.kind == MIGRATE_KIND_CHECKPOINT)
		return migrate_epoch_came(d);
	if (!migrate_tx_record(&d->tx, &d->crc, MIGRATE_REC_READY, &sums, sizeof(sums)))
		return migrate_dest_unexpected(d, record, "came before its answers were taken");
	d->state = MIGRATE_DST_PREPARED;
	return MIGRATE_PROGRESS;
}

enum migrate_step migrate_record_take(struct migrate_dest *d, const struct migrate_record *record)
{
	switch (record->type) {
	case MIGRATE_REC_IMAGES:
		return migrate_records_images(d, record);
	case MIGRATE_REC_PASS_BEGIN:
		return migrate_records_pass_begin(d, record);
	case MIGRATE_REC_PAGE:
	case MIGRATE_REC_PACKED:
		return migrate_records_page(d, record);
	case MIGRATE_REC_ZERO:
		return migrate_records_zero_run(d, record);
	case MIGRATE_REC_PASS_END:
		return migrate_records_pass_end(d, record);
	case MIGRATE_REC_STOP:
		return migrate_records_stop(d, record);
	case MIGRATE_REC_STATE:
		return migrate_records_state(d, record);
	case MIGRATE_REC_VERIFY:
		return migrate_records_verify(d, record);
	case MIGRATE_REC_HANDOVER:
		return migrate_records_handover(d, record);
	case MIGRATE_REC_END:
		return migrate_epoch_over(d, record);
	default:
		return migrate_dest_unexpected(d, record, "may not come now");
	}
}
