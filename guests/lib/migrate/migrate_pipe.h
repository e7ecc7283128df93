/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The link between two engines of one program: each takes its bytes straight out of the other's buffer. No memory of its own,
 * and never more than one copy of a byte.
 *
 * Both engines are stepped by one hart, in turn. An engine that is over must be closed, else the other waits for ever.
 */
#ifndef GUESTS_LIB_MIGRATE_PIPE_H
#define GUESTS_LIB_MIGRATE_PIPE_H

#include "guests/lib/migrate/migrate_stream.h"

/** struct migrate_pipe_end - @from: what the other end has to send; @closed: the other end is over */
struct migrate_pipe_end {
	struct migrate_tx *from;
	bool closed;
};

/** struct migrate_pipe - @end: of the source, of the destination */
struct migrate_pipe {
	struct migrate_pipe_end end[2];
};

#define MIGRATE_PIPE_SOURCE 0U
#define MIGRATE_PIPE_DEST   1U

/** migrate_pipe_init() - join @source, the buffer that the source sends from, and @dest, the destination's */
void migrate_pipe_init(struct migrate_pipe *pipe, struct migrate_tx *source,
		       struct migrate_tx *dest);

/** migrate_pipe_link() - Return: the link for the engine at @end, MIGRATE_PIPE_* */
struct migrate_link migrate_pipe_link(struct migrate_pipe *pipe, uint32_t end);

/** migrate_pipe_close() - the engine at @end is over: the other still gets what it left, and then a cut link */
void migrate_pipe_close(struct migrate_pipe *pipe, uint32_t end);

#endif
