/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: devices of the machine that a partition drives itself ("devices").
 *
 * A device goes to one partition, with whole pages of registers and with its interrupts. A
 * partition must never reach memory that way, or what the hypervisor, the firmware or another
 * partition drives. Where the machine's tree is not known (on a person's machine), only the
 * configuration is checked.
 */
#include <libfdt.h>

#include <cleave/errno.h>
#include <cleave/format.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "core/config/config_dma.h"
#include "core/config/config_internal.h"
#include "core/config/config_tree.h"
#include "lib/fdt_index.h"
#include "lib/fdt_read.h"
#include "lib/text.h"
#include "core/machine/probe/driver.h"
#include "core/config/guest_fdt.h"
#include "mm/space.h"

#define PROPERTY "devices"

/* --- finding the node ------------------------------------------------------------------------- */

#ifdef CLEAVE_HOST
/* Add to @buf how far the path leads, and which nodes are there. */
static void config_devices_list_nodes(const void *tree, const char *path, char *buf, size_t size)
{
	size_t len = strlen(path);
	char parent[CONFIG_PATH_LEN];
	char list[112] = "";
	int node = 0;
	int sub;

	/* Every path begins with a slash, so this ends at the root at the latest. */
	do {
		while (len > 0U && path[len - 1U] != '/')
			len--;
		if (len > 0U)
			len--;
		node = len == 0U ? 0 : fdt_path_offset_namelen(tree, path, (int)len);
	} while (node < 0);
	config_tree_path(tree, node, parent);
	fdt_for_each_subnode (sub, tree, node) {
		char name[CONFIG_NAME_LEN];

		text_clean(name, sizeof(name), fdt_get_name(tree, sub, NULL));
		if (!text_list(list, sizeof(list), "%s", name))
			break;
	}
	(void)text_append(buf, size, "; \"%s\" holds %s", parent,
			  list[0] != '\0' ? list : "nothing");
}

/* Name the nearest path; where none is near, nodes that are there. */
static void config_devices_say_no_node(struct config_ctx *c, const char *path, const char *shown)
{
	const void *tree = c->machine->tree;
	char nearest[CONFIG_PATH_LEN];
	char more[240] = "";

	if (config_tree_nearest(tree, path, nearest) != NULL)
		(void)str_print(more, sizeof(more), "; did you mean \"%s\"?", nearest);
	else
		config_devices_list_nodes(tree, path, more, sizeof(more));
	config_error(c, PROPERTY, "there is no node \"%s\" in this machine's device tree%s", shown,
		     more);
}
#else
/* Who sits at the board has the tools as well, and these say more. */
static void config_devices_say_no_node(struct config_ctx *c, const char *path, const char *shown)
{
	(void)path;
	config_error(c, PROPERTY,
		     "there is no node \"%s\" in this machine's device tree; cleave-check --tree "
		     "names the nearest",
		     shown);
}
#endif

/* Return: the node; negative when the partition cannot have it, which was said */
static int config_devices_find_node(struct config_ctx *c, const char *path, const char *shown)
{
	const void *tree = c->machine->tree;
	int node = fdt_path_offset(tree, path);
	const char *text;
	char clean[CONFIG_NAME_LEN];

	if (node < 0) {
		config_devices_say_no_node(c, path, shown);
		return node;
	}
	text = config_tree_kept(tree, node);
	if (text != NULL) {
		config_error(c, PROPERTY, "\"%s\" is %s; allowed: other devices of the machine",
			     shown, text);
		return -FDT_ERR_BADPATH;
	}
	text = config_tree_status(tree, node);
	if (text != NULL) {
		text_clean(clean, sizeof(clean), text);
		config_error(c, PROPERTY,
			     "\"%s\" is not enabled: its status is \"%s\"; allowed: \"okay\"",
			     shown, clean);
		return -FDT_ERR_BADPATH;
	}
	return node;
}

/* --- registers -------------------------------------------------------------------------------- */

