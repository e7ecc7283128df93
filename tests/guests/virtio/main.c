/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test of the virtio console driver against a real device: tests/boot/guests/lib/test_virtio.py
 * is at the other end of each port.
 *
 * A connection begins with a header from the host. mode 0: @length bytes of the stream of @seed
 * follow, which are checked, and sent back with every byte inverted. mode 1: @length bytes of
 * that stream go to the host. mode 2: the test is over. mode 3: as 0, and the port rests until
 * the host has opened another connection. With the bootarg `sleep`, the program waits in WFI for
 * the device's interrupt whenever nothing moves.
 *
 * It prints one line for each connection: `ok NAME connection N: BYTES bytes`, or `cut NAME
 * connection N after BYTES bytes`.
 */
#include "guests/lib/guest.h"
#include "guests/lib/guest_plic.h"
#include "guests/lib/virtio/virtio_serial.h"

#define MODE_ECHO  0U
#define MODE_FLOOD 1U
#define MODE_END   2U
#define MODE_LAST  3U

#define CHUNK 65536U

struct header {
	u32 mode;
	u32 seed;
	u64 length;
};

/**
 * struct end - a port's program
 * @got: bytes received after the header
 * @sent: bytes sent
 * @head, @tail: [@head, @tail) of @buf waits
 */
struct end {
	const char *name;
	struct virtio_port *port;
	bool open;
	bool over;
	u32 generation;
	u32 header_got;
	struct header header;
	u64 got;
	u64 sent;
	u64 wrong;
	u64 state;
	u64 word;
	u32 head;
	u32 tail;
	u8 buf[CHUNK];
};

static struct end ends[] = { { .name = "cleave.link" }, { .name = "cleave.second" } };

/** stream_byte() - next byte of the connection's stream: splitmix64, a word for each eight bytes */
static u8 stream_byte(struct end *e, u64 at)
{
	u64 z;

	if (at % 8U == 0) {
		e->state += UINT64_C(0x9e3779b97f4a7c15);
		z = e->state;
		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		e->word = z ^ z >> 31;
	}
	return (u8)(e->word >> at % 8U * 8U);
}

/** begin() - take a new connection of the host's, if there is one */
static bool begin(struct end *e)
{
	if (!virtio_port_open(e->port))
		return false;
	e->generation = virtio_port_generation(e->port);
	e->open = true;
	e->over = false;
	e->header_got = 0;
	e->got = e->sent = e->wrong = 0;
	e->head = e->tail = 0;
	say("open %s connection %u", e->name, e->generation);
	return true;
}

/** rest() - have the port rest until there is another connection */
static bool rest(struct end *e)
{
	virtio_port_rest(e->port);
	if (virtio_port_generation(e->port) == e->generation)
		return false;
	e->open = false;
	return true;
}

static bool cut(struct end *e)
{
	e->open = false;
	if (!e->over)
		say("cut %s connection %u after %lu bytes", e->name, e->generation, e->got);
	check(virtio_port_send(e->port, "x", 1) == -1 && virtio_port_recv(e->port, e->buf, 1) == -1,
	      "%s connection %u stays cut", e->name, e->generation);
	return true;
}

/** more() - fill the empty buffer with what is to be sent. Return: bytes, -1: cut */
static s64 more(struct end *e)
{
	u64 left = e->header.length - e->got;
	s64 n;
	u32 i;

	n = left < CHUNK ? (s64)left : (s64)CHUNK;
	if (e->header.mode != MODE_FLOOD)
		n = virtio_port_recv(e->port, e->buf, (size_t)n);
	for (i = 0; n > 0 && i < (u32)n; i++) {
		u8 want = stream_byte(e, e->got + i);

		if (e->header.mode == MODE_FLOOD)
			e->buf[i] = want;
		else if (e->buf[i] != want)
			e->wrong++;
		if (e->header.mode != MODE_FLOOD)
			e->buf[i] ^= 0xffU;
	}
	if (n > 0) {
		e->got += (u64)n;
		e->head = 0;
		e->tail = (u32)n;
	}
	return n;
}

/** step() - Return: true when something moved */
static bool step(struct end *e)
{
	s64 n;

	if (e->port == NULL) {
		e->port = virtio_port_find(e->name);
		if (e->port != NULL)
			say("port %s is there", e->name);
		return e->port != NULL;
	}
	if (!e->open)
		return begin(e);
	if (e->over && e->header.mode == MODE_LAST)
		return rest(e);
	if (e->header_got < sizeof(e->header)) {
		n = virtio_port_recv(e->port, (u8 *)&e->header + e->header_got,
				     sizeof(e->header) - e->header_got);
		if (n < 0)
			return cut(e);
		e->header_got += (u32)n;
		e->state = e->header.seed;
		return n != 0;
	}
	if (e->header.mode == MODE_END)
		finish();
	if (e->head == e->tail) {
		n = more(e);
		if (n < 0)
			return cut(e);
	}
	n = virtio_port_send(e->port, e->buf + e->head, e->tail - e->head);
	if (n < 0)
		return cut(e);
	e->head += (u32)n;
	e->sent += (u64)n;
	if (e->sent == e->header.length && !e->over) {
		e->over = true;
		/* Before the line is printed, as the host may act on it. */
		if (e->header.mode == MODE_LAST)
			virtio_port_rest(e->port);
		check_eq(e->wrong, 0, "%s connection %u: %lu bytes", e->name, e->generation,
			 e->sent);
	}
	return n != 0;
}

void guest_main(unsigned long hartid, const void *fdt)
{
	bool can_sleep = bootarg(fdt, "sleep", NULL, 0), moved;
	u32 i;

	(void)hartid;
	if (!virtio_serial_init(fdt)) {
		say("there is no link");
		finish();
	}
	if (can_sleep) {
		check(guest_plic_init(fdt), "the interrupt controller is there");
		check(virtio_serial_wake(), "the device's interrupt ends a WFI");
	}
	for (;;) {
		virtio_poll();
		moved = false;
		for (i = 0; i < ARRAY_SIZE(ends); i++)
			moved = step(&ends[i]) || moved;
		if (moved)
			continue;
		if (can_sleep && guest_plic_poll() == 0)
			__asm__ volatile("wfi" ::: "memory");
		else
			cpu_relax();
	}
}
