/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own page tables, once translation is on. early.c has made the first of them.
 *
 * Everything but the direct map lies in the last 512 GiB. So the Sv39 root that early.c made serves
 * the wider modes too: the last entry of a wider root leads to it.
 *
 * It must never make a page both writable and executable, nor map the image a second time.
 */
#include "arch/riscv/probe/paging.h"

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "arch/riscv/csr.h"
#include "arch/riscv/early.h"
#include "arch/riscv/probe/paging_tables.h"
#include "arch/riscv/start.h"

/* A leaf for data. A and D are set, so no hart has to update them. */
#define FLAGS_RW (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)

/* Addresses that the stacks of one hart take, bytes */
#define STACK_SLOT (CONFIG_HART_STACK_SIZE + LAYOUT_TRAP_STACK_SIZE + 2U * PAGE_SIZE)

struct paging_tables paging_tables __attribute__((section(".noinit")));

/*
 * The boot hart alone writes it, before other harts start.
 * @root: root table; NULL until paging_window() or paging_init() has been called
 * @levels: levels of the mode in use
 * @direct: address of HPA 0 in the direct map
 * @limit: HPA after the last byte of the direct map
 * @mmio_next: where the next device's registers are mapped
 */
static struct {
	u64 *root;
	u32 levels;
	uintptr_t direct;
	u64 limit;
	uintptr_t mmio_next;
} paging = { .mmio_next = LAYOUT_MMIO };

static u64 paging_image_hpa(const void *va)
{
	return (uintptr_t)va - LAYOUT_IMAGE + start_info.image;
}

/* A table lies either in the image or in a frame of the direct map. */
static u64 paging_table_hpa(const u64 *table)
{
	return (uintptr_t)table >= LAYOUT_IMAGE ? paging_image_hpa(table)
						: (uintptr_t)table - paging.direct;
}

static u64 *paging_table_at(u64 pte)
{
	u64 hpa = pte_address(pte);

	if (hpa - start_info.image < start_info.image_size)
		return (u64 *)(uintptr_t)(hpa - start_info.image + LAYOUT_IMAGE);
	return (u64 *)(uintptr_t)(hpa + paging.direct);
}

/* Return: a table of zeros; NULL when there is no memory for one. */
static u64 *paging_table_take(void)
{
	u64 *table;
	hpa_t hpa;

	if (paging_tables.used < LAYOUT_TABLES) {
		table = paging_tables.entry[paging_tables.used];
		paging_tables.used++;
	} else if (paging_take_frames(PAGE_SIZE, &hpa) == CLV_OK) {
		table = (u64 *)(uintptr_t)(hpa.v + paging.direct);
	} else {
		return NULL;
	}
	memset(table, 0, PAGE_SIZE);
	return table;
}

static u64 paging_index_of(uintptr_t va, u32 level)
{
	return (va >> PTE_LEVEL_SHIFT(level)) & (PTE_TABLE_ENTRIES - 1U);
}

/*
 * Find the entry for @va at @level, and make the tables above it where there are none.
 * Return: the entry; NULL when there is no memory for a table.
 */
static u64 *paging_entry_at(uintptr_t va, u32 level)
{
	u64 *table = paging.root;

	for (u32 l = paging.levels - 1U; l > level; l--) {
		u64 *entry = &table[paging_index_of(va, l)];

		if ((*entry & PTE_V) == 0U) {
			u64 *next = paging_table_take();

			if (next == NULL)
				return NULL;
			*entry = pte_make(paging_table_hpa(next), PTE_V);
		}
		table = paging_table_at(*entry);
	}
	return &table[paging_index_of(va, level)];
}

/*
 * Return: the largest level up to @level whose leaf fits: @va and @hpa are aligned to it, and @size
 * bytes hold it.
 */
static u32 paging_fitting_level(u32 level, uintptr_t va, u64 hpa, u64 size)
{
	while (level > 0U &&
	       (!IS_ALIGNED(va | hpa, PTE_LEVEL_SIZE(level)) || size < PTE_LEVEL_SIZE(level)))
		level--;
	return level;
}

static int paging_map(uintptr_t va, u64 hpa, u64 size, u64 flags)
{
	while (size > 0U) {
		/*
		 * Leaves have 1 GiB at most. Larger ones of Sv48 would save nothing, and half of
		 * them would cover what is not RAM.
		 */
		u32 level = paging_fitting_level(2U, va, hpa, size);
		u64 *entry = paging_entry_at(va, level);

		if (entry == NULL)
			return CLV_ERR_NOMEM;
		*entry = pte_make(hpa, flags);
		va += PTE_LEVEL_SIZE(level);
		hpa += PTE_LEVEL_SIZE(level);
		size -= PTE_LEVEL_SIZE(level);
	}
	/* This hart may have cached that nothing was mapped here. */
	__asm__ volatile("sfence.vma" ::: "memory");
	return CLV_OK;
}

const void *paging_window(hpa_t base)
{
	u64 *table;

	paging.root = paging_tables.entry[0];
	paging.levels = 3U;
	/* Two leaves: at most 2 MiB are read, so what begins in the first may end in the second. */
	for (u64 i = 0; i < 2U; i++) {
		table = paging_entry_at(LAYOUT_WINDOW + i * PTE_LEVEL_SIZE(1), 1U);
		if (table == NULL)
			return NULL;
		*table = pte_make(ALIGN_DOWN(base.v, PTE_LEVEL_SIZE(1)) + i * PTE_LEVEL_SIZE(1),
				  PTE_V | PTE_R | PTE_A);
	}
	__asm__ volatile("sfence.vma" ::: "memory");
	return (const void *)(LAYOUT_WINDOW + (base.v & (PTE_LEVEL_SIZE(1) - 1U)));
}

