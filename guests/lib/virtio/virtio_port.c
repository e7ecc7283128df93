/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports of the console device: opening and closing our end, and the bytes.
 *
 * It must never trust an id or a length of the device, nor loop for as long as the device likes.
 */
#include "guests/lib/guest.h"
#include "guests/lib/virtio/virtio_internal.h"

/*
 * A buffer that is sent is one write at the host's side, and holds what is built in place, a page
 * with its frame. What is received comes from QEMU in pieces of a page.
 */
#define VIRTIO_TX_BUFFERS 32U
#define VIRTIO_TX_SIZE	  8192U
#define VIRTIO_RX_BUFFERS VIRTQ_SIZE_MAX
#define VIRTIO_RX_SIZE	  4096U

static u8 virtio_port_in[VIRTIO_PORTS_MAX][VIRTIO_RX_BUFFERS][VIRTIO_RX_SIZE]
	__attribute__((aligned(4096)));
static u8 virtio_port_out[VIRTIO_PORTS_MAX][VIRTIO_TX_BUFFERS][VIRTIO_TX_SIZE]
	__attribute__((aligned(4096)));

static struct virtio_queue *virtio_port_tx(const struct virtio_port *port)
{
	return &virtio_serial.tx[port->id];
}

/* --- receive buffers -------------------------------------------------------------------------- */

void virtio_port_rx_give(struct virtio_port *port, u32 id)
{
	virtio_queue_put(virtio_port_rx(port), id, virtio_port_in[port->slot][id], VIRTIO_RX_SIZE,
			 true);
}

/* Take a received buffer from the device. Return: false when there is none */
static bool virtio_port_rx_one(struct virtio_port *port, u32 *id, u32 *len)
{
	enum virtio_take take;

	if (port->rx_next != VIRTIO_NO_BUFFER) {
		*id = port->rx_next;
		*len = port->rx_next_len;
		port->rx_next = VIRTIO_NO_BUFFER;
		return true;
	}
	take = virtio_queue_take(virtio_port_rx(port), id, len);
	if (take == VIRTIO_TAKE_BAD)
		virtio_serial_give_up("a receive queue has an entry that it cannot have");
	return take == VIRTIO_TAKE_ONE;
}

/* Make the next received buffer the one that is read. Return: false when there is none */
static bool virtio_port_rx_take(struct virtio_port *port)
{
	u32 id, len;

	if (!virtio_port_rx_one(port, &id, &len))
		return false;
	port->rx_id = id;
	port->rx_len = len;
	port->rx_at = 0;
	return true;
}

/*
 * Add the next received buffer to those that are read, if its memory goes on where theirs ends. So
 * it is as long as the device fills each buffer and the buffers come back in their order.
 * Return: false when there is none, or it lies elsewhere
 */
static bool virtio_port_rx_extend(struct virtio_port *port)
{
	u32 id, len;

	if (port->rx_len % VIRTIO_RX_SIZE != 0 || port->rx_len == 0 ||
	    port->rx_next != VIRTIO_NO_BUFFER || !virtio_port_rx_one(port, &id, &len))
		return false;
	if (len != 0 && id == port->rx_id + port->rx_len / VIRTIO_RX_SIZE) {
		port->rx_len += len;
		return true;
	}
	port->rx_next = id;
	port->rx_next_len = len;
	return false;
}

/* @size more bytes were read: give the device the buffers back that have been read. */
static void virtio_port_rx_read(struct virtio_port *port, u32 size)
{
	port->rx_at += size;
	while (port->rx_at >= VIRTIO_RX_SIZE && port->rx_len > VIRTIO_RX_SIZE) {
		virtio_port_rx_give(port, port->rx_id);
		port->rx_id++;
		port->rx_len -= VIRTIO_RX_SIZE;
		port->rx_at -= VIRTIO_RX_SIZE;
	}
	if (port->rx_at == port->rx_len) {
		virtio_port_rx_give(port, port->rx_id);
		port->rx_id = VIRTIO_NO_BUFFER;
	}
}

void virtio_port_rx_drop(struct virtio_port *port)
{
	/* Drop what is there now, and not what comes meanwhile: the device could go on for ever. */
	u32 left = virtio_queue_used(virtio_port_rx(port)) + 1U;

	for (;;) {
		if (port->rx_id != VIRTIO_NO_BUFFER)
			virtio_port_rx_read(port, port->rx_len - port->rx_at);
		if (left-- == 0 || !virtio_port_rx_take(port))
			break;
	}
	virtio_queue_publish(&virtio_serial.dev, virtio_port_rx(port));
}

/* --- transmit buffers ------------------------------------------------------------------------- */

/* Return: a buffer that can be filled; VIRTIO_NO_BUFFER: there is none */
static u32 virtio_port_tx_reclaim(struct virtio_port *port)
{
	struct virtio_queue *q = virtio_port_tx(port);
	enum virtio_take take = VIRTIO_TAKE_NONE;
	u32 left, id, len;

	for (left = q->num; left != 0; left--) {
		take = virtio_queue_take(q, &id, &len);
		if (take != VIRTIO_TAKE_ONE)
			break;
	}
	if (take == VIRTIO_TAKE_BAD) {
		virtio_serial_give_up("a transmit queue has an entry that it cannot have");
		return VIRTIO_NO_BUFFER;
	}
	id = virtio_queue_free(q);
	return id < VIRTIO_TX_BUFFERS && id < q->num ? id : VIRTIO_NO_BUFFER;
}

/*
 * Return: true when the device holds nothing of the last connection that it could send on the next
 * one
 */
