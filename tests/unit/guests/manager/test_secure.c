/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The secured link (guests/manager/secure): both ends in one program. Two ends with the right keys
 * carry every byte in order; whoever has another key, or repeats what was said before, gets
 * nothing; whatever is lost or changed on the way ends the session with a line, and the next one
 * begins by itself.
 */
#define _GNU_SOURCE /* memmem() */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guests/manager/secure/secure.h"

#define ROOM   (1U << 20)
#define SECOND 1000U
#define CARGO  40000U /* bytes: more than two records */

#define LABEL_SEC1	 "EC PRIVATE KEY"
#define PEM(label, text) "-----BEGIN " label "-----\n" text "\n-----END " label "-----\n"

/* Made by openssl ecparam, pkcs8 and ec -pubout; they are for tests alone. */
#define OWN_A                                                                                \
	PEM(LABEL_SEC1, "MHcCAQEEIDP0HaS+Gm8VsCkjiI7BudcpR9i9m4LcL1PSNpIfasNmoAoGCCqGSM49\n" \
			"AwEHoUQDQgAEycewv0rb44pwTIY0lLBaoVtiuoOYuq+Gth8xpdbk8QyM1aMfbNIM\n" \
			"lBWDRN9ieLE1tkPJjKB4ItJKfmoAnosu0w==")
#define OWN_A8                                                                                  \
	PEM("PRIVATE KEY", "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgM/QdpL4abxWwKSOI\n" \
			   "jsG51ylH2L2bgtwvU9I2kh9qw2ahRANCAATJx7C/StvjinBMhjSUsFqhW2K6g5i6\n" \
			   "r4a2HzGl1uTxDIzVox9s0gyUFYNE32J4sTW2Q8mMoHgi0kp+agCeiy7T")
#define OWN_B                                                                                \
	PEM(LABEL_SEC1, "MHcCAQEEIDGoJx7O/qYcsjndnyYl3M5P9i/E8zZtveZeBnmgpefvoAoGCCqGSM49\n" \
			"AwEHoUQDQgAEbpdaQW+EstzlyAR0mtACbny0OwQW9pqyfjloliUw0D9AcEJb7URL\n" \
			"3VPbQG0Phw5wnqSkKWiQJjcA3W6VTSnGGw==")
#define OWN_C                                                                                \
	PEM(LABEL_SEC1, "MHcCAQEEILbOg8SdpaAphEgry6uEnCAhlmAsTibuRvRW879OxmsRoAoGCCqGSM49\n" \
			"AwEHoUQDQgAECotWaxplMS/rwga0AYAJWnQW+Egenhg2SfdcHH7tS+Bu+VBnaE8R\n" \
			"wHts5LvkBmE7N+xgx+zjdshlw1Ab3LI0Zw==")
#define PUB_A                                                                                  \
	PEM("PUBLIC KEY", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEycewv0rb44pwTIY0lLBaoVtiuoOY\n" \
			  "uq+Gth8xpdbk8QyM1aMfbNIMlBWDRN9ieLE1tkPJjKB4ItJKfmoAnosu0w==")
#define PUB_B                                                                                  \
	PEM("PUBLIC KEY", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbpdaQW+EstzlyAR0mtACbny0OwQW\n" \
			  "9pqyfjloliUw0D9AcEJb7URL3VPbQG0Phw5wnqSkKWiQJjcA3W6VTSnGGw==")
#define PUB_C                                                                                  \
	PEM("PUBLIC KEY", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECotWaxplMS/rwga0AYAJWnQW+Ege\n" \
			  "nhg2SfdcHH7tS+Bu+VBnaE8RwHts5LvkBmE7N+xgx+zjdshlw1Ab3LI0Zw==")

/* One direction of the link */
struct pipe {
	uint8_t bytes[ROOM];
	size_t at;
	size_t end;
	uint64_t carried; /* bytes so far */
	uint64_t spoil;	  /* number of the byte that is changed on the way; 0: none */
	uint64_t drop;	  /* ... that is lost */
	uint64_t stop;	  /* ... with which nothing comes any more */
};

struct end {
	struct secure secure;
	struct pipe *to;
	struct pipe *from;
	bool cut;
	char said[8][128];
	unsigned lines;
};

static struct pipe pipes[2];
static struct end ends[2];
static uint64_t ticks;
static uint8_t *recorded; /* takes a copy of all that goes through @recorded_of */
static const struct pipe *recorded_of;

static uint64_t now(void)
{
	return ticks;
}

static void say_0(const char *line)
{
	(void)snprintf(ends[0].said[ends[0].lines++ % 8U], 128, "%s", line);
}

static void say_1(const char *line)
{
	(void)snprintf(ends[1].said[ends[1].lines++ % 8U], 128, "%s", line);
}

static int64_t port_send(void *ctx, const void *bytes, size_t size)
{
	struct end *e = ctx;
	struct pipe *p = e->to;
	const uint8_t *from = bytes;

	if (e->cut)
		return -1;
	if (p->at == p->end)
		p->at = p->end = 0;
	if (size > ROOM - p->end)
		size = ROOM - p->end;
	if (recorded != NULL && p == recorded_of)
		memcpy(recorded + p->carried, bytes, size);
	for (size_t i = 0; i < size; i++) {
		p->carried++;
		if (p->carried == p->drop || (p->stop != 0U && p->carried >= p->stop))
			continue;
		p->bytes[p->end++] = p->carried == p->spoil ? from[i] ^ 0x10U : from[i];
	}
	return (int64_t)size;
}

static int64_t port_recv(void *ctx, void *bytes, size_t size)
{
	struct end *e = ctx;
	struct pipe *p = e->from;
	size_t n = p->end - p->at;

	if (e->cut)
		return -1;
	n = n < size ? n : size;
	memcpy(bytes, p->bytes + p->at, n);
	p->at += n;
	return (int64_t)n;
}

static void keys_of(struct keys *keys, const char *own, const char *peer)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), "%s%s", own, peer);
	assert_null(keys_read(keys, text, strlen(text)));
}

