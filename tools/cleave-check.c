/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cleave-check - say on a person's machine what the hypervisor will say about a boot archive.
 *
 *   cleave-check [--strict] [--harts 0,1,2] [--memory SIZE] [--tree BOARD.dtb [--svg FILE]
 *                [--image-at ADDRESS] [--archive-at ADDRESS]] ARCHIVE.cpio
 *   cleave-check --explain
 *
 * It runs the hypervisor's own code over the archive, and the manager's over the manager's keys, so
 * it must never have an opinion of its own about what is right. Errors, warnings and notes go to
 * standard error, and what each partition gets goes to standard output. Exit code: 0 accepted
 * (there may be warnings, but none with --strict), 1 refused, 2 used wrongly.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <generated/version.h>
#include "core/config/archive.h"
#include "core/config/config.h"
#include "core/config/config_help.h"
#include "lib/text.h"
#include "core/config/image.h"
#include "guests/manager/secure/keys.h"
#include "tools/board/board.h"
#include "tools/board/board_load.h"
#include "tools/board/board_map.h"
#include "tools/board/board_say.h"

enum exit_code {
	EXIT_GOOD = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
};

struct options {
	u64 harts[CONFIG_MAX_HARTS];
	struct config_machine machine;
	bool strict;
	bool memory; /* --memory is given */
	struct board_load image;
	struct board_load archive;
	const char *for_board; /* an option that needs --tree */
	const char *tree;
	const char *svg;
	const char *path;
};

static void check_usage(FILE *to)
{
	(void)fputs(
		"usage: cleave-check [--strict] [--harts 0,1,2] [--memory SIZE] [--tree BOARD.dtb\n"
		"                    [--svg FILE] [--image-at ADDRESS] [--archive-at ADDRESS]]\n"
		"                    ARCHIVE.cpio\n"
		"       cleave-check --explain\n"
		"  --strict      refuse what is warned of, too\n"
		"  --harts       ids of the harts of the machine that the archive is for\n"
		"  --memory      bytes of its memory that are left for partitions; K, M, G and T\n"
		"                may follow\n"
		"  --tree        the machine's own device tree: harts, memory and devices are\n"
		"                those that it has, and a map says who owns what\n"
		"  --svg         draw that map into FILE, too\n"
		"  --image-at    where the boot loader puts cleave.bin: an address, or anywhere.\n"
		"                Default: the first free 2 MiB, from 2 MiB after the beginning of\n"
		"                memory on, as OpenSBI and U-Boot's booti do\n"
		"  --archive-at  where it puts ARCHIVE.cpio: an address, or anywhere. Default: "
		"what\n"
		"                the tree says in /chosen, or what QEMU does\n"
		"Without --tree, --harts and --memory, what depends on the machine is not "
		"checked.\n"
		"  --explain     lists the properties of partitions, plans and windows, and the\n"
		"                boot arguments\n"
		"Exit code: 0 accepted, 1 refused, 2 used wrongly.\n",
		to);
}

/* Columns are separated by two blanks or more; scripts/check_docs.py relies on that. */
static void check_explain_row(const struct config_help *row)
{
	(void)printf("  %-23s  %-7s  %-38s  %-31s  %s\n", row->name, row->type, row->allowed,
		     row->left_out, row->help);
}

static void check_explain(void)
{
	static const struct {
		const char *name;
		enum config_help_node node;
	} nodes[] = { { "partition", CONFIG_HELP_PARTITION },
		      { "plan", CONFIG_HELP_PLAN },
		      { "window", CONFIG_HELP_WINDOW } };
	struct config_help row;

	for (size_t n = 0; n < ARRAY_SIZE(nodes); n++) {
		(void)printf("properties of a %s: name, type, allowed, left out, what for\n",
			     nodes[n].name);
		for (u32 i = 0; config_help_property(nodes[n].node, i, &row); i++)
			check_explain_row(&row);
	}
	(void)printf("boot arguments: name, type, allowed, left out, what for\n");
	for (u32 i = 0; config_help_argument(i, &row); i++)
		check_explain_row(&row);
}

