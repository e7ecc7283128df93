/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The peer's port as a row of connections (guests/manager/wire/wire.c): what is left over from one
 * never reaches the next, what a guest wrote to its memory is never taken for a frame, and two
 * sides that begin at once are told apart. Bytes come in pieces of every size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guests/manager/wire/wire.h"

#define ROOM   65536U
#define SECOND 1000U

static struct world {
	uint8_t in[ROOM]; /* to the wire */
	size_t in_at;
	size_t in_end;
	uint8_t out[ROOM]; /* from it */
	size_t out_end;
	size_t piece; /* the most bytes that one call carries */
	size_t room;  /* that the port takes */
	bool cut;
	struct migrate_tx tx;
	uint8_t frames[ROOM];
	struct migrate_crc crc;
	struct wire wire;
} world;

static uint64_t ticks;

static uint64_t now(void)
{
	return ticks;
}

static int64_t port_send(void *ctx, const void *bytes, size_t size)
{
	struct world *w = ctx;
	size_t n = size < w->piece ? size : w->piece;

	if (w->cut)
		return -1;
	n = n < w->room ? n : w->room;
	memcpy(w->out + w->out_end, bytes, n);
	w->out_end += n;
	w->room -= n;
	return (int64_t)n;
}

static int64_t port_recv(void *ctx, void *bytes, size_t size)
{
	struct world *w = ctx;
	size_t n = w->in_end - w->in_at;

	if (w->cut)
		return -1;
	n = n < size ? n : size;
	n = n < w->piece ? n : w->piece;
	memcpy(bytes, w->in + w->in_at, n);
	w->in_at += n;
	return (int64_t)n;
}

static size_t port_peek(void *ctx, size_t size, const uint8_t **bytes, bool *grows)
{
	struct world *w = ctx;

	(void)size;
	*bytes = w->in + w->in_at;
	*grows = false;
	return w->cut ? 0U : w->in_end - w->in_at;
}

static void port_drop(void *ctx, size_t size)
{
	struct world *w = ctx;

	assert_true(size <= w->in_end - w->in_at);
	w->in_at += size;
}

static struct wire *begin(size_t piece)
{
	struct migrate_link port = { .send = port_send,
				     .recv = port_recv,
				     .peek = port_peek,
				     .drop = port_drop,
				     .ctx = &world };

	memset(&world, 0, sizeof(world));
	world.piece = piece;
	world.room = ROOM;
	assert_true(migrate_crc_init(&world.crc));
	migrate_tx_init(&world.tx, world.frames, sizeof(world.frames), false);
	wire_init(&world.wire, &port, now, SECOND);
	wire_up(&world.wire);
	return &world.wire;
}

/* A frame comes; @seq is its number. Return: where it stands in world.in */
static size_t frame(uint64_t seq, uint16_t type, const void *payload, size_t size)
{
	size_t at = world.in_end;
	size_t n;

	world.tx.seq = seq;
	assert_true(migrate_tx_record(&world.tx, &world.crc, type, payload, size));
	n = migrate_tx_pull(&world.tx, world.in + world.in_end, ROOM - world.in_end);
	world.in_end += n;
	return at;
}

static size_t hello(uint64_t id)
{
	struct migrate_hello h = { .major = 1, .id = id, .page = 4096, .name = "guest" };

	return frame(0, MIGRATE_REC_HELLO, &h, sizeof(h));
}

static void require(void)
{
	static struct migrate_machine m = { .isa = "rv64imac",
					    .vcpus = 2,
					    .gstage_levels = 3,
					    .timebase = 10000000,
					    .regions = 1,
					    .region = { { 0x80000000, 0x1000000 } } };
	uint8_t payload[512];

	frame(1, MIGRATE_REC_REQUIRE, payload, migrate_machine_put(&m, payload));
}

static void status(uint64_t seq, uint16_t type, uint64_t id)
{
	struct migrate_status s = { .id = id, .outcome = MIGRATE_OUTCOME_PENDING };

	frame(seq, type, &s, sizeof(s));
}

