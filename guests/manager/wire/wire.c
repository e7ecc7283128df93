/* SPDX-License-Identifier: BSD-2-Clause */
/* Following the frames of a port, from one connection to the next. */
#include "guests/manager/wire/wire.h"

#define HEADER	   sizeof(struct migrate_frame)
#define DROP_BYTES 512U
#define FILL	   0xffU

_Static_assert(WIRE_FILL <= WIRE_OWED, "what is owed has room for fill");
_Static_assert((MIGRATE_MAGIC & 0xffU) != FILL, "no header begins with fill");

void wire_init(struct wire *w, const struct migrate_link *port, uint64_t (*time)(void),
	       uint64_t second)
{
	memset(w, 0, sizeof(*w));
	w->port = *port;
	w->time = time;
	w->second = second;
	(void)migrate_crc_init(&w->crc);
}

/* Be between two connections: nothing is kept, and the next frame may begin a connection. */
static void wire_clear(struct wire *w)
{
	w->call = WIRE_NONE;
	w->keep_at = 0;
	w->keep_end = 0;
	w->second_at = 0;
	w->frames = 0;
	w->ended = false;
}

void wire_up(struct wire *w)
{
	wire_clear(w);
	w->state = WIRE_IDLE;
	w->have = 0;
	w->left = 0;
	w->skip = false;
	w->lost = false;
	w->owed_at = 0;
	w->owed_end = 0;
}

/*
 * Owe fill. Bytes that are owed already end the frame that was begun, and no frame was begun after
 * them.
 */
static void wire_fill(struct wire *w)
{
	if (w->owed_end != 0U)
		return;
	memset(w->owed, FILL, WIRE_FILL);
	w->owed_at = 0;
	w->owed_end = WIRE_FILL;
}

/* The port is not connected any more. */
static void wire_down(struct wire *w)
{
	w->state = WIRE_DOWN;
	wire_clear(w);
}

/* --- what comes ------------------------------------------------------------------------------- */

static int64_t wire_raw(struct wire *w, void *bytes, size_t size)
{
	int64_t n = w->port.recv(w->port.ctx, bytes, size);

	if (n > (int64_t)size)
		n = -1;
	if (n < 0)
		wire_down(w);
	return n;
}

/*
 * Drop fill where a header would begin. It means that the other side has cut a connection short or
 * has been restarted. A source of ours that has had no answer yet waits on: the fill is left over
 * from an earlier connection.
 * Return: true when there was fill.
 */
static bool wire_strip(struct wire *w)
{
	uint8_t *at = (uint8_t *)&w->header;
	uint32_t n = 0;

	while (n < w->have && at[n] == FILL)
		n++;
	if (n == 0U)
		return false;
	w->have -= n;
	memmove(at, at + n, w->have);
	if (w->frames != 0U)
		w->ended = true;
	else
		wire_clear(w);
	return true;
}

/* Return: true when the next header is whole. Its work is bounded, whatever comes. */
static bool wire_read_header(struct wire *w)
{
	uint32_t i;

	for (i = 0; i <= WIRE_FILL / HEADER && w->have < HEADER; i++) {
		int64_t n = wire_raw(w, (uint8_t *)&w->header + w->have, HEADER - w->have);

		if (n <= 0)
			break;
		w->have += (uint32_t)n;
		if (!wire_strip(w))
			break;
	}
	return w->state != WIRE_DOWN && !w->ended && w->have == HEADER;
}

static bool wire_header_ok(const struct wire *w)
{
	const struct migrate_frame *f = &w->header;

	return f->magic == MIGRATE_MAGIC && f->length <= MIGRATE_PAYLOAD_MAX &&
	       f->header_crc ==
		       migrate_crc32c(&w->crc, f, offsetof(struct migrate_frame, header_crc));
}

/* Drop what has come of the payload. Return: true when all of it has come. */
static bool wire_skip_payload(struct wire *w)
{
	uint8_t room[DROP_BYTES];

	while (w->left != 0U) {
		int64_t n = wire_raw(w, room, w->left < sizeof(room) ? w->left : sizeof(room));

		if (n <= 0)
			return false;
		w->left -= (uint64_t)n;
	}
	w->skip = false;
	return true;
}

static void wire_skip_frame(struct wire *w)
{
	w->left = w->header.length;
	w->have = 0;
	w->skip = true;
}

/* Drop everything until nothing has come for a second. */
static void wire_resync(struct wire *w)
{
	uint8_t room[DROP_BYTES];
	int64_t n;

	do {
		n = wire_raw(w, room, sizeof(room));
		if (n > 0)
			w->silent = w->time();
	} while (n == (int64_t)sizeof(room));
	if (w->time() - w->silent > w->second) {
		w->lost = false;
		w->have = 0;
		w->left = 0;
		w->skip = false;
	}
}

