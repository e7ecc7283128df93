/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages that are packed for a link or a store: LZ4 blocks, by Debian's lz4 (deps/lz4).
 *
 * It allocates nothing: what lz4 needs to pack is static, and to unpack it needs nothing. One hart
 * calls it. What is unpacked may come from a stranger.
 */
#ifndef GUESTS_MANAGER_PACK_H
#define GUESTS_MANAGER_PACK_H

#include "guests/lib/migrate/migrate.h"

/** pack_lz4() - Return: how an engine packs and unpacks; NULL: built without lz4 */
const struct migrate_pack *pack_lz4(void);

#endif
