/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The drainer: what brings the lines of all speakers to the UART.
 *
 * Whoever prints puts a line into a ring and goes on. The drainer, a hart that serves the UART's
 * interrupt or polls it, sends as much as the UART takes at once, and holds no lock meanwhile. It
 * must never wait.
 *
 * Lines are shown in the order in which they were said, so that a report comes after what it is
 * about. But nobody's flood may keep others from being heard: whoever has much to say says one line
 * in a round, and there is no next round before all have.
 *
 * There are two times in which nobody serves interrupts, and in which whoever prints waits until
 * all is sent: until console_start(), and when the machine ends.
 */
#include "core/console/console_internal.h"

#include <cleave/errno.h>
#include <cleave/format.h>
#include <cleave/string.h>
#include "arch/riscv/firmware.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/io.h"
#include "arch/riscv/timer.h"
#include "core/machine/boot_args.h"
#include "core/machine/irq.h"

/* The firmware's console waits for the UART itself: this many characters are one step. */
#define CONSOLE_FIRMWARE_STEP 8U
/* Who has no more than this in its ring does not flood, and may say that much in a round. */
#define CONSOLE_CALM	  512U
#define CONSOLE_LINE_COST (CONSOLE_NAME_LEN + 4U) /* what a line takes besides its text */
/* The open line in front is shown again when so much was said: soon for who types, and seldom */
#define CONSOLE_OPEN_AFTER 256U
/* Lines that one step begins at most; no row is shorter than a third of a 16-byte FIFO. */
#define CONSOLE_STEP_LINES 2U
/*
 * An emulated UART takes everything at once. It is sent some FIFOs, one at each interrupt, and then
 * nothing until so long after the first, so that a flood leaves the hart that serves it most of its
 * time, and a short line needs no timer.
 */
#define CONSOLE_BURST	 4U
#define CONSOLE_BURST_US 400U
#define CONSOLE_POLL_HZ	 500U /* while output waits for a UART without an interrupt */
#define CONSOLE_LOSE_HZ	 100U /* lines that are lost in a second, where the UART takes nothing */
/* Looks at a UART that takes nothing, where nobody else can wait for it: about a second */
#define CONSOLE_PATIENCE 1000000U

static u32 console_firmware_room(void *opaque)
{
	(void)opaque;
	return CONSOLE_FIRMWARE_STEP;
}

static int console_firmware_getc(void *opaque)
{
	(void)opaque;
	return firmware_console_getc();
}

static void console_firmware_send(void *opaque, const u8 *c, u32 n)
{
	(void)opaque;
	for (u32 i = 0; i < n; i++)
		firmware_console_putc(c[i]);
}

struct console console = {
	.uart = { .fifo = CONSOLE_FIRMWARE_STEP,
		  .room = console_firmware_room,
		  .send = console_firmware_send,
		  .getc = console_firmware_getc },
	.self = { .line = { .name = CONSOLE_SELF } },
};

void console_spin(struct spinlock *lock)
{
	u32 ticket = __atomic_fetch_add(&lock->next, 1U, __ATOMIC_RELAXED);

	/* Acquire pairs with the release in spin_unlock(). */
	while (atomic_read_acquire(&lock->owner) != ticket)
		hart_pause();
	spin_record(lock);
}

void uart_register(const struct uart *uart)
{
	console.uart = *uart;
}

/* --- the UART's interrupts -------------------------------------------------------------------- */

static void console_set_irqs(bool rx, bool tx)
{
	spin_assert_held(&console.irq_lock);
	if (console.uart.irq != 0U && !console.muted &&
	    (rx != console.rx_on || tx != console.tx_on)) {
		console.uart.enable(console.uart.opaque, rx, tx);
		io_done(); /* another hart may write the register next */
	}
	console.rx_on = rx;
	console.tx_on = tx;
}

void console_rx_irq(bool on)
{
	console_spin(&console.irq_lock);
	console_set_irqs(on, console.tx_on);
	spin_unlock(&console.irq_lock);
}

static void console_tx_irq(bool on)
{
	console_spin(&console.irq_lock);
	console_set_irqs(console.rx_on, on);
	spin_unlock(&console.irq_lock);
}

