/* SPDX-License-Identifier: BSD-2-Clause */
/* The manager's own commands, as tables for the shell, and what their files share. */
#ifndef GUESTS_MANAGER_COMMANDS_H
#define GUESTS_MANAGER_COMMANDS_H

#include "guests/manager/shell/report.h"
#include "guests/manager/vms/vms.h"

extern const struct command vm_commands[]; /* commands_vm.c: what there is, and its life */
extern const u32 vm_commands_nr;
extern const struct command log_commands[]; /* commands_log.c: dirty log, leaves, counters, brake */
extern const u32 log_commands_nr;
extern const struct command demo_commands[]; /* demo.c */
extern const u32 demo_commands_nr;

/** commands_report() - a report that is begun; there is one, and the next command begins it anew */
struct report *commands_report(void);

/** commands_say_table(), commands_say_list() - say a report: as a table or a list; in script mode as fields, one line a row or a value */
void commands_say_table(const struct report *r);
void commands_say_list(const struct report *r);

/**
 * commands_find_other() - the partition that @word names, if a command may change it: not this one, and no job works on it
 * Return: so it is; else shell_error() has been told.
 */
bool commands_find_other(const char *word, struct cleave_vm_info *info);

/** commands_log_name() - Return: CLEAVE_LOG_* as the commands take and show it */
const char *commands_log_name(u32 mode);

/** manager_quit() - end the manager when the command that runs has (manager.c) */
void manager_quit(void);

/** commands_complete_vm() - the word behind the command is any other partition */
void commands_complete_vm(struct complete *c, int argc, char **argv);

#define COMMANDS_ANY_STATE UINT32_MAX
#define COMMANDS_STATE(s)  (1U << (s))

#endif