/* Serve until something is begun, or nothing is left to come. */
static enum wire_call serve(struct wire *w)
{
	enum wire_call call;

	do {
		call = wire_serve(w);
	} while (call == WIRE_NONE && w->state == WIRE_IDLE && !w->lost &&
		 world.in_at != world.in_end);
	return call;
}

/* Read as an engine does. Return: bytes; -1 when the connection is over */
static int64_t take(const struct migrate_link *link, uint8_t *bytes, size_t size)
{
	size_t total = 0;
	int64_t n;
	uint32_t idle = 0;

	while (total < size && idle < 200U) {
		n = link->recv(link->ctx, bytes + total, size - total);
		if (n < 0)
			return total != 0U ? (int64_t)total : -1;
		total += (size_t)n;
		idle = n == 0 ? idle + 1U : 0U;
	}
	return (int64_t)total;
}

#define FOR_PIECES(piece)                                                                       \
	for (size_t piece##_i = 0, piece##_all[] = { 1, 2, 7, 31, 32, 33, 64, 100, 512, ROOM }, \
		    piece = 1;                                                                  \
	     piece##_i < 10U && (piece = piece##_all[piece##_i]) != 0U; piece##_i++)

/* A whole offer comes and is understood. */
static void offer(uint64_t id)
{
	struct migrate_hello h;

	hello(id);
	require();
	assert_int_equal(serve(&world.wire), WIRE_HELLO);
	wire_hello(&world.wire, &h);
	assert_int_equal(h.id, id);
}

static void test_accept(void **state)
{
	(void)state;
	FOR_PIECES(piece)
	{
		struct wire *w = begin(piece);
		struct migrate_machine m;
		struct migrate_line line;
		struct migrate_link link;
		uint8_t got[ROOM];

		offer(77);
		migrate_line_clear(&line);
		assert_true(wire_require(w, &m, &line));
		assert_int_equal(m.vcpus, 2);
		status(2, MIGRATE_REC_COMMIT, 77);
		link = wire_accept(w);
		assert_int_equal(take(&link, got, sizeof(got)), world.in_end);
		assert_memory_equal(got, world.in, world.in_end);
	}
}

/* A page full of frames that a guest made, left over from a connection that has ended. */
static void test_forged(void **state)
{
	(void)state;
	FOR_PIECES(piece)
	{
		struct wire *w = begin(piece);
		uint8_t page[8 + 4096] = { 0 };
		size_t made;

		hello(666);
		require();
		made = world.in_end;
		for (size_t at = 8; at + made <= sizeof(page); at += made)
			memcpy(page + at, world.in, made);
		world.in_end = 0;
		frame(5, MIGRATE_REC_PAGE, page, sizeof(page));
		assert_int_equal(serve(w), WIRE_NONE);
		offer(7);
	}
}

static void test_next_connection(void **state)
{
	(void)state;
	FOR_PIECES(piece)
	{
		struct wire *w = begin(piece);
		struct migrate_status q;
		struct migrate_link link;
		uint8_t got[ROOM];
		size_t end;

		hello(77);
		require();
		assert_int_equal(serve(w), WIRE_HELLO);
		link = wire_accept(w);
		end = world.in_end;
		status(0, MIGRATE_REC_QUERY, 77);
		/* The engine gets its frames, and then finds its link cut. */
		assert_int_equal(take(&link, got, sizeof(got)), end);
		assert_int_equal(take(&link, got, sizeof(got)), -1);
		migrate_tx_init(&world.tx, world.frames, sizeof(world.frames), false);
		wire_close(w, &world.tx);
		assert_int_equal(serve(w), WIRE_QUERY);
		wire_query(w, &q);
		assert_int_equal(q.id, 77);
		q.outcome = MIGRATE_OUTCOME_NONE;
		while (!wire_reply(w, MIGRATE_REC_STATUS, &q, sizeof(q)))
			;
		while (w->owed_end != 0U)
			(void)wire_serve(w);
		assert_int_equal(world.out_end, sizeof(struct migrate_frame) + sizeof(q));
		assert_int_equal(serve(w), WIRE_NONE);
	}
}

/* What is left over from an earlier migration does not reach a source; its own answer does. */
static void test_source_leftovers(void **state)
{
	(void)state;
	FOR_PIECES(piece)
	{
		struct wire *w = begin(piece);
		struct migrate_link link = wire_connect(w);
		uint8_t got[ROOM];
		size_t at;

		status(3, MIGRATE_REC_PASS_ACK, 1);
		status(4, MIGRATE_REC_READY, 1);
		at = world.in_end;
		status(0, MIGRATE_REC_ACCEPT, 2);
		assert_int_equal(take(&link, got, sizeof(got)), world.in_end - at);
		assert_memory_equal(got, world.in + at, world.in_end - at);
	}
}

static void test_crossing(void **state)
{
	(void)state;
	FOR_PIECES(piece)
	{
		struct wire *w = begin(piece);
		struct migrate_link link = wire_connect(w);
		struct migrate_hello h;
		uint8_t got[ROOM];
		size_t at;

		hello(9);
		require();
		at = world.in_end;
		status(0, MIGRATE_REC_ACCEPT, 2);
		/* The engine gets nothing before it is decided whose migration goes first. */
		for (uint32_t i = 0; i < 300U && wire_crossed(w) == WIRE_NONE; i++)
			assert_int_equal(link.recv(link.ctx, got, sizeof(got)), 0);
		assert_int_equal(wire_crossed(w), WIRE_HELLO);
		wire_hello(w, &h);
		assert_int_equal(h.id, 9);
		/* Ours goes first: theirs is dropped with all that belongs to it. */
		wire_drop(w);
		assert_int_equal(take(&link, got, sizeof(got)), world.in_end - at);
		assert_memory_equal(got, world.in + at, world.in_end - at);
	}
}

static void test_crossing_lost(void **state)
{
	(void)state;
	FOR_PIECES(piece)
	{
		struct wire *w = begin(piece);
		struct migrate_link link = wire_connect(w);
		uint8_t got[ROOM];

		hello(9);
		require();
		for (uint32_t i = 0; i < 300U && wire_crossed(w) == WIRE_NONE; i++)
			assert_int_equal(link.recv(link.ctx, got, sizeof(got)), 0);
		/*
		 * Theirs goes first: our engine finds its link cut, and theirs is taken up whole.
		 */
		wire_cut(w, 0);
		assert_int_equal(link.recv(link.ctx, got, sizeof(got)), -1);
		assert_int_equal(link.send(link.ctx, got, 1), -1);
		assert_int_equal(serve(w), WIRE_HELLO);
		link = wire_accept(w);
		assert_int_equal(take(&link, got, sizeof(got)), world.in_end);
		assert_memory_equal(got, world.in, world.in_end);
	}
}

static void test_garbage(void **state)
{
	(void)state;
	FOR_PIECES(piece)
	{
		struct wire *w = begin(piece);
		size_t at = hello(9);

		world.in[at + 9] ^= 1U; /* the header's length */
		require();
		hello(10);
		require();
		assert_int_equal(serve(w), WIRE_NONE);
		assert_true(w->lost);
		/* As long as something comes, nothing is taken for a frame. */
		while (world.in_at != world.in_end) {
			ticks += SECOND / 2U;
			assert_int_equal(wire_serve(w), WIRE_NONE);
		}
		ticks += 2U * SECOND;
		(void)wire_serve(w);
		assert_false(w->lost);
		hello(11);
		require();
		assert_int_equal(serve(w), WIRE_HELLO);
	}
}

/*
 * The rest of a frame that was begun leaves before anything else; a frame that cannot be ended is
 * filled up.
 */
static void test_owed(void **state)
{
	(void)state;
	FOR_PIECES(piece)
	{
		struct wire *w = begin(piece);
		struct migrate_link link = wire_connect(w);
		struct migrate_status s = { .id = 1 };
		struct migrate_tx tx = { .buf = NULL };
		static uint8_t buf[ROOM];

		world.room = 10;
		migrate_tx_init(&tx, buf, sizeof(buf), false);
		assert_true(migrate_tx_record(&tx, &world.crc, MIGRATE_REC_QUERY, &s, sizeof(s)));
		for (uint32_t i = 0; i < 20U; i++)
			(void)migrate_tx_flush(&tx, &link);
		assert_int_equal(world.out_end, 10);
		wire_close(w, &tx);
		world.room = ROOM;
		link = wire_connect(w);
		for (uint32_t i = 0; i < 300U && link.send(link.ctx, "x", 1) == 0; i++)
			;
		assert_int_equal(world.out_end, sizeof(struct migrate_frame) + sizeof(s) + 1U);
		assert_memory_equal(world.out, buf, world.out_end - 1U);
		world.out_end = 0;
		wire_cut(w, 5);
		link = wire_connect(w);
		for (uint32_t i = 0; i < ROOM && link.send(link.ctx, "x", 1) == 0; i++)
			;
		assert_int_equal(world.out_end, WIRE_FILL + 1U);
		for (size_t i = 0; i < WIRE_FILL; i++)
			assert_int_equal(world.out[i], 0xff);
	}
}

/*
 * What is owed leaves before an answer does. Until then the call of the other side stands, and it
 * is not answered twice.
 */
static void test_reply_waits(void **state)
{
	struct wire *w = begin(ROOM);
	struct migrate_status s = { .id = 9 };
	struct migrate_link link;

	(void)state;
	world.room = 0;
	link = wire_connect(w);
	assert_int_equal(link.send(link.ctx, "x", 1), 0);
	wire_cut(w, 1);
	status(0, MIGRATE_REC_QUERY, 9);
	assert_int_equal(serve(w), WIRE_QUERY);
	for (uint32_t i = 0; i < 3U; i++) {
		assert_false(wire_reply(w, MIGRATE_REC_STATUS, &s, sizeof(s)));
		assert_int_equal(wire_serve(w), WIRE_QUERY);
	}
	world.room = ROOM;
	(void)wire_serve(w);
	assert_true(wire_reply(w, MIGRATE_REC_STATUS, &s, sizeof(s)));
	assert_int_equal(wire_serve(w), WIRE_NONE);
	assert_int_equal(world.out_end, WIRE_FILL + sizeof(struct migrate_frame) + sizeof(s));
}

/* A part of a HELLO had come when a connection of our own began: its rest is no answer. */
static void test_half_hello(void **state)
{
	(void)state;
	FOR_PIECES(piece)
	{
		struct wire *w = begin(piece);
		struct migrate_link link;
		uint8_t got[ROOM];
		size_t end;

		for (size_t half = 1; half < sizeof(struct migrate_frame) + 64U; half++) {
			world.in_at = world.in_end = 0;
			hello(9);
			end = world.in_end;
			world.in_end = half;
			assert_int_equal(serve(w), WIRE_NONE);
			link = wire_connect(w);
			world.in_end = end;
			status(0, MIGRATE_REC_ACCEPT, 2);
			/*
			 * Its header is whole only now, so it crosses, and is looked at: that
			 * decides whose goes first.
			 */
			if (half < sizeof(struct migrate_frame)) {
				for (uint32_t i = 0; i < 300U && wire_crossed(w) == WIRE_NONE; i++)
					assert_int_equal(link.recv(link.ctx, got, sizeof(got)), 0);
				assert_int_equal(wire_crossed(w), WIRE_HELLO);
				wire_drop(w);
			}
			assert_int_equal(take(&link, got, sizeof(got)), world.in_end - end);
			assert_memory_equal(got, world.in + end, world.in_end - end);
			wire_cut(w, 0);
		}
	}
}

static void fill(void)
{
	memset(world.in + world.in_end, 0xff, WIRE_FILL);
	world.in_end += WIRE_FILL;
}

/*
 * Wherever the other side stopped in a frame, fill ends that frame: the engine is told, and the
 * next connection is understood.
 */
static void test_filled(void **state)
{
	static const size_t cut[] = { 0, 1, 10, 31, 32, 33, 40, 100, 4135 };

	(void)state;
	FOR_PIECES(piece)
	{
		for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
			static uint8_t got[ROOM];
			struct wire *w = begin(piece);
			uint8_t page[8 + 4096] = { 0 };
			struct migrate_link link;
			size_t at;

			hello(77);
			require();
			assert_int_equal(serve(w), WIRE_HELLO);
			link = wire_accept(w);
			at = frame(2, MIGRATE_REC_PAGE, page, sizeof(page));
			world.in_end = at + cut[i];
			fill();
			assert_in_range(take(&link, got, sizeof(got)), at,
					at + sizeof(struct migrate_frame) + sizeof(page));
			assert_int_equal(take(&link, got, sizeof(got)), -1);
			wire_cut(w, 0);
			/* In the middle of a header, fill makes a wrong header of it. */
			assert_int_equal(serve(w), WIRE_NONE);
			assert_int_equal(w->lost, cut[i] % 32U != 0U && cut[i] < 32U);
			while (w->lost) {
				(void)wire_serve(w);
				ticks += 2U * SECOND;
			}
			world.in_at = world.in_end = 0;
			offer(8);
		}
	}
}