/* Let the UART interrupt at nothing (@on), or at what it should. */
static void console_mute(bool on)
{
	console_spin(&console.irq_lock);
	if (on != console.muted) {
		console.uart.enable(console.uart.opaque, !on && console.rx_on,
				    !on && console.tx_on);
		io_done();
		console.muted = on;
	}
	spin_unlock(&console.irq_lock);
}

/* --- what is shown next ----------------------------------------------------------------------- */

/* Return: speaker number @i, a partition or, after all of them, the hypervisor; NULL: none */
static struct console_out *console_speaker(u32 i)
{
	if (i == console.ttys)
		return &console.self;
	return console.tty[i] == NULL ? NULL : &console.tty[i]->out;
}

/* Does the last row show an open line that is not that of @front any more? */
static bool console_shows_other(const struct console_out *front)
{
	const struct console_line *shown = console.screen.shown;

	return shown != NULL && (front == NULL || shown != &front->line);
}

/* Does anything wait to be sent? For the drainer. */
static bool console_waits(void)
{
	const struct console_screen *s = &console.screen;
	const struct console_out *front = atomic_read_acquire(&console.front);

	if (s->ready_at < s->ready_len || s->more || atomic_read(&console.lost) != 0U ||
	    console_shows_other(front) || (front != NULL && atomic_read(&front->news) != 0U))
		return true;
	for (u32 i = 0; i <= console.ttys; i++) {
		const struct console_out *o = console_speaker(i);

		if (o != NULL && atomic_read(&o->ring.used) != 0U)
			return true;
	}
	return false;
}

/*
 * Take a speaker's lock. When the machine ends, its holder may be a hart that has trapped: then
 * nobody waits for it long, and what is read without it may be garbled.
 * Return: whether it is taken
 */
static bool console_take_lock(struct console_out *o)
{
	if (atomic_read(&console.ending) == 0U) {
		console_spin(&o->lock);
		return true;
	}
	for (u32 n = 0; n < CONSOLE_PATIENCE / 16U; n++) {
		if (spin_trylock(&o->lock))
			return true;
		hart_pause();
	}
	return false;
}

/* Show the open line of @o, which is in front, and what else it has for the terminal. */
static void console_take_open(struct console_out *o)
{
	struct console_screen *s = &console.screen;
	bool locked = console_take_lock(o);
	u32 pos = o->line.pos;
	u32 asked = o->query_len;
	u8 query[CONSOLE_QUERY_MAX];
	bool bell = o->bell;

	atomic_set(&o->news, 0U);
	o->bell = false;
	o->query_len = 0;
	memcpy(query, o->query, sizeof(query));
	s->len = o->line.len;
	memcpy(s->text, o->line.text, s->len);
	if (locked)
		spin_unlock(&o->lock);
	console.since_open = 0;
	console_screen_open(s, &o->line, pos, boot_args.columns);
	if (bell)
		console_screen_send(s, "\a", 1);
	console_screen_send(s, query, asked);
}

/* Say how many lines did not fit. Return: false when all did */
static bool console_take_lost(void)
{
	struct console_screen *s = &console.screen;
	u32 n = atomic_xchg(&console.lost, 0U);

	if (n == 0U)
		return false;
	s->len = (u32)str_print((char *)s->text, sizeof(s->text),
				"%u lines of the hypervisor did not fit here: they are lost", n);
	console_screen_say(s, CONSOLE_SELF, &console.self.line, true, boot_args.columns);
	return true;
}

/* Show the oldest line of speaker @i, of which @e tells. */
static void console_take_line(u32 i, const struct console_entry *e)
{
	struct console_screen *s = &console.screen;
	struct console_out *o = console_speaker(i);
	struct console_out *front = atomic_read_acquire(&console.front);
	bool self = e->self || i == console.ttys;
	bool locked = console_take_lock(o);

	console_ring_get(&o->ring, e, s->text);
	if (locked)
		spin_unlock(&o->lock);
	s->len = e->len;
	console.said[i] += e->len + CONSOLE_LINE_COST;
	console.since_open += e->len + CONSOLE_LINE_COST;
	console_screen_say(s, self ? CONSOLE_SELF : o->line.name, &o->line, self,
			   boot_args.columns);
	if (front != NULL)
		atomic_set(&front->news, 1U); /* its row is cleared */
	if (i < console.ttys)
		console_tty_shown(console.tty[i]);
}

