/* SPDX-License-Identifier: BSD-2-Clause */
/* The manager's commands as tables for the shell, and what the files of the commands share. */
#ifndef GUESTS_MANAGER_COMMANDS_H
#define GUESTS_MANAGER_COMMANDS_H

#include "guests/manager/shell/report.h"
#include "guests/manager/vms/vms.h"

/* commands_vm.c: partitions, and their lives */
extern const struct command vm_commands[];
extern const u32 vm_commands_nr;

/* commands_log.c: dirty log, leaves, counters, brake */
extern const struct command log_commands[];
extern const u32 log_commands_nr;

/* demo/demo_run.c */
extern const struct command demo_commands[];
extern const u32 demo_commands_nr;

/** commands_report() - begin the report, of which there is one: the one before it is forgotten */
struct report *commands_report(void);

/**
 * commands_say_table() - print a report as a table; in script mode as fields, one row a line
 * commands_say_list() - print a report of one row as a list; in script mode as fields, one value a
 * line
 */
void commands_say_table(const struct report *r);
void commands_say_list(const struct report *r);

/**
 * commands_find_other() - find the partition that @word names, for a command that changes it
 * Return: true when it may be changed: it is not the manager's own, and no job uses it. Else
 * shell_error() has been told why not.
 */
bool commands_find_other(const char *word, struct cleave_vm_info *info);

/**
 * commands_refuse_busy() - refuse a command that may not work beside a job
 * Return: true when a job is running, and shell_error() has been told so.
 */
bool commands_refuse_busy(void);

/**
 * commands_log_name() - name the mode of a log, as the commands do (commands_log.c)
 * Return: the name of @mode, one of CLEAVE_LOG_*.
 */
const char *commands_log_name(u32 mode);

/** manager_quit() - let the manager end after the running command (manager.c) */
void manager_quit(void);

/** commands_complete_vm() - for a command whose first argument may be any other partition */
void commands_complete_vm(struct complete *c, int argc, char **argv);

/**
 * commands_complete_made() - for a command whose first argument is any other partition but an
 * empty one
 */
void commands_complete_made(struct complete *c, int argc, char **argv);

#define COMMANDS_ANY_STATE UINT32_MAX
#define COMMANDS_STATE(s)  (1U << (s))

#endif
