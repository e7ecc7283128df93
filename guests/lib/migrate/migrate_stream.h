/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both ends of a migration stream are made of: checksums, digests, frames that go out, frames
 * that come in, and the one line that says what went wrong.
 *
 * It is portable C for a hart and for the host: no CSR, no allocation, and no state but what the
 * caller hands in. Nothing here may read past the bytes that were received, or trust a length
 * before the checksum of the frame's header was right.
 */
#ifndef GUESTS_LIB_MIGRATE_STREAM_H
#define GUESTS_LIB_MIGRATE_STREAM_H

#include <abi/migrate.h>
#include <abi/state.h>
#include <cleave/string.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "records are copied as they lie in memory: a big-endian build needs conversion"
#endif

/* --- the line (migrate_line.c) ---------------------------------------------------------------- */

#define MIGRATE_LINE_MAX 224U

/**
 * struct migrate_line - one line of text for a person: @length bytes without a newline, and a NUL
 */
struct migrate_line {
	char text[MIGRATE_LINE_MAX];
	size_t length;
};

/** migrate_line_clear() - make the line empty */
void migrate_line_clear(struct migrate_line *line);

/**
 * migrate_line_add() - append text to the line
 * @fmt: as of str_format()
 *
 * What does not fit is cut. Bytes that are not printable ASCII become `?`.
 */