/* Both ends connect, with a seed that was never used before. */
static void connect_with(const char *own_0, const char *peer_0, const char *own_1,
			 const char *peer_1)
{
	static uint64_t fresh;
	const char *own[2] = { own_0, own_1 };
	const char *peer[2] = { peer_0, peer_1 };

	memset(pipes, 0, sizeof(pipes));
	memset(ends, 0, sizeof(ends));
	for (unsigned i = 0; i < 2U; i++) {
		struct migrate_link port = { .send = port_send,
					     .recv = port_recv,
					     .ctx = &ends[i] };
		uint64_t seed[4] = { ++fresh, i };
		struct keys keys;

		ends[i].to = &pipes[i];
		ends[i].from = &pipes[1U - i];
		keys_of(&keys, own[i], peer[i]);
		assert_null(tls_init(&ends[i].secure.tls, &keys, seed, sizeof(seed)));
		secure_init(&ends[i].secure, &port, now, SECOND, i == 0U ? say_0 : say_1);
		secure_up(&ends[i].secure);
	}
}

static struct end *client(void)
{
	return &ends[tls_leads(&ends[0].secure.tls) ? 0 : 1];
}

static struct end *server(void)
{
	return &ends[tls_leads(&ends[0].secure.tls) ? 1 : 0];
}

/* Let @ticks_more pass, and both ends work. */
static void run(uint64_t ticks_more)
{
	uint64_t end = ticks + ticks_more;

	while (ticks < end) {
		bool any = secure_step(&ends[0].secure);

		any = secure_step(&ends[1].secure) || any;
		if (!any)
			ticks += SECOND / 10U;
	}
}

static bool open_both(void)
{
	return ends[0].secure.state == SECURE_OPEN && ends[1].secure.state == SECURE_OPEN;
}

static bool said(const struct end *e, const char *what)
{
	for (unsigned i = 0; i < 8U; i++) {
		if (strstr(e->said[i], what) != NULL)
			return true;
	}
	return false;
}

/* Send CARGO bytes from @from to @to. Return: how many came, all of which were right. */
static size_t carry(struct end *from, struct end *to)
{
	struct migrate_link out = secure_link(&from->secure);
	struct migrate_link in = secure_link(&to->secure);
	static uint8_t cargo[CARGO], got[CARGO];
	size_t sent = 0, come = 0;

	for (size_t i = 0; i < CARGO; i++)
		cargo[i] = (uint8_t)(i * 7U + i / 251U);
	for (unsigned idle = 0; idle < 4U && come < CARGO; idle++) {
		int64_t n = sent == CARGO ? 0 : out.send(out.ctx, cargo + sent, CARGO - sent);

		sent += n > 0 ? (size_t)n : 0U;
		idle = n > 0 ? 0U : idle;
		n = in.recv(in.ctx, got + come, CARGO - come);
		if (n > 0) {
			assert_memory_equal(got + come, cargo + come, (size_t)n);
			come += (size_t)n;
			idle = 0;
		}
		(void)secure_step(&from->secure);
	}
	return come;
}

