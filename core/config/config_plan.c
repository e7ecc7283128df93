/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: time partitions.
 *
 *   schedules {
 *       PLAN {
 *           frame = <MICROSECONDS>; slack = "idle"; first;
 *           WINDOW { hart = <ID>; partition = "NAME"; offset = <US>; length = <US>; }; ...
 *       }; ...
 *   };
 *
 * The plan that is marked first, or stands first, becomes plan 0. The others keep their order.
 */
#include <libfdt.h>

#include <cleave/printk.h>
#include <cleave/string.h>
#include "core/config/config_internal.h"
#include "lib/text.h"

/* --- one property ----------------------------------------------------------------------------- */

static const struct config_word config_plan_slack[] = { { "idle", 0 },
							{ "share", 1 },
							{ NULL, 0 } };

static void config_plan_take_frame(struct config_draft *d)
{
	d->plan->frame_us = d->cell;
}

static void config_plan_take_slack(struct config_draft *d)
{
	d->plan->share = d->cell != 0U;
}

static bool config_plan_read_hart(struct config_ctx *c, const struct config_prop *p,
				  struct config_draft *d)
{
	char harts[CONFIG_NO_HART_LEN];

	d->window->hart_id = d->cell;
	if (config_check_has_hart(c->machine, d->cell))
		return true;
	config_error(c, p->name, "hart %u %s", d->cell,
		     config_check_no_hart(c->machine, d->cell, harts));
	return false;
}

/* Say that there is no such partition, and which one was probably meant. */
static void config_plan_no_partition(struct config_ctx *c, const struct config_prop *p,
				     const char *name)
{
	const char *known[CONFIG_MAX_VMS];
	char clean[CONFIG_NAME_LEN];
	char list[128] = "";
	const char *nearest;

	for (u32 i = 0; i < c->config->nr; i++)
		known[i] = c->config->partition[i].name;
	for (u32 i = 0; i < c->config->nr; i++) {
		if (!text_list(list, sizeof(list), "\"%s\"", known[i]))
			break;
	}
	nearest = text_nearest(name, known, c->config->nr);
	text_clean(clean, sizeof(clean), name);
	config_error(c, p->name, "there is no partition \"%s\"%s%s%s; there are: %s", clean,
		     nearest != NULL ? ", perhaps \"" : "", nearest != NULL ? nearest : "",
		     nearest != NULL ? "\" was meant" : "", list);
}

static bool config_plan_read_partition(struct config_ctx *c, const struct config_prop *p,
				       struct config_draft *d)
{
	const char *name = config_value_string(c, p);

	if (name == NULL)
		return false;
	for (u32 i = 0; i < c->config->nr; i++) {
		if (strcmp(c->config->partition[i].name, name) == 0) {
			d->window->partition = i;
			return true;
		}
	}
	config_plan_no_partition(c, p, name);
	return false;
}

static void config_plan_take_offset(struct config_draft *d)
{
	d->window->offset_us = d->cell;
}

static void config_plan_take_length(struct config_draft *d)
{
	d->window->length_us = d->cell;
}

/* --- all properties --------------------------------------------------------------------------- */

static const struct config_prop_rule config_plan_table[CONFIG_PLAN_PROPS] = {
	[CONFIG_PLAN_FRAME] = {
		.name = "frame",
		.type = CONFIG_TYPE_CELL,
		.required = true,
		.low = CONFIG_FRAME_MIN,
		.high = CONFIG_FRAME_MAX,
		.take = config_plan_take_frame,
		.help = CONFIG_PROPS_HELP("microseconds after which the windows begin again"),
	},
	[CONFIG_PLAN_SLACK] = {
		.name = "slack",
		.type = CONFIG_TYPE_STRING,
		.words = config_plan_slack,
		.take = config_plan_take_slack,
		.help = CONFIG_PROPS_HELP("what happens to time that no window's partition uses"),
	},
	[CONFIG_PLAN_FIRST] = {
		.name = "first",
		.type = CONFIG_TYPE_FLAG,
		.help = CONFIG_PROPS_HELP("this plan runs from the start"),
	},
};

static const struct config_prop_rule config_plan_window_table[CONFIG_WINDOW_PROPS] = {
	[CONFIG_WINDOW_HART] = {
		.name = "hart",
		.type = CONFIG_TYPE_CELL,
		.required = true,
		/* The number after these means "any hart" in a partition. */
		.high = CONFIG_CPU_ANY - 1U,
		.read = config_plan_read_hart,
		.help = CONFIG_PROPS_HELP("the id of the hart"),
	},
	[CONFIG_WINDOW_PARTITION] = {
		.name = "partition",
		.type = CONFIG_TYPE_STRING,
		.required = true,
		.read = config_plan_read_partition,
		.help = CONFIG_PROPS_HELP("the partition that has the hart for itself"),
	},
	[CONFIG_WINDOW_OFFSET] = {
		.name = "offset",
		.type = CONFIG_TYPE_CELL,
		.required = true,
		.high = CONFIG_FRAME_MAX - CONFIG_WINDOW_MIN,
		.take = config_plan_take_offset,
		.help = CONFIG_PROPS_HELP("microseconds from the frame's beginning"),
	},
	[CONFIG_WINDOW_LENGTH] = {
		.name = "length",
		.type = CONFIG_TYPE_CELL,
		.required = true,
		.low = CONFIG_WINDOW_MIN,
		.high = CONFIG_FRAME_MAX,
		.take = config_plan_take_length,
		.help = CONFIG_PROPS_HELP("microseconds"),
	},
};

const struct config_prop_rule *config_plan_rule(u32 i)
{
	return i < (u32)CONFIG_PLAN_PROPS ? &config_plan_table[i] : NULL;
}

