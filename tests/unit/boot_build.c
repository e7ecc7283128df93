/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builders for tests: cpio archives and configuration trees, right ones and wrong ones.
 */
#include "tests/unit/boot_build.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config_memory.h"
#include "core/config/guest_fdt.h"
#include "core/config/image.h"

static void need(bool good)
{
	if (!good)
		abort();
}

void cpio_begin(struct cpio *c, u64 room)
{
	c->data = calloc(1, room);
	need(c->data != NULL);
	c->size = 0;
	c->room = room;
}

void cpio_end(struct cpio *c)
{
	free(c->data);
	c->data = NULL;
}

static void put_bytes(struct cpio *c, const void *bytes, u64 n)
{
	need(n <= c->room - c->size);
	if (n != 0U)
		memcpy(c->data + c->size, bytes, n);
	c->size += n;
}

static void put_padding(struct cpio *c)
{
	put_bytes(c, "\0\0\0", (4U - (c->size & 3U)) & 3U);
}

void cpio_put(struct cpio *c, const struct cpio_entry *e)
{
	u32 namesize = e->namesize != 0U ? e->namesize : (u32)strlen(e->name) + 1U;
	char header[128];
	int n;

	n = snprintf(header, sizeof(header),
		     "%s%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		     e->magic != NULL ? e->magic : "070701", 1U,
		     e->mode != 0U ? e->mode : CPIO_MODE_FILE, 0U, 0U,
		     e->nlink != 0U ? e->nlink : 1U, 0U, e->size, 0U, 0U, 0U, 0U, namesize, 0U);
	need(n == 110);
	put_bytes(c, header, 110);
	put_bytes(c, e->name, strlen(e->name) + 1U);
	put_padding(c);
	put_bytes(c, e->data, e->data != NULL ? e->size : 0U);
	put_padding(c);
}

void cpio_file(struct cpio *c, const char *name, const void *data, u32 size)
{
	const struct cpio_entry e = { .name = name, .data = data, .size = size };

	cpio_put(c, &e);
}

void cpio_trailer(struct cpio *c)
{
	cpio_file(c, "TRAILER!!!", NULL, 0);
}

void tree_begin(struct tree_build *t)
{
	t->room = 65536;
	t->fdt = calloc(1, t->room);
	need(t->fdt != NULL);
	need(fdt_create(t->fdt, (int)t->room) == 0);
	need(fdt_finish_reservemap(t->fdt) == 0);
}

void tree_end(struct tree_build *t)
{
	free(t->fdt);
	t->fdt = NULL;
}

void tree_node(struct tree_build *t, const char *name)
{
	need(fdt_begin_node(t->fdt, name) == 0);
}

void tree_close(struct tree_build *t)
{
	need(fdt_end_node(t->fdt) == 0);
}

void tree_put(struct tree_build *t, const struct tree_prop *p)
{
	u32 len = p->len & 0x7fffffffU;
	void *room = NULL;

	need(fdt_property_placeholder(t->fdt, p->name, (int)len, &room) == 0);
	if (len == 0U)
		return;
	memcpy(room, p->data, len);
	for (u32 i = 0; p->len != len && i < len / 4U; i++) {
		u32 cell;

		memcpy(&cell, (u8 *)room + 4U * i, sizeof(cell));
		cell = cpu_to_fdt32(cell);
		memcpy((u8 *)room + 4U * i, &cell, sizeof(cell));
	}
}

void tree_finish(struct tree_build *t)
{
	need(fdt_finish(t->fdt) == 0);
}

void said_line(void *ctx, enum config_said what, const char *line)
{
	struct said *s = ctx;
	u32 n = s->errors + s->warnings;

	if (what == CONFIG_NOTE) {
		(void)snprintf(s->note, sizeof(s->note), "%s", line);
		s->notes++;
		return;
	}
	if (n < ARRAY_SIZE(s->line))
		(void)snprintf(s->line[n], sizeof(s->line[n]), "%s", line);
	if (what == CONFIG_ERROR)
		s->errors++;
	else
		s->warnings++;
}

static void use_tree(const struct config *config, u32 index, const struct image_layout *layout,
		     const struct archive *archive, const struct config_machine *machine)
{
	static u64 tree[IMAGE_FDT_SIZE / sizeof(u64)];
	const struct guest_fdt_params params = {
		.part = &config->partition[index],
		.isa = "rv64imafdc_zicsr_zifencei_sstc",
		.mmu_type = "riscv,sv39",
		.timebase = 10000000,
		.initrd_start = layout->initrd,
		.initrd_end = layout->initrd_end,
		.tree = machine->tree,
		.partition = index,
		.nr_devices = config->nr_devices,
		.device = config->device,
		.own = config_own_load(archive, &config->partition[index]),
	};
	s64 size = guest_fdt_make(&params, tree, sizeof(tree));

	need(size > 0);
	need(fdt_check_full(tree, (size_t)size) == 0);
}

/* What lies at @base is in the partition's memory, and apart from what lies at @other. */
static void use_place(const struct config_partition *p, u64 base, u64 size, u64 other,
		      u64 other_size)
{
	need(config_memory_holds(p->memory, p->nr_memory, base, size));
	need(base + size <= other || other + other_size <= base);
}

