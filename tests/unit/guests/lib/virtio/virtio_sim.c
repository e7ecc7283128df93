/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device of virtio_sim.h. It reads the driver's rings as a device does: from the addresses that
 * registers were given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <libfdt.h>

#include "guests/lib/guest_plic.h"
#include "tests/unit/guests/lib/virtio/virtio_sim.h"

#define EVENT_IDX (UINT64_C(1) << 29)

#define EVENT_DEVICE_READY 0U
#define EVENT_PORT_ADD	   1U
#define EVENT_PORT_READY   3U
#define EVENT_PORT_OPEN	   6U
#define EVENT_PORT_NAME	   7U

#define CONTROL_RX 2U
#define CONTROL_TX 3U

struct vsim vsim;

/* --- what the driver calls -------------------------------------------------------------------- */

void tell(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(vsim.line, sizeof(vsim.line), fmt, ap);
	va_end(ap);
	assert_null(strchr(vsim.line, '\n'));
	vsim.lines++;
}

bool guest_plic_enable(uint32_t source)
{
	vsim.enabled = source;
	return source != 0;
}

/* --- queues ----------------------------------------------------------------------------------- */

static u16 *at16(u64 base, u32 n)
{
	return (u16 *)(uintptr_t)base + n;
}

static u32 *used_entry(struct vsim_queue *q, u16 n)
{
	return (u32 *)(uintptr_t)(q->used + 4U + 8U * (n & (q->num - 1U)));
}

u32 vsim_rx_queue(u32 port)
{
	return port == 0 ? 0 : 2U * port + 2U;
}

/** want_kick() - tell the driver when to notify: with the next buffer that was not seen */
static void want_kick(struct vsim_queue *q)
{
	if ((vsim.accepted & EVENT_IDX) != 0)
		*at16(q->used, 2U + 4U * q->num) = q->seen;
}

bool vsim_pop(u32 queue, u32 *id, u8 **buf, u32 *size, bool write)
{
	struct vsim_queue *q = &vsim.queue[queue];
	const u8 *d;
	u16 waiting;

	if (!q->ready || (vsim.status & VIRTIO_STATUS_DRIVER_OK) == 0)
		return false;
	waiting = (u16)(*at16(q->avail, 1) - q->seen);
	assert_true(waiting <= q->num || vsim.lies);
	if (waiting == 0 || waiting > q->num)
		return false;
	*id = *at16(q->avail, 2U + (q->seen & (q->num - 1U)));
	assert_true(*id < q->num);
	q->seen++;
	want_kick(q);
	d = (const u8 *)(uintptr_t)(q->desc + 16U * *id);
	*buf = (u8 *)(uintptr_t)*(const u64 *)(const void *)d;
	*size = *(const u32 *)(const void *)(d + 8);
	assert_int_equal(*(const u16 *)(const void *)(d + 12), write ? VIRTQ_DESC_WRITE : 0);
	assert_int_not_equal(*size, 0);
	return true;
}

void vsim_used(u32 queue, u32 id, u32 len)
{
	struct vsim_queue *q = &vsim.queue[queue];
	u16 event = *at16(q->avail, 2U + q->num);

	used_entry(q, q->done)[0] = id;
	used_entry(q, q->done)[1] = len;
	q->done++;
	*at16(q->used, 1) = q->done;
	if ((vsim.accepted & EVENT_IDX) == 0 || (u16)(q->done - event - 1U) == 0) {
		vsim.irq |= 1U;
		vsim.interrupts++;
	}
}

/* --- the host's side -------------------------------------------------------------------------- */

bool vsim_control(u32 port, u16 event, u16 value, const void *more, u32 size)
{
	u32 id, room;
	u8 *buf;

	if (!vsim_pop(CONTROL_RX, &id, &buf, &room, true))
		return false;
	memcpy(buf, &port, 4);
	memcpy(buf + 4, &event, 2);
	memcpy(buf + 6, &value, 2);
	assert_true(size <= room - 8U);
	if (size != 0)
		memcpy(buf + 8, more, size);
	vsim_used(CONTROL_RX, id, 8U + size);
	return true;
}

