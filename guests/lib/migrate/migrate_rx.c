/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames that come in: they are found in the bytes as these arrive, checked, and given out one by
 * one.
 *
 * Every byte may come from a stranger. A length is believed only after the checksum of its header,
 * and only up to what its record may have.
 */
#include "guests/lib/migrate/migrate_stream.h"

/**
 * struct migrate_rx_kind - a type of record, its version, and its least and greatest length, bytes
 */
struct migrate_rx_kind {
	uint16_t type;
	uint8_t version;
	const char *name;
	size_t least;
	size_t most;
};

#define FIXED(record) sizeof(struct record), sizeof(struct record)

static const struct migrate_rx_kind migrate_rx_kinds[] = {
	{ MIGRATE_REC_HELLO, 2, "hello", offsetof(struct migrate_hello, uuid),
	  sizeof(struct migrate_hello) },
	{ MIGRATE_REC_REQUIRE, 2, "require",
	  sizeof(struct migrate_require) + sizeof(struct migrate_region) + 1U,
	  sizeof(struct migrate_require) + MIGRATE_REGIONS_MAX * sizeof(struct migrate_region) +
		  MIGRATE_ISA_MAX + sizeof(struct migrate_require_more) },
	{ MIGRATE_REC_PASS_BEGIN, 1, "pass begin", FIXED(migrate_pass) },
	{ MIGRATE_REC_PAGE, 2, "page", sizeof(uint64_t) + MIGRATE_PAGE,
	  sizeof(uint64_t) + MIGRATE_PAGE },
	{ MIGRATE_REC_ZERO, 1, "zero pages", FIXED(migrate_zero) },
	{ MIGRATE_REC_PASS_END, 1, "pass end", FIXED(migrate_pass) },
	{ MIGRATE_REC_STOP, 1, "stop", FIXED(migrate_stop) },
	{ MIGRATE_REC_STATE, 1, "state", sizeof(struct cleave_state_head), MIGRATE_PAYLOAD_MAX },
	{ MIGRATE_REC_VERIFY, 1, "verify", sizeof(struct migrate_verify) + sizeof(uint64_t),
	  sizeof(struct migrate_verify) + MIGRATE_VERIFY_MAX * sizeof(uint64_t) },
	{ MIGRATE_REC_HANDOVER, 1, "hand-over", FIXED(migrate_handover) },
	{ MIGRATE_REC_COMMIT, 2, "commit", FIXED(migrate_promise) },
	{ MIGRATE_REC_QUERY, 1, "query", FIXED(migrate_status) },
	{ MIGRATE_REC_PACKED, 1, "packed page", sizeof(struct migrate_packed) + sizeof(uint64_t),
	  sizeof(struct migrate_packed) + MIGRATE_PACKED_MAX },
	{ MIGRATE_REC_IMAGES, 1, "images", sizeof(uint64_t) + 1U,
	  sizeof(uint64_t) + MIGRATE_IMAGES_MAX },
	{ MIGRATE_REC_ACCEPT, 2, "accept", FIXED(migrate_promise) },
	{ MIGRATE_REC_PASS_ACK, 1, "pass acknowledgement", FIXED(migrate_pass) },
	{ MIGRATE_REC_READY, 1, "ready", FIXED(migrate_handover) },
	{ MIGRATE_REC_RUNNING, 1, "running", FIXED(migrate_status) },
	{ MIGRATE_REC_STATUS, 1, "status", FIXED(migrate_status) },
	{ MIGRATE_REC_CANCEL, 1, "cancel", FIXED(migrate_cancel) },
	{ MIGRATE_REC_END, 1, "end", FIXED(migrate_end) },
};

/* After a frame of an odd length, move what follows, so that it is aligned. */
static void migrate_rx_align(struct migrate_rx *rx)
{
	size_t by = rx->head & (sizeof(uint64_t) - 1U);

	if (by == 0U)
		return;
	memmove(rx->buf + rx->head - by, rx->buf + rx->head, rx->tail - rx->head);
	rx->head -= by;
	rx->tail -= by;
}

static const struct migrate_rx_kind *migrate_rx_kind_of(uint16_t type)
{
	for (size_t i = 0; i < sizeof(migrate_rx_kinds) / sizeof(migrate_rx_kinds[0]); i++) {
		if (migrate_rx_kinds[i].type == type)
			return &migrate_rx_kinds[i];
	}
	return NULL;
}

const char *migrate_record_name(uint16_t type)
{
	const struct migrate_rx_kind *kind = migrate_rx_kind_of(type);

	return kind != NULL ? kind->name : "unknown record";
}

