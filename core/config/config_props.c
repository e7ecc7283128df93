/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: the properties of a partition. One table names them all; those that
 * exclude or need each other are judged together after that.
 */
#include <libfdt.h>

#include <cleave/string.h>
#include "core/config/aia/config_aia.h"
#include "core/config/config_internal.h"
#include "lib/fdt_read.h"
#include "lib/text.h"

/* --- words ------------------------------------------------------------------------------------ */

static const struct config_word config_props_mode[] = {
	{ "sv39x4", 3 }, { "sv48x4", 4 }, { "sv57x4", 5 }, { NULL, 0 }
};

static const struct config_word config_props_eager[] = { { "on", CONFIG_EAGER_ON },
							 { "off", CONFIG_EAGER_OFF },
							 { NULL, 0 } };

static const struct config_word config_props_counters[] = { { "on", 1 },
							    { "off", 0 },
							    { NULL, 0 } };

static const struct config_word config_props_on_fault[] = { { "stop", CONFIG_ON_FAULT_STOP },
							    { "restart", CONFIG_ON_FAULT_RESTART },
							    { "reset",
							      CONFIG_ON_FAULT_RESET_MACHINE },
							    { NULL, 0 } };

static const struct config_word config_props_on_bad_access[] = {
	{ "reflect", CONFIG_BAD_ACCESS_REFLECT }, { "stop", CONFIG_BAD_ACCESS_STOP }, { NULL, 0 }
};

static const struct config_word config_props_plic_contexts[] = { { "ms", CONFIG_PLIC_MS },
								 { "s", CONFIG_PLIC_S },
								 { NULL, 0 } };

static const struct config_word config_props_interrupts[] = { { "plic", CONFIG_INTERRUPTS_PLIC },
#ifdef CONFIG_AIA
							      { "aia", CONFIG_INTERRUPTS_AIA },
#endif
							      { NULL, 0 } };

/* Code may begin at any halfword, as guests have C. */
#define CONFIG_ALIGN_CODE 2U
/* A device tree begins at a multiple of 8 bytes (Devicetree Specification, chapter 5). */
#define CONFIG_ALIGN_FDT 8U

/* --- one property ----------------------------------------------------------------------------- */

static bool config_props_read_affinity(struct config_ctx *c, const struct config_prop *p,
				       struct config_draft *d)
{
	u32 n = p->len / (u32)sizeof(fdt32_t);

	if (n == 0U || n > CONFIG_MAX_VCPUS || p->len % sizeof(fdt32_t) != 0U) {
		config_error(c, p->name, "has %u bytes; wanted: one cell, a hart id, for each cpu",
			     p->len);
		return false;
	}
	for (u32 i = 0; i < n; i++)
		d->part->affinity[i] = config_value_cell(p, i);
	d->affinity_count = n;
	return true;
}

static bool config_props_read_memory(struct config_ctx *c, const struct config_prop *p,
				     struct config_draft *d)
{
	const u32 pair = 4U * (u32)sizeof(fdt32_t);
	u32 n = p->len / pair;

	if (n == 0U || p->len % pair != 0U) {
		config_error(c, p->name,
			     "has %u bytes; wanted: pairs of base and size, of two cells each: 16 "
			     "bytes a pair",
			     p->len);
		return false;
	}
	if (n > CONFIG_MAX_REGIONS) {
		config_error(c, p->name, "has %u ranges; allowed: %u", n, CONFIG_MAX_REGIONS);
		return false;
	}
	for (u32 i = 0; i < n; i++) {
		d->part->memory[i].gpa = fdt_read_cells(p->data + i * pair, 2);
		d->part->memory[i].size = fdt_read_cells(p->data + i * pair + pair / 2U, 2);
	}
	d->part->nr_memory = n;
	return true;
}

/* The field of the partition that the row of the property names */
static void *config_props_field(const struct config_draft *d)
{
	return (u8 *)d->part + d->rule->at;
}

static bool config_props_read_file(struct config_ctx *c, const struct config_prop *p,
				   struct config_draft *d)
{
	const char *name = config_value_file(c, p);

	memcpy(config_props_field(d), (const void *)&name, sizeof(name));
	return name != NULL;
}

/* Code may begin at any halfword, a device tree at what the specification says. */
static bool config_props_read_address(struct config_ctx *c, const struct config_prop *p,
				      struct config_draft *d)
{
	u64 align = d->rule->at == offsetof(struct config_partition, fdt_address)
			    ? CONFIG_ALIGN_FDT
			    : CONFIG_ALIGN_CODE;