static bool check_parse_harts(const char *text, struct options *o)
{
	u32 n = 0;

	while (n < CONFIG_MAX_HARTS) {
		char *end;

		if (*text < '0' || *text > '9')
			return false;
		o->harts[n] = strtoull(text, &end, 0);
		for (u32 i = 0; i < n; i++) {
			if (o->harts[i] == o->harts[n])
				return false;
		}
		n++;
		if (*end == '\0') {
			o->machine.harts = o->harts;
			o->machine.nr_harts = n;
			return true;
		}
		if (*end != ',')
			return false;
		text = end + 1;
	}
	return false;
}

/* A number, after which one of @units may stand: its 1024s, to the power of its place */
static bool check_parse_number(const char *text, const char *units, u64 *out)
{
	const char *unit;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 0);
	if (errno != 0)
		return false;
	unit = *end != '\0' ? strchr(units, *end) : NULL;
	if (unit != NULL) {
		u32 shift = 10U * (u32)(unit - units + 1);

		if (*out > UINT64_MAX >> shift)
			return false;
		*out <<= shift;
		end++;
	}
	return *end == '\0';
}

static bool check_parse_place(const char *text, struct board_load *place)
{
	*place = (struct board_load){ .given = true, .anywhere = strcmp(text, "anywhere") == 0 };
	return place->anywhere || check_parse_number(text, "", &place->at);
}

static bool check_take_harts(struct options *o, const char *text)
{
	return check_parse_harts(text, o);
}

static bool check_take_memory(struct options *o, const char *text)
{
	o->memory = true;
	return check_parse_number(text, "KMGT", &o->machine.memory) && o->machine.memory != 0U;
}

static bool check_take_image(struct options *o, const char *text)
{
	return check_parse_place(text, &o->image);
}

static bool check_take_archive(struct options *o, const char *text)
{
	return check_parse_place(text, &o->archive);
}

static bool check_take_tree_file(struct options *o, const char *text)
{
	o->tree = text;
	return *text != '\0';
}

static bool check_take_svg(struct options *o, const char *text)
{
	o->svg = text;
	return *text != '\0';
}

/* Options with a value: what takes it, whether it needs --tree, and what is allowed */
static const struct check_option {
	const char *name;
	bool (*take)(struct options *o, const char *text);
	bool board;
	const char *allowed;
} check_option[] = {
	{ "--harts", check_take_harts, false,
	  "ids of harts, each once, with commas between them; at most as many as MAX_HARTS says" },
	{ "--memory", check_take_memory, false, "a size above 0, as 512M or 0x20000000" },
	{ "--tree", check_take_tree_file, false, "a file" },
	{ "--svg", check_take_svg, true, "a file" },
	{ "--image-at", check_take_image, true, "an address, or anywhere" },
	{ "--archive-at", check_take_archive, true, "an address, or anywhere" },
};

static const struct check_option *check_find_option(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(check_option); i++) {
		if (strcmp(check_option[i].name, name) == 0)
			return &check_option[i];
	}
	return NULL;
}

/* Take option @argv[0] and its value. Return: true; false: what is wrong was said */
static bool check_take_option(char **argv, struct options *o)
{
	const struct check_option *option = check_find_option(argv[0]);

	if (option == NULL) {
		board_say_error("there is no option %s", argv[0]);
		return false;
	}
	o->for_board = option->board ? option->name : o->for_board;
	if (argv[1] != NULL && option->take(o, argv[1]))
		return true;
	board_say_error("%s: %s%s%s; allowed: %s", option->name, argv[1] != NULL ? "'" : "",
			argv[1] != NULL ? argv[1] : "its value is missing",
			argv[1] != NULL ? "' makes no sense" : "", option->allowed);
	return false;
}

static bool check_parse_options(int argc, char **argv, struct options *o)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--strict") == 0) {
			o->strict = true;
		} else if (argv[i][0] == '-') {
			if (!check_take_option(&argv[i], o))
				return false;
			i++;
		} else if (o->path == NULL) {
			o->path = argv[i];
		} else {
			board_say_error("'%s' is an archive too many, after '%s'", argv[i],
					o->path);
			return false;
		}
	}
	if (o->for_board != NULL && o->tree == NULL) {
		board_say_error("%s is about the machine of --tree, which is not given",
				o->for_board);
		return false;
	}
	if (o->path == NULL)
		board_say_error("no archive is named");
	return o->path != NULL;
}

