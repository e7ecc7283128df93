/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree that a guest gets, written from front to back with libfdt's sequential functions.
 *
 * What it says must be true, because a guest believes it. It must never hold anything that differs
 * from boot to boot (seeds, times), so that a run can be repeated. A manager alone gets the
 * firmware's seed.
 *
 * Sources: Devicetree Specification 0.4; the Linux bindings riscv/cpus, riscv/extensions,
 * serial/8250 and interrupt-controller/sifive,plic-1.0.0.
 */
#include "core/config/guest_fdt_internal.h"

#include <libfdt.h>

#include <cleave/errno.h>
#include <cleave/string.h>
#include "lib/fdt_read.h"

/*
 * Phandles: one for the PLIC, then one for each cpu's interrupt controller. Where a tree is merged
 * in, they are so high that none of dtc's, which count from 1, is the same.
 */
#define PHANDLE_PLIC   1U
#define PHANDLE_CPU_0  2U
#define PHANDLE_MERGED 0x80000000U

/* External interrupts: their numbers in scause and mcause (privileged specification, "mcause") */
#define IRQ_S_EXT 9U
#define IRQ_M_EXT 11U

#define IRQ_LEVEL_HIGH 4U

#define UART_PATH "/soc/serial@10000000"

/*
 * Find the next extension of an ISA string without "rv64": a letter, or a name between underscores.
 */
static const char *guest_fdt_next_extension(const char *isa, u32 *len)
{
	bool named = isa[0] == '_';

	while (*isa == '_')
		isa++;
	*len = *isa == '\0' ? 0U : 1U;
	while (named && isa[*len] != '\0' && isa[*len] != '_')
		(*len)++;
	return isa;
}

/* Write riscv,isa-extensions: the extensions as a list of strings. */
static void guest_fdt_prop_isa_extensions(struct guest_fdt *t, const char *extensions)
{
	char *room;
	u32 total = 0;
	u32 len;

	for (const char *e = guest_fdt_next_extension(extensions, &len); len != 0U;
	     e = guest_fdt_next_extension(e + len, &len))
		total += len + 1U;

	room = guest_fdt_prop_room(t, "riscv,isa-extensions", total);
	if (room == NULL)
		return;
	for (const char *e = guest_fdt_next_extension(extensions, &len); len != 0U;
	     e = guest_fdt_next_extension(e + len, &len)) {
		memcpy(room, e, len);
		room[len] = '\0';
		room += len + 1U;
	}
}

/* A property that is the same in each tree: a string of @len bytes, or without it @len / 4 cells */
struct guest_fdt_row {
	const char *name;
	const char *string;
	u32 len;
	u32 cell[4];
};

#define ROW_STRING(name, s) { (name), (s), sizeof(s), { 0 } }
#define ROW_EMPTY(name)	    { (name), NULL, 0, { 0 } }
#define ROW_CELLS(name, ...)                                  \
	{                                                     \
		(name), NULL, sizeof((u32[]){ __VA_ARGS__ }), \
		{                                             \
			__VA_ARGS__                           \
		}                                             \
	}
#define guest_fdt_rows(t, set) guest_fdt_add_rows((t), (set), ARRAY_SIZE(set))

static void guest_fdt_add_rows(struct guest_fdt *t, const struct guest_fdt_row *row, u32 n)
{
	for (; n != 0U; row++, n--) {
		fdt32_t cell[ARRAY_SIZE(row->cell)];

		for (u32 i = 0; i < ARRAY_SIZE(cell); i++)
			cell[i] = cpu_to_fdt32(row->cell[i]);
		guest_fdt_prop_bytes(t, row->name,
				     row->string != NULL ? (const void *)row->string : cell,
				     row->len);
	}
}

static void guest_fdt_add_cpu(struct guest_fdt *t, const struct guest_fdt_params *p, u32 cpu)
{
	static const struct guest_fdt_row set[] = {
		ROW_STRING("device_type", "cpu"),
		ROW_STRING("status", "okay"),
		ROW_STRING("compatible", "riscv"),
		ROW_STRING("riscv,isa-base", "rv64i"),
	};
	static const struct guest_fdt_row intc[] = {
		ROW_CELLS("#interrupt-cells", 1U),
		ROW_EMPTY("interrupt-controller"),
		ROW_STRING("compatible", "riscv,cpu-intc"),
	};

	guest_fdt_open_node_at(t, "cpu", 3, cpu);
	guest_fdt_rows(t, set);
	guest_fdt_prop_cell(t, "reg", cpu);
	guest_fdt_prop_string(t, "riscv,isa", p->isa);
	guest_fdt_prop_isa_extensions(t, p->isa + strlen("rv64"));
	guest_fdt_prop_string(t, "mmu-type", p->mmu_type);
	if (p->zicbom)
		guest_fdt_prop_cell(t, "riscv,cbom-block-size", p->cbom_block);
	if (p->zicboz)
		guest_fdt_prop_cell(t, "riscv,cboz-block-size", p->cboz_block);

	guest_fdt_open_node(t, "interrupt-controller");
	guest_fdt_rows(t, intc);
	t->cpu[cpu] = guest_fdt_prop_phandle(t, PHANDLE_CPU_0 + cpu);
	guest_fdt_close_node(t);
	guest_fdt_close_node(t);
}

