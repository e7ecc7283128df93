/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the file with the keys. */
#include "guests/manager/secure/keys.h"

#include <cleave/string.h>

#define DASHES	"-----"
#define BEGIN	DASHES "BEGIN "
#define END	DASHES "END "
#define DER_MAX 192U /* bytes of the longest key that is taken */

/*
 * What stands around a key. The curve is always the same, and so every form has one length and one
 * beginning: SEC 1 (RFC 5915) and PKCS #8 (RFC 5958) with the public key in them, and
 * SubjectPublicKeyInfo (RFC 5480) with an uncompressed point.
 */
#define OID_EC	 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01
#define OID_P256 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07

static const uint8_t keys_sec1[] = { 0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20 };
static const uint8_t keys_sec1_after[] = { 0xa0, 0x0a, OID_P256, 0xa1, 0x44, 0x03, 0x42, 0x00 };
static const uint8_t keys_pkcs8[] = { 0x30, 0x81,   0x87,     0x02, 0x01, 0x00, 0x30,
				      0x13, OID_EC, OID_P256, 0x04, 0x6d, 0x30, 0x6b,
				      0x02, 0x01,   0x01,     0x04, 0x20 };
static const uint8_t keys_pkcs8_after[] = { 0xa1, 0x44, 0x03, 0x42, 0x00 };
static const uint8_t keys_spki[] = { 0x30, 0x59, 0x30, 0x13, OID_EC, OID_P256, 0x03, 0x42, 0x00 };

/**
 * struct keys_form - how a block of the file looks
 * @label: what stands after BEGIN
 * @head, @tail: what stands before and after the private key; a point follows
 */
struct keys_form {
	const char *label;
	const uint8_t *head;
	size_t head_size;
	const uint8_t *tail;
	size_t tail_size;
};

static const struct keys_form keys_forms[] = {
	{ "EC PRIVATE KEY" DASHES, keys_sec1, sizeof(keys_sec1), keys_sec1_after,
	  sizeof(keys_sec1_after) },
	{ "PRIVATE KEY" DASHES, keys_pkcs8, sizeof(keys_pkcs8), keys_pkcs8_after,
	  sizeof(keys_pkcs8_after) },
	{ "PUBLIC KEY" DASHES, keys_spki, sizeof(keys_spki), NULL, 0 },
};
#define FORMS (sizeof(keys_forms) / sizeof(keys_forms[0]))

/**
 * struct keys_text - the file, as it is read
 * @at, @end: what has not been read yet
 * @own, @peer: such a key was read
 */
struct keys_text {
	const char *at;
	const char *end;
	bool own;
	bool peer;
};

static bool keys_begins(const struct keys_text *t, const char *with)
{
	size_t n = strlen(with);

	return (size_t)(t->end - t->at) >= n && memcmp(t->at, with, n) == 0;
}

/* Go behind the end of the line. Return: false when the file ends before that. */
static bool keys_next_line(struct keys_text *t)
{
	while (t->at != t->end) {
		if (*t->at++ == '\n')
			return true;
	}
	return false;
}

/* Return: the value of a character of base64 (RFC 4648, section 4); -1: it is none */
static int keys_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/*
 * Read base64 up to the line that ends the block.
 * Return: bytes in @der; 0: it is no base64, has no end, or is longer than any key.
 */
static size_t keys_base64(struct keys_text *t, uint8_t der[DER_MAX])
{
	uint32_t bits = 0, n = 0, pad = 0;
	size_t size = 0;

	for (; t->at != t->end && !keys_begins(t, END); t->at++) {
		int digit = keys_digit(*t->at);

		if (*t->at == '\n' || *t->at == '\r')
			continue;
		if ((digit < 0 && *t->at != '=') || (digit >= 0 && pad != 0U) ||
		    size + 3U > DER_MAX)
			return 0;
		pad += digit < 0 ? 1U : 0U;
		bits = bits << 6 | (digit < 0 ? 0U : (uint32_t)digit);
		if (++n % 4U != 0U)
			continue;
		der[size++] = (uint8_t)(bits >> 16);
		der[size++] = (uint8_t)(bits >> 8);
		der[size++] = (uint8_t)bits;
	}
	if (t->at == t->end || n % 4U != 0U || pad > 2U || size < 3U)
		return 0;
	return size - pad;
}

/* Take the key of a block of @form, whose @size bytes are @der. */
static const char *keys_take(struct keys_text *t, const struct keys_form *form, const uint8_t *der,
			     size_t size, struct keys *keys)
{
	bool own = form->tail != NULL;
	size_t middle = form->head_size + (own ? KEYS_PRIVATE : 0U);
	const uint8_t *point = der + middle + form->tail_size;

	if (size == 0U)
		return "a key is cut short, too long or no base64";
	if (size != middle + form->tail_size + KEYS_PUBLIC ||
	    memcmp(der, form->head, form->head_size) != 0 || *point != 4U ||
	    (own && memcmp(der + middle, form->tail, form->tail_size) != 0))
		return "a key is not of the curve P-256 (prime256v1), or does not have its public "
		       "key with it, uncompressed";
	if (own ? t->own : t->peer)
		return own ? "there are two private keys" : "there are two public keys";
	if (own)
		memcpy(keys->own, der + form->head_size, KEYS_PRIVATE);
	else
		memcpy(keys->peer, point, KEYS_PUBLIC);
	t->own = t->own || own;
	t->peer = t->peer || !own;
	return NULL;
}

/* Read the block that begins here. */
static const char *keys_block(struct keys_text *t, struct keys *keys)
{
	static uint8_t der[DER_MAX];
	const char *wrong = NULL;

	t->at += strlen(BEGIN);
	/* openssl ecparam writes the curve's name before the key. */
	if (keys_begins(t, "EC PARAMETERS" DASHES))
		return NULL;
	for (size_t i = 0; i < FORMS; i++) {
		if (!keys_begins(t, keys_forms[i].label))
			continue;
		if (!keys_next_line(t))
			return "a key is cut short";
		wrong = keys_take(t, &keys_forms[i], der, keys_base64(t, der), keys);
		memset(der, 0, sizeof(der));
		return wrong;
	}
	return "a block is neither PRIVATE KEY, EC PRIVATE KEY nor PUBLIC KEY; a key with a "
	       "password cannot be used";
}

static const char *keys_all(struct keys *keys, const char *text, size_t size)
{
	struct keys_text t = { .at = text, .end = text + size };
	const char *wrong;

	while (t.at != t.end) {
		if (keys_begins(&t, BEGIN)) {
			wrong = keys_block(&t, keys);
			if (wrong != NULL)
				return wrong;
		}
		(void)keys_next_line(&t);
	}
	if (!t.own)
		return "there is no private key, which begins with \"" BEGIN "PRIVATE KEY" DASHES
		       "\"";
	return t.peer ? NULL
		      : "there is no public key of the peer, which begins with \"" BEGIN
			"PUBLIC KEY" DASHES "\"";
}

const char *keys_read(struct keys *keys, const char *text, size_t size)
{
	const char *wrong;

	memset(keys, 0, sizeof(*keys));
	wrong = keys_all(keys, text, size);
	if (wrong != NULL)
		memset(keys, 0, sizeof(*keys));
	return wrong;
}
