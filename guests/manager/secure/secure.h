/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A secured link: sessions of TLS, one after the other, on the bytes of a port that may stay open
 * for all of them. To the one who uses it, a session is a connection of the port: what is lost or
 * changed on the way ends it, as if the link had been cut, and a new one begins by itself.
 *
 * TLS must not lose a byte of its records, and says nothing of how two sides find the beginning of
 * a session again. That is all that is added here, and it protects nothing:
 *
 * - SECURE_FILL bytes 0xff end any record, wherever it was cut, and no record begins with 0xff.
 *   Whoever ends a session, or has been restarted, sends them.
 * - The client drops everything until nothing has come for a second. It sends fill and begins. It
 *   waits for a first answer, and then begins again; soon if fill came, and else ever later. Fill
 *   before that answer is dropped.
 * - The server looks for fill: the first byte after it begins a session. Where none comes it sends
 *   fill again, twice a minute.
 *
 * Which side is the client follows from the two keys. Where both sides are clients, or servers, one
 * of them knows another key than it should, and that is what a person is told.
 *
 * Work is done in pieces: a call makes or takes at most one record, or one step of a handshake.
 * Builds for the host too. One hart uses it.
 */
#ifndef GUESTS_MANAGER_SECURE_SECURE_H
#define GUESTS_MANAGER_SECURE_SECURE_H

#include "guests/lib/migrate/migrate_stream.h"
#include "guests/manager/secure/tls.h"

#define SECURE_MARK   64U			 /* bytes of fill that the server looks for */
#define SECURE_FILL   (TLS_RECORD + SECURE_MARK) /* bytes */
#define SECURE_PIECE  2048U			 /* bytes that are read at once */
#define SECURE_HEAD   6U			 /* bytes by which a client's hello is known */
#define SECURE_QUIET  1U			 /* seconds until what is left over has come */
#define SECURE_AGAIN  10U /* ... until a peer without the key may try again */
#define SECURE_ANSWER 5U  /* ... for the first answer */
#define SECURE_FINISH 30U /* ... for all of a handshake */
#define SECURE_TRIES  4U  /* each of so many waits twice as long */
#define SECURE_FLOOD  2U  /* handshakes a second that may fail at the server */
#define SECURE_PIECES 16U /* pieces that one read looks at, at most */

/** enum secure_state - what is done with what comes */
enum secure_state {
	SECURE_DOWN,  /* nothing: the port is not connected */
	SECURE_DRAIN, /* it is dropped until nothing comes */
	SECURE_HUNT,  /* the server looks for fill */
	SECURE_SHAKE, /* it is of a handshake */
	SECURE_OPEN,  /* it is of a session in which the peer has proved its key */
};

/**
 * struct secure - belongs to secure.c; others may read @state
 * @port: sends and receives the port's bytes as they are
 * @second: ticks of @time in a second
 * @say: tells a person what has become of the link
 * @session, @user: sessions begun so far; the one that secure_ready() has given away
 * @fill: bytes of fill that are to be sent before anything else
 * @in: what has come and was not looked at yet, from @in_at up to @in_end
 * @run: 0xff that have come in a row
 * @called: fill has come before the first answer
 * @tries: sessions in a row that had no answer
 * @deaf: the server begins no session before this time, ticks
 * @head: the first bytes of this session that have come, @heard of them
 * @since: when the state began, ticks
 * @last: in SECURE_DRAIN when the last byte came, ticks
 * @quiet: seconds that SECURE_DRAIN goes on after that
 * @said: what was said last
 */
struct secure {
	struct migrate_link port;
	uint64_t (*time)(void);
	uint64_t second;
	void (*say)(const char *line);
	struct tls tls;
	enum secure_state state;
	uint64_t session;
	uint64_t user;
	size_t fill;
	uint8_t in[SECURE_PIECE];
	size_t in_at;
	size_t in_end;
	uint64_t run;
	bool called;
	uint32_t tries;
	uint64_t deaf;
	uint8_t head[SECURE_HEAD];
	size_t heard;
	uint64_t since;
	uint64_t last;
	uint64_t quiet;
	const char *said;
};

/**
 * secure_init() - set up a secured link, which is down at first; its tls_init() was done
 * @port: copied
 * @time: a clock of @second ticks a second
 */
void secure_init(struct secure *s, const struct migrate_link *port, uint64_t (*time)(void),
		 uint64_t second, void (*say)(const char *line));

/** secure_up() - the port has been connected */
void secure_up(struct secure *s);

/** secure_step() - do a piece of work. Return: true when something was done. */
bool secure_step(struct secure *s);

/**
 * secure_ready() - take the session, once the peer has proved its key
 * Return: true once in a session; what goes by secure_link() is of this one from then on.
 */
bool secure_ready(struct secure *s);

/** secure_link() - Return: the link, which is cut when the session that was taken is over */
struct migrate_link secure_link(struct secure *s);

#endif
