/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that is moved and copied: it says what its time shows, and which copy it is, four times a
 * second. Each beat is one timer interrupt. Its number says that no timer fired twice or was lost,
 * and `late` by how many milliseconds of the guest's time it came after it was due.
 */
#include "tests/guests/measure.h"

#define BEATS 4U /* in a second */

static void beat(u64 n, u64 now, u64 late)
{
	u64 ms = ticks_per_second() / 1000U;
	struct cleave_vm_info info;
	u64 id[2];

	if (cleave_vm_info(CLEAVE_VM_SELF, &info).error != 0) {
		say("FAIL VM_INFO");
		return;
	}
	memcpy(id, info.generation_id, sizeof(id));
	say("beat=%lu at=%lu late=%lu generation=%lu id=%lx.%lx", n, now / ms, late / ms,
	    info.generation, id[0], id[1]);
}

void guest_main(unsigned long hartid, const void *fdt)
{
	u64 last = rdtime(), due;

	(void)hartid;
	(void)fdt;
	csr_write(sie, SIE_TIMER);
	for (u64 n = 1;; n++) {
		due = last + ticks_per_second() / BEATS;
		measure_wait(due);
		if (rdtime() < last)
			say("FAIL time went back");
		last = rdtime();
		beat(n, last, last - due);
	}
}
