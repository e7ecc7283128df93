/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether all partitions would find their memory, given out in the order and by the code of the
 * boot. What the hypervisor takes for itself before (tables that map memory) is not known here, so
 * it is a warning.
 */
#include <stdio.h>

#include <cleave/errno.h>
#include "core/config/config_place.h"
#include "lib/text.h"
#include "tools/board/board_map.h"
#include "tools/board/board_say.h"

/* Does range @i of a partition find a place? Then it is taken. */
static bool board_place_range(struct frames *f, const struct config_partition *part, u32 i)
{
	hpa_t at;
	int err = 1;

	for (u32 tried = 0; err == 1; tried++)
		err = config_place_range(f, part, &part->memory[i], tried, &at);
	return err == 0;
}

static void board_place_say(struct frames *f, const struct config_partition *part, u32 i)
{
	char line[CONFIG_LINE_LEN];
	char want[TEXT_SIZE_LEN];
	char has[TEXT_SIZE_LEN];

	(void)snprintf(
		line, sizeof(line),
		"/partitions/%s: memory: range %u needs %s in one piece, and beside the other "
		"partitions the largest free piece has %s: the partition would stay empty",
		part->name, i, text_size(part->memory[i].size, want),
		text_size(frames_largest(f, PAGE_SIZE), has));
	board_say(NULL, CONFIG_WARNING, line);
}

/* The tables lie in one piece, after the memory that they map. */
static void board_place_tables(struct frames *f, const struct config_partition *part)
{
	u64 tables = part->pool_tables != 0U ? part->pool_tables
					     : config_tables(part, part->levels, PAGE_SIZE);
	hpa_t at;

	(void)frames_alloc(f, tables * PAGE_SIZE, PAGE_SIZE, 0, &at);
}

void board_place_check(const struct board *b, const struct config *config)
{
	static struct frames f;

	for (u32 i = 0; i < b->unused.nr; i++)
		(void)frames_add(&f, HPA(b->unused.range[i].base), b->unused.range[i].size);
	for (u32 p = 0; p < config->nr; p++) {
		const struct config_partition *part = &config->partition[p];

		for (u32 i = 0; part->direct_map && i < part->nr_memory; i++)
			(void)frames_alloc_at(&f, HPA(part->memory[i].gpa), part->memory[i].size);
	}
	for (u32 p = 0; p < config->nr; p++) {
		const struct config_partition *part = &config->partition[p];
		u32 i = 0;

		/* An empty slot gets its memory when a partition comes. */
		if (part->incoming)
			continue;
		while (i < part->nr_memory && (part->direct_map || board_place_range(&f, part, i)))
			i++;
		if (i < part->nr_memory)
			board_place_say(&f, part, i);
		else
			board_place_tables(&f, part);
	}
}