uint8_t migrate_record_version(uint16_t type)
{
	const struct migrate_rx_kind *kind = migrate_rx_kind_of(type);

	return kind != NULL ? kind->version : 1U;
}

/* Is payload_crc of frames of this type and version half the digest of a page? */
static bool migrate_rx_digested(uint16_t type, uint8_t version)
{
	return (type == MIGRATE_REC_PAGE && version == 2U) || type == MIGRATE_REC_PACKED;
}

bool migrate_record_sum_ok(const struct migrate_record *record, uint64_t digest,
			   struct migrate_line *line)
{
	if ((record->flags & MIGRATE_FLAG_PLAIN) != 0U ||
	    !migrate_rx_digested(record->type, record->version) || record->sum == (uint32_t)digest)
		return true;
	migrate_line_add(line, "frame %lu: checksum of the payload is 0x%x, not 0x%x", record->seq,
			 record->sum, (uint32_t)digest);
	return false;
}

/* Return: the next frame, of which @here bytes are there */
static const uint8_t *migrate_rx_at(const struct migrate_rx *rx, size_t *here)
{
	*here = rx->lent != NULL ? rx->lent_size : rx->tail - rx->head;
	return rx->lent != NULL ? rx->lent : rx->buf + rx->head;
}

void migrate_rx_init(struct migrate_rx *rx, void *buf, size_t size, bool plain)
{
	uint64_t bytes = rx->bytes;

	*rx = (struct migrate_rx){ .buf = buf, .size = size, .bytes = bytes, .plain = plain };
}

/* Drop the record that was given out last: it has been dealt with by now. */
static void migrate_rx_drop_taken(struct migrate_rx *rx)
{
	if (rx->taken != 0U && rx->lent != NULL) {
		rx->lender->drop(rx->lender->ctx, rx->lent_size);
		rx->bytes += rx->lent_size;
		rx->lent = NULL;
		rx->taken = 0;
	}
	rx->head += rx->taken;
	rx->taken = 0;
	if (rx->head == rx->tail) {
		rx->head = 0;
		rx->tail = 0;
	}
	migrate_rx_align(rx);
}

/* Is @f, of which not all has come, a page frame as the next one must be? */
static bool migrate_rx_page_begun(const struct migrate_rx *rx, const struct migrate_frame *f)
{
	size_t page = sizeof(uint64_t) + MIGRATE_PAGE;

	return f->magic == MIGRATE_MAGIC && f->seq == rx->seq && f->length == page;
}

/*
 * Let the link show the next frame, whole, where it has it, and use it there if it is a page. Its
 * header is believed only as far as it fits what the link shows; migrate_rx_frame() judges it, and
 * what it says, as that of any other frame. What is shown may change until it is copied, if the
 * link's memory is a device's: so what was judged is a copy of the header, and the digest of a page
 * is made of the words that the same loop writes to the slot.
 *
 * No page counts before its digest was compared. One that is damaged, cut or not where it may be is
 * in the slot at most as bytes of a guest that never runs: the engine gives up, empties the slot,
 * and only then says so (migrate_dest_empty()).
 *
 * A frame of which a part has come is left with the link while the rest may come after it there.
 * If it is not one that would be used there, it is taken off the link: what is wrong with it is
 * said without waiting for a payload.
 *
 * All other frames are taken off the link before they are acted on: a source that has seen COMMIT
 * taken, and then a link that was cut, is in doubt; one that has not takes its guest back.
 *
 * Return: true when the next frame is in @rx->lent, or the rest of it is still to come to where the
 * link shows it; false when it has to be taken off the link
 */
static bool migrate_rx_borrow(struct migrate_rx *rx, const struct migrate_link *link)
{
	struct migrate_frame f;
	const uint8_t *at;
	bool grows = false;
	size_t here;

	if (link->peek == NULL || rx->head != rx->tail)
		return false;
	here = link->peek(link->ctx, sizeof(f) + MIGRATE_PAGE_ROOM, &at, &grows);
	/* What is not aligned costs less when it is copied first. */
	if (here == 0U || ((uintptr_t)at & (sizeof(uint64_t) - 1U)) != 0U)
		return false;
	rx->begun = true;
	if (here < sizeof(f))
		return grows && at[0] == (uint8_t)MIGRATE_MAGIC;
	memcpy(&f, at, sizeof(f));
	if (f.type != MIGRATE_REC_PAGE)
		return false;
	if (f.length > here - sizeof(f))
		return grows && migrate_rx_page_begun(rx, &f);
	rx->lender = link;
	rx->lent = at;
	rx->lent_size = sizeof(f) + (size_t)f.length;
	rx->lent_more = here > rx->lent_size;
	return true;
}

