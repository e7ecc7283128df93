/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bit operations for the hot loops over bitmaps. The base ISA has no instructions that count bits,
 * and what the compiler would use instead are calls of functions that loop.
 */
#ifndef MM_BITS_H
#define MM_BITS_H

#include <cleave/types.h>

/** bits_mask() - Return: @count ones (0 to 64) from bit @first on; @first + @count <= 64 */
static inline u64 bits_mask(u32 first, u32 count)
{
	return count == 0U ? 0U : (~UINT64_C(0) >> (64U - count)) << first;
}

/** bits_count() - Return: number of ones in @x */
static inline u64 bits_count(u64 x)
{
	if (x == ~UINT64_C(0))
		return 64U;
	/*
	 * First sums of 2 bits, then of 4, then of 8, all of them side by side. The product adds
	 * the eight sums of 8 bits up in the top byte.
	 */
	x -= (x >> 1) & UINT64_C(0x5555555555555555);
	x = (x & UINT64_C(0x3333333333333333)) + ((x >> 2) & UINT64_C(0x3333333333333333));
	x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (x * UINT64_C(0x0101010101010101)) >> 56;
}

/* For bits_lowest(): the bit number that belongs to each value of the top six bits. */
extern const u8 bits_debruijn_table[64];

/**
 * bits_lowest() - Return: number of the lowest one of @x
 * @x: not 0
 *
 * The lowest one alone, multiplied by a de Bruijn sequence, gives a product whose top six bits
 * differ for each of the 64 places that the one can have.
 */
static inline u32 bits_lowest(u64 x)
{
	return bits_debruijn_table[((x & (~x + 1U)) * UINT64_C(0x03f79d71b4cb0a89)) >> 58];
}

/**
 * bits_fill() - write @value to @words words
 *
 * A harvest of a GiB in which nothing is dirty spends its time here, so it writes 32 words a turn.
 */
void bits_fill(u64 *to, u64 words, u64 value);

/** bits_zero() - write zeros to @words words */
static inline void bits_zero(u64 *to, u64 words)
{
	bits_fill(to, words, 0);
}

#endif
