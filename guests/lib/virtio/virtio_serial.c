/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console device's protocol (VIRTIO 1.2, 5.3): control messages, ports, connections. virtio_serial.h says what a program
 * may rely on; rings and registers are virtio_mmio.c's.
 *
 * A port's state as the device was told is kept apart from what the program wants, because a message may find its queue full:
 * port_talk() says what is due, whenever there is room. A connection that the host closed is over for the program at once;
 * the next can be opened when the device has taken our own close, for what it put into the queue until then is the old one's.
 *
 * Must never trust an id, a length or a port number of the device, nor loop for as long as the device likes.
 */
#include "guests/lib/virtio/virtio_serial.h"
#include "guests/lib/guest_plic.h"
#include "guests/lib/virtio/virtio_mmio.h"

#define VIRTIO_ID_CONSOLE 3U

/* 5.3.3 "Feature bits" */
#define CONSOLE_F_MULTIPORT (UINT64_C(1) << 1)

/* 5.3.4 "Device configuration layout" */
#define CONSOLE_CONFIG_MAX_PORTS 4U

/* 5.3.2 "Virtqueues": port 0 has the first two, then come the control queues, then ports from 1 on */
#define QUEUE_CONTROL_RX 2U
#define QUEUE_CONTROL_TX 3U

/* 5.3.6.2 "Multiport Device Operation" */
#define CONSOLE_DEVICE_READY 0U
#define CONSOLE_PORT_ADD     1U
#define CONSOLE_PORT_REMOVE  2U
#define CONSOLE_PORT_READY   3U
#define CONSOLE_PORT_OPEN    6U
#define CONSOLE_PORT_NAME    7U

/* Port numbers whose queues are set up: a queue cannot be added once the device runs, when the first port is announced */
#define PORT_IDS 8U

/* A buffer that is sent is one write at the host's side; what is received comes in pieces of a page from QEMU. */
#define TX_BUFFERS   8U
#define TX_SIZE	     32768U
#define RX_BUFFERS   VIRTQ_SIZE_MAX
#define RX_SIZE	     4096U
#define CONTROL_SIZE 256U

#define NO_MESSAGE UINT32_MAX

struct control {
	u32 id;
	u16 event;
	u16 value;
};

_Static_assert(sizeof(struct control) == 8, "VIRTIO 1.2, 5.3.6.2: struct virtio_console_control");

/** enum port_state - the program's end */
enum port_state {
	PORT_CLOSED,
	PORT_OPEN,
	PORT_CLOSING, /* the connection is over; the device has not taken that yet */
	PORT_RESTING, /* the connection is there, and our end is closed, or will be when the device has taken that */
};

/**
 * struct virtio_port - a port
 * @id: its number; @slot: its buffers
 * @added: the device has announced it; @ready_due: and was not told yet that it is taken
 * @host_open: the host's side is open; @generation: how often it has opened
 * @told_open: what the device knows of our end; @message: control message that told it and is not taken yet, or NO_MESSAGE
 * @rx_id: received buffer that is being read, @rx_len bytes of it valid, the first @rx_at read; NO_MESSAGE: none
 */
struct virtio_port {
	char name[VIRTIO_PORT_NAME_MAX];
	u32 id;
	u32 slot;
	bool added;
	bool ready_due;
	bool host_open;
	bool told_open;
	enum port_state state;
	u32 generation;
	u32 message;
	u32 rx_id;
	u32 rx_len;
	u32 rx_at;
};

static struct {
	struct virtio_mmio dev;
	bool works;
	bool refused_one; /* a port: said once, however often the device announces it */
	u32 ids;	  /* port numbers that have queues */
	u32 ports_nr;
	struct virtio_port ports[VIRTIO_PORTS_MAX];
	struct virtio_queue control_rx, control_tx;
	struct virtio_queue rx[PORT_IDS], tx[PORT_IDS];
} serial;

static u8 control_in[VIRTQ_SIZE_MAX][CONTROL_SIZE] __attribute__((aligned(8)));
static struct control control_out[VIRTQ_SIZE_MAX];
static u8 rx_bytes[VIRTIO_PORTS_MAX][RX_BUFFERS][RX_SIZE] __attribute__((aligned(4096)));
static u8 tx_bytes[VIRTIO_PORTS_MAX][TX_BUFFERS][TX_SIZE] __attribute__((aligned(4096)));

