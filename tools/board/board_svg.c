/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The map of a machine as a picture: a row for each piece of memory, a box for each hart and each
 * device, and a colour for each owner. It is SVG 1.1, and needs no font but the viewer's own.
 */
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>

#include "lib/text.h"
#include "tools/board/board_map.h"
#include "tools/board/board_owner.h"

#define BOARD_SVG_WIDTH 1060U
#define BOARD_SVG_LEFT	20U
#define BOARD_SVG_ROW	22U
#define BOARD_SVG_BAR	360U /* the longest bar of memory */
#define BOARD_SVG_HART	110U

/* struct board_svg - the picture while it is drawn; @y: where the next row begins */
struct board_svg {
	FILE *file;
	u32 y;
};

static const char *board_svg_colour(int owner)
{
	static const char *const partition[] = { "#8fc1e3", "#f3b562", "#a3d39c", "#d8a7d8",
						 "#f2e394", "#e8968c", "#9fd8cb", "#c9b79c" };

	if (owner >= 0)
		return partition[(u32)owner % ARRAY_SIZE(partition)];
	if (owner == BOARD_CLEAVE)
		return "#5b6c8f";
	if (owner == BOARD_FIRMWARE)
		return "#9a9a9a";
	return owner == BOARD_SEVERAL ? "#e6edf5" : "#ffffff";
}

/* Text as SVG may hold it. What comes here is printable ASCII. */
static void board_svg_escaped(const struct board_svg *s, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '<')
			(void)fputs("&lt;", s->file);
		else if (*text == '>')
			(void)fputs("&gt;", s->file);
		else if (*text == '&')
			(void)fputs("&amp;", s->file);
		else
			(void)fputc(*text, s->file);
	}
}

static void board_svg_text(const struct board_svg *s, u32 x, u32 y, const char *class,
			   const char *text)
{
	(void)fprintf(s->file, "<text x=\"%u\" y=\"%u\" class=\"%s\">", x, y, class);
	board_svg_escaped(s, text);
	(void)fputs("</text>\n", s->file);
}

static void board_svg_box(const struct board_svg *s, u32 x, u32 y, u32 width, int owner)
{
	(void)fprintf(s->file, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" fill=\"%s\"/>\n",
		      x, y, width, BOARD_SVG_ROW - 4U, board_svg_colour(owner));
}

static void board_svg_title(struct board_svg *s, const char *title)
{
	s->y += BOARD_SVG_ROW;
	board_svg_text(s, BOARD_SVG_LEFT, s->y, "title", title);
	s->y += 8U;
}

/* Pieces differ by a factor of a million, so a bar is as long as its size has digits. */
static u32 board_svg_bar(u64 size)
{
	u32 bits = 0;

	for (size >>= PAGE_SHIFT; size > 1U; size >>= 1)
		bits++;
	return MIN(12U + bits * 12U, BOARD_SVG_BAR);
}

static void board_svg_memory(struct board_svg *s, const struct board *b,
			     const struct config *config)
{
	struct board_piece p;
	char size[TEXT_SIZE_LEN];
	char line[96];
	u64 at = 0;

	board_svg_title(s, "memory");
	while (board_owner_memory(b, config, &at, &p)) {
		(void)snprintf(line, sizeof(line), "0x%lx, %s", p.base, text_size(p.size, size));
		board_svg_text(s, BOARD_SVG_LEFT, s->y + 13U, "small", line);
		board_svg_box(s, 240U, s->y, board_svg_bar(p.size), p.owner);
		board_svg_text(s, 252U + board_svg_bar(p.size), s->y + 13U, "small", p.text);
		s->y += BOARD_SVG_ROW;
	}
}

