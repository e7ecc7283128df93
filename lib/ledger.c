/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ledger of migrations, without locks. It must never forget one that is not decided.
 */
#include "lib/ledger.h"

u32 ledger_find(const struct ledger *ledger, u64 id)
{
	for (u32 i = 0; i < LEDGER_SIZE; i++) {
		if (id != 0U && ledger->entry[i].id == id)
			return ledger->entry[i].outcome;
	}
	return CLEAVE_OUTCOME_UNKNOWN;
}

bool ledger_put(struct ledger *ledger, u64 id, u32 outcome)
{
	u32 at = LEDGER_SIZE;

	for (u32 i = 0; i < LEDGER_SIZE; i++) {
		if (ledger->entry[i].id == id) {
			at = i;
			break;
		}
		if (ledger->entry[i].outcome != CLEAVE_OUTCOME_PENDING &&
		    (at == LEDGER_SIZE || ledger->entry[i].when < ledger->entry[at].when))
			at = i;
	}
	if (at == LEDGER_SIZE)
		return false;
	ledger->entry[at].id = id;
	ledger->entry[at].when = ++ledger->entries;
	ledger->entry[at].outcome = outcome;
	return true;
}