/** close_all() - the device is out of use, and every connection cut */
static void close_all(void)
{
	u32 i;

	serial.works = false;
	for (i = 0; i < serial.ports_nr; i++) {
		serial.ports[i].host_open = false;
		serial.ports[i].state = PORT_CLOSED;
	}
}

/** give_up() - the device broke the rules: one line, and that was it */
static void give_up(const char *why)
{
	if (!serial.works)
		return;
	close_all();
	virtio_mmio_fail(&serial.dev);
	tell("virtio console at 0x%lx: %s: it is given up, its ports are cut", serial.dev.base,
	     why);
}

static struct virtio_queue *port_rx(const struct virtio_port *port)
{
	return &serial.rx[port->id];
}

static struct virtio_queue *port_tx(const struct virtio_port *port)
{
	return &serial.tx[port->id];
}

/* --- received buffers -------------------------------------------------------------------------------------------- */

static void rx_give(struct virtio_port *port, u32 id)
{
	virtio_queue_put(port_rx(port), id, rx_bytes[port->slot][id], RX_SIZE, true);
}

/** rx_take() - make the next received buffer the one that is read. Return: there is one */
static bool rx_take(struct virtio_port *port)
{
	u32 id, len;
	enum virtio_take take = virtio_queue_take(port_rx(port), &id, &len);

	if (take == VIRTIO_TAKE_BAD)
		give_up("a receive queue has an entry that it cannot have");
	if (take != VIRTIO_TAKE_ONE)
		return false;
	port->rx_id = id;
	port->rx_len = len;
	port->rx_at = 0;
	return true;
}

/** rx_drop() - give everything that was received up to now back to the device */
static void rx_drop(struct virtio_port *port)
{
	/* What is there now, not what comes meanwhile: the device could go on for ever. */
	u32 left = virtio_queue_used(port_rx(port));

	for (;;) {
		if (port->rx_id != NO_MESSAGE)
			rx_give(port, port->rx_id);
		port->rx_id = NO_MESSAGE;
		if (left-- == 0 || !rx_take(port))
			break;
	}
	virtio_queue_publish(&serial.dev, port_rx(port));
}

/* --- control messages to the device ------------------------------------------------------------------------------ */

/** control_send() - Return: the buffer that has the message, NO_MESSAGE: no room now */
static u32 control_send(u32 port_id, u16 event, u16 value)
{
	struct virtio_queue *q = &serial.control_tx;
	u32 id = 0;

	while (id < q->num && virtio_queue_has(q, id))
		id++;
	if (id == q->num)
		return NO_MESSAGE;
	control_out[id] = (struct control){ port_id, event, value };
	virtio_queue_put(q, id, &control_out[id], sizeof(control_out[id]), false);
	virtio_queue_publish(&serial.dev, q);
	return id;
}

/** port_tell() - tell the device whether our end is open. Return: it was told, though it may not have looked yet */
static bool port_tell(struct virtio_port *port, bool open)
{
	u32 id = control_send(port->id, CONSOLE_PORT_OPEN, open ? 1 : 0);

	if (id == NO_MESSAGE)
		return false;
	port->message = id;
	port->told_open = open;
	return true;
}

/** port_told() - the device has taken the last message on our end */
static void port_told(struct virtio_port *port)
{
	port->message = NO_MESSAGE;
	if (port->told_open) {
		/* A device that looked at the queue while our end was closed may have to be told to look again. */
		virtio_queue_notify(&serial.dev, port_rx(port));
	} else if (port->state == PORT_CLOSING) {
		rx_drop(port);
		port->state = PORT_CLOSED;
	}
}

/** port_talk() - say what is due, as far as there is room */
static void port_talk(struct virtio_port *port)
{
	if (port->ready_due && control_send(port->id, CONSOLE_PORT_READY, 1) != NO_MESSAGE)
		port->ready_due = false;
	if ((port->state == PORT_CLOSING || port->state == PORT_RESTING) && port->told_open &&
	    port->message == NO_MESSAGE)
		port_tell(port, false);
}

