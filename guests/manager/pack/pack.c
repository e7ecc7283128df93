/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages as LZ4 blocks. */
#define LZ4_STATIC_LINKING_ONLY
#include <lz4.h>

#include "guests/manager/pack/pack.h"

/* lz4's table of where it has seen what: its size is that of LZ4_MEMORY_USAGE (Makefile). */
static LZ4_stream_t pack_state;

/*
 * The table is emptied when it has grown old, and not for each page. Entries of pages before are
 * never followed: lz4 knows by their offsets that they are older than this page.
 */
static size_t pack_page(const void *page, void *block, size_t most)
{
	return (size_t)LZ4_compress_fast_extState_fastReset(&pack_state, page, block,
							    (int)MIGRATE_PAGE, (int)most, 1);
}

static bool pack_unpack(const void *block, size_t size, void *page)
{
	return size <= MIGRATE_PACKED_MAX &&
	       LZ4_decompress_safe(block, page, (int)size, (int)MIGRATE_PAGE) == (int)MIGRATE_PAGE;
}

const struct migrate_pack *pack_lz4(void)
{
	static const struct migrate_pack pack = { .pack = pack_page, .unpack = pack_unpack };

	return LZ4_initStream(&pack_state, sizeof(pack_state)) != NULL ? &pack : NULL;
}
