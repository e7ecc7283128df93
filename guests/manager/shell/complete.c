/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of what a word may become. */
#include "guests/manager/shell/complete.h"

void complete_begin(struct complete *c, const char *stem)
{
	c->stem = stem;
	c->nr = 0;
}

void complete_add(struct complete *c, const char *word)
{
	size_t len = strlen(word);
	u32 i;

	if (c->nr == COMPLETE_MAX || len >= COMPLETE_WORD || len == 0 ||
	    strncmp(word, c->stem, strlen(c->stem)) != 0)
		return;
	for (i = 0; i < c->nr; i++) {
		if (strcmp(c->word[i], word) == 0)
			return;
	}
	memcpy(c->word[c->nr++], word, len + 1);
}

size_t complete_common(const struct complete *c, char *buf)
{
	size_t len, n;
	u32 i;

	buf[0] = '\0';
	if (c->nr == 0)
		return 0;
	len = strlen(c->word[0]);
	for (i = 1; i < c->nr; i++) {
		for (n = 0; n < len && c->word[i][n] == c->word[0][n]; n++)
			;
		len = n;
	}
	memcpy(buf, c->word[0], len);
	buf[len] = '\0';
	return len;
}