/** control_done() - take back what the device has read */
static void control_done(void)
{
	struct virtio_queue *q = &serial.control_tx;
	enum virtio_take take = VIRTIO_TAKE_NONE;
	u32 left, id, len, i;

	for (left = q->num; serial.works && left != 0; left--) {
		take = virtio_queue_take(q, &id, &len);
		if (take != VIRTIO_TAKE_ONE)
			break;
		for (i = 0; i < serial.ports_nr; i++) {
			if (serial.ports[i].message == id)
				port_told(&serial.ports[i]);
		}
	}
	if (take == VIRTIO_TAKE_BAD)
		give_up("the control transmit queue has an entry that it cannot have");
}

/* --- control messages from the device ---------------------------------------------------------------------------- */

static struct virtio_port *port_of(u32 id)
{
	u32 i;

	for (i = 0; i < serial.ports_nr; i++) {
		if (serial.ports[i].id == id)
			return &serial.ports[i];
	}
	return NULL;
}

/** port_new() - buffers for port @id. Return: NULL: there are none left, or it has no queues */
static struct virtio_port *port_new(u32 id)
{
	struct virtio_port *port;
	u32 generation, i;

	if (id >= serial.ids || serial.ports_nr == VIRTIO_PORTS_MAX)
		return NULL;
	port = &serial.ports[serial.ports_nr];
	/* Goes on counting over a second virtio_serial_init(): no number may stand for two connections. */
	generation = port->generation;
	memset(port, 0, sizeof(*port));
	port->generation = generation;
	port->id = id;
	port->slot = serial.ports_nr++;
	port->message = NO_MESSAGE;
	port->rx_id = NO_MESSAGE;
	for (i = 0; i < port_rx(port)->num; i++)
		rx_give(port, i);
	virtio_queue_publish(&serial.dev, port_rx(port));
	return port;
}

static void port_add(u32 id)
{
	struct virtio_port *port = port_of(id);

	if (port == NULL)
		port = port_new(id);
	if (port == NULL) {
		/* 5.3.6.2: a value of 0 says that the port cannot be used. If there is no room for that, so be it. */
		control_send(id, CONSOLE_PORT_READY, 0);
		if (!serial.refused_one)
			tell("virtio console at 0x%lx: port %u is not used; allowed: numbers below "
			     "%u, %u ports",
			     serial.dev.base, id, serial.ids, VIRTIO_PORTS_MAX);
		serial.refused_one = true;
		return;
	}
	port->added = true;
	port->ready_due = true;
}

static void port_host_closed(struct virtio_port *port)
{
	port->host_open = false;
	if (port->state == PORT_RESTING && !port->told_open && port->message == NO_MESSAGE) {
		/* Nothing can have come since, so all that is there is the old connection's, whatever the host does next. */
		rx_drop(port);
		port->state = PORT_CLOSED;
	} else if (port->state == PORT_OPEN || port->state == PORT_RESTING) {
		port->state = PORT_CLOSING;
	}
}

/** port_remove() - the device has no such port any more, and wants to hear nothing of it; it may come back */
static void port_remove(struct virtio_port *port)
{
	port_host_closed(port);
	port->state = PORT_CLOSED;
	port->added = false;
	port->ready_due = false;
	port->told_open = false;
	port->message = NO_MESSAGE;
	rx_drop(port);
}

static void port_host_opened(struct virtio_port *port)
{
	/* A device may say again what it has said before, on PORT_READY for instance. */
	if (port->host_open)
		return;
	port->host_open = true;
	port->generation++;
}

static void port_named(struct virtio_port *port, const u8 *name, u32 len)
{
	u32 i;

	for (i = 0; i < len && i < VIRTIO_PORT_NAME_MAX - 1U && name[i] != 0; i++)
		port->name[i] = name[i] >= ' ' && name[i] <= '~' ? (char)name[i] : '?';
	port->name[i] = '\0';
}

/** control_take() - a message of @len bytes, which the device wrote to @message */
static void control_take(const u8 *message, u32 len)
{
	struct control c;
	struct virtio_port *port;

	if (len < sizeof(c)) {
		give_up("it sent a control message shorter than 8 bytes");
		return;
	}
	memcpy(&c, message, sizeof(c));
	port = port_of(c.id);
	if (c.event == CONSOLE_PORT_ADD) {
		port_add(c.id);
	} else if (port != NULL && c.event == CONSOLE_PORT_REMOVE) {
		port_remove(port);
	} else if (port != NULL && c.event == CONSOLE_PORT_NAME) {
		port_named(port, message + sizeof(c), len - (u32)sizeof(c));
	} else if (port != NULL && c.event == CONSOLE_PORT_OPEN && c.value == 0) {
		port_host_closed(port);
	} else if (port != NULL && c.event == CONSOLE_PORT_OPEN) {
		port_host_opened(port);
	}
	/* What is left are messages of consoles (size, which port is one), and ports that were not taken. */
}