static bool config_devices_read_regs(struct config_ctx *c, struct config_device *d,
				     const char *shown)
{
	int n = config_tree_regs(c->machine->tree, d->node, d->reg);

	if (n > 0) {
		d->nr_regs = (u32)n;
		return true;
	}
	if (n == CLV_ERR_NOTFOUND)
		config_error(c, PROPERTY,
			     "\"%s\" has no registers (reg), or some without an address in the "
			     "machine; allowed: nodes whose bus has ranges for all registers",
			     shown);
	else if (n == CLV_ERR_NOMEM)
		config_error(c, PROPERTY, "\"%s\" has too many ranges of registers; allowed: %u",
			     shown, CONFIG_DEVICE_REGS);
	else
		config_error(c, PROPERTY,
			     "\"%s\": reg, or ranges of the buses above it, make no sense", shown);
	return false;
}

/* Registers that overlap RAM would let the partition reach everybody's memory. */
static bool config_devices_check_ram(struct config_ctx *c, const struct config_memory *pages,
				     const char *shown)
{
	for (u32 i = 0; i < c->machine->nr_ram; i++) {
		const struct frames_range *r = &c->machine->ram[i];

		if (!config_overlap(pages->gpa, pages->size, r->base, r->size))
			continue;
		config_error(
			c, PROPERTY,
			"\"%s\": its registers, 0x%lx to 0x%lx, overlap memory of the machine, "
			"0x%lx to 0x%lx; allowed: registers outside memory",
			shown, pages->gpa, pages->gpa + pages->size - 1U, r->base,
			r->base + r->size - 1U);
		return false;
	}
	return true;
}

/* Check that the partition has nothing else at the same guest-physical addresses. */
static bool config_devices_check_gpa(struct config_ctx *c, const struct config_partition *part,
				     const struct config_memory *pages, const char *shown)
{
	u64 last = pages->gpa + pages->size - 1U;

	for (u32 i = 0; i < part->nr_memory; i++) {
		const struct config_memory *m = &part->memory[i];

		if (!config_overlap(pages->gpa, pages->size, m->gpa, m->size))
			continue;
		config_error(c, PROPERTY,
			     "\"%s\": its registers, 0x%lx to 0x%lx, overlap range %u of the "
			     "partition's memory, 0x%lx to 0x%lx; move that range",
			     shown, pages->gpa, last, i, m->gpa, m->gpa + m->size - 1U);
		return false;
	}
	for (u32 i = 0; i < CONFIG_EMULATED; i++) {
		const struct config_emulated *e = &config_emulated[i];

		if (!config_emulates(part, i) ||
		    !config_overlap(pages->gpa, pages->size, e->base, e->size))
			continue;
		config_error(c, PROPERTY,
			     "\"%s\": its registers, 0x%lx to 0x%lx, overlap %s, 0x%lx to 0x%lx, "
			     "which every partition has; allowed: devices elsewhere",
			     shown, pages->gpa, last, e->name, e->base, e->base + e->size - 1U);
		return false;
	}
	return true;
}

/* Two paths may name one node, because a unit address can be left out. */
static bool config_devices_check_once(struct config_ctx *c, const struct config_device *d,
				      const char *shown)
{
	for (u32 i = 0; i < c->config->nr_devices; i++) {
		const struct config_device *o = &c->config->device[i];

		if (o->partition != d->partition || o->node != d->node)
			continue;
		config_error(c, PROPERTY, "\"%s\" is listed twice", shown);
		return false;
	}
	return true;
}

/* What gives another partition's device its clock, its reset or the like must not be stopped. */
static bool config_devices_check_served(struct config_ctx *c, const struct config_device *d,
					const char *shown)
{
	const void *tree = c->machine->tree;

	for (u32 i = 0; i < c->config->nr_devices; i++) {
		const struct config_device *o = &c->config->device[i];
		bool serves = config_tree_needs(tree, o->node, d->node);
		char path[CONFIG_PATH_LEN];

		if (o->partition == d->partition ||
		    (!serves && !config_tree_needs(tree, d->node, o->node)))
			continue;
		text_clean(path, sizeof(path), o->path);
		config_error(
			c, PROPERTY,
			"\"%s\" %s \"%s\", which partition \"%s\" has; both devices must belong to "
			"one partition",
			shown, serves ? "serves" : "needs", path,
			c->config->partition[o->partition].name);
		return false;
	}
	return true;
}

