/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: what one property alone does not show. Memory ranges are checked against
 * each other and against the mode, harts and memory against the machine, files against the memory
 * that they go to.
 *
 * Sizes are added only of ranges that lie inside the widest mode (59 bits), so no sum can wrap.
 */
#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "core/config/archive.h"
#include "core/config/config_internal.h"
#include "lib/text.h"
#include "core/config/guest_fdt.h"
#include "core/config/image.h"

#define MIN_LEVELS 3U
#define MAX_LEVELS 5U

/*
 * Each level takes 9 bits of an address, and the root two more (privileged specification, "Sv39x4"
 * and the sections after it).
 */
#define INDEX_BITS	9U
#define ROOT_EXTRA_BITS 2U

#define OF_PLIC (1U << (u32)CONFIG_INTERRUPTS_PLIC)
#define OF_AIA	(1U << (u32)CONFIG_INTERRUPTS_AIA)

const struct config_emulated config_emulated[CONFIG_EMULATED] = {
	{ "the emulated PLIC", GUEST_PLIC_BASE, GUEST_PLIC_SIZE, OF_PLIC },
	{ "the emulated UART", GUEST_UART_BASE, GUEST_UART_SIZE, OF_PLIC | OF_AIA },
#ifdef CONFIG_AIA
	{ "the emulated APLIC", GUEST_APLIC_BASE, GUEST_APLIC_SIZE, OF_AIA },
	{ "the emulated interrupt files", GUEST_IMSIC_BASE, GUEST_IMSIC_SIZE, OF_AIA },
#endif
};

u64 config_mode_end(u32 levels)
{
	return BIT64(PAGE_SHIFT + INDEX_BITS * levels + ROOT_EXTRA_BITS);
}

const char *config_mode_name(u32 levels)
{
	static const char *const name[] = { "sv39x4", "sv48x4", "sv57x4" };

	return name[levels - MIN_LEVELS];
}

u8 config_most_levels(const struct config_partition *part, u8 modes)
{
	if (part->gstage_levels != 0U)
		return part->gstage_levels;
	for (u8 levels = MAX_LEVELS; levels > MIN_LEVELS; levels--) {
		if (modes == 0U || (modes & (1U << levels)) != 0U)
			return levels;
	}
	return MIN_LEVELS;
}

u8 config_levels(const struct config_partition *part, u8 modes)
{
	u64 end = 0;

	if (part->gstage_levels != 0U)
		return part->gstage_levels;
	for (u32 i = 0; i < part->nr_memory; i++)
		end = MAX(end, part->memory[i].gpa + part->memory[i].size);
	for (u32 levels = MIN_LEVELS; levels <= MAX_LEVELS; levels++) {
		if ((modes == 0U || (modes & (1U << levels)) != 0U) &&
		    end <= config_mode_end(levels))
			return (u8)levels;
	}
	return 0;
}

/*
 * Count the tables of one level, each of which covers @span bytes, that map [@first, @last]. A span
 * that is mapped whole by one leaf needs none.
 */
static u64 config_check_tables(u64 first, u64 last, u64 span, bool whole_spans_are_leaves)
{
	u64 touched = last / span - first / span + 1U;
	u64 whole_from = ALIGN_UP(first, span);
	u64 whole_to = ALIGN_DOWN(last + 1U, span);

	if (whole_spans_are_leaves && whole_to > whole_from)
		touched -= (whole_to - whole_from) / span;
	return touched;
}

u64 config_tables(const struct config_partition *part, u8 levels, u64 leaf)
{
	u64 n = 0;

	for (u32 i = 0; i < part->nr_memory; i++) {
		u64 first = part->memory[i].gpa;
		u64 last = first + part->memory[i].size - 1U;

		/* A table of level l holds 512 entries of 4 KiB << 9 l. The root is not counted. */
		for (u32 l = 0; l + 1U < levels; l++) {
			u64 span = PAGE_SIZE << (INDEX_BITS * (l + 1U));

			n += config_check_tables(first, last, span, span <= leaf);
		}
	}
	return n;
}

