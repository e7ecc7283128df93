/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the migration jobs share with each other, and with nobody else. */
#ifndef GUESTS_MANAGER_MOVE_INTERNAL_H
#define GUESTS_MANAGER_MOVE_INTERNAL_H

#include <stddef.h>

#include "guests/manager/commands.h"
#include "guests/manager/move/job.h"
#include "guests/manager/move/move.h"

#define MOVE_JOBS 3U

/* Ids of migrations within this machine are odd, of those that leave it even: a manager that is started anew knows whom to ask. */
#define MOVE_ID_LOCAL UINT64_C(1)

/**
 * struct move - all there is
 * @jobs: begun so far; @ids: given so far; @typed: of the last command, ticks
 * @ledger: what became of migrations that came here
 * @history: memory for histories, @history_size bytes, of which @history_used are given out
 * @shown: when a progress line was last made, ticks
 */
struct move {
	struct job job[MOVE_JOBS];
	u32 jobs;
	u64 ids;
	u64 typed;
	u64 timebase;
	struct migrate_ledger ledger;
	u8 *history;
	u64 history_size;
	u64 history_used;
	u64 shown;
};

extern struct move move;

/** struct move_wants - options of a command; milliseconds, percent */
struct move_wants {
	u64 downtime;
	u64 passes;
	u64 bound;
	u64 brake;
	bool verify;
};

/** move_job_take() - a job that nothing was set up in yet. Return: NULL when there is no room */
struct job *move_job_take(enum job_kind kind);

/** move_job_new() - the same for a command. Return: NULL when there is no room, and shell_error() was told */
struct job *move_job_new(enum job_kind kind);

/** move_job_drop() - forget a job, whose engines are over or never began */
void move_job_drop(struct job *job);

/** move_view() - Return: the place for windows of the job's source (@end 0) or destination (1) */
u32 move_view(const struct job *job, u32 end);

/** move_restart() - clear up what an earlier life of this manager left behind */
void move_restart(void);

/** move_id() - Return: an id for a migration, never given before and not odd */
u64 move_id(void);

/** move_find_guest() - the partition that @word names, if it may leave. Return: else shell_error() was told */
bool move_find_guest(const char *word, struct cleave_vm_info *info);

/** move_find_slot() - the slot that @word names, if it may be filled. Return: else shell_error() was told */
bool move_find_slot(const char *word, struct cleave_vm_info *info);

/** move_configure() - a source's configuration out of what was asked for. Return: else shell_error() was told */
bool move_configure(struct job *job, const struct move_wants *w,
		    struct migrate_source_config *config);

#endif
