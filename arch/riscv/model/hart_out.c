/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts that are not used, and why. A board may have dozens of them that have no H.
 */
#include "arch/riscv/model/hart_out.h"

#include <cleave/format.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include "lib/text.h"

#define HART_OUT_REASONS 4U /* that are gathered at a time */
#define HART_OUT_LEN	 240U

static struct {
	char why[HART_OUT_LEN];
	struct text_ranges harts;
} hart_outs[HART_OUT_REASONS];

static u32 hart_out_nr;

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
		hart_out_say();
		n = 0;
	}
	if (n == hart_out_nr) {
		(void)str_print(hart_outs[n].why, HART_OUT_LEN, "%s", why);
		hart_outs[n].harts = (struct text_ranges){ .nr = 0 };
		hart_out_nr++;
	}
	text_ranges_add(&hart_outs[n].harts, id);
}

void hart_out_say(void)
{
	for (u32 n = 0; n < hart_out_nr; n++)
		printk(PRINTK_WARNING "hart%s %s left out: %s",
		       hart_outs[n].harts.nr == 1U ? "" : "s", text_ranges_end(&hart_outs[n].harts),
		       hart_outs[n].why);
	hart_out_nr = 0;
}
