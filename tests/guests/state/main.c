/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does the hypervisor keep a vCPU's state? Every hart of the partition fills integer,
 * floating-point and vector registers and the CSRs of VS-mode with values of its own. Then it
 * lets something happen: a call, a device access, a virtual instruction, or just time, in which
 * another vCPU may have its turn on the same hart. It then looks whether everything is as it was.
 *
 * Run it with more vCPUs than harts, and beside another partition, to test the switch between
 * vCPUs. Bootargs: `rounds=N` (default 300).
 */
#include "guests/lib/guest.h"

/*
 * Interrupt enables of a hart in the PLIC: a register that keeps all bits but bit 0, and that has
 * no effect while priorities are 0
 */
#define PLIC_ENABLE(hart) (0x0c002000UL + 0x80UL * (hart))

#define EVENTS 5U
enum event {
	EVENT_SPIN = 0,
	EVENT_ECALL = 1,
	EVENT_LOAD = 2,
	EVENT_STORE = 3,
	EVENT_ILLEGAL = 4,
};

#define SPIN_COUNT   60000U
#define VLENB_MAX    512U
#define SSTATUS_FS   (UINT64_C(3) << 13)
#define SSTATUS_VS   (UINT64_C(3) << 9)
#define SENVCFG_FIOM UINT64_C(1)

/* round.S knows the layout */
struct round {
	u64 in[32];
	u64 out[32];
	u64 sp, gp, tp;
};

void state_round(struct round *r, u64 event);
void fp_fill(const u64 *f, u64 fcsr);
u64 fp_read(u64 *f);
void vector_fill(const void *regs);
void vector_read(void *regs, u64 *csr);

struct per_hart {
	struct round round;
	u64 seed;
	u64 f[32], f_out[32];
	u8 v[32 * VLENB_MAX], v_out[32 * VLENB_MAX];
	u64 vcsr[4];
	u64 wrong; /* of the round, one bit for each kind of state */
	u64 rounds;
	u64 device; /* address of a 32-bit register that is this hart's alone */
	u32 device_value;
	bool fp, vector, senvcfg, siselect;
	u64 done;
};

static struct per_hart harts[GUEST_MAX_HARTS] __attribute__((aligned(64)));
static u64 rounds_wanted = 300;

