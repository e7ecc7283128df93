/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cleave-load: start, ask and stop the loads of a Linux guest.
 *
 *   cleave-load start NAME [ARGUMENT]   start a load, and return when it is prepared and works
 *   cleave-load check                   wait until each load has checked everything once more, and
 *                                       print a line for each
 *   cleave-load stop                    end all loads
 *   cleave-load mark                    let check ignore what the kernel has logged so far
 *
 * Exit status: 0 when nothing is wrong, 1 when a load has failed, 2 for an unknown command.
 */
#include "guests/linux/load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_US	   20000U
#define PREPARE_NS (600U * UINT64_C(1000000000))
#define ROUND_NS   (300U * UINT64_C(1000000000))

static _Noreturn void main_idle_work(struct load_status *s, unsigned int n)
{
	load_ready(s);
	for (;;) {
		sleep(1);
		load_round(s, n);
	}
}

static const struct load main_loads[] = {
	{ "idle", NULL, 0, 0, 0, false, main_idle_work },
	{ "writer", "PERCENT", 1, 100, 25, true, writer_work },
	{ "kernel", NULL, 0, 0, 0, true, kernel_work },
	{ "clock", "BOUND_MS", 1, 3600000, 2000, true, clock_work },
	{ "counter", NULL, 0, 0, 0, false, counter_work },
};

#define LOADS (sizeof(main_loads) / sizeof(main_loads[0]))

static int main_usage(void)
{
	size_t i;

	printf("usage: cleave-load start NAME [ARGUMENT] | check | stop | mark\n");
	for (i = 0; i < LOADS; i++) {
		printf("  %s", main_loads[i].name);
		if (main_loads[i].argument != NULL)
			printf(" %s, %" PRId64 " to %" PRId64 ", %" PRId64 " unless given",
			       main_loads[i].argument, main_loads[i].least, main_loads[i].most,
			       main_loads[i].standard);
		printf("\n");
	}
	return 2;
}

static uint32_t main_state_of(const struct load_status *s)
{
	return __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
}

/* The supervisor starts the workers and waits. None of them may end; when one does, it ends all. */
static _Noreturn void main_supervise(const struct load *load, struct load_status *s)
{
	unsigned int n;
	int status = 0;
	pid_t pid;

	for (n = 0; n < s->workers; n++) {
		pid = fork();
		if (pid == 0) {
			load->work(s, n);
			_exit(1);
		}
	}
	signal(SIGTERM, SIG_IGN);
	pid = wait(&status);
	load_note(s, "%s: a worker ended: process %d, status 0x%x", load->name, (int)pid,
		  (unsigned int)status);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	_exit(1);
}

/* Put the load into a process group of its own, without the console's input. */
static void main_detach(const struct load *load, struct load_status *s)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	dup2(null, STDIN_FILENO);
	close(null);
	s->pid = getpid();
	main_supervise(load, s);
}

static const struct load *main_find(const char *name)
{
	size_t i;

	for (i = 0; i < LOADS; i++) {
		if (strcmp(main_loads[i].name, name) == 0)
			return &main_loads[i];
	}
	return NULL;
}

static bool main_is_running(const struct load_status *s)
{
	return s != NULL && main_state_of(s) < LOAD_FAILED && s->pid > 0 && kill(s->pid, 0) == 0;
}

