/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * C code that runs before address translation, at the physical address that the image was loaded
 * to. It builds the tables that map the image, with the permissions that the image keeps for ever.
 *
 * It must never use an absolute address: it has no pointers in static data, and no switch that
 * becomes a jump table. The compiler addresses symbols relative to pc (-mcmodel=medany), so here
 * their addresses are physical.
 */
#include <abi/sbi.h>
#include <cleave/string.h>
#include "arch/riscv/csr.h"
#include "arch/riscv/early.h"
#include "arch/riscv/firmware.h"
#include "arch/riscv/probe/paging_tables.h"
#include "arch/riscv/pte.h"

void early_die(const char *text)
{
	size_t len = strlen(text);
	/* There is no translation yet, so a pointer is a physical address, which DBCN wants. */
	struct firmware_result r =
		firmware_call(SBI_EID_DBCN, SBI_DBCN_CONSOLE_WRITE, len, (uintptr_t)text, 0);

	if (r.error != SBI_SUCCESS) {
		for (size_t i = 0; i < len; i++)
			(void)firmware_call(SBI_EID_LEGACY_CONSOLE_PUTCHAR, 0, (u8)text[i], 0, 0);
	}
	(void)firmware_call(SBI_EID_SRST, SBI_SRST_SYSTEM_RESET, SBI_RESET_SHUTDOWN,
			    SBI_REASON_FAILURE, 0);
	(void)firmware_call(SBI_EID_LEGACY_SHUTDOWN, 0, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}

static u64 *early_table_take(void)
{
	u64 *table = paging_tables.entry[paging_tables.used];

	paging_tables.used++;
	memset(table, 0, PAGE_SIZE);
	return table;
}

/* Return: the table below entry @index of @table; it is made if there is none. */
static u64 *early_descend(u64 *table, u64 index)
{
	u64 *next;

	if ((table[index] & PTE_V) != 0U)
		return (u64 *)pte_address(table[index]);
	next = early_table_take();
	table[index] = pte_make((uintptr_t)next, PTE_V);
	return next;
}

/*
 * Map a part of the image at its link address.
 * @image: physical address of the image's first byte
 * @from, @to: physical addresses of the part's first byte and of the byte after its last
 */
static void early_map_part(u64 *root, uintptr_t image, const u8 *from, const u8 *to, u64 flags)
{
	for (uintptr_t pa = (uintptr_t)from; pa < (uintptr_t)to; pa += PAGE_SIZE) {
		u64 va = pa - image + LAYOUT_IMAGE;
		u64 *table =
			early_descend(root, (va >> PTE_LEVEL_SHIFT(2)) & (PTE_TABLE_ENTRIES - 1U));

		table = early_descend(table, (va >> PTE_LEVEL_SHIFT(1)) & (PTE_TABLE_ENTRIES - 1U));
		table[(va >> PTE_LEVEL_SHIFT(0)) & (PTE_TABLE_ENTRIES - 1U)] = pte_make(pa, flags);
	}
}

u64 early_map(uintptr_t image)
{
	u64 *root;

	if (!IS_ALIGNED(image, MIB(2)))
		early_die("cleave| the image was not loaded to a 2 MiB-aligned address: shutting "
			  "down\r\n");
	paging_tables.used = 0;
	root = early_table_take();
	/* A and D are set from the start: a hart without Svadu would fault to have them set. */
	early_map_part(root, image, image_start, image_text_end, PTE_V | PTE_R | PTE_X | PTE_A);
	early_map_part(root, image, image_text_end, image_rodata_end, PTE_V | PTE_R | PTE_A);
	early_map_part(root, image, image_rodata_end, image_data_end,
		       PTE_V | PTE_R | PTE_W | PTE_A | PTE_D);
	early_map_part(root, image, image_archive_end, image_guard0,
		       PTE_V | PTE_R | PTE_W | PTE_A | PTE_D);
	early_map_part(root, image, boot_stack_bottom, boot_stack_top,
		       PTE_V | PTE_R | PTE_W | PTE_A | PTE_D);
	early_map_part(root, image, boot_trap_stack_bottom, image_end,
		       PTE_V | PTE_R | PTE_W | PTE_A | PTE_D);
	return ((u64)SATP_MODE_SV39 << SATP_MODE_SHIFT) | ((uintptr_t)root >> PAGE_SHIFT);
}
