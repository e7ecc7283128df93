/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a vCPU leaves behind when its partition is torn down, and what a pause must not lose.
 *
 * role=victim checks that nothing of an earlier life is pending, now or when the timer of that life
 * would have fired; then it sets a timer, makes a software interrupt pending, by its own CSR or by
 * an IPI, and watches that it stays. role=manager reads the victim's records while it is pending,
 * and then resets it, or destroys it and makes it anew.
 */
#include "guests/lib/guest.h"

#define VICTIM 1U
#define ROUNDS 8U
#define AHEAD  40000U /* us: the victim's timer, when it is torn down */
#define SETTLE 60000U /* us that the victim looks for what is left */

static bool pending(u64 bits)
{
	return (csr_read(sip) & bits) != 0U;
}

static void victim(void)
{
	u64 tick = ticks_per_second() / 1000000U;
	u64 start = rdtime();
	u64 lost = 0;

	check(!pending(SIE_SOFT | SIE_TIMER), "nothing is pending at the start");
	while (rdtime() - start < SETTLE * tick)
		lost += pending(SIE_SOFT | SIE_TIMER) ? 1U : 0U;
	check_eq(lost, 0, "nothing fires that an earlier life has set");
	sbi_set_timer(rdtime() + AHEAD * tick);
	if ((start & 1U) != 0U)
		csr_set(sip, SIE_SOFT);
	else
		(void)sbi_send_ipi(this_hart());
	while (!pending(SIE_SOFT))
		cpu_relax();
	say("armed");
	lost = 0;
	while (lost == 0U)
		lost = pending(SIE_SOFT) ? 0U : 1U;
	check(false, "the software interrupt got lost");
}

static u8 record[CLEAVE_STATE_MAX] __attribute__((aligned(8)));

/* Return: true when the victim's records say that a software interrupt is pending. */
static bool recorded(void)
{
	const struct cleave_state_csrs *csrs =
		(const void *)(record + sizeof(struct cleave_state_head));
	const struct cleave_state_run *run =
		(const void *)(record + sizeof(struct cleave_state_head));
	bool soft;

	check(cleave_state_get(VICTIM, CLEAVE_STATE_CSRS, 0, record, sizeof(record)).error == 0,
	      "its CSRs");
	soft = (csrs->sip & SIE_SOFT) != 0U;
	check(cleave_state_get(VICTIM, CLEAVE_STATE_RUN, 0, record, sizeof(record)).error == 0,
	      "how it runs");
	return soft || (run->flags & CLEAVE_STATE_RUN_SOFT) != 0U;
}

static void manager(void)
{
	for (u32 round = 0; round < ROUNDS; round++) {
		wait_us(SETTLE + 20000U);
		for (u32 n = 0; n < 3U; n++) {
			check(cleave_vm_op(CLEAVE_FN_VM_PAUSE, VICTIM).error == 0, "pause");
			check(recorded(), "the interrupt is in the records");
			check(cleave_vm_op(CLEAVE_FN_VM_RESUME, VICTIM).error == 0, "resume");
		}
		if (round % 2U == 0U) {
			check(cleave_vm_steps(CLEAVE_FN_VM_RESET, VICTIM).error == 0, "reset");
			continue;
		}
		check(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, VICTIM).error == 0, "destroy");
		check(cleave_vm_steps(CLEAVE_FN_VM_CREATE, VICTIM).error == 0, "create");
		check(!recorded(), "nothing is pending in a new one");
		check(cleave_vm_steps(CLEAVE_FN_VM_START, VICTIM).error == 0, "start");
	}
	wait_us(2U * SETTLE);
	finish();
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char role[16];

	(void)hartid;
	if (bootarg(fdt, "role", role, sizeof(role)) && strcmp(role, "manager") == 0)
		manager();
	victim();
}
