/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames that go out: they are built in place in one buffer, and given to the link as it takes
 * them. Nothing here waits.
 */
#include "guests/lib/migrate/migrate_stream.h"

#define ALIGNMENT sizeof(uint64_t)

void migrate_tx_init(struct migrate_tx *tx, void *buf, size_t size, bool plain)
{
	uint64_t bytes = tx->bytes;

	*tx = (struct migrate_tx){ .buf = buf, .size = size, .bytes = bytes, .plain = plain };
}

size_t migrate_tx_waiting(const struct migrate_tx *tx)
{
	return tx->tail - tx->head;
}

/*
 * Bytes are moved to the front only when the frame does not fit after them, so at most once for
 * each buffer. After a frame of an odd length, the buffer must drain first: so pages lie aligned in
 * it, and copies and digests of aligned pages are fast.
 */
void *migrate_tx_begin(struct migrate_tx *tx, size_t size)
{
	size_t need = sizeof(struct migrate_frame) + size;
	size_t by = tx->head & ~(ALIGNMENT - 1U);

	if ((tx->tail & (ALIGNMENT - 1U)) != 0U)
		return NULL;
	if (tx->size - tx->tail < need && by != 0U) {
		memmove(tx->buf, tx->buf + by, tx->tail - by);
		tx->tail -= by;
		tx->head -= by;
	}
	if (tx->size - tx->tail < need)
		return NULL;
	return tx->buf + tx->tail + sizeof(struct migrate_frame);
}

/* Write the header of the frame whose payload of @size bytes is at @payload, in front of it. */
static void migrate_tx_head(struct migrate_tx *tx, const struct migrate_crc *crc, uint8_t *payload,
			    uint16_t type, size_t size, uint32_t sum)
{
	struct migrate_frame frame = {
		.magic = MIGRATE_MAGIC,
		.type = type,
		.version = migrate_record_version(type),
		.flags = (uint8_t)((type != MIGRATE_REC_PAD ? MIGRATE_FLAG_MANDATORY : 0U) |
				   (tx->plain ? MIGRATE_FLAG_PLAIN : 0U)),
		.length = size,
		.seq = tx->seq++,
		.payload_crc = tx->plain ? 0U : sum,
	};

	if (!tx->plain)
		frame.header_crc =
			migrate_crc32c(crc, &frame, offsetof(struct migrate_frame, header_crc));
	memcpy(payload - sizeof(frame), &frame, sizeof(frame));
}

void migrate_tx_end(struct migrate_tx *tx, const struct migrate_crc *crc, uint16_t type,
		    size_t size)
{
	uint8_t *payload = tx->buf + tx->tail + sizeof(struct migrate_frame);

	migrate_tx_head(tx, crc, payload, type, size,
			tx->plain ? 0U : migrate_crc32c(crc, payload, size));
	tx->tail += sizeof(struct migrate_frame) + size;
}

/* Frames leave in their order: the link's own room is of use only when nothing waits here. */
uint8_t *migrate_tx_begin_page(struct migrate_tx *tx, const struct migrate_link *link)
{
	uint8_t *at;

	if (link->room == NULL)
		return migrate_tx_begin(tx, MIGRATE_PAGE_ROOM);
	if (tx->dead || migrate_tx_waiting(tx) != 0U)
		return NULL;
	at = link->room(link->ctx, sizeof(struct migrate_frame) + MIGRATE_PAGE_ROOM);
	return at == NULL ? NULL : at + sizeof(struct migrate_frame);
}

/* Queue or send the frame that was built, where migrate_tx_begin_page() said. */
static void migrate_tx_page(struct migrate_tx *tx, const struct migrate_crc *crc,
			    const struct migrate_link *link, uint8_t *payload, uint16_t type,
			    size_t size, uint64_t digest)
{
	size_t frame = sizeof(struct migrate_frame) + size;

	migrate_tx_head(tx, crc, payload, type, size, (uint32_t)digest);
	if (link->room == NULL)
		tx->tail += frame;
	else if (link->sent(link->ctx, frame) == (int64_t)frame)
		tx->bytes += frame;
	else
		tx->dead = true;
}

/* The digest is computed anyway, and a checksum over 4 KiB costs three times as much. */
void migrate_tx_end_page(struct migrate_tx *tx, const struct migrate_crc *crc,
			 const struct migrate_link *link, uint8_t *payload, uint64_t digest)
{
	size_t size = MIGRATE_PAGE_ROOM - (tx->plain ? 0U : sizeof(digest));

	if (tx->plain)
		memcpy(payload + sizeof(uint64_t) + MIGRATE_PAGE, &digest, sizeof(digest));
	migrate_tx_page(tx, crc, link, payload, MIGRATE_REC_PAGE, size, digest);
}

void migrate_tx_end_packed(struct migrate_tx *tx, const struct migrate_crc *crc,
			   const struct migrate_link *link, uint8_t *payload, size_t size,
			   uint64_t digest)
{
	migrate_tx_page(tx, crc, link, payload, MIGRATE_REC_PACKED, size, digest);
}

bool migrate_tx_record(struct migrate_tx *tx, const struct migrate_crc *crc, uint16_t type,
		       const void *record, size_t size)
{
	void *payload = migrate_tx_begin(tx, size);

	if (payload == NULL)
		return false;
	memcpy(payload, record, size);
	migrate_tx_end(tx, crc, type, size);
	return true;
}

bool migrate_tx_pad(struct migrate_tx *tx, const struct migrate_crc *crc)
{
	static const uint8_t zeros[ALIGNMENT];
	size_t over = (tx->bytes + migrate_tx_waiting(tx)) % ALIGNMENT;

	if (tx->plain || over == 0U)
		return false;
	return migrate_tx_record(tx, crc, MIGRATE_REC_PAD, zeros, ALIGNMENT - over);
}

static void migrate_tx_taken(struct migrate_tx *tx, size_t n)
{
	tx->head += n;
	tx->bytes += n;
	if (tx->head == tx->tail) {
		tx->head = 0;
		tx->tail = 0;
	}
}

size_t migrate_tx_peek(const struct migrate_tx *tx, const uint8_t **bytes)
{
	*bytes = tx->buf + tx->head;
	return tx->dead || (tx->head & (ALIGNMENT - 1U)) != 0U ? 0U : migrate_tx_waiting(tx);
}

void migrate_tx_drop(struct migrate_tx *tx, size_t size)
{
	migrate_tx_taken(tx, size);
}

size_t migrate_tx_pull(struct migrate_tx *tx, void *bytes, size_t size)
{
	size_t waiting = migrate_tx_waiting(tx);
	size_t n = waiting < size ? waiting : size;

	if (n == 0U || tx->dead)
		return 0;
	memcpy(bytes, tx->buf + tx->head, n);
	migrate_tx_taken(tx, n);
	return n;
}

bool migrate_tx_flush(struct migrate_tx *tx, const struct migrate_link *link)
{
	size_t waiting = migrate_tx_waiting(tx);
	int64_t n;

	if (waiting == 0U || tx->dead)
		return false;
	n = link->send(link->ctx, tx->buf + tx->head, waiting);
	if (n < 0 || (uint64_t)n > waiting) {
		tx->dead = true;
		return false;
	}
	migrate_tx_taken(tx, (size_t)n);
	return n != 0;
}
