/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writer: overwrites its memory all the time. Each page carries its number and how often it was
 * written (its generation), and every word of it follows from these two. Before a page is written
 * again, every word is compared. A lost write leaves an older generation, a page that was copied
 * to the wrong place has another number, and a torn page is a mixture.
 *
 * The pages are visited in an order that jumps, so that dirty pages lie everywhere.
 */
#include "guests/linux/load.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	4096U
#define WORDS	(PAGE / sizeof(uint64_t))
#define RESERVE (16U << 20) /* bytes that are left to the kernel and the shell */
#define STRIDE	7919U	    /* a prime: visits all pages, unless their count is a multiple of it */

/*
 * Return: the value of word @i of a page in its generation. Words 0 and 1 are the number and the
 * generation themselves.
 */
static uint64_t writer_word_of(uint64_t page, uint64_t generation, size_t i)
{
	uint64_t seed = (page << 32 | generation) * 0x9e3779b97f4a7c15U;

	if (i == 0)
		return page;
	return i == 1 ? generation : seed + i * 0xbf58476d1ce4e5b9U;
}

/* Return: the first word that is not what it must be; WORDS when there is none. */
static size_t writer_differs(const volatile uint64_t *w, uint64_t page, uint64_t generation)
{
	size_t i;

	for (i = 0; i < WORDS; i++) {
		if (w[i] != writer_word_of(page, generation, i))
			return i;
	}
	return WORDS;
}

static void writer_fill(volatile uint64_t *w, uint64_t page, uint64_t generation)
{
	size_t i;

	for (i = 0; i < WORDS; i++)
		w[i] = writer_word_of(page, generation, i);
}

/*
 * Return: the guest-physical address of a page, which helps to look for the fault; 0 when the
 * kernel does not tell it.
 */
static uint64_t writer_physical(const volatile void *at)
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

static _Noreturn void writer_report(struct load_status *s, const volatile uint64_t *w,
				    uint64_t page, uint64_t generation)
{
	uint64_t found_page = w[0], found = w[1];
	size_t i = writer_differs(w, page, generation);
	const char *what = "torn or changed";

	if (writer_differs(w, found_page, found) == WORDS)
		what = found_page != page ? "another page" : "an older write";
	load_fail(s,
		  "writer: page %lu at gpa 0x%lx is %s: word %zu is 0x%lx, not 0x%lx; it says page "
		  "%lu generation %lu, not %lu",
		  page, writer_physical(w), what, i, w[i], writer_word_of(page, generation, i),
		  found_page, found, generation);
}

/* Return: bytes of memory that the guest could still give. */
static uint64_t writer_available(struct load_status *s)
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

/* Return: pages for each worker. The first worker decides, before any of them has taken memory. */
static uint64_t writer_share(struct load_status *s, unsigned int n)
{
	uint64_t bytes = 0, free;

	if (n == 0) {
		free = writer_available(s);
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
	uint64_t pages = writer_share(s, n), generation = 1, i, page = 0;
	uint64_t stride = pages % STRIDE == 0 ? 1 : STRIDE;
	volatile uint64_t *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile uint64_t *w;

	if (memory == MAP_FAILED)
		load_fail(s, "writer: no mapping of %lu pages", pages);
	for (i = 0; i < pages; i++)
		writer_fill(memory + i * WORDS, i, generation);
	load_ready(s);
	for (;;) {
		for (i = 0; i < pages; i++) {
			w = memory + page * WORDS;
			if (writer_differs(w, page, generation) != WORDS)
				writer_report(s, w, page, generation);
			writer_fill(w, page, generation + 1);
			page = (page + stride) % pages;
		}
		generation++;
		load_round(s, n);
	}
}