static u64 next(u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void try_fp(void *arg)
{
	fp_fill(arg, 0);
}

static void try_vector(void *arg)
{
	vector_fill(arg);
}

static void try_senvcfg(void *arg)
{
	(void)arg;
	csr_write(senvcfg, 0);
}

/*
 * Registers of the AIA and of indirect CSRs, which a guest is not given. If it can read one all
 * the same, it must not see another guest's value there.
 */
#define SISELECT_BITS 0x1ffU

static void try_siselect(void *arg)
{
	(void)arg;
	csr_write(0x150, 0);
}

static const char *const kind_name[] = { "integer registers", "floating-point registers",
					 "vector registers", "CSRs of VS-mode" };

#define WRONG_X	  1U
#define WRONG_FP  2U
#define WRONG_VEC 4U
#define WRONG_CSR 8U

/* Return: what the event leaves in register @n, given what went in */
static u64 expected(const struct per_hart *h, enum event event, unsigned n, u64 sbi_version)
{
	if (event == EVENT_SPIN && n == 31)
		return 0;
	if (event == EVENT_ECALL && n == 10)
		return 0;
	if (event == EVENT_ECALL && n == 11)
		return sbi_version;
	if (event == EVENT_LOAD && n == 29)
		return (u64)(s64)(s32)h->device_value;
	return h->round.in[n];
}

/* Choose what goes into the registers in this round. */
static void choose_registers(struct per_hart *h, enum event event)
{
	for (unsigned n = 1; n < 32; n++)
		h->round.in[n] = next(&h->seed);
	if (event == EVENT_SPIN)
		h->round.in[31] = SPIN_COUNT;
	if (event == EVENT_ECALL) {
		h->round.in[16] = 0; /* sbi_get_spec_version() */
		h->round.in[17] = SBI_EID_BASE;
	}
	if (event == EVENT_LOAD || event == EVENT_STORE)
		h->round.in[30] = h->device;
	for (unsigned n = 0; n < 32; n++)
		h->f[n] = next(&h->seed);
	for (size_t i = 0; i < sizeof(h->v); i += 8)
		*(u64 *)&h->v[i] = next(&h->seed);
}

/* Compare the registers with what went in; the CSRs are one_round()'s. */
static void check_registers(struct per_hart *h, enum event event, u64 sbi_version, u64 fcsr)
{
	for (unsigned n = 1; n < 32; n++)
		if (h->round.out[n] != expected(h, event, n, sbi_version))
			h->wrong |= WRONG_X;
	if (h->fp && (fp_read(h->f_out) != fcsr || memcmp(h->f, h->f_out, sizeof(h->f)) != 0))
		h->wrong |= WRONG_FP;
	if (h->vector) {
		u64 vlenb = csr_read(0xc22);

		vector_read(h->v_out, h->vcsr);
		if (memcmp(h->v, h->v_out, 32U * vlenb) != 0 || h->vcsr[0] != 2 ||
		    h->vcsr[1] != 3 || h->vcsr[3] != 5)
			h->wrong |= WRONG_VEC;
	}
}

static void one_round(struct per_hart *h, enum event event, u64 sbi_version)
{
	static const u64 sie_bits = SIE_SOFT | SIE_TIMER;
	u64 fcsr = next(&h->seed) & 0xffU & ~UINT64_C(0x80); /* rounding mode below 4 */
	u64 sepc = next(&h->seed) & ~UINT64_C(1);
	u64 scause = next(&h->seed) & 0xf;
	u64 stval = next(&h->seed) & 0x7fffffffff;
	u64 stvec = csr_read(stvec);
	u64 sstatus;
	u64 scounteren = h->seed & 7U;

	choose_registers(h, event);

	csr_write(sepc, sepc);
	csr_write(scause, scause);
	csr_write(stval, stval);
	csr_write(scounteren, scounteren);
	if (h->senvcfg)
		csr_write(senvcfg, h->seed & SENVCFG_FIOM);
	if (h->siselect)
		csr_write(0x150, h->seed & SISELECT_BITS);
	csr_write(sie, sie_bits);
	if (h->fp)
		fp_fill(h->f, fcsr);
	if (h->vector)
		vector_fill(h->v);
	sstatus = csr_read(sstatus);

	state_round(&h->round, event);

	if (event == EVENT_STORE)
		h->device_value = (u32)h->round.in[29] & ~1U;
	if (csr_read(sscratch) != (u64)&h->round || csr_read(scounteren) != scounteren ||
	    csr_read(sie) != sie_bits || csr_read(satp) != 0 ||
	    (h->senvcfg && csr_read(senvcfg) != (h->seed & SENVCFG_FIOM)) ||
	    (h->siselect && csr_read(0x150) != (h->seed & SISELECT_BITS)))
		h->wrong |= WRONG_CSR;
	if (event == EVENT_ILLEGAL) {
		/*
		 * The trap wrote these: SPP says VS-mode, and the cause is that of a hart without
		 * H.
		 */
		if (csr_read(scause) != TRAP_ILLEGAL || csr_read(stvec) == stvec)
			h->wrong |= WRONG_CSR;
		csr_write(stvec, stvec);
	} else if (csr_read(sepc) != sepc || csr_read(scause) != scause ||
		   csr_read(stval) != stval || csr_read(sstatus) != sstatus ||
		   csr_read(stvec) != stvec) {
		h->wrong |= WRONG_CSR;
	}
	check_registers(h, event, sbi_version, fcsr);
}

/* Have another vCPU have its turn on this hart. */
static void nap(void)
{
	sbi_set_timer(rdtime() + ticks_per_second() / 500U);
	csr_set(sie, SIE_TIMER);
	__asm__ volatile("wfi" ::: "memory");
	csr_clear(sie, SIE_TIMER);
	sbi_set_timer(UINT64_MAX);
}

/*
 * Registers that were saved in one turn, and of which the next turn changes nothing but CSRs: fcsr,
 * vcsr (0x00f) and vstart (0x008). Interrupts are off in sstatus.
 * @off: FS and VS are off when the turn ends, as a kernel leaves them
 */
static void late_csrs(struct per_hart *h, bool off)
{
	if (h->fp)
		fp_fill(h->f, 0);
	if (h->vector)
		vector_fill(h->v);
	nap();
	if (h->fp)
		csr_write(fcsr, 0x7f);
	if (h->vector) {
		csr_write(0x00f, 2);
		csr_write(0x008, 1);
	}
	if (off)
		csr_clear(sstatus, SSTATUS_FS | SSTATUS_VS);
	nap();
	csr_set(sstatus, SSTATUS_FS | SSTATUS_VS);
	if (h->fp && csr_read(fcsr) != 0x7f)
		h->wrong |= WRONG_FP;
	if (h->vector && (csr_read(0x00f) != 2 || csr_read(0x008) != 1))
		h->wrong |= WRONG_VEC;
}

static void run_hart(void *arg)
{
	struct per_hart *h = arg;
	u64 sbi_version =
		(u64)sbi_call(SBI_EID_BASE, SBI_BASE_GET_SPEC_VERSION, 0, 0, 0, 0, 0, 0).value;

	csr_set(sstatus, SSTATUS_FS | SSTATUS_VS);
	h->fp = trap_try(try_fp, h->f, NULL) == TRAP_NONE;
	h->vector = trap_try(try_vector, h->v, NULL) == TRAP_NONE;
	h->senvcfg = trap_try(try_senvcfg, NULL, NULL) == TRAP_NONE;
	h->siselect = trap_try(try_siselect, NULL, NULL) == TRAP_NONE;
	for (u32 i = 0; i < 10U; i++)
		late_csrs(h, i % 2U != 0);
	for (h->rounds = 0; h->rounds < rounds_wanted && h->wrong == 0; h->rounds++)
		one_round(h, (enum event)(h->rounds % EVENTS), sbi_version);
	__atomic_store_n(&h->done, 1, __ATOMIC_RELEASE);
}

void guest_main(unsigned long hartid, const void *fdt)
{
	u32 cpus = fdt_cpus(fdt);

	rounds_wanted = bootarg_number(fdt, "rounds", rounds_wanted);
	for (u32 i = 0; i < cpus; i++) {
		harts[i].device = PLIC_ENABLE(i);
		harts[i].seed = 0x9e3779b97f4a7c15UL * (i + 1U + rounds_wanted);
		if (i != hartid)
			(void)check(start_hart(i, run_hart, &harts[i]) == 0, "start hart %u", i);
	}
	run_hart(&harts[hartid]);
	for (u32 i = 0; i < cpus; i++) {
		while (__atomic_load_n(&harts[i].done, __ATOMIC_ACQUIRE) == 0)
			cpu_relax();
		(void)check_eq(harts[i].rounds, rounds_wanted,
			       "hart %u: all rounds (fp %d, vector %d, senvcfg %d, siselect %d)", i,
			       harts[i].fp, harts[i].vector, harts[i].senvcfg, harts[i].siselect);
		for (unsigned k = 0; k < ARRAY_SIZE(kind_name); k++)
			(void)check((harts[i].wrong >> k & 1U) == 0, "hart %u: %s are kept", i,
				    kind_name[k]);
	}
	finish();
}
