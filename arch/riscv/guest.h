/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU as the hart sees it: its registers, entering and leaving it, and the calls up to core that
 * an exit makes.
 *
 * It must know nothing of VMs, partitions or scheduling: core embeds struct guest in its vCPU, and
 * defines the guest_on_*() functions below.
 */
#ifndef ARCH_RISCV_GUEST_H
#define ARCH_RISCV_GUEST_H

#include <cleave/access.h>
#include <cleave/types.h>

struct hart;

/* Interrupts of VS-mode that can be made pending: bits of hvip */
#define GUEST_IRQ_SOFT	BIT64(2)
#define GUEST_IRQ_TIMER BIT64(6)
#define GUEST_IRQ_EXT	BIT64(10)

/*
 * VS-mode's CSRs, and the supervisor CSRs that have no VS copy; valid while the vCPU is not loaded
 */
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
	/*
	 * Not part of a guest's state records: no guest is told of Ssaia, Sscsrind, Zcmt or Sdtrig.
	 */
	u64 vsiselect;
	u64 jvt;
	u64 scontext;
};

/* F and D registers */
struct guest_fp {
	u64 f[32];
	u64 fcsr;
};

/* The longest vector register that can be saved, bytes: VLEN up to 4096 */
#define GUEST_VLENB_MAX 512U

/* V registers */
struct guest_vector {
	u64 vstart;
	u64 vl;
	u64 vtype;
	u64 vcsr;
	u8 *regs; /* 32 * vlenb bytes that core provides; NULL: the guest gets no V */
};

/* An exit between exit_fast() and exit_full(): trap CSRs, read before anything overwrites them */
struct guest_exit {
	u64 scause;
	u64 stval;
	u64 htval;
	u64 htinst;
	enum fault_answer answer; /* core's, to a guest-page fault */
};

/**
 * struct guest - a vCPU's hart state; switch.S knows its first members by asm-offsets
 * @x: integer registers; x[0] is always 0. gp and the callee-saved ones are valid only on the full
 * exit path and outside guest_run()
 * @pc: sepc; valid whenever the guest does not run
 * @sstatus: SPP (VS or VU) and the host's view of FS and VS; valid while not loaded
 * @hstatus: SPV, SPVP, VTW and so on; valid while not loaded
 * @host_sp, @host_tp: the hypervisor's sp and tp while the guest runs
 * @hgatp: root, VMID and mode of the G-stage; guest_set_gstage() sets it
 * @time_offset: htimedelta, ticks: guest time = host time + this
 * @henvcfg, @hideleg, @hedeleg, @hcounteren, @hstateen0: what the guest may do; guest_init() sets
 * them
 * @csr, @fp, @vec: valid while not loaded
 * @fp_valid, @vec_valid: the guest has used these registers, so @fp and @vec are worth saving
 * @no_counters: it may not read cycle and instret; core sets it before the first guest_init()
 * @aia: it has an emulated interrupt file; set as @no_counters
 * @fp_hart: the hart whose F, D and V registers still hold this guest's; NULL: only @fp and @vec
 * hold them. Whoever changes @fp or @vec sets it to NULL
 * @fault_pc, @fault_gpa, @fault_repeats: the last read fault that core has called spurious (exit.c)
 * @exit: the exit that is under way; private to arch/
 *
 * It belongs to the hart that the vCPU is pinned to. Other harts read and write it only while the
 * vCPU is held OUT (core/run/vcpu.h).
 */
struct guest {
	u64 x[32];
	u64 pc;
	u64 sstatus;
	u64 hstatus;
	u64 host_sp;
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
	bool fp_valid;
	bool vec_valid;
	bool no_counters;
#ifdef CONFIG_AIA
	bool aia;
#endif
	struct hart *fp_hart;
	u64 fault_pc;
	u64 fault_gpa;
	u32 fault_repeats;
	struct guest_exit exit;
};

/** guest_has_file() - Return: true when @g has an emulated interrupt file */
static inline bool guest_has_file(const struct guest *g)
{
#ifdef CONFIG_AIA
	return g->aia;
#else
	(void)g;
	return false;
#endif
}

