/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writer: writes over its memory all the time. Each page carries where it is and how often it was written, and every word
 * of it follows from these two. Before a page is written again, every word is compared: a write that was lost leaves an older
 * generation, a page that was copied to the wrong place another number, and a page that was torn a mixture.
 *
 * The pages are visited in an order that jumps, so that what is dirty lies everywhere.
 */
#include "guests/linux/load.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	4096U
#define WORDS	(PAGE / sizeof(uint64_t))
#define RESERVE (16U << 20) /* bytes that the kernel and the shell keep */
#define STRIDE	7919U /* a prime: all pages come in their turn unless their number is a multiple */

/* The value of word @i of a page in its generation. Words 0 and 1 are the two in the clear. */
static uint64_t word_of(uint64_t page, uint64_t generation, size_t i)
{
	uint64_t seed = (page << 32 | generation) * 0x9e3779b97f4a7c15U;

	if (i == 0)
		return page;
	return i == 1 ? generation : seed + i * 0xbf58476d1ce4e5b9U;
}

/* The first word that is not what it must be, or WORDS. */
static size_t differs(const volatile uint64_t *w, uint64_t page, uint64_t generation)
{
	size_t i;

	for (i = 0; i < WORDS; i++) {
		if (w[i] != word_of(page, generation, i))
			return i;
	}
	return WORDS;
}

static void fill(volatile uint64_t *w, uint64_t page, uint64_t generation)
{
	size_t i;

	for (i = 0; i < WORDS; i++)
		w[i] = word_of(page, generation, i);
}

/* The guest-physical address of a page of ours, 0 when the kernel does not tell: who looks for the fault wants it. */
static uint64_t physical(const volatile void *at)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);
	off_t place = (off_t)((uintptr_t)at / PAGE * sizeof(entry));

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, sizeof(entry), place) != (ssize_t)sizeof(entry))
		entry = 0;
	close(fd);
	return (entry >> 63 & 1U) != 0 ? (entry & ((UINT64_C(1) << 55) - 1U)) * PAGE : 0;
}

static _Noreturn void report(struct load_status *s, const volatile uint64_t *w, uint64_t page,
			     uint64_t generation)
{
	uint64_t found_page = w[0], found = w[1];
	size_t i = differs(w, page, generation);
	const char *what = "torn or changed";

	if (differs(w, found_page, found) == WORDS)
		what = found_page != page ? "another page" : "an older write";
	load_fail(s,
		  "writer: page %lu at gpa 0x%lx is %s: word %zu is 0x%lx, not 0x%lx; it says page "
		  "%lu generation %lu, not %lu",
		  page, physical(w), what, i, w[i], word_of(page, generation, i), found_page, found,
		  generation);
}

/* Bytes of memory that the guest could still give. */
static uint64_t available(struct load_status *s)
{
	unsigned long kib = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "MemAvailable: %lu kB", &kib) == 1)
			break;
	}
	if (f != NULL)
		fclose(f);
	if (kib * 1024U <= RESERVE)
		load_fail(s, "writer: only %lu KiB of memory are available", kib);
	return kib * 1024U;
}

/* Pages of each worker. The first worker decides, before any of them has taken memory. */
static uint64_t share(struct load_status *s, unsigned int n)
{
	uint64_t bytes = 0, free;

	if (n == 0) {
		free = available(s);
		bytes = free / 100U * (uint64_t)s->argument;
		if (bytes > free - RESERVE)
			bytes = free - RESERVE;
		__atomic_store_n(&s->bytes, bytes, __ATOMIC_RELEASE);
	}
	while ((bytes = __atomic_load_n(&s->bytes, __ATOMIC_ACQUIRE)) == 0)
		usleep(1000);
	return bytes / s->workers / PAGE;
}

void writer_work(struct load_status *s, unsigned int n)
{
	uint64_t pages = share(s, n), generation = 1, i, page = 0;
	uint64_t stride = pages % STRIDE == 0 ? 1 : STRIDE;
	volatile uint64_t *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile uint64_t *w;

	if (memory == MAP_FAILED)
		load_fail(s, "writer: no mapping of %lu pages", pages);
	for (i = 0; i < pages; i++)
		fill(memory + i * WORDS, i, generation);
	load_ready(s);
	for (;;) {
		for (i = 0; i < pages; i++) {
			w = memory + page * WORDS;
			if (differs(w, page, generation) != WORDS)
				report(s, w, page, generation);
			fill(w, page, generation + 1);
			page = (page + stride) % pages;
		}
		generation++;
		load_round(s, n);
	}
}
