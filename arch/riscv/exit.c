/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exits of a guest: who handles which exit, what a guest-page fault was for, and the emulation of
 * single instructions.
 *
 * Nothing that a guest does may end in a panic or a loop of the hypervisor: what cannot be handled
 * goes to guest_on_bad(), with all that is known about it (rule M9).
 */
#include "arch/riscv/exit.h"

#include <cleave/errno.h>
#include "arch/riscv/aia/guest_aia.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/decode/insn.h"
#include "arch/riscv/fence.h"
#include "arch/riscv/fixup.h"
#include "arch/riscv/guest.h"

_Static_assert(EXIT_RESUME == (int)GUEST_RESUME && EXIT_LEAVE == (int)GUEST_LEAVE,
	       "switch.S gets core's answer as it is");

/*
 * The pseudo-instruction in htinst after a fault of the VS-stage walk itself (privileged
 * specification, chapter "H", "Transformed Instruction or Pseudoinstruction for mtinst or htinst").
 * Bit 12 gives the width of a PTE, bit 5 says that the walk was writing.
 */
#define PSEUDO_WALK	  UINT64_C(0x2000)
#define PSEUDO_WALK_WIDTH UINT64_C(0x1000)
#define PSEUDO_WALK_WRITE UINT64_C(0x0020)

#define INSN_WFI 0x10500073U
/* Zawrs: wait until a reserved word changes. Like WFI, it traps while hstatus.VTW is set. */
#define INSN_WRS_NTO 0x00d00073U

/*
 * Spurious read faults in a row, at one pc and for one address (see exit_spurious_read()): after
 * READ_REPEATS of them core is asked for a write, and after READ_GIVE_UP its refusal counts.
 */
#define READ_REPEATS 3U
#define READ_GIVE_UP 0x100000U

static bool exit_is_walk(u64 htinst)
{
	return (htinst & ~(PSEUDO_WALK_WIDTH | PSEUDO_WALK_WRITE)) == PSEUDO_WALK;
}

/*
 * htval holds the address without its two lowest bits. They are stval's in an explicit access, and
 * 0 in the address of a PTE.
 */
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
 * Some harts report the A/D update of a VS-stage walk by the cause of the access that it was for, a
 * read or a fetch, and htinst does not tell (QEMU 7.2: cause 21, htinst 0). Core then finds that
 * this access is allowed and calls the fault spurious, and the guest would fault for ever. So if
 * the same pc keeps faulting for the same address, core is asked for a write. If the access was no
 * write after all, a clean page is reported dirty, which is allowed: M1 forbids only the reverse.
 *
 * A fault that repeats need not mean that the guest makes no progress: each time the memory may
 * have been mapped anew, for reading only. So a refused write is not held against the guest until
 * it has faulted at that place for very long. A guest that polls a device register never comes
 * here, because core does not call those faults spurious.
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

/*
 * What was granted is a leaf that the walk has found, and the fence of an address reaches it. If
 * the fault was spurious, what the hart still has may be an invalid entry in whose place a pointer
 * is now, as where a window was made: that takes the fence of all addresses.
 */
static int exit_fault_done(struct guest *g, gpa_t gpa, enum fault_answer answer)
{
	u16 vmid = (u16)((g->hgatp & HGATP_VMID) >> HGATP_VMID_SHIFT);

	if (answer == FAULT_GRANTED) {
		fence_gvma_page(gpa, vmid);
		return EXIT_RESUME;
	}
	if (answer == FAULT_SPURIOUS) {
		fence_gvma_vmid(vmid);
		return EXIT_RESUME;
	}
	g->exit.answer = answer;
	return EXIT_FULL;
}

/* Reads, fetches, and accesses of the VS-stage walk itself. Not inline: see exit_page_fault(). */
static __attribute__((noinline)) int exit_other_fault(struct guest *g, gpa_t gpa)
{
	bool implicit = exit_is_walk(g->exit.htinst);
	enum access access = exit_access(g->exit.scause, g->exit.htinst);
	enum fault_answer answer = guest_on_page_fault(g, gpa, access, implicit);

	if (answer == FAULT_SPURIOUS && access != ACCESS_WRITE)
		answer = exit_spurious_read(g, gpa, implicit);
	return exit_fault_done(g, gpa, answer);
}

/*
 * Not inline: exit_fast() would have to save the registers that this function needs, and an SBI
 * call would pay for it. A store by the guest itself takes the shortest way, because that is what a
 * dirty log makes fault.
 */
