/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices of the machine that were passed through: QEMU's goldfish RTC, whose alarms a victim
 * hears, and a virtio console, with which an attacker makes interrupts as fast as it can.
 */
#include "tests/guests/interference/interference.h"
#include "guests/lib/guest_plic.h"
#include "guests/lib/virtio/virtio_queue.h"

#define PERIOD_NS 507000U

#define RTC		    0x101000UL
#define RTC_TIME_LOW	    0x00U
#define RTC_TIME_HIGH	    0x04U
#define RTC_ALARM_LOW	    0x08U
#define RTC_ALARM_HIGH	    0x0cU
#define RTC_IRQ_ENABLED	    0x10U
#define RTC_CLEAR_INTERRUPT 0x1cU

#define VIRTIO_CONSOLE	 3U /* VIRTIO 1.2, 5: device id */
#define CONSOLE_TRANSMIT 1U /* 5.3.2: queue */

static u32 rtc(u32 offset)
{
	return *(volatile u32 *)(RTC + offset);
}

static void set_rtc(u32 offset, u32 value)
{
	*(volatile u32 *)(RTC + offset) = value;
}

/* Reading the low word keeps the high one. */
static u64 now_ns(void)
{
	u32 low = rtc(RTC_TIME_LOW);

	return (u64)rtc(RTC_TIME_HIGH) << 32 | low;
}

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
	set_rtc(RTC_IRQ_ENABLED, 1);
	sleep_until(span.from + span.phase);
	timer_off();
	at = now_ns();
	while (!over()) {
		at += PERIOD_NS;
		if (at < now_ns())
			at = now_ns() + PERIOD_NS;
		set_rtc(RTC_ALARM_HIGH, (u32)(at >> 32));
		set_rtc(RTC_ALARM_LOW, (u32)at);
		while ((csr_read(sip) & SIE_EXT) == 0U)
			__asm__ volatile("wfi" ::: "memory");
		worst_add(&w, now_ns() - at);
		set_rtc(RTC_CLEAR_INTERRUPT, 1);
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