	return config_value_address(c, p, align, config_props_field(d));
}

static bool config_props_read_bootargs(struct config_ctx *c, const struct config_prop *p,
				       struct config_draft *d)
{
	const char *s = config_value_string(c, p);

	if (s == NULL)
		return false;
	if (p->len > CONFIG_BOOTARGS_LEN) {
		config_error(c, p->name, "has %u characters; allowed: %u", p->len - 1U,
			     CONFIG_BOOTARGS_LEN - 1U);
		return false;
	}
	d->part->bootargs = s;
	return true;
}

/* Return: the value of a hexadecimal digit; 16 when @c is none */
static u32 config_props_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	u32 n = 0;

	while (n < 16U && digits[n] != c)
		n++;
	return n;
}

/* As RFC 9562 writes it: 32 digits, and hyphens before the 9th, the 13th, the 17th and the 21st */
static bool config_props_uuid_ok(const char *s, u8 *uuid)
{
	u32 n = 0;
	u8 any = 0;

	for (u32 i = 0; i < 36U; i++) {
		u32 digit = config_props_digit(s[i]);

		if (i == 8U || i == 13U || i == 18U || i == 23U) {
			if (s[i] != '-')
				return false;
			continue;
		}
		if (digit == 16U)
			return false;
		uuid[n / 2U] = (u8)((u32)uuid[n / 2U] << 4 | digit);
		any |= (u8)digit;
		n++;
	}
	return any != 0U;
}

static bool config_props_read_uuid(struct config_ctx *c, const struct config_prop *p,
				   struct config_draft *d)
{
	const char *s = config_value_string(c, p);

	if (s == NULL)
		return false;
	if (p->len != 37U || !config_props_uuid_ok(s, d->part->uuid)) {
		config_error(c, p->name,
			     "\"%s\" is not allowed; allowed: 32 digits, 0 to 9 and a to f, with "
			     "hyphens, as 01234567-89ab-8def-8123-456789abcdef; not all 0",
			     s);
		return false;
	}
	for (u32 i = 0; i < c->config->nr; i++) {
		const struct config_partition *other = &c->config->partition[i];

		if (other == d->part || memcmp(other->uuid, d->part->uuid, CONFIG_UUID_LEN) != 0)
			continue;
		config_error(c, p->name, "is that of partition \"%s\", too", other->name);
		return false;
	}
	return true;
}

static bool config_props_read_mode(struct config_ctx *c, const struct config_prop *p,
				   struct config_draft *d)
{
	u8 modes = c->machine->gstage_modes;
	u32 levels = d->cell;
	char allowed[40] = "";

	if (modes == 0U || (modes & (1U << levels)) != 0U) {
		d->part->gstage_levels = (u8)levels;
		return true;
	}
	for (const struct config_word *w = config_props_mode; w->text != NULL; w++) {
		if ((modes & (1U << w->value)) != 0U)
			(void)text_list(allowed, sizeof(allowed), "\"%s\"", w->text);
	}
	config_error(c, p->name, "this machine cannot do \"%s\"; allowed: %s",
		     (const char *)p->data, allowed);
	return false;
}

static bool config_props_read_largest_page(struct config_ctx *c, const struct config_prop *p,
					   struct config_draft *d)
{
	u32 v;

	if (!config_value_u32(c, p, 1, UINT32_MAX, &v))
		return false;
	if (v != PAGE_SIZE && v != MIB(2) && v != GIB(1)) {
		config_error(c, p->name,
			     "<0x%x> is not allowed; allowed: <0x1000>, <0x200000>, <0x40000000> "
			     "(4 KiB, 2 MiB, 1 GiB)",
			     v);
		return false;
	}
	d->part->largest_page = v;
	return true;
}

static void config_props_take_counters(struct config_draft *d)
{
	d->part->counters = d->cell != 0U;
}

static bool config_props_read_restart_limit(struct config_ctx *c, const struct config_prop *p,
					    struct config_draft *d)
{
	u32 count;
	u32 seconds;

	if (p->len != 2U * (u32)sizeof(fdt32_t)) {
		config_error(c, p->name,
			     "has %u bytes; wanted: two cells, <count seconds>, each 1 to %u",
			     p->len, CONFIG_RESTART_MAX);
		return false;
	}
	count = config_value_cell(p, 0);
	seconds = config_value_cell(p, 1);
	if (count == 0U || count > CONFIG_RESTART_MAX || seconds == 0U ||
	    seconds > CONFIG_RESTART_MAX) {
		config_error(c, p->name,
			     "<%u %u> is not allowed; allowed: <count seconds>, each 1 to %u",
			     count, seconds, CONFIG_RESTART_MAX);
		return false;
	}
	d->part->restart_count = count;
	d->part->restart_seconds = seconds;
	return true;
}

