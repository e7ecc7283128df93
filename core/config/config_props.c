/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: the properties of a partition, each checked by itself.
 *
 * One table names them all. A value is taken only when all of it is right; a wrong one leaves the default and an error, so
 * that what is checked later never computes with nonsense.
 */
#include <libfdt.h>

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "core/config/config_internal.h"
#include "lib/fdt_read.h"
#include "lib/text.h"

/** struct prop - a property's name as it is being read, and its bytes, which need not be aligned */
struct prop {
	const char *name;
	const u8 *data;
	u32 len;
};

/** struct word - one of the words that a property may have, and what it means */
struct word {
	const char *text;
	u32 value;
};

static u32 cell(const struct prop *p, u32 index)
{
	return (u32)fdt_read_cells(p->data + index * sizeof(fdt32_t), 1);
}

static u64 cell_pair(const struct prop *p, u32 index)
{
	return fdt_read_cells(p->data + index * sizeof(fdt32_t), 2);
}

static bool get_u32(struct config_ctx *c, const struct prop *p, u32 low, u32 high, u32 *out)
{
	if (p->len != sizeof(fdt32_t)) {
		config_error(c, p->name, "has %u bytes; wanted: one cell, <%u> to <%u>", p->len,
			     low, high);
		return false;
	}
	if (cell(p, 0) < low || cell(p, 0) > high) {
		config_error(c, p->name, "<%u> is not allowed; allowed: <%u> to <%u>", cell(p, 0),
			     low, high);
		return false;
	}
	*out = cell(p, 0);
	return true;
}

static bool check_printable(struct config_ctx *c, const struct prop *p, const char *s)
{
	for (const char *ch = s; *ch != '\0'; ch++) {
		if ((u8)*ch < 0x20U || *ch == 0x7f) {
			config_error(c, p->name, "holds the control character 0x%02x", (u8)*ch);
			return false;
		}
	}
	return true;
}

/* One string: it ends where the property ends, nowhere before, and can be shown in a line. */
static const char *get_string(struct config_ctx *c, const struct prop *p)
{
	const char *s = (const char *)p->data;

	if (p->len == 0U || s[p->len - 1U] != '\0') {
		config_error(c, p->name, "is no string: it does not end in a NUL");
		return NULL;
	}
	if (strlen(s) + 1U != p->len) {
		config_error(c, p->name, "holds more than one string; wanted: one");
		return NULL;
	}
	return check_printable(c, p, s) ? s : NULL;
}

static bool get_word(struct config_ctx *c, const struct prop *p, const struct word *words, u32 n,
		     u32 *out)
{
	const char *s = get_string(c, p);
	char clean[CONFIG_NAME_LEN];
	char allowed[80] = "";

	if (s == NULL)
		return false;
	for (u32 i = 0; i < n; i++) {
		if (strcmp(s, words[i].text) == 0) {
			*out = words[i].value;
			return true;
		}
		(void)text_append(allowed, sizeof(allowed), "%s\"%s\"", i == 0U ? "" : ", ",
				  words[i].text);
	}
	text_clean(clean, sizeof(clean), s);
	config_error(c, p->name, "\"%s\" is not known; allowed: %s", clean, allowed);
	return false;
}

static bool get_flag(struct config_ctx *c, const struct prop *p)
{
	if (p->len != 0U) {
		config_error(
			c, p->name,
			"has a value; wanted: the name alone, and no property at all for \"no\"");
		return false;
	}
	return true;
}

static void read_compatible(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	/* Checked before any other property was read. */
	(void)c;
	(void)p;
	(void)d;
}

static void read_cpus(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	if (get_u32(c, p, 1, CONFIG_MAX_VCPUS, &d->part->cpus))
		d->have |= CONFIG_HAVE_CPUS;
}

static void read_affinity(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	u32 n = p->len / (u32)sizeof(fdt32_t);

	if (n == 0U || n > CONFIG_MAX_VCPUS || p->len % sizeof(fdt32_t) != 0U) {
		config_error(c, p->name, "has %u bytes; wanted: one cell, a hart id, for each cpu",
			     p->len);
		return;
	}
	for (u32 i = 0; i < n; i++)
		d->part->affinity[i] = cell(p, i);
	d->affinity_count = n;
	d->have |= CONFIG_HAVE_AFFINITY;
}

