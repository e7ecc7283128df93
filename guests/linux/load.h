/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads for a Linux guest: programs that keep the guest busy in a known way, and find out by
 * themselves when something of theirs was lost, doubled or changed. A load keeps what it found in
 * a status page that other processes read, so that the console stays quiet until somebody asks. A
 * load must never accept a difference.
 *
 * A load is a supervisor and some workers, all of them processes. Fields of the status page that
 * more than one of them touches are accessed by atomics; the supervisor writes the rest before the
 * first worker exists.
 */
#ifndef GUESTS_LINUX_LOAD_H
#define GUESTS_LINUX_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_WORKERS 8U
#define LOAD_TEXT    200U

/* Exit status of a worker's process after a failure; a worker never returns from its work. */
#define LOAD_EXIT_FAILED 3

enum load_state {
	LOAD_STARTING, /* workers prepare */
	LOAD_RUNNING,
	LOAD_FAILED, /* @text says why */
	LOAD_STOPPED,
};

/**
 * struct load_status - the page that a load's processes share
 * @state: enum load_state, by atomics
 * @pid: of the supervisor, which leads a process group
 * @workers: how many there are
 * @ready: workers that have prepared, by atomics
 * @argument: as it was given, or the standard one
 * @rounds: of each worker: how often it has checked everything of its own, by atomics
 * @bytes: memory that the load works on, by atomics
 * @count: what the load counts besides rounds, by atomics
 * @worst_us: the longest time between two looks at the clock, microseconds, by atomics
 * @last_time: the highest value of the time CSR that any worker has seen, by atomics
 * @last_mono: the same of CLOCK_MONOTONIC, nanoseconds, by atomics
 * @text: why it failed
 */
struct load_status {
	uint32_t state;
	int32_t pid;
	uint32_t workers;
	uint32_t ready;
	int64_t argument;
	uint64_t rounds[LOAD_WORKERS];
	uint64_t bytes;
	uint64_t count;
	uint64_t worst_us;
	uint64_t last_time;
	uint64_t last_mono;
	char text[LOAD_TEXT];
};

/**
 * struct load - one kind of load
 * @argument: what the usage calls its argument; NULL: it has none
 * @least, @most, @standard: the argument's lowest and highest value, and the one that it has
 *	unless given
 * @per_cpu: there is one worker on each CPU; else one in all
 * @work: what worker @n does; never returns
 */
struct load {
	const char *name;
	const char *argument;
	int64_t least;
	int64_t most;
	int64_t standard;
	bool per_cpu;
	void (*work)(struct load_status *s, unsigned int n);
};

/* load.c: the status page */

/**
 * load_status_open() - map the status page of the load @name, a new one with @create
 * Return: the page; NULL: see errno.
 */
struct load_status *load_status_open(const char *name, bool create);

/**
 * load_note() - report what is wrong with the load: print it, and keep the first such line in the
 * status page
 */
void load_note(struct load_status *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** load_fail() - as load_note(), and end the calling worker's process */
_Noreturn void load_fail(struct load_status *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** load_ready() - say that the calling worker has prepared what it works on */
void load_ready(struct load_status *s);

/** load_round() - say that worker @n has checked everything of its own once more */
void load_round(struct load_status *s, unsigned int n);

/** load_max() - raise *@word to @value if that is higher. Return: what it was before */
uint64_t load_max(uint64_t *word, uint64_t value);

/** load_monotonic() - Return: CLOCK_MONOTONIC, nanoseconds */
uint64_t load_monotonic(void);

/* klog.c: the kernel's own log */

/**
 * klog_mark() - ignore from now on what is in the kernel's log so far
 * Return: true when the log could be read.
 */
bool klog_mark(void);

/**
 * klog_check() - print each line at warning level or worse since the mark, and a summary. Return:
 * true when there is none
 */
bool klog_check(void);

/* The work of each kind, in the file of its name */

void writer_work(struct load_status *s, unsigned int n);
void kernel_work(struct load_status *s, unsigned int n);
void clock_work(struct load_status *s, unsigned int n);
void counter_work(struct load_status *s, unsigned int n);

/**
 * kernel_echo() - write to standard output a pattern that follows from @seed; kernel_work()
 * executes it
 * Return: the exit status.
 */
int kernel_echo(uint64_t seed);

#endif
