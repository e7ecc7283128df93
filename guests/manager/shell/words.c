/* SPDX-License-Identifier: BSD-2-Clause */
/* Taking apart a line that a person typed: words, numbers, options. */
#include "guests/manager/shell/words.h"

static bool words_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Copy the word at @from to @to, without its quotes, and end it with a NUL. @to may be @from
 * itself, or lie before it.
 * Return: what follows the word; NULL when a quote is not closed.
 */
static char *words_take(char *from, char *to)
{
	bool quoted = false;

	for (; *from != '\0' && (quoted || !words_is_blank(*from)); from++) {
		if (*from == '"')
			quoted = !quoted;
		else
			*to++ = *from;
	}
	if (quoted)
		return NULL;
	if (*from != '\0')
		from++;
	*to = '\0';
	return from;
}

int words_split(char *line, char **argv, const char **why)
{
	int argc = 0;

	for (;;) {
		while (words_is_blank(*line))
			line++;
		argv[argc] = NULL;
		if (*line == '\0')
			return argc;
		if (argc == (int)WORDS_MAX) {
			_Static_assert(WORDS_MAX == 32U, "the text says it");
			*why = "too many words: a line may have 32";
			return -1;
		}
		argv[argc] = line;
		line = words_take(line, line);
		if (line == NULL) {
			*why = "a quote (\") is not closed";
			return -1;
		}
		argc++;
	}
}

/* Return: the value of the digit @c; 16 when it is not a digit. */
static u32 words_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (u32)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (u32)(c - 'a') + 10U;
	if (c >= 'A' && c <= 'F')
		return (u32)(c - 'A') + 10U;
	return 16;
}

bool words_number(const char *text, u64 *value)
{
	u64 n = 0, base = 10;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		u64 d = words_digit(*text);

		if (d >= base || n > (UINT64_MAX - d) / base)
			return false;
		n = n * base + d;
	}
	*value = n;
	return true;
}

static size_t words_name_length(const char *word)
{
	size_t n = 0;

	while (word[n] != '\0' && word[n] != '=')
		n++;
	return n;
}

static const struct option *words_find_option(const char *word, const struct option *options,
					      u32 nr)
{
	size_t n = words_name_length(word);
	u32 i;

	for (i = 0; i < nr; i++) {
		if (strlen(options[i].name) == n && strncmp(options[i].name, word, n) == 0)
			return &options[i];
	}
	return NULL;
}

static bool words_set_value(const struct option *o, const char *value, char *why, size_t size)
{
	u64 n;

	if (o->text != NULL)
		*o->text = value;
	if (o->number == NULL)
		return true;
	if (!words_number(value, &n) || n < o->min || n > o->max) {
		str_print(why, size, "%s %.32s: %s must be a number from %lu to %lu", o->name,
			  value, o->unit, o->min, o->max);
		return false;
	}
	*o->number = n;
	return true;
}

/*
 * Take the option @o, which stands at @argv[0], and its value if it has one.
 * Return: how many words it takes (1 or 2); 0 when it is wrong, and @why says how.
 */
static int words_take_option(const struct option *o, char **argv, char *why, size_t size)
{
	const char *value = argv[0] + strlen(o->name);
	int words = 1;

	if (o->given != NULL)
		*o->given = true;
	if (o->unit == NULL) {
		if (*value == '\0')
			return words;
		str_print(why, size, "%s takes no value", o->name);
		return 0;
	}
	if (*value == '=') {
		value++;
	} else {
		value = argv[1];
		words = 2;
	}
	if (value == NULL || *value == '\0') {
		str_print(why, size, "%s needs a value: %s %s", o->name, o->name, o->unit);
		return 0;
	}
	return words_set_value(o, value, why, size) ? words : 0;
}

static bool words_is_option(const char *word)
{
	return word[0] == '-' && word[1] == '-' && word[2] != '\0';
}

static void words_refuse_option(const char *word, const struct option *options, u32 nr, char *why,
				size_t size)
{
	size_t len = str_append(why, size, 0, "unknown option %.40s; the options are", word);
	u32 i;

	for (i = 0; i < nr; i++)
		len = str_append(why, size, len, "%s %s", i == 0 ? "" : ",", options[i].name);
}

bool words_options(int *argc, char **argv, const struct option *options, u32 nr, char *why,
		   size_t size)
{
	int from = 0, to = 0;

	while (from < *argc) {
		const struct option *o;
		int words;

		if (strcmp(argv[from], "--") == 0) {
			for (from++; from < *argc; from++)
				argv[to++] = argv[from];
			break;
		}
		if (!words_is_option(argv[from])) {
			argv[to++] = argv[from++];
			continue;
		}
		o = words_find_option(argv[from], options, nr);
		if (o == NULL) {
			words_refuse_option(argv[from], options, nr, why, size);
			return false;
		}
		words = words_take_option(o, &argv[from], why, size);
		if (words == 0)
			return false;
		from += words;
	}
	argv[to] = NULL;
	*argc = to;
	return true;
}