static void board_svg_harts(struct board_svg *s, const struct board *b, const struct config *config)
{
	const u32 each = (BOARD_SVG_WIDTH - 2U * BOARD_SVG_LEFT) / BOARD_SVG_HART;
	struct board_piece p;
	char line[32];

	board_svg_title(s, "harts");
	for (u32 i = 0; i < b->nr_harts; i++) {
		u32 x = BOARD_SVG_LEFT + i % each * BOARD_SVG_HART;

		if (i != 0U && i % each == 0U)
			s->y += 2U * BOARD_SVG_ROW;
		board_owner_hart(b, config, i, &p);
		(void)snprintf(line, sizeof(line), "hart %lu", b->harts[i]);
		board_svg_box(s, x, s->y, BOARD_SVG_HART - 8U, p.owner);
		board_svg_text(s, x + 6U, s->y + 13U, "small", line);
		/* What does not fit is in the tables. */
		p.text[18] = '\0';
		board_svg_text(s, x, s->y + BOARD_SVG_ROW + 8U, "small", p.text);
	}
	s->y += 2U * BOARD_SVG_ROW;
}

static void board_svg_devices(struct board_svg *s, const struct board *b,
			      const struct config *config)
{
	char path[CONFIG_PATH_LEN];
	struct board_piece p;
	char line[32];

	board_svg_title(s, "devices");
	for (int node = fdt_next_node(b->tree, -1, NULL); node >= 0;
	     node = fdt_next_node(b->tree, node, NULL)) {
		if (!board_owner_device(b, config, node, &p))
			continue;
		(void)snprintf(line, sizeof(line), "0x%lx", p.base);
		board_svg_text(s, BOARD_SVG_LEFT, s->y + 13U, "small", line);
		board_svg_box(s, 140U, s->y, 16U, p.owner);
		board_svg_text(s, 166U, s->y + 13U, "small", board_path(b, node, path));
		board_svg_text(s, 620U, s->y + 13U, "small", p.text);
		s->y += BOARD_SVG_ROW;
	}
}

static void board_svg_legend(struct board_svg *s, const struct config *config)
{
	static const struct {
		int owner;
		const char *text;
	} fixed[] = { { BOARD_CLEAVE, "Cleave" },
		      { BOARD_FIRMWARE, "firmware, or kept back" },
		      { BOARD_SEVERAL, "shared" },
		      { BOARD_NOBODY, "nobody" } };

	board_svg_title(s, "colours");
	for (u32 i = 0; i < ARRAY_SIZE(fixed); i++) {
		board_svg_box(s, BOARD_SVG_LEFT, s->y, 30U, fixed[i].owner);
		board_svg_text(s, BOARD_SVG_LEFT + 40U, s->y + 13U, "small", fixed[i].text);
		s->y += BOARD_SVG_ROW;
	}
	for (u32 p = 0; config != NULL && p < config->nr; p++) {
		board_svg_box(s, BOARD_SVG_LEFT, s->y, 30U, (int)p);
		board_svg_text(s, BOARD_SVG_LEFT + 40U, s->y + 13U, "small",
			       config->partition[p].name);
		s->y += BOARD_SVG_ROW;
	}
}

/* Draw everything below the header. Return: how high it is */
static u32 board_svg_draw(struct board_svg *s, const struct board *b, const struct config *config)
{
	char model[96];

	s->y = 8U;
	board_svg_title(s, board_string(b, 0, "model", model, sizeof(model)));
	board_svg_legend(s, config);
	board_svg_memory(s, b, config);
	board_svg_harts(s, b, config);
	board_svg_devices(s, b, config);
	return s->y + BOARD_SVG_ROW;
}

bool board_svg_write(const struct board *b, const struct config *config, const char *path)
{
	struct board_svg s = { .file = tmpfile() };
	u32 height;
	bool good;

	if (s.file == NULL)
		return false;
	/* The height stands first and is known last, so it is drawn twice: once to nowhere. */
	height = board_svg_draw(&s, b, config);
	(void)fclose(s.file);
	s.file = fopen(path, "w");
	if (s.file == NULL)
		return false;
	(void)fprintf(s.file,
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		      "font-family=\"sans-serif\">\n"
		      "<style>.title{font-size:15px;font-weight:bold}.small{font-size:12px}"
		      "rect{stroke:#444}</style>\n"
		      "<rect width=\"100%%\" height=\"100%%\" style=\"stroke:none;fill:#fff\"/>\n",
		      BOARD_SVG_WIDTH, height);
	(void)board_svg_draw(&s, b, config);
	(void)fputs("</svg>\n", s.file);
	good = ferror(s.file) == 0;
	return fclose(s.file) == 0 && good;
}