/* Return: true when a value is a list of strings, all of which end inside it */
static bool config_props_is_list(struct config_ctx *c, const struct config_prop *p)
{
	if (p->len != 0U && p->data[p->len - 1U] == '\0')
		return true;
	config_error(c, p->name,
		     "is not a list of strings; wanted: paths in the machine's device tree");
	return false;
}

static bool config_props_read_no_dma(struct config_ctx *c, const struct config_prop *p,
				     struct config_draft *d)
{
	d->no_dma = *p;
	return config_props_is_list(c, p);
}

/* Return: number of the device with this path; nr_devices: it has none */
static u32 config_props_find_device(const struct config_partition *part, const char *path)
{
	u32 i = 0;

	while (i < part->nr_devices && strcmp(part->device[i], path) != 0)
		i++;
	return i;
}

/* One path of "devices"; the string ends inside the property. */
static bool config_props_check_path(struct config_ctx *c, const struct config_prop *p,
				    const struct config_partition *part, const char *path)
{
	char clean[CONFIG_PATH_LEN];

	if (!config_value_printable(c, p, path))
		return false;
	text_clean(clean, sizeof(clean), path);
	if (path[0] != '/' || path[1] == '\0') {
		config_error(c, p->name,
			     "\"%s\" is not the path of a node; wanted: a path in the machine's "
			     "device tree, from its root: \"/soc/...\"",
			     clean);
		return false;
	}
	if (strlen(path) >= CONFIG_PATH_LEN) {
		config_error(c, p->name, "\"%s\" has %lu characters; allowed: %u", clean,
			     strlen(path), CONFIG_PATH_LEN - 1U);
		return false;
	}
	if (config_props_find_device(part, path) < part->nr_devices) {
		config_error(c, p->name, "\"%s\" is listed twice", clean);
		return false;
	}
	if (part->nr_devices == CONFIG_MAX_DEVICES) {
		config_error(c, p->name, "\"%s\" is one too many; allowed: %u", clean,
			     CONFIG_MAX_DEVICES);
		return false;
	}
	return true;
}

static bool config_props_read_devices(struct config_ctx *c, const struct config_prop *p,
				      struct config_draft *d)
{
	struct config_partition *part = d->part;
	const char *s = (const char *)p->data;
	const char *end = s + p->len;
	bool good = true;

	if (!config_props_is_list(c, p))
		return false;
	for (; s < end; s += strlen(s) + 1U) {
		if (config_props_check_path(c, p, part, s))
			part->device[part->nr_devices++] = s;
		else
			good = false;
	}
	return good;
}

/* --- all properties --------------------------------------------------------------------------- */