static void read_memory(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	const u32 pair = 4U * (u32)sizeof(fdt32_t);
	u32 n = p->len / pair;

	if (n == 0U || p->len % pair != 0U) {
		config_error(
			c, p->name,
			"has %u bytes; wanted: pairs of base and size, each of two cells: 16 bytes",
			p->len);
		return;
	}
	if (n > CONFIG_MAX_REGIONS) {
		config_error(c, p->name, "has %u ranges; allowed: %u", n, CONFIG_MAX_REGIONS);
		return;
	}
	for (u32 i = 0; i < n; i++) {
		d->part->memory[i].gpa = cell_pair(p, 4U * i);
		d->part->memory[i].size = cell_pair(p, 4U * i + 2U);
	}
	d->part->nr_memory = n;
	d->have |= CONFIG_HAVE_MEMORY;
}

/* The files there are, so that a wrong name is put right at once. */
static void list_files(const struct config_ctx *c, char *buf, size_t size)
{
	struct archive_file f;
	bool first = true;
	u64 pos = 0;

	buf[0] = '\0';
	while (archive_next(c->archive, &pos, &f) == 0) {
		if (strcmp(f.name, ARCHIVE_CONFIG_NAME) == 0)
			continue;
		/* The names end in "..." where there are too many, for which 5 bytes are kept. */
		if (!text_append(buf, size - 5U, "%s\"%s\"", first ? "" : ", ", f.name)) {
			(void)text_append(buf, size, "%s...", first ? "" : ", ");
			return;
		}
		first = false;
	}
	if (first)
		(void)text_append(buf, size, "no other files");
}

static const char *get_file(struct config_ctx *c, const struct prop *p)
{
	const char *name = get_string(c, p);
	char clean[48];
	struct archive_file f;
	char list[112];

	if (name == NULL)
		return NULL;
	if (archive_find(c->archive, name, &f) == 0 && strcmp(name, ARCHIVE_CONFIG_NAME) != 0)
		return name;
	text_clean(clean, sizeof(clean), name);
	list_files(c, list, sizeof(list));
	config_error(c, p->name, "there is no file \"%s\" in the boot archive, which holds %s",
		     clean, list);
	return NULL;
}

static void read_kernel(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	d->part->kernel = get_file(c, p);
	if (d->part->kernel != NULL)
		d->have |= CONFIG_HAVE_KERNEL;
}

static void read_initrd(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	d->part->initrd = get_file(c, p);
	if (d->part->initrd != NULL)
		d->have |= CONFIG_HAVE_INITRD;
}

static void read_bootargs(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	const char *s = get_string(c, p);

	if (s == NULL)
		return;
	if (p->len > CONFIG_BOOTARGS_LEN) {
		config_error(c, p->name, "has %u characters; allowed: %u", p->len - 1U,
			     CONFIG_BOOTARGS_LEN - 1U);
		return;
	}
	d->part->bootargs = s;
}

static void read_mode(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	static const struct word words[] = { { "sv39x4", 3 }, { "sv48x4", 4 }, { "sv57x4", 5 } };
	u8 modes = c->machine->gstage_modes;
	char allowed[40] = "";
	u32 levels;

	if (!get_word(c, p, words, ARRAY_SIZE(words), &levels))
		return;
	if (modes == 0U || (modes & (1U << levels)) != 0U) {
		d->part->gstage_levels = (u8)levels;
		return;
	}
	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		if ((modes & (1U << words[i].value)) != 0U)
			(void)text_append(allowed, sizeof(allowed), "%s\"%s\"",
					  allowed[0] == '\0' ? "" : ", ", words[i].text);
	}
	config_error(c, p->name, "this machine cannot do \"%s\"; allowed: %s",
		     (const char *)p->data, allowed);
}

static void read_largest_page(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	u32 v;

	if (!get_u32(c, p, 1, UINT32_MAX, &v))
		return;
	if (v != PAGE_SIZE && v != MIB(2) && v != GIB(1)) {
		config_error(c, p->name,
			     "<0x%x> is not allowed; allowed: <0x1000>, <0x200000>, <0x40000000> "
			     "(4 KiB, 2 MiB, 1 GiB)",
			     v);
		return;
	}
	d->part->largest_page = v;
}

static void read_eager(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	static const struct word words[] = { { "on", CONFIG_EAGER_ON },
					     { "off", CONFIG_EAGER_OFF } };
	u32 v;

	if (get_word(c, p, words, ARRAY_SIZE(words), &v))
		d->part->eager = (enum config_eager)v;
}

