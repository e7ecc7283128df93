/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages of the console device (VIRTIO 1.2, 5.3.6.2): which ports there are, and which
 * ends of them are open.
 *
 * A connection that the host closes is over for the program at once. The next one can be opened
 * when the device has taken our own close: what the device puts into the queue before that belongs
 * to the old connection.
 *
 * It must never trust a port number or a length of the device, nor loop for as long as the device
 * likes.
 */
#include "guests/lib/guest.h"
#include "guests/lib/virtio/virtio_internal.h"

#define VIRTIO_CONTROL_SIZE 256U

struct virtio_control {
	u32 id;
	u16 event;
	u16 value;
};

_Static_assert(sizeof(struct virtio_control) == 8,
	       "VIRTIO 1.2, 5.3.6.2: struct virtio_console_control");

static u8 virtio_control_in[VIRTQ_SIZE_MAX][VIRTIO_CONTROL_SIZE] __attribute__((aligned(8)));
static struct virtio_control virtio_control_out[VIRTQ_SIZE_MAX];

/* --- to the device ---------------------------------------------------------------------------- */

u32 virtio_control_send(u32 port_id, u16 event, u16 value)
{
	struct virtio_queue *q = &virtio_serial.control_tx;
	struct virtio_control *message;
	u32 id = 0;

	while (id < q->num && virtio_queue_has(q, id))
		id++;
	if (id == q->num)
		return VIRTIO_NO_BUFFER;
	message = &virtio_control_out[id];
	*message = (struct virtio_control){ port_id, event, value };
	virtio_queue_put(q, id, message, sizeof(*message), false);
	virtio_queue_publish(&virtio_serial.dev, q);
	return id;
}

bool virtio_control_tell_open(struct virtio_port *port, bool open)
{
	u32 id = virtio_control_send(port->id, VIRTIO_CONSOLE_PORT_OPEN, open ? 1 : 0);

	if (id == VIRTIO_NO_BUFFER)
		return false;
	port->message = id;
	port->told_open = open;
	return true;
}

/* The device has taken the last message about our end of @port. */
static void virtio_control_told_open(struct virtio_port *port)
{
	port->message = VIRTIO_NO_BUFFER;
	if (port->told_open) {
		/*
		 * It may have looked at the queue while our end was closed, and must be told to
		 * look again.
		 */
		virtio_queue_notify(&virtio_serial.dev, virtio_port_rx(port));
	} else if (port->state == VIRTIO_PORT_CLOSING) {
		virtio_port_rx_drop(port);
		port->state = VIRTIO_PORT_CLOSED;
	}
}

/* Send the messages about @port that are due, as far as there is room. */
static void virtio_control_send_due(struct virtio_port *port)
{
	if (port->ready_due &&
	    virtio_control_send(port->id, VIRTIO_CONSOLE_PORT_READY, 1) != VIRTIO_NO_BUFFER)
		port->ready_due = false;
	if ((port->state == VIRTIO_PORT_CLOSING || port->state == VIRTIO_PORT_RESTING) &&
	    port->told_open && port->message == VIRTIO_NO_BUFFER)
		virtio_control_tell_open(port, false);
}

/* Take back the messages that the device has read. */
static void virtio_control_reclaim(void)
{
	struct virtio_queue *q = &virtio_serial.control_tx;
	enum virtio_take take = VIRTIO_TAKE_NONE;
	u32 left, id, len, i;

	for (left = q->num; virtio_serial.works && left != 0; left--) {
		take = virtio_queue_take(q, &id, &len);
		if (take != VIRTIO_TAKE_ONE)
			break;
		for (i = 0; i < virtio_serial.ports_nr; i++) {
			if (virtio_serial.ports[i].message == id)
				virtio_control_told_open(&virtio_serial.ports[i]);
		}
	}
	if (take == VIRTIO_TAKE_BAD)
		virtio_serial_give_up(
			"the control transmit queue has an entry that it cannot have");
}

/* --- from the device -------------------------------------------------------------------------- */

static struct virtio_port *virtio_control_port(u32 id)
{
	u32 i;

	for (i = 0; i < virtio_serial.ports_nr; i++) {
		if (virtio_serial.ports[i].id == id)
			return &virtio_serial.ports[i];
	}
	return NULL;
}

/* Take port @id into use. Return: NULL: all ports are in use, or this one has no queues */
static struct virtio_port *virtio_control_new_port(u32 id)
{
	struct virtio_port *port;
	u32 generation, i;

	if (id >= virtio_serial.ids || virtio_serial.ports_nr == VIRTIO_PORTS_MAX)
		return NULL;
	port = &virtio_serial.ports[virtio_serial.ports_nr];
	/*
	 * A second virtio_serial_init() must not start to count again: one number never means two
	 * connections.
	 */
	generation = port->generation;
	memset(port, 0, sizeof(*port));
	port->generation = generation;
	port->id = id;
	port->slot = virtio_serial.ports_nr++;
	port->message = VIRTIO_NO_BUFFER;
	port->rx_id = VIRTIO_NO_BUFFER;
	port->rx_next = VIRTIO_NO_BUFFER;
	for (i = 0; i < virtio_port_rx(port)->num; i++)
		virtio_port_rx_give(port, i);
	virtio_queue_publish(&virtio_serial.dev, virtio_port_rx(port));
	return port;
}