/* Wherever a COMMIT was cut short, fill makes no right frame of it. */
static void test_commit_filled(void **state)
{
	struct migrate_status s = { .id = UINT64_MAX, .outcome = MIGRATE_OUTCOME_RUNNING };
	size_t size = sizeof(struct migrate_frame) + sizeof(s);
	static uint8_t buf[ROOM];

	(void)state;
	for (size_t cut = 1; cut < size; cut++) {
		struct wire *w = begin(ROOM);
		struct migrate_link link = { .recv = port_recv, .ctx = &world };
		struct migrate_record record;
		struct migrate_line why;
		struct migrate_rx rx = { .buf = NULL };

		(void)w;
		frame(0, MIGRATE_REC_COMMIT, &s, sizeof(s));
		world.in_end = cut;
		fill();
		migrate_rx_init(&rx, buf, sizeof(buf), false);
		while (migrate_rx_fill(&rx, &link))
			;
		migrate_line_clear(&why);
		assert_int_equal(migrate_rx_next(&rx, &world.crc, &record, &why), MIGRATE_RX_BAD);
	}
}

/* A frame is shown where it is only in the middle of a connection, and then alone. */
static void test_frames_are_shown(void **state)
{
	struct migrate_status s = { .id = 4, .outcome = MIGRATE_OUTCOME_PENDING };
	struct wire *w = begin(ROOM);
	struct migrate_link link = wire_connect(w);
	size_t size = sizeof(struct migrate_frame) + sizeof(s);
	const uint8_t *shown;
	uint8_t buf[256];
	bool grows;

	(void)state;
	frame(0, MIGRATE_REC_ACCEPT, &s, sizeof(s));
	frame(1, MIGRATE_REC_PASS_ACK, &s, sizeof(s));
	frame(2, MIGRATE_REC_PASS_ACK, &s, sizeof(s));
	frame(0, MIGRATE_REC_ACCEPT, &s, sizeof(s));
	/* The first frame decides whose connection it is. */
	assert_int_equal(link.peek(link.ctx, size, &shown, &grows), 0);
	assert_int_equal(link.recv(link.ctx, buf, size), size);
	assert_int_equal(link.peek(link.ctx, size, &shown, &grows), size);
	assert_ptr_equal(shown, world.in + size);
	link.drop(link.ctx, size);
	/* A frame of which a part was taken is not shown any more. */
	assert_int_equal(link.recv(link.ctx, buf, 8), 8);
	assert_int_equal(link.peek(link.ctx, size, &shown, &grows), 0);
	assert_int_equal(link.recv(link.ctx, buf, size - 8U), size - 8U);
	/* Number 0 begins another connection, which ends this one. */
	assert_int_equal(link.peek(link.ctx, size, &shown, &grows), 0);
	assert_int_equal(link.recv(link.ctx, buf, size), -1);
}

