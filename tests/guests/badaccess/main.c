/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An access to what is not there is answered as a hart answers it: by an access fault of the right
 * cause, at the address that the guest used, from VS- and from VU-mode, and the guest goes on.
 * Among them are accesses by the walk of the guest's own page tables, accesses that straddle the
 * end of memory, and those that an emulated device does not take.
 *
 * Bootargs: `end=vector` makes the vector itself unreachable as the last act, which ends the
 * partition; `end=vector-walk` takes away its translation.
 */
#include "tests/guests/mode_run.h"

#define SSTATUS_FS (UINT64_C(3) << 13)

#define NOWHERE UINT64_C(0x40000000)
#define FAR	UINT64_C(0xfedcba9876543210)
#define PLIC	UINT64_C(0x0c002000)

/* Virtual addresses, one of each kind of page table; each is the first of a GiB. */
#define VA_TABLE_NOWHERE UINT64_C(0x0)	       /* its next table lies nowhere */
#define VA_TABLE_DEVICE	 UINT64_C(0x40000000)  /* its next table lies in the PLIC */
#define VA_LEAF_NOWHERE	 UINT64_C(0x100000000) /* it is mapped to where nothing is */

#define SATP_SV39 (UINT64_C(8) << 60)
#define PTE_V	  UINT64_C(0x01)
#define PTE_LEAF  UINT64_C(0xcf) /* V, R, W, X, A, D */
#define PTE_USER  UINT64_C(0x10)
#define PTE(pa)	  ((pa) >> 12 << 10)

#define LIST_LOADS(F)  F(lb) F(lhu) F(lw) F(ld) F(lr) F(fld)
#define LIST_STORES(F) F(sb) F(sh) F(sw) F(sd) F(amo) F(amow) F(fsd)

#define DECLARE(name) void bad_##name(void);
LIST_LOADS(DECLARE)
LIST_STORES(DECLARE)
DECLARE(jump)

struct act {
	const char *name;
	void (*fn)(void);
	u64 cause;
};

#define ROW_LOAD(n)  { #n, bad_##n, TRAP_LOAD_FAULT },
#define ROW_STORE(n) { #n, bad_##n, TRAP_STORE_FAULT },

static struct act acts[] = { LIST_LOADS(ROW_LOAD)
				     LIST_STORES(ROW_STORE){ "jump", bad_jump, TRAP_FETCH_FAULT } };

static u64 table[512] __attribute__((aligned(4096)));
static u64 base, size;
static u64 faults; /* how many access faults this program was given */

static u64 satp_of(bool translated, bool user)
{
	u64 leaf = PTE_LEAF | (user ? PTE_USER : 0U);

	if (!translated)
		return 0;
	table[0] = PTE(NOWHERE) | PTE_V;
	table[1] = PTE(PLIC) | PTE_V;
	table[base >> 30] = PTE(base >> 30 << 30) | leaf;
	table[VA_LEAF_NOWHERE >> 30] = PTE(NOWHERE) | leaf;
	return SATP_SV39 | (u64)table >> 12;
}

/*
 * Run @pc once, and check what trap came of it. In user mode code of the program can be fetched
 * where memory is not translated.
 */
static void one(const char *what, u64 pc, u64 address, u64 cause, u64 sepc, u64 stval, bool user,
		bool translated)
{
	struct mode_trap t = { .scause = TRAP_NONE };
	u64 sstatus = SSTATUS_SPIE | SSTATUS_FS | (user ? 0 : SSTATUS_SPP);

	__asm__ volatile("fence.i" ::: "memory");
	csr_write(satp, satp_of(translated, user));
	__asm__ volatile("sfence.vma" ::: "memory");
	mode_run(pc, sstatus, &t, address, false);
	faults++;
	(void)check(t.scause == cause && t.sepc == sepc && t.stval == stval &&
			    (t.sstatus & SSTATUS_SPP) == (user ? 0 : SSTATUS_SPP) &&
			    (t.sstatus & SSTATUS_SPIE) != 0 && (t.sstatus & SSTATUS_SIE) == 0,
		    "%s at 0x%lx, mode %c%s", what, address, user ? 'U' : 'S',
		    translated ? ", translated" : "");
	if (t.scause != cause || t.sepc != sepc || t.stval != stval)
		say("cause %lu sepc 0x%lx stval 0x%lx; wanted %lu, 0x%lx, 0x%lx", t.scause, t.sepc,
		    t.stval, cause, sepc, stval);
}

