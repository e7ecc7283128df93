/* SPDX-License-Identifier: BSD-2-Clause */
/* The shell's tables of commands: looking one up, running it, completing its words, and the shell's own commands. */
#include "guests/manager/shell/shell_internal.h"

#define USAGE_COLUMNS \
	34U /* of a command's usage in the list of all; a longer one has a line for itself */

static enum command_result run_help(int argc, char **argv);
static enum command_result run_history(int argc, char **argv);
static enum command_result run_script(int argc, char **argv);

static void complete_names(struct complete *c, int argc, char **argv);
static void complete_script(struct complete *c, int argc, char **argv);

static const struct command own_commands[] = {
	{ "help", "[COMMAND]", "list the commands, or explain one", run_help, complete_names },
	{ "history", "", "list the lines that were entered; Up and Down bring them back",
	  run_history, NULL },
	{ "script", "on|off",
	  "for programs: no echo, prompt, colours or redrawing\n"
	  "Output is key=value fields with plain numbers. Blank lines and lines that begin with # "
	  "are skipped.",
	  run_script, complete_script },
};

static const struct shell_table own_table = { own_commands, ARRAY_SIZE(own_commands) };

/* Table @i: the program's first, then the shell's own. NULL: there are no more. */
static const struct shell_table *table_at(u32 i)
{
	if (i < shell.tables_nr)
		return &shell.tables[i];
	return i == shell.tables_nr ? &own_table : NULL;
}

const struct command *shell_find(const char *name)
{
	const struct shell_table *t;
	u32 i, n;

	for (i = 0; (t = table_at(i)) != NULL; i++) {
		for (n = 0; n < t->nr; n++) {
			if (strcmp(t->commands[n].name, name) == 0)
				return &t->commands[n];
		}
	}
	return NULL;
}

static void complete_names(struct complete *c, int argc, char **argv)
{
	const struct shell_table *t;
	u32 i, n;

	(void)argv;
	if (argc > 2)
		return;
	for (i = 0; (t = table_at(i)) != NULL; i++) {
		for (n = 0; n < t->nr; n++)
			complete_add(c, t->commands[n].name);
	}
}

static void complete_script(struct complete *c, int argc, char **argv)
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
		complete_names(c, argc, argv);
		return;
	}
	command = shell_find(argv[0]);
	if (command != NULL && command->complete != NULL)
		command->complete(c, argc, argv);
}

static void run_command(const struct command *command, int argc, char **argv)
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
	command = shell_find(argv[0]);
	if (command == NULL)
		shell_error("no command is called \"%.32s\"; `help` lists all commands", argv[0]);
	else
		run_command(command, argc, argv);
	return true;
}

/* --- the shell's own --------------------------------------------------------------------------------------------- */

/* Say @text's lines; @from: the first to be said. */
static void say_lines(const char *text, u32 from)
{
	u32 line = 0;
	size_t n;

	for (; *text != '\0'; line++) {
		for (n = 0; text[n] != '\0' && text[n] != '\n'; n++)
			;
		if (line >= from) {
			char copy[SHELL_LINE_MAX];

			guest_print(copy, sizeof(copy), "%s", text);
			copy[n < sizeof(copy) ? n : sizeof(copy) - 1U] = '\0';
			shell_say("  %s", copy);
		}
		text += n;
		if (*text == '\n')
			text++;
	}
}

/* A command in the list of all: its usage, and the first line of its help. */
static void say_summary(const struct command *command)
{
	char usage[SHELL_LINE_MAX], help[SHELL_LINE_MAX];
	size_t n;

	guest_print(usage, sizeof(usage), "%s %s", command->name, command->args);
	guest_print(help, sizeof(help), "%s", command->help);
	for (n = 0; help[n] != '\0' && help[n] != '\n'; n++)
		;
	help[n] = '\0';
	if (strlen(usage) > USAGE_COLUMNS) {
		shell_say("  %s", usage);
		usage[0] = '\0';
	}
	shell_say("  %-34s  %s", usage, help);
}

static enum command_result run_help(int argc, char **argv)
{
	const struct command *command;
	const struct shell_table *t;
	u32 i, n;

	if (argc > 2)
		return COMMAND_USAGE;
	if (argc == 2) {
		command = shell_find(argv[1]);
		if (command == NULL) {
			shell_error("no command is called \"%.32s\"; `help` lists all commands",
				    argv[1]);
			return COMMAND_FAILED;
		}
		shell_say("%s %s", command->name, command->args);
		say_lines(command->help, 0);
		return COMMAND_OK;
	}
	for (i = 0; (t = table_at(i)) != NULL; i++) {
		for (n = 0; n < t->nr; n++)
			say_summary(&t->commands[n]);
	}
	return COMMAND_OK;
}

static enum command_result run_history(int argc, char **argv)
{
	u32 back;

	(void)argv;
	if (argc != 1)
		return COMMAND_USAGE;
	for (back = shell.history.nr; back > 0; back--)
		shell_say("  %s", history_get(&shell.history, back));
	return COMMAND_OK;
}

static enum command_result run_script(int argc, char **argv)
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