static void use_images(const struct config *config, u32 index, const struct archive *archive,
		       const struct config_machine *machine)
{
	const struct config_partition *p = &config->partition[index];
	char error[ARCHIVE_ERROR_LEN];
	struct archive_file kernel;
	struct archive_file initrd;
	struct image_layout l;

	need(archive_find(archive, p->kernel, &kernel) == 0);
	if (p->initrd != NULL)
		need(archive_find(archive, p->initrd, &initrd) == 0);
	need(image_place(p, &kernel, p->initrd != NULL ? &initrd : NULL, &l, error) == 0);
	for (u32 i = 0; i < l.nr_segments; i++) {
		const struct image_segment *seg = &l.segment[i];

		need(seg->size <= seg->mem && seg->offset <= kernel.size &&
		     seg->size <= kernel.size - seg->offset);
		use_place(p, seg->gpa, seg->mem, l.fdt, IMAGE_FDT_SIZE);
		use_place(p, seg->gpa, seg->mem, l.initrd, l.initrd_end - l.initrd);
	}
	need(IS_ALIGNED(l.fdt, UINT64_C(8)) && IS_ALIGNED(l.initrd, PAGE_SIZE));
	need((l.initrd != 0U) == (p->initrd != NULL));
	use_place(p, l.fdt, IMAGE_FDT_SIZE, l.initrd, l.initrd_end - l.initrd);
	if (l.initrd != 0U)
		use_place(p, l.initrd, l.initrd_end - l.initrd, l.fdt, IMAGE_FDT_SIZE);
	use_tree(config, index, &l, archive, machine);
}

static void use_pair(const struct config_device *a, const struct config_device *b)
{
	for (u32 i = 0; i < a->nr_irqs; i++) {
		for (u32 k = 0; k < b->nr_irqs; k++) {
			bool same_host = a->irq[i].host == b->irq[k].host;

			need(a->partition == b->partition || !same_host);
			need(a->partition != b->partition ||
			     same_host == (a->irq[i].guest == b->irq[k].guest));
		}
	}
	for (u32 i = 0; i < a->nr_regs && a->partition != b->partition; i++) {
		const struct config_memory m = config_pages(&a->reg[i]);

		for (u32 k = 0; k < b->nr_regs; k++) {
			const struct config_memory o = config_pages(&b->reg[k]);

			need(m.gpa >= o.gpa + o.size || o.gpa >= m.gpa + m.size);
		}
	}
}

/* Each page and each interrupt has one owner, and the guest's PLIC has the numbers. */
static void use_devices(const struct config *config)
{
	need(config->nr_devices <= CONFIG_DEVICES);
	for (u32 i = 0; i < config->nr_devices; i++) {
		const struct config_device *d = &config->device[i];

		need(d->partition < config->nr);
		need(d->nr_regs > 0U && d->nr_regs <= CONFIG_DEVICE_REGS);
		need(d->nr_irqs <= CONFIG_DEVICE_IRQS);
		for (u32 k = 0; k < d->nr_irqs; k++)
			need(d->irq[k].guest > 0U && d->irq[k].guest <= GUEST_PLIC_SOURCES &&
			     d->irq[k].guest != GUEST_UART_IRQ);
		for (u32 k = 0; k < i; k++)
			use_pair(d, &config->device[k]);
	}
}

/* Return: true when a vCPU of the partition is on that hart */
static bool use_is_on(const struct config_partition *p, u32 hart)
{
	for (u32 cpu = 0; cpu < p->cpus; cpu++) {
		if (p->hart[cpu] == hart)
			return true;
	}
	return false;
}

/* The windows of a hart stand together, one after the other, and inside the frame. */
static void use_plan(const struct config *config, const struct config_plan *plan)
{
	need(plan->frame_us >= CONFIG_FRAME_MIN && plan->frame_us <= CONFIG_FRAME_MAX);
	need(plan->name[0] != '\0' && plan->nr_windows <= CONFIG_MAX_WINDOWS);
	for (u32 i = 0; i < plan->nr_windows; i++) {
		const struct config_window *w = &plan->window[i];
		const struct config_window *last = i == 0U ? NULL : w - 1;

		need(w->length_us >= CONFIG_WINDOW_MIN && w->length_us <= plan->frame_us);
		need(w->offset_us <= plan->frame_us - w->length_us);
		need(w->partition < config->nr);
		need(use_is_on(&config->partition[w->partition], w->hart));
		need(last == NULL || last->hart_id < w->hart_id ||
		     (last->hart_id == w->hart_id && last->hart == w->hart &&
		      last->offset_us + last->length_us <= w->offset_us));
	}
}

void boot_use(struct config *config, const struct archive *archive,
	      const struct config_machine *machine)
{
	need(config->nr > 0U && config->nr <= CONFIG_MAX_VMS);
	config_resolve(config, machine);
	use_devices(config);
	need(config->nr_plans <= CONFIG_MAX_PLANS);
	for (u32 i = 0; i < config->nr_plans; i++)
		use_plan(config, &config->plan[i]);
	for (u32 i = 0; i < config->nr; i++) {
		const struct config_partition *p = &config->partition[i];

		need(p->cpus > 0U && p->cpus <= CONFIG_MAX_VCPUS);
		need(p->nr_memory > 0U && p->nr_memory <= CONFIG_MAX_REGIONS);
		need(p->levels != 0U);
		for (u32 cpu = 0; cpu < p->cpus; cpu++)
			need(p->hart[cpu] < machine->nr_harts);
		need((p->kernel == NULL) == p->incoming);
		if (p->kernel != NULL)
			use_images(config, i, archive, machine);
	}
}