/* All acts at @address, which is 0x... where @at says what is there. */
static void all(const char *at, u64 address, bool translated)
{
	for (u32 i = 0; i < ARRAY_SIZE(acts); i++) {
		u64 pc = (u64)acts[i].fn;
		bool jump = acts[i].cause == TRAP_FETCH_FAULT;
		char name[48];

		(void)str_print(name, sizeof(name), "%s %s", acts[i].name, at);
		one(name, pc, address, acts[i].cause, jump ? address : pc, address, false,
		    translated);
		if (!translated)
			one(name, pc, address, acts[i].cause, jump ? address : pc, address, true,
			    false);
	}
}

/* What an emulated device does not take: atomic and floating-point accesses, and fetches */
static void device(void)
{
	static const char *const refused[] = { "lr", "fld", "amo", "amow", "fsd", "jump" };

	for (u32 i = 0; i < ARRAY_SIZE(acts); i++) {
		for (u32 k = 0; k < ARRAY_SIZE(refused); k++) {
			if (strcmp(acts[i].name, refused[k]) != 0)
				continue;
			one(refused[k], (u64)acts[i].fn, PLIC, acts[i].cause,
			    acts[i].cause == TRAP_FETCH_FAULT ? PLIC : (u64)acts[i].fn, PLIC, false,
			    false);
		}
	}
	one("misaligned lw of a device", (u64)bad_lw, PLIC + 2, TRAP_LOAD_FAULT, (u64)bad_lw,
	    PLIC + 2, false, false);
	one("misaligned sw to a device", (u64)bad_sw, PLIC + 2, TRAP_STORE_FAULT, (u64)bad_sw,
	    PLIC + 2, false, false);
}

/*
 * Accesses whose first bytes are memory. The part that faults is the second: stval is its address,
 * or that of the access where the hart does not split it.
 */
static void straddle(const char *what, void (*fn)(void), u64 cause)
{
	struct mode_trap t = { .scause = TRAP_NONE };
	u64 end = base + size;

	mode_run((u64)fn, SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_FS, &t, end - 4, false);
	faults++;
	(void)check(t.scause == cause && t.sepc == (u64)fn &&
			    (t.stval == end || t.stval == end - 4),
		    "%s over the end of memory", what);
}

/* Half of an instruction of four bytes lies in memory. */
static void straddle_fetch(void)
{
	u64 end = base + size;

	*(volatile u16 *)(end - 2) = 0x0513; /* the first half of an addi */
	__asm__ volatile("fence.i" ::: "memory");
	one("fetch over the end of memory", end - 2, 0, TRAP_FETCH_FAULT, end - 2, end, false,
	    false);
}

static u64 counted(void)
{
	static u64 stats[CLEAVE_STAT_COUNT];

	(void)cleave_stats(CLEAVE_VM_SELF, stats, CLEAVE_STAT_COUNT);
	return stats[CLEAVE_STAT_BAD_ACCESSES];
}

static void end_vector(void)
{
	csr_write(stvec, NOWHERE);
	__asm__ volatile(".word 0" ::: "memory");
}

static void end_vector_walk(void)
{
	csr_write(satp, satp_of(true, false));
	__asm__ volatile("sfence.vma" ::: "memory");
	csr_write(stvec, VA_TABLE_NOWHERE + 0x1000);
	__asm__ volatile(".word 0" ::: "memory");
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char end[16] = "";
	u64 before = counted();

	(void)hartid;
	(void)bootarg(fdt, "end", end, sizeof(end));
	if (!check(fdt_memory(fdt, &base, &size), "there is memory"))
		finish();
	all("of nothing", NOWHERE + 0x238, false);
	all("of no address", FAR, false);
	all("after its memory", base + size, false);
	all("through a table that is not there", VA_TABLE_NOWHERE + 0x1238, true);
	all("through a table in a device", VA_TABLE_DEVICE + 0x1238, true);
	all("mapped to nothing", VA_LEAF_NOWHERE + 0x1238, true);
	device();
	straddle("ld", bad_ld, TRAP_LOAD_FAULT);
	straddle("sd", bad_sd, TRAP_STORE_FAULT);
	straddle_fetch();
	(void)check_eq(counted() - before, faults, "each is counted");
	if (strcmp(end, "vector") == 0)
		end_vector();
	if (strcmp(end, "vector-walk") == 0)
		end_vector_walk();
	finish();
}
