/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: windows of time partitions against each other, and against where the
 * vCPUs are.
 *
 * A window pins: where a partition leaves its harts open, each hart that its windows name gets one
 * of its vCPUs, in the order of the plans and of the hart ids. So what is right does not depend on
 * the machine, and a person's machine can say it.
 */
#include <cleave/printk.h>
#include <cleave/string.h>
#include "core/config/config_internal.h"
#include "lib/text.h"

/* Return: true when @a comes before @b in its plan */
static bool config_windows_before(const struct config_window *a, const struct config_window *b)
{
	return a->hart_id < b->hart_id || (a->hart_id == b->hart_id && a->offset_us < b->offset_us);
}

static bool config_windows_overlap(const struct config_window *a, const struct config_window *b)
{
	return a->hart_id == b->hart_id &&
	       config_overlap(a->offset_us, a->length_us, b->offset_us, b->length_us);
}

void config_windows_add(struct config_ctx *c, struct config_plan *plan,
			const struct config_window *w)
{
	char clean[CONFIG_NAME_LEN + 8U];
	u32 i;

	for (i = 0; i < plan->nr_windows; i++) {
		const struct config_window *o = &plan->window[i];

		if (!config_windows_overlap(w, o))
			continue;
		text_clean(clean, sizeof(clean), o->node);
		config_error(c, "offset",
			     "%u to %u us of hart %lu overlaps \"%s\", %u to %u us; allowed: one "
			     "window of a hart at a time",
			     w->offset_us, w->offset_us + w->length_us, w->hart_id, clean,
			     o->offset_us, o->offset_us + o->length_us);
		return;
	}
	for (; i > 0U && config_windows_before(w, &plan->window[i - 1U]); i--)
		plan->window[i] = plan->window[i - 1U];
	plan->window[i] = *w;
	plan->nr_windows++;
}

/* --- where the vCPUs are ---------------------------------------------------------------------- */

/* Return: true when @part has a vCPU on the hart, or one that was open and is there now */
static bool config_windows_has_cpu(struct config_partition *part, u64 hart)
{
	for (u32 i = 0; i < part->cpus; i++) {
		if (part->affinity[i] == hart)
			return true;
	}
	for (u32 i = 0; i < part->cpus; i++) {
		if (part->affinity[i] == CONFIG_CPU_ANY) {
			part->affinity[i] = hart;
			return true;
		}
	}
	return false;
}

static void config_windows_set_node(struct config_ctx *c, const struct config_plan *plan,
				    const struct config_window *w)
{
	char path[CONFIG_NODE_LEN];

	config_set_node(c, "/schedules", plan->name);
	if (w == NULL)
		return;
	(void)str_print(path, sizeof(path), "%s", c->node);
	config_set_node(c, path, w->node);
}

static void config_windows_pin_one(struct config_ctx *c, const struct config_plan *plan,
				   const struct config_window *w)
{
	struct config_partition *part = &c->config->partition[w->partition];
	char list[96];

	if (config_windows_has_cpu(part, w->hart_id))
		return;
	config_check_list_harts(part->affinity, part->cpus, list, sizeof(list));
	config_windows_set_node(c, plan, w);
	config_error(c, "partition",
		     "\"%s\" has no cpu on hart %lu; allowed: the harts of its cpus: %s",
		     part->name, w->hart_id, list);
}

/* Return: 0 when @plan leaves the hart to the weights, 1 when it has windows, but none of @p; 2 */
static u32 config_windows_of(const struct config_plan *plan, u64 hart, u32 p)
{
	u32 found = 0;

	for (u32 i = 0; i < plan->nr_windows; i++) {
		const struct config_window *w = &plan->window[i];

		if (w->hart_id == hart)
			found = MAX(found, w->partition == p ? 2U : 1U);
	}
	return found;
}

static void config_windows_warn(struct config_ctx *c, const struct config_plan *plan, u32 p,
				u32 cpu, u64 hart)
{
	if (config_windows_of(plan, hart, p) != 1U)
		return;
	config_windows_set_node(c, plan, NULL);
	config_warn(c, NULL, "partition \"%s\" has cpu %u on hart %lu, but no window there: %s",
		    c->config->partition[p].name, cpu, hart,
		    plan->share ? "it gets only what the others leave"
				: "it does not run while this plan does");
}

void config_windows_pin(struct config_ctx *c)
{
	for (u32 i = 0; i < c->config->nr_plans; i++) {
		const struct config_plan *plan = &c->config->plan[i];

		for (u32 w = 0; w < plan->nr_windows; w++)
			config_windows_pin_one(c, plan, &plan->window[w]);
	}
}

void config_windows_check(struct config_ctx *c)
{
	const struct config *config = c->config;

	for (u32 i = 0; i < config->nr_plans; i++) {
		for (u32 p = 0; p < config->nr; p++) {
			const struct config_partition *part = &config->partition[p];

			for (u32 cpu = 0; cpu < part->cpus; cpu++)
				config_windows_warn(c, &config->plan[i], p, cpu,
						    config_cpu_hart(c, part, cpu));
		}
	}
	config_set_node(c, "", "");
}