void migrate_rx_settle(struct migrate_rx *rx)
{
	if (rx->lent != NULL && rx->taken != 0U)
		migrate_rx_drop_taken(rx);
	rx->lent = NULL;
}

void migrate_rx_forget(struct migrate_rx *rx)
{
	if (rx->lent != NULL)
		rx->taken = rx->lent_size;
	else
		rx->taken = rx->tail - rx->head;
	migrate_rx_drop_taken(rx);
}

/*
 * Return: bytes that the frame in the buffer lacks, at most @room: nothing of the next one comes in
 * with it, so that this one may be used where the link shows it
 */
static size_t migrate_rx_lacks(const struct migrate_rx *rx, size_t room)
{
	size_t have = rx->tail - rx->head;
	size_t whole = sizeof(struct migrate_frame);
	struct migrate_frame f;

	if (have >= whole) {
		memcpy(&f, rx->buf + rx->head, sizeof(f));
		whole += f.length <= MIGRATE_PAYLOAD_MAX ? (size_t)f.length : 0U;
	}
	if (have >= whole)
		return 0;
	return whole - have < room ? whole - have : room;
}

/* Take from the link what fits, or what the frame lacks. Return: true when a byte came */
static bool migrate_rx_recv(struct migrate_rx *rx, const struct migrate_link *link)
{
	size_t room = rx->size - rx->tail;
	int64_t n;

	if (link->peek != NULL)
		room = migrate_rx_lacks(rx, room);
	if (room == 0U)
		return false;
	n = link->recv(link->ctx, rx->buf + rx->tail, room);
	if (n < 0 || (uint64_t)n > room) {
		rx->dead = true;
		return false;
	}
	rx->tail += (size_t)n;
	rx->bytes += (uint64_t)n;
	return n != 0;
}

bool migrate_rx_fill(struct migrate_rx *rx, const struct migrate_link *link)
{
	bool any;

	if (rx->dead)
		return false;
	migrate_rx_drop_taken(rx);
	/* What was shown before may have moved. */
	rx->lent = NULL;
	if (migrate_rx_borrow(rx, link))
		return rx->lent != NULL;
	if (rx->tail == rx->size && rx->head != 0U) {
		memmove(rx->buf, rx->buf + rx->head, rx->tail - rx->head);
		rx->tail -= rx->head;
		rx->head = 0;
	}
	any = migrate_rx_recv(rx, link);
	/* The header alone has come, and its payload may be there, too. */
	if (any && link->peek != NULL)
		(void)migrate_rx_recv(rx, link);
	return any;
}

size_t migrate_rx_waiting(const struct migrate_rx *rx)
{
	return (rx->lent != NULL ? rx->lent_size : rx->tail - rx->head) - rx->taken;
}

static void migrate_rx_where(const struct migrate_rx *rx, struct migrate_line *line)
{
	migrate_line_add(line, "frame %lu", rx->seq);
}

static bool migrate_rx_bad_number(const struct migrate_rx *rx, struct migrate_line *line,
				  const char *what, uint64_t got, uint64_t want)
{
	migrate_rx_where(rx, line);
	migrate_line_add(line, ": %s is 0x%lx, not 0x%lx", what, got, want);
	return false;
}

static bool migrate_rx_header_ok(const struct migrate_rx *rx, const struct migrate_crc *crc,
				 const struct migrate_frame *f, struct migrate_line *line)
{
	uint32_t sum = 0;

	if (!rx->plain)
		sum = migrate_crc32c(crc, f, offsetof(struct migrate_frame, header_crc));
	if (f->magic != MIGRATE_MAGIC)
		return migrate_rx_bad_number(rx, line, "magic number", f->magic, MIGRATE_MAGIC);
	if (f->header_crc != sum)
		return migrate_rx_bad_number(rx, line, "checksum of the header", f->header_crc,
					     sum);
	if (f->seq != rx->seq)
		return migrate_rx_bad_number(rx, line, "sequence number", f->seq, rx->seq);
	if ((f->flags & ~(MIGRATE_FLAG_MANDATORY | (rx->plain ? MIGRATE_FLAG_PLAIN : 0U))) != 0U)
		return migrate_rx_bad_number(rx, line, "flags", f->flags, MIGRATE_FLAG_MANDATORY);
	if (f->length > MIGRATE_PAYLOAD_MAX) {
		migrate_rx_where(rx, line);
		migrate_line_add(line, ": length %lu bytes; at most %lu are allowed", f->length,
				 (uint64_t)MIGRATE_PAYLOAD_MAX);
		return false;
	}
	return true;
}

/*
 * Check the type, the version and the length of a frame, by its header.
 * @known: gets the type, NULL when the frame may be skipped
 */
