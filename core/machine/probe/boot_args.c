/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of the hypervisor's boot arguments, and the parser that reads a command line with it.
 *
 * It must never touch anything but its arguments: host tests and tools run the same code.
 */
#include "core/machine/boot_args.h"

#include <cleave/printk.h>
#include <cleave/string.h>
#include "lib/text.h"

#define BOOT_ARGS_NAME_LEN  64U /* bytes of the longest name that is shown, NUL included */
#define BOOT_ARGS_VALUE_LEN 48U /* bytes of the longest value that is shown, NUL included */

#ifdef CONFIG_EAGER_PAGE_SPLIT
#define BOOT_ARGS_EAGER 1U
#else
#define BOOT_ARGS_EAGER 0U
#endif

#ifdef CLEAVE_HOST
#define BOOT_ARGS_HELP(text) (text)
#else
#define BOOT_ARGS_HELP(text) NULL
#endif

enum boot_args_index {
	BOOT_ARGS_INDEX_COLUMNS,
	BOOT_ARGS_INDEX_EAGER,
	BOOT_ARGS_INDEX_FOCUS,
	BOOT_ARGS_INDEX_LOG,
	BOOT_ARGS_COUNT,
};

static const char *const boot_args_switch[] = { "off", "on", NULL };
static const char *const boot_args_level[] = { "error", "warning", "info", "debug", NULL };

static const struct boot_arg boot_args_table[BOOT_ARGS_COUNT] = {
	[BOOT_ARGS_INDEX_COLUMNS] = {
		.name = BOOT_ARG_PREFIX "columns",
		.kind = BOOT_ARG_NUMBER,
		.member = offsetof(struct boot_args, columns),
		.min = BOOT_ARG_COLUMNS_MIN,
		.max = BOOT_ARG_COLUMNS_MAX,
		.normal = CONFIG_CONSOLE_COLUMNS,
		.kconfig = BOOT_ARGS_HELP("CONSOLE_COLUMNS"),
		.help = BOOT_ARGS_HELP("how many columns the console's terminal has, or fewer"),
	},
	[BOOT_ARGS_INDEX_EAGER] = {
		.name = BOOT_ARG_PREFIX "eager_page_split",
		.kind = BOOT_ARG_WORD,
		.member = offsetof(struct boot_args, eager_page_split),
		.words = boot_args_switch,
		.normal = BOOT_ARGS_EAGER,
		.kconfig = BOOT_ARGS_HELP("EAGER_PAGE_SPLIT"),
		.help = BOOT_ARGS_HELP("whether a dirty log splits huge leaves when it starts, for "
				       "partitions and calls that do not say"),
	},
	[BOOT_ARGS_INDEX_FOCUS] = {
		.name = BOOT_ARG_PREFIX "focus",
		.kind = BOOT_ARG_TEXT,
		.member = offsetof(struct boot_args, focus),
		.help = BOOT_ARGS_HELP("name or number of the partition that gets the console's "
				       "input first"),
	},
	[BOOT_ARGS_INDEX_LOG] = {
		.name = BOOT_ARG_PREFIX "log",
		.kind = BOOT_ARG_WORD,
		.member = offsetof(struct boot_args, log),
		.words = boot_args_level,
		.numbers = true,
		.normal = CONFIG_LOG_LEVEL,
		.kconfig = BOOT_ARGS_HELP("LOG_LEVEL"),
		.help = BOOT_ARGS_HELP("how much the hypervisor prints"),
	},
};

struct boot_args boot_args = {
	.log = CONFIG_LOG_LEVEL,
	.eager_page_split = BOOT_ARGS_EAGER,
	.columns = CONFIG_CONSOLE_COLUMNS,
};

/* struct boot_args_word - a piece of the command line; @text NULL: none */
struct boot_args_word {
	const char *text;
	size_t len;
};

/* --- what is shown ---------------------------------------------------------------------------- */

const struct boot_arg *boot_arg_row(u32 i)
{
	return i < (u32)BOOT_ARGS_COUNT ? &boot_args_table[i] : NULL;
}

const char *boot_arg_allowed(const struct boot_arg *arg, char *buf, size_t size)
{
	u32 n = 0;

	buf[0] = '\0';
	if (arg->kind == BOOT_ARG_TEXT) {
		(void)text_append(buf, size, "1 to %u characters", BOOT_ARG_TEXT_LEN - 1U);
		return buf;
	}
	if (arg->kind == BOOT_ARG_NUMBER) {
		(void)text_append(buf, size, "%u to %u", arg->min, arg->max);
		return buf;
	}
	for (; arg->words[n] != NULL; n++)
		(void)text_append(buf, size, "%s%s", n == 0U ? "" : ", ", arg->words[n]);
	if (arg->numbers)
		(void)text_append(buf, size, " or 0 to %u", n - 1U);
	return buf;
}

