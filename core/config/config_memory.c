/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest-physical addresses against a partition's memory ranges. No sum here may wrap unnoticed.
 */
#include "core/config/config_memory.h"

/* Return: bytes from @base to the end of the range that holds it; 0: no range does */
static u64 config_memory_left(const struct config_memory *memory, u32 nr, u64 base)
{
	for (u32 i = 0; i < nr; i++) {
		u64 offset = base - memory[i].gpa;

		if (base >= memory[i].gpa && offset < memory[i].size)
			return memory[i].size - offset;
	}
	return 0;
}

bool config_memory_holds(const struct config_memory *memory, u32 nr, u64 base, u64 len)
{
	while (len != 0U) {
		u64 left = config_memory_left(memory, nr, base);

		if (left == 0U)
			return false;
		if (left >= len)
			return true;
		len -= left;
		/* A range that ends with the address space has no neighbour: the sum is 0. */
		if (base + left < base)
			return false;
		base += left;
	}
	return true;
}

bool config_memory_holds_code(const struct config_memory *memory, u32 nr, u64 pc)
{
	return (pc & 1U) == 0U && config_memory_holds(memory, nr, pc, 2U);
}

u64 config_memory_bytes(const struct config_memory *memory, u32 nr)
{
	u64 bytes = 0;

	for (u32 i = 0; i < nr; i++)
		bytes += memory[i].size;
	return bytes;
}