static void wire_lose(struct wire *w)
{
	w->lost = true;
	w->silent = w->time();
}

void wire_after_restart(struct wire *w)
{
	wire_fill(w);
	wire_lose(w);
}

static uint8_t *wire_kept(struct wire *w)
{
	return (uint8_t *)w->keep;
}

/*
 * Keep a header, for its payload to follow.
 * Return: false when the two do not fit: such a frame is not kept.
 */
static bool wire_keep_header(struct wire *w)
{
	if (w->header.length > WIRE_KEEP - HEADER - w->keep_end)
		return false;
	memcpy(wire_kept(w) + w->keep_end, &w->header, HEADER);
	w->keep_end += HEADER;
	w->left = w->header.length;
	w->have = 0;
	return true;
}

/* Return: true when the kept frame's payload is whole. */
static bool wire_keep_payload(struct wire *w)
{
	int64_t n;

	if (w->left == 0U)
		return true;
	n = wire_raw(w, wire_kept(w) + w->keep_end, w->left);
	if (n <= 0)
		return false;
	w->keep_end += (size_t)n;
	w->left -= (uint64_t)n;
	return w->left == 0U;
}

static bool wire_begins(const struct wire *w)
{
	return w->header.seq == 0U &&
	       (w->header.type == MIGRATE_REC_HELLO || w->header.type == MIGRATE_REC_QUERY);
}

/*
 * Judge a whole header of a frame that nobody waits for. Nothing is kept so far, or a HELLO. A
 * HELLO is kept until its second frame has come, which decides on the slot. If another frame comes
 * instead, the HELLO is dropped.
 */
static void wire_judge(struct wire *w)
{
	if (!wire_header_ok(w)) {
		wire_clear(w);
		wire_lose(w);
	} else if (wire_begins(w)) {
		wire_clear(w);
		if (!wire_keep_header(w))
			wire_skip_frame(w);
	} else if (w->keep_end != 0U && w->second_at == 0U && w->header.seq == 1U) {
		w->second_at = w->keep_end;
		if (!wire_keep_header(w)) {
			wire_clear(w);
			wire_skip_frame(w);
		}
	} else {
		wire_clear(w);
		wire_skip_frame(w);
	}
}

/* Return: true when the first frame that is kept is whole and has @type and @size. */
static bool wire_first_is(const struct wire *w, uint16_t type, size_t size)
{
	const struct migrate_frame *f = (const struct migrate_frame *)w->keep;

	return w->keep_end >= HEADER + size && f->type == type && f->length == size;
}

/*
 * A kept frame is whole: see whether that makes a call. A wrong frame is dropped: its sender gets
 * no answer, and says so.
 */
static void wire_kept_whole(struct wire *w)
{
	if (wire_first_is(w, MIGRATE_REC_QUERY, sizeof(struct migrate_status)))
		w->call = WIRE_QUERY;
	else if (!wire_first_is(w, MIGRATE_REC_HELLO, sizeof(struct migrate_hello)) &&
		 !wire_first_is(w, MIGRATE_REC_HELLO, offsetof(struct migrate_hello, uuid)))
		wire_clear(w);
	else if (w->second_at != 0U || w->state == WIRE_SOURCE)
		w->call = WIRE_HELLO;
}

/* Look at what comes while no engine takes it. Return: true when there may be more. */
static bool wire_look(struct wire *w)
{
	if (w->skip)
		return wire_skip_payload(w);
	if (w->left != 0U) {
		if (!wire_keep_payload(w))
			return false;
		wire_kept_whole(w);
		return w->call == WIRE_NONE;
	}
	if (!wire_read_header(w))
		return false;
	wire_judge(w);
	return true;
}

/* --- what goes -------------------------------------------------------------------------------- */

/* Send what is owed. Return: true when nothing is owed any more. */
static bool wire_pay(struct wire *w)
{
	size_t n = w->owed_end - w->owed_at;
	int64_t sent;

	if (n == 0U)
		return true;
	sent = w->port.send(w->port.ctx, (const uint8_t *)w->owed + w->owed_at, n);
	if (sent < 0 || sent > (int64_t)n) {
		wire_down(w);
		return false;
	}
	w->owed_at += (size_t)sent;
	if (w->owed_at != w->owed_end)
		return false;
	w->owed_at = 0;
	w->owed_end = 0;
	return true;
}

enum wire_call wire_serve(struct wire *w)
{
	if (w->state == WIRE_DOWN)
		return WIRE_NONE;
	(void)wire_pay(w);
	if (w->state == WIRE_IDLE && w->lost)
		wire_resync(w);
	while (w->state == WIRE_IDLE && !w->lost && w->call == WIRE_NONE && wire_look(w))
		;
	return w->state == WIRE_IDLE ? w->call : WIRE_NONE;
}