/*
 * A program is restarted, and its port has stayed open: what comes there began before it, and is
 * not believed.
 */
static void test_anew(void **state)
{
	(void)state;
	FOR_PIECES(piece)
	{
		struct wire *w = begin(piece);

		wire_after_restart(w);
		for (uint32_t i = 0; w->owed_end != 0U; i++)
			(void)wire_serve(w);
		assert_int_equal(world.out_end, WIRE_FILL);
		/* The rest of a page that a guest filled. */
		hello(666);
		require();
		while (world.in_at != world.in_end)
			assert_int_equal(wire_serve(w), WIRE_NONE);
		ticks += 2U * SECOND;
		(void)wire_serve(w);
		offer(7);
	}
}

/*
 * The other side was restarted: a connection that is under way is over; one that waits for its
 * first answer waits on.
 */
static void test_other_anew(void **state)
{
	(void)state;
	FOR_PIECES(piece)
	{
		struct wire *w = begin(piece);
		struct migrate_link link = wire_connect(w);
		static uint8_t got[ROOM];
		size_t at;

		fill();
		at = world.in_end;
		status(0, MIGRATE_REC_ACCEPT, 2);
		assert_int_equal(take(&link, got, sizeof(got)), world.in_end - at);
		assert_memory_equal(got, world.in + at, world.in_end - at);
		world.in_at = world.in_end = 0;
		fill();
		assert_int_equal(take(&link, got, sizeof(got)), -1);
	}
}

