/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU as the hart sees it: its registers, entering and leaving it, and the calls up to core that an exit makes.
 *
 * It must never know about VMs, partitions or scheduling: core embeds struct guest in its vCPU, and defines the guest_on_
 * functions below.
 */
#ifndef ARCH_RISCV_GUEST_H
#define ARCH_RISCV_GUEST_H

#include <cleave/access.h>
#include <cleave/types.h>

struct hart;

/* Interrupts of VS-mode that can be made pending (bits of hvip, privileged specification, chapter "H", hvip). */
#define GUEST_IRQ_SOFT	BIT64(2)
#define GUEST_IRQ_TIMER BIT64(6)
#define GUEST_IRQ_EXT	BIT64(10)

/* CSRs of VS-mode and of the guest's view of the hart, valid while the vCPU is not loaded */
struct guest_csrs {
	u64 vsstatus;
	u64 vsie;
	u64 vstvec;
	u64 vsscratch;
	u64 vsepc;
	u64 vscause;
	u64 vstval;
	u64 vsatp;
	u64 hvip;
	u64 vstimecmp;
	u64 scounteren;
	u64 senvcfg;
	u64 sstateen0;
	u64 vsiselect; /* no part of a guest's state records: guests are given no AIA */
};

struct guest_fp {
	u64 f[32];
	u64 fcsr;
};

#define GUEST_VLENB_MAX 512U /* bytes of one vector register that can be kept: VLEN up to 4096 */

struct guest_vector {
	u64 vstart;
	u64 vl;
	u64 vtype;
	u64 vcsr;
	u8 *regs; /* 32 * vlenb bytes, owned by core; NULL: the guest gets no V */
};

/* An exit on its way from exit_fast() to exit_full(): the trap CSRs as they were, before anything could overwrite them */
struct guest_exit {
	u64 scause;
	u64 stval;
	u64 htval;
	u64 htinst;
	enum fault_answer answer; /* of a guest-page fault */
};

/**
 * struct guest - a vCPU's hart state. The assembly of switch.S knows its first members by asm-offsets
 * @x: integer registers; x[0] is always 0. Callee-saved ones and gp are valid only on the full exit path or outside of guest_run()
 * @pc: sepc; valid whenever the guest does not run
 * @sstatus: SPP (VS or VU) and FS, VS of the host's view; valid while not loaded (the CSR holds it while loaded)
 * @hstatus: SPV, SPVP, VTW and so on; valid while not loaded
 * @hgatp: root, VMID and mode; set by core through guest_set_gstage()
 * @time_offset: htimedelta: guest time = host time + this, ticks; read at guest_load()
 * @csr, @fp, @vec: valid while not loaded
 * @fp_hart: hart whose F/D and V registers still hold this guest's, or NULL: only @fp and @vec do. Who changes @fp or @vec sets it NULL
 * @fault_pc, @fault_gpa, @fault_repeats: last read fault that core called spurious (exit.c)
 * @exit: arch-private
 *
 * Owned by the hart that it is pinned to; others read and write it only while the vCPU is held OUT (core/run/vcpu.h).
 */
struct guest {
	u64 x[32];
	u64 pc;
	u64 sstatus;
	u64 hstatus;
	u64 host_sp; /* switch.S: hypervisor's stack while the guest runs */
	u64 host_tp;
	u64 hgatp;
	u64 time_offset;
	u64 henvcfg;
	u64 hideleg;
	u64 hedeleg;
	u64 hcounteren;
	u64 hstateen0;
	struct guest_csrs csr;
	struct guest_fp fp;
	struct guest_vector vec;
	bool fp_valid; /* fp holds state (guest has ever used it) */
	bool vec_valid;
	struct hart *fp_hart;
	u64 fault_pc;
	u64 fault_gpa;
	u32 fault_repeats;
	struct guest_exit exit;
};

/* Why guest_run() came back */
enum guest_leave {
	GUEST_RESUME = 0, /* go on: never seen by the caller of guest_run() */
	GUEST_LEAVE =
		1, /* core asked for it: reschedule, stop, pause, wait; or the guest spins and yields (WRS.NTO) */
};

/** struct guest_mmio - one memory access to be emulated; @data is in for a store, out for a load, zero-extended */
struct guest_mmio {
	gpa_t gpa;
	u64 data;
	u8 size; /* bytes: 1, 2, 4, 8 */
	bool write;
};

/** struct guest_fault - an exit that the guest may not have made, for the report */
struct guest_fault {
	const char
		*what; /* "store", "load", "fetch", "store instruction that is not emulated", ... */
	u64 scause;
	u64 stval; /* guest virtual address where there is one */
	gpa_t gpa; /* where there is one, else 0 */
	u64 insn;  /* instruction, 0 when it is not known */
};

/**
 * guest_init() - registers of a vCPU that starts at @pc in VS-mode with @a0 and @a1, all else zero
 *
 * As SBI 2.0 HSM hart_start lays down: sstatus.SIE = 0, satp = 0; scounteren is open, as firmware leaves it. What the hart
 * offers (features.h) decides henvcfg, hcounteren, hstateen. G-stage, time offset and the vector registers' place stay as
 * they are. If @g is loaded here, it is put off the hart first; on another hart it must not be loaded.
 */
void guest_init(struct guest *g, u64 pc, u64 a0, u64 a1);