enum wire_call wire_crossed(const struct wire *w)
{
	return w->state == WIRE_SOURCE ? w->call : WIRE_NONE;
}

void wire_hello(const struct wire *w, struct migrate_hello *hello)
{
	const struct migrate_frame *f = (const struct migrate_frame *)w->keep;

	/* A peer of an older version is refused by its hello, which is shorter. */
	memset(hello, 0, sizeof(*hello));
	memcpy(hello, (const uint8_t *)w->keep + HEADER, f->length);
}

void wire_query(const struct wire *w, struct migrate_status *query)
{
	memcpy(query, (const uint8_t *)w->keep + HEADER, sizeof(*query));
}

bool wire_require(const struct wire *w, struct migrate_machine *machine, struct migrate_line *line)
{
	const uint8_t *at = (const uint8_t *)w->keep + w->second_at;
	struct migrate_frame frame;

	memcpy(&frame, at, HEADER);
	if (frame.type != MIGRATE_REC_REQUIRE || frame.length < sizeof(struct migrate_require))
		return false;
	return migrate_machine_get(machine, frame.version, at + HEADER, frame.length, line);
}

void wire_drop(struct wire *w)
{
	wire_clear(w);
}

bool wire_reply(struct wire *w, uint16_t type, const void *record, size_t size)
{
	struct migrate_tx tx = { .buf = NULL };

	if (w->owed_end != 0U)
		return false;
	migrate_tx_init(&tx, w->owed, sizeof(w->owed), false);
	if (!migrate_tx_record(&tx, &w->crc, type, record, size))
		return false;
	w->owed_end = tx.tail;
	wire_drop(w);
	(void)wire_pay(w);
	return true;
}

/* --- an engine's link ------------------------------------------------------------------------- */

static int64_t wire_send(void *ctx, const void *bytes, size_t size)
{
	struct wire *w = ctx;
	int64_t n;

	if (w->state != WIRE_SOURCE && w->state != WIRE_DEST)
		return -1;
	if (!wire_pay(w))
		return w->state == WIRE_DOWN ? -1 : 0;
	n = w->port.send(w->port.ctx, bytes, size);
	if (n < 0)
		wire_down(w);
	return n;
}

/* A frame may be built in the port's memory when nothing is owed before it. */
static void *wire_room(void *ctx, size_t size)
{
	struct wire *w = ctx;

	if ((w->state != WIRE_SOURCE && w->state != WIRE_DEST) || !wire_pay(w))
		return NULL;
	return w->port.room(w->port.ctx, size);
}

static int64_t wire_sent(void *ctx, size_t size)
{
	struct wire *w = ctx;
	int64_t n = w->port.sent(w->port.ctx, size);

	if (n < 0)
		wire_down(w);
	return n;
}

/*
 * A header is whole while an engine has the wire: give it to the engine, drop its frame, or end
 * the connection. A wrong header is given too, for the engine says what is wrong with it.
 * Return: true when it is to be given.
 */
static bool wire_give_header(struct wire *w)
{
	if (!wire_header_ok(w)) {
		wire_lose(w);
	} else if (w->frames == 0U && w->header.seq != 0U) {
		wire_skip_frame(w);
		return false;
	} else if (w->frames == 0U && wire_begins(w)) {
		wire_judge(w);
		return false;
	} else if (w->frames != 0U && w->header.seq == 0U) {
		w->ended = true;
		return false;
	}
	memcpy(wire_kept(w), &w->header, HEADER);
	w->keep_at = 0;
	w->keep_end = HEADER;
	w->left = w->lost ? 0U : w->header.length;
	w->have = 0;
	w->frames++;
	return true;
}

/*
 * Give the engine what is kept, then the payload.
 * Return: bytes given; 0 when none are there now; -1 when no more will come in this connection.
 */
static int64_t wire_give(struct wire *w, uint8_t *bytes, size_t size)
{
	size_t n = w->keep_end - w->keep_at;
	int64_t got;

	if (n != 0U) {
		n = n < size ? n : size;
		memcpy(bytes, wire_kept(w) + w->keep_at, n);
		w->keep_at += n;
		if (w->keep_at == w->keep_end)
			w->keep_at = w->keep_end = 0;
		return (int64_t)n;
	}
	if (w->ended || w->lost)
		return -1;
	if (w->left == 0U)
		return 0;
	got = wire_raw(w, bytes, w->left < size ? w->left : size);
	if (got > 0)
		w->left -= (uint64_t)got;
	return got;
}

/*
 * Return: true when the other side began something while a source of ours waits for its first
 * answer: that is looked at first.
 */
