/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's own page tables, which all its harts share, use and change at the same time.
 *
 * The root of Sv39 maps the GiB of the program where it is, and a GiB higher for user mode. Every
 * other entry, and all of the tables below, are drawn: leaves, pointers and nonsense. No leaf leads
 * to the program, so whatever is stored through them comes to the arena, to devices, or nowhere.
 * The roots of Sv48 and Sv57 have the one of Sv39 at their beginning.
 */
#include "tests/guests/wild/wild.h"

#define ENTRIES 512U
#define TABLES	6U

#define PTE_V	   UINT64_C(0x001)
#define PTE_R	   UINT64_C(0x002)
#define PTE_W	   UINT64_C(0x004)
#define PTE_X	   UINT64_C(0x008)
#define PTE_U	   UINT64_C(0x010)
#define PTE_G	   UINT64_C(0x020)
#define PTE_A	   UINT64_C(0x040)
#define PTE_D	   UINT64_C(0x080)
#define PTE_PBMT   (UINT64_C(3) << 61)
#define PTE_NAPOT  (UINT64_C(1) << 63)
#define PTE(pa)	   ((pa) >> 12 << 10)
#define PTE_OWN	   (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
#define LEAF_FLAGS (PTE_R | PTE_W | PTE_X | PTE_U | PTE_G | PTE_A | PTE_D)

#define SATP_MODE_SHIFT 60U
#define SATP_ASID_SHIFT 44U
#define SATP_SV39	8U

/* 0, 1, 2: the roots of Sv39, Sv48, Sv57; then what their entries point to */
static u64 tables[TABLES][ENTRIES] __attribute__((aligned(4096)));

static u64 draw_target(struct wild_hart *h)
{
	const u64 targets[] = {
		wild_arena(h),
		wild_arena(h),
		wild.arena + wild_below(h, 4U) * (UINT64_C(2) << 20),
		0,
		WILD_UART,
		WILD_PLIC + wild_below(h, WILD_PLIC_SIZE),
		WILD_NOWHERE,
		WILD_WINDOWS + wild_below(h, UINT64_C(16) << 20),
		wild.base + wild.size,
		UINT64_C(1) << 55 | random_next(&h->state),
	};

	return targets[wild_below(h, ARRAY_SIZE(targets))] & ~UINT64_C(0xfff) &
	       ((UINT64_C(1) << 56) - 1U);
}

static u64 draw_entry(struct wild_hart *h)
{
	u64 r = random_next(&h->state);
	u64 pointer = (u64)tables[3U + (r >> 8) % (TABLES - 3U)];
	u64 to = draw_target(h), leaf = PTE(to) | PTE_V | (r & LEAF_FLAGS);

	/* What lies in the arena is nothing to run. */
	if (to - wild.arena < WILD_ARENA_SIZE)
		leaf &= ~PTE_X;
	switch (r >> 60) {
	case 0:
		return 0;
	case 1:
		return PTE(draw_target(h)) | PTE_V; /* a table where there is none */
	case 2:
	case 3:
	case 4:
	case 5:
		return PTE(pointer) | PTE_V;
	case 6:
		return leaf | PTE_NAPOT | (UINT64_C(8) << 10); /* 64 KiB */
	case 7:
		return leaf | (r << 20 & PTE_PBMT);
	case 8:
		return leaf | (r & UINT64_C(0x1fc0000000000300)); /* reserved, or for software */
	default:
		return leaf | PTE_R | PTE_A | PTE_D;
	}
}

void wild_tables_change(struct wild_hart *h)
{
	u64 own = wild.base >> 30, n = 1U + wild_below(h, 8U);

	while (n-- > 0) {
		u64 t = wild_below(h, TABLES), i = wild_below(h, ENTRIES);

		/* Half of the draws go to where most addresses lead. */
		if (wild_below(h, 2U) != 0)
			i %= 8U;
		if ((t == 0 && (i == own || i == own + 1U)) || ((t == 1 || t == 2) && i == 0))
			continue;
		__atomic_store_n(&tables[t][i], draw_entry(h), __ATOMIC_RELAXED);
	}
}

void wild_tables_init(struct wild_hart *h)
{
	u64 own = wild.base >> 30, t, i;

	for (t = 0; t < TABLES; t++) {
		for (i = 0; i < ENTRIES; i++)
			tables[t][i] = draw_entry(h);
	}
	tables[0][own] = PTE(own << 30) | PTE_OWN;
	tables[0][own + 1U] = PTE(own << 30) | PTE_OWN | PTE_U;
	tables[1][0] = PTE((u64)tables[0]) | PTE_V;
	tables[2][0] = PTE((u64)tables[1]) | PTE_V;
}

/* A write of a mode that the hart does not have changes nothing: there is no translation then. */
u64 wild_satp(struct wild_hart *h)
{
	u64 r = random_next(&h->state), mode = (r >> 32) % 4U;

	if (mode == 3U)
		return 0;
	return (SATP_SV39 + mode) << SATP_MODE_SHIFT | (r & 0xffffU) << SATP_ASID_SHIFT |
	       (u64)tables[mode] >> 12;
}

u64 wild_user_alias(u64 pc, u64 satp)
{
	return satp == 0 ? pc : pc + WILD_GIB;
}
