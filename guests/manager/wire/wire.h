/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A port as a row of connections.
 *
 * The host's side of a port may stay open for many migrations. So it is the frames that say where
 * one connection ends and the next begins: a frame with sequence number 0 begins a connection, and
 * ends the one before it as if the link had been cut. What is left of an earlier connection is
 * dropped frame by frame.
 *
 * Frames are always followed from header to header. Their payload is full of bytes that a guest
 * chose, so nothing in it may ever be taken for a frame. When a header is wrong, everything is
 * dropped until the other side has been silent for a second.
 *
 * A frame that was begun and cannot be ended is filled up: WIRE_FILL bytes of 0xff end any frame,
 * wherever it was cut. They make no frame a right one, and COMMIT least of all, since its last
 * byte is 0. Fill where a header would begin says that the connection is over.
 *
 * Builds for the host too. One hart uses it.
 */
#ifndef GUESTS_MANAGER_WIRE_H
#define GUESTS_MANAGER_WIRE_H

#include "guests/lib/migrate/migrate_stream.h"

#define WIRE_KEEP 2048U /* bytes: HELLO and REQUIRE, or QUERY */
#define WIRE_OWED ((MIGRATE_BUFFER_MIN + 63U) / 64U * 64U)
#define WIRE_FILL (sizeof(struct migrate_frame) + MIGRATE_PAYLOAD_MAX) /* bytes */

/** enum wire_state - what the port is used for */
enum wire_state {
	WIRE_DOWN,   /* the port is not connected */
	WIRE_IDLE,   /* for nothing: wire_serve() looks at what comes */
	WIRE_SOURCE, /* a source of ours began a connection; sequence number 0 begins its answers */
	WIRE_DEST, /* the other side began a connection, which a destination of ours has taken up */
};

/** enum wire_call - what the other side begins with */
enum wire_call {
	WIRE_NONE,
	WIRE_HELLO, /* a migration: wire_hello(), wire_require() */
	WIRE_QUERY, /* a question: wire_query() */
};

/**
 * struct wire - belongs to wire.c; others may read @state, @lost and @keep_end
 * @port: sends and receives the port's bytes as they are
 * @second: ticks of @time in a second
 * @call: what @keep holds, once it is whole
 * @header: the next frame's header, of which @have bytes have come
 * @left: bytes of the current frame's payload that are still to come
 * @skip: they are to be dropped
 * @ended: the frame whose header is in @header begins another connection
 * @lost: a header was wrong
 * @frames: frames given to the engine in this connection
 * @silent: when @lost: ticks when the last byte came
 * @keep: frames that have been looked at and are given to the engine first, from @keep_at up to
 *	@keep_end
 * @second_at: where in @keep the second frame begins; 0: there is none
 * @owed: bytes that must be sent before anything else, from @owed_at up to @owed_end: the rest of
 *	a frame that was begun, fill, or a whole answer
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
	size_t second_at;
	uint64_t owed[WIRE_OWED / sizeof(uint64_t)];
	size_t owed_at;
	size_t owed_end;
};

/**
 * wire_init() - set up a wire, which is down at first
 * @port: copied
 * @time: a clock of @second ticks a second
 */
void wire_init(struct wire *w, const struct migrate_link *port, uint64_t (*time)(void),
	       uint64_t second);

/** wire_up() - the port has been connected */
void wire_up(struct wire *w);

/**
 * wire_after_restart() - after wire_up(): an earlier life of this program may have used the
 * connection
 *
 * That life may have ended anywhere. The frame that it had begun to send is filled up, and all
 * that comes is dropped until nothing has come for a second.
 */
void wire_after_restart(struct wire *w);

/**
 * wire_serve() - send what is owed; in WIRE_IDLE also look at what has come
 * Return: what the other side begins, once that is whole.
 */
enum wire_call wire_serve(struct wire *w);

/**
 * wire_crossed() - did the other side begin something at the same moment?
 * Return: in WIRE_SOURCE, what the other side began at the same moment, once that is whole.
 */
enum wire_call wire_crossed(const struct wire *w);

/** wire_hello() - copy the HELLO that the other side begins with */
void wire_hello(const struct wire *w, struct migrate_hello *hello);

/**
 * wire_require() - read the REQUIRE after the HELLO
 * Return: true if it could be read; else @line says why not.
 */
bool wire_require(const struct wire *w, struct migrate_machine *machine, struct migrate_line *line);

/** wire_query() - copy the QUERY that the other side begins with */
void wire_query(const struct wire *w, struct migrate_status *query);

/** wire_drop() - ignore what the other side began */
void wire_drop(struct wire *w);

/**
 * wire_reply() - send a frame that is the whole answer to what the other side began, and drop that
 * Return: false when something else has to be sent first: nothing was done.
 */
bool wire_reply(struct wire *w, uint16_t type, const void *record, size_t size);

/** wire_accept() - Return: the link for a destination that takes up what the other side began */
struct migrate_link wire_accept(struct wire *w);

/** wire_connect() - Return: the link for a source that begins a connection */
struct migrate_link wire_connect(struct wire *w);

/**
 * wire_close() - the engine that uses the wire is over
 * @tx: its sender: what that has not sent yet still leaves, unless its link was cut
 */
void wire_close(struct wire *w, const struct migrate_tx *tx);

/**
 * wire_cut() - let the engine that uses the wire find its link cut, though the port is connected
 * @waiting: bytes that the engine has not sent. They never leave; if they are the rest of a frame,
 *	it is filled up
 *
 * For a link whose other side does not answer.
 */
void wire_cut(struct wire *w, size_t waiting);

/**
 * wire_end() - as wire_cut() between two frames, and let the other side too find its connection
 * over
 */
void wire_end(struct wire *w);

#endif
