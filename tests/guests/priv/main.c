/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest may not do raises the exception that a hart without the H extension would raise,
 * from VS- and from VU-mode, and the guest goes on. Virtual instructions come back as illegal
 * ones, with the instruction in stval, and the trap entry sets sepc, SPP, SPIE and SIE as the
 * privileged specification says, also with a vectored stvec.
 *
 * The partition needs two vCPUs on one hart, so that WFI and WRS.NTO trap into the hypervisor
 * too: the second vCPU spins.
 */
#include "tests/guests/mode_run.h"

#define INSN(name) void priv_##name(void);
/* Traps into the hypervisor: of the H extension */
#define LIST_H(F)        \
	F(hstatus_read)  \
	F(hstatus_write) \
	F(hgatp_write)   \
	F(htval_read)    \
	F(hgeip_read)    \
	F(vsstatus_read) \
	F(vsatp_write)   \
	F(hvip_write)    \
	F(hfence_vvma)   \
	F(hfence_gvma)   \
	F(hlv_w)         \
	F(hsv_b)         \
	F(hlvx_hu)
/* Illegal on any hart, or where the hart's features decide whether the hypervisor sees it */
#define LIST_NOBODY(F)   \
	F(mstatus_read)  \
	F(mret)          \
	F(hpmcounter3)   \
	F(hpmcounter31)  \
	F(siselect_read) \
	F(stopi_read)    \
	F(ones)          \
	F(zeros)
/* What the partition's property `counters` decides about */
#define LIST_COUNTERS(F) \
	F(cycle)         \
	F(instret)
/* What only VU-mode may not use */
#define LIST_SUPERVISOR(F) \
	F(sstatus_read)    \
	F(satp_write)      \
	F(stvec_write)     \
	F(sret)            \
	F(sfence_vma)      \
	F(wfi)

LIST_H(INSN)
LIST_NOBODY(INSN)
LIST_SUPERVISOR(INSN)
LIST_COUNTERS(INSN)
INSN(nop)
INSN(wrs_nto)
INSN(ecall)

struct entry {
	const char *name;
	void (*fn)(void);
};

#define ENTRY(name) { #name, priv_##name },
static const struct entry hypervisor[] = { LIST_H(ENTRY) };
static const struct entry nobody[] = { LIST_NOBODY(ENTRY) };
static const struct entry counters[] = { LIST_COUNTERS(ENTRY) };
static const struct entry supervisor[] = { LIST_SUPERVISOR(ENTRY) };

static const char *mode_name(u64 spp)
{
	return spp != 0 ? "VS" : "VU";
}

/* @pc: where the trap must be; @sie: SIE was on in the mode that trapped */
static bool trap_is(const struct mode_trap *t, u64 cause, u64 pc, u64 spp, bool sie)
{
	u64 want = spp | (sie ? SSTATUS_SPIE : 0U);

	return t->scause == cause && t->sepc == pc &&
	       (t->sstatus & (SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE)) == want;
}

/*
 * @ours: Cleave itself delivers the exception, so stvec may be vectored and stval is checked.
 * Other exceptions may go through the firmware, as OpenSBI does not delegate illegal
 * instructions: OpenSBI 1.5 takes a vectored stvec for an address, and QEMU 10 gives the stval of
 * an earlier instruction for some.
 */
static void expect_illegal(const struct entry *e, u64 spp, bool sie, bool ours)
{
	struct mode_trap t = { 0 };
	u32 insn = *(volatile u32 *)e->fn;

	mode_run((u64)e->fn, spp | (sie ? SSTATUS_SPIE : 0U), &t, 0, ours);
	/* stval is the instruction, or 0 on a hart that does not give it. */
	if (!check(trap_is(&t, TRAP_ILLEGAL, (u64)e->fn, spp, sie) &&
			   (!ours || t.stval == insn || t.stval == 0),
		   "%s in %s-mode, SIE %d, is illegal", e->name, mode_name(spp), sie))
		say("scause 0x%lx sepc 0x%lx stval 0x%lx sstatus 0x%lx", t.scause, t.sepc, t.stval,
		    t.sstatus);
}

static void expect_everywhere(const struct entry *e, bool ours)
{
	expect_illegal(e, SSTATUS_SPP, false, ours);
	expect_illegal(e, SSTATUS_SPP, true, ours);
	expect_illegal(e, 0, false, ours);
	expect_illegal(e, 0, true, ours);
}

/* The instruction works; the trap is that of the ebreak after it. */
static void expect_fine(const char *name, void (*fn)(void), u64 spp)
{
	struct mode_trap t = { 0 };

	mode_run((u64)fn, spp, &t, 0, false);
	(void)check(trap_is(&t, TRAP_BREAKPOINT, (u64)fn + 4, spp, false), "%s in %s-mode works",
		    name, mode_name(spp));
}

/* A timer interrupt is pending and enabled, but not taken, as SIE is off. WFI returns at once. */
static void expect_wfi_returns(void)
{
	csr_write(sie, SIE_TIMER);
	sbi_set_timer(0);
	expect_fine("wfi", priv_wfi, SSTATUS_SPP);
	csr_write(sie, 0);
	sbi_set_timer(UINT64_MAX);
}

static bool has_zawrs(void)
{
	struct mode_trap t = { 0 };

	mode_run((u64)priv_wrs_nto, SSTATUS_SPP, &t, 0, false);
	return t.scause == TRAP_BREAKPOINT;
}

static u64 stop;

static void spin(void *arg)
{
	(void)arg;
	while (__atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0)
		cpu_relax();
}

void guest_main(unsigned long hartid, const void *fdt)
{
	struct mode_trap t = { 0 };

	if (fdt_cpus(fdt) > 1)
		(void)check(start_hart(hartid ^ 1U, spin, NULL) == 0, "start the other hart");
	for (size_t i = 0; i < ARRAY_SIZE(hypervisor); i++)
		expect_everywhere(&hypervisor[i], true);
	for (size_t i = 0; i < ARRAY_SIZE(nobody); i++)
		expect_everywhere(&nobody[i], false);
	for (size_t i = 0; i < ARRAY_SIZE(supervisor); i++)
		expect_illegal(&supervisor[i], 0, true, false);

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		if (bootarg(fdt, "no-counters", NULL, 0)) {
			expect_everywhere(&counters[i], true);
			continue;
		}
		expect_fine(counters[i].name, counters[i].fn, SSTATUS_SPP);
		expect_fine(counters[i].name, counters[i].fn, 0);
	}
	expect_fine("nop", priv_nop, SSTATUS_SPP);
	expect_fine("nop", priv_nop, 0);
	expect_wfi_returns();
	if (has_zawrs())
		for (unsigned i = 0; i < 100; i++) /* with and without another vCPU that waits */
			expect_fine("wrs.nto", priv_wrs_nto, i % 2 != 0 ? SSTATUS_SPP : 0);

	mode_run((u64)priv_ecall, 0, &t, 0, false);
	(void)check(trap_is(&t, TRAP_ECALL_U, (u64)priv_ecall, 0, false),
		    "ecall in VU-mode goes to VS-mode");
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	finish();
}
