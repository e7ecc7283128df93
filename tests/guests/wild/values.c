/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers and addresses: those that lie at an edge, and others. */
#include "tests/guests/wild/wild.h"

u64 wild_arena(struct wild_hart *h)
{
	return wild.arena + PAGE_SIZE + wild_below(h, WILD_ARENA_SIZE - 2U * PAGE_SIZE);
}

u64 wild_value(struct wild_hart *h)
{
	const u64 end = wild.base + wild.size;
	const u64 values[] = {
		0,
		1,
		2,
		3,
		7,
		8,
		63,
		64,
		65,
		511,
		512,
		2048,
		4095,
		4096,
		4097,
		end,
		end - 1U,
		end - 8U,
		end - PAGE_SIZE,
		end + 1U,
		wild.base,
		wild.base - 1U,
		wild.base - 8U,
		WILD_UART,
		WILD_PLIC,
		WILD_NOWHERE,
		WILD_WINDOWS,
		CLEAVE_VM_SELF,
		h->answer,
		UINT32_MAX,
		INT64_MAX,
		UINT64_MAX,
		UINT64_MAX - 7U,
		UINT64_MAX - 4095U,
	};
	u64 r = random_next(&h->state);

	switch (r >> 60) {
	case 0:
		return random_next(&h->state);
	case 1:
		return UINT64_C(1) << (r & 63U);
	case 2:
	case 3:
		return wild_arena(h) & ~UINT64_C(7);
	case 4:
		return r & 0xfffU;
	default:
		return values[(r >> 8) % ARRAY_SIZE(values)];
	}
}

static u64 draw_address(struct wild_hart *h)
{
	u64 r = random_next(&h->state), at = r & UINT32_MAX;

	switch (r >> 60) {
	case 0:
	case 1:
	case 2:
		return WILD_UART + at % (WILD_UART_SIZE + 16U) - 8U;
	case 3:
	case 4:
	case 5:
		/* Where it has registers, at its ends, anywhere. */
		if ((r & 0x100000000U) != 0)
			return WILD_PLIC + at % WILD_PLIC_SIZE;
		if ((r & 0x200000000U) != 0)
			return WILD_PLIC + 0x200000U + at % 0x4000U;
		return WILD_PLIC - 8U + at % 0x4010U + ((r & 0x400000000U) != 0 ? 0x5fc000U : 0U);
	case 6:
		return WILD_NOWHERE + at;
	case 7:
		return WILD_WINDOWS + at % (UINT64_C(16) << 20);
	case 8:
		/* Both ends of memory. A store below the end comes to the arena. */
		return wild.base + ((r & 0x100000000U) != 0 ? wild.size - 8U : UINT64_MAX - 15U) +
		       at % 8U;
	case 9:
		return random_next(&h->state) >> (r & 63U);
	case 10:
		/* What is no address of its own without translation is one with it. */
		return (at % 512U) << 30 | (random_next(&h->state) & 0x3fffffffU);
	default:
		return wild_arena(h);
	}
}

/*
 * Return: whether @at is the program's own, by the mapping of all its memory, or by the one for
 * user mode, which is a GiB higher (tables.c).
 */
static bool own_ground(u64 at)
{
	u64 first = wild.base - PAGE_SIZE, size = wild.size - WILD_ARENA_SIZE + 2U * PAGE_SIZE;

	return at - first < size || at - first - WILD_GIB < size;
}

u64 wild_address(struct wild_hart *h)
{
	u64 at = draw_address(h);

	return own_ground(at) ? wild_arena(h) : at;
}
