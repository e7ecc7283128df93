/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Caches for the host: arch/riscv/cache.h with counters, for what is written back and when.
 */
#ifndef TESTS_UNIT_MM_CACHE_FAKE_H
#define TESTS_UNIT_MM_CACHE_FAKE_H

#include "arch/riscv/cache.h"

/**
 * struct cache_fake - the calls so far
 * @zeroed, @written_back: bytes
 * @last, @last_len: what was written back last
 * @last_word: the eight bytes that lay at @last when it was written back; 0 if it is shorter
 */
struct cache_fake {
	u64 zeroed;
	u64 written_back;
	const void *last;
	u64 last_len;
	u64 last_word;
};

/* Each thread of a test has its own. */
extern _Thread_local struct cache_fake cache_fake;

#endif
