/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: what interrupts = "aia" needs, and what it does not go with.
 */
#include "core/config/aia/config_aia.h"

static const char *config_aia_name(enum config_prop_index i)
{
	return config_props_rule((u32)i)->name;
}

bool config_aia_read(struct config_ctx *c, const struct config_prop *p, struct config_draft *d)
{
	d->part->interrupts = (enum config_interrupts)d->cell;
	if (d->part->interrupts != CONFIG_INTERRUPTS_AIA || !c->machine->no_aia)
		return true;
	config_error(c, p->name, "this machine's harts have no AIA (Ssaia); allowed: \"plic\"");
	return false;
}

/*
 * There are no records of its state yet, and no way for interrupts of devices of the machine. And
 * there is no PLIC.
 */
void config_aia_check(struct config_ctx *c, const struct config_draft *d)
{
	static const enum config_prop_index none[] = { CONFIG_PROP_MIGRATABLE, CONFIG_PROP_INCOMING,
						       CONFIG_PROP_DEVICES,
						       CONFIG_PROP_PLIC_CONTEXTS };

	for (u32 i = 0; i < ARRAY_SIZE(none); i++) {
		if (d->part->interrupts == CONFIG_INTERRUPTS_AIA && config_is_given(d, none[i]))
			config_error(c, config_aia_name(CONFIG_PROP_INTERRUPTS),
				     "\"aia\" does not go with \"%s\"; allowed: \"plic\"",
				     config_aia_name(none[i]));
	}
}
