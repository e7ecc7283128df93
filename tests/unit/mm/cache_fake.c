/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What mm/ asks of caches, for the host, where memory is plain.
 */
#include <string.h>
#include "tests/unit/mm/cache_fake.h"

_Thread_local struct cache_fake cache_fake;

void cache_zero(void *p, u64 len)
{
	memset(p, 0, len);
	cache_fake.zeroed += len;
}

void cache_write_back(const void *p, u64 len)
{
	cache_fake.written_back += len;
	cache_fake.last = p;
	cache_fake.last_len = len;
	cache_fake.last_word = 0;
	if (len >= sizeof(cache_fake.last_word))
		memcpy(&cache_fake.last_word, p, sizeof(cache_fake.last_word));
}
