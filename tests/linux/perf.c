/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * perf - a program for Linux that asks its kernel for events of each kind, and says for each what
 * came of it: a line `perf: NAME counts`, `perf: NAME stands still`, or the kernel's refusal.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WORK	100000U
#define SAMPLED 100000U

struct event {
	const char *name;
	uint32_t type;
	uint64_t config;
	uint64_t period; /* 0: it is only counted */
};

static const struct event events[] = {
	{ "task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, 0 },
	{ "cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 0 },
	{ "instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, 0 },
	{ "cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, 0 },
	{ "L1-dcache-loads", PERF_TYPE_HW_CACHE, PERF_COUNT_HW_CACHE_L1D, 0 },
	{ "raw", PERF_TYPE_RAW, 1, 0 },
	{ "sampled-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, SAMPLED },
};

static const char *perf_try(const struct event *e)
{
	struct perf_event_attr attr = { .type = e->type,
					.size = sizeof(attr),
					.config = e->config,
					.sample_period = e->period };
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0UL);
	uint64_t before = 0;
	uint64_t after = 0;
	int got;

	if (fd < 0)
		return strerror(errno);
	got = read(fd, &before, sizeof(before)) == (ssize_t)sizeof(before);
	for (volatile uint32_t i = 0; i < WORK; i++)
		;
	got = got && read(fd, &after, sizeof(after)) == (ssize_t)sizeof(after);
	(void)close(fd);
	if (!got)
		return "cannot be read";
	return after > before ? "counts" : "stands still";
}

int main(void)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		(void)printf("perf: %s %s\n", events[i].name, perf_try(&events[i]));
	return 0;
}
