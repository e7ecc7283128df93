/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an earlier life of this manager left behind, found by the notes that it wrote. A guest that stands still for a migration that
 * is no more runs on, a slot that was half filled is emptied, a log and its brake are taken off, and who was given up and not
 * acknowledged is in doubt. Must never let a guest run that was given up.
 */
#include "guests/manager/move/link.h"

static bool look(u32 id, struct cleave_vm_info *info)
{
	return id != vms_self() && cleave_vm_info(id, info).error == 0;
}

/* With another manager at work nobody can tell what is left behind from what is under way. */
static bool other_manager(void)
{
	u64 id, max = cleave_feature(CLEAVE_FEATURE_MAX_VMS);
	struct cleave_vm_info info;

	for (id = 0; id < max; id++) {
		if (look((u32)id, &info) && (info.flags & CLEAVE_VM_FLAG_MANAGER) != 0 &&
		    (info.state == CLEAVE_VM_RUNNING || info.state == CLEAVE_VM_PAUSED))
			return true;
	}
	return false;
}

/* Guests that came are remembered by their notes: who sent them may still ask. */
static void remember(const struct cleave_vm_info *info)
{
	if (info->note == CLEAVE_NOTE_TAKEN)
		(void)migrate_ledger_put(&move.ledger, info->note_id, MIGRATE_OUTCOME_RUNNING);
}

static void empty_slot(const struct cleave_vm_info *info)
{
	bool creating = info->state == CLEAVE_VM_EMPTY && (info->flags & CLEAVE_VM_FLAG_BUSY) != 0;
	struct sbiret r;

	if (info->note != CLEAVE_NOTE_FILLING && !creating)
		return;
	r = cleave_vm_steps(CLEAVE_FN_VM_DESTROY, info->id);
	if (r.error == 0) {
		vms_expect(info->id, CLEAVE_VM_EMPTY);
		shell_say("slot %u \"%s\" was half filled when the manager ended; it has been "
			  "emptied",
			  info->id, info->name);
	} else {
		shell_say("slot %u \"%s\" was half filled when the manager ended, and it cannot be "
			  "emptied: %s",
			  info->id, info->name, migrate_error_text(r.error));
	}
}

static void run_on(const struct cleave_vm_info *info)
{
	struct sbiret r;

	if (info->state != CLEAVE_VM_PAUSED || info->note != CLEAVE_NOTE_TAKEN ||
	    info->note_run == 0)
		return;
	r = cleave_vm_op(CLEAVE_FN_VM_RESUME, info->id);
	if (r.error == 0) {
		vms_expect(info->id, CLEAVE_VM_RUNNING);
		r = cleave_vm_note(info->id, CLEAVE_NOTE_TAKEN, info->note_id, false);
	}
	shell_say("partition %u \"%s\" was paused by a migration that ended with the manager; "
		  "it %s%s",
		  info->id, info->name, r.error == 0 ? "runs on" : "cannot run on: ",
		  r.error == 0 ? "" : migrate_error_text(r.error));
}

/* A log of the kind that migrations start. */
static void log_off(const struct cleave_vm_info *info)
{
	struct cleave_region_info region;
	bool any = false;
	u32 i;

	if (info->state == CLEAVE_VM_EMPTY)
		return;
	for (i = 0; i < info->regions; i++) {
		if (cleave_region_info(info->id, i, &region).error != 0 ||
		    region.log_mode != CLEAVE_LOG_INITIALLY_SET)
			continue;
		any = true;
		(void)cleave_log_stop(info->id, i, CLEAVE_LOG_FLAG_COLLAPSE);
	}
	if (any && info->brake != 0)
		(void)cleave_vm_brake(info->id, 0);
	if (any)
		shell_say("partition %u \"%s\" still had its dirty log on when the manager ended; "
			  "%s off now",
			  info->id, info->name,
			  info->brake != 0 ? "the log and the brake are" : "the log is");
}

/* Of a migration within this machine the slots themselves say what became of it: the ledger may have had more than it holds. */
static u32 outcome_here(u64 migration)
{
	u64 id, max = cleave_feature(CLEAVE_FEATURE_MAX_VMS);
	struct cleave_vm_info info;

	for (id = 0; id < max; id++) {
		if (look((u32)id, &info) && info.note == CLEAVE_NOTE_TAKEN &&
		    info.note_id == migration)
			return MIGRATE_OUTCOME_RUNNING;
	}
	return MIGRATE_OUTCOME_NONE;
}

static void doubt(const struct cleave_vm_info *info)
{
	bool local = (info->note_id & MOVE_ID_LOCAL) != 0;
	struct migrate_link link = link_none();
	struct migrate_source_config config;
	struct job *job = move_job_new(local ? JOB_MOVE : JOB_SEND);

	shell_say("partition %u \"%s\" was given up by migration 0x%lx and not acknowledged: in "
		  "doubt",
		  info->id, info->name, info->note_id);
	if (job == NULL)
		return;
	hyper_init(&job->from, info, info->note_id, move_view(job, 0));
	config = job_source_config(job);
	config.passes = 1;
	(void)hyper_leaves(info->id, &job->before);
	job->sends = true;
	job->source_step = MIGRATE_DOUBT;
	if (!migrate_source_init_doubt(&job->source, &hyper_ops, &job->from, &link, &config,
				       info->note_run != 0)) {
		shell_say("%s", job_line(job));
		move_job_drop(job);
		return;
	}
	if (!local)
		return;
	(void)migrate_ledger_put(&move.ledger, info->note_id, outcome_here(info->note_id));
	(void)job_ask_self(job, &move.ledger);
}

static void each(void (*fn)(const struct cleave_vm_info *info))
{
	u64 id, max = cleave_feature(CLEAVE_FEATURE_MAX_VMS);
	struct cleave_vm_info info;

	for (id = 0; id < max; id++) {
		if (look((u32)id, &info))
			fn(&info);
	}
}

static void doubt_if_given(const struct cleave_vm_info *info)
{
	if (info->note == CLEAVE_NOTE_GIVEN)
		doubt(info);
}

/* Logs before guests run on: a guest that is let go is not slowed down any more. Slots before doubts: they are an answer. */
void move_restart(void)
{
	each(remember);
	if (other_manager())
		return;
	each(empty_slot);
	each(log_off);
	each(run_on);
	each(doubt_if_given);
}