/* What an exit handler wants; guest_run() returns on GUEST_LEAVE alone */
enum guest_leave {
	GUEST_RESUME = 0, /* go on in the guest */
	/*
	 * Leave guest_run(). Core has asked for it, to reschedule, stop, pause or wait; or the
	 * guest spins, and yields by WRS.NTO.
	 */
	GUEST_LEAVE = 1,
};

/**
 * struct guest_mmio - one memory access to be emulated
 * @gpa: its address, a multiple of @size
 * @data: in for a store, out for a load; zero-extended
 * @size: bytes: 1, 2, 4 or 8
 * @write: it is a store
 */
struct guest_mmio {
	gpa_t gpa;
	u64 data;
	u8 size;
	bool write;
};

/**
 * struct guest_fault - something that the guest may not do, for the report
 * @what: words for it: "store outside its memory and devices", "atomic access to a device", ...
 * @scause: the CSR
 * @stval: guest-virtual address where there is one
 * @gpa: guest-physical address where there is one, otherwise 0
 * @insn: the instruction; 0 when it is not known
 * @cause: scause of the access fault by which a hart would answer; 0: none would help the guest
 */
struct guest_fault {
	const char *what;
	u64 scause;
	u64 stval;
	gpa_t gpa;
	u64 insn;
	u64 cause;
};

/**
 * guest_peek() - load eight bytes as the guest would that has just left, on its hart
 * @v: in: its virtual address, out: the bytes; a device of the machine that it has may be there
 *
 * Return: CLV_OK, or CLV_ERR_FAULT: nothing is there, or it is not a multiple of 8.
 */
int guest_peek(u64 *v);

/**
 * guest_init() - set the registers of a vCPU that starts
 * @pc: where it starts, in VS-mode
 * @a0, @a1: its first two registers; all others are zero
 *
 * The state is the one that SBI 2.0, HSM hart_start, prescribes: sstatus.SIE = 0, satp = 0. In
 * addition scounteren is open, as firmware leaves it. henvcfg, hcounteren and hstateen depend on
 * what the harts have (features.h). The G-stage, the time offset and the place of the vector
 * registers stay as they are.
 *
 * If @g is loaded on this hart, it is put off first. It must not be loaded on another hart.
 */
void guest_init(struct guest *g, u64 pc, u64 a0, u64 a1);

/**
 * guest_set_gstage() - set the G-stage of a guest, loaded or not
 * @root: root table
 * @levels: 3, 4 or 5
 * @vmid: VMID
 */
void guest_set_gstage(struct guest *g, hpa_t root, u8 levels, u16 vmid);

/**
 * guest_load() - put a vCPU's CSRs on this hart
 * guest_put() - take them off again
 *
 * A load writes vsatp = 0, hgatp, henvcfg, vsatp in this order (privileged specification, "hgatp").
 * F, D and V registers are switched lazily: they are saved if they are dirty, and restored if
 * another vCPU has used the hart's registers in between.
 *
 * guest_load() of the vCPU that is loaded costs nothing; if another one is loaded, that one is put
 * off first. guest_put() of a vCPU that is not loaded does nothing. After guest_put() hgatp and
 * vsatp are 0, no interrupt of the guest is pending or enabled on the hart, and the hart walks no
 * table of the guest.
 */
void guest_load(struct guest *g);
void guest_put(struct guest *g);

/**
 * guest_run() - run the loaded vCPU until an exit handler answers GUEST_LEAVE
 *
 * Context: the hart's own stack, interrupts off.
 */
void guest_run(struct guest *g);

/**
 * guest_irq_level() - set the level-triggered virtual interrupts of the loaded vCPU
 * @level: the bits GUEST_IRQ_TIMER and GUEST_IRQ_EXT that are pending now; a bit that is not set
 * withdraws its interrupt. On a hart with Sstc the guest's own timer needs no bit here
 */
void guest_irq_level(struct guest *g, u64 level);

/** guest_irq_soft() - make VSSIP of the loaded vCPU pending; the guest clears it by itself */
void guest_irq_soft(struct guest *g);

/**
 * guest_irq_pending() - does an enabled interrupt wait for a guest, loaded or not?
 * @extra: bits of hvip that core is going to raise at the next load
 *
 * The enable bits are those of vsie, which is what WFI looks at. With Sstc, vstimecmp counts too.
 */
bool guest_irq_pending(const struct guest *g, u64 extra);