static bool config_check_range_form(struct config_ctx *c, const struct config_memory *m, u32 index,
				    u32 levels)
{
	if (m->size == 0U) {
		config_error(c, "memory",
			     "range %u at 0x%lx has size 0; allowed: multiples of 4 KiB", index,
			     m->gpa);
		return false;
	}
	if (!IS_ALIGNED(m->gpa, PAGE_SIZE)) {
		config_error(c, "memory",
			     "range %u begins at 0x%lx; allowed: multiples of 4 KiB (0x1000)",
			     index, m->gpa);
		return false;
	}
	if (!IS_ALIGNED(m->size, PAGE_SIZE)) {
		config_error(
			c, "memory",
			"range %u at 0x%lx has size 0x%lx; allowed: multiples of 4 KiB (0x1000)",
			index, m->gpa, m->size);
		return false;
	}
	if (m->size > UINT64_MAX - m->gpa) {
		config_error(
			c, "memory",
			"range %u at 0x%lx with size 0x%lx ends after 2^64; allowed: up to 0x%lx",
			index, m->gpa, m->size, config_mode_end(levels) - 1U);
		return false;
	}
	if (m->gpa + m->size > config_mode_end(levels)) {
		config_error(c, "memory",
			     "range %u, 0x%lx to 0x%lx, does not fit into the G-stage mode %s; "
			     "allowed: up to "
			     "0x%lx",
			     index, m->gpa, m->gpa + m->size - 1U, config_mode_name(levels),
			     config_mode_end(levels) - 1U);
		return false;
	}
	return true;
}

static bool config_check_range_free(struct config_ctx *c, const struct config_partition *part,
				    u32 index)
{
	const struct config_memory *m = &part->memory[index];
	u64 last = m->gpa + m->size - 1U;

	for (u32 i = 0; i < index; i++) {
		const struct config_memory *o = &part->memory[i];

		if (!config_overlap(m->gpa, m->size, o->gpa, o->size))
			continue;
		config_error(c, "memory",
			     "range %u, 0x%lx to 0x%lx, overlaps range %u, 0x%lx to 0x%lx", index,
			     m->gpa, last, i, o->gpa, o->gpa + o->size - 1U);
		return false;
	}
	for (u32 i = 0; i < CONFIG_EMULATED; i++) {
		const struct config_emulated *dev = &config_emulated[i];

		if (!config_emulates(part, i) ||
		    !config_overlap(m->gpa, m->size, dev->base, dev->size))
			continue;
		config_error(c, "memory", "range %u, 0x%lx to 0x%lx, overlaps %s, 0x%lx to 0x%lx",
			     index, m->gpa, last, dev->name, dev->base, dev->base + dev->size - 1U);
		return false;
	}
	return true;
}

static bool config_check_memory(struct config_ctx *c, const struct config_partition *part)
{
	u32 levels = config_most_levels(part, c->machine->gstage_modes);
	char want[TEXT_SIZE_LEN];
	char has[TEXT_SIZE_LEN];
	bool good = true;

	for (u32 i = 0; i < part->nr_memory; i++)
		good = config_check_range_form(c, &part->memory[i], i, levels) && good;
	if (!good)
		return false;

	for (u32 i = 0; i < part->nr_memory; i++) {
		const struct config_memory *m = &part->memory[i];

		good = config_check_range_free(c, part, i) && good;
		if (!part->direct_map && c->machine->largest != 0U &&
		    m->size > c->machine->largest) {
			config_error(c, "memory",
				     "range %u at 0x%lx needs %s in one piece; the largest free "
				     "piece of "
				     "this machine has %s",
				     i, m->gpa, text_size(m->size, want),
				     text_size(c->machine->largest, has));
			good = false;
		}
	}
	return good;
}

bool config_check_has_hart(const struct config_machine *m, u64 hart)
{
	if (m->nr_harts == 0U)
		return true;
	for (u32 i = 0; i < m->nr_harts; i++) {
		if (m->harts[i] == hart)
			return true;
	}
	return false;
}

void config_check_list_harts(const u64 *harts, u32 n, char *buf, size_t size)
{
	buf[0] = '\0';
	for (u32 i = 0; i < n; i++) {
		if (!text_append(buf, size - 4U, "%s%lu", i == 0U ? "" : " ", harts[i])) {
			(void)text_append(buf, size, " ...");
			return;
		}
	}
}

const char *config_check_no_hart(const struct config_machine *m, u64 hart,
				 char buf[CONFIG_NO_HART_LEN])
{
	const char *why = m->hart_out != NULL ? m->hart_out(hart) : NULL;
	size_t used;

	(void)str_print(buf, CONFIG_NO_HART_LEN, "%s%.128s",
			why != NULL ? "exists but was left out: " : "does not exist",
			why != NULL ? why : "");
	if (m->nr_harts != 0U) {
		(void)text_append(buf, CONFIG_NO_HART_LEN, "; this machine has the harts ");
		used = strlen(buf);
		config_check_list_harts(m->harts, m->nr_harts, buf + used,
					CONFIG_NO_HART_LEN - used);
	}
	return buf;
}

