/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a partition finds in the CSRs of a hart that it shares. It tries all 4096 numbers, and the
 * registers that siselect chooses, writes a pattern of its own (`mark`) into each that takes a
 * write, and looks again and again what is there: its own value, or zero. Anything else is what
 * another partition has left.
 *
 * With `refused=N` it is a manager, and VM N one that it cannot create. With `counters=on` or `off`
 * it looks at cycle, time, instret and the event counters instead.
 */
#include "guests/lib/guest.h"

#define CSRS		 4096U
#define CSRRW_T0_T1	 0x312f3U /* csrrw t0, csr, t1 | csr << 20 */
#define CSRRS_T0_ZERO	 0x22f3U  /* csrrs t0, csr, x0 | csr << 20 */
#define RET		 0x8067U
#define CSR_SCTRCTL	 0x14eU
#define CSR_SISELECT	 0x150U
#define CSR_SIREG	 0x151U
#define CSR_CYCLE	 0xc00U
#define CSR_TIME	 0xc01U
#define CSR_INSTRET	 0xc02U
#define CSR_HPMCOUNTER3	 0xc03U
#define CSR_HPMCOUNTER31 0xc1fU
#define CSR_SIREGS	 3U
#define SELECTED_FIRST	 0x200U /* the records of Ssctr */
#define SELECTED	 16U
#define FOUND_MAX	 128U
#define ROUND_US	 7000U /* so the turns of a shared hart fall anywhere in a round */

#define SSTATUS_FS_VS 0x6600U

/* What this program lives on: interrupts and traps, its timer, its address space */
static const u32 own[] = { 0x100, 0x104, 0x105, 0x140, 0x141, 0x142, 0x143, 0x144, 0x14d, 0x180 };

static struct found {
	u32 csr;
	u32 select; /* siselect, where the CSR is one of sireg */
	u64 kept;   /* of what was written */
} found[FOUND_MAX];
static u32 nr_found;

static u32 code[2] __attribute__((aligned(16)));

struct access {
	u64 in;
	u64 out;
};

static void run_code(void *arg)
{
	struct access *a = arg;

	__asm__ volatile("mv	t1, %1\n"
			 "jalr	ra, %2\n"
			 "mv	%0, t0\n"
			 : "=&r"(a->out)
			 : "r"(a->in), "r"(code)
			 : "t0", "t1", "ra", "memory");
}

static bool try_csr(u32 instruction, u32 csr, u64 in, u64 *out)
{
	struct access a = { .in = in };
	u64 cause;

	code[0] = instruction | csr << 20;
	code[1] = RET;
	__asm__ volatile("fence.i" ::: "memory");
	cause = trap_try(run_code, &a, NULL);
	*out = a.out;
	return cause == TRAP_NONE;
}

static bool select(u32 n)
{
	u64 old;

	return n == 0 || try_csr(CSRRW_T0_T1, CSR_SISELECT, n, &old);
}

static bool is_own(u32 csr)
{
	for (u32 i = 0; i < ARRAY_SIZE(own); i++) {
		if (csr == own[i])
			return true;
	}
	return false;
}

/* Remember a CSR if it can be written; what is in it stays there. */
static void find(u32 csr, u32 n)
{
	u64 value, old;

	if (!select(n) || !try_csr(CSRRS_T0_ZERO, csr, 0, &value) ||
	    !try_csr(CSRRW_T0_T1, csr, value, &old))
		return;
	if (nr_found == FOUND_MAX) {
		check(false, "more than %u CSRs can be written", FOUND_MAX);
		return;
	}
	found[nr_found] = (struct found){ .csr = csr, .select = n };
	nr_found++;
}

static void find_all(void)
{
	for (u32 csr = 0; csr < CSRS; csr++) {
		if (!is_own(csr) && csr != CSR_SISELECT)
			find(csr, 0);
	}
	for (u32 i = 0; i < SELECTED * CSR_SIREGS; i++)
		find(CSR_SIREG + i % CSR_SIREGS, SELECTED_FIRST + i / CSR_SIREGS);
}

/*
 * Write @pattern into all that was found. In sctrctl the bits S and U stay clear, so that no jump
 * of this program becomes a record.
 */