static void read_on_fault(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	static const struct word words[] = { { "stop", CONFIG_ON_FAULT_STOP },
					     { "restart", CONFIG_ON_FAULT_RESTART },
					     { "reset", CONFIG_ON_FAULT_RESET_MACHINE } };
	u32 v;

	if (get_word(c, p, words, ARRAY_SIZE(words), &v))
		d->part->on_fault = (enum config_on_fault)v;
}

static void read_table_pool(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	if (get_u32(c, p, 1, UINT32_MAX, &d->part->pool_tables))
		d->have |= CONFIG_HAVE_POOL;
}

static void read_manager(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	d->part->manager = get_flag(c, p);
}

static void read_migratable(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	d->part->migratable = get_flag(c, p);
}

static void read_incoming(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	d->part->incoming = get_flag(c, p);
}

static void read_manual_start(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	d->part->no_autostart = get_flag(c, p);
}

static void read_direct_map(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	d->part->direct_map = get_flag(c, p);
}

/* One path of "devices"; the string ends inside the property. */
static bool check_path(struct config_ctx *c, const struct prop *p,
		       const struct config_partition *part, const char *path)
{
	char clean[CONFIG_PATH_LEN];

	if (!check_printable(c, p, path))
		return false;
	text_clean(clean, sizeof(clean), path);
	if (path[0] != '/' || path[1] == '\0') {
		config_error(c, p->name,
			     "\"%s\" is no path of a node; wanted: one of the machine's device "
			     "tree, from its root: \"/soc/...\"",
			     clean);
		return false;
	}
	if (strlen(path) >= CONFIG_PATH_LEN) {
		config_error(c, p->name, "\"%s\" has %lu characters; allowed: %u", clean,
			     (unsigned long)strlen(path), CONFIG_PATH_LEN - 1U);
		return false;
	}
	for (u32 i = 0; i < part->nr_devices; i++) {
		if (strcmp(part->device[i], path) == 0) {
			config_error(c, p->name, "\"%s\" stands there twice", clean);
			return false;
		}
	}
	if (part->nr_devices == CONFIG_MAX_DEVICES) {
		config_error(c, p->name, "\"%s\" is one too many; allowed: %u", clean,
			     CONFIG_MAX_DEVICES);
		return false;
	}
	return true;
}

static void read_devices(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	struct config_partition *part = d->part;
	const char *s = (const char *)p->data;
	const char *end = s + p->len;

	if (p->len == 0U || end[-1] != '\0') {
		config_error(c, p->name,
			     "is no list of strings; wanted: paths of the machine's device tree");
		return;
	}
	for (; s < end; s += strlen(s) + 1U) {
		if (check_path(c, p, part, s))
			part->device[part->nr_devices++] = s;
	}
}

/* All properties of a partition; the index is the bit in config_draft.given. */
enum prop_index {
	PROP_COMPATIBLE,
	PROP_CPUS,
	PROP_AFFINITY,
	PROP_MEMORY,
	PROP_KERNEL,
	PROP_INITRD,
	PROP_BOOTARGS,
	PROP_MODE,
	PROP_LARGEST_PAGE,
	PROP_EAGER,
	PROP_ON_FAULT,
	PROP_TABLE_POOL,
	PROP_MANAGER,
	PROP_MIGRATABLE,
	PROP_INCOMING,
	PROP_MANUAL_START,
	PROP_DIRECT_MAP,
	PROP_DEVICES,
	PROP_COUNT,
};

static const char *const prop_name[PROP_COUNT] = {
	[PROP_COMPATIBLE] = "compatible",
	[PROP_CPUS] = "cpus",
	[PROP_AFFINITY] = "cpu-affinity",
	[PROP_MEMORY] = "memory",
	[PROP_KERNEL] = "kernel",
	[PROP_INITRD] = "initrd",
	[PROP_BOOTARGS] = "bootargs",
	[PROP_MODE] = "gstage-mode",
	[PROP_LARGEST_PAGE] = "largest-page",
	[PROP_EAGER] = "eager-page-split",
	[PROP_ON_FAULT] = "on-fault",
	[PROP_TABLE_POOL] = "table-pool",
	[PROP_MANAGER] = "manager",
	[PROP_MIGRATABLE] = "migratable",
	[PROP_INCOMING] = "incoming",
	[PROP_MANUAL_START] = "manual-start",
	[PROP_DIRECT_MAP] = "direct-map",
	[PROP_DEVICES] = "devices",
};

typedef void (*prop_read_fn)(struct config_ctx *c, const struct prop *p, struct config_draft *d);