static u64 paging_satp_of(u32 levels, const u64 *root)
{
	u64 mode = (u64)SATP_MODE_SV39 + levels - 3U;

	return (mode << SATP_MODE_SHIFT) | (paging_table_hpa(root) >> PAGE_SHIFT);
}

/*
 * Put a root of @levels above early.c's, with what lies between them, and try whether the hart
 * takes it. Return: true when the hart runs on it now.
 */
static bool paging_try_levels(u32 levels)
{
	u64 *root = paging_tables.entry[0];
	u64 satp;

	for (u32 l = 3U; l < levels; l++) {
		u64 *above = paging_table_take();

		if (above == NULL)
			return false;
		above[PTE_TABLE_ENTRIES - 1U] = pte_make(paging_table_hpa(root), PTE_V);
		root = above;
	}
	satp = paging_satp_of(levels, root);
	/* Walks from the new root on see what was stored there, as head.S does for the first. */
	__asm__ volatile("sfence.vma" ::: "memory");
	/* If the hart lacks the mode, satp stays as it was. Otherwise this code stays mapped. */
	csr_write(CSR_SATP, satp);
	if (csr_read(CSR_SATP) != satp)
		return false;
	paging.root = root;
	return true;
}

u64 paging_init(u64 top)
{
	u32 levels = 3U;

	/* Remove the window: nothing else maps what is neither image nor RAM nor a device. */
	paging.root = paging_tables.entry[0];
	paging.root[paging_index_of(LAYOUT_WINDOW, 2U)] = 0;
	for (u32 wider = 4U; wider <= 5U && paging_direct_size(levels) < top; wider++) {
		if (paging_try_levels(wider))
			levels = wider;
	}
	paging.levels = levels;
	paging.direct = (uintptr_t)0 - BIT64(PTE_LEVEL_SHIFT(levels) - 1U);
	paging.limit = paging_direct_size(levels);
	__asm__ volatile("sfence.vma" ::: "memory");
	return paging.limit;
}

const char *paging_mode_name(void)
{
	return paging.levels == 3U ? "sv39" : paging.levels == 4U ? "sv48" : "sv57";
}

uintptr_t paging_offset(void)
{
	return paging.direct;
}

u64 paging_satp(void)
{
	return paging_satp_of(paging.levels, paging.root);
}

int paging_map_ram(hpa_t base, u64 size)
{
	if (!IS_ALIGNED(base.v | size, PAGE_SIZE) || base.v + size < base.v ||
	    base.v + size > paging.limit)
		return CLV_ERR_INVAL;
	return paging_map(base.v + paging.direct, base.v, size, FLAGS_RW);
}

void *paging_map_mmio(hpa_t base, u64 size)
{
	u64 from = ALIGN_DOWN(base.v, PAGE_SIZE);
	u64 to = ALIGN_UP(base.v + size, PAGE_SIZE);
	uintptr_t va = paging.mmio_next;

	if (size == 0U || to <= from || to - from > LAYOUT_MMIO_END - va)
		return NULL;
	/* A device tree that places a device in the image must not make its text writable. */
	if (from < start_info.image + start_info.image_size && to > start_info.image)
		return NULL;
	if (paging_map(va, from, to - from, FLAGS_RW) != CLV_OK)
		return NULL;
	printk(PRINTK_DEBUG "device registers at 0x%lx, %lu KiB, are mapped at 0x%lx", from,
	       (to - from) >> 10, va);
	/* The unmapped page after each device catches accesses that run over its end. */
	paging.mmio_next = va + (to - from) + PAGE_SIZE;
	return (void *)(va + (base.v - from));
}

int paging_map_stack(u32 index, hpa_t frames, uintptr_t *stack, uintptr_t *trap_stack)
{
	/*
	 * A slot holds an unmapped page, the stack, an unmapped page and the trap stack. The next
	 * slot begins with an unmapped page again.
	 */
	uintptr_t va = LAYOUT_STACKS + index * STACK_SLOT + PAGE_SIZE;
	int err = paging_map(va, frames.v, CONFIG_HART_STACK_SIZE, FLAGS_RW);

	*stack = va;
	*trap_stack = va + CONFIG_HART_STACK_SIZE + PAGE_SIZE;
	if (err == CLV_OK)
		err = paging_map(*trap_stack, frames.v + CONFIG_HART_STACK_SIZE,
				 LAYOUT_TRAP_STACK_SIZE, FLAGS_RW);
	return err;
}

int paging_hpa(const void *va, hpa_t *out)
{
	const u64 *table = paging.root;

	if (table == NULL) {
		/* Only the image is mapped so far. */
		*out = HPA(paging_image_hpa(va));
		return CLV_OK;
	}
	for (u32 level = paging.levels; level-- > 0U;) {
		u64 pte = table[paging_index_of((uintptr_t)va, level)];

		if ((pte & PTE_V) == 0U)
			return CLV_ERR_FAULT;
		if (pte_is_leaf(pte)) {
			*out = HPA(pte_address(pte) +
				   ((uintptr_t)va & (PTE_LEVEL_SIZE(level) - 1U)));
			return CLV_OK;
		}
		table = paging_table_at(pte);
	}
	return CLV_ERR_FAULT;
}
