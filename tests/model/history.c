/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Histories. See history.h.
 */
#include "tests/model/history.h"
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "tests/unit/mm/mm_harness.h"

/* How often each act comes, of 100, and whether the manager does it */
static const struct {
	char kind;
	u8 weight;
	bool manager;
} history_kinds[] = {
	{ 'W', 34, false }, { 'R', 5, false }, { 'X', 2, false },  { 'P', 8, false },
	{ 'M', 4, false },  { 'A', 4, false }, { 'G', 14, false }, { 'V', 3, false },
	{ 'Y', 4, false },  { 'S', 5, true },  { 'T', 2, true },   { 'O', 1, true },
	{ 'H', 7, true },   { 'C', 3, true },  { 'L', 1, true },   { 'N', 3, true },
};

static struct history_act history_make_act(u64 *random)
{
	u64 r = mm_random(random);
	u32 weight = (u32)(r % 100U);
	u32 i = 0;
	struct history_act act;

	while (weight >= history_kinds[i].weight) {
		weight -= history_kinds[i].weight;
		i++;
	}
	act = (struct history_act){ .kind = history_kinds[i].kind,
				    .a = (u32)(r >> 16) & 0xffffU,
				    .b = (u32)(r >> 32) & 0xffffU,
				    .seed = (u32)(r >> 40) | 1U };
	r = mm_random(random);
	if (!history_kinds[i].manager)
		act.actor = (u8)(1U + r % HISTORY_HARTS);
	/* Either may be told to go on. A guest reads its own log sometimes. */
	if ((act.kind == 'G' && (r & 0x100U) != 0U) ||
	    ((act.kind == 'H' || act.kind == 'C') && (r & 0x700U) == 0U))
		act.actor = act.actor == 0U ? 1U : 0U;
	if ((r & 0x3000U) != 0U)
		act.run = (u16)(1U + (r >> 16) % (((r >> 14) & 3U) == 0U ? 400U : 24U));
	return act;
}

void history_make(struct history *h, u64 seed, u32 nr)
{
	static const u32 steps[] = { 64, 300, 300, 2048 };
	u64 random = seed;
	u64 r = mm_random(&random);

	MUST(nr <= HISTORY_MAX);
	h->levels = 3U + (u32)(r % 3U);
	h->largest = (u32)((r >> 8) % 3U);
	h->step = steps[(r >> 16) % 4U];
	h->spare = ((r >> 24) & 3U) == 0U ? 1U + (u32)((r >> 26) % 4U) : 0U;
	h->gib = ((r >> 32) & 7U) == 0U ? 1U : 0U;
	if (h->gib != 0U)
		h->largest = 2;
	h->nr = nr;
	for (u32 i = 0; i < nr; i++) {
		h->act[i] = history_make_act(&random);
		/* Where a GiB is, most is about its region, which is number 2. */
		if (h->gib != 0U && (i & 3U) != 0U)
			h->act[i].a = (h->act[i].a & ~3U) | 2U;
	}
}

void history_print(const struct history *h, FILE *to)
{
	fprintf(to, "%x.%x.%x.%x.%x", h->levels, h->largest, h->step, h->spare, h->gib);
	for (u32 i = 0; i < h->nr; i++) {
		const struct history_act *a = &h->act[i];

		fprintf(to, " %c%x.%x.%x.%x.%x", a->kind, a->actor, a->run, a->a, a->b, a->seed);
	}
}

bool history_parse(struct history *h, const char *line)
{
	int used = 0;
	const char *p = line;

	*h = (struct history){ .nr = 0 };
	if (sscanf(p, "%" SCNx32 ".%" SCNx32 ".%" SCNx32 ".%" SCNx32 ".%" SCNx32 "%n", &h->levels,
		   &h->largest, &h->step, &h->spare, &h->gib, &used) != 5)
		return false;
	for (p += used; *p != '\0' && h->nr < HISTORY_MAX; p += used) {
		struct history_act *a = &h->act[h->nr];
		u32 actor;
		u32 run;

		if (sscanf(p, " %c%" SCNx32 ".%" SCNx32 ".%" SCNx32 ".%" SCNx32 ".%" SCNx32 "%n",
			   &a->kind, &actor, &run, &a->a, &a->b, &a->seed, &used) != 6 ||
		    actor >= HISTORY_ACTORS || strchr(HISTORY_ACTS, a->kind) == NULL)
			return false;
		a->actor = (u8)actor;
		a->run = (u16)run;
		h->nr++;
	}
	return true;
}

/* Without the @count acts from @first on it may still fail: then that is the history. */
static bool history_drop(struct history *h, bool (*fails)(const struct history *h), u32 first,
			 u32 count)
{
	static struct history less;

	less = *h;
	memmove(&less.act[first], &less.act[first + count],
		(h->nr - first - count) * sizeof(less.act[0]));
	less.nr -= count;
	if (!fails(&less))
		return false;
	*h = less;
	return true;
}

/* Have an act run to its end, if it still fails then. */
static void history_unstop(struct history *h, bool (*fails)(const struct history *h), u32 i)
{
	u16 run = h->act[i].run;

	if (run == 0U)
		return;
	h->act[i].run = 0;
	if (!fails(h))
		h->act[i].run = run;
}

void history_shorten(struct history *h, bool (*fails)(const struct history *h), u32 seconds)
{
	time_t end = time(NULL) + seconds;
	bool shorter = true;

	while (shorter && time(NULL) < end) {
		shorter = false;
		for (u32 count = MAX(h->nr / 2U, 1U); count != 0U; count /= 2U) {
			for (u32 first = h->nr; first >= count && time(NULL) < end;) {
				first -= count;
				shorter |= history_drop(h, fails, first, count);
				first = MIN(first, h->nr);
			}
		}
	}
	for (u32 i = 0; i < h->nr && time(NULL) < end; i++)
		history_unstop(h, fails, i);
}
