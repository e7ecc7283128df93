/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's command line: /chosen/bootargs, words `name=value` between blanks. Ours begin with "cleave."; others
 * are left to whom they belong.
 */
#include <cleave/printk.h>
#include <cleave/string.h>
#include "lib/text.h"
#include "core/machine/boot_args.h"

#define PREFIX	 "cleave."
#define WORD_LEN 64U

static const char *const known[] = { "cleave.eager_page_split", "cleave.focus", "cleave.log" };

static const char *boot_line = "";

static const char *const level_name[] = { "error", "warning", "info", "debug" };

/* Next word at or behind @p. Return: its first character, its length in @len; NULL at the end */
static const char *next_word(const char *p, size_t *len)
{
	const char *end;

	while (*p == ' ' || *p == '\t')
		p++;
	for (end = p; *end != '\0' && *end != ' ' && *end != '\t'; end++)
		;
	*len = (size_t)(end - p);
	return *len == 0U ? NULL : p;
}

void boot_args_set(const char *line)
{
	boot_line = line;
}

const char *boot_option(const char *name, size_t *len)
{
	size_t n = strlen(name);
	const char *found = NULL;
	const char *p = boot_line;
	size_t word;

	/* The last one wins, so that a user can add to a line that firmware has stored. */
	for (p = next_word(p, &word); p != NULL; p = next_word(p + word, &word)) {
		if (word > n && strncmp(p, name, n) == 0 && p[n] == '=') {
			found = p + n + 1U;
			*len = word - n - 1U;
		}
	}
	return found;
}

/* A name that was begun and not finished ("cleave.eager") is far by edit distance, but is what was meant. */
static const char *nearest(const char *word)
{
	size_t len = strlen(word);

	for (u32 i = 0; i < ARRAY_SIZE(known) && len > sizeof(PREFIX) - 1U; i++) {
		if (strncmp(known[i], word, len) == 0)
			return known[i];
	}
	return text_nearest(word, known, ARRAY_SIZE(known));
}

static void check_word(const char *p, size_t len)
{
	char word[WORD_LEN];
	char *value;
	const char *near;

	(void)str_print(word, sizeof(word), "%.*s", (int)MIN(len, sizeof(word) - 1U), p);
	if (strncmp(word, PREFIX, sizeof(PREFIX) - 1U) != 0)
		return;
	value = strchr(word, '=');
	if (value != NULL)
		*value = '\0';
	for (u32 i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(word, known[i]) != 0)
			continue;
		if (value == NULL)
			printk(PRINTK_WARNING "boot argument %s: it needs a value: %s=...", word,
			       word);
		return;
	}
	near = nearest(word);
	printk(PRINTK_WARNING
	       "boot argument %s: unknown%s%s%s; known: cleave.eager_page_split, cleave.focus, "
	       "cleave.log",
	       word, near != NULL ? ", perhaps " : "", near != NULL ? near : "",
	       near != NULL ? " was meant" : "");
}

static bool parse_level(const char *value, size_t len, u32 *out)
{
	for (u32 i = 0; i < ARRAY_SIZE(level_name); i++) {
		bool digit = len == 1U && value[0] == (char)('0' + (char)i);

		if (digit ||
		    (strlen(level_name[i]) == len && strncmp(level_name[i], value, len) == 0)) {
			*out = i;
			return true;
		}
	}
	return false;
}

u32 boot_log_level(void)
{
	size_t len = 0;
	const char *value = boot_option("cleave.log", &len);
	u32 level = CONFIG_LOG_LEVEL;

	if (value != NULL)
		(void)parse_level(value, len, &level);
	return level;
}

void boot_args_check(void)
{
	const char *p = boot_line;
	size_t len = 0;
	const char *value;
	u32 level;

	for (p = next_word(p, &len); p != NULL; p = next_word(p + len, &len))
		check_word(p, len);
	value = boot_option("cleave.log", &len);
	if (value != NULL && !parse_level(value, len, &level))
		printk(PRINTK_WARNING
		       "boot argument cleave.log: \"%.*s\" is not known; allowed: error, warning, "
		       "info, debug or 0 to 3",
		       (int)MIN(len, WORD_LEN), value);
}
