/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cleaning up what an earlier life of this manager left behind. The notes that it wrote say what
 * there is:
 *
 * - a guest that was paused for a migration runs on;
 * - a slot that was half filled is emptied;
 * - a dirty log is stopped, and its brake taken off;
 * - a guest that was given up and not acknowledged is in doubt.
 *
 * It never lets a guest run that was given up: only an answer or a person may do that.
 */
#include "guests/manager/move/link.h"

/* Find the next partition but the manager's own, as vms_next() does. */
static bool move_restart_next(u32 *id, struct cleave_vm_info *info)
{
	while (vms_next(id, info)) {
		if (info->id != vms_self())
			return true;
	}
	return false;
}

/*
 * Return: true when another manager is at work: then nobody can tell what is left behind from what
 * is under way.
 */
static bool move_restart_other_manager(void)
{
	struct cleave_vm_info info;
	u32 id;

	for (id = 0; move_restart_next(&id, &info);) {
		if ((info.flags & CLEAVE_VM_FLAG_MANAGER) != 0 &&
		    (info.state == CLEAVE_VM_RUNNING || info.state == CLEAVE_VM_PAUSED))
			return true;
	}
	return false;
}

static void move_restart_empty_slot(const struct cleave_vm_info *info)
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

static void move_restart_run_on(const struct cleave_vm_info *info)
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

/* Stop a log of the kind that migrations start. */
static void move_restart_log_off(const struct cleave_vm_info *info)
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

static void move_restart_doubt(const struct cleave_vm_info *info)
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
	job->astray = true;
	job->link_name = link_name(job->link);
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
	if (move_recall(info->note_id) == MIGRATE_OUTCOME_UNKNOWN)
		shell_say("partition %u \"%s\": the hypervisor has no record of migration 0x%lx "
			  "any more; `decide` says what can be done",
			  info->id, info->name, info->note_id);
	(void)job_ask_self(job, &move.ledger);
}

static void move_restart_each(void (*fn)(const struct cleave_vm_info *info))
{
	struct cleave_vm_info info;
	u32 id;

	for (id = 0; move_restart_next(&id, &info);)
		fn(&info);
}

static void move_restart_doubt_if_given(const struct cleave_vm_info *info)
{
	if (info->note == CLEAVE_NOTE_GIVEN)
		move_restart_doubt(info);
}

/*
 * The order counts. Logs come before guests run on, so that no guest runs slowed down. Slots come
 * before doubts, because they may be the answer to one.
 */
void move_restart(void)
{
	if (move_restart_other_manager())
		return;
	move_restart_each(move_restart_empty_slot);
	move_restart_each(move_restart_log_off);
	move_restart_each(move_restart_run_on);
	move_restart_each(move_restart_doubt_if_given);
}