static void guest_fdt_add_cpus(struct guest_fdt *t, const struct guest_fdt_params *p)
{
	guest_fdt_open_node(t, "cpus");
	guest_fdt_prop_cells(t, 1, 0);
	/* Every guest reads one cell. A faster clock needs two, which the specification allows. */
	if (p->timebase <= UINT32_MAX)
		guest_fdt_prop_cell(t, "timebase-frequency", (u32)p->timebase);
	else
		guest_fdt_prop_u64(t, "timebase-frequency", p->timebase);
	for (u32 i = 0; i < p->part->cpus; i++)
		guest_fdt_add_cpu(t, p, i);
	guest_fdt_close_node(t);
}

static void guest_fdt_add_memory(struct guest_fdt *t, const struct config_partition *part)
{
	for (u32 i = 0; i < part->nr_memory; i++) {
		guest_fdt_open_node_at(t, "memory", 6, part->memory[i].gpa);
		guest_fdt_prop_string(t, "device_type", "memory");
		guest_fdt_prop_reg(t, part->memory[i].gpa, part->memory[i].size);
		guest_fdt_close_node(t);
	}
}

static void guest_fdt_add_reserved(struct guest_fdt *t, const struct guest_fdt_params *p)
{
	if (p->reserved_size == 0U)
		return;
	guest_fdt_open_node(t, "reserved-memory");
	guest_fdt_prop_cells(t, 2, 2);
	guest_fdt_prop_empty(t, "ranges");
	guest_fdt_open_node_at(t, "cleave", 6, p->reserved_base);
	guest_fdt_prop_reg(t, p->reserved_base, p->reserved_size);
	guest_fdt_prop_empty(t, "no-map");
	guest_fdt_close_node(t);
	guest_fdt_close_node(t);
}

static void guest_fdt_add_uart(struct guest_fdt *t)
{
	static const struct guest_fdt_row set[] = {
		ROW_STRING("compatible", "ns16550a"),
		ROW_CELLS("reg", 0U, (u32)GUEST_UART_BASE, 0U, (u32)GUEST_UART_SIZE),
		ROW_CELLS("clock-frequency", GUEST_UART_CLOCK),
		ROW_CELLS("reg-shift", 0U),
	};
	/* An APLIC's second cell is the kind of the interrupt. */
	static const struct guest_fdt_row interrupts[] = {
		ROW_CELLS("interrupts", GUEST_UART_IRQ),
		ROW_CELLS("interrupts", GUEST_UART_IRQ, IRQ_LEVEL_HIGH),
	};

	guest_fdt_open_node_at(t, "serial", 6, GUEST_UART_BASE);
	guest_fdt_rows(t, set);
	guest_fdt_add_rows(t, &interrupts[t->imsic != 0U ? 1 : 0], 1);
	guest_fdt_prop_cell(t, "interrupt-parent", t->plic);
	guest_fdt_close_node(t);
}

static void guest_fdt_add_plic(struct guest_fdt *t, const struct config_partition *part)
{
	static const struct guest_fdt_row set[] = {
		/* a list of two strings */
		ROW_STRING("compatible", "sifive,plic-1.0.0\0riscv,plic0"),
		ROW_CELLS("reg", 0U, (u32)GUEST_PLIC_BASE, 0U, (u32)GUEST_PLIC_SIZE),
		ROW_CELLS("#address-cells", 0U),
		ROW_CELLS("#interrupt-cells", 1U),
		ROW_EMPTY("interrupt-controller"),
		ROW_CELLS("riscv,ndev", GUEST_PLIC_SOURCES),
	};
	u32 modes = part->plic_contexts == CONFIG_PLIC_MS ? 2U : 1U;
	u32 contexts = part->cpus * modes;
	fdt32_t *context;

	guest_fdt_open_node_at(t, "plic", 4, GUEST_PLIC_BASE);
	guest_fdt_rows(t, set);
	context = guest_fdt_prop_room(t, "interrupts-extended",
				      contexts * 2U * (u32)sizeof(*context));
	for (u32 i = 0; context != NULL && i < contexts; i++) {
		bool s = i % modes == modes - 1U;

		context[2U * i] = cpu_to_fdt32(t->cpu[i / modes]);
		context[2U * i + 1U] = cpu_to_fdt32(s ? IRQ_S_EXT : IRQ_M_EXT);
	}
	t->plic = guest_fdt_prop_phandle(t, PHANDLE_PLIC);
	guest_fdt_close_node(t);
}

