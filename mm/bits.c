/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables and loops of mm/bits.h.
 */
#include "mm/bits.h"

/* Entry (1 << n) * sequence >> 58 holds n. */
const u8 bits_debruijn_table[64] = {
	0,  1,	48, 2,	57, 49, 28, 3,	61, 58, 50, 42, 38, 29, 17, 4,	62, 55, 59, 36, 53, 51,
	43, 22, 45, 39, 33, 30, 24, 18, 12, 5,	63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21,
	44, 32, 23, 11, 46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,	13, 8,	7,  6,
};

void bits_zero(u64 *to, u64 words)
{
	u64 *end = to + words;

	/* Volatile: the compiler must not make a call of memset() out of it, which knows less about size and alignment. */
	for (; end - to >= 16; to += 16) {
		volatile u64 *p = to;

		p[0] = 0;
		p[1] = 0;
		p[2] = 0;
		p[3] = 0;
		p[4] = 0;
		p[5] = 0;
		p[6] = 0;
		p[7] = 0;
		p[8] = 0;
		p[9] = 0;
		p[10] = 0;
		p[11] = 0;
		p[12] = 0;
		p[13] = 0;
		p[14] = 0;
		p[15] = 0;
	}
	for (; to < end; to++)
		*(volatile u64 *)to = 0;
}