/* A source stops waiting between two frames: its engine is told, and the other side hears of it. */
static void test_ended(void **state)
{
	(void)state;
	FOR_PIECES(piece)
	{
		struct wire *w = begin(piece);
		struct migrate_link link = wire_connect(w);
		uint8_t got[16];

		wire_end(w);
		assert_int_equal(link.recv(link.ctx, got, sizeof(got)), -1);
		while (w->owed_end != 0U)
			(void)wire_serve(w);
		assert_int_equal(world.out_end, WIRE_FILL);
		for (size_t i = 0; i < WIRE_FILL; i++)
			assert_int_equal(((const uint8_t *)world.out)[i], 0xff);
	}
}

static void test_port_cut(void **state)
{
	struct wire *w = begin(ROOM);
	struct migrate_link link;
	uint8_t got[16];

	(void)state;
	hello(9);
	require();
	assert_int_equal(serve(w), WIRE_HELLO);
	link = wire_accept(w);
	world.cut = true;
	assert_int_equal(link.recv(link.ctx, got, sizeof(got)), sizeof(got));
	while (link.recv(link.ctx, got, sizeof(got)) > 0)
		;
	assert_int_equal(link.recv(link.ctx, got, sizeof(got)), -1);
	assert_int_equal(w->state, WIRE_DOWN);
	world.cut = false;
	world.in_at = world.in_end = 0;
	wire_up(w);
	status(0, MIGRATE_REC_QUERY, 9);
	assert_int_equal(serve(w), WIRE_QUERY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept),		 cmocka_unit_test(test_forged),
		cmocka_unit_test(test_next_connection),	 cmocka_unit_test(test_source_leftovers),
		cmocka_unit_test(test_crossing),	 cmocka_unit_test(test_crossing_lost),
		cmocka_unit_test(test_garbage),		 cmocka_unit_test(test_owed),
		cmocka_unit_test(test_reply_waits),	 cmocka_unit_test(test_half_hello),
		cmocka_unit_test(test_filled),		 cmocka_unit_test(test_commit_filled),
		cmocka_unit_test(test_frames_are_shown), cmocka_unit_test(test_anew),
		cmocka_unit_test(test_other_anew),	 cmocka_unit_test(test_ended),
		cmocka_unit_test(test_port_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
