/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel: keeps the guest's kernel busy, so that its page tables, its page cache and its own
 * memory change all the time. It forks processes, which execute and end; makes, moves, protects
 * and drops mappings; and uses files in tmpfs and pipes. Whatever is written is read again in
 * another way and compared.
 */
#include "guests/linux/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	   4096U
#define WORDS	   (PAGE / sizeof(uint64_t))
#define COW_PAGES  64U
#define MAP_PAGES  512U /* the most of a mapping */
#define FILE_PAGES 256U
#define PIPE_PAGES 64U
#define ECHO_WORDS 256U

static uint64_t kernel_next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t kernel_word_of(uint64_t seed, uint64_t i)
{
	return (seed + i) * 0x9e3779b97f4a7c15U ^ i;
}

static void kernel_fill(uint64_t *w, uint64_t words, uint64_t seed)
{
	uint64_t i;

	for (i = 0; i < words; i++)
		w[i] = kernel_word_of(seed, i);
}

static void kernel_compare(struct load_status *s, const char *what, const uint64_t *w,
			   uint64_t words, uint64_t seed)
{
	uint64_t i;

	for (i = 0; i < words; i++) {
		if (w[i] != kernel_word_of(seed, i))
			load_fail(s, "kernel: %s: word %lu of %lu is 0x%lx, not 0x%lx", what, i,
				  words, w[i], kernel_word_of(seed, i));
	}
}

static void *kernel_map(struct load_status *s, uint64_t pages)
{
	void *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	if (at == MAP_FAILED)
		load_fail(s, "kernel: mmap of %lu pages: %s", pages, strerror(errno));
	return at;
}

static pid_t kernel_start_child(struct load_status *s)
{
	pid_t pid = fork();

	if (pid < 0)
		load_fail(s, "kernel: fork: %s", strerror(errno));
	return pid;
}

static void kernel_end_child(struct load_status *s, const char *what, pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid || status != 0)
		load_fail(s, "kernel: %s: its process ended with status 0x%x", what,
			  (unsigned int)status);
}

static void kernel_read_all(struct load_status *s, const char *what, int fd, void *buffer,
			    size_t size)
{
	char *at = buffer;
	ssize_t got;

	while (size != 0) {
		got = read(fd, at, size);
		if (got <= 0)
			load_fail(s, "kernel: %s: read: %s, %zu bytes are missing", what,
				  got < 0 ? strerror(errno) : "end", size);
		at += got;
		size -= (size_t)got;
	}
}

static void kernel_write_all(struct load_status *s, const char *what, int fd, const void *buffer,
			     size_t size)
{
	const char *at = buffer;
	ssize_t put;

	while (size != 0) {
		put = write(fd, at, size);
		if (put <= 0)
			load_fail(s, "kernel: %s: write: %s", what, strerror(errno));
		at += put;
		size -= (size_t)put;
	}
}

/* A child overwrites memory that it shares with its parent; each sees its own. */
static void kernel_copy_on_write(struct load_status *s, uint64_t seed)
{
	uint64_t *w = kernel_map(s, COW_PAGES);
	pid_t pid;

	kernel_fill(w, COW_PAGES * WORDS, seed);
	pid = kernel_start_child(s);
	if (pid == 0) {
		kernel_compare(s, "memory after fork", w, COW_PAGES * WORDS, seed);
		kernel_fill(w, COW_PAGES * WORDS, ~seed);
		kernel_compare(s, "the child's copy", w, COW_PAGES * WORDS, ~seed);
		_exit(0);
	}
	kernel_compare(s, "memory while a child writes", w, COW_PAGES * WORDS, seed);
	kernel_end_child(s, "copy on write", pid);
	kernel_compare(s, "the parent's copy", w, COW_PAGES * WORDS, seed);
	munmap(w, COW_PAGES * PAGE);
}

int kernel_echo(uint64_t seed)
{
	static uint64_t w[ECHO_WORDS];

	kernel_fill(w, ECHO_WORDS, seed);
	return write(STDOUT_FILENO, w, sizeof(w)) == (ssize_t)sizeof(w) ? 0 : 1;
}

/* A new program in a new process prints what it was asked for. */
static void kernel_execute(struct load_status *s, uint64_t seed)
{
	static uint64_t w[ECHO_WORDS];
	char number[24];
	int ends[2];
	pid_t pid;

	if (pipe(ends) != 0)
		load_fail(s, "kernel: pipe: %s", strerror(errno));
	snprintf(number, sizeof(number), "%lu", seed);
	pid = kernel_start_child(s);
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl("/proc/self/exe", "cleave-load", "echo", number, (char *)NULL);
		_exit(1);
	}
	close(ends[1]);
	kernel_read_all(s, "exec", ends[0], w, sizeof(w));
	close(ends[0]);
	kernel_end_child(s, "exec", pid);
	kernel_compare(s, "what a program printed", w, ECHO_WORDS, seed);
}

