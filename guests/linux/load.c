/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The status page of a load: a file of one page, which the load's processes and whoever asks have
 * mapped.
 */
#include "guests/linux/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FOLDER "/run/cleave-load"

struct load_status *load_status_open(const char *name, bool create)
{
	char path[64];
	void *page;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), FOLDER "/%s", name) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	if (create) {
		if ((mkdir("/run", 0755) != 0 && errno != EEXIST) ||
		    (mkdir(FOLDER, 0755) != 0 && errno != EEXIST))
			return NULL;
		/* Make a new file: a process that has the old one mapped still sees the old one. */
		unlink(path);
	}
	fd = open(path, create ? O_RDWR | O_CREAT | O_EXCL : O_RDWR, 0644);
	if (fd < 0)
		return NULL;
	page = MAP_FAILED;
	if (!create || ftruncate(fd, sizeof(struct load_status)) == 0)
		page = mmap(NULL, sizeof(struct load_status), PROT_READ | PROT_WRITE, MAP_SHARED,
			    fd, 0);
	close(fd);
	return page == MAP_FAILED ? NULL : page;
}

static void load_note_args(struct load_status *s, const char *format, va_list args)
{
	uint32_t state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
	char text[LOAD_TEXT];

	vsnprintf(text, sizeof(text), format, args);
	/* Of several failures only the first is reported. */
	while (state < LOAD_FAILED) {
		if (__atomic_compare_exchange_n(&s->state, &state, LOAD_FAILED, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			memcpy(s->text, text, sizeof(text));
			dprintf(STDOUT_FILENO, "cleave-load: FAIL at once: %s\n", text);
			break;
		}
	}
}

void load_note(struct load_status *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	load_note_args(s, format, args);
	va_end(args);
}

void load_fail(struct load_status *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	load_note_args(s, format, args);
	va_end(args);
	_exit(LOAD_EXIT_FAILED);
}

void load_ready(struct load_status *s)
{
	__atomic_fetch_add(&s->ready, 1, __ATOMIC_ACQ_REL);
}

void load_round(struct load_status *s, unsigned int n)
{
	__atomic_fetch_add(&s->rounds[n], 1, __ATOMIC_ACQ_REL);
}

uint64_t load_max(uint64_t *word, uint64_t value)
{
	uint64_t before = __atomic_load_n(word, __ATOMIC_ACQUIRE);

	while (before < value && !__atomic_compare_exchange_n(word, &before, value, false,
							      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
	return before;
}

uint64_t load_monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}
