/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts that are not used, and why. A board may have dozens of them that have no H.
 */
#include "arch/riscv/model/hart_out.h"

#include <cleave/format.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "lib/text.h"

#define HART_OUT_REASONS 8U /* of more, each is said by itself */
#define HART_OUT_KEPT	 128U
#define HART_OUT_LEN	 240U

/* @harts: those that have not been said yet */
static struct {
	char why[HART_OUT_LEN];
	struct text_ranges harts;
} hart_outs[HART_OUT_REASONS];

static u32 hart_out_nr;

/* For who asks later: a configuration may name such a hart. */
static struct {
	u64 id;
	const char *why;
} hart_out_kept[HART_OUT_KEPT];

static u32 hart_out_nr_kept;

void hart_out(u64 id, const char *fmt, ...)
{
	char why[HART_OUT_LEN];
	u32 n = 0;
	va_list ap;

	va_start(ap, fmt);
	(void)str_format(why, sizeof(why), fmt, ap);
	va_end(ap);
	while (n < hart_out_nr && strcmp(hart_outs[n].why, why) != 0)
		n++;
	if (n == HART_OUT_REASONS) {
		printk(PRINTK_WARNING "hart %lu left out: %s", id, why);
		return;
	}
	if (n == hart_out_nr) {
		memcpy(hart_outs[n].why, why, HART_OUT_LEN);
		hart_out_nr++;
	}
	text_ranges_add(&hart_outs[n].harts, id);
	if (hart_out_nr_kept < HART_OUT_KEPT) {
		hart_out_kept[hart_out_nr_kept].id = id;
		hart_out_kept[hart_out_nr_kept++].why = hart_outs[n].why;
	}
}

const char *hart_out_why(u64 id)
{
	for (u32 n = 0; n < hart_out_nr_kept; n++) {
		if (hart_out_kept[n].id == id)
			return hart_out_kept[n].why;
	}
	return NULL;
}

void hart_out_say(void)
{
	for (u32 n = 0; n < hart_out_nr; n++) {
		struct text_ranges *harts = &hart_outs[n].harts;

		if (harts->nr != 0U)
			printk(PRINTK_WARNING "hart%s %s left out: %s", harts->nr == 1U ? "" : "s",
			       text_ranges_end(harts), hart_outs[n].why);
		*harts = (struct text_ranges){ .nr = 0 };
	}
}
