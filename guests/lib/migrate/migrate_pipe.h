/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The link between two engines of one program: each takes its bytes straight out of the other's
 * buffer. It has no memory of its own, and copies each byte once.
 *
 * One hart steps both engines in turn. When an engine is over, its end must be closed, or the other
 * engine waits for ever.
 */
#ifndef GUESTS_LIB_MIGRATE_PIPE_H
#define GUESTS_LIB_MIGRATE_PIPE_H

#include "guests/lib/migrate/migrate_stream.h"

/**
 * struct migrate_pipe_end - what an engine sees of the other one
 * @from: what the other end has to send
 * @closed: the other end is over
 */
struct migrate_pipe_end {
	struct migrate_tx *from;
	bool closed;
};

/** struct migrate_pipe - the ends of the source and of the destination, MIGRATE_PIPE_* */
struct migrate_pipe {
	struct migrate_pipe_end end[2];
};

#define MIGRATE_PIPE_SOURCE 0U
#define MIGRATE_PIPE_DEST   1U

/** migrate_pipe_init() - join two engines; @source and @dest are the buffers that they send from */
void migrate_pipe_init(struct migrate_pipe *pipe, struct migrate_tx *source,
		       struct migrate_tx *dest);

/** migrate_pipe_link() - Return: the link for the engine at @end, MIGRATE_PIPE_* */
struct migrate_link migrate_pipe_link(struct migrate_pipe *pipe, uint32_t end);

/**
 * migrate_pipe_close() - the engine at @end is over
 *
 * The other engine still gets what this one has left, and then finds its link cut.
 */
void migrate_pipe_close(struct migrate_pipe *pipe, uint32_t end);

#endif
