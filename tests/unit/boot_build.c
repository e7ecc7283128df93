/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builders for tests: cpio archives and configuration trees, right ones and wrong ones.
 */
#include "boot_build.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void need(bool good)
{
	if (!good)
		abort();
}

void cpio_begin(struct cpio *c, u64 room)
{
	c->data = calloc(1, room);
	need(c->data != NULL);
	c->size = 0;
	c->room = room;
}

void cpio_end(struct cpio *c)
{
	free(c->data);
	c->data = NULL;
}

static void put_bytes(struct cpio *c, const void *bytes, u64 n)
{
	need(n <= c->room - c->size);
	if (n != 0U)
		memcpy(c->data + c->size, bytes, n);
	c->size += n;
}

static void put_padding(struct cpio *c)
{
	put_bytes(c, "\0\0\0", (4U - (c->size & 3U)) & 3U);
}

void cpio_put(struct cpio *c, const struct cpio_entry *e)
{
	u32 namesize = e->namesize != 0U ? e->namesize : (u32)strlen(e->name) + 1U;
	char header[128];
	int n;

	n = snprintf(header, sizeof(header),
		     "%s%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		     e->magic != NULL ? e->magic : "070701", 1U,
		     e->mode != 0U ? e->mode : CPIO_MODE_FILE, 0U, 0U,
		     e->nlink != 0U ? e->nlink : 1U, 0U, e->size, 0U, 0U, 0U, 0U, namesize, 0U);
	need(n == 110);
	put_bytes(c, header, 110);
	put_bytes(c, e->name, strlen(e->name) + 1U);
	put_padding(c);
	put_bytes(c, e->data, e->data != NULL ? e->size : 0U);
	put_padding(c);
}

void cpio_file(struct cpio *c, const char *name, const void *data, u32 size)
{
	const struct cpio_entry e = { .name = name, .data = data, .size = size };

	cpio_put(c, &e);
}

void cpio_trailer(struct cpio *c)
{
	cpio_file(c, "TRAILER!!!", NULL, 0);
}

void tree_begin(struct tree_build *t)
{
	t->room = 65536;
	t->fdt = calloc(1, t->room);
	need(t->fdt != NULL);
	need(fdt_create(t->fdt, (int)t->room) == 0);
	need(fdt_finish_reservemap(t->fdt) == 0);
}

void tree_end(struct tree_build *t)
{
	free(t->fdt);
	t->fdt = NULL;
}

void tree_node(struct tree_build *t, const char *name)
{
	need(fdt_begin_node(t->fdt, name) == 0);
}

void tree_close(struct tree_build *t)
{
	need(fdt_end_node(t->fdt) == 0);
}

void tree_put(struct tree_build *t, const struct tree_prop *p)
{
	u32 len = p->len & 0x7fffffffU;
	void *room = NULL;

	need(fdt_property_placeholder(t->fdt, p->name, (int)len, &room) == 0);
	if (len == 0U)
		return;
	memcpy(room, p->data, len);
	for (u32 i = 0; p->len != len && i < len / 4U; i++) {
		u32 cell;

		memcpy(&cell, (u8 *)room + 4U * i, sizeof(cell));
		cell = cpu_to_fdt32(cell);
		memcpy((u8 *)room + 4U * i, &cell, sizeof(cell));
	}
}

void tree_finish(struct tree_build *t)
{
	need(fdt_finish(t->fdt) == 0);
}

void said_line(void *ctx, bool error, const char *line)
{
	struct said *s = ctx;
	u32 n = s->errors + s->warnings;

	if (n < ARRAY_SIZE(s->line))
		(void)snprintf(s->line[n], sizeof(s->line[n]), "%s", line);
	if (error)
		s->errors++;
	else
		s->warnings++;
}