static void guest_fdt_add_soc(struct guest_fdt *t, const struct guest_fdt_params *p)
{
	static const struct guest_fdt_row set[] = {
		ROW_CELLS("#address-cells", 2U),
		ROW_CELLS("#size-cells", 2U),
		ROW_STRING("compatible", "simple-bus"),
		ROW_EMPTY("ranges"),
	};

	guest_fdt_open_node(t, "soc");
	guest_fdt_rows(t, set);
	if (!guest_fdt_aia(t, p->part, PHANDLE_PLIC, PHANDLE_CPU_0 + p->part->cpus))
		guest_fdt_add_plic(t, p->part);
	guest_fdt_add_uart(t);
	for (u32 i = 0; i < p->nr_devices; i++) {
		if (p->device[i].partition == p->partition)
			guest_fdt_device(t, p->tree, &p->device[i]);
	}
	guest_fdt_close_node(t);
}

/*
 * A manager gets the firmware's seed (the Devicetree's /chosen, "rng-seed"): its link to a peer
 * needs what no earlier boot had. It may work on all other partitions, so the seed tells it nothing
 * that it could not find out. No other partition gets it, or a part of it.
 */
static void guest_fdt_add_seed(struct guest_fdt *t, const struct guest_fdt_params *p)
{
	int len = 0;
	const void *seed = NULL;

	if (p->part->manager && p->tree != NULL)
		seed = fdt_read_chosen(p->tree, "rng-seed", &len);
	if (len > 0)
		guest_fdt_prop_bytes(t, "rng-seed", seed, (u32)len);
}

static void guest_fdt_add_chosen(struct guest_fdt *t, const struct guest_fdt_params *p)
{
	guest_fdt_open_node(t, "chosen");
	if (p->part->bootargs != NULL)
		guest_fdt_prop_string(t, "bootargs", p->part->bootargs);
	if (!t->whole)
		guest_fdt_prop_string(t, "stdout-path", UART_PATH);
	if (p->initrd_end > p->initrd_start) {
		guest_fdt_prop_u64(t, "linux,initrd-start", p->initrd_start);
		guest_fdt_prop_u64(t, "linux,initrd-end", p->initrd_end);
	}
	guest_fdt_add_seed(t, p);
	guest_fdt_close_node(t);
}

/* What the tree says of all partitions alike; a partition's own tree has this already. */
static void guest_fdt_add_machine(struct guest_fdt *t)
{
	static const struct guest_fdt_row set[] = {
		ROW_CELLS("#address-cells", 2U),
		ROW_CELLS("#size-cells", 2U),
		ROW_STRING("model", "cleave,partition"),
		ROW_STRING("compatible", "cleave,partition"),
	};

	guest_fdt_rows(t, set);
	guest_fdt_open_node(t, "aliases");
	guest_fdt_prop_string(t, "serial0", UART_PATH);
	guest_fdt_close_node(t);
}

static void guest_fdt_add_all(struct guest_fdt *t, const struct guest_fdt_params *p)
{
	if (!t->whole)
		guest_fdt_add_machine(t);
	guest_fdt_add_chosen(t, p);
	if (guest_fdt_fills(t, "cpus"))
		guest_fdt_add_cpus(t, p);
	if (guest_fdt_fills(t, "memory"))
		guest_fdt_add_memory(t, p->part);
	guest_fdt_add_reserved(t, p);
	if (!t->whole)
		guest_fdt_add_soc(t, p);
}

u64 guest_fdt_room[IMAGE_FDT_SIZE / sizeof(u64)];

s64 guest_fdt_make(const struct guest_fdt_params *p, void *buf, u64 size)
{
	struct guest_fdt t = { .fdt = buf,
			       .own = p->own,
			       .whole = p->own != NULL && p->part->fdt != NULL,
			       .phandles = p->own != NULL ? PHANDLE_MERGED : 0U };
	u64 used;

	if (strncmp(p->isa, "rv64", strlen("rv64")) != 0)
		return CLV_ERR_INVAL;
	t.err = fdt_create(buf, (int)MIN(size, (u64)INT32_MAX));
	if (t.err == 0)
		t.err = fdt_finish_reservemap(buf);

	guest_fdt_open_root(&t);
	guest_fdt_add_all(&t, p);
	guest_fdt_close_node(&t);

	if (t.err == 0)
		t.err = fdt_finish(buf);
	if (t.err != 0)
		return CLV_ERR_NOMEM;
	used = fdt_totalsize(buf);
	memset((u8 *)buf + used, 0, size - used);
	fdt_set_totalsize(buf, (u32)size);
	return (s64)size;
}

u64 guest_fdt_used(const void *fdt)
{
	/* The strings come last (fdt_finish()). */
	return (u64)fdt_off_dt_strings(fdt) + fdt_size_dt_strings(fdt);
}
