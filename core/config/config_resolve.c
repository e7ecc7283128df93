/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: what it left open is chosen, once, for the machine that it was checked
 * against. Nothing here can fail: whatever could be wrong was refused before.
 */
#include <cleave/types.h>
#include "core/config/config_internal.h"

/* Return: position of a hart id among the machine's harts, which has it */
static u32 config_resolve_position(const struct config_machine *m, u64 hart)
{
	u32 i = 0;

	while (i + 1U < m->nr_harts && m->harts[i] != hart)
		i++;
	return i;
}

static u32 config_resolve_index(const struct config_machine *m, u32 position)
{
	return m->hart_index != NULL ? m->hart_index[position] : position;
}

/* Return: position of the hart in @among with the fewest vCPUs; the last of equals */
static u32 config_resolve_least(const u32 *load, u32 n, u64 among)
{
	u32 best = n;

	for (u32 i = 0; i < n; i++) {
		if ((among >> i & 1U) != 0U && (best == n || load[i] <= load[best]))
			best = i;
	}
	return best;
}

static void config_resolve_hart(struct config_partition *part, u32 cpu, u32 position,
				const struct config_machine *m, u32 *load)
{
	part->hart[cpu] = config_resolve_index(m, position);
	load[position]++;
}

/* A hart with windows counts as full: a vCPU without a window would hardly run there. */
static void config_resolve_windows(struct config *config, const struct config_machine *m, u32 *load)
{
	for (u32 p = 0; p < config->nr_plans; p++) {
		struct config_plan *plan = &config->plan[p];

		for (u32 i = 0; i < plan->nr_windows; i++) {
			u32 position = config_resolve_position(m, plan->window[i].hart_id);

			plan->window[i].hart = config_resolve_index(m, position);
			load[position] = CONFIG_MAX_VMS * CONFIG_MAX_VCPUS;
		}
	}
}

static void config_resolve_harts(struct config *config, const struct config_machine *m)
{
	u32 load[CONFIG_MAX_HARTS] = { 0 };
	u32 n = MIN(m->nr_harts, (u32)CONFIG_MAX_HARTS);

	config_resolve_windows(config, m, load);
	/* First those that were chosen, so that the others are spread over what is left. */
	for (u32 p = 0; p < config->nr; p++) {
		struct config_partition *part = &config->partition[p];

		for (u32 i = 0; i < part->cpus; i++) {
			if (part->affinity[i] != CONFIG_CPU_ANY)
				config_resolve_hart(part, i,
						    config_resolve_position(m, part->affinity[i]),
						    m, load);
		}
	}
	for (u32 p = 0; p < config->nr; p++) {
		struct config_partition *part = &config->partition[p];
		u64 among = config_reach_harts(config, m, p);

		for (u32 i = 0; i < part->cpus; i++) {
			if (part->affinity[i] != CONFIG_CPU_ANY)
				continue;
			config_resolve_hart(part, i, config_resolve_least(load, n, among), m, load);
			among = UINT64_MAX;
		}
	}
}

void config_resolve(struct config *config, const struct config_machine *machine)
{
	config_resolve_harts(config, machine);
	for (u32 p = 0; p < config->nr; p++)
		config->partition[p].levels =
			config_levels(&config->partition[p], machine->gstage_modes);
}