/*
 * Find the oldest line of those who have not said enough in this round.
 * @e: out: what is known of the line
 * Return: its speaker; above console.ttys: there is none
 */
static u32 console_oldest(struct console_entry *e)
{
	u32 oldest = console.ttys + 1U;

	for (u32 i = 0; i <= console.ttys; i++) {
		const struct console_out *o = console_speaker(i);
		struct console_entry its;

		if (o == NULL || !console_ring_peek(&o->ring, &its))
			continue;
		if (console.said[i] != 0U && (atomic_read(&o->ring.used) > CONSOLE_CALM ||
					      console.said[i] + its.len > CONSOLE_CALM))
			continue;
		if (oldest > console.ttys || (s32)(its.stamp - e->stamp) < 0) {
			oldest = i;
			*e = its;
		}
	}
	return oldest;
}

/* Have a speaker say something. Return: false when nobody has anything to say */
static bool console_turn(void)
{
	struct console_out *front = atomic_read_acquire(&console.front);
	bool open = front != NULL && atomic_read(&front->news) != 0U;
	struct console_entry e = { 0 };
	u32 who = console.ttys + 1U;

	if (console_shows_other(front)) {
		console_screen_clear(&console.screen);
		return true;
	}
	if (!open || console.since_open < CONSOLE_OPEN_AFTER) {
		who = console_oldest(&e);
		if (who > console.ttys) {
			memset(console.said, 0, sizeof(console.said)); /* the next round */
			who = console_oldest(&e);
		}
	}
	if (who <= console.ttys)
		console_take_line(who, &e);
	else if (open)
		console_take_open(front);
	else
		return console_take_lost();
	return true;
}

/* Return: how many bytes are ready to be sent; 0: there are none, or @turns of speakers are over */
static u32 console_ready(u32 *turns)
{
	u32 n;

	while ((n = console_screen_ready(&console.screen, boot_args.columns)) == 0U) {
		if (*turns == 0U || !console_turn())
			return 0;
		(*turns)--;
	}
	return n;
}

/* --- sending ---------------------------------------------------------------------------------- */

/*
 * Send what the UART takes at once.
 * @full: out: it takes no more
 * Return: how many characters it took
 */
static u32 console_send(bool *full)
{
	const struct uart *uart = &console.uart;
	u32 turns = CONSOLE_STEP_LINES;
	u32 sent = 0;
	u32 room = 0;

	*full = false;
	while (sent < uart->fifo) {
		struct console_screen *s = &console.screen;
		u32 n;

		if (room == 0U)
			room = MIN(uart->room(uart->opaque), uart->fifo - sent);
		*full = room == 0U;
		n = MIN(room, *full ? 0U : console_ready(&turns));
		if (n == 0U)
			break;
		uart->send(uart->opaque, &s->ready[s->ready_at], n);
		s->ready_at += n;
		room -= n;
		sent += n;
	}
	return sent;
}

/* The UART takes nothing: lose the line that is being shown. */
static void console_lose(void)
{
	u32 turns = 1;

	console.stuck = true;
	(void)console_ready(&turns);
	console.screen.more = false;
	console.screen.ready_at = console.screen.ready_len;
}

/* Send all that waits. For the drainer, when nobody else serves the UART. */
static void console_send_all(void)
{
	while (console_waits()) {
		u32 patience = console.stuck ? 1U : CONSOLE_PATIENCE;
		bool full;

		while (console.uart.room(console.uart.opaque) == 0U && patience > 0U)
			patience--;
		if (patience == 0U) {
			console_lose();
			continue;
		}
		console.stuck = false;
		(void)console_send(&full);
	}
}

/*
 * Nothing waits. Whoever prints makes its line visible and then looks at @busy; here it is the
 * other way round, so one of the two sees to the line.
 */
static void console_rest(void)
{
	console_spin(&console.irq_lock);
	atomic_set(&console.busy, 0U);
	console_set_irqs(console.rx_on, false);
	spin_unlock(&console.irq_lock);
	smp_mb();
	if (console_waits())
		console_kick();
}