static const struct config_prop_rule config_props_table[CONFIG_PROP_COUNT] = {
	/* Its value was checked before any other property was read. */
	[CONFIG_PROP_COMPATIBLE] = {
		.name = "compatible",
		.type = CONFIG_TYPE_STRING,
		.required = true,
		.help = CONFIG_PROPS_HELP("says what the node is: \"cleave,partition\""),
	},
	[CONFIG_PROP_CPUS] = {
		.name = "cpus",
		.type = CONFIG_TYPE_CELL,
		.required = true,
		.low = 1,
		.high = CONFIG_MAX_VCPUS,
		.at = offsetof(struct config_partition, cpus),
		.help = CONFIG_PROPS_HELP("number of vCPUs"),
	},
	[CONFIG_PROP_AFFINITY] = {
		.name = "cpu-affinity",
		.type = CONFIG_TYPE_CELLS,
		.read = config_props_read_affinity,
		.help = CONFIG_PROPS_HELP("the hart id on which each vCPU runs"),
	},
	[CONFIG_PROP_WEIGHT] = {
		.name = "cpu-weight",
		.type = CONFIG_TYPE_CELL,
		.low = 1,
		.high = CONFIG_WEIGHT_MAX,
		.at = offsetof(struct config_partition, cpu_weight),
		.help = CONFIG_PROPS_HELP("a vCPU's part of a hart that it shares, against the "
					  "weights of the others"),
	},
	[CONFIG_PROP_MEMORY] = {
		.name = "memory",
		.type = CONFIG_TYPE_CELLS,
		.required = true,
		.read = config_props_read_memory,
		.help = CONFIG_PROPS_HELP("pairs of guest-physical base and size, four cells each"),
	},
	[CONFIG_PROP_KERNEL] = {
		.name = "kernel",
		.type = CONFIG_TYPE_STRING,
		.required = true,
		.read = config_props_read_file,
		.at = offsetof(struct config_partition, kernel),
		.help = CONFIG_PROPS_HELP("a file of the archive, unless the partition is "
					  "\"incoming\""),
	},
	[CONFIG_PROP_INITRD] = {
		.name = "initrd",
		.type = CONFIG_TYPE_STRING,
		.read = config_props_read_file,
		.at = offsetof(struct config_partition, initrd),
		.help = CONFIG_PROPS_HELP("a file of the archive"),
	},
	[CONFIG_PROP_BOOTARGS] = {
		.name = "bootargs",
		.type = CONFIG_TYPE_STRING,
		.read = config_props_read_bootargs,
		.help = CONFIG_PROPS_HELP("the guest's command line"),
	},
	[CONFIG_PROP_LOAD_ADDRESS] = {
		.name = "load-address",
		.type = CONFIG_TYPE_CELLS,
		.read = config_props_read_address,
		.at = offsetof(struct config_partition, load_address),
		.help = CONFIG_PROPS_HELP("where the kernel's first byte goes, two cells"),
	},
	[CONFIG_PROP_ENTRY] = {
		.name = "entry",
		.type = CONFIG_TYPE_CELLS,
		.read = config_props_read_address,
		.at = offsetof(struct config_partition, entry),
		.help = CONFIG_PROPS_HELP("where vCPU 0 starts, two cells"),
	},
	[CONFIG_PROP_FDT_ADDRESS] = {
		.name = "fdt-address",
		.type = CONFIG_TYPE_CELLS,
		.read = config_props_read_address,
		.at = offsetof(struct config_partition, fdt_address),
		.help = CONFIG_PROPS_HELP("where the guest's device tree goes, two cells"),
	},
	[CONFIG_PROP_MODE] = {
		.name = "gstage-mode",
		.type = CONFIG_TYPE_STRING,
		.words = config_props_mode,
		.read = config_props_read_mode,
		.help = CONFIG_PROPS_HELP("the mode of the G-stage tables"),
	},
	[CONFIG_PROP_LARGEST_PAGE] = {
		.name = "largest-page",
		.type = CONFIG_TYPE_CELL,
		.read = config_props_read_largest_page,
		.help = CONFIG_PROPS_HELP("bytes of the largest G-stage leaf"),
	},
	[CONFIG_PROP_EAGER] = {
		.name = "eager-page-split",
		.type = CONFIG_TYPE_STRING,
		.words = config_props_eager,
		.at = offsetof(struct config_partition, eager),
		.help = CONFIG_PROPS_HELP("whether a dirty log splits huge leaves when it starts"),
	},
	[CONFIG_PROP_COUNTERS] = {
		.name = "counters",
		.type = CONFIG_TYPE_STRING,
		.words = config_props_counters,
		.take = config_props_take_counters,
		.help = CONFIG_PROPS_HELP("whether the guest may read cycle and instret"),
	},
	[CONFIG_PROP_ON_FAULT] = {
		.name = "on-fault",
		.type = CONFIG_TYPE_STRING,
		.words = config_props_on_fault,
		.at = offsetof(struct config_partition, on_fault),
		.help = CONFIG_PROPS_HELP("what happens when the guest does what it may not"),
	},
	[CONFIG_PROP_ON_BAD_ACCESS] = {
		.name = "on-bad-access",
		.type = CONFIG_TYPE_STRING,
		.words = config_props_on_bad_access,
		.at = offsetof(struct config_partition, on_bad_access),
		.help = CONFIG_PROPS_HELP("what the guest gets that accesses what is not there"),
	},
	[CONFIG_PROP_RESTART_LIMIT] = {
		.name = "restart-limit",
		.type = CONFIG_TYPE_CELLS,
		.read = config_props_read_restart_limit,
		.help = CONFIG_PROPS_HELP("how often it may restart: a count, and within how many "
					  "seconds"),
	},
	[CONFIG_PROP_TABLE_POOL] = {
		.name = "table-pool",
		.type = CONFIG_TYPE_CELL,
		.low = 1,
		.high = UINT32_MAX,
		.at = offsetof(struct config_partition, pool_tables),
		.help = CONFIG_PROPS_HELP("tables of 4 KiB kept for splitting huge leaves"),
	},
	[CONFIG_PROP_MANAGER] = {
		.name = "manager",
		.type = CONFIG_TYPE_FLAG,
		.at = offsetof(struct config_partition, manager),
		.help = CONFIG_PROPS_HELP("may use hypercalls on other partitions"),
	},
	[CONFIG_PROP_MIGRATABLE] = {
		.name = "migratable",
		.type = CONFIG_TYPE_FLAG,
		.at = offsetof(struct config_partition, migratable),
		.help = CONFIG_PROPS_HELP("may be moved to another machine"),
	},
	[CONFIG_PROP_INCOMING] = {
		.name = "incoming",
		.type = CONFIG_TYPE_FLAG,
		.at = offsetof(struct config_partition, incoming),
		.help = CONFIG_PROPS_HELP("an empty slot that a partition can be moved into"),
	},
	[CONFIG_PROP_UUID] = {
		.name = "uuid",
		.type = CONFIG_TYPE_STRING,
		.read = config_props_read_uuid,
		.help = CONFIG_PROPS_HELP("which guest it is, wherever it moves"),
	},
	[CONFIG_PROP_MANUAL_START] = {
		.name = "manual-start",
		.type = CONFIG_TYPE_FLAG,
		.at = offsetof(struct config_partition, manual_start),
		.help = CONFIG_PROPS_HELP("gets its memory at boot, and is started by a manager"),
	},
	[CONFIG_PROP_DIRECT_MAP] = {
		.name = "direct-map",
		.type = CONFIG_TYPE_FLAG,
		.at = offsetof(struct config_partition, direct_map),
		.help = CONFIG_PROPS_HELP("memory is at GPA = HPA"),
	},
	[CONFIG_PROP_DEVICES] = {
		.name = "devices",
		.type = CONFIG_TYPE_STRINGS,
		.read = config_props_read_devices,
		.help = CONFIG_PROPS_HELP("paths of nodes in the machine's device tree that the "
					  "partition drives itself"),
	},
	[CONFIG_PROP_PLIC_CONTEXTS] = {
		.name = "plic-contexts",
		.type = CONFIG_TYPE_STRING,
		.words = config_props_plic_contexts,
		.at = offsetof(struct config_partition, plic_contexts),
		.help = CONFIG_PROPS_HELP("the contexts of the emulated PLIC: of M and S, or of S "
					  "alone"),
	},
	[CONFIG_PROP_INTERRUPTS] = {
		.name = "interrupts",
		.type = CONFIG_TYPE_STRING,
		.words = config_props_interrupts,
#ifdef CONFIG_AIA
		.read = config_aia_read,
#endif
		.help = CONFIG_PROPS_HELP("its interrupt controllers: a PLIC, or the AIA's"),
	},
	[CONFIG_PROP_NO_DMA] = {
		.name = "no-dma",
		.type = CONFIG_TYPE_STRINGS,
		.read = config_props_read_no_dma,
		.help = CONFIG_PROPS_HELP("those of its devices that do no DMA"),
	},
	[CONFIG_PROP_EXCLUSIVE] = {
		.name = "exclusive",
		.type = CONFIG_TYPE_FLAG,
		.at = offsetof(struct config_partition, exclusive),
		.help = CONFIG_PROPS_HELP("no other partition is on its harts"),
	},
	[CONFIG_PROP_FDT] = {
		.name = "fdt",
		.type = CONFIG_TYPE_STRING,
		.read = config_props_read_file,
		.at = offsetof(struct config_partition, fdt),
		.help = CONFIG_PROPS_HELP("a file of the archive, the guest's device tree"),
	},
	[CONFIG_PROP_FDT_OVERLAY] = {
		.name = "fdt-overlay",
		.type = CONFIG_TYPE_STRING,
		.read = config_props_read_file,
		.at = offsetof(struct config_partition, fdt_overlay),
		.help = CONFIG_PROPS_HELP("a file of the archive, merged into the device tree that "
					  "is generated"),
	},
};

