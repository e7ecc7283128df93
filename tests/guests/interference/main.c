/* SPDX-License-Identifier: BSD-2-Clause */
/* Which role this partition has, and what all roles need. */
#include "tests/guests/interference/interference.h"
#include "tests/guests/measure.h"

#define LEAD_US 5000U /* how long before the span the attack begins */
#define REST_US 5000U /* how long after the span nobody prints */

struct span span;

void wait_for_ever(void)
{
	csr_write(sie, 0);
	for (;;)
		__asm__ volatile("wfi" ::: "memory");
}

void work(void)
{
	measure_work();
}

void sleep_until(u64 at)
{
	csr_set(sie, SIE_TIMER);
	measure_wait(at);
}

void timer_off(void)
{
	sbi_set_timer(UINT64_MAX);
	csr_clear(sie, SIE_TIMER);
}

void sleep_until_attack(void)
{
	sleep_until(span.from - us(LEAD_US));
	timer_off();
}

void sleep_until_told(void)
{
	sleep_until(span.to + us(REST_US) + span.phase);
}

void tell_result(const struct worst *w)
{
	sleep_until_told();
	say("result %lu %lu %lu", w->worst, w->samples != 0U ? w->sum / w->samples : 0U,
	    w->samples);
}

void attacked(u64 rounds)
{
	sleep_until(span.to + us(REST_US) / 2U);
	say("attacked %lu", rounds);
}

bool act(const struct role *roles, size_t nr, const char *name)
{
	for (size_t i = 0; i < nr; i++) {
		if (strcmp(roles[i].name, name) == 0) {
			roles[i].act();
			return true;
		}
	}
	return false;
}

void guest_main(unsigned long hartid, const void *fdt)
{
	u64 hz = fdt_timebase(fdt);
	char role[24] = "";

	(void)hartid;
	span.fdt = fdt;
	span.tick_ns = 1000000000U / hz;
	span.from = bootarg_number(fdt, "from", 0) * (hz / 1000U);
	span.to = bootarg_number(fdt, "to", 0) * (hz / 1000U);
	span.phase = us(bootarg_number(fdt, "phase", 0));
	span.harts = fdt_cpus(fdt);
	(void)bootarg(fdt, "victim", span.victim, sizeof(span.victim));
	(void)bootarg(fdt, "role", role, sizeof(role));
	if (strncmp(role, "none", sizeof(role)) == 0)
		wait_for_ever();
	if (!victim(role) && !device(role) && !attack(role) && !manager(role))
		(void)check(false, "no role \"%s\"", role);
	wait_for_ever();
}
