/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmark of a secured link: both ends in one program, joined by memory, on one hart under
 * `-icount shift=0`. It counts the instructions of a handshake, and of a page at either end. What
 * it counts is guests/manager/secure alone, with BearSSL: no port, no frames.
 *
 * Lines are as those of tests/guests/bench, for tests/bench/secure.py. It must never print between
 * two readings.
 */
#include "guests/lib/guest.h"
#include "guests/manager/secure/secure.h"

#define ROOM  65536U
#define PAGES 64U
#define FRAME 4136U /* bytes that a page's frame has */

struct end {
	struct secure secure;
	struct end *peer;
	u8 in[ROOM]; /* what has come, from @at up to @end */
	size_t at;
	size_t end;
	u64 count; /* instructions so far */
};

static struct end ends[2];
static u64 ticks;

static u64 now(void)
{
	return ticks;
}

static void say_line(const char *line)
{
	(void)line;
}

static s64 port_send(void *ctx, const void *bytes, size_t size)
{
	struct end *to = ((struct end *)ctx)->peer;

	if (to->at == to->end)
		to->at = to->end = 0;
	size = MIN(size, ROOM - to->end);
	memcpy(to->in + to->end, bytes, size);
	to->end += size;
	return (s64)size;
}

static s64 port_recv(void *ctx, void *bytes, size_t size)
{
	struct end *e = ctx;

	size = MIN(size, e->end - e->at);
	memcpy(bytes, e->in + e->at, size);
	e->at += size;
	return (s64)size;
}

/* The private keys are 1 and 2, so the public ones are the curve's generator and its double. */
static const u8 points[2][KEYS_PUBLIC] = {
	{ 4,	0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
	  0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4,
	  0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
	  0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
	  0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5 },
	{ 4,	0x7c, 0xf2, 0x7b, 0x18, 0x8d, 0x03, 0x4f, 0x7e, 0x8a, 0x52, 0x38, 0x03,
	  0x04, 0xb5, 0x1a, 0xc3, 0xc0, 0x89, 0x69, 0xe2, 0x77, 0xf2, 0x1b, 0x35, 0xa6,
	  0x0b, 0x48, 0xfc, 0x47, 0x66, 0x99, 0x78, 0x07, 0x77, 0x55, 0x10, 0xdb, 0x8e,
	  0xd0, 0x40, 0x29, 0x3d, 0x9a, 0xc6, 0x9f, 0x74, 0x30, 0xdb, 0xba, 0x7d, 0xad,
	  0xe6, 0x3c, 0xe9, 0x82, 0x29, 0x9e, 0x04, 0xb7, 0x9d, 0x22, 0x78, 0x73, 0xd1 }
};

static bool begin(void)
{
	for (u32 i = 0; i < 2; i++) {
		struct migrate_link port = { .send = port_send,
					     .recv = port_recv,
					     .ctx = &ends[i] };
		struct keys keys = { .own = { [KEYS_PRIVATE - 1U] = (u8)(i + 1U) } };

		memcpy(keys.peer, points[1U - i], KEYS_PUBLIC);
		ends[i].peer = &ends[1U - i];
		if (tls_init(&ends[i].secure.tls, &keys, "of a benchmark", 14) != NULL)
			return false;
		secure_init(&ends[i].secure, &port, now, 1000, say_line);
		secure_up(&ends[i].secure);
	}
	return true;
}

/* Let one end work. Return: true when it did something. */
static bool step(struct end *e)
{
	u64 before = csr_read(instret);
	bool any = secure_step(&e->secure);

	e->count += csr_read(instret) - before;
	return any;
}

static bool shake(void)
{
	for (u32 i = 0; i < 1000; i++) {
		bool any = step(&ends[0]);

		any = step(&ends[1]) || any;
		if (secure_ready(&ends[0].secure) && secure_ready(&ends[1].secure))
			return true;
		ticks += any ? 0U : 100U;
	}
	return ends[0].secure.state == SECURE_OPEN && ends[1].secure.state == SECURE_OPEN;
}

/* Send a page, as a frame, from one end to the other. Return: false when it does not come. */
static bool page(const u8 *frame, u8 *got)
{
	struct migrate_link from = secure_link(&ends[0].secure);
	struct migrate_link to = secure_link(&ends[1].secure);
	u64 before = csr_read(instret);
	size_t come = 0;
	bool sent = from.send(from.ctx, frame, FRAME) == (s64)FRAME;
	s64 n;

	ends[0].count += csr_read(instret) - before;
	before = csr_read(instret);
	do {
		n = to.recv(to.ctx, got + come, FRAME - come);
		come += n > 0 ? (size_t)n : 0U;
	} while (n > 0 && come < FRAME);
	ends[1].count += csr_read(instret) - before;
	return sent && come == FRAME && memcmp(frame, got, FRAME) == 0;
}

void guest_main(unsigned long hartid, const void *fdt)
{
	static u8 frame[FRAME], got[FRAME];
	u32 client;

	(void)hartid;
	(void)fdt;
	if (!begin() || !shake())
		say("FAIL there is no session");
	client = tls_leads(&ends[0].secure.tls) ? 0U : 1U;
	say("bench secure_handshake_client %lu 1 0 0", ends[client].count);
	say("bench secure_handshake_server %lu 1 0 0", ends[1U - client].count);
	for (u32 i = 0; i < FRAME; i++)
		frame[i] = (u8)(i * 7U);
	ends[0].count = ends[1].count = 0;
	for (u32 i = 0; i < PAGES; i++) {
		if (!page(frame, got))
			say("FAIL page %u did not come", i);
	}
	say("bench secure_page_source %lu %u 0 0", ends[0].count, PAGES);
	say("bench secure_page_destination %lu %u 0 0", ends[1].count, PAGES);
	sbi_shutdown(false);
}
