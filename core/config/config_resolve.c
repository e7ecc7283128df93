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

/*
 * struct config_resolve_hart - what is on a hart so far
 * @load: vCPUs; FULL more with windows
 * @owner: number of the partition that they belong to; NOBODY; SEVERAL
 * @exclusive: they may not share it
 */
struct config_resolve_hart {
	u32 load;
	u32 owner;
	bool exclusive;
};

#define NOBODY	UINT32_MAX
#define SEVERAL (UINT32_MAX - 1U)
/* More than all vCPUs: such a hart is taken when there is no other */
#define FULL (CONFIG_MAX_VMS * CONFIG_MAX_VCPUS)

static u32 config_resolve_cost(const struct config_resolve_hart *h, u32 p, bool exclusive)
{
	bool shared = h->owner != NOBODY && h->owner != p;

	return h->load + (shared && (h->exclusive || exclusive) ? FULL : 0U);
}

/* Return: position of the hart in @among that costs partition @p least; the last of equals */
static u32 config_resolve_least(const struct config_resolve_hart *hart, u32 n, u32 p,
				bool exclusive, u64 among)
{
	u32 best = n;

	for (u32 i = 0; i < n; i++) {
		if ((among >> i & 1U) != 0U &&
		    (best == n || config_resolve_cost(&hart[i], p, exclusive) <=
					  config_resolve_cost(&hart[best], p, exclusive)))
			best = i;
	}
	return best;
}

/* A hart with windows counts as full: a vCPU without a window would hardly run there. */
static void config_resolve_windows(struct config *config, const struct config_machine *m,
				   struct config_resolve_hart *hart)
{
	for (u32 p = 0; p < config->nr_plans; p++) {
		struct config_plan *plan = &config->plan[p];

		for (u32 i = 0; i < plan->nr_windows; i++) {
			u32 position = config_resolve_position(m, plan->window[i].hart_id);

			plan->window[i].hart = config_resolve_index(m, position);
			hart[position].load = FULL;
		}
	}
}

/* Which vCPUs are placed: each turn has to leave room for the next. */
enum config_resolve_turn {
	CONFIG_RESOLVE_CHOSEN,
	CONFIG_RESOLVE_EXCLUSIVE,
	CONFIG_RESOLVE_OTHERS,
	CONFIG_RESOLVE_TURNS,
};

static enum config_resolve_turn config_resolve_turn_of(const struct config_partition *part, u32 cpu)
{
	if (part->affinity[cpu] != CONFIG_CPU_ANY)
		return CONFIG_RESOLVE_CHOSEN;
	return part->exclusive ? CONFIG_RESOLVE_EXCLUSIVE : CONFIG_RESOLVE_OTHERS;
}

/* Return: position of the hart that an open vCPU gets; @first: of its partition's open ones */
static u32 config_resolve_open(const struct config *config, const struct config_machine *m, u32 p,
			       const struct config_resolve_hart *hart, bool first)
{
	/* One vCPU that the controllers reach is enough. */
	u64 among = first ? config_reach_harts(config, m, p) : UINT64_MAX;

	return config_resolve_least(hart, MIN(m->nr_harts, (u32)CONFIG_MAX_HARTS), p,
				    config->partition[p].exclusive, among);
}

static void config_resolve_cpu(struct config *config, const struct config_machine *m, u32 p,
			       u32 cpu, struct config_resolve_hart *hart, bool first)
{
	struct config_partition *part = &config->partition[p];
	u32 position = part->affinity[cpu] != CONFIG_CPU_ANY
			       ? config_resolve_position(m, part->affinity[cpu])
			       : config_resolve_open(config, m, p, hart, first);
	struct config_resolve_hart *h = &hart[position];

	part->hart[cpu] = config_resolve_index(m, position);
	h->load++;
	h->owner = h->owner == NOBODY || h->owner == p ? p : SEVERAL;
	h->exclusive = h->exclusive || part->exclusive;
}

static void config_resolve_harts(struct config *config, const struct config_machine *m)
{
	struct config_resolve_hart hart[CONFIG_MAX_HARTS];

	for (u32 i = 0; i < CONFIG_MAX_HARTS; i++)
		hart[i] = (struct config_resolve_hart){ .owner = NOBODY };
	config_resolve_windows(config, m, hart);
	for (u32 turn = 0; turn < (u32)CONFIG_RESOLVE_TURNS; turn++) {
		for (u32 p = 0; p < config->nr; p++) {
			const struct config_partition *part = &config->partition[p];
			bool first = true;

			for (u32 cpu = 0; cpu < part->cpus; cpu++) {
				if ((u32)config_resolve_turn_of(part, cpu) != turn)
					continue;
				config_resolve_cpu(config, m, p, cpu, hart, first);
				first = false;
			}
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