static bool check_has_hart(const struct board *b, u64 hart)
{
	for (u32 i = 0; i < b->nr_harts; i++) {
		if (b->harts[i] == hart)
			return true;
	}
	return false;
}

/* Take the machine of --tree. What --harts and --memory say counts more. */
static bool check_take_tree(struct options *o, struct board *b, u64 archive_size)
{
	const struct config_machine given = o->machine;

	if (!board_read(b, o->tree) || !board_load(b, &o->image, &o->archive, archive_size))
		return false;
	for (u32 i = 0; i < given.nr_harts; i++) {
		if (check_has_hart(b, given.harts[i]))
			continue;
		board_say_error("--harts: hart %lu is none that Cleave uses on the machine of %s",
				given.harts[i], o->tree);
		return false;
	}
	if (given.nr_harts != 0U) {
		b->machine.harts = given.harts;
		b->machine.nr_harts = given.nr_harts;
	}
	if (o->memory)
		b->machine.memory = given.memory;
	o->machine = b->machine;
	return true;
}

static void check_print_files(const struct archive *a, const char *path, u64 bytes)
{
	char size[TEXT_SIZE_LEN];
	struct archive_file f;
	u64 pos = 0;

	(void)printf("%s, %s:\n", path, text_size(bytes, size));
	while (archive_next(a, &pos, &f) == 0)
		(void)printf("  %-24s %12s\n", f.name, text_size(f.size, size));
}

static void check_print_partition(const struct archive *a, const struct config_partition *p)
{
	char error[ARCHIVE_ERROR_LEN];
	char size[TEXT_SIZE_LEN];
	struct archive_file kernel;
	struct archive_file initrd;
	struct image_layout layout;
	bool with_initrd;

	(void)printf("  %s\n    cpus    %u, ", p->name, p->cpus);
	for (u32 i = 0; i < p->cpus; i++) {
		if (p->affinity[i] == CONFIG_CPU_ANY) {
			(void)printf("%s chosen at boot", i == 0U ? "harts" : ", others");
			break;
		}
		(void)printf("%s%lu", i == 0U ? "on hart " : " and ", p->affinity[i]);
	}
	(void)printf("\n");
	for (u32 i = 0; i < p->nr_memory; i++)
		(void)printf("    memory  0x%lx to 0x%lx, %s\n", p->memory[i].gpa,
			     p->memory[i].gpa + p->memory[i].size - 1U,
			     text_size(p->memory[i].size, size));
	for (u32 i = 0; i < p->nr_devices; i++)
		(void)printf("    device  %s\n", p->device[i]);
	if (p->kernel == NULL || archive_find(a, p->kernel, &kernel) != 0) {
		(void)printf("    empty, for a partition that is moved in\n");
		return;
	}
	with_initrd = p->initrd != NULL && archive_find(a, p->initrd, &initrd) == 0;
	/* This cannot fail: the configuration was checked by it. */
	if (image_place(p, &kernel, with_initrd ? &initrd : NULL, &layout, error) != 0)
		return;
	(void)printf("    kernel  %s at 0x%lx, %s%s", p->kernel, layout.kernel,
		     text_size(layout.kernel_end - layout.kernel, size),
		     layout.form == IMAGE_ELF ? ", by its ELF headers" : "");
	if (layout.entry != layout.kernel)
		(void)printf(", starts at 0x%lx", layout.entry);
	(void)printf("\n");
	if (layout.initrd != 0U)
		(void)printf("    initrd  %s at 0x%lx, %s\n", p->initrd, layout.initrd,
			     text_size(layout.initrd_end - layout.initrd, size));
	(void)printf("    tree    at 0x%lx, %s\n", layout.fdt, text_size(IMAGE_FDT_SIZE, size));
}

/* --- plans ------------------------------------------------------------------------------------ */

/* What a window's row is called: its node's name, which may hold anything. Return: @buf */
static const char *check_window_name(const struct config_window *w, char buf[CONFIG_NAME_LEN])
{
	text_clean(buf, CONFIG_NAME_LEN, w->node);
	return buf;
}

static double check_percent(const struct config_plan *plan, u64 us)
{
	return 100.0 * (double)us / (double)plan->frame_us;
}