static __attribute__((noinline)) int exit_page_fault(struct guest *g, u64 cause)
{
	u64 stval = csr_read(CSR_STVAL);
	u64 htval = csr_read(CSR_HTVAL);
	u64 htinst = csr_read(CSR_HTINST);
	gpa_t gpa = exit_gpa(htval, stval, exit_is_walk(htinst));

	/*
	 * For exit_full(). Few faults get there, but to store the values costs less than to keep
	 * them in registers over the call.
	 */
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

/*
 * Fetch two bytes of the guest's code, with the guest's own translation and its execute permission.
 * @v: in: address; out: the bytes
 * Return: 0 or CLV_ERR_FAULT.
 */
static int exit_fetch_parcel(u64 *v)
{
	u64 io = *v;
	int err = fixup_try("hlvx.hu %1, (%1)", io);

	*v = io;
	return err;
}

int guest_peek(u64 *v)
{
	u64 io = *v;
	int err = (io & 7U) != 0U ? CLV_ERR_FAULT : fixup_try("hlv.d %1, (%1)", io);

	*v = io;
	return err;
}

/* Fetch the instruction at @pc. Return: 0; CLV_ERR_FAULT: it cannot be read, and @insn is 0. */
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

/* Words for a fault at an address where the partition has neither memory nor a device */
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

/*
 * Return: the access fault by which a hart answers an access that nothing answers. An access of the
 * VS-stage walk raises the fault of the access that it was for, and scause says which that was
 * (privileged specification, "Virtual Address Translation Process"); 0: it was no access.
 */
static u64 exit_access_cause(u64 scause)
{
	switch (scause) {
	case CAUSE_FETCH_GUEST_PAGE:
	case CAUSE_FETCH_ACCESS:
		return CAUSE_FETCH_ACCESS;
	case CAUSE_LOAD_GUEST_PAGE:
	case CAUSE_LOAD_ACCESS:
		return CAUSE_LOAD_ACCESS;
	case CAUSE_STORE_GUEST_PAGE:
	case CAUSE_STORE_ACCESS:
		return CAUSE_STORE_ACCESS;
	default:
		return 0;
	}
}

/* The guest takes an access fault, whose address is that of the access itself. */
static int exit_reflect(struct guest *g)
{
	guest_inject(g, exit_access_cause(g->exit.scause), g->exit.stval);
	return EXIT_RESUME;
}

/*
 * Tell core about @what, with the instruction if it can be read. A failed fetch has none. Where the
 * guest's own vector is what cannot be fetched, the fault would lead to itself for ever.
 */
static int exit_bad(struct guest *g, const char *what)
{
	const struct guest_exit *e = &g->exit;
	u64 cause = exit_access_cause(e->scause);
	bool page = cause != 0U && cause != e->scause;
	struct guest_fault f = {
		.what = what,
		.scause = e->scause,
		.stval = e->stval,
		.gpa = page ? exit_gpa(e->htval, e->stval, exit_is_walk(e->htinst)) : GPA(0),
		.cause = cause == CAUSE_FETCH_ACCESS && g->pc == guest_vector(g) ? 0U : cause,
	};
	u32 insn;

	if (cause != CAUSE_FETCH_ACCESS && exit_fetch(g->pc, &insn) == CLV_OK)
		f.insn = insn;
	return guest_on_bad(g, &f) == GUEST_RESUME ? exit_reflect(g) : EXIT_LEAVE;
}

/*
 * Have the guest execute the instruction again. Its code could not be read, or is no longer what
 * trapped: another vCPU has changed the code or its mapping. After the fences the hart sees what
 * the hypervisor saw, so this time the fetch faults by itself, or the new code runs.
 */
static int exit_again(const struct guest *g)
{
	fence_vvma_page(g->pc);
	fence_instruction();
	return EXIT_RESUME;
}

/*
 * Decode the access from htinst or, if htinst does not give it, from the code.
 * @a: the access
 * @offset: distance of the faulting byte from the access's first byte
 * @insn: the instruction, for a message
 * Return: 0; CLV_ERR_FAULT: the guest has to execute it again; CLV_ERR_UNSUPPORTED: it is neither a
 * load nor a store.
 */
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
		/* A load where a store has trapped, or the reverse: the code has changed. */
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

/* Emulate one access to a device. */
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
 * An instruction that HS-mode may execute, but VS-mode or VU-mode may not. The guest's hart has no
 * H extension, so for the guest it is an illegal instruction: an access to a hypervisor CSR or to a
 * counter that the guest is not given, a hypervisor instruction, or one that VU-mode may not
 * execute.
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
		 * The instruction may complete at any time, in VU-mode too. It traps only while
		 * another vCPU waits for this hart. That one may hold the very lock that the guest
		 * waits for, so let it run.
		 */
		guest_skip(g);
		return EXIT_LEAVE;
	}
	if (!guest_aia_csr(g, insn))
		guest_inject(g, CAUSE_ILLEGAL, insn);
	return EXIT_RESUME;
}

/*
 * The machine has refused an access to memory that the G-stage allows: a bus error, or a protection
 * that Cleave does not know of. In user mode it may only be a misaligned atomic access, which
 * raises this where the memory does not support it. So the guest's kernel handles it, as it would
 * on a machine of its own, and nobody is told. In VS-mode it is the kernel's own fault.
 */
static int exit_access_fault(struct guest *g)
{
	if (!exit_from_vs())
		return exit_reflect(g);
	switch (g->exit.scause) {
	case CAUSE_STORE_ACCESS:
		return exit_bad(g, "store that the machine refuses");
	case CAUSE_FETCH_ACCESS:
		return exit_bad(g, "fetch that the machine refuses");
	default:
		return exit_bad(g, "load that the machine refuses");
	}
}

/* Put into htinst what the hart should have: see exit_walk.c. */
static void exit_tell_walk(struct guest *g)
{
	struct guest_exit *e = &g->exit;

	if ((e->htinst & HTINST_TRANSFORMED) == 0U && exit_walk_reads(g, e->stval, e->htval << 2))
		e->htinst = PSEUDO_WALK | PSEUDO_WALK_WIDTH;
}

int exit_full(struct guest *g)
{
	switch (g->exit.scause) {
	case CAUSE_FETCH_GUEST_PAGE:
	case CAUSE_LOAD_GUEST_PAGE:
	case CAUSE_STORE_GUEST_PAGE:
		exit_tell_walk(g);
		if (g->exit.answer == FAULT_EMULATED)
			return exit_mmio(g);
		if (g->exit.answer == FAULT_GONE)
			return exit_reflect(g);
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
		/* hedeleg asks that VS-mode take these, but its bits need not be writable. */
		guest_inject(g, g->exit.scause, g->exit.stval);
		return EXIT_RESUME;
	default:
		return exit_bad(g, "unexpected exception");
	}
}