void migrate_line_add(struct migrate_line *line, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** migrate_error_text() - Return: the negative error of a hypercall in words */
const char *migrate_error_text(int64_t error);

/** migrate_line_error() - append ` failed: WORDS (error -N)` for the negative error of a call */
void migrate_line_error(struct migrate_line *line, int64_t error);

/* --- checksum and digest (migrate_digest.c) --------------------------------------------------- */

/**
 * struct migrate_crc - tables for CRC32C of eight bytes at a time, 8 KiB; migrate_crc_init() fills
 * them in
 */
struct migrate_crc {
	uint32_t table[8][256];
};

/**
 * migrate_crc_init() - fill the tables in, and test them and the digest against known values
 *
 * Return: false when a value is wrong
 */
bool migrate_crc_init(struct migrate_crc *crc);

/**
 * migrate_crc32c() - Return: CRC32C (Castagnoli, reflected, as in RFC 3720 B.4) of @size bytes; 0
 * for no bytes
 */
uint32_t migrate_crc32c(const struct migrate_crc *crc, const void *bytes, size_t size);

/**
 * migrate_digest_use_zbb() - say whether the harts have Zbb, before the first migrate_crc_init(),
 * which tests the digest. Without a word they have not
 */
void migrate_digest_use_zbb(bool zbb);

/**
 * migrate_digest() - Return: XXH64 of @size bytes with @seed; it finds accidents, but does not stop
 * a forger
 */
uint64_t migrate_digest(const void *bytes, size_t size, uint64_t seed);

/**
 * migrate_digest_page() - Return: digest of the 4 KiB page at @gpa, of its content and of its place
 */
uint64_t migrate_digest_page(const void *page, uint64_t gpa);

/**
 * migrate_digest_copy() - copy the page at @from, which somebody may be writing, to @to.
 * Return: as migrate_digest_page(), of what was copied
 */
uint64_t migrate_digest_copy(void *to, const void *from, uint64_t gpa);

/* What a link of the digest chain stands for; it is the link's seed */
#define MIGRATE_CHAIN_PAGE   1U
#define MIGRATE_CHAIN_ZERO   2U
#define MIGRATE_CHAIN_STATE  3U
#define MIGRATE_CHAIN_IMAGES 4U

/**
 * migrate_chain() - lengthen a chain of digests by one link
 * @chain: the digest so far; of an empty chain it is the migration's id
 * @what: MIGRATE_CHAIN_*
 * @where: the GPA; of a state record kind << 32 | instance; of images the offset
 * @value: digest of the page or of the record's data; of a run of zero pages their number
 *
 * Return: the digest of all links up to this one, in their order
 */
uint64_t migrate_chain(uint64_t chain, uint32_t what, uint64_t where, uint64_t value);

/** migrate_page_is_zero() - Return: true when all 4096 bytes at @page are 0 */
bool migrate_page_is_zero(const void *page);

/* --- link ------------------------------------------------------------------------------------- */

/**
 * struct migrate_link - a stream of bytes each way; the bytes arrive in order, or not at all
 * @send: take at most @size bytes. Return: how many it took, 0 when there is no room now, negative
 * when the link is cut
 * @recv: give at most @size bytes. Return: how many it gave, 0 when there are none now, negative
 * when the link is cut and no more will come
 * @room, @sent: so that a page is copied once, or NULL both. room() returns @size bytes of the
 * link's own memory, aligned to 8, where a frame may be built, or NULL when there are none now;
 * sent() sends what was built there, as one send() that took all of it or was cut. In between
 * nothing else of the link is called, and a room that is not sent is forgotten
 * @peek, @drop: so that a frame is read where it is, or NULL both. peek() shows what waits, up to
 * @size bytes and more, and returns how many bytes; @grows: what comes next may be shown after
 * them. What a frame lacks there is waited for if it grows, else recv() is asked. They stay where
 * they are until the next call of the link, as drop(), which takes the first @size of them
 * @ctx: handed to all
 * @memory: the link is memory of the program, which both ends share: payloads need no checksum, and
 * a page's digest goes with it
 */
struct migrate_link {
	int64_t (*send)(void *ctx, const void *bytes, size_t size);
	int64_t (*recv)(void *ctx, void *bytes, size_t size);
	void *(*room)(void *ctx, size_t size);
	int64_t (*sent)(void *ctx, size_t size);
	size_t (*peek)(void *ctx, size_t size, const uint8_t **bytes, bool *grows);
	void (*drop)(void *ctx, size_t size);
	void *ctx;
	bool memory;
};

/* The least size of a buffer for frames, bytes: one frame of the greatest length */
#define MIGRATE_BUFFER_MIN (sizeof(struct migrate_frame) + MIGRATE_PAYLOAD_MAX)

/* --- frames that go out (migrate_tx.c) -------------------------------------------------------- */

/**
 * struct migrate_tx - frames that wait for the link
 * @buf, @size: the buffer
 * @head: index of the first byte that the link has not taken
 * @tail: index of the first free byte
 * @seq: sequence number of the next frame
 * @bytes: bytes that the link has ever taken
 * @plain: payloads have no checksum, as the link's @memory says
 * @dead: the link was cut
 */
struct migrate_tx {
	uint8_t *buf;
	size_t size;
	size_t head;
	size_t tail;
	uint64_t seq;
	uint64_t bytes;
	bool plain;
	bool dead;
};

/**
 * migrate_tx_init() - begin to send, also over a new connection: what waits is dropped
 * @buf: at least MIGRATE_BUFFER_MIN bytes, aligned to 8
 * @plain: the link's @memory
 */
void migrate_tx_init(struct migrate_tx *tx, void *buf, size_t size, bool plain);

/**
 * migrate_tx_begin() - Return: where @size bytes of payload may be written, NULL when there is no
 * room now
 */
void *migrate_tx_begin(struct migrate_tx *tx, size_t size);

/**
 * migrate_tx_end() - queue the frame whose payload of @size bytes was written where
 * migrate_tx_begin() said
 */
void migrate_tx_end(struct migrate_tx *tx, const struct migrate_crc *crc, uint16_t type,
		    size_t size);

/* Bytes of a page record as it is built: inside one program the page's digest follows the page */
#define MIGRATE_PAGE_ROOM (sizeof(uint64_t) + MIGRATE_PAGE + sizeof(uint64_t))

/**
 * migrate_tx_begin_page() - Return: as migrate_tx_begin(), where a page record may be written: in
 * the link's own memory, if it has some
 */
uint8_t *migrate_tx_begin_page(struct migrate_tx *tx, const struct migrate_link *link);

/**
 * migrate_tx_end_page() - queue or send the page record that was written at @payload, where
 * migrate_tx_begin_page() said
 * @digest: of the page
 */
void migrate_tx_end_page(struct migrate_tx *tx, const struct migrate_crc *crc,
			 const struct migrate_link *link, uint8_t *payload, uint64_t digest);

/**
 * migrate_tx_end_packed() - as migrate_tx_end_page(), of a packed page: so many bytes of payload
 */
void migrate_tx_end_packed(struct migrate_tx *tx, const struct migrate_crc *crc,
			   const struct migrate_link *link, uint8_t *payload, size_t size,
			   uint64_t digest);

/**
 * migrate_tx_record() - queue a mandatory frame with a copy of @size bytes.
 * Return: false when there is no room now
 */
bool migrate_tx_record(struct migrate_tx *tx, const struct migrate_crc *crc, uint16_t type,
		       const void *record, size_t size);

/**
 * migrate_tx_pad() - let what follows begin at a multiple of 8 bytes of the stream, so that pages
 * are aligned wherever the other end receives them
 *
 * Return: false when it does already, or there is no room now
 */
bool migrate_tx_pad(struct migrate_tx *tx, const struct migrate_crc *crc);

/** migrate_tx_flush() - give the link as much as it takes. Return: true when it took a byte */
bool migrate_tx_flush(struct migrate_tx *tx, const struct migrate_link *link);

/**
 * migrate_tx_pull() - move at most @size waiting bytes to @bytes, as if a link had taken them.
 * Return: how many
 */
size_t migrate_tx_pull(struct migrate_tx *tx, void *bytes, size_t size);

/**
 * migrate_tx_peek() - Return: how many bytes wait, all whole frames, in place at @bytes; 0 when
 * they have to be pulled
 * migrate_tx_drop() - the first @size of them have been dealt with, as if a link had taken them
 */
size_t migrate_tx_peek(const struct migrate_tx *tx, const uint8_t **bytes);
void migrate_tx_drop(struct migrate_tx *tx, size_t size);

/** migrate_tx_waiting() - Return: how many bytes the link has not taken */
size_t migrate_tx_waiting(const struct migrate_tx *tx);

/* --- frames that come in (migrate_rx.c) ------------------------------------------------------- */

/**
 * struct migrate_rx - bytes that were received, and have not been dealt with
 * @buf, @size: the buffer
 * @head: index of the first byte of the next frame
 * @tail: index of the first free byte
 * @taken: bytes of the frame that migrate_rx_next() gave out last
 * @seq: sequence number of the next frame
 * @last: type of the last whole frame
 * @bytes: bytes that were ever received
 * @lender: the link that shows its own memory, in which the next frame is, instead of @buf
 * @lent, @lent_size: that frame; NULL: none
 * @lent_more: the link has shown something of the one after it, too
 * @begun: the link has shown a part of the next frame
 * @plain: payloads without a checksum are taken, as the link's @memory says
 * @dead: the link was cut: no more bytes will come
 */
struct migrate_rx {
	uint8_t *buf;
	size_t size;
	size_t head;
	size_t tail;
	size_t taken;
	uint64_t seq;
	uint16_t last;
	uint64_t bytes;
	const struct migrate_link *lender;
	const uint8_t *lent;
	size_t lent_size;
	bool lent_more;
	bool begun;
	bool plain;
	bool dead;
};

/**
 * struct migrate_record - a frame that was checked; @payload lies in the receiver's buffer until
 * the next call
 * @sum: payload_crc. A page that has half its digest there was not compared with it yet: whoever
 * writes the page makes its digest, and ends with migrate_record_sum_ok()
 */
struct migrate_record {
	uint16_t type;
	uint8_t version;
	uint8_t flags;
	uint64_t seq;
	uint32_t sum;
	const uint8_t *payload;
	size_t length;
};

enum migrate_rx_result {
	MIGRATE_RX_RECORD, /* there is one */
	MIGRATE_RX_MORE,   /* bytes are missing */
	MIGRATE_RX_BAD,	   /* the line says why; the stream is lost */
};

/** migrate_rx_init() - begin to receive; as migrate_tx_init() */
void migrate_rx_init(struct migrate_rx *rx, void *buf, size_t size, bool plain);

/**
 * migrate_rx_fill() - take as much as the link has and the buffer holds.
 * Return: true when a byte came
 */
bool migrate_rx_fill(struct migrate_rx *rx, const struct migrate_link *link);

/**
 * migrate_rx_settle() - the record that was given out last has been dealt with: a link that showed
 * it gets its memory back now, since its connection may be another one later
 */
void migrate_rx_settle(struct migrate_rx *rx);

/** migrate_rx_forget() - drop all that has come */
void migrate_rx_forget(struct migrate_rx *rx);

/** migrate_rx_waiting() - Return: how many bytes came after the record that was given out last */
size_t migrate_rx_waiting(const struct migrate_rx *rx);

/**
 * migrate_rx_next() - get the next record
 * @record: with MIGRATE_RX_RECORD: the record, of a known type and version, and of a length that
 * its type may have
 * @line: with MIGRATE_RX_BAD: gets the reason appended
 *
 * Optional frames of unknown types are skipped.
 */
enum migrate_rx_result migrate_rx_next(struct migrate_rx *rx, const struct migrate_crc *crc,
				       struct migrate_record *record, struct migrate_line *line);

/**
 * migrate_record_sum_ok() - Return: true when @digest is that of a page as it was sent; otherwise
 * false, and @line gets the reason appended
 */
bool migrate_record_sum_ok(const struct migrate_record *record, uint64_t digest,
			   struct migrate_line *line);

/**
 * migrate_rx_cut() - append where the stream ended: `the link was cut in frame 7`, or `after frame
 * 6`
 */
void migrate_rx_cut(const struct migrate_rx *rx, struct migrate_line *line);

/** migrate_record_version() - Return: the version in which records of @type are sent */
uint8_t migrate_record_version(uint16_t type);

/**
 * migrate_record_name() - Return: the name of a record's type, "unknown record" for an unknown type
 */
const char *migrate_record_name(uint16_t type);

/* --- what a guest was given, and what a slot can give (migrate_machine.c) --------------------- */

/**
 * struct migrate_machine - the machine that a guest sees
 * @isa: ISA string as in the guest's device tree, NUL-terminated
 * @device: name of a passed-through device, "" when there is none; a guest that has one cannot be
 * moved
 * @vcpus: vCPUs
 * @gstage_levels: levels that the guest's regions need; of a slot the most that it can have
 * @regions: memory regions
 * @timebase: Hz of the time CSR
 * @cbom_block, @cboz_block: bytes of a cache block, 0 without Zicbom or Zicboz
 * @more: what else the guest may have found out; all 0 in a checkpoint of version 1
 * @region: the memory regions, ascending, without overlap
 */
struct migrate_machine {
	char isa[MIGRATE_ISA_MAX + 1U];
	char device[32];
	uint32_t vcpus;
	uint32_t gstage_levels;
	uint32_t regions;
	uint64_t timebase;
	uint32_t cbom_block;
	uint32_t cboz_block;
	struct migrate_require_more more;
	struct migrate_region region[MIGRATE_REGIONS_MAX];
};

/**
 * migrate_machine_check() - is @machine one that a stream can describe?
 *
 * Return: false when it is not, and then @line says why
 */
bool migrate_machine_check(const struct migrate_machine *machine, struct migrate_line *line);

/**
 * migrate_machine_fits() - can @slot be what @guest was given?
 *
 * Return: false when it cannot, and then @line names all that is lacking
 */
bool migrate_machine_fits(const struct migrate_machine *guest, const struct migrate_machine *slot,
			  struct migrate_line *line);

/**
 * migrate_machine_put() - write a REQUIRE payload of at most MIGRATE_PAYLOAD_MAX bytes.
 * Return: its bytes
 */
size_t migrate_machine_put(const struct migrate_machine *machine, uint8_t *payload);

/**
 * migrate_machine_get() - read a REQUIRE payload.
 * Return: false when it is wrong, and then @line says why
 */
bool migrate_machine_get(struct migrate_machine *machine, uint8_t version, const uint8_t *payload,
			 size_t length, struct migrate_line *line);

/** migrate_machine_isa_has() - Return: true when the ISA string @isa has extension @name */
bool migrate_machine_isa_has(const char *isa, const char *name, size_t length);

/** migrate_machine_pages() - Return: 4 KiB pages of all regions */
uint64_t migrate_machine_pages(const struct migrate_machine *machine);

/**
 * migrate_machine_region() - Return: index of the region that holds all @pages pages at @gpa;
 * @machine->regions: none does
 */
uint32_t migrate_machine_region(const struct migrate_machine *machine, uint64_t gpa,
				uint64_t pages);

#endif
