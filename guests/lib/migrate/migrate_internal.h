/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the engines share with each other, and with nobody else. */
#ifndef GUESTS_LIB_MIGRATE_INTERNAL_H
#define GUESTS_LIB_MIGRATE_INTERNAL_H

#include "guests/lib/migrate/migrate.h"

/* Ticks that a dying engine waits for the link to take its CANCEL: a second. */
#define MIGRATE_TELL_SECONDS 1U

/** migrate_source_say() - Return: the line, begun anew with the partition's name */
struct migrate_line *migrate_source_say(struct migrate_source *s);

/** migrate_source_fail() - @s->line says why: undo everything. Only before the guest was given up, or when it came back */
enum migrate_step migrate_source_fail(struct migrate_source *s, uint32_t reason);

/** migrate_source_call_failed() - a call to the hypervisor, named @call, returned @error: say so and undo everything */
enum migrate_step migrate_source_call_failed(struct migrate_source *s, const char *call,
					     int64_t error);

/** migrate_copy_begin(), migrate_copy_step(), migrate_copy_end() - a pass: its first frame, its pages, its last frame */
enum migrate_step migrate_copy_begin(struct migrate_source *s);
enum migrate_step migrate_copy_step(struct migrate_source *s);
enum migrate_step migrate_copy_end(struct migrate_source *s);

/** migrate_copy_verify() - digests of the next pages, for the destination to compare */
enum migrate_step migrate_copy_verify(struct migrate_source *s);

/** migrate_copy_history() - append what is known of the page at @gpa */
void migrate_copy_history(struct migrate_source *s, uint64_t gpa, struct migrate_line *line);

/** migrate_leave_*() - the ways out: the guest is here, or it is the destination's (migrate_leave.c) */
enum migrate_step migrate_leave_resume(struct migrate_source *s);
enum migrate_step migrate_leave_log_stop(struct migrate_source *s);
enum migrate_step migrate_leave_tell(struct migrate_source *s);
enum migrate_step migrate_leave_forget(struct migrate_source *s);

/** migrate_listen() - deal with what the destination said, and with a link that was cut */
void migrate_listen(struct migrate_source *s);

/** migrate_cancel_fill() - a CANCEL record with as much of @text as it holds */
void migrate_cancel_fill(struct migrate_cancel *cancel, uint32_t reason, uint64_t arg,
			 const char *text);

/** migrate_cancel_say() - append what a CANCEL record of the other end says */
void migrate_cancel_say(const struct migrate_cancel *cancel, struct migrate_line *line);

/** migrate_record_*() - destination: deal with one record while it receives (migrate_records.c) */
enum migrate_step migrate_record_take(struct migrate_dest *d, const struct migrate_record *record);
enum migrate_step migrate_record_zero(struct migrate_dest *d);

struct migrate_line *migrate_dest_say(struct migrate_dest *d);
enum migrate_step migrate_dest_fail(struct migrate_dest *d, uint32_t reason, uint64_t arg);
enum migrate_step migrate_dest_call_failed(struct migrate_dest *d, const char *call, int64_t error);

/** migrate_dest_unexpected() - @record may not come now */
enum migrate_step migrate_dest_unexpected(struct migrate_dest *d,
					  const struct migrate_record *record, const char *why);

/** migrate_dest_take() - the guest is here from now on: let it run if it ran. Return: PROGRESS; on an error it is not here */
enum migrate_step migrate_dest_take(struct migrate_dest *d);

#endif
