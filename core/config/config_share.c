/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: which partitions have vCPUs on one hart. That is often meant, so it is
 * said, and refused only where a partition wants its harts for itself ("exclusive").
 *
 * Where the machine's harts are not known, neither is the place of a vCPU that was left open.
 */
#include "core/config/config_internal.h"
#include "lib/text.h"

u64 config_cpu_hart(const struct config_ctx *c, const struct config_partition *part, u32 cpu)
{
	const struct config_machine *m = c->machine;

	for (u32 i = 0; i < m->nr_harts; i++) {
		if ((m->hart_index != NULL ? m->hart_index[i] : i) == part->hart[cpu])
			return m->harts[i];
	}
	return part->affinity[cpu];
}

/* Return: true when one of the first @cpus vCPUs of a partition is on the hart */
static bool config_share_is_on(const struct config_ctx *c, const struct config_partition *part,
			       u32 cpus, u64 hart)
{
	for (u32 cpu = 0; cpu < cpus; cpu++) {
		if (config_cpu_hart(c, part, cpu) == hart)
			return true;
	}
	return false;
}

/* List the partitions on a hart, @first and those after it. Return: how many they are */
static u32 config_share_list(const struct config_ctx *c, u32 first, u64 hart, char *buf,
			     size_t size)
{
	bool full = false;
	u32 n = 0;

	buf[0] = '\0';
	for (u32 p = first; p < c->config->nr; p++) {
		const struct config_partition *part = &c->config->partition[p];

		if (!config_share_is_on(c, part, part->cpus, hart))
			continue;
		full = full || !text_list(buf, size, "\"%s\"", part->name);
		n++;
	}
	return n;
}

/* Say that a hart is shared; @first is the first partition that is on it. */
static void config_share_say(struct config_ctx *c, u32 first, u64 hart)
{
	bool refused = false;
	char list[128];

	if (config_share_list(c, first, hart, list, sizeof(list)) < 2U)
		return;
	for (u32 p = first; p < c->config->nr; p++) {
		const struct config_partition *part = &c->config->partition[p];

		if (!part->exclusive || !config_share_is_on(c, part, part->cpus, hart))
			continue;
		config_set_node(c, "/partitions", part->name);
		config_error(
			c, "exclusive",
			"hart %lu would be shared by the partitions %s; allowed: harts that no "
			"other partition has (cpu-affinity)",
			hart, list);
		refused = true;
	}
	config_set_node(c, "", "partitions");
	if (!refused)
		config_note(c, NULL, "hart %lu is shared by the partitions %s", hart, list);
}

/* Return: true when vCPU @cpu of partition @p is the first of all on its hart */
static bool config_share_is_first(const struct config_ctx *c, u32 p, u32 cpu, u64 hart)
{
	for (u32 o = 0; o < p; o++) {
		const struct config_partition *part = &c->config->partition[o];

		if (config_share_is_on(c, part, part->cpus, hart))
			return false;
	}
	return !config_share_is_on(c, &c->config->partition[p], cpu, hart);
}

void config_share_check(struct config_ctx *c)
{
	for (u32 p = 0; p < c->config->nr; p++) {
		const struct config_partition *part = &c->config->partition[p];

		for (u32 cpu = 0; cpu < part->cpus; cpu++) {
			u64 hart = config_cpu_hart(c, part, cpu);

			if (hart != CONFIG_CPU_ANY && config_share_is_first(c, p, cpu, hart))
				config_share_say(c, p, hart);
		}
	}
	config_set_node(c, "", "");
}