/* Mappings of all sizes that grow, are protected, move and go. */
static void kernel_mappings(struct load_status *s, uint64_t *random)
{
	uint64_t pages = 2U + kernel_next_random(random) % (MAP_PAGES - 2U),
		 seed = kernel_next_random(random);
	uint64_t *w = kernel_map(s, pages), *moved;

	kernel_fill(w, pages * WORDS, seed);
	if (mprotect(w, pages / 2U * PAGE, PROT_READ) != 0)
		load_fail(s, "kernel: mprotect: %s", strerror(errno));
	kernel_compare(s, "a protected mapping", w, pages * WORDS, seed);
	if (mprotect(w, pages / 2U * PAGE, PROT_READ | PROT_WRITE) != 0)
		load_fail(s, "kernel: mprotect back: %s", strerror(errno));
	moved = mremap(w, pages * PAGE, 2U * pages * PAGE, MREMAP_MAYMOVE);
	if (moved == MAP_FAILED)
		load_fail(s, "kernel: mremap: %s", strerror(errno));
	kernel_compare(s, "a moved mapping", moved, pages * WORDS, seed);
	/* A dropped page comes back as zeros. */
	if (madvise(moved, PAGE, MADV_DONTNEED) != 0 || moved[0] != 0 || moved[WORDS - 1] != 0)
		load_fail(s, "kernel: a dropped page is not zero: 0x%lx", moved[0]);
	munmap(moved, 2U * pages * PAGE);
}

/* A file that is written, mapped, renamed, cut and removed: the page cache holds it. */
static void kernel_files(struct load_status *s, unsigned int n, uint64_t *random)
{
	uint64_t seed = kernel_next_random(random), *w = kernel_map(s, FILE_PAGES), *file;
	uint64_t half = FILE_PAGES / 2U;
	char name[48], other[48];
	int fd;

	snprintf(name, sizeof(name), "/tmp/load.%u.%lu", n, seed % 64U);
	snprintf(other, sizeof(other), "/tmp/load.%u.renamed", n);
	kernel_fill(w, FILE_PAGES * WORDS, seed);
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		load_fail(s, "kernel: %s: %s", name, strerror(errno));
	kernel_write_all(s, "a file", fd, w, FILE_PAGES * PAGE);
	file = mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (file == MAP_FAILED)
		load_fail(s, "kernel: mmap of a file: %s", strerror(errno));
	kernel_compare(s, "a mapped file", file, FILE_PAGES * WORDS, seed);
	kernel_fill(file, half * WORDS, ~seed);
	munmap(file, FILE_PAGES * PAGE);
	if (rename(name, other) != 0 || lseek(fd, 0, SEEK_SET) != 0)
		load_fail(s, "kernel: rename: %s", strerror(errno));
	kernel_read_all(s, "a file", fd, w, half * PAGE);
	kernel_compare(s, "a file written through its mapping", w, half * WORDS, ~seed);
	if (ftruncate(fd, (off_t)(half * PAGE)) != 0 ||
	    lseek(fd, 0, SEEK_END) != (off_t)(half * PAGE))
		load_fail(s, "kernel: ftruncate: %s", strerror(errno));
	close(fd);
	if (unlink(other) != 0)
		load_fail(s, "kernel: unlink: %s", strerror(errno));
	munmap(w, FILE_PAGES * PAGE);
}

/* A child sends, through a pipe that is much smaller. */
static void kernel_pipes(struct load_status *s, uint64_t seed)
{
	uint64_t *w = kernel_map(s, PIPE_PAGES);
	int ends[2];
	pid_t pid;

	if (pipe(ends) != 0)
		load_fail(s, "kernel: pipe: %s", strerror(errno));
	pid = kernel_start_child(s);
	if (pid == 0) {
		close(ends[0]);
		kernel_fill(w, PIPE_PAGES * WORDS, seed);
		kernel_write_all(s, "a pipe", ends[1], w, PIPE_PAGES * PAGE);
		_exit(0);
	}
	close(ends[1]);
	kernel_read_all(s, "a pipe", ends[0], w, PIPE_PAGES * PAGE);
	close(ends[0]);
	kernel_end_child(s, "a pipe", pid);
	kernel_compare(s, "what came through a pipe", w, PIPE_PAGES * WORDS, seed);
	munmap(w, PIPE_PAGES * PAGE);
}

void kernel_work(struct load_status *s, unsigned int n)
{
	uint64_t random = 0x2545f4914f6cdd1dU + n;

	load_ready(s);
	for (;;) {
		kernel_copy_on_write(s, kernel_next_random(&random));
		kernel_execute(s, kernel_next_random(&random));
		kernel_mappings(s, &random);
		kernel_files(s, n, &random);
		kernel_pipes(s, kernel_next_random(&random));
		load_round(s, n);
	}
}