/** guest_set_gstage() - set G-stage root, @levels (3, 4, 5) and @vmid of @g */
void guest_set_gstage(struct guest *g, hpa_t root, u8 levels, u16 vmid);

/**
 * guest_load() - put a vCPU's CSRs on this hart; guest_put() - take them off again
 *
 * Order on load: vsatp = 0, hgatp, henvcfg, vsatp (privileged specification, "hgatp"). F/D and V state are switched lazily:
 * saved when dirty, restored when another vCPU used the hart's registers in between.
 *
 * guest_load() of the vCPU that is loaded costs nothing; of another one, it puts the loaded one off first. guest_put() of one
 * that is not loaded does nothing. After guest_put() hgatp and vsatp are 0, no interrupt of the guest is pending or
 * enabled on the hart, and no table of the guest is walked by it.
 */
void guest_load(struct guest *g);
void guest_put(struct guest *g);

/**
 * guest_run() - run the loaded vCPU until an exit handler answers GUEST_LEAVE
 * Context: hart's own stack, interrupts off.
 */
void guest_run(struct guest *g);

/**
 * guest_irq_level() - set the level-triggered virtual interrupts of the loaded vCPU
 * @level: GUEST_IRQ_TIMER and GUEST_IRQ_EXT bits that are pending now; those not set are withdrawn. On a hart with Sstc the
 * guest's own timer needs no bit here.
 */
void guest_irq_level(struct guest *g, u64 level);

/** guest_irq_soft() - make VSSIP pending for the loaded vCPU; the guest clears it itself */
void guest_irq_soft(struct guest *g);

/** guest_irq_pending() - Return: true when an enabled interrupt waits for @g (loaded or not), as WFI looks at it: vsie & pending.
 * @extra: bits of hvip that core is going to raise at the next load. Looks at vstimecmp too where there is Sstc.
 */
bool guest_irq_pending(const struct guest *g, u64 extra);

/**
 * guest_timer_set() - SBI set_timer on a hart with Sstc: write the loaded vCPU's vstimecmp
 * @value: guest time, ticks; UINT64_MAX: never
 */
void guest_timer_set(struct guest *g, u64 value);

/**
 * guest_trap_wfi() - make WFI of @g trap (hstatus.VTW), or wait natively
 * @on: true while another vCPU waits for this hart. Loaded or not, between two guest_run()
 */
void guest_trap_wfi(struct guest *g, bool on);

/**
 * guest_timer_deadline() - when a waiting vCPU's own timer (Sstc, vstimecmp) wants it to run again; loaded or not
 *
 * Return: host time, ticks, now or later; UINT64_MAX without Sstc, without a deadline, or while the guest has its timer
 * interrupt disabled, so that it would not end a WFI.
 */
u64 guest_timer_deadline(const struct guest *g);

/** guest_set_time_offset() - set time_offset of @g (loaded or not), ticks */
void guest_set_time_offset(struct guest *g, u64 offset);

/** guest_skip() - step over the instruction at pc (an ecall or WFI: 4 bytes) */
static inline void guest_skip(struct guest *g)
{
	g->pc += 4U;
}

/**
 * guest_inject() - make the guest take an exception, as if its hart had raised it
 * @cause: scause value of VS-mode
 * @tval: its stval
 */
void guest_inject(struct guest *g, u64 cause, u64 tval);

/*
 * Calls up. core/guest/vcpu_exit.c defines them. They run on the hart's stack with interrupts off; "fast" ones may find the
 * guest's callee-saved registers s0-s11 still in the hart, so they must not look at x[8], x[9], x[18..27].
 */

/** guest_on_ecall() - fast: SBI call in x[17] (a7) ...; pc is already behind it; sets x[10], x[11] itself */
enum guest_leave guest_on_ecall(struct guest *g);

/**
 * guest_on_page_fault() - fast: a guest-page fault
 * @implicit: it was the VS-stage walk that touched @gpa; @access says ACCESS_WRITE for its A/D update
 *
 * Return: FAULT_GRANTED or FAULT_SPURIOUS: arch flushes the page on this hart and goes on;
 * FAULT_EMULATED: arch decodes the instruction, then calls guest_on_mmio(); FAULT_GONE: arch makes
 * it the guest's access fault; FAULT_FORBIDDEN or FAULT_NOTHING: arch calls guest_on_bad().
 */
enum fault_answer guest_on_page_fault(struct guest *g, gpa_t gpa, enum access access,
				      bool implicit);

/** guest_on_mmio() - full: do the access. Return: 0, or CLV_ERR_NOTFOUND/CLV_ERR_INVAL: arch calls guest_on_bad() */
int guest_on_mmio(struct guest *g, struct guest_mmio *m);

/** guest_on_interrupt() - fast: a host interrupt, @irq = scause without its top bit: 1 IPI, 5 timer, 9 external */
enum guest_leave guest_on_interrupt(struct guest *g, u64 irq);

/** guest_on_wfi() - full: WFI trapped (only on a hart that several vCPUs share); pc is behind it already */
enum guest_leave guest_on_wfi(struct guest *g);

/** guest_on_bad() - full: something that ends the partition. Return: what to do now, GUEST_LEAVE as a rule */
enum guest_leave guest_on_bad(struct guest *g, const struct guest_fault *f);

#endif
