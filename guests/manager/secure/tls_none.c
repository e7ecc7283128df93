/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands for tls.c in a manager that was built without BearSSL: there is never a session, and
 * whoever asks first (tls_there()) refuses the link.
 */
#include "guests/manager/secure/tls.h"

bool tls_there(void)
{
	return false;
}

const char *tls_init(struct tls *t, const struct keys *keys, const void *seed, size_t size)
{
	(void)t;
	(void)keys;
	(void)seed;
	(void)size;
	return "this manager was built without BearSSL";
}

bool tls_leads(const struct tls *t)
{
	(void)t;
	return false;
}

void tls_begin(struct tls *t, uint64_t time)
{
	(void)t;
	(void)time;
}

void tls_end(struct tls *t)
{
	(void)t;
}

enum tls_state tls_state(const struct tls *t)
{
	(void)t;
	return TLS_OVER;
}

enum tls_why tls_why(const struct tls *t)
{
	(void)t;
	return TLS_WHY_OTHER;
}

size_t tls_put(struct tls *t, const uint8_t *bytes, size_t size)
{
	(void)t;
	(void)bytes;
	(void)size;
	return 0;
}

const uint8_t *tls_ready(const struct tls *t, size_t *size)
{
	(void)t;
	*size = 0;
	return NULL;
}

void tls_sent(struct tls *t, size_t size)
{
	(void)t;
	(void)size;
}

size_t tls_write(struct tls *t, const uint8_t *bytes, size_t size)
{
	(void)t;
	(void)bytes;
	(void)size;
	return 0;
}

void tls_flush(struct tls *t)
{
	(void)t;
}

size_t tls_read(struct tls *t, uint8_t *bytes, size_t size)
{
	(void)t;
	(void)bytes;
	(void)size;
	return 0;
}
