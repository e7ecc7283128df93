/* SPDX-License-Identifier: BSD-2-Clause */
/* What the manager's commands share. */
#include "guests/manager/commands.h"
#include "guests/manager/move/move.h"

struct report *commands_report(void)
{
	static struct report report;

	report_begin(&report, shell_script());
	return &report;
}

static void commands_say_lost(const struct report *r)
{
	if (r->lost > 0)
		shell_say("%u values did not fit into this report", r->lost);
}

void commands_say_table(const struct report *r)
{
	char line[SHELL_LINE_MAX];
	u32 i;

	for (i = 0; shell_script() ? report_fields(r, i, line, sizeof(line))
				   : report_table(r, i, line, sizeof(line));
	     i++)
		shell_say("%s", line);
	commands_say_lost(r);
}

void commands_say_list(const struct report *r)
{
	char line[SHELL_LINE_MAX];
	u32 i;

	for (i = 0; report_list(r, i, line, sizeof(line)); i++)
		shell_say("%s", line);
	commands_say_lost(r);
}

bool commands_find_other(const char *word, struct cleave_vm_info *info)
{
	if (!vms_find(word, info))
		return false;
	if (info->id == vms_self()) {
		shell_error("partition %u \"%s\" is the one that this manager runs in", info->id,
			    info->name);
		return false;
	}
	if (move_uses(info->id)) {
		shell_error(
			"partition %u \"%s\" is in use by a job; `jobs` shows it, `cancel` ends it",
			info->id, info->name);
		return false;
	}
	return true;
}

bool commands_refuse_busy(void)
{
	if (!move_busy())
		return false;
	shell_error("a job is running; `jobs` shows it, `cancel` ends it");
	return true;
}

void commands_complete_vm(struct complete *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 2)
		vms_complete(c, COMMANDS_ANY_STATE);
}

void commands_complete_made(struct complete *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 2)
		vms_complete(c, ~COMMANDS_STATE(CLEAVE_VM_EMPTY));
}
