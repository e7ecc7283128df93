/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exits of a guest: who handles which, what a guest-page fault was for, and the emulation of single instructions.
 *
 * Nothing that a guest does may end here in a panic or a loop of the hypervisor: whatever cannot be handled goes to
 * guest_on_bad() with all that is known of it (rule M9).
 */
#include "arch/riscv/exit.h"

#include <cleave/errno.h>
#include "arch/riscv/csr.h"
#include "arch/riscv/fence.h"
#include "arch/riscv/fixup.h"
#include "arch/riscv/guest.h"
#include "arch/riscv/decode/insn.h"

_Static_assert(EXIT_RESUME == (int)GUEST_RESUME && EXIT_LEAVE == (int)GUEST_LEAVE,
	       "core's answer is handed to switch.S as it is");

/*
 * htinst of a fault that the VS-stage walk itself met (privileged specification, chapter "H", "Transformed Instruction or
 * Pseudoinstruction for mtinst or htinst"): bit 12 is the width of a PTE, bit 5 says write.
 */
#define PSEUDO_WALK	  UINT64_C(0x2000)
#define PSEUDO_WALK_WIDTH UINT64_C(0x1000)
#define PSEUDO_WALK_WRITE UINT64_C(0x0020)

#define INSN_WFI 0x10500073U
#define INSN_WRS_NTO \
	0x00d00073U /* Zawrs: wait until a reserved word changes; hstatus.VTW makes it trap as well */

/*
 * Read faults in a row, at one pc for one address and all of them spurious to core, after which the access is asked for as a
 * write, and after which its refusal counts; see exit_spurious_read().
 */
#define READ_REPEATS 3U
#define READ_GIVE_UP 0x100000U

static bool exit_is_walk(u64 htinst)
{
	return (htinst & ~(PSEUDO_WALK_WIDTH | PSEUDO_WALK_WRITE)) == PSEUDO_WALK;
}

/* htval holds the address without its two lowest bits; those of an explicit access are stval's, a PTE's are 0. */
static gpa_t exit_gpa(u64 htval, u64 stval, bool implicit)
{
	return GPA((htval << 2) | (implicit ? 0U : stval & 3U));
}

static enum access exit_access(u64 cause, u64 htinst)
{
	if (exit_is_walk(htinst))
		return (htinst & PSEUDO_WALK_WRITE) != 0U ? ACCESS_WRITE : ACCESS_READ;
	if (cause == CAUSE_STORE_GUEST_PAGE)
		return ACCESS_WRITE;
	return cause == CAUSE_FETCH_GUEST_PAGE ? ACCESS_EXEC : ACCESS_READ;
}

/*
 * Some harts report the A/D update of a VS-stage walk as a read, with nothing in htinst to tell (QEMU 7.2: cause 21, htinst
 * 0). Core then finds reading allowed, calls the fault spurious, and the guest faults again for ever. So when the same pc
 * faults for the same address time after time, the access is asked for as a write. If it was none after all, a page is
 * reported dirty that is not, which is allowed (M1 forbids only the reverse).
 *
 * Repeating need not mean no progress (the memory may be mapped anew each time, and to be read only), so a refused write
 * is not held against the guest until it has stood there for very long. Polling a device register does not count: core
 * does not answer RETRY.
 */
static enum fault_answer exit_spurious_read(struct guest *g, gpa_t gpa, bool implicit)
{
	enum fault_answer answer;

	if (g->fault_pc != g->pc || g->fault_gpa != gpa.v) {
		g->fault_pc = g->pc;
		g->fault_gpa = gpa.v;
		g->fault_repeats = 0;
	}
	g->fault_repeats++;
	if (g->fault_repeats <= READ_REPEATS)
		return FAULT_SPURIOUS;
	answer = guest_on_page_fault(g, gpa, ACCESS_WRITE, implicit);
	return g->fault_repeats < READ_GIVE_UP ? FAULT_SPURIOUS : answer;
}