static void take_both(void)
{
	assert_true(secure_ready(&ends[0].secure) && secure_ready(&ends[1].secure));
	assert_false(secure_ready(&ends[0].secure));
}

static void good(void)
{
	connect_with(OWN_A, PUB_B, OWN_B, PUB_A);
	run(3U * SECOND);
	assert_true(open_both());
}

static void test_good_keys(void **state)
{
	(void)state;
	good();
	take_both();
	assert_int_equal(carry(&ends[0], &ends[1]), CARGO);
	assert_int_equal(carry(&ends[1], &ends[0]), CARGO);
	assert_true(said(&ends[0], "has proved its key") && said(&ends[1], "has proved its key"));
	assert_int_equal(ends[0].lines + ends[1].lines, 2);
	/* The same keys, as PKCS #8. */
	connect_with(OWN_A8, PUB_B, OWN_B, PUB_A);
	run(3U * SECOND);
	assert_true(open_both());
}

/* What goes over the link shows nothing of what it carries. */
static void test_encrypted(void **state)
{
	static const char secret[] = "what a guest has in its memory";
	struct migrate_link out;
	struct pipe *p;

	(void)state;
	good();
	take_both();
	out = secure_link(&ends[0].secure);
	assert_int_equal(out.send(out.ctx, secret, sizeof(secret)), sizeof(secret));
	p = ends[0].to;
	assert_true(p->end > sizeof(secret));
	assert_null(memmem(p->bytes, p->end, secret, sizeof(secret)));
}

/*
 * X knows Y as its peer, and Z plays Y. Nobody is let in, and one line on each side says why. The
 * order of the keys makes each side client or server, and so that both are the same.
 */
static void test_wrong_keys(void **state)
{
	static const char *const own[] = { OWN_A, OWN_B, OWN_C };
	static const char *const pub[] = { PUB_A, PUB_B, PUB_C };
	unsigned roles = 0;

	(void)state;
	for (unsigned x = 0; x < 3U; x++) {
		for (unsigned y = (x + 1U) % 3U, i = 0; i < 2U; i++, y = 3U - x - y) {
			unsigned z = 3U - x - y;

			connect_with(own[x], pub[y], own[z], pub[x]);
			roles |= 1U << (2U * tls_leads(&ends[0].secure.tls) +
					tls_leads(&ends[1].secure.tls));
			for (unsigned n = 0; n < 100U; n++) {
				run(SECOND);
				assert_false(secure_ready(&ends[0].secure) ||
					     secure_ready(&ends[1].secure));
			}
			assert_true(said(&ends[0], "the peer could not prove its key"));
			assert_true(said(&ends[1], "the peer could not prove its key") ||
				    said(&ends[1], "broke the handshake off"));
			/* Two servers hear nothing at first, and say so. */
			assert_true(ends[0].lines <= 2U && ends[1].lines <= 2U);
		}
	}
	assert_int_equal(roles, 15);
}

/* The bytes that one side has sent in a good session, sent again, get no session. */
static void test_replay(void **state)
{
	static uint8_t old[2][ROOM];
	size_t size[2];

	(void)state;
	for (unsigned who = 0; who < 2U; who++) {
		/* Record a handshake and a cargo: every byte that @who sends. */
		recorded = old[who];
		recorded_of = &pipes[who];
		good();
		take_both();
		assert_int_equal(carry(&ends[who], &ends[1U - who]), CARGO);
		size[who] = pipes[who].carried;
		recorded = NULL;
		assert_true(size[who] > SECURE_FILL + CARGO);
		/* Again, to a peer that is as it was, but for its random numbers. */
		connect_with(OWN_A, PUB_B, OWN_B, PUB_A);
		for (unsigned again = 0; again < 3U; again++) {
			struct pipe *p = ends[who].to;
			struct secure *other = &ends[1U - who].secure;

			/* When it listens */
			while (other->state != SECURE_HUNT &&
			       (other->state != SECURE_SHAKE || other->heard != 0U)) {
				(void)secure_step(other);
				ticks += 20U;
			}
			p->at = 0;
			p->end = size[who];
			memcpy(p->bytes, old[who], size[who]);
			for (unsigned i = 0; i < 300U; i++) {
				(void)secure_step(other);
				assert_false(secure_ready(other));
				ticks += 20U;
				/* The other side's answers go nowhere. */
				ends[who].from->at = ends[who].from->end = 0;
			}
			assert_true(said(&ends[1U - who], "could not prove its key"));
		}
	}
}