static bool virtio_port_tx_settled(struct virtio_port *port)
{
	u64 out = virtio_port_tx(port)->out;

	if ((out & (out - 1U)) != 0)
		return false;
	/*
	 * One buffer may stay out: QEMU (10.0) never gives back the buffer in whose middle the host
	 * closed. It sends no more of that buffer, either.
	 */
	virtio_queue_forget(virtio_port_tx(port));
	return true;
}

/* --- ports ------------------------------------------------------------------------------------ */

struct virtio_port *virtio_port_find(const char *name)
{
	for (u32 i = 0; i < virtio_serial.ports_nr; i++) {
		struct virtio_port *port = &virtio_serial.ports[i];

		if (port->added && strcmp(port->name, name) == 0)
			return port;
	}
	return NULL;
}

bool virtio_port_connected(const struct virtio_port *port)
{
	return port->host_open;
}

uint32_t virtio_port_generation(const struct virtio_port *port)
{
	return port->generation;
}

bool virtio_port_open(struct virtio_port *port)
{
	virtio_control_poll();
	if (port->state == VIRTIO_PORT_OPEN)
		return true;
	if (!port->host_open || port->state == VIRTIO_PORT_CLOSING || port->told_open ||
	    port->message != VIRTIO_NO_BUFFER || port->ready_due)
		return false;
	(void)virtio_port_tx_reclaim(port);
	if (!virtio_serial.works ||
	    (port->state == VIRTIO_PORT_CLOSED && !virtio_port_tx_settled(port)) ||
	    !virtio_control_tell_open(port, true))
		return false;
	port->state = VIRTIO_PORT_OPEN;
	virtio_control_poll();
	return port->state == VIRTIO_PORT_OPEN;
}

void virtio_port_rest(struct virtio_port *port)
{
	virtio_control_poll();
	if (port->state != VIRTIO_PORT_OPEN)
		return;
	port->state = VIRTIO_PORT_RESTING;
	virtio_control_poll();
}

void *virtio_port_room(struct virtio_port *port, size_t size)
{
	virtio_control_poll();
	if (port->state != VIRTIO_PORT_OPEN || size > VIRTIO_TX_SIZE)
		return NULL;
	port->room = virtio_port_tx_reclaim(port);
	return port->room == VIRTIO_NO_BUFFER ? NULL : virtio_port_out[port->slot][port->room];
}

int64_t virtio_port_sent(struct virtio_port *port, size_t size)
{
	if (port->state != VIRTIO_PORT_OPEN || !virtio_serial.works)
		return -1;
	virtio_queue_put(virtio_port_tx(port), port->room, virtio_port_out[port->slot][port->room],
			 (u32)size, false);
	virtio_queue_publish(&virtio_serial.dev, virtio_port_tx(port));
	return (int64_t)size;
}

int64_t virtio_port_send(struct virtio_port *port, const void *bytes, size_t size)
{
	const u8 *from = bytes;
	size_t done = 0;

	virtio_control_poll();
	if (port->state != VIRTIO_PORT_OPEN)
		return -1;
	while (done < size) {
		u32 id = virtio_port_tx_reclaim(port);
		u32 n = (u32)MIN(size - done, VIRTIO_TX_SIZE);

		if (id == VIRTIO_NO_BUFFER)
			break;
		memcpy(virtio_port_out[port->slot][id], from + done, n);
		virtio_queue_put(virtio_port_tx(port), id, virtio_port_out[port->slot][id], n,
				 false);
		done += n;
	}
	/* If the device was given up half-way, it does not see what was put. */
	if (!virtio_serial.works)
		return -1;
	virtio_queue_publish(&virtio_serial.dev, virtio_port_tx(port));
	return (int64_t)done;
}

int64_t virtio_port_recv(struct virtio_port *port, void *bytes, size_t size)
{
	u8 *to = bytes;
	size_t done = 0;
	u32 left = VIRTQ_SIZE_MAX;

	virtio_control_poll();
	if (port->state != VIRTIO_PORT_OPEN)
		return -1;
	while (done < size) {
		u32 n;

		if (port->rx_id == VIRTIO_NO_BUFFER && (left-- == 0 || !virtio_port_rx_take(port)))
			break;
		n = (u32)MIN(size - done, port->rx_len - port->rx_at);
		memcpy(to + done, &virtio_port_in[port->slot][port->rx_id][port->rx_at], n);
		virtio_port_rx_read(port, n);
		done += n;
	}
	if (!virtio_serial.works)
		return -1;
	virtio_queue_publish(&virtio_serial.dev, virtio_port_rx(port));
	return (int64_t)done;
}

size_t virtio_port_peek(struct virtio_port *port, size_t size, const uint8_t **bytes, bool *grows)
{
	u32 left = VIRTQ_SIZE_MAX;

	virtio_control_poll();
	if (port->state != VIRTIO_PORT_OPEN ||
	    (port->rx_id == VIRTIO_NO_BUFFER && !virtio_port_rx_take(port)))
		return 0;
	while (port->rx_len - port->rx_at < size && left-- != 0 && virtio_port_rx_extend(port))
		;
	if (!virtio_serial.works)
		return 0;
	*bytes = &virtio_port_in[port->slot][port->rx_id][port->rx_at];
	*grows = port->rx_len != 0 && port->rx_len % VIRTIO_RX_SIZE == 0 &&
		 port->rx_next == VIRTIO_NO_BUFFER &&
		 port->rx_id + port->rx_len / VIRTIO_RX_SIZE < virtio_port_rx(port)->num;
	return port->rx_len - port->rx_at;
}

void virtio_port_read(struct virtio_port *port, size_t size)
{
	if (port->state != VIRTIO_PORT_OPEN || port->rx_id == VIRTIO_NO_BUFFER ||
	    size > port->rx_len - port->rx_at)
		return;
	virtio_port_rx_read(port, (u32)size);
	virtio_queue_publish(&virtio_serial.dev, virtio_port_rx(port));
}