/* A page that holds registers of two devices can go to one partition alone. */
static bool config_devices_check_owners(struct config_ctx *c, const struct config_device *d,
					const struct config_memory *pages, const char *shown)
{
	for (u32 i = 0; i < c->config->nr_devices; i++) {
		const struct config_device *o = &c->config->device[i];

		for (u32 r = 0; o->partition != d->partition && r < o->nr_regs; r++) {
			const struct config_memory other = config_pages(&o->reg[r]);
			char path[CONFIG_PATH_LEN];

			if (!config_overlap(pages->gpa, pages->size, other.gpa, other.size))
				continue;
			text_clean(path, sizeof(path), o->path);
			config_error(c, PROPERTY,
				     "\"%s\": its pages, 0x%lx to 0x%lx, hold registers of \"%s\", "
				     "which partition \"%s\" has",
				     shown, pages->gpa, pages->gpa + pages->size - 1U, path,
				     c->config->partition[o->partition].name);
			return false;
		}
	}
	return true;
}

static bool config_devices_check_regs(struct config_ctx *c, const struct config_partition *part,
				      const struct config_device *d, u32 levels, const char *shown)
{
	for (u32 i = 0; i < d->nr_regs; i++) {
		const struct config_memory pages = config_pages(&d->reg[i]);

		if (pages.gpa + pages.size > config_mode_end(levels)) {
			config_error(
				c, PROPERTY,
				"\"%s\": its registers, 0x%lx to 0x%lx, lie beyond the G-stage "
				"mode %s, up to 0x%lx; set gstage-mode to a wider one",
				shown, pages.gpa, pages.gpa + pages.size - 1U,
				config_mode_name(levels), config_mode_end(levels) - 1U);
			return false;
		}
		if (!config_devices_check_ram(c, &pages, shown) ||
		    !config_devices_check_gpa(c, part, &pages, shown) ||
		    !config_devices_check_owners(c, d, &pages, shown))
			return false;
	}
	return true;
}

/* --- interrupts ------------------------------------------------------------------------------- */

static bool config_devices_read_irqs(struct config_ctx *c, struct config_device *d,
				     const char *shown)
{
	const void *tree = c->machine->tree;
	char path[CONFIG_PATH_LEN];
	int other = 0;
	int n = config_tree_irqs(tree, d->node, c->machine->plic, d->irq, &other);

	if (n >= 0) {
		d->nr_irqs = (u32)n;
		return true;
	}
	config_tree_path(tree, other, path);
	if (n == CLV_ERR_NOMEM)
		config_error(c, PROPERTY, "\"%s\" has too many interrupts; allowed: %u", shown,
			     CONFIG_DEVICE_IRQS);
	else if (n == CLV_ERR_UNSUPPORTED && c->machine->plic[0] == 0U)
		config_error(
			c, PROPERTY,
			"\"%s\": its interrupts go to \"%s\", and this machine has no interrupt "
			"controller that a driver knows; allowed here: devices without "
			"interrupts",
			shown, path);
	else if (n == CLV_ERR_UNSUPPORTED)
		config_error(
			c, PROPERTY,
			"\"%s\": an interrupt goes to \"%s\"; allowed: the machine's interrupt "
			"controller",
			shown, path);
	else
		config_error(c, PROPERTY,
			     "\"%s\": its interrupts are not sources of the machine's interrupt "
			     "controller",
			     shown);
	return false;
}

/* Return: another partition's device that has source @host, or NULL */
static const struct config_device *config_devices_other_owner(const struct config *config,
							      u32 partition, u32 host)
{
	for (u32 i = 0; i < config->nr_devices; i++) {
		const struct config_device *o = &config->device[i];

		for (u32 k = 0; o->partition != partition && k < o->nr_irqs; k++) {
			if (o->irq[k].host == host)
				return o;
		}
	}
	return NULL;
}

/* Return: the source of the console's interrupt, 0: it has none */
static u32 config_devices_console(const struct config_machine *m)
{
	struct config_irq irq[CONFIG_DEVICE_IRQS];
	int console = driver_stdout(m->tree);
	int other;

	return console >= 0 && config_tree_irqs(m->tree, console, m->plic, irq, &other) > 0
		       ? irq[0].host
		       : 0U;
}