const struct config_prop_rule *config_props_rule(u32 i)
{
	return i < (u32)CONFIG_PROP_COUNT ? &config_props_table[i] : NULL;
}

void config_props_read(struct config_ctx *c, int offset, struct config_draft *d)
{
	for (u32 i = 0; i < CONFIG_MAX_VCPUS; i++)
		d->part->affinity[i] = CONFIG_CPU_ANY;
	d->part->largest_page = GIB(1);
	d->part->restart_count = CONFIG_RESTART_COUNT;
	d->part->restart_seconds = CONFIG_RESTART_SECONDS;
	d->part->cpu_weight = CONFIG_WEIGHT_DEFAULT;
	d->part->counters = true;
	config_table_read(c, offset, config_props_table, CONFIG_PROP_COUNT, d);
}

/* --- properties together ---------------------------------------------------------------------- */

/*
 * An empty slot gets everything but its size from the partition that is moved into it. What it
 * names is loaded when that partition restarts or is reset.
 */
static void config_props_check_incoming(struct config_ctx *c, const struct config_draft *d)
{
	static const enum config_prop_index loads[] = {
		CONFIG_PROP_INITRD, CONFIG_PROP_BOOTARGS,    CONFIG_PROP_LOAD_ADDRESS,
		CONFIG_PROP_ENTRY,  CONFIG_PROP_FDT_ADDRESS, CONFIG_PROP_PLIC_CONTEXTS,
		CONFIG_PROP_FDT,    CONFIG_PROP_FDT_OVERLAY
	};
	bool kernel = config_is_given(d, CONFIG_PROP_KERNEL);

	for (u32 i = 0; i < ARRAY_SIZE(loads) && !kernel; i++) {
		if (config_is_given(d, loads[i]))
			config_error(c, config_props_table[loads[i]].name,
				     "goes with \"incoming\" only beside a \"kernel\", which a "
				     "restart loads");
	}
	if (config_is_given(d, CONFIG_PROP_MANUAL_START))
		config_error(c, config_props_table[CONFIG_PROP_MANUAL_START].name,
			     "does not go with \"incoming\": an empty slot gets its memory with "
			     "the partition that is moved in");
	if (d->part->on_fault == CONFIG_ON_FAULT_RESTART && !kernel)
		config_error(c, config_props_table[CONFIG_PROP_ON_FAULT].name,
			     "\"restart\" does not go with \"incoming\" without a \"kernel\" to "
			     "load again; allowed: \"stop\", \"reset\"");
}

