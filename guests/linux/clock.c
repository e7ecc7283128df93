/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock: a worker on each CPU reads the time CSR and CLOCK_MONOTONIC all the time.
 *
 * Time must not go back, on one CPU or between two: before a CPU reads the clock it takes the
 * highest value that any CPU has published, and what it reads then must not be lower. Time must
 * not jump either: two reads that follow each other lie within a bound. The bound is long, since
 * the guest's own scheduler may take the CPU away in between; the status has the longest time
 * between two reads.
 */
#include "guests/linux/load.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#define READS 65536U /* in a round */

/* Read the time CSR, after all loads and stores before it. */
static uint64_t clock_rdtime(void)
{
	uint64_t t;

	__asm__ volatile("fence iorw, iorw\n\trdtime %0" : "=r"(t) : : "memory");
	return t;
}

/* Return: ticks of the time CSR in a second, which the device tree has in one big-endian cell. */
static uint64_t clock_timebase(struct load_status *s)
{
	uint8_t cell[4] = { 0 };
	int fd = open("/proc/device-tree/cpus/timebase-frequency", O_RDONLY);
	ssize_t got = fd < 0 ? 0 : read(fd, cell, sizeof(cell));
	uint64_t hz = (uint64_t)cell[0] << 24 | (uint64_t)cell[1] << 16 | (uint64_t)cell[2] << 8 |
		      cell[3];

	if (fd >= 0)
		close(fd);
	if (got != (ssize_t)sizeof(cell) || hz == 0)
		load_fail(s, "clock: the device tree has no timebase-frequency");
	return hz;
}

/* Return: how often the guest's scheduler has taken the CPU away from this worker. */
static uint64_t clock_switches(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (uint64_t)u.ru_nvcsw + (uint64_t)u.ru_nivcsw;
}

/**
 * struct clock_reader - one clock as one worker sees it
 * @hz: its units in a second
 * @highest: the highest value that any worker has published
 * @before: what this worker read last
 */
struct clock_reader {
	const char *name;
	uint64_t (*read)(void);
	uint64_t hz;
	uint64_t *highest;
	uint64_t before;
};

/* Read the clock once, and fail if it went back or jumped. */
static void clock_look(struct load_status *s, unsigned int n, struct clock_reader *r)
{
	uint64_t seen = __atomic_load_n(r->highest, __ATOMIC_ACQUIRE), now = r->read(), us;

	if (now < r->before)
		load_fail(s, "clock: %s went back on CPU %u: %lu, then %lu", r->name, n, r->before,
			  now);
	if (now < seen)
		load_fail(s, "clock: %s of CPU %u is behind: %lu when another had seen %lu",
			  r->name, n, now, seen);
	us = (now - r->before) * 1000000U / r->hz;
	if (us > (uint64_t)s->argument * 1000U)
		load_fail(s, "clock: %s jumped on CPU %u: from %lu to %lu, %lu us; %lu switches",
			  r->name, n, r->before, now, us, clock_switches());
	load_max(&s->worst_us, us);
	load_max(r->highest, now);
	r->before = now;
}

void clock_work(struct load_status *s, unsigned int n)
{
	struct clock_reader csr = { "the time CSR", clock_rdtime, clock_timebase(s), &s->last_time,
				    0 };
	struct clock_reader mono = { "CLOCK_MONOTONIC", load_monotonic, 1000000000U, &s->last_mono,
				     0 };
	cpu_set_t one;
	unsigned int i;

	CPU_ZERO(&one);
	CPU_SET(n, &one);
	if (sched_setaffinity(0, sizeof(one), &one) != 0)
		load_fail(s, "clock: cannot stay on CPU %u", n);
	load_ready(s);
	csr.before = csr.read();
	mono.before = mono.read();
	for (;;) {
		for (i = 0; i < READS; i++) {
			clock_look(s, n, &csr);
			clock_look(s, n, &mono);
		}
		load_round(s, n);
	}
}