/* The windows of a hart stand together. Print those from @i on. Return: the next hart's first */
static u32 check_print_hart(const struct config *config, const struct config_plan *plan, u32 i,
			    const int width[2])
{
	u64 hart = plan->window[i].hart_id;
	char name[CONFIG_NAME_LEN];
	u64 load = 0;

	for (; i < plan->nr_windows && plan->window[i].hart_id == hart; i++) {
		const struct config_window *w = &plan->window[i];

		(void)printf("  %10lu  %-*s  %-*s  %10u  %10u  %6.2f%%\n", w->hart_id, width[0],
			     check_window_name(w, name), width[1],
			     config->partition[w->partition].name, w->offset_us, w->length_us,
			     check_percent(plan, w->length_us));
		load += w->length_us;
	}
	(void)printf("  %10lu  %-*s  %-*s  %10s  %10lu  %6.2f%%\n", hart, width[0], "all", width[1],
		     "", "", load, check_percent(plan, load));
	return i;
}

static void check_print_plan(const struct config *config, const struct config_plan *plan)
{
	int width[2] = { (int)strlen("window"), (int)strlen("partition") };
	char name[CONFIG_NAME_LEN];

	(void)printf("plan %s%s: frame %u us, slack %s\n", plan->name,
		     plan == config->plan ? ", which runs first" : "", plan->frame_us,
		     plan->share ? "share" : "idle");
	for (u32 i = 0; i < plan->nr_windows; i++) {
		const struct config_window *w = &plan->window[i];

		width[0] = MAX(width[0], (int)strlen(check_window_name(w, name)));
		width[1] = MAX(width[1], (int)strlen(config->partition[w->partition].name));
	}
	if (plan->nr_windows != 0U)
		(void)printf("  %10s  %-*s  %-*s  %10s  %10s  %7s\n", "hart", width[0], "window",
			     width[1], "partition", "offset us", "length us", "share");
	for (u32 i = 0; i < plan->nr_windows;)
		i = check_print_hart(config, plan, i, width);
	(void)printf("  %s harts: by cpu-weight\n", plan->nr_windows != 0U ? "other" : "all");
}

/* Print and draw the map. Return: false when it cannot be drawn, which was said */
static bool check_map(const struct options *o, struct board *b, const struct config *config)
{
	b->machine = o->machine;
	(void)printf("map of %s:\n", o->tree);
	board_map_print(b, config, "  ");
	if (o->svg == NULL || board_svg_write(b, config, o->svg))
		return true;
	board_say_error("%s: %s", o->svg, strerror(errno));
	return false;
}

/* @ctx: becomes true when an error is about partitions at the machine's own addresses */
static void check_say(void *ctx, enum config_said what, const char *line)
{
	bool *direct = ctx;

	*direct = *direct || (what == CONFIG_ERROR && strstr(line, "direct-map") != NULL);
	board_say(NULL, what, line);
}

/* What is refused may lie where a default says that something else is. */
static void check_note_default(const struct options *o, const struct board *b)
{
	if (!o->image.given && b->image.size != 0U)
		board_say_note("Cleave is taken to lie at 0x%lx to 0x%lx; --image-at says "
			       "otherwise",
			       b->image.base, b->image.base + b->image.size - 1U);
	if (!o->archive.given && b->archive.size != 0U)
		board_say_note("the boot archive is taken to lie at 0x%lx to 0x%lx; --archive-at "
			       "says otherwise",
			       b->archive.base, b->archive.base + b->archive.size - 1U);
}

/* A partition at its own addresses may lie where nobody knows that something is. */
static void check_note_place(const struct options *o, const struct board *b,
			     const struct config *config)
{
	bool direct = false;

	for (u32 i = 0; i < config->nr; i++)
		direct = direct || config->partition[i].direct_map;
	if (direct && !o->image.anywhere && b->image.size == 0U)
		board_say_note("where the boot loader puts Cleave is not known: --image-at ADDRESS "
			       "holds \"direct-map\" against it");
	if (direct && !o->archive.anywhere && b->archive.size == 0U)
		board_say_note("where the boot loader puts the archive is not known: --archive-at "
			       "ADDRESS holds \"direct-map\" against it");
}

/* --- the keys of a manager's link ------------------------------------------------------------- */

