/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shell's tables of commands: look one up, run it, complete its words. Also the shell's own
 * commands.
 */
#include "guests/manager/shell/shell_internal.h"

/*
 * Columns of a usage in the list of all commands, as in "%-34s" below. A longer one gets its own
 * line.
 */
#define USAGE_COLUMNS 34U

static enum command_result shell_commands_run_help(int argc, char **argv);
static enum command_result shell_commands_run_history(int argc, char **argv);
static enum command_result shell_commands_run_script(int argc, char **argv);

static void shell_commands_complete_names(struct complete *c, int argc, char **argv);
static void shell_commands_complete_script(struct complete *c, int argc, char **argv);

static const struct command shell_commands_own[] = {
	{ "help", "[COMMAND]", "list the commands, or explain one", shell_commands_run_help,
	  shell_commands_complete_names },
	{ "history", "", "list the lines that were entered; Up and Down bring them back",
	  shell_commands_run_history, NULL },
	{ "script", "on|off",
	  "for programs: no echo, prompt, colours or redrawing\n"
	  "Output is key=value fields with plain numbers. Blank lines and lines that begin with # "
	  "are skipped.",
	  shell_commands_run_script, shell_commands_complete_script },
};

static const struct shell_table shell_commands_own_table = { shell_commands_own,
							     ARRAY_SIZE(shell_commands_own) };

/* Return: table @i, the program's tables first, then the shell's own; NULL: no more. */
static const struct shell_table *shell_commands_table_at(u32 i)
{
	if (i < shell.tables_nr)
		return &shell.tables[i];
	return i == shell.tables_nr ? &shell_commands_own_table : NULL;
}

/* Return: the command called @name, or NULL. */
static const struct command *shell_commands_find(const char *name)
{
	const struct shell_table *t;
	u32 i, n;

	for (i = 0; (t = shell_commands_table_at(i)) != NULL; i++) {
		for (n = 0; n < t->nr; n++) {
			if (strcmp(t->commands[n].name, name) == 0)
				return &t->commands[n];
		}
	}
	return NULL;
}

static void shell_commands_complete_names(struct complete *c, int argc, char **argv)
{
	const struct shell_table *t;
	u32 i, n;

	(void)argv;
	if (argc > 2)
		return;
	for (i = 0; (t = shell_commands_table_at(i)) != NULL; i++) {
		for (n = 0; n < t->nr; n++)
			complete_add(c, t->commands[n].name);
	}
}

static void shell_commands_complete_script(struct complete *c, int argc, char **argv)
{
	(void)argv;
	if (argc != 2)
		return;
	complete_add(c, "on");
	complete_add(c, "off");
}

void shell_complete(struct complete *c, int argc, char **argv)
{
	const struct command *command;

	if (argc == 1) {
		shell_commands_complete_names(c, argc, argv);
		return;
	}
	command = shell_commands_find(argv[0]);
	if (command != NULL && command->complete != NULL)
		command->complete(c, argc, argv);
}

static void shell_commands_run(const struct command *command, int argc, char **argv)
{
	switch (command->run(argc, argv)) {
	case COMMAND_OK:
		shell.error[0] = '\0';
		break;
	case COMMAND_USAGE:
		shell_error("usage: %s%s%s", command->name, command->args[0] == '\0' ? "" : " ",
			    command->args);
		break;
	case COMMAND_FAILED:
	default:
		if (shell.error[0] == '\0')
			shell_error("%s failed", command->name);
		break;
	}
}

bool shell_execute(char *line)
{
	char *argv[WORDS_MAX + 1U];
	const struct command *command;
	const char *why = "";
	int argc = words_split(line, argv, &why);

	if (argc == 0 || (argc > 0 && argv[0][0] == '#'))
		return false;
	if (argc < 0) {
		shell_error("%s", why);
		return true;
	}
	command = shell_commands_find(argv[0]);
	if (command == NULL)
		shell_error("no command is called \"%.32s\"; `help` lists all commands", argv[0]);
	else
		shell_commands_run(command, argc, argv);
	return true;
}

/* --- the shell's own commands ----------------------------------------------------------------- */

/* Copy the first line of @text, cut to fit. Return: what follows that line. */
static const char *shell_commands_first_line(const char *text, char *line, size_t size)
{
	size_t n = 0;

	for (; *text != '\0' && *text != '\n'; text++) {
		if (n + 1U < size)
			line[n++] = *text;
	}
	line[n] = '\0';
	return *text == '\n' ? text + 1 : text;
}

static void shell_commands_say_lines(const char *text)
{
	char line[SHELL_LINE_MAX];

	while (*text != '\0') {
		text = shell_commands_first_line(text, line, sizeof(line));
		shell_say("  %s", line);
	}
}

/* Print a command's row in the list of all: its usage, and the first line of its help. */
static void shell_commands_say_summary(const struct command *command)
{
	char usage[SHELL_LINE_MAX], help[SHELL_LINE_MAX];

	str_print(usage, sizeof(usage), "%s %s", command->name, command->args);
	(void)shell_commands_first_line(command->help, help, sizeof(help));
	if (strlen(usage) > USAGE_COLUMNS) {
		shell_say("  %s", usage);
		usage[0] = '\0';
	}
	shell_say("  %-34s  %s", usage, help);
}

static enum command_result shell_commands_run_help(int argc, char **argv)
{
	const struct command *command;
	const struct shell_table *t;
	u32 i, n;

	if (argc > 2)
		return COMMAND_USAGE;
	if (argc == 2) {
		command = shell_commands_find(argv[1]);
		if (command == NULL) {
			shell_error("no command is called \"%.32s\"; `help` lists all commands",
				    argv[1]);
			return COMMAND_FAILED;
		}
		shell_say("%s %s", command->name, command->args);
		shell_commands_say_lines(command->help);
		return COMMAND_OK;
	}
	for (i = 0; (t = shell_commands_table_at(i)) != NULL; i++) {
		for (n = 0; n < t->nr; n++)
			shell_commands_say_summary(&t->commands[n]);
	}
	return COMMAND_OK;
}

static enum command_result shell_commands_run_history(int argc, char **argv)
{
	u32 back;

	(void)argv;
	if (argc != 1)
		return COMMAND_USAGE;
	for (back = shell.history.nr; back > 0; back--)
		shell_say("  %s", history_get(&shell.history, back));
	return COMMAND_OK;
}

static enum command_result shell_commands_run_script(int argc, char **argv)
{
	if (argc != 2)
		return COMMAND_USAGE;
	if (strcmp(argv[1], "on") == 0)
		shell.script = true;
	else if (strcmp(argv[1], "off") == 0)
		shell.script = false;
	else
		return COMMAND_USAGE;
	return COMMAND_OK;
}
