/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether guest-physical addresses lie in a partition's memory, and how much that is.
 *
 * Addresses may be any 64-bit values: they come from guests and from state records.
 */
#ifndef CORE_CONFIG_MEMORY_H
#define CORE_CONFIG_MEMORY_H

#include <cleave/types.h>
#include "core/config/config.h"

/**
 * config_memory_holds() - does a range lie in the partition's memory?
 * @memory: @nr memory ranges, disjoint, in any order; the range may cross from one into the next
 * @base: first address of the range, GPA
 * @len: bytes; a range of 0 bytes lies anywhere
 */
bool config_memory_holds(const struct config_memory *memory, u32 nr, u64 base, u64 len);

/**
 * config_memory_holds_code() - can a hart fetch an instruction there?
 * @memory: as for config_memory_holds()
 * @pc: GPA
 * Return: true when @pc is even and the two bytes there are memory.
 */
bool config_memory_holds_code(const struct config_memory *memory, u32 nr, u64 pc);

/** config_memory_bytes() - Return: bytes of @nr memory ranges that config_parse() accepted */
u64 config_memory_bytes(const struct config_memory *memory, u32 nr);

#endif
