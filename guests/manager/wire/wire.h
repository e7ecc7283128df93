/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A port as a row of connections. The host's side of a port may stay open for many migrations, so where one connection ends and
 * the next begins stands in the frames: a frame with sequence number 0 begins a connection, and ends the one before it as if the
 * link had been cut. What is left of an earlier connection is dropped frame by frame.
 *
 * Frames are always followed from header to header. Their payload is full of bytes that a guest chose, so nothing in it may
 * ever be taken for a frame: when a header is wrong, everything is dropped until the other side has been silent for a second.
 *
 * A frame that was begun and cannot be ended is filled up: WIRE_FILL times 0xff end any frame, wherever it was cut. None becomes
 * right by that, COMMIT above all, whose last byte is 0. Where a header would begin fill says that the connection is over.
 *
 * Builds for the host too. Used by one hart.
 */
#ifndef GUESTS_MANAGER_WIRE_H
#define GUESTS_MANAGER_WIRE_H

#include "guests/lib/migrate/migrate_stream.h"

#define WIRE_KEEP 2048U /* bytes: HELLO and REQUIRE, or QUERY */
#define WIRE_OWED ((MIGRATE_BUFFER_MIN + 63U) / 64U * 64U)
#define WIRE_FILL (sizeof(struct migrate_frame) + MIGRATE_PAYLOAD_MAX) /* bytes */

/** enum wire_state - what is under way on it */
enum wire_state {
	WIRE_DOWN, /* the port is not connected */
	WIRE_IDLE, /* nothing: wire_listen() */
	WIRE_SOURCE, /* an engine of ours began a connection: its answers begin with a frame with sequence number 0 */
	WIRE_DEST, /* the other side began one */
};

/** enum wire_call - what the other side begins with */
enum wire_call {
	WIRE_NONE,
	WIRE_HELLO, /* a migration: wire_hello(), wire_require() */
	WIRE_QUERY, /* a question: wire_query() */
};

/**
 * struct wire - fields are its own
 * @port: the port's bytes, as they come
 * @second: ticks of @time in a second
 * @header: of the next frame, of which @have bytes came; @left: bytes of this frame's payload that are still to come
 * @skip: they are dropped
 * @frames: given out in this connection
 * @ended: the frame whose header stands there begins another connection
 * @lost: a header was wrong; @silent: ticks when a byte came last
 * @keep: frames that were looked at and are given out first: from @keep_at up to @keep_end
 * @call: what is in @keep, when it is whole
 * @owed: bytes that must leave before anything else: the rest of a frame that was begun, or fill
 */
struct wire {
	struct migrate_link port;
	uint64_t (*time)(void);
	uint64_t second;
	struct migrate_crc crc;
	enum wire_state state;
	enum wire_call call;
	struct migrate_frame header;
	uint32_t have;
	uint64_t left;
	bool skip;
	bool ended;
	bool lost;
	uint64_t frames;
	uint64_t silent;
	uint64_t keep[WIRE_KEEP / sizeof(uint64_t)];
	size_t keep_at;
	size_t keep_end;
	size_t second_at; /* of @keep: where the second frame begins */
	uint64_t owed[WIRE_OWED / sizeof(uint64_t)];
	size_t owed_at;
	size_t owed_end;
};

/** wire_init() - @port: its send and recv; @time: ticks, @second of them a second. It is down at first */
void wire_init(struct wire *w, const struct migrate_link *port, uint64_t (*time)(void),
	       uint64_t second);

/** wire_up() - the port is connected anew; wire_down() - it is not connected any more */
void wire_up(struct wire *w);
void wire_down(struct wire *w);

/**
 * wire_anew() - a port that is connected may have been so for an earlier life of this program, which ended anywhere
 *
 * What that had begun to send is filled up; what comes is dropped until nothing has come for a second.
 */
void wire_anew(struct wire *w);

/** wire_serve() - send what is owed; in WIRE_IDLE take what came. Return: what the other side begins, when that is whole */
enum wire_call wire_serve(struct wire *w);

/** wire_crossed() - in WIRE_SOURCE: Return: what the other side began at the same moment, when that is whole */
enum wire_call wire_crossed(const struct wire *w);

/** wire_hello(), wire_require(), wire_query() - what the other side begins with. Return: it could be read */
void wire_hello(const struct wire *w, struct migrate_hello *hello);
bool wire_require(const struct wire *w, struct migrate_machine *machine, struct migrate_line *line);
void wire_query(const struct wire *w, struct migrate_status *query);

/** wire_drop() - what the other side began is not taken up */
void wire_drop(struct wire *w);

/** wire_reply() - send a frame that is the whole answer to what the other side began, and drop that. Return: there was room */
bool wire_reply(struct wire *w, uint16_t type, const void *record, size_t size);

/** wire_accept() - Return: the link for a destination that takes up what the other side began */
struct migrate_link wire_accept(struct wire *w);

/** wire_connect() - Return: the link for a source that begins a connection */
struct migrate_link wire_connect(struct wire *w);

/** wire_close() - the engine at it is over; @tx: what it still had to send leaves first, unless its link was cut */
void wire_close(struct wire *w, const struct migrate_tx *tx);

/**
 * wire_cut() - let the engine at it find its link cut, though the port is connected: the other side does not answer
 * @waiting: bytes that the engine has not sent: they never leave, and a frame of which they are the rest is filled up
 */
void wire_cut(struct wire *w, size_t waiting);

/** wire_end() - wire_cut() between two frames, and let the other side find its connection over as well */
void wire_end(struct wire *w);

#endif