static const prop_read_fn prop_read[PROP_COUNT] = {
	[PROP_COMPATIBLE] = read_compatible,
	[PROP_CPUS] = read_cpus,
	[PROP_AFFINITY] = read_affinity,
	[PROP_MEMORY] = read_memory,
	[PROP_KERNEL] = read_kernel,
	[PROP_INITRD] = read_initrd,
	[PROP_BOOTARGS] = read_bootargs,
	[PROP_MODE] = read_mode,
	[PROP_LARGEST_PAGE] = read_largest_page,
	[PROP_EAGER] = read_eager,
	[PROP_ON_FAULT] = read_on_fault,
	[PROP_TABLE_POOL] = read_table_pool,
	[PROP_MANAGER] = read_manager,
	[PROP_MIGRATABLE] = read_migratable,
	[PROP_INCOMING] = read_incoming,
	[PROP_MANUAL_START] = read_manual_start,
	[PROP_DIRECT_MAP] = read_direct_map,
	[PROP_DEVICES] = read_devices,
};

static void read_one(struct config_ctx *c, const struct prop *p, struct config_draft *d)
{
	for (u32 i = 0; i < (u32)PROP_COUNT; i++) {
		if (strcmp(p->name, prop_name[i]) != 0)
			continue;
		if ((d->given & (1U << i)) != 0U) {
			config_error(c, p->name, "is given twice");
			return;
		}
		d->given |= 1U << i;
		prop_read[i](c, p, d);
		return;
	}
	if (!config_ignored(p->name))
		config_unknown(c, p->name, prop_name, PROP_COUNT);
}

void config_props_read(struct config_ctx *c, int offset, struct config_draft *d)
{
	int at;

	for (u32 i = 0; i < CONFIG_MAX_VCPUS; i++)
		d->part->affinity[i] = CONFIG_CPU_ANY;
	d->part->largest_page = GIB(1);

	fdt_for_each_property_offset (at, c->fdt, offset) {
		struct prop p;
		int len = 0;

		p.data = fdt_getprop_by_offset(c->fdt, at, &p.name, &len);
		p.len = (u32)len;
		if (p.data != NULL && len >= 0)
			read_one(c, &p, d);
	}
}

static bool given(const struct config_draft *d, enum prop_index i)
{
	return (d->given & (1U << (u32)i)) != 0U;
}

/* An empty slot gets everything but its size from the partition that is moved into it. */
static void check_incoming(struct config_ctx *c, const struct config_draft *d)
{
	static const enum prop_index not_incoming[] = { PROP_KERNEL, PROP_INITRD, PROP_BOOTARGS,
							PROP_MANUAL_START };

	for (u32 i = 0; i < ARRAY_SIZE(not_incoming); i++) {
		if (given(d, not_incoming[i]))
			config_error(c, prop_name[not_incoming[i]],
				     "does not go with \"incoming\": an empty slot starts nothing "
				     "itself");
	}
	if (d->part->on_fault == CONFIG_ON_FAULT_RESTART)
		config_error(c, prop_name[PROP_ON_FAULT],
			     "\"restart\" does not go with \"incoming\": there is no kernel to "
			     "load again; "
			     "allowed: \"stop\", \"reset\"");
}

/* A device stays with its machine, and so does what the partition has told it. */
static void check_movable(struct config_ctx *c, const struct config_draft *d)
{
	if (!given(d, PROP_DEVICES))
		return;
	if (d->part->migratable)
		config_error(c, prop_name[PROP_DEVICES],
			     "does not go with \"migratable\": a partition that drives a device "
			     "of the machine cannot be moved");
	if (d->part->incoming)
		config_error(c, prop_name[PROP_DEVICES],
			     "does not go with \"incoming\": what is moved in drives no device "
			     "of this machine");
}

void config_props_required(struct config_ctx *c, const struct config_draft *d)
{
	if (!given(d, PROP_CPUS))
		config_error(c, prop_name[PROP_CPUS], "is missing; wanted: <1> to <%u>",
			     CONFIG_MAX_VCPUS);
	check_movable(c, d);
	if (!given(d, PROP_MEMORY))
		config_error(c, prop_name[PROP_MEMORY],
			     "is missing; wanted: pairs of base and size, each of two cells");
	if (d->part->incoming)
		check_incoming(c, d);
	else if (!given(d, PROP_KERNEL))
		config_error(c, prop_name[PROP_KERNEL],
			     "is missing; wanted: the name of a file in the boot archive, or the "
			     "property "
			     "\"incoming\"");
}
