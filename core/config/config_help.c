/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a configuration may say, for people. It must never say what the parsers' tables do not.
 */
#include "core/config/config_help.h"

#include <cleave/printk.h>
#include "core/config/config_internal.h"
#include "core/machine/boot_args.h"
#include "lib/text.h"

static const char *config_help_type(enum config_type type)
{
	switch (type) {
	case CONFIG_TYPE_FLAG:
		return "flag";
	case CONFIG_TYPE_CELL:
		return "cell";
	case CONFIG_TYPE_CELLS:
		return "cells";
	case CONFIG_TYPE_STRINGS:
		return "strings";
	case CONFIG_TYPE_STRING:
	default:
		return "string";
	}
}

bool config_help_property(enum config_help_node node, u32 i, struct config_help *out)
{
	static const struct config_prop_rule *(*const rules[])(u32 i) = {
		[CONFIG_HELP_PARTITION] = config_props_rule,
		[CONFIG_HELP_PLAN] = config_plan_rule,
		[CONFIG_HELP_WINDOW] = config_window_rule,
	};
	const struct config_prop_rule *rule = rules[node](i);

	if (rule == NULL)
		return false;
	*out = (struct config_help){ .name = rule->name,
				     .type = config_help_type(rule->type),
				     .help = rule->help };
	if (rule->high != 0U)
		(void)str_print(out->allowed, sizeof(out->allowed), "<%u> to <%u>", rule->low,
				rule->high);
	for (const struct config_word *w = rule->words; w != NULL && w->text != NULL; w++)
		(void)text_list(out->allowed, sizeof(out->allowed), "\"%s\"", w->text);
	if (out->allowed[0] == '\0')
		(void)text_append(out->allowed, sizeof(out->allowed), "-");
	(void)text_append(out->left_out, sizeof(out->left_out), "%s",
			  rule->required ? "error" : "-");
	return true;
}

static const char *const config_help_kinds[] = {
	[BOOT_ARG_WORD] = "word",
	[BOOT_ARG_TEXT] = "text",
	[BOOT_ARG_NUMBER] = "number",
};

bool config_help_argument(u32 i, struct config_help *out)
{
	const struct boot_arg *arg = boot_arg_row(i);
	char normal[16];

	if (arg == NULL)
		return false;
	*out = (struct config_help){ .name = arg->name,
				     .type = config_help_kinds[arg->kind],
				     .allowed = "-",
				     .left_out = "-",
				     .help = arg->help };
	if (arg->kind == BOOT_ARG_TEXT)
		return true;
	(void)boot_arg_allowed(arg, out->allowed, sizeof(out->allowed));
	boot_arg_default(arg, normal, sizeof(normal));
	(void)str_print(out->left_out, sizeof(out->left_out), "Kconfig's %s (%s)", arg->kconfig,
			normal);
	return true;
}