static void config_check_affinity(struct config_ctx *c, const struct config_draft *d)
{
	const struct config_partition *part = d->part;
	char harts[CONFIG_NO_HART_LEN];

	if (config_is_good(d, CONFIG_PROP_CPUS) && d->affinity_count != part->cpus)
		config_error(c, "cpu-affinity",
			     "has %u entries for %u cpus; wanted: one for each cpu",
			     d->affinity_count, part->cpus);

	for (u32 i = 0; i < d->affinity_count; i++) {
		if (part->affinity[i] != CONFIG_CPU_ANY &&
		    config_check_has_hart(c->machine, part->affinity[i]))
			continue;
		config_error(c, "cpu-affinity", "cpu %u wants hart %lu, which %s", i,
			     part->affinity[i],
			     config_check_no_hart(c->machine, part->affinity[i], harts));
	}
}

static void config_check_pool(struct config_ctx *c, const struct config_partition *part)
{
	u8 levels = config_levels(part, c->machine->gstage_modes);
	u64 least = config_tables(part, levels, part->largest_page);

	if (part->pool_tables < least)
		config_error(
			c, "table-pool",
			"<%u> tables cannot map the memory; allowed: <%lu> or more, and <%lu> is "
			"enough for every page",
			part->pool_tables, least, config_tables(part, levels, PAGE_SIZE));
}

static void config_check_image(struct config_ctx *c, const struct config_draft *d)
{
	const struct config_partition *part = d->part;
	struct archive_file kernel;
	struct archive_file initrd;
	struct image_layout layout;
	char error[ARCHIVE_ERROR_LEN];
	bool with_initrd;
	int misplaced;

	if (archive_find(c->archive, part->kernel, &kernel) != 0)
		return;
	with_initrd = part->initrd != NULL && archive_find(c->archive, part->initrd, &initrd) == 0;
	if (image_place(part, &kernel, with_initrd ? &initrd : NULL, &layout, error) != 0) {
		config_error(c, "kernel", "%s", error);
		return;
	}
	/* Programs for the virt board know the addresses there, and take them for given. */
	if (part->plic_contexts == CONFIG_PLIC_DEFAULT)
		d->part->plic_contexts = layout.form == IMAGE_LINUX ? CONFIG_PLIC_S
								    : CONFIG_PLIC_MS;
	misplaced = image_misplaced(&kernel, &layout, error);
	if (misplaced < 0)
		config_error(c, "kernel", "%s", error);
	else if (misplaced > 0)
		config_warn(c, "kernel", "%s", error);
}

void config_check_partition(struct config_ctx *c, const struct config_draft *d)
{
	bool memory = config_is_good(d, CONFIG_PROP_MEMORY) && config_check_memory(c, d->part);

	if (config_is_good(d, CONFIG_PROP_AFFINITY))
		config_check_affinity(c, d);
	if (memory && d->part->direct_map)
		config_direct_check(c, d->part);
	if (memory)
		config_devices_check(c, d->part, config_levels(d->part, c->machine->gstage_modes));
	if (memory)
		config_own_check(c, d->part);
	if (memory && config_is_good(d, CONFIG_PROP_TABLE_POOL))
		config_check_pool(c, d->part);
	if (memory && config_is_good(d, CONFIG_PROP_KERNEL))
		config_check_image(c, d);
}

/* Where vCPUs are: nothing is wrong so far, so config_resolve() can choose what was left open. */
static void config_check_places(struct config_ctx *c)
{
	if (c->machine->nr_harts != 0U)
		config_resolve(c->config, c->machine);
	config_windows_check(c);
	config_share_check(c);
}

void config_check_machine(struct config_ctx *c, const struct config *config)
{
	u64 memory = 0;
	u64 tables = 0;
	char text[3][TEXT_SIZE_LEN];

	config_devices_check_neighbours(c);
	config_windows_pin(c);
	config_reach_check(c);
	if (c->errors == 0U)
		config_check_places(c);
	if (c->machine->memory == 0U)
		return;
	for (u32 i = 0; i < config->nr; i++) {
		const struct config_partition *part = &config->partition[i];
		u8 levels = config_levels(part, c->machine->gstage_modes);

		for (u32 r = 0; r < part->nr_memory; r++) {
			/*
			 * Each is below 2^59, but there may be 2^11 of them: stop before the sum
			 * wraps.
			 */
			memory = MIN(memory + part->memory[r].size, BIT64(62));
		}
		tables += PAGE_SIZE * (part->pool_tables != 0U
					       ? (u64)part->pool_tables
					       : config_tables(part, levels, PAGE_SIZE));
	}
	if (memory <= c->machine->memory && tables <= c->machine->memory - memory)
		return;
	config_error(c, NULL,
		     "the partitions need %s of memory and %s of tables for it; this machine has "
		     "%s left",
		     text_size(memory, text[0]), text_size(tables, text[1]),
		     text_size(c->machine->memory, text[2]));
}
