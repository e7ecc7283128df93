/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One session of TLS 1.2 after another, by BearSSL: bytes of the link go in and out, and so do
 * the bytes that they carry. There is one cipher suite
 * (TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256), one curve (P-256), and no session is resumed or
 * renegotiated. Each side proves that it has its private key; the public keys are known, so
 * certificates say nothing and are empty but for a word.
 *
 * It knows no link and no clock; guests/manager/secure/secure.c does. Builds for the host too.
 */
#ifndef GUESTS_MANAGER_SECURE_TLS_H
#define GUESTS_MANAGER_SECURE_TLS_H

#include "guests/manager/secure/keys.h"

#define TLS_RECORD (5U + 16384U + 256U) /* no record of the other side is longer */
#define TLS_SEED   16U			/* bytes of a seed that is fresh: no fewer are taken */

/** enum tls_state - how far a session is */
enum tls_state {
	TLS_SHAKES, /* the two sides prove who they are */
	TLS_OPEN,   /* they have done so */
	TLS_OVER,   /* it is over: tls_why() */
};

/** enum tls_why - why a session is over */
enum tls_why {
	TLS_WHY_NONE,	 /* it is not over */
	TLS_WHY_KEY,	 /* the peer could not prove that it has the key */
	TLS_WHY_CLOSED,	 /* the peer has ended it by TLS's own means */
	TLS_WHY_DAMAGED, /* a record was not what the peer has sent */
	TLS_WHY_OTHER,	 /* what came is no TLS, or none that is taken */
};

/** struct tls - belongs to tls.c */
struct tls {
	uint64_t room[5120];
};

/** tls_there() - Return: true when this program was built with BearSSL */
bool tls_there(void);

/**
 * tls_init() - take the keys, and seed the generator of random numbers
 * @seed: @size bytes, of which some were never used before and never will be again
 * Return: NULL; else a clause that says what is wrong with the keys
 */
const char *tls_init(struct tls *t, const struct keys *keys, const void *seed, size_t size);

/**
 * tls_leads() - which side begins?
 *
 * Both sides know both public keys: the side with the smaller one is the client.
 */
bool tls_leads(const struct tls *t);

/** tls_begin() - begin a session; @time is stirred into the generator. An earlier one is over. */
void tls_begin(struct tls *t, uint64_t time);

/** tls_end() - forget the session and its keys */
void tls_end(struct tls *t);

enum tls_state tls_state(const struct tls *t);
enum tls_why tls_why(const struct tls *t);

/** tls_put() - Return: how many of the @size bytes that came over the link were taken */
size_t tls_put(struct tls *t, const uint8_t *bytes, size_t size);

/**
 * tls_ready() - bytes for the link
 * @size: how many; 0: none now
 */
const uint8_t *tls_ready(const struct tls *t, size_t *size);

/** tls_sent() - @size of them have left */
void tls_sent(struct tls *t, size_t size);

/** tls_write() - Return: how many of the @size bytes were taken, to go over in TLS_OPEN */
size_t tls_write(struct tls *t, const uint8_t *bytes, size_t size);

/** tls_flush() - make a record of what was taken */
void tls_flush(struct tls *t);

/** tls_read() - Return: bytes that came over, at most @size */
size_t tls_read(struct tls *t, uint8_t *bytes, size_t size);

#endif