/*
 * One byte of a session is changed or lost at each of many places: no changed byte comes through,
 * what was not whole is over with a line, and the next session begins by itself.
 */
static void spoil_at(struct end *from, uint64_t at, bool drop)
{
	struct end *to = from == &ends[0] ? &ends[1] : &ends[0];

	good();
	from = from == &ends[0] ? client() : server();
	to = from == client() ? server() : client();
	take_both();
	if (drop)
		from->to->drop = from->to->carried + at;
	else
		from->to->spoil = from->to->carried + at;
	assert_true(carry(from, to) < CARGO);
	/* A lost byte may show only with what comes next. */
	while (secure_link(&from->secure).send(&from->secure, "more", 4) == 4 &&
	       secure_link(&to->secure).recv(&to->secure, (char[4]){ 0 }, 4) >= 0)
		;
	run(10U * SECOND);
	assert_true(open_both());
	assert_true(said(to, "the session is over"));
	/* The old session is over for whoever has it, though there is a new one. */
	assert_int_equal(secure_link(&from->secure).send(&from->secure, "x", 1), -1);
	take_both();
	assert_int_equal(carry(from, to), CARGO);
}

static void test_spoilt(void **state)
{
	(void)state;
	for (uint64_t at = 1; at < CARGO; at += 3700U) {
		spoil_at(&ends[0], at, false);
		spoil_at(&ends[1], at, false);
		spoil_at(&ends[at % 2U], at + 1U, true);
	}
}

/* The same in the handshake: at every 100th byte that one side sends first, and at each of the last
 * that come before the fill is over. */
static void test_spoilt_handshake(void **state)
{
	(void)state;
	for (unsigned who = 0; who < 2U; who++) {
		for (uint64_t at = 1; at < 2U * SECURE_FILL + 800U;
		     at += at < 2U * SECURE_FILL - 64U ? 1600U : 7U) {
			connect_with(OWN_A, PUB_B, OWN_B, PUB_A);
			ends[who].to->spoil = at;
			for (unsigned i = 0; i < 60U && !open_both(); i++)
				run(SECOND);
			assert_true(open_both());
			if (ends[who].to->carried < at)
				break;
			take_both();
			assert_int_equal(carry(&ends[0], &ends[1]), CARGO);
		}
		assert_true(ends[who].to->carried > SECURE_FILL + 250U);
	}
}

/* The other side falls silent in the middle of a handshake. */
static void test_half_open(void **state)
{
	(void)state;
	for (unsigned who = 0; who < 2U; who++) {
		connect_with(OWN_A, PUB_B, OWN_B, PUB_A);
		ends[who].to->stop = 2U * SECURE_FILL + 100U;
		if (&ends[who] == server())
			ends[who].to->stop = SECURE_FILL + 100U;
		run(90U * SECOND);
		assert_false(secure_ready(&ends[0].secure) || secure_ready(&ends[1].secure));
		assert_true(ends[0].lines != 0U && ends[1].lines != 0U);
		ends[who].to->stop = 0;
		for (unsigned i = 0; i < 60U && !open_both(); i++)
			run(SECOND);
		assert_true(open_both());
	}
}

/* Nobody is there at all, or somebody who speaks no TLS. */
static void test_foreign(void **state)
{
	struct end *e;
	struct pipe *p;

	(void)state;
	connect_with(OWN_A, PUB_B, OWN_B, PUB_A);
	for (unsigned i = 0; i < 2U; i++) {
		for (unsigned n = 0; n < 1000U; n++, ticks += SECOND / 10U) {
			(void)secure_step(&ends[i].secure);
			ends[i].to->at = ends[i].to->end = 0;
		}
		assert_true(said(&ends[i], "nothing comes from there"));
		assert_int_equal(ends[i].lines, 1);
	}
	connect_with(OWN_A, PUB_B, OWN_B, PUB_A);
	e = server();
	p = e->from;
	memset(p->bytes, 0xff, 100);
	memcpy(p->bytes + 100, "CLVM and what else a plain peer sends", 37);
	ticks += 2U * SECOND;
	(void)secure_step(&e->secure);
	p->end = 137;
	for (unsigned n = 0; n < 100U; n++)
		(void)secure_step(&e->secure);
	assert_true(said(e, "not the handshake of a secured link"));
	/* The right one is heard after all. */
	p->at = p->end = 0;
	run(20U * SECOND);
	assert_true(open_both());
}