static bool migrate_rx_record_ok(const struct migrate_rx *rx, const struct migrate_frame *f,
				 const struct migrate_rx_kind **known, struct migrate_line *line)
{
	const struct migrate_rx_kind *kind = migrate_rx_kind_of(f->type);
	/* Of checkpoints that were written before */
	bool old = (f->type == MIGRATE_REC_HELLO || f->type == MIGRATE_REC_PAGE ||
		    f->type == MIGRATE_REC_REQUIRE) &&
		   f->version == 1U;

	*known = kind;
	if (kind == NULL || (f->version != kind->version && !old)) {
		*known = NULL;
		if ((f->flags & MIGRATE_FLAG_MANDATORY) == 0U)
			return true;
		migrate_rx_where(rx, line);
		migrate_line_add(line, ": record type %u version %u must be understood and is not",
				 f->type, f->version);
		if (kind != NULL)
			migrate_line_add(line, "; version %u is", kind->version);
		return false;
	}
	if ((f->flags & MIGRATE_FLAG_PLAIN) != 0U && f->type == MIGRATE_REC_PAGE &&
	    f->length == MIGRATE_PAGE_ROOM)
		return true;
	if (f->length < kind->least || f->length > kind->most) {
		migrate_rx_where(rx, line);
		migrate_line_add(line, " (%s): length %lu bytes; %zu to %zu are allowed",
				 kind->name, f->length, kind->least, kind->most);
		return false;
	}
	return true;
}

/*
 * Check one frame. With MIGRATE_RX_RECORD, @known is what the frame is, NULL when it is to be
 * skipped. The digest of a page is made when the page is written.
 */
static enum migrate_rx_result migrate_rx_frame(struct migrate_rx *rx, const struct migrate_crc *crc,
					       struct migrate_frame *f,
					       const struct migrate_rx_kind **known,
					       struct migrate_line *line)
{
	size_t here;
	const uint8_t *at = migrate_rx_at(rx, &here);
	uint32_t sum;

	if (here < sizeof(*f))
		return MIGRATE_RX_MORE;
	memcpy(f, at, sizeof(*f));
	if (!migrate_rx_header_ok(rx, crc, f, line))
		return MIGRATE_RX_BAD;
	/* The payload need not be there yet: nobody waits for a payload that will be refused. */
	if (!migrate_rx_record_ok(rx, f, known, line))
		return MIGRATE_RX_BAD;
	if (here - sizeof(*f) < f->length)
		return MIGRATE_RX_MORE;
	if ((f->flags & MIGRATE_FLAG_PLAIN) != 0U ||
	    (*known != NULL && migrate_rx_digested(f->type, f->version)))
		return MIGRATE_RX_RECORD;
	sum = migrate_crc32c(crc, at + sizeof(*f), (size_t)f->length);
	if (sum != f->payload_crc) {
		(void)migrate_rx_bad_number(rx, line, "checksum of the payload", f->payload_crc,
					    sum);
		return MIGRATE_RX_BAD;
	}
	return MIGRATE_RX_RECORD;
}

enum migrate_rx_result migrate_rx_next(struct migrate_rx *rx, const struct migrate_crc *crc,
				       struct migrate_record *record, struct migrate_line *line)
{
	const struct migrate_rx_kind *known;
	struct migrate_frame f;
	enum migrate_rx_result result;
	size_t here;

	for (;;) {
		migrate_rx_drop_taken(rx);
		result = migrate_rx_frame(rx, crc, &f, &known, line);
		if (result != MIGRATE_RX_RECORD)
			return result;
		rx->taken = sizeof(f) + (size_t)f.length;
		rx->seq++;
		/* A link that is cut shows nothing any more, and so cannot tell of it then. */
		rx->begun = rx->lent != NULL && rx->lent_more;
		rx->last = f.type;
		if (known == NULL)
			continue;
		*record = (struct migrate_record){ .type = f.type,
						   .version = f.version,
						   .flags = f.flags,
						   .seq = f.seq,
						   .sum = f.payload_crc,
						   .payload = migrate_rx_at(rx, &here) + sizeof(f),
						   .length = (size_t)f.length };
		return MIGRATE_RX_RECORD;
	}
}

void migrate_rx_cut(const struct migrate_rx *rx, struct migrate_line *line)
{
	migrate_line_add(line, "the link was cut ");
	if (migrate_rx_waiting(rx) != 0U || rx->begun)
		migrate_line_add(line, "in frame %lu", rx->seq);
	else if (rx->seq == 0U)
		migrate_line_add(line, "before the first frame");
	else
		migrate_line_add(line, "after frame %lu (%s)", rx->seq - 1U,
				 migrate_record_name(rx->last));
}
