/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions on a port: when one begins, when it is over, and what a person hears of it. */
#include "guests/manager/secure/secure.h"

#include <cleave/string.h>

#define FILL	  0xffU
#define FILL_TAIL 5U /* so many 0xff at the end of a session were fill, and no record of it */

#define SAY_OPEN "the link is encrypted, and the peer has proved its key"
#define SAY_KEY	 "the peer could not prove its key: it gets nothing, and no guest goes there"
#define SAY_BROKE                                                                      \
	"the peer broke the handshake off: the key that it knows of this side may be " \
	"another"
#define SAY_FOREIGN "what came is not the handshake of a secured link: does the peer have its keys?"
#define SAY_SILENT  "no handshake with the peer yet: nothing comes from there"
#define SAY_LONG    "the handshake was not finished within 30 seconds; it begins again"
#define SAY_NOISE   "what comes is not of this session and does not end: all of it is dropped"
#define SAY_ENDED                                                                        \
	"the session is over: bytes were lost or changed, or the peer was restarted; a " \
	"new one begins"

void secure_init(struct secure *s, const struct migrate_link *port, uint64_t (*time)(void),
		 uint64_t second, void (*say)(const char *line))
{
	s->port = *port;
	s->time = time;
	s->second = second;
	s->say = say;
	s->state = SECURE_DOWN;
	s->session = 0;
	s->user = 0;
	s->said = NULL;
	s->tries = 0;
	s->deaf = 0;
}

/* Say @line, unless it was the last that was said: attempts go on, and a person is told once. */
static void secure_say(struct secure *s, const char *line)
{
	if (s->said != line)
		s->say(line);
	s->said = line;
}

static void secure_enter(struct secure *s, enum secure_state state)
{
	s->state = state;
	s->since = s->time();
	s->run = 0;
}

static void secure_drain(struct secure *s, uint64_t seconds)
{
	s->quiet = seconds;
	secure_enter(s, SECURE_DRAIN);
	s->last = s->since;
}

void secure_up(struct secure *s)
{
	tls_end(&s->tls);
	s->fill = SECURE_FILL;
	s->tries = 0;
	s->in_at = 0;
	s->in_end = 0;
	secure_drain(s, SECURE_QUIET);
}

static void secure_down(struct secure *s)
{
	tls_end(&s->tls);
	s->fill = 0;
	s->state = SECURE_DOWN;
}

static void secure_begin(struct secure *s)
{
	s->session++;
	s->heard = 0;
	s->called = false;
	tls_begin(&s->tls, s->time());
	secure_enter(s, SECURE_SHAKE);
}

/*
 * The session is over, or a handshake that did not become one. A client begins again by itself; a
 * server is told to by fill.
 */
static void secure_end(struct secure *s, const char *line, uint64_t seconds)
{
	secure_say(s, line);
	tls_end(&s->tls);
	s->fill = SECURE_FILL;
	/* A handshake is work, which a stranger can ask for. A client tries again later. */
	if (s->state == SECURE_SHAKE)
		s->deaf = s->time() + s->second / SECURE_FLOOD;
	if (tls_leads(&s->tls))
		secure_drain(s, seconds);
	else
		secure_enter(s, SECURE_HUNT);
}

/*
 * Is what came a handshake record (RFC 5246, 6.2.1) that begins with a client's hello (7.4)? A
 * client that gets one knows another key than its peer has, or is known by another.
 */
static bool secure_crossed(const struct secure *s)
{
	return tls_leads(&s->tls) && s->heard == SECURE_HEAD && s->head[0] == 22U &&
	       s->head[5] == 1U;
}

/* TLS has ended the session: find out what that means. */
static void secure_over(struct secure *s)
{
	enum tls_why why = tls_why(&s->tls);
	bool filled = s->run >= FILL_TAIL || why == TLS_WHY_CLOSED;

	if (s->state == SECURE_OPEN)
		secure_end(s, SAY_ENDED, SECURE_QUIET);
	else if (why == TLS_WHY_KEY || secure_crossed(s))
		secure_end(s, SAY_KEY, SECURE_AGAIN);
	else if (filled)
		secure_end(s, SAY_BROKE, SECURE_AGAIN);
	else
		secure_end(s, SAY_FOREIGN, SECURE_AGAIN);
}

