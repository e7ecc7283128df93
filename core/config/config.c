/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: the walk through the tree, and how errors and warnings are said.
 *
 *   / {
 *       compatible = "cleave,config";
 *       partitions { NAME { compatible = "cleave,partition"; ... }; ... };
 *       schedules { PLAN { ... WINDOW { ... }; ... }; ... };
 *   }
 *
 * Reading goes on after an error, so that one run tells of all errors. The tree is untrusted:
 * fdt_check_full() checks its structure, and no string is used before it was found to end inside
 * its property.
 */
#include "core/config/config.h"

#include <libfdt.h>

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "core/config/archive.h"
#include "core/config/config_internal.h"
#include "lib/fdt_read.h"
#include "lib/text.h"

#define ROOT_COMPATIBLE	     "cleave,config"
#define PARTITION_COMPATIBLE "cleave,partition"
#define CELLS		     2U

static void config_say(struct config_ctx *c, enum config_said what, const char *property,
		       const char *fmt, va_list ap)
{
	char line[CONFIG_LINE_LEN];
	size_t used;

	if (property != NULL)
		used = str_print(line, sizeof(line), "%s: %s: ", c->node, property);
	else
		used = str_print(line, sizeof(line), "%s: ", c->node);
	if (used < sizeof(line))
		(void)str_format(line + used, sizeof(line) - used, fmt, ap);
	c->say(c->say_ctx, what, line);
}

void config_error(struct config_ctx *c, const char *property, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	config_say(c, CONFIG_ERROR, property, fmt, ap);
	va_end(ap);
	c->errors++;
}

void config_warn(struct config_ctx *c, const char *property, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	config_say(c, CONFIG_WARNING, property, fmt, ap);
	va_end(ap);
}

void config_note(struct config_ctx *c, const char *property, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	config_say(c, CONFIG_NOTE, property, fmt, ap);
	va_end(ap);
}

void config_unknown(struct config_ctx *c, const char *what, const char *name,
		    const char *const *known, u32 n)
{
	const char *nearest = text_nearest(name, known, n);
	char clean[CONFIG_NODE_LEN];

	text_clean(clean, sizeof(clean), name);
	if (nearest != NULL)
		config_warn(c, clean, "unknown %s, ignored; did you mean \"%s\"?", what, nearest);
	else
		config_warn(c, clean, "unknown %s, ignored", what);
}

bool config_ignored(const char *property)
{
	return strcmp(property, "phandle") == 0 || strcmp(property, "linux,phandle") == 0 ||
	       strncmp(property, "__", 2) == 0;
}

/* Return: true when @want is one of the strings of a property, and all of these end inside it */
static bool config_has_string(const char *data, int len, const char *want)
{
	const char *end = data + len;

	while (data < end) {
		size_t n = strnlen(data, (size_t)(end - data));

		if (data + n == end)
			return false;
		if (strcmp(data, want) == 0)
			return true;
		data += n + 1U;
	}
	return false;
}

static bool config_check_compatible(struct config_ctx *c, int node, const char *want)
{
	char clean[CONFIG_NODE_LEN];
	const char *data;
	int len;

	data = fdt_getprop(c->fdt, node, "compatible", &len);
	if (data == NULL) {
		config_error(c, "compatible", "is missing; wanted: \"%s\"", want);
		return false;
	}
	if (config_has_string(data, len, want))
		return true;
	if (len == 0 || data[len - 1] != '\0') {
		config_error(c, "compatible", "is not a string; wanted: \"%s\"", want);
		return false;
	}
	text_clean(clean, sizeof(clean), data);
	config_error(c, "compatible", "\"%s\" is not known; wanted: \"%s\"", clean, want);
	return false;
}

static void config_check_cells(struct config_ctx *c, int node, const char *name, bool required)
{
	const void *data;
	int len;

	data = fdt_getprop(c->fdt, node, name, &len);
	if (data == NULL) {
		if (required)
			config_error(c, name, "is missing; wanted: <%u>", CELLS);
		return;
	}
	if (len != (int)sizeof(fdt32_t) || fdt_read_cells(data, 1) != CELLS)
		config_error(c, name,
			     "wanted: <%u>, because addresses and sizes are pairs of cells", CELLS);
}

void config_warn_unknown_properties(struct config_ctx *c, int node, const char *const *known, u32 n)
{
	int p;

	fdt_for_each_property_offset (p, c->fdt, node) {
		const char *name = NULL;
		bool found = false;

		if (fdt_getprop_by_offset(c->fdt, p, &name, NULL) == NULL || config_ignored(name))
			continue;
		for (u32 i = 0; i < n && !found; i++)
			found = strcmp(name, known[i]) == 0;
		if (!found)
			config_unknown(c, "property", name, known, n);
	}
}

