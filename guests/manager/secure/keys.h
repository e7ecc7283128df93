/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file with the keys of a secured link: in PEM, as openssl writes it, this side's private key
 * and the peer's public key, both of the curve P-256. docs/migration.md says how to make it.
 *
 * The file is part of the boot archive, but still it is only bytes: nothing is believed before it
 * was looked at, and nothing outside of it is read. Whether a key is a number or a point of the
 * curve is for the TLS library to say.
 *
 * Builds for the host too: cleave-check reads the same file with the same code.
 */
#ifndef GUESTS_MANAGER_SECURE_KEYS_H
#define GUESTS_MANAGER_SECURE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYS_PRIVATE 32U /* bytes of a private key */
#define KEYS_PUBLIC  65U /* bytes of a point: 4, x, y */

/* It stands in the image of a manager that takes such a file as its initrd. */
#define KEYS_MARK "cleave,link-keys"

/**
 * struct keys - what the file holds
 * @own: this side's private key, big-endian
 * @peer: the peer's public key
 */
struct keys {
	uint8_t own[KEYS_PRIVATE];
	uint8_t peer[KEYS_PUBLIC];
};

/**
 * keys_read() - read the @size bytes of the file @text
 * Return: NULL when it is right; else a clause that says what is wrong. @keys is then zero.
 */
const char *keys_read(struct keys *keys, const char *text, size_t size);

#endif
