/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's own log, read record by record from /dev/kmsg: has the kernel complained since a
 * mark? The mark is the number of the last record that was there at the time. A record that was
 * overwritten before it was read counts as a complaint.
 *
 * Two messages only say that the machine under the guest was slow, as an emulator on a busy host
 * is; nothing is wrong in the guest. They are printed, and counted apart. A stall or a lockup is
 * no such message.
 */
#include "guests/linux/load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LEVEL_WARNING 4U /* of syslog: lower is worse */

/**
 * struct klog_scan - what was read
 * @last: number of the newest record
 * @next: number of the record that should come next
 * @lost: records that were overwritten before they were read
 * @warnings: records at warning level or worse
 * @slow: records that only say that the machine was slow
 */
struct klog_scan {
	uint64_t last;
	uint64_t next;
	uint64_t lost;
	uint64_t warnings;
	uint64_t slow;
};

static bool klog_says_slow(const char *text)
{
	return strstr(text, "hrtimer: interrupt took ") != NULL ||
	       (strncmp(text, "workqueue: ", 11) == 0 && strstr(text, " hogged CPU for ") != NULL);
}

/*
 * Take in one record: "PRIORITY,NUMBER,TIME,FLAGS;text", a newline, and lines that begin with a
 * blank.
 */
static void klog_record(struct klog_scan *k, char *record, bool print)
{
	char *text = strchr(record, ';'), *end;
	uint64_t number;
	unsigned int priority;

	if (text == NULL || sscanf(record, "%u,%" SCNu64, &priority, &number) != 2)
		return;
	k->last = number;
	if (!print || number < k->next)
		return;
	k->lost += number - k->next;
	k->next = number + 1;
	/* The bits above the level are the facility: 0 is the kernel. */
	if (priority / 8U != 0 || priority % 8U > LEVEL_WARNING)
		return;
	end = strchr(text, '\n');
	if (end != NULL)
		*end = '\0';
	if (klog_says_slow(text + 1))
		k->slow++;
	else
		k->warnings++;
	printf("cleave-load: klog level %u: %s\n", priority % 8U, text + 1);
}

static bool klog_read(struct klog_scan *k, bool print)
{
	char record[8192];
	ssize_t got;
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		return false;
	/* EPIPE: the oldest records were overwritten meanwhile; the numbers show how many. */
	while ((got = read(fd, record, sizeof(record) - 1)) > 0 || (got < 0 && errno == EPIPE)) {
		if (got > 0) {
			record[got] = '\0';
			klog_record(k, record, print);
		}
	}
	close(fd);
	return errno == EAGAIN;
}

bool klog_mark(void)
{
	struct load_status *s = load_status_open("klog", true);
	struct klog_scan k = { 0 };

	if (s == NULL || !klog_read(&k, false)) {
		printf("cleave-load: klog FAIL cannot be read: %s\n", strerror(errno));
		return false;
	}
	s->count = k.last + 1;
	return true;
}

bool klog_check(void)
{
	struct load_status *s = load_status_open("klog", false);
	struct klog_scan k = { 0 };
	bool good;

	if (s == NULL) {
		printf("cleave-load: klog FAIL there is no mark\n");
		return false;
	}
	k.next = s->count;
	good = klog_read(&k, true) && k.warnings == 0 && k.lost == 0;
	printf("cleave-load: klog %s warnings=%" PRIu64 " lost=%" PRIu64 " slow=%" PRIu64 "\n",
	       good ? "ok" : "FAIL", k.warnings, k.lost, k.slow);
	return good;
}