static void heard(const u8 *m)
{
	u32 port, i;
	u16 event, value;

	memcpy(&port, m, 4);
	memcpy(&event, m + 4, 2);
	memcpy(&value, m + 6, 2);
	if (event == EVENT_DEVICE_READY) {
		assert_int_equal(value, 1);
		for (i = 0; i < SIM_PORTS; i++) {
			if (vsim.port[i].there)
				vsim_control(i, EVENT_PORT_ADD, 1, NULL, 0);
		}
		return;
	}
	if (event == EVENT_PORT_READY && value == 0) {
		if (port < SIM_PORTS)
			vsim.port[port].refused++;
		return;
	}
	assert_true(port < SIM_PORTS && vsim.port[port].there);
	if (event == EVENT_PORT_READY) {
		vsim.port[port].ready = true;
		if (vsim.port[port].name != NULL)
			vsim_control(port, EVENT_PORT_NAME, 1, vsim.port[port].name,
				     (u32)strlen(vsim.port[port].name) + 1U);
		if (vsim.port[port].host_open)
			vsim_control(port, EVENT_PORT_OPEN, 1, NULL, 0);
		return;
	}
	assert_int_equal(event, EVENT_PORT_OPEN);
	assert_int_not_equal(vsim.port[port].guest_open, value);
	vsim.port[port].guest_open = value != 0;
}

static void port_out(u32 port)
{
	struct vsim_port *p = &vsim.port[port];
	u32 id, size;
	u8 *buf;

	while ((!p->host_open || !p->throttled) &&
	       vsim_pop(vsim_rx_queue(port) + 1U, &id, &buf, &size, false)) {
		if (p->host_open) {
			assert_true(p->got_len + size <= SIM_HOST_SIZE);
			memcpy(p->got + p->got_len, buf, size);
			p->got_len += size;
		}
		vsim_used(vsim_rx_queue(port) + 1U, id, 0);
	}
}

static void look(u32 queue)
{
	u32 id, size;
	u8 *buf;

	if (queue == CONTROL_TX) {
		while (vsim_pop(CONTROL_TX, &id, &buf, &size, false)) {
			assert_int_equal(size, 8);
			heard(buf);
			vsim_used(CONTROL_TX, id, 0);
		}
	} else if (queue == 1 || (queue > CONTROL_TX && queue % 2U == 1)) {
		port_out(queue == 1 ? 0 : (queue - 3U) / 2U);
	}
}

void vsim_run(void)
{
	u32 i;

	for (i = 0; i < SIM_QUEUES; i++)
		look(i);
}

void vsim_host_open(u32 port)
{
	vsim.port[port].host_open = true;
	vsim.port[port].got_len = 0;
	if (vsim.port[port].ready)
		assert_true(vsim_control(port, EVENT_PORT_OPEN, 1, NULL, 0));
}

void vsim_host_close(u32 port)
{
	u32 id, size;
	u8 *buf;

	if (vsim.loses)
		vsim_pop(vsim_rx_queue(port) + 1U, &id, &buf, &size, false);
	vsim.port[port].host_open = false;
	vsim.port[port].throttled = false;
	port_out(port);
	assert_true(vsim_control(port, EVENT_PORT_OPEN, 0, NULL, 0));
}

size_t vsim_host_write(u32 port, const void *bytes, size_t size)
{
	u32 id, room, n;
	size_t done = 0;
	u8 *buf;

	assert_true(vsim.port[port].host_open);
	while (vsim.port[port].guest_open && done < size &&
	       vsim_pop(vsim_rx_queue(port), &id, &buf, &room, true)) {
		n = size - done < room ? (u32)(size - done) : room;
		memcpy(buf, (const u8 *)bytes + done, n);
		done += n;
		vsim_used(vsim_rx_queue(port), id, n);
	}
	return done;
}

void vsim_throttle(u32 port, bool on)
{
	vsim.port[port].throttled = on;
	if (!on)
		port_out(port);
}

/* --- registers -------------------------------------------------------------------------------- */

u32 virtio_reg_read(u64 base, u32 offset)
{
	assert_int_equal(base, SIM_BASE);
	switch (offset) {
	case VIRTIO_REG_MAGIC:
		return VIRTIO_MAGIC;
	case VIRTIO_REG_VERSION:
		return vsim.version;
	case VIRTIO_REG_DEVICE_ID:
		return vsim.device_id;
	case VIRTIO_REG_DEV_FEATURES:
		return (u32)(vsim.features >> 32U * vsim.feature_sel);
	case VIRTIO_REG_QUEUE_NUM_MAX:
		return vsim.sel < SIM_QUEUES ? vsim.queue_max : 0;
	case VIRTIO_REG_QUEUE_READY:
		return vsim.queue[vsim.sel].ready ? 1 : 0;
	case VIRTIO_REG_IRQ_STATUS:
		return vsim.irq;
	case VIRTIO_REG_STATUS:
		return vsim.stuck ? 0xffU : vsim.status;
	case VIRTIO_REG_CONFIG + 4U:
		return vsim.max_ports;
	default:
		fail_msg("the driver reads register 0x%x", offset);
		return 0;
	}
}