static void control_give(u32 id)
{
	virtio_queue_put(&serial.control_rx, id, control_in[id], CONTROL_SIZE, true);
}

/** control_poll() - deal with what the device has said; memory only, unless there is something to say */
static void control_poll(void)
{
	struct virtio_queue *q = &serial.control_rx;
	enum virtio_take take = VIRTIO_TAKE_NONE;
	u32 left, id, len, i;

	for (left = q->num; serial.works && left != 0; left--) {
		take = virtio_queue_take(q, &id, &len);
		if (take != VIRTIO_TAKE_ONE)
			break;
		control_take(control_in[id], len);
		control_give(id);
	}
	if (take == VIRTIO_TAKE_BAD)
		give_up("the control receive queue has an entry that it cannot have");
	if (!serial.works)
		return;
	virtio_queue_publish(&serial.dev, q);
	control_done();
	for (i = 0; serial.works && i < serial.ports_nr; i++)
		port_talk(&serial.ports[i]);
	/* Most devices have taken that by now: nobody needs to look again for it. */
	control_done();
}

/* --- the device -------------------------------------------------------------------------------------------------- */

static u32 queue_of_port(u32 id)
{
	return id == 0 ? 0 : 2U * id + 2U;
}

/** set_up_queues() - all that the ports may need. Return: the device has them */
static bool set_up_queues(bool event_idx)
{
	u32 max = virtio_reg_read(serial.dev.base, VIRTIO_REG_CONFIG + CONSOLE_CONFIG_MAX_PORTS);
	u32 i;

	serial.ids = max < PORT_IDS ? max : PORT_IDS;
	if (!virtio_queue_setup(&serial.dev, &serial.control_rx, QUEUE_CONTROL_RX, event_idx) ||
	    !virtio_queue_setup(&serial.dev, &serial.control_tx, QUEUE_CONTROL_TX, event_idx))
		return false;
	for (i = 0; i < serial.ids; i++) {
		if (!virtio_queue_setup(&serial.dev, &serial.rx[i], queue_of_port(i), event_idx) ||
		    !virtio_queue_setup(&serial.dev, &serial.tx[i], queue_of_port(i) + 1U,
					event_idx))
			return false;
	}
	return serial.ids != 0;
}

bool virtio_serial_init(const void *fdt)
{
	const char *wrong;
	u64 features;
	u32 i;

	close_all();
	serial.ports_nr = 0;
	serial.refused_one = false;
	if (!virtio_mmio_find(fdt, VIRTIO_ID_CONSOLE, &serial.dev))
		return false;
	wrong = virtio_mmio_negotiate(&serial.dev, CONSOLE_F_MULTIPORT | VIRTIO_F_EVENT_IDX,
				      CONSOLE_F_MULTIPORT, &features);
	if (wrong == NULL && !set_up_queues((features & VIRTIO_F_EVENT_IDX) != 0)) {
		wrong = "it lacks a queue of those that a port has";
		virtio_mmio_fail(&serial.dev);
	}
	if (wrong != NULL) {
		tell("virtio console at 0x%lx: %s: it is not used (needed: several ports, virtio "
		     "1)",
		     serial.dev.base, wrong);
		return false;
	}
	serial.works = true;
	for (i = 0; i < serial.control_rx.num; i++)
		control_give(i);
	virtio_mmio_start(&serial.dev);
	virtio_queue_publish(&serial.dev, &serial.control_rx);
	control_send(0, CONSOLE_DEVICE_READY, 1);
	virtio_poll();
	return serial.works;
}

void virtio_serial_stop(void)
{
	close_all();
	(void)virtio_mmio_stop(&serial.dev);
}

bool virtio_serial_wake(void)
{
	return serial.works && guest_plic_enable(serial.dev.irq);
}

