/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the hypercalls of its boot arguments, and compares the answers.
 *
 * Each word `FN:A0,A1,...:ERROR:VALUE` is a call; numbers are hexadecimal. `b` in front of an
 * argument adds the address of a buffer; a missing argument is 0; an error is without its sign.
 */
#include "guests/lib/guest.h"

static u64 vectors_buffer[512] __attribute__((aligned(4096)));

/* Read a number, and move @at to the character after it. */
static u64 vectors_number(const char **at)
{
	u64 n = 0;

	if (**at == 'b') {
		n = (u64)vectors_buffer;
		(*at)++;
		return n + vectors_number(at);
	}
	for (;; (*at)++) {
		char c = **at;

		if (c >= '0' && c <= '9')
			n = n * 16U + (u64)(c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n * 16U + (u64)(c - 'a') + 10U;
		else
			return n;
	}
}

/* Make one call. Return: the character after it */
static const char *vectors_call(const char *at, u32 number)
{
	u64 fn = vectors_number(&at), a[6] = { 0 }, error, value;
	struct sbiret r;

	for (u32 i = 0; (*at == ':' && i == 0) || *at == ','; i++) {
		at++;
		a[i < 6U ? i : 5U] = vectors_number(&at);
	}
	at++;
	error = vectors_number(&at);
	at++;
	value = vectors_number(&at);
	r = cleave_call(fn, a[0], a[1], a[2], a[3], a[4], a[5]);
	check(r.error == -(long)error && (u64)r.value == value,
	      "row %u: function 0x%lx: %ld, 0x%lx", number, fn, r.error, (u64)r.value);
	return at;
}

void guest_main(unsigned long hartid, const void *fdt)
{
	const char *at = fdt_bootargs(fdt);

	(void)hartid;
	for (u32 number = 1; *at != '\0'; number++) {
		at = vectors_call(at, number);
		while (*at == ' ')
			at++;
	}
	finish();
}
