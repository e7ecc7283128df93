/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree that a guest gets, written from front to back with libfdt's sequential functions.
 *
 * What it says must be true, because a guest believes it. It must never hold anything that differs
 * from boot to boot (seeds, times), so that a run can be repeated.
 *
 * Sources: Devicetree Specification 0.4; the Linux bindings riscv/cpus, riscv/extensions,
 * serial/8250 and interrupt-controller/sifive,plic-1.0.0.
 */
#include "core/config/guest_fdt.h"

#include <libfdt.h>

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>

/* Phandles: one for the PLIC, then one for each cpu's interrupt controller. */
#define PHANDLE_PLIC  1U
#define PHANDLE_CPU_0 2U

/* External interrupts: their numbers in scause and mcause (privileged specification, "mcause") */
#define IRQ_S_EXT 9U
#define IRQ_M_EXT 11U

#define UART_PATH "/soc/serial@10000000"
#define NODE_NAME 48U

/*
 * struct guest_fdt - the tree that is being written
 * @fdt: it
 * @err: 0, or the first error of libfdt; then nothing more is written
 */
struct guest_fdt {
	void *fdt;
	int err;
};

static void guest_fdt_open_node(struct guest_fdt *t, const char *name)
{
	if (t->err == 0)
		t->err = fdt_begin_node(t->fdt, name);
}

static void guest_fdt_open_node_at(struct guest_fdt *t, const char *name, u64 address)
{
	char text[NODE_NAME];

	(void)str_print(text, sizeof(text), "%s@%lx", name, address);
	guest_fdt_open_node(t, text);
}

static void guest_fdt_close_node(struct guest_fdt *t)
{
	if (t->err == 0)
		t->err = fdt_end_node(t->fdt);
}

/* Make a property with room for @len bytes. Return: the room; NULL after an error */
static void *guest_fdt_prop_room(struct guest_fdt *t, const char *name, u32 len)
{
	void *room = NULL;

	if (t->err == 0)
		t->err = fdt_property_placeholder(t->fdt, name, (int)len, &room);
	return t->err == 0 ? room : NULL;
}

static void guest_fdt_prop_empty(struct guest_fdt *t, const char *name)
{
	(void)guest_fdt_prop_room(t, name, 0);
}

static void guest_fdt_prop_bytes(struct guest_fdt *t, const char *name, const void *bytes,
				 size_t len)
{
	void *room = guest_fdt_prop_room(t, name, (u32)len);

	if (room != NULL)
		memcpy(room, bytes, len);
}

static void guest_fdt_prop_string(struct guest_fdt *t, const char *name, const char *s)
{
	guest_fdt_prop_bytes(t, name, s, strlen(s) + 1U);
}

static void guest_fdt_prop_cell(struct guest_fdt *t, const char *name, u32 v)
{
	fdt32_t cell = cpu_to_fdt32(v);

	guest_fdt_prop_bytes(t, name, &cell, sizeof(cell));
}

static void guest_fdt_prop_u64(struct guest_fdt *t, const char *name, u64 v)
{
	fdt64_t cells = cpu_to_fdt64(v);

	guest_fdt_prop_bytes(t, name, &cells, sizeof(cells));
}

static void guest_fdt_prop_reg(struct guest_fdt *t, u64 base, u64 size)
{
	fdt64_t reg[2] = { cpu_to_fdt64(base), cpu_to_fdt64(size) };

	guest_fdt_prop_bytes(t, "reg", reg, sizeof(reg));
}

static void guest_fdt_prop_cells(struct guest_fdt *t, u32 address, u32 size)
{
	guest_fdt_prop_cell(t, "#address-cells", address);
	guest_fdt_prop_cell(t, "#size-cells", size);
}

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

static void guest_fdt_add_cpu(struct guest_fdt *t, const struct guest_fdt_params *p, u32 cpu)
{
	guest_fdt_open_node_at(t, "cpu", cpu);
	guest_fdt_prop_string(t, "device_type", "cpu");
	guest_fdt_prop_cell(t, "reg", cpu);
	guest_fdt_prop_string(t, "status", "okay");
	guest_fdt_prop_string(t, "compatible", "riscv");
	guest_fdt_prop_string(t, "riscv,isa", p->isa);
	guest_fdt_prop_string(t, "riscv,isa-base", "rv64i");
	guest_fdt_prop_isa_extensions(t, p->isa + strlen("rv64"));
	guest_fdt_prop_string(t, "mmu-type", p->mmu_type);
	if (p->zicbom)
		guest_fdt_prop_cell(t, "riscv,cbom-block-size", p->cbom_block);
	if (p->zicboz)
		guest_fdt_prop_cell(t, "riscv,cboz-block-size", p->cboz_block);

	guest_fdt_open_node(t, "interrupt-controller");
	guest_fdt_prop_cell(t, "#interrupt-cells", 1);
	guest_fdt_prop_empty(t, "interrupt-controller");
	guest_fdt_prop_string(t, "compatible", "riscv,cpu-intc");
	guest_fdt_prop_cell(t, "phandle", PHANDLE_CPU_0 + cpu);
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
		guest_fdt_open_node_at(t, "memory", part->memory[i].gpa);
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
	guest_fdt_open_node_at(t, "cleave", p->reserved_base);
	guest_fdt_prop_reg(t, p->reserved_base, p->reserved_size);
	guest_fdt_prop_empty(t, "no-map");
	guest_fdt_close_node(t);
	guest_fdt_close_node(t);
}