static bool wire_crossing(const struct wire *w)
{
	return w->state == WIRE_SOURCE && w->frames == 0U && w->keep_end != 0U;
}

static int64_t wire_recv(void *ctx, void *bytes, size_t size)
{
	struct wire *w = ctx;
	size_t total = 0;

	while (total < size && (w->state == WIRE_SOURCE || w->state == WIRE_DEST)) {
		int64_t n;

		if (wire_crossing(w) || w->skip) {
			if (w->call != WIRE_NONE || !wire_look(w))
				break;
			continue;
		}
		n = wire_give(w, (uint8_t *)bytes + total, size - total);
		if (n < 0)
			return total != 0U ? (int64_t)total : -1;
		total += (size_t)n;
		if (n == 0 && (w->left != 0U || !wire_read_header(w) || !wire_give_header(w)) &&
		    !wire_crossing(w) && !w->skip)
			break;
	}
	if (total == 0U && (w->ended || (w->state != WIRE_SOURCE && w->state != WIRE_DEST)))
		return -1;
	return (int64_t)total;
}

/*
 * Show the engine a whole frame in the port's memory, if it is one that the engine would be given:
 * right, and not the first of a connection. All else goes the way of wire_recv().
 */
static size_t wire_peek(void *ctx, size_t size, const uint8_t **bytes, bool *grows)
{
	struct wire *w = ctx;
	struct migrate_frame f;
	size_t n;

	if ((w->state != WIRE_SOURCE && w->state != WIRE_DEST) || w->frames == 0U || w->ended ||
	    w->lost || w->skip || w->left != 0U || w->have != 0U || w->keep_end != w->keep_at)
		return 0;
	n = w->port.peek(w->port.ctx, size, bytes, grows);
	if (n < HEADER)
		return n;
	memcpy(&f, *bytes, HEADER);
	if (f.magic != MIGRATE_MAGIC || f.seq == 0U)
		return 0;
	return f.length > n - HEADER ? n : HEADER + (size_t)f.length;
}

static void wire_shown(void *ctx, size_t size)
{
	struct wire *w = ctx;

	w->port.drop(w->port.ctx, size);
	w->frames++;
}

static struct migrate_link wire_link(struct wire *w)
{
	bool room = w->port.room != NULL, peek = w->port.peek != NULL;

	return (struct migrate_link){ .send = wire_send,
				      .recv = wire_recv,
				      .room = room ? wire_room : NULL,
				      .sent = room ? wire_sent : NULL,
				      .peek = peek ? wire_peek : NULL,
				      .drop = peek ? wire_shown : NULL,
				      .ctx = w };
}

struct migrate_link wire_accept(struct wire *w)
{
	w->state = WIRE_DEST;
	w->frames = w->second_at != 0U ? 2U : 1U;
	w->call = WIRE_NONE;
	w->second_at = 0;
	return wire_link(w);
}

struct migrate_link wire_connect(struct wire *w)
{
	/* A frame that has been kept in part is no answer to this source: drop its rest. */
	w->skip = w->skip || w->left != 0U;
	wire_clear(w);
	w->state = WIRE_SOURCE;
	return wire_link(w);
}

/*
 * End the frame that the engine has begun: else the other side would take what is sent next for
 * the rest of it.
 */
static void wire_owe(struct wire *w, const struct migrate_tx *tx)
{
	size_t n = migrate_tx_waiting(tx);

	if (n == 0U)
		return;
	/* While bytes are owed, nothing of the engine leaves: it has begun no frame. */
	if (w->owed_end != 0U)
		return;
	if (tx->dead || n > sizeof(w->owed)) {
		wire_fill(w);
		return;
	}
	memcpy(w->owed, tx->buf + tx->head, n);
	w->owed_at = 0;
	w->owed_end = n;
}

void wire_close(struct wire *w, const struct migrate_tx *tx)
{
	if (w->state != WIRE_SOURCE && w->state != WIRE_DEST)
		return;
	wire_owe(w, tx);
	wire_cut(w, 0);
}

void wire_cut(struct wire *w, size_t waiting)
{
	bool crossing = wire_crossing(w);

	if (w->state != WIRE_SOURCE && w->state != WIRE_DEST)
		return;
	if (waiting != 0U)
		wire_fill(w);
	w->state = WIRE_IDLE;
	/* Keep what the other side began. */
	if (crossing) {
		w->call = WIRE_NONE;
		if (w->left == 0U)
			wire_kept_whole(w);
		return;
	}
	/* Drop the rest of a frame that the engine was given in part. */
	w->skip = w->skip || w->left != 0U;
	wire_clear(w);
}

void wire_end(struct wire *w)
{
	if (w->state == WIRE_SOURCE || w->state == WIRE_DEST)
		wire_fill(w);
	wire_cut(w, 0);
}
