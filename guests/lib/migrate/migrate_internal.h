/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the engines share with each other, and with no other file. */
#ifndef GUESTS_LIB_MIGRATE_INTERNAL_H
#define GUESTS_LIB_MIGRATE_INTERNAL_H

#include "guests/lib/migrate/migrate.h"

/* Seconds that an engine which ends waits at most for the link to take its CANCEL */
#define MIGRATE_TELL_SECONDS 1U

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

/** migrate_copy_verify() - send digests of the next pages, for the destination to compare */
enum migrate_step migrate_copy_verify(struct migrate_source *s);

/** migrate_copy_verified() - Return: how much of the memory was verified, percent */
uint32_t migrate_copy_verified(const struct migrate_source *s);

/** migrate_source_ratio() - Return: a * b / c, as exact as a rate needs it; c = 0 counts as 1 */
uint64_t migrate_source_ratio(uint64_t a, uint64_t b, uint64_t c);

/** migrate_copy_history() - append to @line what is known of the page at @gpa */
void migrate_copy_history(struct migrate_source *s, uint64_t gpa, struct migrate_line *line);

/*
 * The ways out of a migration (migrate_leave.c).
 *
 * migrate_leave_resume(), migrate_leave_log_stop(), migrate_leave_tell() - the guest stays here:
 * let it run, stop its logs, tell the destination
 * migrate_leave_forget() - the guest is the destination's: empty the slot that it left
 */
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

#endif