static void mark_all(u64 pattern)
{
	u64 value;

	for (u32 i = 0; i < nr_found; i++) {
		u64 mine = found[i].csr == CSR_SCTRCTL ? pattern & ~UINT64_C(3) : pattern;

		(void)select(found[i].select);
		(void)try_csr(CSRRW_T0_T1, found[i].csr, mine, &value);
	}
	/* fflags and frm are parts of fcsr: what is kept is read when all is written. */
	for (u32 i = 0; i < nr_found; i++) {
		value = 0;
		(void)select(found[i].select);
		(void)try_csr(CSRRS_T0_ZERO, found[i].csr, 0, &value);
		found[i].kept = value;
	}
}

/* Return: how many hold neither what was kept nor zero. Each is said once. */
static u32 look(void)
{
	u32 wrong = 0;
	u64 value;

	for (u32 i = 0; i < nr_found; i++) {
		struct found *f = &found[i];

		value = 0;
		if (!select(f->select) || !try_csr(CSRRS_T0_ZERO, f->csr, 0, &value) ||
		    value == f->kept || value == 0)
			continue;
		say("CSR 0x%x (siselect 0x%x) holds 0x%lx, and 0x%lx was left there", f->csr,
		    f->select, value, f->kept);
		f->kept = value;
		wrong++;
	}
	return wrong;
}

static void say_found(void)
{
	for (u32 i = 0; i < nr_found; i++) {
		if (found[i].select == 0)
			say("can write 0x%x, which holds 0x%lx", found[i].csr, found[i].kept);
	}
}

/*
 * With @on, cycle and instret can be read, else they are illegal instructions, and the ISA string
 * has no Zicntr. Time can always be read, and no event counter ever. Both on this hart.
 */
static void test_counters(void *arg)
{
	bool on = arg != NULL;
	u64 value;

	check_eq(try_csr(CSRRS_T0_ZERO, CSR_CYCLE, 0, &value), on, "cycle");
	check_eq(try_csr(CSRRS_T0_ZERO, CSR_INSTRET, 0, &value), on, "instret");
	check(try_csr(CSRRS_T0_ZERO, CSR_TIME, 0, &value), "time");
	for (u32 i = CSR_HPMCOUNTER3; i <= CSR_HPMCOUNTER31; i++) {
		if (try_csr(CSRRS_T0_ZERO, i, 0, &value))
			check(false, "event counter 0x%x can be read", i);
	}
}

static bool has_zicntr(const char *isa)
{
	for (; *isa != '\0'; isa++) {
		if (strncmp(isa, "_zicntr", strlen("_zicntr")) == 0)
			return true;
	}
	return false;
}

static void test_all_counters(const void *fdt, bool on)
{
	void *arg = on ? code : NULL;

	test_counters(arg);
	check_eq(has_zicntr(fdt_isa(fdt)), on, "Zicntr in the ISA string");
	check(start_hart(1, test_counters, arg) == 0, "another hart");
	wait_hart_stopped(1);
	finish();
}

void guest_main(unsigned long hartid, const void *fdt)
{
	u64 pattern = bootarg_number(fdt, "mark", 1) == 1 ? 0x5555555555555555 : 0xaaaaaaaaaaaaaaaa;
	u64 rounds = bootarg_number(fdt, "rounds", 40);
	u32 slot, wrong = 0;
	char word[8] = "";

	(void)hartid;
	if (bootarg(fdt, "counters", word, sizeof(word)))
		test_all_counters(fdt, strcmp(word, "on") == 0);
	csr_set(sstatus, SSTATUS_FS_VS); /* so that fcsr and the CSRs of V are there */
	slot = (u32)bootarg_number(fdt, "refused", CLEAVE_VM_SELF);
	if (slot != CLEAVE_VM_SELF)
		check(cleave_vm_steps(CLEAVE_FN_VM_CREATE, slot).error == SBI_ERR_FAILED,
		      "a slot that was refused cannot be created");
	find_all();
	mark_all(pattern);
	say_found();
	for (u64 i = 0; i < rounds; i++) {
		wait_us(ROUND_US);
		wrong += look();
	}
	check(nr_found > 1, "CSRs can be written");
	check_eq(wrong, 0, "CSRs that hold what another partition left, of %u", nr_found);
	finish();
}