void virtio_poll(void)
{
	if (!serial.works)
		return;
	if (!virtio_mmio_interrupt(&serial.dev)) {
		give_up("it needs a reset");
		return;
	}
	control_poll();
}

/* --- ports ------------------------------------------------------------------------------------------------------- */

struct virtio_port *virtio_port_find(const char *name)
{
	u32 i;

	for (i = 0; i < serial.ports_nr; i++) {
		if (serial.ports[i].added && strcmp(serial.ports[i].name, name) == 0)
			return &serial.ports[i];
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

/** tx_reclaim() - Return: a buffer that can be filled, TX_BUFFERS or more: none */
static u32 tx_reclaim(struct virtio_port *port)
{
	struct virtio_queue *q = port_tx(port);
	enum virtio_take take = VIRTIO_TAKE_NONE;
	u32 left, id, len;

	for (left = q->num; left != 0; left--) {
		take = virtio_queue_take(q, &id, &len);
		if (take != VIRTIO_TAKE_ONE)
			break;
	}
	if (take == VIRTIO_TAKE_BAD) {
		give_up("a transmit queue has an entry that it cannot have");
		return TX_BUFFERS;
	}
	for (id = 0; id < TX_BUFFERS && id < q->num; id++) {
		if (!virtio_queue_has(q, id))
			return id;
	}
	return TX_BUFFERS;
}

/** tx_settled() - Return: the device holds nothing of the last connection, which it could send on the next */
static bool tx_settled(struct virtio_port *port)
{
	u64 out = port_tx(port)->out;

	if ((out & (out - 1U)) != 0)
		return false;
	/*
	 * One that is left is no reason to wait: QEMU (10.0) never gives back the buffer in the middle of which the host closed. It
	 * sends no more of it, either.
	 */
	virtio_queue_forget(port_tx(port));
	return true;
}

bool virtio_port_open(struct virtio_port *port)
{
	control_poll();
	if (port->state == PORT_OPEN)
		return true;
	if (!port->host_open || port->state == PORT_CLOSING || port->told_open ||
	    port->message != NO_MESSAGE || port->ready_due)
		return false;
	tx_reclaim(port);
	if (!serial.works || (port->state == PORT_CLOSED && !tx_settled(port)) ||
	    !port_tell(port, true))
		return false;
	port->state = PORT_OPEN;
	control_poll();
	return port->state == PORT_OPEN;
}

void virtio_port_rest(struct virtio_port *port)
{
	control_poll();
	if (port->state != PORT_OPEN)
		return;
	port->state = PORT_RESTING;
	control_poll();
}

int64_t virtio_port_send(struct virtio_port *port, const void *bytes, size_t size)
{
	const u8 *from = bytes;
	size_t done = 0;
	u32 id, n;

	control_poll();
	if (port->state != PORT_OPEN)
		return -1;
	while (done < size) {
		id = tx_reclaim(port);
		if (id >= TX_BUFFERS || id >= port_tx(port)->num)
			break;
		n = size - done < TX_SIZE ? (u32)(size - done) : TX_SIZE;
		memcpy(tx_bytes[port->slot][id], from + done, n);
		virtio_queue_put(port_tx(port), id, tx_bytes[port->slot][id], n, false);
		done += n;
	}
	/* Given up half-way: the device does not see what was put. */
	if (!serial.works)
		return -1;
	virtio_queue_publish(&serial.dev, port_tx(port));
	return (int64_t)done;
}

int64_t virtio_port_recv(struct virtio_port *port, void *bytes, size_t size)
{
	u8 *to = bytes;
	size_t done = 0;
	u32 left = VIRTQ_SIZE_MAX, n;

	control_poll();
	if (port->state != PORT_OPEN)
		return -1;
	while (done < size) {
		if (port->rx_id == NO_MESSAGE && (left-- == 0 || !rx_take(port)))
			break;
		n = port->rx_len - port->rx_at;
		if (n > size - done)
			n = (u32)(size - done);
		memcpy(to + done, &rx_bytes[port->slot][port->rx_id][port->rx_at], n);
		port->rx_at += n;
		done += n;
		if (port->rx_at == port->rx_len) {
			rx_give(port, port->rx_id);
			port->rx_id = NO_MESSAGE;
		}
	}
	if (!serial.works)
		return -1;
	virtio_queue_publish(&serial.dev, port_rx(port));
	return (int64_t)done;
}