static int exit_fault_done(struct guest *g, gpa_t gpa, enum fault_answer answer)
{
	if (fault_retry(answer)) {
		fence_gvma_page(gpa, (u16)((g->hgatp & HGATP_VMID) >> HGATP_VMID_SHIFT));
		return EXIT_RESUME;
	}
	g->exit.answer = answer;
	return EXIT_FULL;
}

/* Reads, fetches, and whatever the VS-stage walk itself did. Not inline: see exit_page_fault(). */
static __attribute__((noinline)) int exit_other_fault(struct guest *g, gpa_t gpa)
{
	bool implicit = exit_is_walk(g->exit.htinst);
	enum access access = exit_access(g->exit.scause, g->exit.htinst);
	enum fault_answer answer = guest_on_page_fault(g, gpa, access, implicit);

	if (answer == FAULT_SPURIOUS && access == ACCESS_READ)
		answer = exit_spurious_read(g, gpa, implicit);
	return exit_fault_done(g, gpa, answer);
}

/*
 * Not inline: an SBI call should not save the registers that this needs. A store of the guest's is what a dirty log makes fault, so
 * it takes the short way.
 */
static __attribute__((noinline)) int exit_page_fault(struct guest *g, u64 cause)
{
	u64 stval = csr_read(CSR_STVAL);
	u64 htval = csr_read(CSR_HTVAL);
	u64 htinst = csr_read(CSR_HTINST);
	gpa_t gpa = exit_gpa(htval, stval, exit_is_walk(htinst));

	/* For exit_full(), which few faults come to; but storing costs less than keeping them over the call. */
	g->exit.scause = cause;
	g->exit.stval = stval;
	g->exit.htval = htval;
	g->exit.htinst = htinst;

	if (cause != CAUSE_STORE_GUEST_PAGE || exit_is_walk(htinst))
		return exit_other_fault(g, gpa);
	return exit_fault_done(g, gpa, guest_on_page_fault(g, gpa, ACCESS_WRITE, false));
}

int exit_fast(struct guest *g)
{
	u64 cause = csr_read(CSR_SCAUSE);

	if (cause == CAUSE_ECALL_VS) {
		guest_skip(g);
		return (int)guest_on_ecall(g);
	}
	if (cause == CAUSE_STORE_GUEST_PAGE || cause == CAUSE_LOAD_GUEST_PAGE ||
	    cause == CAUSE_FETCH_GUEST_PAGE)
		return exit_page_fault(g, cause);
	if ((cause & SCAUSE_INTERRUPT) != 0U)
		return (int)guest_on_interrupt(g, cause & ~SCAUSE_INTERRUPT);

	g->exit = (struct guest_exit){ .scause = cause, .stval = csr_read(CSR_STVAL) };
	return EXIT_FULL;
}

static bool exit_from_vs(void)
{
	return (csr_read(CSR_SSTATUS) & SSTATUS_SPP) != 0U;
}

/* Two bytes of the guest's code, with the guest's own translation and execute permission. @v: address in, parcel out */
static int exit_fetch_parcel(u64 *v)
{
	u64 io = *v;
	int err = fixup_try("hlvx.hu %1, (%1)", io);

	*v = io;
	return err;
}

/* Return: 0, CLV_ERR_FAULT when the code cannot be read; @insn is 0 then */
static int exit_fetch(u64 pc, u32 *insn)
{
	u64 low = pc;
	u64 high = pc + INSN_LENGTH_SHORT;

	*insn = 0;
	if (exit_fetch_parcel(&low) != CLV_OK)
		return CLV_ERR_FAULT;
	if (insn_length((u16)low) == INSN_LENGTH_LONG) {
		if (exit_fetch_parcel(&high) != CLV_OK)
			return CLV_ERR_FAULT;
		low |= (high & UINT16_MAX) << 16;
	}
	*insn = (u32)low;
	return CLV_OK;
}

