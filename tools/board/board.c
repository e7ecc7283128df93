/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a machine's device tree as the boot does. Here stands only what the boot does by other
 * means: the file instead of a1, and memory of this process instead of registers.
 */
#include "tools/board/board.h"

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "arch/riscv/aia.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/model/hart_out.h"
#include "arch/riscv/model/hart_tree.h"
#include "arch/riscv/probe/paging.h"
#include "core/machine/machine.h"
#include "core/machine/probe/driver.h"
#include "core/machine/uart.h"
#include "lib/fdt_index.h"
#include "lib/fdt_read.h"
#include "lib/text.h"
#include "tools/board/board_map.h"
#include "tools/board/board_say.h"

/* --- what drivers call ------------------------------------------------------------------------ */

void *paging_map_mmio(hpa_t base, u64 size)
{
	u64 from = ALIGN_DOWN(base.v, PAGE_SIZE);
	u64 to = ALIGN_UP(base.v + size, PAGE_SIZE);
	u8 *p;

	if (size == 0U || to <= from || to - from > LAYOUT_MMIO_END - LAYOUT_MMIO)
		return NULL;
	/* The page after each device is unmapped, as at boot. */
	p = mmap(NULL, to - from + PAGE_SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	(void)munmap(p + (to - from), PAGE_SIZE);
	return p + (base.v - from);
}

#ifdef CONFIG_AIA
/* What only a hart has: its interrupt file is taken to be as the tree says. */
void *imsic_pages[CONFIG_MAX_HARTS];

bool imsic_here(void)
{
	return true;
}

void imsic_set_file(u32 index, void *page, u32 ids)
{
	(void)ids;
	imsic_pages[index] = page;
}

bool imsic_start(void)
{
	return true;
}

u32 imsic_claim(u32 first, u32 nr)
{
	(void)first;
	(void)nr;
	return 0;
}

void imsic_drop(u32 end)
{
	(void)end;
}
#endif

void uart_register(const struct uart *uart)
{
	(void)uart;
}

/* There is one thread, so no lock is ever waited for. */
void spin_relax(void)
{
}

/* --- the file --------------------------------------------------------------------------------- */

void *board_file(const char *path, u64 *size)
{
	FILE *f = fopen(path, "rb");
	struct stat is = { .st_mode = 0 };
	void *data = NULL;
	long end;

	if (f == NULL)
		return NULL;
	/* A folder opens, and says that it is as long as a long can be. */
	if (fstat(fileno(f), &is) == 0 && S_ISDIR(is.st_mode))
		errno = EISDIR;
	else if (fseek(f, 0, SEEK_END) == 0 && (end = ftell(f)) >= 0 &&
		 fseek(f, 0, SEEK_SET) == 0) {
		*size = (u64)end;
		data = malloc(*size + 1U);
		if (data != NULL && fread(data, 1, *size, f) != *size) {
			free(data);
			data = NULL;
			errno = ferror(f) != 0 ? errno : EIO;
		}
	}
	(void)fclose(f);
	return data;
}

static bool board_read_tree(struct board *b)
{
	const char *unsafe;
	u64 size = 0;
	int err = -FDT_ERR_TRUNCATED;

	b->tree = board_file(b->path, &size);
	if (b->tree == NULL) {
		board_say_error("%s: %s", b->path, strerror(errno));
		return false;
	}
	unsafe = size < sizeof(struct fdt_header) ? NULL : fdt_read_unsafe(b->tree);
	if (unsafe != NULL) {
		board_say_error("%s: the device tree %s", b->path, unsafe);
		return false;
	}
	if (size >= sizeof(struct fdt_header))
		err = fdt_check_full(b->tree, size);
	if (err != 0 && size > strlen("/dts-v1/") && memcmp(b->tree, "/dts-v1/", 8) == 0) {
		board_say_error("%s is the source of a device tree; compile it: dtc -O dtb -o "
				"BOARD.dtb %s",
				b->path, b->path);
		return false;
	}
	if (err != 0) {
		board_say_error("%s is not a device tree: %s", b->path, fdt_read_error(err));
		return false;
	}
	if (fdt_totalsize(b->tree) <= MACHINE_TREE_MAX) {
		fdt_index_make(b->tree);
		return true;
	}
	board_say_error("%s: it says that it has %u bytes; allowed: %lu to %lu", b->path,
			fdt_totalsize(b->tree), sizeof(struct fdt_header), MACHINE_TREE_MAX);
	return false;
}

/* --- harts ------------------------------------------------------------------------------------ */

/* Levels of a cpu's mmu-type, 0: it does not say */
static u32 board_mmu_levels(const void *tree, int cpu)
{
	static const char *const mode[] = { "riscv,sv39", "riscv,sv48", "riscv,sv57" };
	const char *type = fdt_stringlist_get(tree, cpu, "mmu-type", 0, NULL);

	for (u32 i = 0; type != NULL && i < ARRAY_SIZE(mode); i++) {
		if (strcmp(type, mode[i]) == 0)
			return i + 3U;
	}
	return 0;
}

/* What all harts in use have: a cpu node that the boot has taken narrows it. */
static void board_read_modes(struct board *b)
{
	int cpus = fdt_path_offset(b->tree, "/cpus");
	bool silent = false;
	u32 least = 5;
	int cpu;
	u64 id;

	fdt_for_each_subnode (cpu, b->tree, cpus) {
		u32 levels = board_mmu_levels(b->tree, cpu);

		if (!hart_tree_usable(b->tree, cpu, &id))
			continue;
		silent = silent || levels == 0U;
		least = levels != 0U ? MIN(least, levels) : least;
	}
	b->mmu_levels = silent ? 0U : least;
}

/* Any hart may be the boot hart. The first that can be used stands for it. */
static bool board_choose_boot_hart(const struct board *b)
{
	int cpus = fdt_path_offset(b->tree, "/cpus");
	int cpu;
	u64 id;

	fdt_for_each_subnode (cpu, b->tree, cpus) {
		if (hart_tree_usable(b->tree, cpu, &id))
			return hart_add(id) != NULL;
	}
	board_say_error("%s: no hart that is enabled has the H extension (riscv,isa-extensions or "
			"riscv,isa of the nodes in /cpus): no guest can run",
			b->path);
	return false;
}

static bool board_read_harts(struct board *b)
{
	const char *why;

	if (!board_choose_boot_hart(b))
		return false;
	if (hart_tree_read(b->tree) != 0) {
		why = board_say_last();
		board_say_error("%s: %s", b->path, why != NULL ? why : "no harts");
		return false;
	}
	for (; b->nr_harts < hart_count(); b->nr_harts++)
		b->harts[b->nr_harts] = hart_get(b->nr_harts)->hartid;
	board_read_modes(b);
	return true;
}

/* --- memory ----------------------------------------------------------------------------------- */

static bool board_read_memory(struct board *b)
{
	u64 limit = b->mmu_levels == 0U ? UINT64_MAX : paging_direct_size(b->mmu_levels);
	const char *why;

	if (memmap_read(b->tree, &b->ram, &b->unused) != 0) {
		why = board_say_last();
		board_say_error("%s: %s", b->path, why != NULL ? why : "no memory");
		return false;
	}
	if (!memmap_contains(&b->unused, limit, 1))
		return true;
	board_say_note("memory above 0x%lx is not used: sv%u reaches no further", limit,
		       12U + 9U * b->mmu_levels);
	memmap_remove(&b->unused, limit, UINT64_MAX - limit);
	return true;
}

static void board_sum_memory(const struct board *b, struct config_machine *m)
{
	for (u32 i = 0; i < b->unused.nr; i++) {
		m->memory += b->unused.range[i].size;
		m->largest = MAX(m->largest, b->unused.range[i].size);
	}
}

/* --- all of it -------------------------------------------------------------------------------- */

static void board_make_machine(struct board *b)
{
	struct config_machine *m = &b->machine;

	*m = (struct config_machine){ .harts = b->harts,
				      .nr_harts = b->nr_harts,
				      .hart_out = hart_out_why,
				      .tree = b->tree,
				      .ram = b->ram.range,
				      .nr_ram = b->ram.nr,
				      .free = b->unused.range,
				      .nr_free = b->unused.nr };
	board_sum_memory(b, m);
	/* Harts with a mode have those below it (privileged specification, "satp", "hgatp"). */
	for (u32 levels = 3; levels <= b->mmu_levels; levels++)
		m->gstage_modes |= (u8)(1U << levels);
	m->no_aia = !isa_has(&hart_tree.isa, "ssaia");
	m->no_zicbom = hart_tree.cbom_block == 0U || !isa_has(&hart_tree.isa, "zicbom");
	for (u32 n = 0; irq_controller(n) != NULL; n++)
		m->plic[n] = irq_controller(n)->phandle;
}

bool board_read(struct board *b, const char *path)
{
	*b = (struct board){ .path = path };
	if (!board_read_tree(b) || !board_read_harts(b) || !board_read_memory(b))
		return false;
	(void)driver_probe_all(b->tree);
	board_own_console(path, b->tree);
	if (board_uart(b) < 0)
		board_say_note("no driver for a UART of this machine: the console is the "
			       "firmware's");
	if (irq_controller(0) == NULL)
		board_say_note("no driver for an interrupt controller of this machine: the console "
			       "is polled, and devices with interrupts cannot be given away");
	if (b->unused.nr == 0U) {
		board_say_error("%s: no memory: the firmware reserves all of it", path);
		return false;
	}
	board_make_machine(b);
	return true;
}

const char *board_string(const struct board *b, int node, const char *name, char *buf, size_t size)
{
	const char *text = fdt_stringlist_get(b->tree, node, name, 0, NULL);

	text_clean(buf, size, text != NULL ? text : "");
	return buf;
}

const char *board_path(const struct board *b, int node, char buf[CONFIG_PATH_LEN])
{
	char raw[CONFIG_PATH_LEN];

	if (node < 0 || fdt_get_path(b->tree, node, raw, (int)sizeof(raw)) != 0)
		(void)snprintf(raw, sizeof(raw), "a node with a long path");
	text_clean(buf, CONFIG_PATH_LEN, raw);
	return buf;
}

/* What has a driver and is no interrupt controller is the console. */
int board_uart(const struct board *b)
{
	int node = fdt_next_node(b->tree, -1, NULL);

	while (node >= 0 && (!driver_bound(node) ||
			     fdt_getprop(b->tree, node, "interrupt-controller", NULL) != NULL))
		node = fdt_next_node(b->tree, node, NULL);
	return node;
}

bool board_isa_has(const char *name)
{
	return isa_has(&hart_tree.isa, name);
}