/* Copy at most @size - 1 characters of a word, so that it can be shown and compared. */
static void boot_args_copy(const struct boot_args_word *w, char *buf, size_t size)
{
	char raw[BOOT_ARGS_NAME_LEN];

	(void)str_print(raw, sizeof(raw), "%.*s", (int)MIN(w->len, sizeof(raw) - 1U), w->text);
	text_clean(buf, size, raw);
}

void boot_arg_default(const struct boot_arg *arg, char *buf, size_t size)
{
	if (arg->kind == BOOT_ARG_WORD)
		(void)str_print(buf, size, "%s", arg->words[arg->normal]);
	else if (arg->kind == BOOT_ARG_NUMBER)
		(void)str_print(buf, size, "%u", arg->normal);
	else
		buf[0] = '\0';
}

/* --- words ------------------------------------------------------------------------------------ */

static bool boot_args_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word of the line at @p; its text is NULL at the end. */
static struct boot_args_word boot_args_next(const char *p)
{
	struct boot_args_word w = { .text = NULL };

	while (boot_args_is_blank(*p))
		p++;
	while (p[w.len] != '\0' && !boot_args_is_blank(p[w.len]))
		w.len++;
	if (w.len != 0U)
		w.text = p;
	return w;
}

static bool boot_args_is_ours(const struct boot_args_word *w)
{
	const size_t len = sizeof(BOOT_ARG_PREFIX) - 1U;

	return w->len >= len && strncmp(w->text, BOOT_ARG_PREFIX, len) == 0;
}

/*
 * Cut `NAME=VALUE` at its sign; @w keeps the name. Return: the value; its text is NULL when there
 * is no sign
 */
static struct boot_args_word boot_args_cut(struct boot_args_word *w)
{
	const char *sign = memchr(w->text, '=', w->len);
	struct boot_args_word value = { .text = NULL };

	if (sign != NULL) {
		value.text = sign + 1;
		value.len = w->len - (size_t)(sign - w->text) - 1U;
		w->len = (size_t)(sign - w->text);
	}
	return value;
}

static bool boot_args_equal(const struct boot_args_word *w, const char *text)
{
	return strlen(text) == w->len && strncmp(text, w->text, w->len) == 0;
}

/* Return: which argument a name is; BOOT_ARGS_COUNT: none */
static u32 boot_args_find(const struct boot_args_word *name)
{
	u32 i = 0;

	while (i < (u32)BOOT_ARGS_COUNT && !boot_args_equal(name, boot_args_table[i].name))
		i++;
	return i;
}

/* --- values ----------------------------------------------------------------------------------- */

/* Read a word or its number. Return: true when it is allowed */
static bool boot_args_read_word(const struct boot_arg *arg, const struct boot_args_word *value,
				u32 *out)
{
	for (u32 n = 0; arg->words[n] != NULL; n++) {
		bool number = arg->numbers && value->len == 1U &&
			      value->text[0] == (char)('0' + (char)n);

		if (number || boot_args_equal(value, arg->words[n])) {
			*out = n;
			return true;
		}
	}
	return false;
}

/* Read a decimal number. Return: true when it is allowed */
static bool boot_args_read_number(const struct boot_arg *arg, const struct boot_args_word *value,
				  u32 *out)
{
	u32 n = 0;

	for (size_t i = 0; i < value->len; i++) {
		if (value->text[i] < '0' || value->text[i] > '9')
			return false;
		n = MIN(n * 10U + (u32)(value->text[i] - '0'), arg->max + 1U);
	}
	if (n < arg->min || n > arg->max)
		return false;
	*out = n;
	return true;
}

/* Store a value, or the default for none and for a bad one. Return: false when it is bad */
static bool boot_args_take(const struct boot_arg *arg, const struct boot_args_word *value,
			   struct boot_args *out)
{
	void *member = (u8 *)out + arg->member;

	if (arg->kind == BOOT_ARG_TEXT) {
		bool good = value->len < BOOT_ARG_TEXT_LEN;

		(void)str_print(member, BOOT_ARG_TEXT_LEN, "%.*s", good ? (int)value->len : 0,
				value->text != NULL ? value->text : "");
		return good;
	}
	*(u32 *)member = arg->normal;
	if (value->text == NULL)
		return true;
	return arg->kind == BOOT_ARG_NUMBER ? boot_args_read_number(arg, value, member)
					    : boot_args_read_word(arg, value, member);
}

