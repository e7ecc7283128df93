/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices of the machine that were passed through: QEMU's goldfish RTC, whose alarms a victim
 * hears, and a virtio console, with which an attacker makes interrupts as fast as it can.
 */
#include "tests/guests/interference/interference.h"
#include "tests/guests/rtc.h"
#include "guests/lib/guest_plic.h"
#include "guests/lib/virtio/virtio_queue.h"

#define PERIOD_NS 507000U

#define VIRTIO_CONSOLE	 3U /* VIRTIO 1.2, 5: device id */
#define CONSOLE_TRANSMIT 1U /* 5.3.2: queue */

/* How late is the interrupt of a device? */
static void victim_device(void)
{
	u32 source = (u32)bootarg_number(span.fdt, "irq", 0);
	struct worst w = { 0, 0, 0 };
	u64 at;

	if (!guest_plic_init(span.fdt) || !guest_plic_enable(source)) {
		(void)check(false, "no interrupt %u", source);
		return;
	}
	rtc_store(RTC_IRQ_ENABLED, 1);
	sleep_until(span.from + span.phase);
	timer_off();
	at = rtc_now();
	while (!over()) {
		at += PERIOD_NS;
		if (at < rtc_now())
			at = rtc_now() + PERIOD_NS;
		rtc_set_alarm(at);
		while ((csr_read(sip) & SIE_EXT) == 0U)
			__asm__ volatile("wfi" ::: "memory");
		worst_add(&w, rtc_now() - at);
		rtc_store(RTC_CLEAR_INTERRUPT, 1);
		(void)guest_plic_poll();
	}
	tell_result(&w);
}

/* Send a byte, hear that it is sent, and send the next: an interrupt each time. */
static void attack_interrupts(void)
{
	static struct virtio_queue queue;
	static u8 byte;
	struct virtio_mmio dev;
	u64 rounds = 0;
	u64 got;
	u32 id;
	u32 len;

	if (!check(virtio_mmio_find(span.fdt, VIRTIO_CONSOLE, &dev) &&
			   virtio_mmio_negotiate(&dev, VIRTIO_F_VERSION_1, VIRTIO_F_VERSION_1,
						 &got) == NULL &&
			   virtio_queue_setup(&dev, &queue, CONSOLE_TRANSMIT, false) &&
			   guest_plic_init(span.fdt) && guest_plic_enable(dev.irq),
		   "a virtio console to interrupt with"))
		return;
	virtio_mmio_start(&dev);
	sleep_until_attack();
	for (; !over(); rounds++) {
		virtio_queue_put(&queue, 0, &byte, 1, false);
		virtio_queue_publish(&dev, &queue);
		virtio_queue_notify(&dev, &queue);
		while ((csr_read(sip) & SIE_EXT) == 0U)
			__asm__ volatile("wfi" ::: "memory");
		(void)virtio_mmio_interrupt(&dev);
		(void)guest_plic_poll();
		if (virtio_queue_take(&queue, &id, &len) != VIRTIO_TAKE_ONE)
			break;
	}
	attacked(rounds);
}

bool device(const char *role)
{
	static const struct role roles[] = {
		{ "device", victim_device },
		{ "interrupts", attack_interrupts },
	};

	return act(roles, ARRAY_SIZE(roles), role);
}
