/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions of TLS by BearSSL. It must never choose anything that BearSSL's API does not offer. */
#include "guests/manager/secure/tls.h"

#include <bearssl.h>
#include <cleave/string.h>

#define CURVE BR_EC_secp256r1

/**
 * struct tls_room - what struct tls has room for
 * @engine: of the client or of the server, whichever this side is; NULL: no session
 * @random: seeded once; each session takes its own seed from it
 * @own, @own_bytes: the private key
 * @peer: knows the peer's public key, whatever its certificate says
 */
struct tls_room {
	br_ssl_engine_context *engine;
	union {
		br_ssl_client_context client;
		br_ssl_server_context server;
	} side;
	br_hmac_drbg_context random;
	br_ec_private_key own;
	br_x509_knownkey_context peer;
	struct keys keys;
	bool leads;
	uint8_t in[BR_SSL_BUFSIZE_INPUT];
	uint8_t out[BR_SSL_BUFSIZE_OUTPUT];
};

_Static_assert(sizeof(struct tls_room) <= sizeof(struct tls), "struct tls has room for it");

static struct tls_room *tls_room(const struct tls *t)
{
	return (struct tls_room *)(uintptr_t)t->room;
}

bool tls_there(void)
{
	return true;
}

/* The known key is looked at, and not this. It must not be empty: that means "no certificate". */
static const br_x509_certificate *tls_certificate(void)
{
	static uint8_t word[] = "cleave";
	static const br_x509_certificate chain = { word, sizeof(word) - 1U };

	return &chain;
}

/* Is @key from 1 up to what is below the order of the curve's generator? */
static bool tls_in_range(const uint8_t key[KEYS_PRIVATE])
{
	static const uint8_t zero[KEYS_PRIVATE];
	size_t size;
	const uint8_t *order = br_ec_p256_m31.order(CURVE, &size);

	return size == KEYS_PRIVATE && memcmp(key, zero, size) != 0 && memcmp(key, order, size) < 0;
}

const char *tls_init(struct tls *t, const struct keys *keys, const void *seed, size_t size)
{
	struct tls_room *r = tls_room(t);
	br_ec_public_key peer;
	br_ec_public_key own;
	uint8_t point[BR_EC_KBUF_PUB_MAX_SIZE];
	uint8_t one[KEYS_PRIVATE] = { [KEYS_PRIVATE - 1U] = 1 };

	memset(t, 0, sizeof(*t));
	r->keys = *keys;
	r->own = (br_ec_private_key){ CURVE, r->keys.own, KEYS_PRIVATE };
	if (!tls_in_range(r->keys.own) ||
	    br_ec_compute_pub(&br_ec_p256_m31, &own, point, &r->own) != KEYS_PUBLIC)
		return "the private key is no number of the curve";
	/* The point, once: so the library looks whether it is one. */
	memcpy(r->in, r->keys.peer, KEYS_PUBLIC);
	if (br_ec_p256_m31.mul(r->in, KEYS_PUBLIC, one, sizeof(one), CURVE) != 1U)
		return "the peer's public key is no point of the curve";
	if (memcmp(point, r->keys.peer, KEYS_PUBLIC) == 0)
		return "the peer's public key is this side's own";
	r->leads = memcmp(point, r->keys.peer, KEYS_PUBLIC) < 0;
	peer = (br_ec_public_key){ CURVE, r->keys.peer, KEYS_PUBLIC };
	br_x509_knownkey_init_ec(&r->peer, &peer, BR_KEYTYPE_SIGN);
	br_hmac_drbg_init(&r->random, &br_sha256_vtable, seed, size);
	/* What a seed that others may know lacks: the key is secret. */
	br_hmac_drbg_update(&r->random, r->keys.own, KEYS_PRIVATE);
	return NULL;
}

bool tls_leads(const struct tls *t)
{
	return tls_room(t)->leads;
}

/* What client and server have in common */
static void tls_set_engine(struct tls_room *r, br_ssl_engine_context *e, uint64_t time)
{
	static const uint16_t suites[] = { BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 };
	uint8_t seed[32];

	br_ssl_engine_set_versions(e, BR_TLS12, BR_TLS12);
	br_ssl_engine_set_suites(e, suites, 1);
	br_ssl_engine_set_ec(e, &br_ec_p256_m31);
	br_ssl_engine_set_ecdsa(e, br_ecdsa_i31_vrfy_asn1);
	br_ssl_engine_set_hash(e, br_sha256_ID, &br_sha256_vtable);
	br_ssl_engine_set_prf_sha256(e, br_tls12_sha256_prf);
	br_ssl_engine_set_chacha20(e, br_chacha20_ct_run);
	br_ssl_engine_set_poly1305(e, br_poly1305_ctmulq_run);
	br_ssl_engine_set_chapol(e, &br_sslrec_in_chapol_vtable, &br_sslrec_out_chapol_vtable);
	br_ssl_engine_set_x509(e, &r->peer.vtable);
	br_ssl_engine_add_flags(e, BR_OPT_NO_RENEGOTIATION | BR_OPT_ENFORCE_SERVER_PREFERENCES);
	br_ssl_engine_set_buffers_bidi(e, r->in, sizeof(r->in), r->out, sizeof(r->out));
	br_hmac_drbg_update(&r->random, &time, sizeof(time));
	br_hmac_drbg_generate(&r->random, seed, sizeof(seed));
	br_ssl_engine_inject_entropy(e, seed, sizeof(seed));
	memset(seed, 0, sizeof(seed));
}