/* A fault at an address where the partition has neither memory nor a device that could answer */
static const char *exit_what_outside(u64 cause, bool walk)
{
	if (walk)
		return "page table outside its memory";
	switch (cause) {
	case CAUSE_STORE_GUEST_PAGE:
		return "store outside its memory and devices";
	case CAUSE_FETCH_GUEST_PAGE:
		return "fetch outside its memory";
	default:
		return "load outside its memory and devices";
	}
}

/* Tell core, with the instruction where it can be read; a fetch that failed has none. */
static int exit_bad(struct guest *g, const char *what)
{
	const struct guest_exit *e = &g->exit;
	bool fetch = e->scause == CAUSE_FETCH_GUEST_PAGE || e->scause == CAUSE_FETCH_ACCESS;
	bool page = e->scause == CAUSE_FETCH_GUEST_PAGE || e->scause == CAUSE_LOAD_GUEST_PAGE ||
		    e->scause == CAUSE_STORE_GUEST_PAGE;
	struct guest_fault f = {
		.what = what,
		.scause = e->scause,
		.stval = e->stval,
		.gpa = page ? exit_gpa(e->htval, e->stval, exit_is_walk(e->htinst)) : GPA(0),
	};
	u32 insn;

	if (!fetch && exit_fetch(g->pc, &insn) == CLV_OK)
		f.insn = insn;
	return (int)guest_on_bad(g, &f);
}

/*
 * Run the instruction again. Its code could not be read, or is not what trapped any more: another vCPU changed the code
 * or its mapping. After the fences the hart sees what we saw, so this time it faults by itself or does something else.
 */
static int exit_again(const struct guest *g)
{
	fence_vvma_page(g->pc);
	fence_instruction();
	return EXIT_RESUME;
}

/* Fill @a from htinst or from the code. Return: 0, CLV_ERR_FAULT: run it again, CLV_ERR_UNSUPPORTED: @insn is no load or store */
static int exit_decode(struct guest *g, struct insn_access *a, u8 *offset, u32 *insn)
{
	bool store = g->exit.scause == CAUSE_STORE_GUEST_PAGE;
	int err;

	*offset = 0;
	*insn = (u32)g->exit.htinst;
	err = insn_decode_htinst(g->exit.htinst, a, offset);
	if (err == CLV_ERR_NOTFOUND) {
		if (exit_fetch(g->pc, insn) != CLV_OK)
			return CLV_ERR_FAULT;
		err = insn_decode(*insn, a);
		if (err == CLV_OK && a->write != store)
			return CLV_ERR_FAULT;
	}
	return err;
}

static const char *exit_what_device(u64 cause, bool misaligned)
{
	if (cause == CAUSE_STORE_GUEST_PAGE)
		return misaligned ? "misaligned store to a device"
				  : "store that the device refuses";
	return misaligned ? "misaligned load from a device" : "load that the device refuses";
}

static int exit_mmio(struct guest *g)
{
	const struct guest_exit *e = &g->exit;
	struct insn_access a;
	struct guest_mmio m;
	u32 insn;
	u8 offset;
	int err;

	if (exit_is_walk(e->htinst))
		return exit_bad(g, "page table in a device");
	if (e->scause == CAUSE_FETCH_GUEST_PAGE)
		return exit_bad(g, "fetch from a device");

	err = exit_decode(g, &a, &offset, &insn);
	if (err == CLV_ERR_FAULT)
		return exit_again(g);
	if (err != CLV_OK)
		return exit_bad(g, insn_what(insn));

	m = (struct guest_mmio){
		.gpa = exit_gpa(e->htval, e->stval, false),
		.size = a.size,
		.write = a.write,
		.data = a.write ? insn_store_value(&a, g->x[a.reg]) : 0U,
	};
	if (offset != 0U || !IS_ALIGNED(m.gpa.v, (u64)m.size))
		return exit_bad(g, exit_what_device(e->scause, true));
	if (guest_on_mmio(g, &m) != CLV_OK)
		return exit_bad(g, exit_what_device(e->scause, false));

	if (!a.write && a.reg != 0U)
		g->x[a.reg] = insn_load_value(&a, m.data);
	g->pc += a.length;
	return EXIT_RESUME;
}