/* --- what goes -------------------------------------------------------------------------------- */

/* Send @size bytes. Return: bytes that the port took; 0 when it is down now, too. */
static size_t secure_raw_send(struct secure *s, const uint8_t *bytes, size_t size)
{
	int64_t n = s->port.send(s->port.ctx, bytes, size);

	if (n >= 0 && n <= (int64_t)size)
		return (size_t)n;
	secure_down(s);
	return 0;
}

static bool secure_send_fill(struct secure *s)
{
	uint8_t fill[SECURE_MARK * 8U];
	size_t before = s->fill;
	size_t n, sent;

	memset(fill, FILL, sizeof(fill));
	do {
		n = s->fill < sizeof(fill) ? s->fill : sizeof(fill);
		sent = secure_raw_send(s, fill, n);
		s->fill -= s->fill != 0U ? sent : 0U;
	} while (sent == sizeof(fill) && s->fill != 0U);
	return s->fill != before;
}

/* Send what is waiting. Return: true when the port has taken something. */
static bool secure_out(struct secure *s)
{
	const uint8_t *bytes;
	size_t size, sent;

	if (s->state == SECURE_DOWN)
		return false;
	if (s->fill != 0U)
		return secure_send_fill(s);
	tls_flush(&s->tls);
	bytes = tls_ready(&s->tls, &size);
	if (bytes == NULL || size == 0U)
		return false;
	sent = secure_raw_send(s, bytes, size);
	if (sent == 0U)
		return false;
	tls_sent(&s->tls, sent);
	return true;
}

/* --- what comes ------------------------------------------------------------------------------- */

/* Have bytes to look at. Return: true when there are some. */
static bool secure_fetch(struct secure *s)
{
	int64_t n;

	if (s->in_at != s->in_end)
		return true;
	n = s->port.recv(s->port.ctx, s->in, sizeof(s->in));
	if (n < 0 || n > (int64_t)sizeof(s->in)) {
		secure_down(s);
		return false;
	}
	s->in_at = 0;
	s->in_end = (size_t)n;
	return n != 0;
}

/* Keep what a session begins with, and count fill at the end of what has been taken. */
static void secure_count(struct secure *s, const uint8_t *bytes, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size && s->heard < SECURE_HEAD; i++)
		s->head[s->heard++] = bytes[i];
	while (n < size && bytes[size - 1U - n] == FILL)
		n++;
	s->run = n == size ? s->run + n : n;
}

/* Look for fill and for the byte after it, which begins a session. */
static void secure_hunt(struct secure *s)
{
	while (s->in_at != s->in_end) {
		if (s->in[s->in_at] != FILL && s->run >= SECURE_MARK && s->time() >= s->deaf) {
			secure_begin(s);
			return;
		}
		s->run = s->in[s->in_at] == FILL ? s->run + 1U : 0U;
		s->in_at++;
	}
}

/* Give TLS what has come. Return: false when it takes nothing now. */
static bool secure_give(struct secure *s)
{
	size_t n;

	while (s->heard == 0U && s->in_at != s->in_end && s->in[s->in_at] == FILL) {
		s->called = true;
		s->in_at++;
	}
	if (s->in_at == s->in_end)
		return true;
	s->tries = 0;
	n = tls_put(&s->tls, s->in + s->in_at, s->in_end - s->in_at);
	secure_count(s, s->in + s->in_at, n);
	s->in_at += n;
	if (tls_state(&s->tls) == TLS_OVER) {
		secure_over(s);
		return true;
	}
	return n != 0U;
}

/* Look at a piece of what has come. Return: true when there was something that could be taken. */
static bool secure_in(struct secure *s)
{
	if (s->state == SECURE_DOWN || !secure_fetch(s))
		return false;
	switch (s->state) {
	case SECURE_HUNT:
		secure_hunt(s);
		return true;
	case SECURE_SHAKE:
	case SECURE_OPEN:
		return secure_give(s);
	default:
		s->in_at = s->in_end;
		s->last = s->time();
		return true;
	}
}