/* The port is closed under a session, and connected again. */
static void test_cut(void **state)
{
	(void)state;
	good();
	take_both();
	ends[0].cut = true;
	assert_int_equal(secure_link(&ends[0].secure).recv(&ends[0].secure, (char[4]){ 0 }, 4), -1);
	assert_int_equal(ends[0].secure.state, SECURE_DOWN);
	assert_false(secure_step(&ends[0].secure));
	/* It comes again, and the other side's session is over. */
	ends[0].cut = false;
	secure_up(&ends[0].secure);
	run(10U * SECOND);
	assert_true(open_both());
	take_both();
	assert_int_equal(carry(&ends[1], &ends[0]), CARGO);
}

/* Noise of every length before a handshake, also such that holds fill. */
static void test_noise(void **state)
{
	(void)state;
	srand(1);
	for (unsigned n = 1; n < 200U; n++) {
		connect_with(OWN_A, PUB_B, OWN_B, PUB_A);
		for (unsigned i = 0; i < 2U; i++) {
			struct pipe *p = &pipes[i];

			for (unsigned k = 0; k < n * 17U; k++)
				p->bytes[p->end++] = (uint8_t)(k % 200U < 90U ? 0xff : rand());
		}
		for (unsigned i = 0; i < 60U && !open_both(); i++)
			run(SECOND);
		assert_true(open_both());
	}
}

/*
 * A client begins when nothing has come for a second, and not before. A server begins after fill,
 * and not with whatever else comes.
 */
static void test_what_is_left_over(void **state)
{
	struct end *e;

	(void)state;
	connect_with(OWN_A, PUB_B, OWN_B, PUB_A);
	e = client();
	for (unsigned i = 0; i < 500U; i++, ticks += SECOND / 10U) {
		/* A byte of an earlier session comes now and then. */
		e->from->at = 0;
		e->from->end = i % 10U == 0U ? 1U : 0U;
		while (secure_step(&e->secure))
			;
		assert_int_equal(e->secure.session, 0);
	}
	run(3U * SECOND);
	assert_true(open_both());
	connect_with(OWN_A, PUB_B, OWN_B, PUB_A);
	e = server();
	while (e->secure.state != SECURE_HUNT) {
		(void)secure_step(&e->secure);
		ticks += 20U;
	}
	for (unsigned n = 0; n < SECURE_MARK; n++) {
		memset(e->from->bytes, 0xff, n);
		e->from->bytes[n] = 22;
		e->from->at = 0;
		e->from->end = n + 1U;
		while (secure_step(&e->secure))
			;
		assert_int_equal(e->secure.session, 0);
	}
}

/* What every session takes from the seed differs, and so does what is said in it. */
static void test_no_two_sessions(void **state)
{
	uint8_t first[400];
	struct pipe *p;

	(void)state;
	connect_with(OWN_A, PUB_B, OWN_B, PUB_A);
	for (unsigned n = 0; n < 2U; n++) {
		p = client()->to;
		p->at = p->end = 0;
		secure_up(&client()->secure);
		for (unsigned i = 0; i < 40U; i++, ticks += SECOND / 10U)
			(void)secure_step(&client()->secure);
		assert_true(p->end > 2U * SECURE_FILL + 60U);
		if (n == 0U)
			memcpy(first, p->bytes + 2U * SECURE_FILL, 60);
		else
			assert_memory_not_equal(first + 11, p->bytes + 2U * SECURE_FILL + 11, 32);
	}
}

/*
 * What a stranger can make of work: a server that gets one hello after another begins few
 * handshakes, and a client that nobody answers says few hellos; yet each hears the right peer soon.
 */