static bool config_devices_check_irqs(struct config_ctx *c, const struct config_device *d,
				      const char *shown)
{
	u32 used = config_devices_console(c->machine);
	char path[CONFIG_PATH_LEN];

	for (u32 i = 0; i < d->nr_irqs; i++) {
		u32 host = d->irq[i].host;
		const struct config_device *o =
			config_devices_other_owner(c->config, d->partition, host);

		if (o != NULL) {
			text_clean(path, sizeof(path), o->path);
			config_error(
				c, PROPERTY,
				"\"%s\": its interrupt %u is also that of \"%s\", which "
				"partition \"%s\" has; both devices must belong to one partition",
				shown, IRQ_NUMBER(host), path,
				c->config->partition[o->partition].name);
			return false;
		}
		if (host == used) {
			config_error(
				c, PROPERTY,
				"\"%s\": its interrupt %u is also that of the machine's console",
				shown, IRQ_NUMBER(host));
			return false;
		}
	}
	return true;
}

/*
 * Devices of a partition may share an interrupt. Return: the guest's source for the host's source
 * @host, when an earlier device has it; 0: none has
 */
static u32 config_devices_guest_source(const struct config *config, u32 partition, u32 host)
{
	for (u32 i = 0; i < config->nr_devices; i++) {
		const struct config_device *d = &config->device[i];

		for (u32 k = 0; d->partition == partition && k < d->nr_irqs; k++) {
			if (d->irq[k].host == host && d->irq[k].guest != 0U)
				return d->irq[k].guest;
		}
	}
	return 0;
}

/*
 * Choose the guest's source of an interrupt: with @same, the host's number where the guest's PLIC
 * has that free; without, the highest free number. Return: false when no number is free
 */
static bool config_devices_choose_source(const struct config *config, u32 partition, u32 *used,
					 struct config_irq *irq, bool same)
{
	u32 guest = config_devices_guest_source(config, partition, irq->host);

	if (guest == 0U && same && IRQ_NUMBER(irq->host) <= GUEST_PLIC_SOURCES &&
	    (*used >> IRQ_NUMBER(irq->host) & 1U) == 0U)
		guest = IRQ_NUMBER(irq->host);
	if (guest == 0U && !same) {
		for (guest = GUEST_PLIC_SOURCES; guest != 0U && (*used >> guest & 1U) != 0U;)
			guest--;
		if (guest == 0U)
			return false;
	}
	irq->guest = guest;
	*used |= UINT32_C(1) << guest;
	return true;
}

/*
 * In the first turn, each interrupt whose number is free in the guest keeps it. In the second, the
 * others get free numbers. So the order of the devices does not decide which numbers are kept.
 */
