/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A link without a wire.
 *
 * Bytes that the other engine has pulled count as sent. A byte that was not pulled when its engine
 * is dropped never arrives.
 */
#include "guests/lib/migrate/migrate_pipe.h"

void migrate_pipe_init(struct migrate_pipe *pipe, struct migrate_tx *source,
		       struct migrate_tx *dest)
{
	pipe->end[MIGRATE_PIPE_SOURCE] = (struct migrate_pipe_end){ .from = dest };
	pipe->end[MIGRATE_PIPE_DEST] = (struct migrate_pipe_end){ .from = source };
}

/* Nothing is pushed: the other end pulls what waits. */
static int64_t migrate_pipe_send(void *ctx, const void *bytes, size_t size)
{
	const struct migrate_pipe_end *end = ctx;

	(void)bytes;
	(void)size;
	return end->closed ? -1 : 0;
}

static int64_t migrate_pipe_recv(void *ctx, void *bytes, size_t size)
{
	const struct migrate_pipe_end *end = ctx;
	size_t n = migrate_tx_pull(end->from, bytes, size);

	return n == 0U && end->closed ? -1 : (int64_t)n;
}

/* Frames that wait at the other end's engine are read there. */
static size_t migrate_pipe_peek(void *ctx, size_t size, const uint8_t **bytes, bool *grows)
{
	const struct migrate_pipe_end *end = ctx;

	(void)size;
	*grows = false;
	return migrate_tx_peek(end->from, bytes);
}

static void migrate_pipe_drop(void *ctx, size_t size)
{
	const struct migrate_pipe_end *end = ctx;

	migrate_tx_drop(end->from, size);
}

struct migrate_link migrate_pipe_link(struct migrate_pipe *pipe, uint32_t end)
{
	return (struct migrate_link){ .send = migrate_pipe_send,
				      .recv = migrate_pipe_recv,
				      .peek = migrate_pipe_peek,
				      .drop = migrate_pipe_drop,
				      .ctx = &pipe->end[end],
				      .memory = true };
}

void migrate_pipe_close(struct migrate_pipe *pipe, uint32_t end)
{
	pipe->end[1U - end].closed = true;
}
