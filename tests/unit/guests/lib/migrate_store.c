/* SPDX-License-Identifier: BSD-2-Clause */
/* The store of migrate_store.h. A checkpoint hears no answer, and a restore gives none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/guests/lib/migrate_store.h"

uint8_t kept[KEPT];
size_t kept_size;
size_t kept_limit;
size_t given;
static size_t kept_at;

int64_t store_send(void *ctx, const void *bytes, size_t size)
{
	sim_tick(ctx);
	if (kept_size + size > kept_limit)
		return -1;
	memcpy(kept + kept_size, bytes, size);
	kept_size += size;
	return (int64_t)size;
}

static int64_t store_listen(void *ctx, void *bytes, size_t size)
{
	(void)ctx;
	(void)bytes;
	(void)size;
	fail_msg("a checkpoint listened");
	return -1;
}

static int64_t store_recv(void *ctx, void *bytes, size_t size)
{
	size_t n = given - kept_at < size ? given - kept_at : size;

	(void)ctx;
	if (n == 0U)
		return -1;
	memcpy(bytes, kept + kept_at, n);
	kept_at += n;
	return (int64_t)n;
}

static int64_t store_answer(void *ctx, const void *bytes, size_t size)
{
	(void)ctx;
	(void)bytes;
	(void)size;
	fail_msg("a restore answered");
	return -1;
}

struct migrate_link store_writer(struct sim *sim)
{
	kept_size = 0;
	kept_limit = sizeof(kept);
	return (struct migrate_link){ .send = store_send, .recv = store_listen, .ctx = sim };
}

struct migrate_link store_reader(size_t size)
{
	kept_at = 0;
	given = size;
	return (struct migrate_link){ .send = store_answer, .recv = store_recv };
}
