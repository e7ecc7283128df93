/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: what interrupts = "aia" needs, and what it does not go with.
 */
#ifndef CORE_CONFIG_AIA_H
#define CORE_CONFIG_AIA_H

#include "core/config/config_internal.h"

#ifdef CONFIG_AIA
/** config_aia_read() - take the property "interrupts", as struct config_prop_rule's read */
bool config_aia_read(struct config_ctx *c, const struct config_prop *p, struct config_draft *d);

/** config_aia_check() - say which of the partition's other properties do not go with it */
void config_aia_check(struct config_ctx *c, const struct config_draft *d);
#else
static inline void config_aia_check(struct config_ctx *c, const struct config_draft *d)
{
	(void)c;
	(void)d;
}
#endif

#endif