static void set_status(u32 value)
{
	if (value == 0) {
		memset(vsim.queue, 0, sizeof(vsim.queue));
		vsim.irq = 0;
		for (u32 i = 0; i < SIM_PORTS; i++)
			vsim.port[i].guest_open = vsim.port[i].ready = false;
	}
	if (vsim.refuses)
		value &= ~VIRTIO_STATUS_FEATURES_OK;
	if ((value & VIRTIO_STATUS_FEATURES_OK) != 0)
		assert_int_equal(vsim.accepted & ~vsim.features, 0);
	vsim.status = value;
}

static void set_half(u64 *where, u32 offset, u32 value)
{
	u32 shift = (offset & 4U) * 8U;

	*where = (*where & ~(UINT64_C(0xffffffff) << shift)) | (u64)value << shift;
}

void virtio_reg_write(u64 base, u32 offset, u32 value)
{
	struct vsim_queue *q = &vsim.queue[vsim.sel < SIM_QUEUES ? vsim.sel : 0];

	assert_int_equal(base, SIM_BASE);
	switch (offset) {
	case VIRTIO_REG_DEV_FEAT_SEL:
	case VIRTIO_REG_DRV_FEAT_SEL:
		vsim.feature_sel = value;
		break;
	case VIRTIO_REG_DRV_FEATURES:
		set_half(&vsim.accepted, vsim.feature_sel * 4U, value);
		break;
	case VIRTIO_REG_QUEUE_SEL:
		vsim.sel = value;
		break;
	case VIRTIO_REG_QUEUE_NUM:
		assert_true(value <= vsim.queue_max && value != 0 && (value & (value - 1U)) == 0);
		q->num = value;
		break;
	case VIRTIO_REG_QUEUE_READY:
		assert_int_equal(q->desc % 16U, 0);
		assert_int_equal(q->avail % 2U, 0);
		assert_int_equal(q->used % 4U, 0);
		assert_int_equal(vsim.status & VIRTIO_STATUS_DRIVER_OK, 0);
		q->ready = value == 1;
		break;
	case VIRTIO_REG_QUEUE_NOTIFY:
		assert_true(value < SIM_QUEUES);
		vsim.notified++;
		if (!vsim.lazy)
			look(value);
		break;
	case VIRTIO_REG_IRQ_ACK:
		vsim.irq &= ~value;
		break;
	case VIRTIO_REG_STATUS:
		set_status(value);
		break;
	case VIRTIO_REG_QUEUE_DESC:
	case VIRTIO_REG_QUEUE_DESC + 4U:
		set_half(&q->desc, offset, value);
		break;
	case VIRTIO_REG_QUEUE_AVAIL:
	case VIRTIO_REG_QUEUE_AVAIL + 4U:
		set_half(&q->avail, offset, value);
		break;
	case VIRTIO_REG_QUEUE_USED:
	case VIRTIO_REG_QUEUE_USED + 4U:
		set_half(&q->used, offset, value);
		break;
	default:
		fail_msg("the driver writes register 0x%x", offset);
	}
}

/* --- set-up ----------------------------------------------------------------------------------- */

void vsim_reset(void)
{
	memset(&vsim, 0, sizeof(vsim));
	vsim.version = VIRTIO_VERSION;
	vsim.device_id = 3;
	vsim.max_ports = 31;
	vsim.queue_max = 128;
	vsim.features = VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | 2U | 1U;
	vsim.port[1].there = vsim.port[2].there = true;
	vsim.port[1].name = "cleave.link";
	vsim.port[2].name = "cleave.second";
}

const void *vsim_tree(bool with_device)
{
	static u8 tree[2048];
	u32 reg[4] = { 0, cpu_to_fdt32((u32)SIM_BASE), 0, cpu_to_fdt32(0x1000) };

	assert_int_equal(fdt_create(tree, sizeof(tree)), 0);
	fdt_finish_reservemap(tree);
	fdt_begin_node(tree, "");
	fdt_property_string(tree, "model", "test");
	fdt_begin_node(tree, "soc");
	fdt_begin_node(tree, "serial@10000000");
	fdt_property_string(tree, "compatible", "ns16550a");
	fdt_end_node(tree);
	if (with_device) {
		fdt_begin_node(tree, "virtio_mmio@10001000");
		fdt_property(tree, "compatible", "other,thing\0virtio,mmio", 24);
		fdt_property(tree, "reg", reg, sizeof(reg));
		fdt_property_u32(tree, "interrupts", SIM_IRQ);
		fdt_end_node(tree);
	}
	fdt_end_node(tree);
	fdt_end_node(tree);
	assert_int_equal(fdt_finish(tree), 0);
	return tree;
}