/**
 * guest_timer_set() - write the loaded vCPU's vstimecmp: SBI set_timer on a hart with Sstc
 * @value: guest time, ticks; UINT64_MAX: never
 */
void guest_timer_set(struct guest *g, u64 value);

/**
 * guest_trap_wfi() - choose whether WFI of a guest traps (hstatus.VTW) or waits in the hart
 * @on: it traps, because another vCPU waits for this hart
 *
 * The guest may be loaded or not, but must not be running.
 */
void guest_trap_wfi(struct guest *g, bool on);

/**
 * guest_timer_deadline() - when a waiting vCPU's own timer (vstimecmp) wants it to run again
 *
 * The guest may be loaded or not.
 *
 * Return: host time, ticks, now or later. UINT64_MAX without Sstc, without a deadline, or while the
 * guest has disabled its timer interrupt, which then would not end a WFI.
 */
u64 guest_timer_deadline(const struct guest *g);

/** guest_set_time_offset() - set the time offset of @g, loaded or not, to @offset ticks */
void guest_set_time_offset(struct guest *g, u64 offset);

/** guest_skip() - step over the instruction at pc, which has 4 bytes (an ecall or a WFI) */
static inline void guest_skip(struct guest *g)
{
	g->pc += 4U;
}

/**
 * guest_inject() - have the loaded guest take an exception, as if its hart had raised it
 * @cause: scause that VS-mode sees
 * @tval: stval that VS-mode sees
 */
void guest_inject(struct guest *g, u64 cause, u64 tval);

/** guest_vector() - Return: where guest_inject() lets the loaded guest go on */
u64 guest_vector(const struct guest *g);

/*
 * Calls up, defined by core/guest/vcpu_exit.c. They run on the hart's stack with interrupts off.
 * While one that is marked "fast" runs, the guest's gp and s0-s11 may still be in the hart, so it
 * must not look at x[3], x[8], x[9] and x[18] to x[27]. Those marked "full" may look at all
 * registers.
 */

/**
 * guest_on_ecall() - do the SBI call in a7, a6 and a0 to a5 (x[17], x[16], x[10] to x[15]); fast
 *
 * pc is after the ecall already. The function itself sets the answer in x[10] and x[11].
 */
enum guest_leave guest_on_ecall(struct guest *g);

/**
 * guest_on_page_fault() - answer a guest-page fault; fast
 * @gpa: the address
 * @access: what the guest wanted to do there
 * @implicit: the VS-stage walk has touched @gpa; @access is ACCESS_WRITE for its A/D update
 *
 * Return: FAULT_GRANTED or FAULT_SPURIOUS: arch flushes the page, or all of the guest's G-stage,
 * on this hart and resumes the guest. FAULT_EMULATED: arch decodes the instruction and calls
 * guest_on_mmio(). FAULT_GONE: arch gives the guest an access fault. FAULT_FORBIDDEN or
 * FAULT_NOTHING: arch calls guest_on_bad().
 */
enum fault_answer guest_on_page_fault(struct guest *g, gpa_t gpa, enum access access,
				      bool implicit);

/**
 * guest_on_walk() - read an entry of the guest's own page tables; full
 *
 * Return: 0; CLV_ERR_RANGE: it is not in the guest's memory.
 */
int guest_on_walk(struct guest *g, gpa_t gpa, u64 *pte);

/**
 * guest_on_mmio() - do an access to an emulated device; full
 *
 * Return: 0; CLV_ERR_NOTFOUND or CLV_ERR_INVAL: arch calls guest_on_bad().
 */
int guest_on_mmio(struct guest *g, struct guest_mmio *m);

/**
 * guest_on_interrupt() - handle an interrupt of the host; fast
 * @irq: HART_IRQ_* (scause without its top bit)
 */
enum guest_leave guest_on_interrupt(struct guest *g, u64 irq);

/** guest_on_wfi() - handle a WFI that has trapped; pc is after it already; full */
enum guest_leave guest_on_wfi(struct guest *g);

/**
 * guest_on_bad() - handle something that a guest may not do; full
 *
 * Return: GUEST_RESUME: arch gives the guest the access fault @f->cause, which is not 0.
 * GUEST_LEAVE: the partition has ended.
 */
enum guest_leave guest_on_bad(struct guest *g, const struct guest_fault *f);

#endif