/*
 * An instruction that HS-mode may execute and VS- or VU-mode may not. What a guest's hart has no H extension for (hypervisor CSRs
 * and instructions, counters that it is not given) is an illegal instruction there, and so is what VU-mode may not do.
 */
static int exit_virtual_instruction(struct guest *g)
{
	u32 insn = (u32)g->exit.stval; /* the instruction, or 0 where the hart does not give it */

	if (insn == 0U && exit_fetch(g->pc, &insn) != CLV_OK)
		return exit_again(g);
	if (insn == INSN_WFI && exit_from_vs()) {
		guest_skip(g);
		return (int)guest_on_wfi(g);
	}
	if (insn == INSN_WRS_NTO) {
		/*
		 * It may come back at any time, in VU-mode too. It traps only while another vCPU waits for this hart, maybe the
		 * very one that holds the lock: let that one run.
		 */
		guest_skip(g);
		return EXIT_LEAVE;
	}
	guest_inject(g, CAUSE_ILLEGAL, insn);
	return EXIT_RESUME;
}

/*
 * The machine refused an access to memory that the G-stage allows: a bus error, or a protection that Cleave does not know
 * of. In user mode that may be no more than a misaligned atomic access (where memory does not support them, they raise this),
 * so the guest's kernel handles it, as on a hart of its own; in VS-mode the partition ends.
 */
static int exit_access_fault(struct guest *g)
{
	if (!exit_from_vs()) {
		guest_inject(g, g->exit.scause, g->exit.stval);
		return EXIT_RESUME;
	}
	switch (g->exit.scause) {
	case CAUSE_STORE_ACCESS:
		return exit_bad(g, "store that the machine refuses");
	case CAUSE_FETCH_ACCESS:
		return exit_bad(g, "fetch that the machine refuses");
	default:
		return exit_bad(g, "load that the machine refuses");
	}
}

/* As a bus answers where there is nothing (any more) */
static int exit_gone(struct guest *g)
{
	guest_inject(g,
		     g->exit.scause == CAUSE_STORE_GUEST_PAGE ? CAUSE_STORE_ACCESS
							      : CAUSE_LOAD_ACCESS,
		     g->exit.stval);
	return EXIT_RESUME;
}

int exit_full(struct guest *g)
{
	switch (g->exit.scause) {
	case CAUSE_FETCH_GUEST_PAGE:
	case CAUSE_LOAD_GUEST_PAGE:
	case CAUSE_STORE_GUEST_PAGE:
		if (g->exit.answer == FAULT_EMULATED)
			return exit_mmio(g);
		if (g->exit.answer == FAULT_GONE)
			return exit_gone(g);
		return exit_bad(g, exit_what_outside(g->exit.scause, exit_is_walk(g->exit.htinst)));
	case CAUSE_VIRTUAL:
		return exit_virtual_instruction(g);
	case CAUSE_FETCH_ACCESS:
	case CAUSE_LOAD_ACCESS:
	case CAUSE_STORE_ACCESS:
		return exit_access_fault(g);
	case CAUSE_FETCH_MISALIGNED:
	case CAUSE_ILLEGAL:
	case CAUSE_BREAKPOINT:
	case CAUSE_LOAD_MISALIGNED:
	case CAUSE_STORE_MISALIGNED:
	case CAUSE_ECALL_U:
	case CAUSE_FETCH_PAGE:
	case CAUSE_LOAD_PAGE:
	case CAUSE_STORE_PAGE:
		/* hedeleg asks for these to go to VS-mode, but its bits need not be writable. */
		guest_inject(g, g->exit.scause, g->exit.stval);
		return EXIT_RESUME;
	default:
		return exit_bad(g, "unexpected exception");
	}
}