void config_set_node(struct config_ctx *c, const char *parent, const char *name)
{
	char clean[CONFIG_NAME_LEN + 8U];

	text_clean(clean, sizeof(clean), name);
	(void)str_print(c->node, sizeof(c->node), "%s/%s", parent, clean);
}

/* A name may have the characters of device-tree node names, which a console prefix can show. */
static bool config_is_name_char(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
	       ch == '-' || ch == '_' || ch == '.' || ch == '+' || ch == ',';
}

static bool config_is_letter(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

bool config_read_name(struct config_ctx *c, const char *node_name, char out[CONFIG_NAME_LEN])
{
	const char *at = strchr(node_name, '@');
	size_t len = at != NULL ? (size_t)(at - node_name) : strlen(node_name);

	if (len == 0U || len >= CONFIG_NAME_LEN) {
		config_error(c, NULL, "the name has %lu characters; allowed: 1 to %u",
			     (unsigned long)len, CONFIG_NAME_LEN - 1U);
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (!config_is_name_char(node_name[i])) {
			config_error(
				c, NULL,
				"the name holds a character that is not allowed; allowed: letters, "
				"digits and - _ . + ,");
			return false;
		}
	}
	/* The console takes a number for a partition's number: `Ctrl-] 1`. */
	if (!config_is_letter(node_name[0])) {
		config_error(c, NULL, "the name begins with '%c'; allowed: a letter", node_name[0]);
		return false;
	}
	memcpy(out, node_name, len);
	out[len] = '\0';
	return true;
}

static void config_check_name(struct config_ctx *c, const struct config *out)
{
	const char *name = out->partition[out->nr].name;

	if (strcmp(name, "cleave") == 0)
		config_error(c, NULL, "the name \"cleave\" is the hypervisor's own; take another");
	for (u32 i = 0; i < out->nr; i++) {
		if (strcmp(out->partition[i].name, name) == 0) {
			config_error(
				c, NULL,
				"there are two partitions \"%s\"; each needs a name of its own",
				name);
			return;
		}
	}
}

void config_warn_subnodes(struct config_ctx *c, int node)
{
	int sub;

	fdt_for_each_subnode (sub, c->fdt, node) {
		char clean[CONFIG_NODE_LEN];

		text_clean(clean, sizeof(clean), fdt_get_name(c->fdt, sub, NULL));
		config_warn(c, clean, "unknown node, ignored");
	}
}

static void config_read_partition(struct config_ctx *c, int node, struct config *out)
{
	struct config_draft d = { .part = &out->partition[out->nr] };

	memset(d.part, 0, sizeof(*d.part));
	if (!config_check_compatible(c, node, PARTITION_COMPATIBLE))
		return;
	if (config_read_name(c, fdt_get_name(c->fdt, node, NULL), d.part->name))
		config_check_name(c, out);
	config_warn_subnodes(c, node);
	config_props_read(c, node, &d);
	config_props_required(c, &d);
	config_check_partition(c, &d);
	out->nr++;
}

static void config_read_partitions(struct config_ctx *c, int node, struct config *out)
{
	static const char *const known[] = { "compatible", "#address-cells", "#size-cells" };
	u32 found = 0;
	int sub;

	config_check_cells(c, node, "#address-cells", false);
	config_check_cells(c, node, "#size-cells", false);
	config_warn_unknown_properties(c, node, known, ARRAY_SIZE(known));

	fdt_for_each_subnode (sub, c->fdt, node) {
		found++;
		config_set_node(c, "/partitions", fdt_get_name(c->fdt, sub, NULL));
		if (out->nr == CONFIG_MAX_VMS) {
			config_error(c, NULL, "is one partition too many; allowed: %u",
				     CONFIG_MAX_VMS);
			return;
		}
		config_read_partition(c, sub, out);
	}
	config_set_node(c, "", "partitions");
	if (found == 0U)
		config_error(c, NULL,
			     "holds no partitions; wanted: at least one node with "
			     "compatible = \"" PARTITION_COMPATIBLE "\"");
}

/* Find a node of the root. There may be one of each; another is an error, and not read. */
static void config_find_node(struct config_ctx *c, const char *name, int sub, int *node)
{
	if (*node < 0)
		*node = sub;
	else
		config_error(c, NULL, "there are two nodes \"%s\"; allowed: one", name);
}

static void config_unknown_node(struct config_ctx *c, const char *name)
{
	static const char *const known[] = { "partitions", "schedules" };

	if (strncmp(name, "__", 2) == 0)
		return;
	config_unknown(c, "node", name, known, ARRAY_SIZE(known));
}

static void config_read_root(struct config_ctx *c, struct config *out)
{
	static const char *const known[] = { "compatible", "#address-cells", "#size-cells",
					     "model" };
	int partitions = -1;
	int schedules = -1;
	int sub;

	config_set_node(c, "", "");
	if (!config_check_compatible(c, 0, ROOT_COMPATIBLE))
		return;
	config_check_cells(c, 0, "#address-cells", true);
	config_check_cells(c, 0, "#size-cells", true);
	config_warn_unknown_properties(c, 0, known, ARRAY_SIZE(known));

	fdt_for_each_subnode (sub, c->fdt, 0) {
		const char *name = fdt_get_name(c->fdt, sub, NULL);

		if (strcmp(name, "partitions") == 0)
			config_find_node(c, name, sub, &partitions);
		else if (strcmp(name, "schedules") == 0)
			config_find_node(c, name, sub, &schedules);
		else
			config_unknown_node(c, name);
	}
	if (partitions < 0) {
		config_error(c, NULL, "the node \"partitions\" is missing");
		return;
	}
	config_set_node(c, "", "partitions");
	config_read_partitions(c, partitions, out);
	/* The windows of a plan name partitions, wherever these stand. */
	if (schedules >= 0)
		config_plan_read(c, schedules);
	config_set_node(c, "", "");
	if (c->errors == 0U)
		config_check_machine(c, out);
}

bool config_check_blob(struct config_ctx *c, const char *property, const void *fdt, u64 size)
{
	const char *unsafe;
	int err;

	if (!IS_ALIGNED((uintptr_t)fdt, sizeof(fdt64_t))) {
		config_error(c, property,
			     "the device tree does not begin at a multiple of 8 bytes");
		return false;
	}
	if (size < sizeof(struct fdt_header)) {
		config_error(c, property, "the device tree is truncated: it has %lu bytes", size);
		return false;
	}
	unsafe = fdt_read_unsafe(fdt);
	if (unsafe != NULL) {
		config_error(c, property, "the device tree %s", unsafe);
		return false;
	}
	if (fdt_magic(fdt) == FDT_MAGIC && fdt_totalsize(fdt) > size) {
		config_error(c, property,
			     "the device tree is truncated: it says that it has %u bytes, but only "
			     "%lu are there",
			     fdt_totalsize(fdt), size);
		return false;
	}
	err = fdt_check_full(fdt, (size_t)size);
	if (err != 0) {
		config_error(c, property, "is not a device tree (%s); wanted: the output of dtc",
			     fdt_read_error(err));
		return false;
	}
	return true;
}

int config_parse(const void *fdt, u64 size, const struct archive *archive,
		 const struct config_machine *machine, config_say_fn say_fn, void *ctx,
		 struct config *out)
{
	struct config_ctx c = {
		.fdt = fdt,
		.archive = archive,
		.machine = machine,
		.say = say_fn,
		.say_ctx = ctx,
		.config = out,
		.node = ARCHIVE_CONFIG_NAME,
	};

	out->nr = 0;
	out->nr_devices = 0;
	out->nr_plans = 0;
	if (config_check_blob(&c, NULL, fdt, size))
		config_read_root(&c, out);
	return c.errors == 0U ? 0 : CLV_ERR_FORMAT;
}

int config_load(const struct archive *archive, const struct config_machine *machine,
		config_say_fn say_fn, void *ctx, struct config *out)
{
	/* libfdt wants a tree to begin at a multiple of 8 bytes. In a cpio it is one of 4. */
	static u8 tree[CONFIG_TREE_LEN] __attribute__((aligned(8)));
	struct archive_file f;
	char line[CONFIG_LINE_LEN];

	out->nr = 0;
	out->nr_devices = 0;
	out->nr_plans = 0;
	if (archive_find(archive, ARCHIVE_CONFIG_NAME, &f) != 0) {
		say_fn(ctx, CONFIG_ERROR,
		       "boot archive: there is no file \"" ARCHIVE_CONFIG_NAME
		       "\", the configuration; pack the archive with tools/cleave-archive");
		return CLV_ERR_FORMAT;
	}
	if (f.size > sizeof(tree)) {
		(void)str_print(line, sizeof(line),
				ARCHIVE_CONFIG_NAME " has %lu bytes; allowed: %lu (64 KiB)", f.size,
				sizeof(tree));
		say_fn(ctx, CONFIG_ERROR, line);
		return CLV_ERR_FORMAT;
	}
	memcpy(tree, f.data, f.size);
	return config_parse(tree, f.size, archive, machine, say_fn, ctx, out);
}