/* --- both ------------------------------------------------------------------------------------- */

static bool secure_waited(const struct secure *s, uint64_t seconds)
{
	return s->time() - s->since > seconds * s->second;
}

/* Go on from SECURE_DRAIN when nothing comes any more. */
static void secure_drained(struct secure *s)
{
	if (s->time() - s->last <= s->quiet * s->second) {
		if (secure_waited(s, SECURE_FINISH))
			secure_say(s, SAY_NOISE);
		return;
	}
	if (!tls_leads(&s->tls)) {
		secure_enter(s, SECURE_HUNT);
		return;
	}
	s->fill = SECURE_FILL;
	secure_begin(s);
}

/*
 * No client has begun anything. One that is there has sent fill, and has followed it up by now; so
 * what is there is a server too.
 */
static void secure_call(struct secure *s)
{
	if (s->run >= SECURE_MARK)
		secure_say(s, SAY_KEY);
	else if (s->said == NULL)
		secure_say(s, SAY_SILENT);
	s->since = s->time();
	s->fill = SECURE_FILL;
}

/*
 * Has a hello been without an answer for too long? Who has been restarted since sends fill, and
 * hears another one soon. Who never answers may speak no TLS, and hears them ever less often.
 */
static bool secure_unanswered(struct secure *s)
{
	uint64_t patience = SECURE_ANSWER << (s->called ? 0U : s->tries);

	if (!secure_waited(s, patience))
		return false;
	s->tries += s->tries < SECURE_TRIES ? 1U : 0U;
	return true;
}

/* End what has lasted too long. */
static void secure_watch(struct secure *s)
{
	switch (s->state) {
	case SECURE_DRAIN:
		secure_drained(s);
		break;
	case SECURE_HUNT:
		if (secure_waited(s, SECURE_FINISH))
			secure_call(s);
		break;
	case SECURE_SHAKE:
		if (s->heard == 0U && secure_unanswered(s))
			secure_end(s, s->said == NULL ? SAY_SILENT : s->said, SECURE_QUIET);
		else if (s->heard != 0U && secure_waited(s, SECURE_FINISH))
			secure_end(s, SAY_LONG, SECURE_QUIET);
		break;
	default:
		break;
	}
}

/* Both sides have proved their keys: a client knows it by what came, a server by what has left. */
static void secure_open(struct secure *s)
{
	if (s->state != SECURE_SHAKE || tls_state(&s->tls) != TLS_OPEN)
		return;
	secure_say(s, SAY_OPEN);
	secure_enter(s, SECURE_OPEN);
}

bool secure_step(struct secure *s)
{
	bool any = secure_out(s);

	any = secure_in(s) || any;
	secure_open(s);
	secure_watch(s);
	return any;
}

bool secure_ready(struct secure *s)
{
	if (s->state != SECURE_OPEN || s->user == s->session)
		return false;
	s->user = s->session;
	return true;
}

static bool secure_mine(const struct secure *s)
{
	return s->state == SECURE_OPEN && s->user == s->session;
}

static int64_t secure_send(void *ctx, const void *bytes, size_t size)
{
	struct secure *s = ctx;
	size_t n;

	if (!secure_mine(s))
		return -1;
	(void)secure_out(s);
	if (!secure_mine(s))
		return -1;
	n = tls_write(&s->tls, bytes, size);
	(void)secure_out(s);
	return (int64_t)n;
}

static int64_t secure_recv(void *ctx, void *bytes, size_t size)
{
	struct secure *s = ctx;
	size_t n;

	if (!secure_mine(s))
		return -1;
	n = tls_read(&s->tls, bytes, size);
	for (unsigned i = 0; i < SECURE_PIECES && n == 0U && secure_in(s) && secure_mine(s); i++)
		n = tls_read(&s->tls, bytes, size);
	return n == 0U && !secure_mine(s) ? -1 : (int64_t)n;
}

struct migrate_link secure_link(struct secure *s)
{
	return (struct migrate_link){ .send = secure_send, .recv = secure_recv, .ctx = s };
}
