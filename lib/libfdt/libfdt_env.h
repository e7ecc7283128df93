/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libfdt needs from its surroundings: big-endian types, and the C library's string functions.
 *
 * libfdt leaves this header to whoever embeds it. A copy of libfdt in another project's package
 * brings a header for that project. Setup removes it, so that the libfdt of any package builds
 * here, for a hart and for the host.
 */
#ifndef LIBFDT_ENV_H
#define LIBFDT_ENV_H

/*
 * ASSUME_LATEST of libfdt_internal.h: nothing asks for each node whether the tree has a version
 * before 17. fdt_read_unsafe() refuses what is not of version 17, before libfdt sees it.
 */
#define FDT_ASSUME_MASK 4

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "device trees are big-endian, and only little-endian harts and hosts are known here"
#endif

typedef uint16_t fdt16_t;
typedef uint32_t fdt32_t;
typedef uint64_t fdt64_t;

static inline uint16_t fdt16_to_cpu(fdt16_t x)
{
	return __builtin_bswap16(x);
}

static inline fdt16_t cpu_to_fdt16(uint16_t x)
{
	return __builtin_bswap16(x);
}

static inline uint32_t fdt32_to_cpu(fdt32_t x)
{
	return __builtin_bswap32(x);
}

static inline fdt32_t cpu_to_fdt32(uint32_t x)
{
	return __builtin_bswap32(x);
}

static inline uint64_t fdt64_to_cpu(fdt64_t x)
{
	return __builtin_bswap64(x);
}

static inline fdt64_t cpu_to_fdt64(uint64_t x)
{
	return __builtin_bswap64(x);
}

#endif
