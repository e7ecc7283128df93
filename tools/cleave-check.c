/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cleave-check - say on a person's machine what the hypervisor will say about a boot archive.
 *
 *   cleave-check [--strict] [--harts 0,1,2] [--memory SIZE] [--tree HOST.dtb] ARCHIVE.cpio
 *   cleave-check --explain
 *
 * It runs the hypervisor's own code over the archive, so it must never have an opinion of its own
 * about what is right. Errors, warnings and notes go to standard error, and what each partition
 * gets goes to standard output. Exit code: 0 accepted (there may be warnings, but none with
 * --strict), 1 refused, 2 used wrongly.
 */
#include <errno.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cleave/printk.h>
#include "core/config/archive.h"
#include "core/config/config.h"
#include "core/config/config_help.h"
#include "lib/text.h"
#include "core/config/image.h"
#include "core/machine/memmap.h"
#include "core/machine/probe/plic_tree.h"

enum exit_code {
	EXIT_GOOD = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
};

struct options {
	u64 harts[CONFIG_MAX_HARTS];
	struct config_machine machine;
	bool strict;
	const char *tree;
	const char *path;
};

static u32 check_warnings;

/* The hypervisor's code also prints what it finds odd in the machine's tree. */
void printk(const char *fmt, ...)
{
	va_list ap;

	check_warnings++;
	va_start(ap, fmt);
	(void)fputs("warning: ", stderr);
	/* A byte before the format may say how important the line is. */
	(void)vfprintf(stderr, *fmt < ' ' ? fmt + 1 : fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
}

static void check_usage(FILE *to)
{
	(void)fputs(
		"usage: cleave-check [--strict] [--harts 0,1,2] [--memory SIZE] [--tree HOST.dtb] "
		"ARCHIVE.cpio\n"
		"       cleave-check --explain\n"
		"  --strict  refuse what is warned of, too\n"
		"  --harts   ids of the harts of the machine that the archive is for\n"
		"  --memory  bytes of its memory that are left for partitions; K, M, G and T may "
		"follow\n"
		"  --tree    the machine's own device tree, in which devices are looked up\n"
		"Without the last three, what depends on the machine is not checked.\n"
		"  --explain lists the properties of partitions, plans and windows, and the boot "
		"arguments\n"
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
		o->harts[n++] = strtoull(text, &end, 0);
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

static bool check_parse_size(const char *text, u64 *out)
{
	static const char units[] = "KMGT";
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
	return *end == '\0' && *out != 0U;
}

static bool check_parse_options(int argc, char **argv, struct options *o)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--harts") == 0 && i + 1 < argc) {
			if (!check_parse_harts(argv[++i], o))
				return false;
		} else if (strcmp(argv[i], "--memory") == 0 && i + 1 < argc) {
			if (!check_parse_size(argv[++i], &o->machine.memory))
				return false;
		} else if (strcmp(argv[i], "--tree") == 0 && i + 1 < argc) {
			o->tree = argv[++i];
		} else if (strcmp(argv[i], "--strict") == 0) {
			o->strict = true;
		} else if (argv[i][0] != '-' && o->path == NULL) {
			o->path = argv[i];
		} else {
			return false;
		}
	}
	return o->path != NULL;
}

/* Read the whole file, as the bootloader would put it into memory. Return: it, or NULL and errno */
static void *check_read_file(const char *path, u64 *size)
{
	FILE *f = fopen(path, "rb");
	void *data = NULL;
	long end;

	if (f == NULL)
		return NULL;
	if (fseek(f, 0, SEEK_END) == 0 && (end = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
		*size = (u64)end;
		data = malloc(*size + 1U);
		if (data != NULL && fread(data, 1, *size, f) != *size) {
			free(data);
			data = NULL;
			errno = EIO;
		}
	}
	(void)fclose(f);
	return data;
}

/*
 * Read the machine's tree. It says where memory is, but not what of that is free. Return: false
 * when it is no device tree, which was said
 */
static bool check_take_tree(struct options *o)
{
	static struct memmap ram;
	static struct memmap unreserved;
	u64 size = 0;
	void *tree = check_read_file(o->tree, &size);
	int err;

	if (tree == NULL) {
		(void)fprintf(stderr, "error: %s: %s\n", o->tree, strerror(errno));
		return false;
	}
	err = fdt_check_full(tree, size);
	if (err != 0) {
		(void)fprintf(stderr, "error: %s is not a device tree: %s\n", o->tree,
			      fdt_strerror(err));
		free(tree);
		return false;
	}
	if (memmap_read(tree, &ram, &unreserved) == 0) {
		o->machine.ram = ram.range;
		o->machine.nr_ram = ram.nr;
	}
	plic_tree_find(tree, o->machine.plic);
	o->machine.tree = tree;
	return true;
}

static void check_say(void *ctx, enum config_said what, const char *line)
{
	static const char *const word[] = {
		[CONFIG_NOTE] = "note", [CONFIG_WARNING] = "warning", [CONFIG_ERROR] = "error"
	};

	(void)ctx;
	(void)fprintf(stderr, "%s: %s\n", word[what], line);
	if (what == CONFIG_WARNING)
		check_warnings++;
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

static enum exit_code check_archive(const struct options *o, const void *data, u64 size)
{
	static struct config config;
	char error[ARCHIVE_ERROR_LEN];
	struct archive a;

	if (archive_open(&a, data, size, error) != 0) {
		check_say(NULL, CONFIG_ERROR, error);
		return EXIT_REFUSED;
	}
	if (config_load(&a, &o->machine, check_say, NULL, &config) != 0)
		return EXIT_REFUSED;
	if (o->strict && check_warnings != 0U) {
		(void)fprintf(stderr, "error: --strict refuses what is warned of, %u lines above\n",
			      check_warnings);
		return EXIT_REFUSED;
	}

	check_print_files(&a, o->path, size);
	(void)printf("partitions:\n");
	for (u32 i = 0; i < config.nr; i++)
		check_print_partition(&a, &config.partition[i]);
	for (u32 i = 0; i < config.nr_plans; i++)
		check_print_plan(&config, &config.plan[i]);
	return EXIT_GOOD;
}

int main(int argc, char **argv)
{
	struct options o = { .path = NULL };
	enum exit_code code;
	u64 size = 0;
	void *data;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			check_usage(stdout);
			return EXIT_GOOD;
		}
	}
	if (argc == 2 && strcmp(argv[1], "--explain") == 0) {
		check_explain();
		return EXIT_GOOD;
	}
	if (!check_parse_options(argc, argv, &o)) {
		check_usage(stderr);
		return EXIT_USAGE;
	}
	if (o.tree != NULL && !check_take_tree(&o))
		return EXIT_REFUSED;
	data = check_read_file(o.path, &size);
	if (data == NULL) {
		(void)fprintf(stderr, "error: %s: %s\n", o.path, strerror(errno));
		return EXIT_REFUSED;
	}
	code = check_archive(&o, data, size);
	free(data);
	return (int)code;
}
