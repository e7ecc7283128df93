/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: reading the properties of a node by a table of those that it may have.
 *
 * Partitions, plans and windows have a table each. A value is taken only when all of it is right. A
 * wrong one leaves the default and an error, so that what is checked later never computes with
 * nonsense.
 */
#include <libfdt.h>

#include <cleave/format.h>
#include <cleave/string.h>
#include "core/config/config_internal.h"

static void config_table_unknown(struct config_ctx *c, const char *name,
				 const struct config_prop_rule *table, u32 n)
{
	const char *known[CONFIG_PROP_COUNT];

	for (u32 i = 0; i < n; i++)
		known[i] = table[i].name;
	config_unknown(c, "property", name, known, n);
}

#define CELLS_LEN 112U

/* Say what a property of numbers is to hold. Tools know more: they have the help. */
static const char *config_table_cells(const struct config_prop_rule *rule, char buf[CELLS_LEN])
{
#ifdef CLEAVE_HOST
	if (rule->high == 0U) {
		(void)str_print(buf, CELLS_LEN, "numbers in angle brackets: %s", rule->help);
		return buf;
	}
#else
	if (rule->high == 0U)
		return "numbers in angle brackets";
#endif
	(void)str_print(buf, CELLS_LEN, "a number in angle brackets, <%u> to <%u>", rule->low,
			rule->high);
	return buf;
}

/* Check what the row of a table says by itself. A cell, or what a word means, goes to @d. */
static bool config_table_check_form(struct config_ctx *c, const struct config_prop *p,
				    const struct config_prop_rule *rule, struct config_draft *d)
{
	char wanted[CELLS_LEN];

	if (rule->type == CONFIG_TYPE_FLAG)
		return config_value_flag(c, p);
	if (rule->type != CONFIG_TYPE_STRING && rule->type != CONFIG_TYPE_STRINGS &&
	    config_value_is_text(p)) {
		config_error(c, p->name, "\"%s\" is a string; wanted: %s", (const char *)p->data,
			     config_table_cells(rule, wanted));
		return false;
	}
	if (rule->words != NULL)
		return config_value_word(c, p, rule->words, &d->cell);
	return rule->high == 0U || config_value_u32(c, p, rule->low, rule->high, &d->cell);
}

_Static_assert(sizeof(bool) == sizeof(u8), "a flag is a byte that is 0 or 1");

/* Put a flag or @d's cell where the row says. A field that is an enum is a u32, too. */
static void config_table_store(const struct config_prop_rule *rule, struct config_draft *d)
{
	u8 *field;

	if (rule->take != NULL) {
		rule->take(d);
		return;
	}
	if (rule->at == 0U || rule->read != NULL)
		return;
	field = (u8 *)d->part + rule->at;
	if (rule->type == CONFIG_TYPE_FLAG)
		*field = 1U; /* true */
	else
		memcpy(field, &d->cell, sizeof(d->cell));
}

static void config_table_read_one(struct config_ctx *c, const struct config_prop *p,
				  const struct config_prop_rule *table, u32 n,
				  struct config_draft *d)
{
	const struct config_prop_rule *rule;
	u32 i = 0;

	while (i < n && strcmp(p->name, table[i].name) != 0)
		i++;
	if (i == n) {
		if (!config_ignored(p->name))
			config_table_unknown(c, p->name, table, n);
		return;
	}
	if (config_is_given(d, i)) {
		config_error(c, p->name, "is given twice");
		return;
	}
	d->given |= 1U << i;
	rule = &table[i];
	d->rule = rule;
	if (!config_table_check_form(c, p, rule, d))
		return;
	config_table_store(rule, d);
	if (rule->read == NULL || rule->read(c, p, d))
		d->good |= 1U << i;
}

void config_table_read(struct config_ctx *c, int offset, const struct config_prop_rule *table,
		       u32 n, struct config_draft *d)
{
	int at;

	fdt_for_each_property_offset (at, c->fdt, offset) {
		struct config_prop p;
		int len = 0;

		p.data = fdt_getprop_by_offset(c->fdt, at, &p.name, &len);
		p.len = (u32)len;
		if (p.data != NULL && len >= 0)
			config_table_read_one(c, &p, table, n, d);
	}
}