static void test_strangers_work(void **state)
{
	static uint8_t hello[ROOM];
	struct secure *s;
	struct pipe *p;
	uint64_t end, first;

	(void)state;
	recorded = hello;
	connect_with(OWN_A, PUB_B, OWN_B, PUB_A);
	recorded_of = client()->to;
	run(3U * SECOND);
	recorded = NULL;
	connect_with(OWN_A, PUB_B, OWN_B, PUB_A);
	s = &server()->secure;
	p = server()->from;
	while (s->state != SECURE_HUNT) {
		(void)secure_step(s);
		ticks += 20U;
	}
	first = s->session;
	for (end = ticks + 10U * SECOND; ticks < end; ticks++) {
		/* Fill, the hello, and then what ends it */
		if (p->at == p->end) {
			memcpy(p->bytes, hello + SECURE_FILL, SECURE_FILL + 200U);
			p->at = 0;
			p->end = SECURE_FILL + 200U;
		}
		(void)secure_step(s);
		server()->to->at = server()->to->end = 0;
		assert_true(s->session <= first + 21U);
	}
	assert_true(s->session > first + 5U);
	p->at = p->end = 0;
	run(10U * SECOND);
	assert_true(open_both());

	connect_with(OWN_A, PUB_B, OWN_B, PUB_A);
	s = &client()->secure;
	for (end = ticks + 1000U * SECOND; ticks < end; ticks += SECOND / 10U) {
		(void)secure_step(s);
		client()->to->at = client()->to->end = 0;
	}
	assert_true(s->session > 10U && s->session < 20U);
	/* The server is there at last. */
	secure_up(&server()->secure);
	run(9U * SECOND);
	assert_true(open_both());
}

static void wrong(const char *text, const char *why)
{
	struct keys keys, zero = { .own = { 0 } };
	char *exact = malloc(strlen(text) + 1U);
	const char *said_why;

	assert_non_null(exact);
	/* Without a NUL after it: nothing behind the end is read. */
	exact = realloc(exact, strlen(text) == 0U ? 1U : strlen(text));
	memcpy(exact, text, strlen(text));
	said_why = keys_read(&keys, exact, strlen(text));
	free(exact);
	assert_non_null(said_why);
	assert_non_null(strstr(said_why, why));
	assert_memory_equal(&keys, &zero, sizeof(keys));
}

static void test_key_files(void **state)
{
	char text[2048];
	struct keys keys;

	(void)state;
	wrong("", "no private key");
	wrong("nothing", "no private key");
	wrong(PUB_B, "no private key");
	wrong(OWN_A, "no public key");
	wrong(OWN_A OWN_A8 PUB_B, "two private keys");
	wrong(OWN_A PUB_B PUB_A, "two public keys");
	wrong(OWN_A PEM("RSA PUBLIC KEY", "MFkw"), "neither");
	wrong(PEM("ENCRYPTED PRIVATE KEY", "MFkw") PUB_B, "password");
	wrong(PEM("PRIVATE KEY", "MFkw") PUB_B, "not of the curve");
	wrong(PEM("PRIVATE KEY", "MF!w") PUB_B, "no base64");
	/* Every file that ends too early is refused. */
	for (size_t n = 0; n + 26U < strlen(OWN_A PUB_B); n++) {
		memcpy(text, OWN_A PUB_B, n);
		text[n] = '\0';
		wrong(text, "");
	}
	/* What openssl ecparam writes before the key, text between, and DOS line ends */
	assert_null(
		keys_read(&keys, PEM("EC PARAMETERS", "BggqhkjOPQMBBw==") "mine\r\n" OWN_A PUB_B,
			  strlen(PEM("EC PARAMETERS", "BggqhkjOPQMBBw==") "mine\r\n" OWN_A PUB_B)));
}

static void test_key_values(void **state)
{
	static struct tls tls;
	struct keys keys, bad;

	(void)state;
	keys_of(&keys, OWN_A, PUB_B);
	assert_null(tls_init(&tls, &keys, "0123456789abcdef", 16));
	bad = keys;
	memset(bad.own, 0, sizeof(bad.own));
	assert_non_null(strstr(tls_init(&tls, &bad, "", 0), "no number"));
	memset(bad.own, 0xff, sizeof(bad.own));
	assert_non_null(strstr(tls_init(&tls, &bad, "", 0), "no number"));
	bad = keys;
	bad.peer[64] ^= 1U;
	assert_non_null(strstr(tls_init(&tls, &bad, "", 0), "no point"));
	keys_of(&bad, OWN_A, PUB_A);
	assert_non_null(strstr(tls_init(&tls, &bad, "", 0), "this side's own"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_keys),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_wrong_keys),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_spoilt),
		cmocka_unit_test(test_spoilt_handshake),
		cmocka_unit_test(test_half_open),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_no_two_sessions),
		cmocka_unit_test(test_key_files),
		cmocka_unit_test(test_what_is_left_over),
		cmocka_unit_test(test_strangers_work),
		cmocka_unit_test(test_key_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
