/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the jobs share with each other, and with nobody else. */
#ifndef GUESTS_MANAGER_MOVE_INTERNAL_H
#define GUESTS_MANAGER_MOVE_INTERNAL_H

#include <stddef.h>

#include "guests/manager/commands.h"
#include "guests/manager/move/job.h"
#include "guests/manager/move/move.h"

#define MOVE_JOBS 3U

/*
 * The bit that tells ids of migrations within this machine (odd) from those of migrations that
 * leave it (even). So a manager that has been restarted knows whom to ask about an id.
 */
#define MOVE_ID_LOCAL UINT64_C(1)

/**
 * struct move - what all jobs share
 * @jobs: jobs begun so far
 * @ids: migration ids given so far
 * @timebase: ticks in a second
 * @ledger: what became of migrations that came here
 * @history: memory for page histories, @history_size bytes, of which @history_used are given out
 * @shown: when a progress line was last made, ticks
 * @packs: pages go packed over a link, unless --pack says otherwise
 * @takes: how packed pages are unpacked; NULL: none is taken
 */
struct move {
	struct job job[MOVE_JOBS];
	u32 jobs;
	u64 ids;
	u64 timebase;
	struct ledger ledger;
	u8 *history;
	u64 history_size;
	u64 history_used;
	u64 shown;
	bool packs;
	const struct migrate_pack *takes;
};

extern struct move move;

/**
 * struct move_wants - the options of a command; milliseconds, percent, seconds (@timeout) and MiB a
 * second (@rate)
 * @every, @epochs, @in_epochs: milliseconds between epochs, how many; that they were asked for
 * @verify_apart: @downtime is the default, so what --verify takes does not count against it
 * @to: a link; NULL: none was named as an option
 * @slot: the slot at the peer; NULL: any
 * @pack: `none` or `lz4`; NULL: as the boot argument `pack` says
 * @clock, @clock_runs: what --clock says, NULL: nothing; that the guest's time goes on meanwhile
 * @useless: passes in a row that may gain little; 0: any number
 */
struct move_wants {
	u64 downtime;
	u64 passes;
	u64 bound;
	u64 brake;
	u64 timeout;
	u64 rate;
	u64 every;
	u64 epochs;
	const char *to;
	const char *slot;
	const char *pack;
	const char *clock;
	u32 useless;
	bool clock_runs;
	bool verify;
	bool verify_apart;
	bool in_epochs;
	bool paused;
	bool force;
};

/**
 * move_job_take() - take a job of @kind, in which nothing is set up yet
 * Return: NULL when all jobs are in use.
 */
struct job *move_job_take(enum job_kind kind);

/** move_job_new() - as move_job_take(), for a command: with NULL shell_error() has been told */
struct job *move_job_new(enum job_kind kind);

/** move_job_drop() - give a job back, whose engines are over or never began */
void move_job_drop(struct job *job);

/**
 * move_view() - choose the place for windows of one end of a job
 * Return: the place for the job's source (@end 0) or destination (@end 1), for hyper_init().
 */
u32 move_view(const struct job *job, u32 end);

/** move_restart() - clean up what an earlier life of this manager left behind */
void move_restart(void);

/**
 * move_id() - make an id for a migration that leaves this machine
 * Return: an even number that was never given before.
 */
u64 move_id(void);

/**
 * move_recall() - bring what the hypervisor knows of a migration that came here into the ledger
 *
 * The hypervisor's word outlives this manager, and counts what other managers did.
 * Return: MIGRATE_OUTCOME_*
 */
u32 move_recall(u64 id);

/**
 * move_configure() - make the source's configuration out of what was asked for
 * Return: true; or false, and shell_error() has been told why.
 */
bool move_configure(struct job *job, const struct move_wants *w,
		    struct migrate_source_config *config);

#endif