static void config_devices_choose_sources(struct config_ctx *c, u32 partition, u32 first)
{
	u32 used = UINT32_C(1) | UINT32_C(1) << GUEST_UART_IRQ;

	for (u32 turn = 0; turn < 2U; turn++) {
		for (u32 i = first; i < c->config->nr_devices; i++) {
			struct config_device *d = &c->config->device[i];

			for (u32 k = 0; k < d->nr_irqs; k++) {
				if (config_devices_choose_source(c->config, partition, &used,
								 &d->irq[k], turn == 0U))
					continue;
				config_error(c, PROPERTY,
					     "the devices have too many interrupts; a partition "
					     "can have "
					     "%u of them besides its console's",
					     GUEST_PLIC_SOURCES - 1U);
				return;
			}
		}
	}
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Does an earlier partition have this path? Without a tree, owners can only be told by that. */
static bool config_devices_check_paths(struct config_ctx *c, const char *path, const char *shown)
{
	for (u32 p = 0; p < c->config->nr; p++) {
		const struct config_partition *other = &c->config->partition[p];

		for (u32 i = 0; i < other->nr_devices; i++) {
			if (strcmp(other->device[i], path) != 0)
				continue;
			config_error(c, PROPERTY,
				     "\"%s\" belongs to partition \"%s\" already; a device goes to "
				     "one partition",
				     shown, other->name);
			return false;
		}
	}
	return true;
}

/* Warn of what is left out of the guest's tree: here, once, and not each time that tree is made. */
static void config_devices_warn_left_out(struct config_ctx *c, const struct config_device *d,
					 const char *shown)
{
	const void *tree = c->machine->tree;
	char list[112] = "";
	bool full = false;
	int p;

	fdt_for_each_property_offset (p, tree, d->node) {
		const char *name = NULL;
		char clean[CONFIG_NAME_LEN];

		if (fdt_getprop_by_offset(tree, p, &name, NULL) == NULL || full ||
		    guest_fdt_property(name) != GUEST_FDT_REFERENCE)
			continue;
		text_clean(clean, sizeof(clean), name);
		full = !text_list(list, sizeof(list), "%s", clean);
	}
	if (list[0] != '\0')
		config_warn(c, PROPERTY,
			    "\"%s\": properties left out of the guest's device tree, because they "
			    "refer to nodes that it does not have: %s",
			    shown, list);
	if (fdt_first_subnode(tree, d->node) >= 0)
		config_warn(c, PROPERTY,
			    "\"%s\": the nodes below it are left out of the guest's device tree",
			    shown);
}

/* Warn where a device's DMA needs what the guest is not told of, or cannot do. */
static void config_devices_warn_dma(struct config_ctx *c, const struct config_device *d,
				    const char *shown)
{
	const void *tree = c->machine->tree;
	struct config_dma dma[CONFIG_DMA_RANGES];

	if (config_dma_ranges(tree, d->node, dma) < 0)
		config_warn(
			c, PROPERTY,
			"\"%s\": dma-ranges of the buses above it make no sense, or are more than "
			"%u, and are left out: this is right only for a device without DMA",
			shown, CONFIG_DMA_RANGES);
	if (c->machine->no_zicbom && fdt_read_noncoherent(tree, d->node))
		config_warn(c, PROPERTY,
			    "\"%s\" does not snoop the harts' caches (dma-noncoherent), and these "
			    "harts give guests no Zicbom: this is right only for a device without "
			    "DMA, or with a cache driver of its own",
			    shown);
}

/* Who says that a device does no DMA must not be contradicted by the machine's tree. */
static bool config_devices_check_dma(struct config_ctx *c, const struct config_device *d,
				     bool no_dma, const char *shown)
{
	const char *dma = config_tree_dma(c->machine->tree, d->node);

	if (!no_dma || dma == NULL)
		return true;
	config_error(c, "no-dma",
		     "\"%s\" does DMA: its node says \"%s\"; allowed: devices that do none", shown,
		     dma);
	return false;
}

/* Look one device up, check it, and add it to the configuration when the partition may have it. */
static void config_devices_resolve(struct config_ctx *c, const struct config_partition *part, u32 i,
				   u32 levels)
{
	const char *path = part->device[i];
	struct config_device *d = &c->config->device[c->config->nr_devices];
	bool no_dma = (part->no_dma >> i & 1U) != 0U;
	char shown[CONFIG_PATH_LEN];

	text_clean(shown, sizeof(shown), path);
	if (!config_devices_check_paths(c, path, shown) || c->machine->tree == NULL)
		return;
	if (c->config->nr_devices == CONFIG_DEVICES) {
		config_error(
			c, PROPERTY,
			"\"%s\" is one device too many; allowed: %u in all partitions together",
			shown, CONFIG_DEVICES);
		return;
	}
	memset(d, 0, sizeof(*d));
	d->path = path;
	d->partition = c->config->nr;
	d->node = config_devices_find_node(c, path, shown);
	if (d->node < 0 || !config_devices_check_once(c, d, shown) ||
	    !config_devices_read_regs(c, d, shown) ||
	    !config_devices_check_regs(c, part, d, levels, shown) ||
	    !config_devices_check_served(c, d, shown) ||
	    !config_devices_check_dma(c, d, no_dma, shown) ||
	    !config_devices_read_irqs(c, d, shown) || !config_devices_check_irqs(c, d, shown))
		return;
	config_devices_warn_left_out(c, d, shown);
	if (!no_dma)
		config_devices_warn_dma(c, d, shown);
	c->config->nr_devices++;
}

/* List the devices that may do DMA: all that nobody has said of that they do none. */
static void config_devices_list_dma(const struct config_partition *part, char *buf, size_t size)
{
	char shown[CONFIG_PATH_LEN];

	buf[0] = '\0';
	for (u32 i = 0; i < part->nr_devices; i++) {
		if ((part->no_dma >> i & 1U) != 0U)
			continue;
		text_clean(shown, sizeof(shown), part->device[i]);
		if (!text_list(buf, size, "\"%s\"", shown))
			return;
	}
}

static void config_devices_warn_isolation(struct config_ctx *c, const struct config_partition *part)
{
	char list[128];

	config_devices_list_dma(part, list, sizeof(list));
	if (list[0] == '\0')
		return;
	config_warn(c, PROPERTY,
		    "%s can reach all memory of the machine by DMA, that of the hypervisor and of "
		    "other partitions too: no IOMMU stands between them",
		    list);
	if (!part->direct_map)
		config_warn(c, PROPERTY,
			    "without \"direct-map\", a guest-physical address means one thing to "
			    "the guest and another to a device: this is right only for devices "
			    "without DMA, which \"no-dma\" lists");
}

void config_devices_check(struct config_ctx *c, const struct config_partition *part, u32 levels)
{
	u32 first = c->config->nr_devices;
	u32 regs = 0;

	config_devices_warn_isolation(c, part);
	for (u32 i = 0; i < part->nr_devices; i++)
		config_devices_resolve(c, part, i, levels);
	config_devices_choose_sources(c, c->config->nr, first);
	for (u32 i = first; i < c->config->nr_devices; i++)
		regs += c->config->device[i].nr_regs;
	if (regs > SPACE_DEVICES)
		config_error(c, PROPERTY, "the devices have %u ranges of registers; allowed: %u",
			     regs, SPACE_DEVICES);
}

/* --- what else is in their pages -------------------------------------------------------------- */

static bool config_devices_is_passed(const struct config *config, int node)
{
	for (u32 i = 0; i < config->nr_devices; i++) {
		if (config->device[i].node == node)
			return true;
	}
	return false;
}

static void config_devices_say_neighbour(struct config_ctx *c, const struct config_device *d,
					 int node)
{
	const char *kept = config_tree_kept(c->machine->tree, node);
	char shown[CONFIG_PATH_LEN];
	char path[CONFIG_PATH_LEN];

	config_set_node(c, "/partitions", c->config->partition[d->partition].name);
	text_clean(shown, sizeof(shown), d->path);
	config_tree_path(c->machine->tree, node, path);
	if (kept != NULL)
		config_error(c, PROPERTY,
			     "\"%s\": its pages hold registers of \"%s\" too, which is %s", shown,
			     path, kept);
	else
		config_warn(c, PROPERTY,
			    "\"%s\": its pages hold registers of \"%s\" too, which the partition "
			    "can reach with them",
			    shown, path);
}

static bool config_devices_in_pages(const struct config_device *d, u64 base, u64 size)
{
	for (u32 r = 0; r < d->nr_regs; r++) {
		const struct config_memory pages = config_pages(&d->reg[r]);

		if (config_overlap(pages.gpa, pages.size, base, size))
			return true;
	}
	return false;
}

static void config_devices_check_neighbour(struct config_ctx *c, int node)
{
	const void *tree = c->machine->tree;
	int parent = fdt_index_parent(tree, node);
	u32 count = config_tree_reg_count(tree, node);
	u64 base;
	u64 size;

	for (u32 n = 0; n < count; n++) {
		/*
		 * An entry that no address leads to lies in no page. The next may have an address.
		 */
		if (driver_reg_at(tree, node, n, &base, &size) != 0)
			continue;
		for (u32 i = 0; i < c->config->nr_devices; i++) {
			const struct config_device *d = &c->config->device[i];

			/*
			 * A node below a device's node is a part of the device, unless it is kept:
			 * a bus can hold the console.
			 */
			if (config_devices_in_pages(d, base, size) &&
			    (d->node != parent || config_tree_kept(tree, node) != NULL))
				config_devices_say_neighbour(c, d, node);
		}
	}
}

void config_devices_check_neighbours(struct config_ctx *c)
{
	const void *tree = c->machine->tree;

	if (tree == NULL || c->config->nr_devices == 0U)
		return;
	for (int node = fdt_next_node(tree, 0, NULL); node >= 0;
	     node = fdt_next_node(tree, node, NULL)) {
		if (!config_devices_is_passed(c->config, node))
			config_devices_check_neighbour(c, node);
	}
	config_set_node(c, "", "");
}