static void virtio_control_add(u32 id)
{
	struct virtio_port *port = virtio_control_port(id);

	if (port == NULL)
		port = virtio_control_new_port(id);
	if (port == NULL) {
		/*
		 * 5.3.6.2: the value 0 says that the port cannot be used. It may go unsaid when
		 * there is no room.
		 */
		virtio_control_send(id, VIRTIO_CONSOLE_PORT_READY, 0);
		if (!virtio_serial.refused_one)
			tell("virtio console at 0x%lx: port %u is not used; allowed: numbers below "
			     "%u, %u ports",
			     virtio_serial.dev.base, id, virtio_serial.ids, VIRTIO_PORTS_MAX);
		virtio_serial.refused_one = true;
		return;
	}
	port->added = true;
	port->ready_due = true;
}

static void virtio_control_host_closed(struct virtio_port *port)
{
	port->host_open = false;
	if (port->state == VIRTIO_PORT_RESTING && !port->told_open &&
	    port->message == VIRTIO_NO_BUFFER) {
		/*
		 * No byte can have come since our end closed, so all that is there is the old
		 * connection's.
		 */
		virtio_port_rx_drop(port);
		port->state = VIRTIO_PORT_CLOSED;
	} else if (port->state == VIRTIO_PORT_OPEN || port->state == VIRTIO_PORT_RESTING) {
		port->state = VIRTIO_PORT_CLOSING;
	}
}

/* The device has no such port any more, and wants to hear nothing of it. The port may come back. */
static void virtio_control_remove(struct virtio_port *port)
{
	virtio_control_host_closed(port);
	port->state = VIRTIO_PORT_CLOSED;
	port->added = false;
	port->ready_due = false;
	port->told_open = false;
	port->message = VIRTIO_NO_BUFFER;
	virtio_port_rx_drop(port);
}

static void virtio_control_host_opened(struct virtio_port *port)
{
	/* A device may repeat itself, when it is told PORT_READY for instance. */
	if (port->host_open)
		return;
	port->host_open = true;
	port->generation++;
}

static void virtio_control_name(struct virtio_port *port, const u8 *name, u32 len)
{
	u32 i;

	for (i = 0; i < len && i < VIRTIO_PORT_NAME_MAX - 1U && name[i] != 0; i++)
		port->name[i] = name[i] >= ' ' && name[i] <= '~' ? (char)name[i] : '?';
	port->name[i] = '\0';
}

/* Act on a message of @len bytes, which the device wrote to @message. */
static void virtio_control_take(const u8 *message, u32 len)
{
	struct virtio_control c;
	struct virtio_port *port;

	if (len < sizeof(c)) {
		virtio_serial_give_up("it sent a control message shorter than 8 bytes");
		return;
	}
	memcpy(&c, message, sizeof(c));
	port = virtio_control_port(c.id);
	if (c.event == VIRTIO_CONSOLE_PORT_ADD) {
		virtio_control_add(c.id);
	} else if (port != NULL && c.event == VIRTIO_CONSOLE_PORT_REMOVE) {
		virtio_control_remove(port);
	} else if (port != NULL && c.event == VIRTIO_CONSOLE_PORT_NAME) {
		virtio_control_name(port, message + sizeof(c), len - (u32)sizeof(c));
	} else if (port != NULL && c.event == VIRTIO_CONSOLE_PORT_OPEN && c.value == 0) {
		virtio_control_host_closed(port);
	} else if (port != NULL && c.event == VIRTIO_CONSOLE_PORT_OPEN) {
		virtio_control_host_opened(port);
	}
	/*
	 * All others are for consoles (its size, which port is one), or for ports that were not
	 * taken.
	 */
}

static void virtio_control_give(u32 id)
{
	virtio_queue_put(&virtio_serial.control_rx, id, virtio_control_in[id], VIRTIO_CONTROL_SIZE,
			 true);
}

void virtio_control_start(void)
{
	for (u32 i = 0; i < virtio_serial.control_rx.num; i++)
		virtio_control_give(i);
}

void virtio_control_poll(void)
{
	struct virtio_queue *q = &virtio_serial.control_rx;
	enum virtio_take take = VIRTIO_TAKE_NONE;
	u32 left, id, len, i;

	for (left = q->num; virtio_serial.works && left != 0; left--) {
		take = virtio_queue_take(q, &id, &len);
		if (take != VIRTIO_TAKE_ONE)
			break;
		virtio_control_take(virtio_control_in[id], len);
		virtio_control_give(id);
	}
	if (take == VIRTIO_TAKE_BAD)
		virtio_serial_give_up("the control receive queue has an entry that it cannot have");
	if (!virtio_serial.works)
		return;
	virtio_queue_publish(&virtio_serial.dev, q);
	virtio_control_reclaim();
	for (i = 0; virtio_serial.works && i < virtio_serial.ports_nr; i++)
		virtio_control_send_due(&virtio_serial.ports[i]);
	/* Most devices have taken these messages by now, so no later poll has to look for them. */
	virtio_control_reclaim();
}
