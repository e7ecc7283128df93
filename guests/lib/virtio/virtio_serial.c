/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console device (VIRTIO 1.2, 5.3): finding it, starting it, and giving it up. virtio_serial.h
 * says what a program may rely on.
 */
#include "guests/lib/virtio/virtio_serial.h"
#include "guests/lib/guest.h"
#include "guests/lib/guest_plic.h"
#include "guests/lib/virtio/virtio_internal.h"

#define VIRTIO_ID_CONSOLE 3U

/* 5.3.3 "Feature bits" */
#define VIRTIO_CONSOLE_F_MULTIPORT (UINT64_C(1) << 1)

/* 5.3.4 "Device configuration layout" */
#define VIRTIO_CONSOLE_MAX_PORTS 4U

/*
 * 5.3.2 "Virtqueues": first the two of port 0, then the two for control messages, then those of
 * port 1, and so on
 */
#define VIRTIO_QUEUE_CONTROL_RX 2U
#define VIRTIO_QUEUE_CONTROL_TX 3U

struct virtio_serial virtio_serial;

/* The device is not in use any more, and every connection is cut. */
static void virtio_serial_close_all(void)
{
	u32 i;

	virtio_serial.works = false;
	for (i = 0; i < virtio_serial.ports_nr; i++) {
		virtio_serial.ports[i].host_open = false;
		virtio_serial.ports[i].state = VIRTIO_PORT_CLOSED;
	}
}

void virtio_serial_give_up(const char *why)
{
	if (!virtio_serial.works)
		return;
	virtio_serial_close_all();
	virtio_mmio_fail(&virtio_serial.dev);
	tell("virtio console at 0x%lx: %s: it is given up, its ports are cut",
	     virtio_serial.dev.base, why);
}

static u32 virtio_serial_port_queue(u32 id)
{
	return id == 0 ? 0 : 2U * id + 2U;
}

/* Set up all queues that ports may need. Return: false when the device lacks one */
static bool virtio_serial_set_up_queues(bool event_idx)
{
	const struct virtio_mmio *dev = &virtio_serial.dev;
	u32 max = virtio_reg_read(dev->base, VIRTIO_REG_CONFIG + VIRTIO_CONSOLE_MAX_PORTS);
	u32 i;

	virtio_serial.ids = MIN(max, VIRTIO_PORT_IDS);
	if (!virtio_queue_setup(dev, &virtio_serial.control_rx, VIRTIO_QUEUE_CONTROL_RX,
				event_idx) ||
	    !virtio_queue_setup(dev, &virtio_serial.control_tx, VIRTIO_QUEUE_CONTROL_TX, event_idx))
		return false;
	for (i = 0; i < virtio_serial.ids; i++) {
		u32 queue = virtio_serial_port_queue(i);

		if (!virtio_queue_setup(dev, &virtio_serial.rx[i], queue, event_idx) ||
		    !virtio_queue_setup(dev, &virtio_serial.tx[i], queue + 1U, event_idx))
			return false;
	}
	return virtio_serial.ids != 0;
}

bool virtio_serial_init(const void *fdt)
{
	const char *wrong;
	u64 features;

	virtio_serial_close_all();
	virtio_serial.ports_nr = 0;
	virtio_serial.refused_one = false;
	if (!virtio_mmio_find(fdt, VIRTIO_ID_CONSOLE, &virtio_serial.dev))
		return false;
	wrong = virtio_mmio_negotiate(&virtio_serial.dev,
				      VIRTIO_CONSOLE_F_MULTIPORT | VIRTIO_F_EVENT_IDX,
				      VIRTIO_CONSOLE_F_MULTIPORT, &features);
	if (wrong == NULL && !virtio_serial_set_up_queues((features & VIRTIO_F_EVENT_IDX) != 0)) {
		wrong = "it lacks a queue that its ports need";
		virtio_mmio_fail(&virtio_serial.dev);
	}
	if (wrong != NULL) {
		tell("virtio console at 0x%lx: %s: it is not used (needed: several ports, virtio "
		     "1)",
		     virtio_serial.dev.base, wrong);
		return false;
	}
	virtio_serial.works = true;
	virtio_control_start();
	virtio_mmio_start(&virtio_serial.dev);
	virtio_queue_publish(&virtio_serial.dev, &virtio_serial.control_rx);
	virtio_control_send(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	virtio_poll();
	return virtio_serial.works;
}

void virtio_serial_stop(void)
{
	virtio_serial_close_all();
	(void)virtio_mmio_stop(&virtio_serial.dev);
}

bool virtio_serial_wake(void)
{
	return virtio_serial.works && guest_plic_enable(virtio_serial.dev.irq);
}

void virtio_poll(void)
{
	if (!virtio_serial.works)
		return;
	if (!virtio_mmio_interrupt(&virtio_serial.dev)) {
		virtio_serial_give_up("it needs a reset");
		return;
	}
	virtio_control_poll();
}