/* A device stays with its machine, and so does what the partition has told it. */
static void config_props_check_movable(struct config_ctx *c, const struct config_draft *d)
{
	const char *name = config_props_table[CONFIG_PROP_DEVICES].name;

	if (!config_is_given(d, CONFIG_PROP_DEVICES))
		return;
	if (d->part->migratable)
		config_error(c, name,
			     "does not go with \"migratable\": a partition that drives a device "
			     "of the machine cannot be moved");
	if (d->part->incoming)
		config_error(c, name,
			     "does not go with \"incoming\": what is moved in drives no device "
			     "of this machine");
}

static void config_props_take_no_dma(struct config_ctx *c, struct config_draft *d)
{
	const struct config_prop *p = &d->no_dma;
	char clean[CONFIG_PATH_LEN];

	if (!config_is_good(d, CONFIG_PROP_NO_DMA))
		return;
	for (const char *s = (const char *)p->data; s < (const char *)p->data + p->len;
	     s += strlen(s) + 1U) {
		u32 i = config_props_find_device(d->part, s);

		if (i < d->part->nr_devices) {
			d->part->no_dma |= 1U << i;
			continue;
		}
		text_clean(clean, sizeof(clean), s);
		config_error(c, p->name,
			     "\"%s\" is not one of its devices; allowed: paths that "
			     "\"devices\" lists",
			     clean);
	}
}

void config_props_required(struct config_ctx *c, struct config_draft *d)
{
	config_props_take_no_dma(c, d);
	if (!config_is_given(d, CONFIG_PROP_CPUS))
		config_error(c, config_props_table[CONFIG_PROP_CPUS].name,
			     "is missing; wanted: <1> to <%u>", CONFIG_MAX_VCPUS);
	config_props_check_movable(c, d);
	config_aia_check(c, d);
	if (!config_is_given(d, CONFIG_PROP_MEMORY))
		config_error(c, config_props_table[CONFIG_PROP_MEMORY].name,
			     "is missing; wanted: pairs of base and size, of two cells each");
	if (d->part->incoming)
		config_props_check_incoming(c, d);
	else if (!config_is_given(d, CONFIG_PROP_KERNEL))
		config_error(c, config_props_table[CONFIG_PROP_KERNEL].name,
			     "is missing; wanted: the name of a file in the boot archive, or the "
			     "property \"incoming\"");
}
