/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: reading one value of a property.
 *
 * What is wrong with a value is said here, in a line that names what is allowed. No string is used
 * before it was found to end inside its property.
 */
#include <libfdt.h>

#include <cleave/printk.h>
#include <cleave/string.h>
#include "core/config/config_internal.h"
#include "lib/fdt_read.h"
#include "lib/text.h"

u32 config_value_cell(const struct config_prop *p, u32 index)
{
	return (u32)fdt_read_cells(p->data + index * sizeof(fdt32_t), 1);
}

bool config_value_is_text(const struct config_prop *p)
{
	bool text = p->len != 0U && p->data[p->len - 1U] == '\0';

	/* A number, too, may end in a byte of zeros, but has others that no string has. */
	for (u32 i = 0; i + 1U < p->len && text; i++)
		text = p->data[i] == '\0'
			       ? i != 0U && p->data[i - 1U] != '\0' && p->data[i + 1U] != '\0'
			       : p->data[i] >= 0x20U && p->data[i] < 0x7fU;
	return text;
}

bool config_value_u32(struct config_ctx *c, const struct config_prop *p, u32 low, u32 high,
		      u32 *out)
{
	u32 value;

	if (p->len != sizeof(fdt32_t)) {
		config_error(c, p->name, "has %u bytes; wanted: one cell, <%u> to <%u>", p->len,
			     low, high);
		return false;
	}
	value = config_value_cell(p, 0);
	if (value < low || value > high) {
		config_error(c, p->name, "<%u> is not allowed; allowed: <%u> to <%u>", value, low,
			     high);
		return false;
	}
	*out = value;
	return true;
}

bool config_value_address(struct config_ctx *c, const struct config_prop *p, u64 align,
			  struct config_address *out)
{
	u64 value;

	if (p->len != 2U * (u32)sizeof(fdt32_t)) {
		config_error(c, p->name,
			     "has %u bytes; wanted: two cells, a guest-physical address", p->len);
		return false;
	}
	value = fdt_read_cells(p->data, 2);
	if (!IS_ALIGNED(value, align)) {
		config_error(c, p->name, "0x%lx is not allowed; allowed: multiples of %lu", value,
			     align);
		return false;
	}
	*out = (struct config_address){ .given = true, .gpa = value };
	return true;
}

bool config_value_printable(struct config_ctx *c, const struct config_prop *p, const char *s)
{
	for (const char *ch = s; *ch != '\0'; ch++) {
		if ((u8)*ch < 0x20U || *ch == 0x7f) {
			config_error(c, p->name, "holds the control character 0x%02x", (u8)*ch);
			return false;
		}
	}
	return true;
}

const char *config_value_string(struct config_ctx *c, const struct config_prop *p)
{
	const char *s = (const char *)p->data;

	if (p->len != 0U && p->len % sizeof(fdt32_t) == 0U && p->data[0] < 0x20U) {
		config_error(c, p->name, "holds numbers, <0x%x ...>; wanted: a string in quotes",
			     config_value_cell(p, 0));
		return NULL;
	}
	if (p->len == 0U) {
		config_error(c, p->name, "has no value; wanted: a string in quotes");
		return NULL;
	}
	if (s[p->len - 1U] != '\0') {
		config_error(c, p->name, "is not a string: it does not end in a NUL");
		return NULL;
	}
	if (strlen(s) + 1U != p->len) {
		config_error(c, p->name, "holds more than one string; wanted: one");
		return NULL;
	}
	return config_value_printable(c, p, s) ? s : NULL;
}

bool config_value_word(struct config_ctx *c, const struct config_prop *p,
		       const struct config_word *words, u32 *out)
{
	const char *s = config_value_string(c, p);
	char clean[CONFIG_NAME_LEN];
	char allowed[80] = "";

	if (s == NULL)
		return false;
	for (const struct config_word *w = words; w->text != NULL; w++) {
		if (strcmp(s, w->text) == 0) {
			*out = w->value;
			return true;
		}
		(void)text_list(allowed, sizeof(allowed), "\"%s\"", w->text);
	}
	text_clean(clean, sizeof(clean), s);
	config_error(c, p->name, "\"%s\" is not known; allowed: %s", clean, allowed);
	return false;
}

bool config_value_flag(struct config_ctx *c, const struct config_prop *p)
{
	if (p->len != 0U) {
		config_error(
			c, p->name,
			"has a value; wanted: the name alone; leave the property out for \"no\"");
		return false;
	}
	return true;
}

/* List the files that the archive holds, so that a wrong name can be put right at once. */
static void config_value_list_files(const struct config_ctx *c, char *buf, size_t size)
{
	struct archive_file f;
	u64 pos = 0;

	buf[0] = '\0';
	while (archive_next(c->archive, &pos, &f) == 0) {
		if (strcmp(f.name, ARCHIVE_CONFIG_NAME) != 0 &&
		    !text_list(buf, size, "\"%s\"", f.name))
			return;
	}
	if (buf[0] == '\0')
		(void)text_append(buf, size, "no other files");
}

const char *config_value_file(struct config_ctx *c, const struct config_prop *p)
{
	const char *name = config_value_string(c, p);
	char clean[48];
	struct archive_file f;
	char list[112];

	if (name == NULL)
		return NULL;
	if (archive_find(c->archive, name, &f) == 0 && strcmp(name, ARCHIVE_CONFIG_NAME) != 0)
		return name;
	text_clean(clean, sizeof(clean), name);
	config_value_list_files(c, list, sizeof(list));
	config_error(c, p->name, "there is no file \"%s\" in the boot archive, which holds %s",
		     clean, list);
	return NULL;
}
