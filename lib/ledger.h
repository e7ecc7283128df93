/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What became of migrations, by their ids: a table that the hypervisor and managers keep alike. It
 * must never forget a migration that is not decided. Builds for the host too.
 *
 * Locking: none. The caller must see to it that nobody reads a ledger while it is written.
 */
#ifndef LIB_LEDGER_H
#define LIB_LEDGER_H

#include <abi/cleave.h>
#include <cleave/types.h>

#define LEDGER_SIZE 64U /* migrations that a ledger holds */

/**
 * struct ledger - a ledger; all zero is an empty one
 * @entries: how often an entry was written
 * @entry: the migrations; @id 0: a free entry; @when: @entries when it was written; @outcome:
 *	CLEAVE_OUTCOME_*
 */
struct ledger {
	u64 entries;
	struct {
		u64 id;
		u64 when;
		u32 outcome;
	} entry[LEDGER_SIZE];
};

/** ledger_find() - Return: CLEAVE_OUTCOME_* of @id, UNKNOWN when there is no entry for it */
u32 ledger_find(const struct ledger *ledger, u64 id);

/**
 * ledger_put() - write an outcome; it takes the place of @id's earlier one, or else of the oldest
 * one that is decided
 *
 * Return: false when every entry is of another migration that is not decided.
 */
bool ledger_put(struct ledger *ledger, u64 id, u32 outcome);

#endif