static void tls_begin_client(struct tls_room *r, uint64_t time)
{
	br_ssl_client_context *c = &r->side.client;

	br_ssl_client_zero(c);
	r->engine = &c->eng;
	tls_set_engine(r, &c->eng, time);
	br_ssl_client_set_single_ec(c, tls_certificate(), 1, &r->own, BR_KEYTYPE_SIGN,
				    BR_KEYTYPE_EC, &br_ec_p256_m31, br_ecdsa_i31_sign_asn1);
	(void)br_ssl_client_reset(c, NULL, 0);
}

static void tls_begin_server(struct tls_room *r, uint64_t time)
{
	/* RFC 5280, 4.1.2.4: a name that is an empty sequence */
	static uint8_t empty[] = { 0x30, 0x00 };
	static const br_x500_name nobody = { empty, sizeof(empty) };
	br_ssl_server_context *s = &r->side.server;

	br_ssl_server_zero(s);
	r->engine = &s->eng;
	tls_set_engine(r, &s->eng, time);
	br_ssl_server_set_single_ec(s, tls_certificate(), 1, &r->own, BR_KEYTYPE_SIGN,
				    BR_KEYTYPE_EC, &br_ec_p256_m31, br_ecdsa_i31_sign_asn1);
	/* The library asks for the client's proof only if there is somebody who vouches for it. */
	br_ssl_server_set_trust_anchor_names(s, &nobody, 1);
	(void)br_ssl_server_reset(s);
}

void tls_begin(struct tls *t, uint64_t time)
{
	struct tls_room *r = tls_room(t);

	if (r->leads)
		tls_begin_client(r, time);
	else
		tls_begin_server(r, time);
}

void tls_end(struct tls *t)
{
	struct tls_room *r = tls_room(t);

	r->engine = NULL;
	memset(&r->side, 0, sizeof(r->side));
	memset(r->in, 0, sizeof(r->in));
	memset(r->out, 0, sizeof(r->out));
}

enum tls_state tls_state(const struct tls *t)
{
	const br_ssl_engine_context *e = tls_room(t)->engine;

	if (e == NULL || br_ssl_engine_current_state(e) == BR_SSL_CLOSED)
		return TLS_OVER;
	/* The library says so by room for what goes over, but for the time when that is full. */
	return e->application_data == 1 ? TLS_OPEN : TLS_SHAKES;
}

enum tls_why tls_why(const struct tls *t)
{
	const br_ssl_engine_context *e = tls_room(t)->engine;
	int error;

	if (tls_state(t) != TLS_OVER || e == NULL)
		return TLS_WHY_NONE;
	error = br_ssl_engine_last_error(e);
	if (error >= BR_ERR_RECV_FATAL_ALERT)
		return TLS_WHY_CLOSED;
	switch (error) {
	case BR_ERR_BAD_SIGNATURE:
	case BR_ERR_NO_CLIENT_AUTH:
		return TLS_WHY_KEY;
	case BR_ERR_OK:
		return TLS_WHY_CLOSED;
	case BR_ERR_BAD_MAC:
		return TLS_WHY_DAMAGED;
	default:
		return TLS_WHY_OTHER;
	}
}

/* Copy into a buffer of the engine, as far as it has room. Return: how many bytes it took */
static size_t tls_fill(const struct tls *t,
		       unsigned char *(*room_of)(const br_ssl_engine_context *, size_t *),
		       void (*ack)(br_ssl_engine_context *, size_t), const uint8_t *bytes,
		       size_t size)
{
	br_ssl_engine_context *e = tls_room(t)->engine;
	size_t room = 0;
	uint8_t *at = e == NULL ? NULL : room_of(e, &room);

	if (at == NULL || size == 0U)
		return 0;
	if (size > room)
		size = room;
	memcpy(at, bytes, size);
	ack(e, size);
	return size;
}

size_t tls_put(struct tls *t, const uint8_t *bytes, size_t size)
{
	return tls_fill(t, br_ssl_engine_recvrec_buf, br_ssl_engine_recvrec_ack, bytes, size);
}

const uint8_t *tls_ready(const struct tls *t, size_t *size)
{
	const br_ssl_engine_context *e = tls_room(t)->engine;

	*size = 0;
	return e == NULL ? NULL : br_ssl_engine_sendrec_buf(e, size);
}

void tls_sent(struct tls *t, size_t size)
{
	br_ssl_engine_sendrec_ack(tls_room(t)->engine, size);
}

size_t tls_write(struct tls *t, const uint8_t *bytes, size_t size)
{
	return tls_fill(t, br_ssl_engine_sendapp_buf, br_ssl_engine_sendapp_ack, bytes, size);
}

void tls_flush(struct tls *t)
{
	if (tls_state(t) == TLS_OPEN)
		br_ssl_engine_flush(tls_room(t)->engine, 0);
}

size_t tls_read(struct tls *t, uint8_t *bytes, size_t size)
{
	br_ssl_engine_context *e = tls_room(t)->engine;
	size_t there = 0;
	const uint8_t *at = e == NULL ? NULL : br_ssl_engine_recvapp_buf(e, &there);

	if (at == NULL || size == 0U)
		return 0;
	if (size > there)
		size = there;
	memcpy(bytes, at, size);
	br_ssl_engine_recvapp_ack(e, size);
	return size;
}
