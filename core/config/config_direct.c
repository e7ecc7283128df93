/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: memory at GPA = HPA ("direct-map"). It has to be free on the machine,
 * and no other partition's.
 */
#include <cleave/errno.h>
#include <cleave/string.h>
#include "core/config/config_internal.h"
#include "lib/text.h"

/* List the memory that is free, so that a wrong range can be put right at once. */
static void config_direct_list_free(const struct config_machine *m, char *buf, size_t size)
{
	buf[0] = '\0';
	for (u32 i = 0; i < m->nr_free; i++) {
		const struct frames_range *r = &m->free[i];

		if (!text_list(buf, size, "0x%lx to 0x%lx", r->base, r->base + r->size - 1U))
			return;
	}
}

static bool config_direct_is_free(const struct config_machine *m, const struct config_memory *want)
{
	for (u32 i = 0; i < m->nr_free; i++) {
		const struct frames_range *r = &m->free[i];

		if (want->gpa >= r->base && want->gpa - r->base < r->size &&
		    want->size <= r->size - (want->gpa - r->base))
			return true;
	}
	return false;
}

/* Check against the partitions before this one, even those with errors elsewhere. */
static void config_direct_check_others(struct config_ctx *c, const struct config_memory *m,
				       u32 index)
{
	for (u32 p = 0; p < c->config->nr; p++) {
		const struct config_partition *other = &c->config->partition[p];

		for (u32 i = 0; other->direct_map && i < other->nr_memory; i++) {
			const struct config_memory *o = &other->memory[i];

			if (o->size > UINT64_MAX - o->gpa ||
			    !config_overlap(m->gpa, m->size, o->gpa, o->size))
				continue;
			config_error(c, "memory",
				     "range %u, 0x%lx to 0x%lx, overlaps range %u of partition "
				     "\"%s\", 0x%lx to 0x%lx: both have \"direct-map\"",
				     index, m->gpa, m->gpa + m->size - 1U, i, other->name, o->gpa,
				     o->gpa + o->size - 1U);
		}
	}
}

void config_direct_check(struct config_ctx *c, const struct config_partition *part)
{
	char list[128];

	for (u32 i = 0; i < part->nr_memory; i++) {
		const struct config_memory *m = &part->memory[i];

		config_direct_check_others(c, m, i);
		if (c->machine->nr_free == 0U || config_direct_is_free(c->machine, m))
			continue;
		config_direct_list_free(c->machine, list, sizeof(list));
		config_error(c, "memory",
			     "range %u, 0x%lx to 0x%lx, is not all free memory of this machine, "
			     "which \"direct-map\" needs; free: %s",
			     i, m->gpa, m->gpa + m->size - 1U, list);
	}
}