/* Is @kernel Cleave's manager? Managers of others may have any initrd. */
static bool check_takes_keys(const struct archive_file *kernel)
{
	const u8 *image = kernel->data;
	size_t n = strlen(KEYS_MARK);

	for (u64 i = 0; i + n <= kernel->size; i++) {
		if (memcmp(image + i, KEYS_MARK, n) == 0)
			return true;
	}
	return false;
}

/* Say what the manager would say of its keys. Return: false when it would refuse its link. */
static bool check_keys(const struct archive *a, const struct config *config)
{
	struct archive_file kernel, initrd;
	struct keys keys;
	bool good = true;

	for (u32 i = 0; i < config->nr; i++) {
		const struct config_partition *p = &config->partition[i];
		const char *wrong;

		if (!p->manager || p->kernel == NULL || p->initrd == NULL ||
		    archive_find(a, p->kernel, &kernel) != 0 ||
		    archive_find(a, p->initrd, &initrd) != 0 || !check_takes_keys(&kernel))
			continue;
		wrong = keys_read(&keys, (const char *)initrd.data, initrd.size);
		memset(&keys, 0, sizeof(keys));
		if (wrong != NULL)
			board_say_error(
				"/partitions/%s: initrd: \"%s\" are the keys of a manager's "
				"link: %s",
				p->name, p->initrd, wrong);
		good = good && wrong == NULL;
	}
	return good;
}

static enum exit_code check_archive(struct options *o, struct board *b, const void *data, u64 size)
{
	static struct config config;
	char error[ARCHIVE_ERROR_LEN];
	bool direct = false;
	struct archive a;

	if (archive_open(&a, data, size, error) != 0) {
		board_say(NULL, CONFIG_ERROR, error);
		return EXIT_REFUSED;
	}
	if (config_load(&a, &o->machine, check_say, &direct, &config) != 0) {
		if (o->tree != NULL && direct)
			check_note_default(o, b);
		return EXIT_REFUSED;
	}
	if (o->tree != NULL)
		check_note_place(o, b, &config);
	if (!check_keys(&a, &config))
		return EXIT_REFUSED;
	board_own_check(&a, &o->machine, &config);
	if (o->tree != NULL && !o->memory)
		board_place_check(b, &config);
	if (o->strict && board_say_warnings() != 0U) {
		board_say_error("--strict refuses what is warned of, %u lines above",
				board_say_warnings());
		return EXIT_REFUSED;
	}

	check_print_files(&a, o->path, size);
	(void)printf("partitions:\n");
	for (u32 i = 0; i < config.nr; i++)
		check_print_partition(&a, &config.partition[i]);
	for (u32 i = 0; i < config.nr_plans; i++)
		check_print_plan(&config, &config.plan[i]);
	return o->tree == NULL || check_map(o, b, &config) ? EXIT_GOOD : EXIT_REFUSED;
}

/* Check the archive of @o. Without --tree, there is no board. */
static enum exit_code check_all(struct options *o)
{
	static struct board board;
	enum exit_code code;
	u64 size = 0;
	void *data;

	data = board_file(o->path, &size);
	if (data == NULL) {
		board_say_error("%s: %s", o->path, strerror(errno));
		return EXIT_REFUSED;
	}
	code = o->tree == NULL || check_take_tree(o, &board, size)
		       ? check_archive(o, &board, data, size)
		       : EXIT_REFUSED;
	(void)board_say_warnings();
	/* What was accepted and could not be said is not known to whom asked. */
	if ((fflush(stdout) != 0 || ferror(stdout) != 0) && code == EXIT_GOOD) {
		board_say_error("standard output: %s", strerror(errno));
		code = EXIT_REFUSED;
	}
	free(data);
	free(board.tree);
	return code;
}

int main(int argc, char **argv)
{
	struct options o = { .path = NULL };

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			check_usage(stdout);
			return EXIT_GOOD;
		}
		if (strcmp(argv[i], "--version") == 0) {
			puts("cleave-check " CLEAVE_VERSION);
			return EXIT_GOOD;
		}
	}
	if (argc == 2 && strcmp(argv[1], "--explain") == 0) {
		check_explain();
		return EXIT_GOOD;
	}
	if (!check_parse_options(argc, argv, &o)) {
		(void)fprintf(stderr, "cleave-check: --help says how it is used\n");
		return EXIT_USAGE;
	}
	return (int)check_all(&o);
}