static void guest_fdt_add_uart(struct guest_fdt *t)
{
	guest_fdt_open_node_at(t, "serial", GUEST_UART_BASE);
	guest_fdt_prop_string(t, "compatible", "ns16550a");
	guest_fdt_prop_reg(t, GUEST_UART_BASE, GUEST_UART_SIZE);
	guest_fdt_prop_cell(t, "clock-frequency", GUEST_UART_CLOCK);
	guest_fdt_prop_cell(t, "reg-shift", 0);
	guest_fdt_prop_cell(t, "interrupt-parent", PHANDLE_PLIC);
	guest_fdt_prop_cell(t, "interrupts", GUEST_UART_IRQ);
	guest_fdt_close_node(t);
}

static void guest_fdt_add_plic(struct guest_fdt *t, const struct config_partition *part)
{
	/* The property is a list of two strings. */
	static const char compatible[] = "sifive,plic-1.0.0\0riscv,plic0";
	u32 modes = part->plic_contexts == CONFIG_PLIC_MS ? 2U : 1U;
	u32 contexts = part->cpus * modes;
	fdt32_t *context;

	guest_fdt_open_node_at(t, "plic", GUEST_PLIC_BASE);
	guest_fdt_prop_bytes(t, "compatible", compatible, sizeof(compatible));
	guest_fdt_prop_reg(t, GUEST_PLIC_BASE, GUEST_PLIC_SIZE);
	guest_fdt_prop_cell(t, "#address-cells", 0);
	guest_fdt_prop_cell(t, "#interrupt-cells", 1);
	guest_fdt_prop_empty(t, "interrupt-controller");
	guest_fdt_prop_cell(t, "riscv,ndev", GUEST_PLIC_SOURCES);
	context = guest_fdt_prop_room(t, "interrupts-extended",
				      contexts * 2U * (u32)sizeof(*context));
	for (u32 i = 0; context != NULL && i < contexts; i++) {
		bool s = i % modes == modes - 1U;

		context[2U * i] = cpu_to_fdt32(PHANDLE_CPU_0 + i / modes);
		context[2U * i + 1U] = cpu_to_fdt32(s ? IRQ_S_EXT : IRQ_M_EXT);
	}
	guest_fdt_prop_cell(t, "phandle", PHANDLE_PLIC);
	guest_fdt_close_node(t);
}

static void guest_fdt_add_devices(struct guest_fdt *t, const struct guest_fdt_params *p)
{
	for (u32 i = 0; i < p->nr_devices && t->err == 0; i++) {
		if (p->device[i].partition == p->partition)
			t->err = guest_fdt_device(t->fdt, p->tree, &p->device[i], PHANDLE_PLIC);
	}
}

static void guest_fdt_add_soc(struct guest_fdt *t, const struct guest_fdt_params *p)
{
	guest_fdt_open_node(t, "soc");
	guest_fdt_prop_cells(t, 2, 2);
	guest_fdt_prop_string(t, "compatible", "simple-bus");
	guest_fdt_prop_empty(t, "ranges");
	guest_fdt_add_plic(t, p->part);
	guest_fdt_add_uart(t);
	guest_fdt_add_devices(t, p);
	guest_fdt_close_node(t);
}

static void guest_fdt_add_chosen(struct guest_fdt *t, const struct guest_fdt_params *p)
{
	guest_fdt_open_node(t, "chosen");
	if (p->part->bootargs != NULL)
		guest_fdt_prop_string(t, "bootargs", p->part->bootargs);
	guest_fdt_prop_string(t, "stdout-path", UART_PATH);
	if (p->initrd_end > p->initrd_start) {
		guest_fdt_prop_u64(t, "linux,initrd-start", p->initrd_start);
		guest_fdt_prop_u64(t, "linux,initrd-end", p->initrd_end);
	}
	guest_fdt_close_node(t);
}

s64 guest_fdt_make(const struct guest_fdt_params *p, void *buf, u64 size)
{
	struct guest_fdt t = { .fdt = buf, .err = 0 };
	u64 used;

	if (strncmp(p->isa, "rv64", strlen("rv64")) != 0)
		return CLV_ERR_INVAL;
	t.err = fdt_create(buf, (int)MIN(size, (u64)INT32_MAX));
	if (t.err == 0)
		t.err = fdt_finish_reservemap(buf);

	guest_fdt_open_node(&t, "");
	guest_fdt_prop_cells(&t, 2, 2);
	guest_fdt_prop_string(&t, "model", "cleave,partition");
	guest_fdt_prop_string(&t, "compatible", "cleave,partition");
	guest_fdt_open_node(&t, "aliases");
	guest_fdt_prop_string(&t, "serial0", UART_PATH);
	guest_fdt_close_node(&t);
	guest_fdt_add_chosen(&t, p);
	guest_fdt_add_cpus(&t, p);
	guest_fdt_add_memory(&t, p->part);
	guest_fdt_add_reserved(&t, p);
	guest_fdt_add_soc(&t, p);
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