const struct config_prop_rule *config_window_rule(u32 i)
{
	return i < (u32)CONFIG_WINDOW_PROPS ? &config_plan_window_table[i] : NULL;
}

/* Read a node of a plan or a window. Return: true when all that it must say is there and right. */
static bool config_plan_read_props(struct config_ctx *c, int node,
				   const struct config_prop_rule *table, u32 n,
				   struct config_draft *d)
{
	bool good = true;

	config_table_read(c, node, table, n, d);
	for (u32 i = 0; i < n; i++) {
		if (!table[i].required)
			continue;
		good = good && config_is_good(d, i);
		if (config_is_given(d, i))
			continue;
		if (table[i].high != 0U)
			config_error(c, table[i].name, "is missing; wanted: <%u> to <%u>",
				     table[i].low, table[i].high);
		else
			config_error(c, table[i].name,
				     "is missing; wanted: the name of a partition");
	}
	return good;
}

/* --- nodes ------------------------------------------------------------------------------------ */

/* Check that a window lies in its frame. No sum can wrap: both are at most the longest frame. */
static bool config_plan_check_end(struct config_ctx *c, const struct config_plan *plan,
				  const struct config_window *w)
{
	if (w->offset_us > plan->frame_us - CONFIG_WINDOW_MIN) {
		config_error(c, "offset",
			     "<%u> leaves no room for a window in the frame of <%u>; allowed: <0> "
			     "to <%u>",
			     w->offset_us, plan->frame_us, plan->frame_us - CONFIG_WINDOW_MIN);
		return false;
	}
	if (w->length_us > plan->frame_us - w->offset_us) {
		config_error(c, "length",
			     "<%u> from offset <%u> ends after the frame of <%u>; allowed: <%u> to "
			     "<%u>",
			     w->length_us, w->offset_us, plan->frame_us, CONFIG_WINDOW_MIN,
			     plan->frame_us - w->offset_us);
		return false;
	}
	return true;
}

static void config_plan_read_window(struct config_ctx *c, int node, struct config_plan *plan)
{
	struct config_window window = { .node = fdt_get_name(c->fdt, node, NULL) };
	struct config_draft d = { .window = &window };

	config_warn_subnodes(c, node);
	if (config_plan_read_props(c, node, config_plan_window_table, CONFIG_WINDOW_PROPS, &d) &&
	    plan->frame_us != 0U && config_plan_check_end(c, plan, &window))
		config_windows_add(c, plan, &window);
}

static void config_plan_read_windows(struct config_ctx *c, int node, struct config_plan *plan)
{
	char path[CONFIG_NODE_LEN];
	u32 found = 0;
	int sub;

	(void)str_print(path, sizeof(path), "%s", c->node);
	fdt_for_each_subnode (sub, c->fdt, node) {
		config_set_node(c, path, fdt_get_name(c->fdt, sub, NULL));
		if (found == CONFIG_MAX_WINDOWS) {
			config_error(c, NULL, "is one window too many; allowed: %u in a plan",
				     CONFIG_MAX_WINDOWS);
			return;
		}
		found++;
		config_plan_read_window(c, sub, plan);
	}
}

/* Return: true when the plan is marked as the first */
static bool config_plan_read_one(struct config_ctx *c, int node, struct config_plan *plan)
{
	struct config_draft d = { .plan = plan };

	memset(plan, 0, sizeof(*plan));
	if (config_read_name(c, fdt_get_name(c->fdt, node, NULL), plan->name)) {
		for (const struct config_plan *o = c->config->plan; o < plan; o++) {
			if (strcmp(o->name, plan->name) == 0)
				config_error(c, NULL,
					     "there are two plans \"%s\"; each needs a name of its "
					     "own",
					     plan->name);
		}
	}
	(void)config_plan_read_props(c, node, config_plan_table, CONFIG_PLAN_PROPS, &d);
	return config_is_given(&d, CONFIG_PLAN_FIRST);
}

/* Move plan @i to the front. The others keep their order. */
static void config_plan_move_first(struct config *config, u32 i)
{
	static struct config_plan moved;

	moved = config->plan[i];
	for (; i > 0U; i--)
		config->plan[i] = config->plan[i - 1U];
	config->plan[0] = moved;
}

void config_plan_read(struct config_ctx *c, int node)
{
	static const char *const known[] = { "#address-cells", "#size-cells" };
	struct config *config = c->config;
	u32 first = CONFIG_MAX_PLANS;
	int sub;

	config_set_node(c, "", "schedules");
	config_warn_unknown_properties(c, node, known, ARRAY_SIZE(known));
	fdt_for_each_subnode (sub, c->fdt, node) {
		struct config_plan *plan = &config->plan[config->nr_plans];

		config_set_node(c, "/schedules", fdt_get_name(c->fdt, sub, NULL));
		if (config->nr_plans == CONFIG_MAX_PLANS) {
			config_error(c, NULL, "is one plan too many; allowed: %u",
				     CONFIG_MAX_PLANS);
			break;
		}
		if (config_plan_read_one(c, sub, plan)) {
			if (first != CONFIG_MAX_PLANS)
				config_error(c, "first",
					     "plan \"%s\" has it too; allowed: one plan",
					     config->plan[first].name);
			first = config->nr_plans;
		}
		config->nr_plans++;
		config_plan_read_windows(c, sub, plan);
	}
	config_set_node(c, "", "schedules");
	if (config->nr_plans == 0U)
		config_error(c, NULL, "holds no plans; wanted: at least one node");
	if (first != CONFIG_MAX_PLANS)
		config_plan_move_first(config, first);
}
