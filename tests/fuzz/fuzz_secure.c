/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of the secured link (guests/manager/secure): a stranger writes to it, or changes what the
 * peer with the right key says.
 *
 * No session opens for a stranger. Whatever is changed, what comes through is what was sent, from
 * the first byte on, or less. Nothing is read or written out of bounds, and no step goes on without
 * end.
 *
 * Input: the first byte says which side is fuzzed (bit 0), and whether there is a peer (bit 1).
 * Without a peer the rest comes over the link in pieces of up to 255 bytes, each after its length.
 * With one the rest are edits of what goes to that side: bytes that pass (u16), and what the next
 * one is changed by; 0 drops it.
 */
#include <stdint.h>
#include <string.h>

#include "guests/manager/secure/secure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM   (1U << 17)
#define SECOND 1000U
#define TICK   50U
#define TURNS  300U

static void must(bool ok)
{
	if (!ok)
		__builtin_trap();
}

struct pipe {
	uint8_t bytes[ROOM];
	size_t at;
	size_t end;
};

static struct end {
	struct secure secure;
	struct pipe in;
	struct end *peer;
	uint8_t next; /* what is sent next, and what must come next */
	uint8_t due;
} ends[2];

static uint64_t ticks;
static const uint8_t *edit;
static size_t edits;
static uint64_t pass;

static uint64_t now(void)
{
	return ticks;
}

static void say(const char *line)
{
	must(line != NULL && line[0] != '\0');
}

/* What goes to ends[0] is edited. Return: whether the byte arrives. */
static bool edited(uint8_t *byte)
{
	if (edits < 3U)
		return true;
	if (pass++ < (uint64_t)(edit[0] | edit[1] << 8))
		return true;
	pass = 0;
	*byte ^= edit[2];
	edit += 3;
	edits -= 3U;
	return edit[-1] != 0U;
}

static int64_t port_send(void *ctx, const void *bytes, size_t size)
{
	struct end *e = ctx;
	struct pipe *p;

	if (e->peer == NULL)
		return (int64_t)size;
	p = &e->peer->in;
	if (p->at == p->end)
		p->at = p->end = 0;
	if (size > ROOM - p->end)
		size = ROOM - p->end;
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = ((const uint8_t *)bytes)[i];

		if (e == &ends[0] || edited(&byte))
			p->bytes[p->end++] = byte;
	}
	return (int64_t)size;
}

static int64_t port_recv(void *ctx, void *bytes, size_t size)
{
	struct pipe *p = &((struct end *)ctx)->in;

	if (size > p->end - p->at)
		size = p->end - p->at;
	memcpy(bytes, p->bytes + p->at, size);
	p->at += size;
	return (int64_t)size;
}

/* The private keys are 1 and 2, so the public ones are the curve's generator and its double. */
static void begin(bool leads, bool peer)
{
	static struct keys keys[2];
	static bool known;

	if (!known) {
		static const uint8_t points[2][KEYS_PUBLIC] = {
			{ 4,	0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc,
			  0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
			  0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
			  0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb,
			  0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31,
			  0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5 },
			{ 4,	0x7c, 0xf2, 0x7b, 0x18, 0x8d, 0x03, 0x4f, 0x7e, 0x8a, 0x52,
			  0x38, 0x03, 0x04, 0xb5, 0x1a, 0xc3, 0xc0, 0x89, 0x69, 0xe2, 0x77,
			  0xf2, 0x1b, 0x35, 0xa6, 0x0b, 0x48, 0xfc, 0x47, 0x66, 0x99, 0x78,
			  0x07, 0x77, 0x55, 0x10, 0xdb, 0x8e, 0xd0, 0x40, 0x29, 0x3d, 0x9a,
			  0xc6, 0x9f, 0x74, 0x30, 0xdb, 0xba, 0x7d, 0xad, 0xe6, 0x3c, 0xe9,
			  0x82, 0x29, 0x9e, 0x04, 0xb7, 0x9d, 0x22, 0x78, 0x73, 0xd1 }
		};

		for (unsigned i = 0; i < 2U; i++) {
			keys[i].own[KEYS_PRIVATE - 1U] = (uint8_t)(i + 1U);
			memcpy(keys[i].peer, points[1U - i], KEYS_PUBLIC);
		}
		known = true;
	}
	memset(ends, 0, sizeof(ends));
	for (unsigned i = 0; i < 2U; i++) {
		struct migrate_link port = { .send = port_send,
					     .recv = port_recv,
					     .ctx = &ends[i] };
		const struct keys *own = &keys[leads ? i : 1U - i];

		ends[i].peer = peer ? &ends[1U - i] : NULL;
		must(tls_init(&ends[i].secure.tls, own, "no seed but 16 B", 16) == NULL);
		secure_init(&ends[i].secure, &port, now, SECOND, say);
		secure_up(&ends[i].secure);
	}
}

static void stranger(const uint8_t *data, size_t size)
{
	struct secure *s = &ends[0].secure;

	while (size != 0U) {
		size_t n = *data++;

		size--;
		n = n < size ? n : size;
		memcpy(ends[0].in.bytes, data, n);
		ends[0].in.at = 0;
		ends[0].in.end = n;
		data += n;
		size -= n;
		for (unsigned i = 0; secure_step(s); i++)
			must(i < 1000U);
		must(!secure_ready(s) && s->state != SECURE_OPEN);
		must(secure_link(s).send(s, "x", 1) == -1);
		ticks += n == 0U ? SECOND : 1U;
	}
}

static void turn(struct end *e)
{
	struct migrate_link link = secure_link(&e->secure);
	uint8_t bytes[500];
	int64_t n;

	(void)secure_step(&e->secure);
	if (secure_ready(&e->secure)) {
		e->due = 0;
		e->next = 0;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(e->next + i);
	n = link.send(&e->secure, bytes, sizeof(bytes));
	e->next = (uint8_t)(e->next + (n > 0 ? n : 0));
	n = link.recv(&e->secure, bytes, sizeof(bytes));
	for (int64_t i = 0; i < n; i++)
		must(bytes[i] == e->due++);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool peer;

	if (size == 0U)
		return 0;
	peer = (data[0] & 2U) != 0;
	edit = data + 1;
	edits = peer ? size - 1U : 0U;
	pass = 0;
	begin((data[0] & 1U) != 0, peer);
	if (!peer) {
		/* So that it listens */
		for (unsigned i = 0; i < 40U; i++, ticks += TICK)
			(void)secure_step(&ends[0].secure);
		stranger(data + 1, size - 1U);
		return 0;
	}
	for (unsigned i = 0; i < TURNS; i++, ticks += TICK) {
		turn(&ends[0]);
		turn(&ends[1]);
	}
	return 0;
}
