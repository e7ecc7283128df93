/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: do the interrupts of a partition's devices reach it?
 *
 * A machine may have several interrupt controllers, each for some of its harts. An interrupt is
 * taken by a hart of the partition that has the device, so the device's controller must reach one
 * of them. A vCPU whose hart is open is put there: the first such vCPU, for all controllers that
 * need it.
 */
#include <libfdt.h>

#include "core/config/config_internal.h"
#include "core/machine/probe/plic_tree.h"
#include "lib/fdt_index.h"
#include "lib/fdt_read.h"
#include "lib/text.h"

/* Has @part a vCPU with a hart of its own that @phandle reaches (@reached), or does not reach? */
static bool config_reach_fixed(const struct config_machine *m, const struct config_partition *part,
			       u32 phandle, bool reached)
{
	for (u32 i = 0; i < part->cpus; i++) {
		if (part->affinity[i] != CONFIG_CPU_ANY &&
		    plic_tree_reaches(m->tree, phandle, part->affinity[i]) == reached)
			return true;
	}
	return false;
}

/* Return: phandle of the controller that interrupt number @k of a device goes to */
static u32 config_reach_controller(const struct config_machine *m, const struct config_device *d,
				   u32 k)
{
	return m->plic[IRQ_CONTROLLER(d->irq[k].host)];
}

/*
 * Take from @harts, positions among the machine's harts, those that cannot have the interrupts of
 * device @d. Return: 0, or the phandle of a controller that can reach none of the partition's vCPUs
 * then
 */
static u32 config_reach_narrow(const struct config_machine *m, const struct config_partition *part,
			       const struct config_device *d, u64 *harts)
{
	for (u32 k = 0; k < d->nr_irqs; k++) {
		u32 phandle = config_reach_controller(m, d, k);

		if (config_reach_fixed(m, part, phandle, true))
			continue;
		for (u32 i = 0; i < m->nr_harts; i++) {
			if (!plic_tree_reaches(m->tree, phandle, m->harts[i]))
				*harts &= ~BIT64(i);
		}
		if (*harts == 0U)
			return phandle;
	}
	return 0;
}

/* Return: 0, or the phandle of a controller of @d that does not reach each vCPU that has a hart */
static u32 config_reach_partial(const struct config_machine *m, const struct config_partition *part,
				const struct config_device *d)
{
	for (u32 k = 0; k < d->nr_irqs; k++) {
		u32 phandle = config_reach_controller(m, d, k);

		if (config_reach_fixed(m, part, phandle, false))
			return phandle;
	}
	return 0;
}

/* Has @part a vCPU whose hart is chosen later? Then all harts can be chosen so far. */
static u64 config_reach_open(const struct config_machine *m, const struct config_partition *part)
{
	for (u32 i = 0; i < part->cpus; i++) {
		if (part->affinity[i] == CONFIG_CPU_ANY)
			return m->nr_harts == 0U ? UINT64_MAX : BIT64(m->nr_harts) - 1U;
	}
	return 0;
}

u64 config_reach_harts(const struct config *config, const struct config_machine *m, u32 partition)
{
	const struct config_partition *part = &config->partition[partition];
	u64 harts = UINT64_MAX;

	for (u32 i = 0; i < config->nr_devices; i++) {
		if (config->device[i].partition == partition)
			(void)config_reach_narrow(m, part, &config->device[i], &harts);
	}
	return harts;
}

/* Write the ids of the harts that the controller @phandle reaches. */
static void config_reach_list(const void *tree, u32 phandle, char *buf, size_t size)
{
	int cpus = fdt_path_offset(tree, "/cpus");
	int cpu;
	u64 id;

	buf[0] = '\0';
	fdt_for_each_subnode (cpu, tree, cpus) {
		if (fdt_read_unit(tree, cpus, cpu, &id) && plic_tree_reaches(tree, phandle, id) &&
		    !text_list(buf, size, "%lu", id))
			return;
	}
}

/* By @phandle, @d cannot interrupt its partition, or with @some, not each of its vCPUs. */
static void config_reach_say(struct config_ctx *c, const struct config_device *d, u32 phandle,
			     bool some)
{
	const void *tree = c->machine->tree;
	char controller[CONFIG_NAME_LEN];
	char shown[CONFIG_PATH_LEN];
	char list[64];

	text_clean(shown, sizeof(shown), d->path);
	text_clean(controller, sizeof(controller),
		   fdt_get_name(tree, fdt_index_phandle(tree, phandle), NULL));
	config_reach_list(tree, phandle, list, sizeof(list));
	config_set_node(c, "/partitions", c->config->partition[d->partition].name);
	if (some)
		config_warn(c, "devices",
			    "\"%s\": its interrupts go to \"%s\", which reaches harts %s, and a "
			    "vCPU is elsewhere: what that one completes may interrupt whoever has "
			    "these harts",
			    shown, controller, list);
	else
		config_error(c, "devices",
			     "\"%s\": its interrupts go to \"%s\", which reaches harts %s, and no "
			     "vCPU is "
			     "on one of them; allowed: a cpu-affinity with one of them",
			     shown, controller, list);
}

static void config_reach_check_device(struct config_ctx *c, const struct config_device *d,
				      u64 *harts)
{
	const struct config_partition *part = &c->config->partition[d->partition];
	u32 none = config_reach_narrow(c->machine, part, d, harts);
	u32 some = config_reach_partial(c->machine, part, d);

	if (none != 0U)
		config_reach_say(c, d, none, false);
	else if (some != 0U)
		config_reach_say(c, d, some, true);
}

void config_reach_check(struct config_ctx *c)
{
	for (u32 p = 0; p < c->config->nr; p++) {
		u64 harts = config_reach_open(c->machine, &c->config->partition[p]);

		for (u32 i = 0; i < c->config->nr_devices; i++) {
			const struct config_device *d = &c->config->device[i];

			if (d->partition == p)
				config_reach_check_device(c, d, &harts);
		}
	}
}