/* --- complaints ------------------------------------------------------------------------------- */

/*
 * Return: the name that was probably meant, or NULL. A name that was begun and not finished
 * ("cleave.eager") is meant, though it is far by edit distance.
 */
static const char *boot_args_nearest(const char *word)
{
	const char *names[BOOT_ARGS_COUNT];
	size_t len = strlen(word);

	for (u32 i = 0; i < (u32)BOOT_ARGS_COUNT; i++) {
		names[i] = boot_args_table[i].name;
		if (len >= sizeof(BOOT_ARG_PREFIX) && strncmp(names[i], word, len) == 0)
			return names[i];
	}
	return text_nearest(word, names, BOOT_ARGS_COUNT);
}

static void boot_args_say_unknown(const struct boot_args_word *name, boot_args_say_fn say)
{
	char line[BOOT_ARG_LINE_LEN] = "";
	char word[BOOT_ARGS_NAME_LEN];
	const char *near;

	boot_args_copy(name, word, sizeof(word));
	near = boot_args_nearest(word);
	(void)text_append(line, sizeof(line), "boot argument %s: unknown", word);
	if (near != NULL)
		(void)text_append(line, sizeof(line), ", perhaps %s was meant", near);
	for (u32 i = 0; i < (u32)BOOT_ARGS_COUNT; i++)
		(void)text_append(line, sizeof(line), "%s%s", i == 0U ? "; known: " : ", ",
				  boot_args_table[i].name);
	say(line);
}

static void boot_args_say_no_value(const struct boot_arg *arg, boot_args_say_fn say)
{
	char line[BOOT_ARG_LINE_LEN];
	char allowed[BOOT_ARGS_NAME_LEN];

	(void)str_print(line, sizeof(line),
			"boot argument %s: it needs a value: %s=...; allowed: %s", arg->name,
			arg->name, boot_arg_allowed(arg, allowed, sizeof(allowed)));
	say(line);
}

static void boot_args_say_bad(const struct boot_arg *arg, const struct boot_args_word *value,
			      boot_args_say_fn say)
{
	char line[BOOT_ARG_LINE_LEN];
	char allowed[BOOT_ARGS_NAME_LEN];
	char shown[BOOT_ARGS_VALUE_LEN];
	char normal[BOOT_ARGS_VALUE_LEN] = "";

	boot_args_copy(value, shown, sizeof(shown));
	(void)boot_arg_allowed(arg, allowed, sizeof(allowed));
	boot_arg_default(arg, normal, sizeof(normal));
	(void)str_print(line, sizeof(line),
			"boot argument %s: \"%s\" is %s; allowed: %s; the default is used%s%s",
			arg->name, shown, arg->kind == BOOT_ARG_TEXT ? "too long" : "not known",
			allowed, normal[0] != '\0' ? ": " : "", normal);
	say(line);
}

/* --- all of it -------------------------------------------------------------------------------- */

/*
 * Find the value of each argument on the line, the last where there are several. When @say is
 * given, complain of each word that names no argument or has no value.
 */
static void boot_args_scan(const char *line, struct boot_args_word value[BOOT_ARGS_COUNT],
			   boot_args_say_fn say)
{
	struct boot_args_word word;

	for (word = boot_args_next(line); word.text != NULL;
	     word = boot_args_next(word.text + word.len)) {
		struct boot_args_word name = word;
		struct boot_args_word v;
		u32 i;

		if (!boot_args_is_ours(&word))
			continue;
		v = boot_args_cut(&name);
		i = boot_args_find(&name);
		if (i < (u32)BOOT_ARGS_COUNT && v.len != 0U)
			value[i] = v;
		else if (say != NULL && i < (u32)BOOT_ARGS_COUNT)
			boot_args_say_no_value(&boot_args_table[i], say);
		else if (say != NULL)
			boot_args_say_unknown(&name, say);
	}
}

void boot_args_parse(const char *line, struct boot_args *out, boot_args_say_fn say)
{
	struct boot_args_word value[BOOT_ARGS_COUNT] = { { .text = NULL } };
	bool good[BOOT_ARGS_COUNT];

	boot_args_scan(line, value, NULL);
	for (u32 i = 0; i < (u32)BOOT_ARGS_COUNT; i++)
		good[i] = boot_args_take(&boot_args_table[i], &value[i], out);
	boot_args_scan(line, value, say);
	for (u32 i = 0; i < (u32)BOOT_ARGS_COUNT; i++) {
		if (!good[i])
			boot_args_say_bad(&boot_args_table[i], &value[i], say);
	}
}
