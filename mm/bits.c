/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table and the loop of mm/bits.h.
 */
#include "mm/bits.h"

/* The entry at ((1 << n) * sequence) >> 58 holds n. */
const u8 bits_debruijn_table[64] = {
	0,  1,	48, 2,	57, 49, 28, 3,	61, 58, 50, 42, 38, 29, 17, 4,	62, 55, 59, 36, 53, 51,
	43, 22, 45, 39, 33, 30, 24, 18, 12, 5,	63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21,
	44, 32, 23, 11, 46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,	13, 8,	7,  6,
};

void bits_fill(u64 *to, u64 words, u64 value)
{
	/*
	 * Volatile keeps the compiler from replacing the loop with a call of memset(), which knows
	 * less about size and alignment.
	 */
	volatile u64 *p = to;
	volatile u64 *end = p + words;

	for (volatile u64 *whole = p + words / 32U * 32U; p != whole; p += 32) {
		p[0] = value;
		p[1] = value;
		p[2] = value;
		p[3] = value;
		p[4] = value;
		p[5] = value;
		p[6] = value;
		p[7] = value;
		p[8] = value;
		p[9] = value;
		p[10] = value;
		p[11] = value;
		p[12] = value;
		p[13] = value;
		p[14] = value;
		p[15] = value;
		p[16] = value;
		p[17] = value;
		p[18] = value;
		p[19] = value;
		p[20] = value;
		p[21] = value;
		p[22] = value;
		p[23] = value;
		p[24] = value;
		p[25] = value;
		p[26] = value;
		p[27] = value;
		p[28] = value;
		p[29] = value;
		p[30] = value;
		p[31] = value;
	}
	while (p != end)
		*p++ = value;
}