/* Wait until all workers have prepared. Return: false when they will not. */
static bool main_wait_ready(struct load_status *s)
{
	uint64_t end = load_monotonic() + PREPARE_NS;
	uint32_t starting = LOAD_STARTING;

	while (__atomic_load_n(&s->ready, __ATOMIC_ACQUIRE) != s->workers) {
		if (main_state_of(s) == LOAD_FAILED || load_monotonic() > end)
			return false;
		usleep(POLL_US);
	}
	return __atomic_compare_exchange_n(&s->state, &starting, LOAD_RUNNING, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static int main_start(const char *name, const char *argument)
{
	const struct load *load = main_find(name);
	int64_t value = load != NULL ? load->standard : 0;
	struct load_status *s;
	char *end = NULL;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (load != NULL && argument != NULL) {
		value = strtoll(argument, &end, 10);
		if (load->argument == NULL || end == argument || *end != '\0' ||
		    value < load->least || value > load->most)
			load = NULL;
	}
	if (load == NULL)
		return main_usage();
	if (main_is_running(load_status_open(name, false))) {
		printf("cleave-load: %s is running already\n", name);
		return 1;
	}
	s = load_status_open(name, true);
	if (s == NULL) {
		printf("cleave-load: %s FAIL no status page: %s\n", name, strerror(errno));
		return 1;
	}
	s->argument = value;
	s->workers = load->per_cpu && cpus > 1 ? (uint32_t)cpus : 1;
	if (s->workers > LOAD_WORKERS)
		s->workers = LOAD_WORKERS;
	fflush(stdout);
	if (fork() == 0)
		main_detach(load, s);
	if (!main_wait_ready(s)) {
		printf("cleave-load: %s FAIL it did not start: %s\n", name, s->text);
		return 1;
	}
	printf("cleave-load: %s started workers=%" PRIu32 " argument=%" PRId64 " bytes=%" PRIu64
	       "\n",
	       name, s->workers, value, __atomic_load_n(&s->bytes, __ATOMIC_ACQUIRE));
	return 0;
}

/*
 * Wait until each worker has ended two more rounds. In the round that it was in it may have looked
 * at something before the call; in the one after that it has not.
 * @sum: the rounds of all workers
 * Return: false when the load has failed or stands still.
 */
static bool main_wait_rounds(struct load_status *s, uint64_t *sum)
{
	uint64_t first[LOAD_WORKERS], end = load_monotonic() + ROUND_NS;
	unsigned int n;

	*sum = 0;
	for (n = 0; n < s->workers; n++)
		first[n] = __atomic_load_n(&s->rounds[n], __ATOMIC_ACQUIRE);
	for (n = 0; n < s->workers;) {
		if (!main_is_running(s) || load_monotonic() > end)
			return false;
		if (__atomic_load_n(&s->rounds[n], __ATOMIC_ACQUIRE) >= first[n] + 2U)
			n++;
		else
			usleep(POLL_US);
	}
	for (n = 0; n < s->workers; n++)
		*sum += __atomic_load_n(&s->rounds[n], __ATOMIC_ACQUIRE);
	return true;
}

static bool main_check_one(const char *name, struct load_status *s)
{
	uint64_t rounds;

	if (!main_wait_rounds(s, &rounds)) {
		printf("cleave-load: %s FAIL %s\n", name,
		       s->text[0] != '\0' ? s->text : "it stands still");
		return false;
	}
	printf("cleave-load: %s ok rounds=%" PRIu64 " bytes=%" PRIu64 " count=%" PRIu64
	       " worst_us=%" PRIu64 "\n",
	       name, rounds, __atomic_load_n(&s->bytes, __ATOMIC_ACQUIRE),
	       __atomic_load_n(&s->count, __ATOMIC_ACQUIRE),
	       __atomic_load_n(&s->worst_us, __ATOMIC_ACQUIRE));
	return true;
}

static int main_check(void)
{
	unsigned int found = 0;
	bool good = true;
	size_t i;

	for (i = 0; i < LOADS; i++) {
		struct load_status *s = load_status_open(main_loads[i].name, false);

		if (s == NULL || main_state_of(s) == LOAD_STOPPED)
			continue;
		found++;
		good = main_check_one(main_loads[i].name, s) && good;
	}
	good = klog_check() && good;
	printf("cleave-load: %s loads=%u\n", good ? "all ok" : "FAIL", found);
	return good ? 0 : 1;
}

static int main_stop(void)
{
	size_t i;

	for (i = 0; i < LOADS; i++) {
		struct load_status *s = load_status_open(main_loads[i].name, false);

		if (!main_is_running(s))
			continue;
		__atomic_store_n(&s->state, LOAD_STOPPED, __ATOMIC_RELEASE);
		kill(-s->pid, SIGKILL);
		printf("cleave-load: %s stopped\n", main_loads[i].name);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (strcmp(command, "start") == 0 && (argc == 3 || argc == 4))
		return main_start(argv[2], argc == 4 ? argv[3] : NULL);
	if (strcmp(command, "echo") == 0 && argc == 3)
		return kernel_echo(strtoull(argv[2], NULL, 10));
	if (argc == 2 && strcmp(command, "check") == 0)
		return main_check();
	if (argc == 2 && strcmp(command, "stop") == 0)
		return main_stop();
	if (argc == 2 && strcmp(command, "mark") == 0)
		return klog_mark() ? 0 : 1;
	return main_usage();
}