/* The UART takes nothing (@full), or something. After a second of nothing lines are lost. */
static void console_watch(u64 now, bool full)
{
	if (!full) {
		console.full_since = 0;
		console.stuck = false;
	} else if (console.full_since == 0U) {
		console.full_since = now;
	} else if (now - console.full_since >= timer_frequency()) {
		console_lose();
	}
}

/*
 * Something waits still. See to it that the drainer comes again: by the UART's interrupt, and by
 * the timer where there is none, where the UART is fast, or if it takes nothing.
 * @sent: what it took just now; @full: it takes no more
 * Return: when the timer is due
 */
static u64 console_go_on(u64 now, u32 sent, bool full)
{
	u64 hz = timer_frequency();
	u64 pace = hz * CONSOLE_BURST_US / 1000000U;
	bool by_irq;

	console_watch(now, sent == 0U && full);
	if (now - console.burst_at >= pace) {
		console.burst_at = now;
		console.burst = 0;
	}
	console.burst++;
	/* It interrupts when it becomes empty, which it does not if nothing was sent. */
	by_irq = full || (sent != 0U && console.burst < CONSOLE_BURST);
	console_tx_irq(by_irq);
	if (console.uart.irq == 0U)
		return now + hz / CONSOLE_POLL_HZ;
	if (console.stuck)
		return now + hz / CONSOLE_LOSE_HZ;
	/* In whole seconds, so that the hart's timer is not set anew at each interrupt. */
	return by_irq ? (now / hz + 2U) * hz : console.burst_at + pace;
}

static u64 console_drain(u64 now)
{
	u64 again = TIMER_NEVER;
	bool full;
	u32 sent;

	/* Another hart that sends sees to the rest, too. */
	if (atomic_read_acquire(&console.served) == 0U || atomic_xchg(&console.sending, 1U) != 0U)
		return TIMER_NEVER;
	io_begin(); /* another hart may have sent before */
	sent = console_send(&full);
	io_done();
	if (console_waits())
		again = console_go_on(now, sent, full);
	else
		console_rest();
	atomic_set_release(&console.sending, 0U);
	return again;
}

void console_kick(void)
{
	smp_mb(); /* what is to be sent comes before the look at @busy: console_rest() */
	if (atomic_read_acquire(&console.served) == 0U) {
		while (atomic_xchg(&console.sending, 1U) != 0U)
			hart_pause();
		console_send_all();
		atomic_set_release(&console.sending, 0U);
	} else if (atomic_read(&console.busy) == 0U && atomic_xchg(&console.busy, 1U) == 0U) {
		console_tx_irq(true);
	}
}

void console_front(struct console_out *o)
{
	if (o != NULL) {
		console_spin(&o->lock);
		o->bell = false;
		o->query_len = 0;
		atomic_set(&o->news, 1U);
		spin_unlock(&o->lock);
	}
	atomic_set_release(&console.front, o);
	console_kick();
}

u64 console_serve(void)
{
	u64 now = timer_now();
	u64 input;
	u64 output;

	console_mute(false);
	input = console_input(now);
	output = console_drain(now);
	return MIN(input, output);
}

static void console_interrupt(void *opaque, u32 source)
{
	(void)opaque;
	u64 later = console_serve_later();

	(void)source;
	if (later != 0U)
		console_mute(true);
	console_serve_at(later != 0U ? later : console_serve());
}

void console_start(void)
{
	console_start_input();
	/* If the request fails, irq_request() has said why. The UART is polled from now on. */
	if (console.uart.irq != 0U &&
	    irq_request(console.uart.irq, console_interrupt, NULL) != CLV_OK)
		console.uart.irq = 0;
	console_rx_irq(true);
	atomic_set_release(&console.served, 1U);
}

/* --- the end ---------------------------------------------------------------------------------- */

void firmware_flush_console(void)
{
	u32 patience = CONSOLE_PATIENCE;

	if (atomic_xchg(&console.ending, 1U) != 0U)
		return;
	atomic_set_release(&console.served, 0U);
	/* A hart that sends is done soon, unless it is this one, which has trapped. */
	while (atomic_xchg(&console.sending, 1U) != 0U && patience > 0U) {
		hart_pause();
		patience--;
	}
	console_send_all();
	atomic_set_release(&console.sending, 0U);
}
