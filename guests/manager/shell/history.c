/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of entered lines. */
#include "guests/manager/shell/history.h"

static bool history_is_blank(const char *text)
{
	while (*text == ' ')
		text++;
	return *text == '\0';
}

void history_add(struct history *h, const char *text)
{
	const char *last = history_get(h, 1);
	size_t len = strlen(text);

	if (history_is_blank(text) || len >= HISTORY_BYTES ||
	    (last != NULL && strcmp(last, text) == 0))
		return;
	memcpy(h->line[h->next], text, len + 1);
	h->next = (h->next + 1U) % HISTORY_LINES;
	if (h->nr < HISTORY_LINES)
		h->nr++;
}

const char *history_get(const struct history *h, u32 back)
{
	if (back == 0 || back > h->nr)
		return NULL;
	return h->line[(h->next + HISTORY_LINES - back) % HISTORY_LINES];
}
