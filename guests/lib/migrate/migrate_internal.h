/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the engines share with each other, and with no other file. */
#ifndef GUESTS_LIB_MIGRATE_INTERNAL_H
#define GUESTS_LIB_MIGRATE_INTERNAL_H

#include "guests/lib/migrate/migrate.h"

/* Seconds that an engine which ends waits at most for the link to take its CANCEL */
#define MIGRATE_TELL_SECONDS 1U

/*
 * The most frames that a step builds or deals with while memory goes over: what a step does beside
 * them, and its caller after each step, is then a small part of the work
 */
#define MIGRATE_STEP_FRAMES 8U

/**
 * migrate_source_say() - begin the line anew.
 * Return: the line, which begins with the partition's name
 */
struct migrate_line *migrate_source_say(struct migrate_source *s);

/**
 * migrate_source_fail() - undo everything; @s->line says why
 *
 * Only before the guest was given up, or after it came back.
 */
enum migrate_step migrate_source_fail(struct migrate_source *s, uint32_t reason);

/**
 * migrate_source_call_failed() - a call to the hypervisor, named @call, returned @error: say so,
 * and undo everything
 */
enum migrate_step migrate_source_call_failed(struct migrate_source *s, const char *call,
					     int64_t error);

/**
 * migrate_copy_begin(), migrate_copy_step(), migrate_copy_end() - a pass: its first frame, its
 * pages, its last frame
 */
enum migrate_step migrate_copy_begin(struct migrate_source *s);
enum migrate_step migrate_copy_step(struct migrate_source *s);
enum migrate_step migrate_copy_end(struct migrate_source *s);

/**
 * migrate_copy_too_fast() - has this pass sent more than it may by now? A guest that stands still
 * is copied at full speed
 */
bool migrate_copy_too_fast(const struct migrate_source *s);

/** migrate_copy_verify() - send digests of the next pages, for the destination to compare */
enum migrate_step migrate_copy_verify(struct migrate_source *s);

/** migrate_copy_verified() - Return: how much of the memory was verified, percent */
uint32_t migrate_copy_verified(const struct migrate_source *s);

/** migrate_source_ratio() - Return: a * b / c, as exact as a rate needs it; c = 0 counts as 1 */
uint64_t migrate_source_ratio(uint64_t a, uint64_t b, uint64_t c);

/** migrate_source_state_ok() - note whether the guest runs. Return: false when it has ended */
bool migrate_source_state_ok(struct migrate_source *s);

/** migrate_copy_history() - append to @line what is known of the page at @gpa */
void migrate_copy_history(struct migrate_source *s, uint64_t gpa, struct migrate_line *line);

/*
 * The ways out of a migration (migrate_leave.c).
 *
 * migrate_leave_resume(), migrate_leave_log_stop(), migrate_leave_tell() - the guest stays here:
 * let it run, stop its logs, tell the destination
 * migrate_leave_forget() - the guest is the destination's: empty the slot that it left
 * migrate_leave_brake_off(), migrate_leave_run() - parts of migrate_leave_resume()
 */
void migrate_leave_brake_off(struct migrate_source *s);
void migrate_leave_run(struct migrate_source *s);
enum migrate_step migrate_leave_resume(struct migrate_source *s);
enum migrate_step migrate_leave_log_stop(struct migrate_source *s);
enum migrate_step migrate_leave_tell(struct migrate_source *s);
enum migrate_step migrate_leave_forget(struct migrate_source *s);

/** migrate_listen() - deal with what the destination has said, and with a link that was cut */
void migrate_listen(struct migrate_source *s);

/** migrate_cancel_fill() - make a CANCEL record, with as much of @text as it holds */
void migrate_cancel_fill(struct migrate_cancel *cancel, uint32_t reason, uint64_t arg,
			 const char *text);

/** migrate_cancel_say() - append to @line what a CANCEL record of the other end says */
void migrate_cancel_say(const struct migrate_cancel *cancel, struct migrate_line *line);

/*
 * Records that the destination receives (migrate_records.c).
 *
 * migrate_record_take() - deal with one record
 * migrate_record_zero() - zero more of a run of pages, which takes several steps
 */
enum migrate_step migrate_record_take(struct migrate_dest *d, const struct migrate_record *record);
enum migrate_step migrate_record_zero(struct migrate_dest *d);

/*
 * The destination's counterparts of the functions of the source.
 *
 * migrate_dest_say() - begin the line anew
 * migrate_dest_fail() - give up, as d->line says; @reason and @arg are for the CANCEL record
 * migrate_dest_call_failed() - a call to the hypervisor failed: say so, and give up
 */
struct migrate_line *migrate_dest_say(struct migrate_dest *d);
enum migrate_step migrate_dest_fail(struct migrate_dest *d, uint32_t reason, uint64_t arg);
enum migrate_step migrate_dest_call_failed(struct migrate_dest *d, const char *call, int64_t error);

/** migrate_dest_unexpected() - @record may not come now, or not like this: say @why, and give up */
enum migrate_step migrate_dest_unexpected(struct migrate_dest *d,
					  const struct migrate_record *record, const char *why);

/**
 * migrate_dest_take() - the guest belongs to this side from now on, and runs if it ran; after an
 * error it does not
 */
enum migrate_step migrate_dest_take(struct migrate_dest *d);

/* migrate_epoch.c: the epochs of a checkpoint */

/** migrate_epoch_sent() - an epoch's HANDOVER was sent. Return: the state that comes next */
enum migrate_source_state migrate_epoch_sent(struct migrate_source *s);

/** migrate_epoch_end() - step: say that no further epoch comes */
enum migrate_step migrate_epoch_end(struct migrate_source *s);

/** migrate_epoch_flush() - step: wait until the link has all of an epoch, and let the guest run */
enum migrate_step migrate_epoch_flush(struct migrate_source *s);

/** migrate_epoch_rest() - step: wait for the time of the next epoch */
enum migrate_step migrate_epoch_rest(struct migrate_source *s);

/**
 * migrate_epoch_cancel() - a person cancels: once an epoch is written, the one that is under way is
 * the last. Return: false when the migration is to be given up
 */
bool migrate_epoch_cancel(struct migrate_source *s);

/** migrate_epoch_came() - step: a checkpoint's HANDOVER came, and its sums are right */
enum migrate_step migrate_epoch_came(struct migrate_dest *d);

/** migrate_epoch_over() - step: END came */
enum migrate_step migrate_epoch_over(struct migrate_dest *d, const struct migrate_record *record);

/**
 * migrate_epoch_ends() - the stream ends here, because of @why, and without END. Return: true when
 * it is after an epoch that is wanted; the line says so
 */
bool migrate_epoch_ends(struct migrate_dest *d, const char *why);

/** migrate_epoch_hint() - add to the line of a failure which epochs came whole */
void migrate_epoch_hint(struct migrate_dest *d);

#endif
