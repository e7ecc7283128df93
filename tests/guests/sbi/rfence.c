/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFENCE: its arguments, and that the fence has happened when the call returns. Another hart
 * reads through a page table that this one changes, and must not see the old page once the remote
 * fence has returned.
 */
#include "tests/guests/sbi/sbi_test.h"

#define PTE_V	     0x01U
#define PTE_R	     0x02U
#define PTE_W	     0x04U
#define PTE_X	     0x08U
#define PTE_A	     0x40U
#define PTE_D	     0x80U
#define PTE_LEAF     (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
#define SATP_SV39    (UINT64_C(8) << 60)
#define SATP_ASID(a) ((u64)(a) << 44)
#define ASID	     5U

/* Where the page under test is mapped: the last GiB of the lower half */
#define TEST_VA (UINT64_C(0xff) << 30)

static struct sbiret rfence(u64 fid, u64 mask, u64 base, u64 start, u64 size, u64 asid)
{
	return sbi_call(SBI_EID_RFENCE, fid, mask, base, start, size, asid, 0);
}

static void test_arguments(void)
{
	for (u64 fid = 0; fid <= SBI_RFENCE_SFENCE_VMA_ASID; fid++) {
		check_eq((u64)rfence(fid, 1, 0, 0, 0, 0).error, 0, "RFENCE %lu: itself", fid);
		check_eq((u64)rfence(fid, 0, SBI_HART_MASK_BASE_ALL, 0, 0, 0).error, 0,
			 "RFENCE %lu: all", fid);
		check_eq((u64)rfence(fid, 0, 0, 0, 0, 0).error, 0, "RFENCE %lu: nobody", fid);
		check_eq((u64)rfence(fid, 1UL << part.harts, 0, 0, 0, 0).error,
			 (u64)SBI_ERR_INVALID_PARAM, "RFENCE %lu: hart beyond the last", fid);
		check_eq((u64)rfence(fid, 1, part.harts, 0, 0, 0).error, (u64)SBI_ERR_INVALID_PARAM,
			 "RFENCE %lu: base beyond the last", fid);
	}
	for (u64 fid = SBI_RFENCE_SFENCE_VMA; fid <= SBI_RFENCE_SFENCE_VMA_ASID; fid++) {
		check_eq((u64)rfence(fid, 0, SBI_HART_MASK_BASE_ALL, 0, UINT64_MAX, 0).error, 0,
			 "RFENCE %lu: size -1", fid);
		check_eq((u64)rfence(fid, 0, SBI_HART_MASK_BASE_ALL, 0x1001, 0x1fff, 1).error, 0,
			 "RFENCE %lu: unaligned range", fid);
		check_eq((u64)rfence(fid, 0, SBI_HART_MASK_BASE_ALL, 0, UINT64_C(1) << 38, 1).error,
			 0, "RFENCE %lu: 256 GiB", fid);
		check_eq((u64)rfence(fid, 0, SBI_HART_MASK_BASE_ALL, UINT64_MAX - 0xfff, 0x1000, 1)
				 .error,
			 0, "RFENCE %lu: the last page", fid);
		check_eq((u64)rfence(fid, 1, 0, UINT64_MAX - 0xfff, 0x2000, 0).error,
			 (u64)SBI_ERR_INVALID_ADDRESS, "RFENCE %lu: across 2^64", fid);
		check_eq((u64)rfence(fid, 1, 0, 0x1000, UINT64_MAX - 1U, 0).error,
			 (u64)SBI_ERR_INVALID_ADDRESS, "RFENCE %lu: far across 2^64", fid);
	}
	/*
	 * A guest does not have the H extension. Errors in the arguments do not change the
	 * answer.
	 */
	for (u64 fid = 3; fid <= 7U; fid++) {
		check_eq((u64)rfence(fid, 1, 0, 0, 0, 0).error, (u64)SBI_ERR_NOT_SUPPORTED,
			 "RFENCE %lu: not for this guest", fid);
		check_eq((u64)rfence(fid, UINT64_MAX, 1, 0, 0, 0).error, (u64)SBI_ERR_NOT_SUPPORTED,
			 "RFENCE %lu: nor with a bad mask", fid);
	}
}

static u64 root[512] __attribute__((aligned(4096)));
static u64 middle[512] __attribute__((aligned(4096)));
static u64 leaves[512] __attribute__((aligned(4096)));
static u64 page[2][512] __attribute__((aligned(4096)));

static u64 table_pte(const u64 *table)
{
	return ((u64)table >> 12) << 10 | PTE_V;
}

static u64 leaf_pte(const void *at)
{
	return ((u64)at >> 12) << 10 | PTE_LEAF;
}

/* The low half maps to itself by 1 GiB leaves, except the last, where TEST_VA maps to page[0]. */
static void make_tables(void)
{
	memset(root, 0, sizeof(root));
	memset(middle, 0, sizeof(middle));
	memset(leaves, 0, sizeof(leaves));
	for (u64 i = 0; i < 255U; i++)
		root[i] = (i << 30 >> 12) << 10 | PTE_LEAF;
	root[TEST_VA >> 30 & 511U] = table_pte(middle);
	middle[0] = table_pte(leaves);
	leaves[0] = leaf_pte(page[0]);
	page[0][0] = 0;
	page[1][0] = 1;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static u64 reading, stop_reading;
static u64 change; /* counts: 2 * n: page[n % 2] is mapped; odd: a change is under way */
static u64 stale;

/*
 * Reads through the mapping for ever. If no change began or ended meanwhile, it must see the page
 * that is mapped.
 */
static void reader(void *arg)
{
	volatile u64 *p = (volatile u64 *)TEST_VA;
	u64 satp = SATP_SV39 | SATP_ASID(ASID) | (u64)root >> 12;

	(void)arg;
	csr_write(satp, satp);
	__asm__ volatile("sfence.vma" ::: "memory");
	publish(&reading, 1);
	while (__atomic_load_n(&stop_reading, __ATOMIC_ACQUIRE) == 0) {
		u64 before = __atomic_load_n(&change, __ATOMIC_ACQUIRE);
		u64 got = *p;
		u64 after;

		__atomic_thread_fence(__ATOMIC_SEQ_CST); /* the read comes before the second look */
		after = __atomic_load_n(&change, __ATOMIC_ACQUIRE);
		if (before == after && before % 2U == 0 && got != before / 2U % 2U)
			stale++;
	}
	csr_write(satp, 0);
	__asm__ volatile("sfence.vma" ::: "memory");
}

static void test_fence_has_happened(u32 hart, u64 fid, u64 size, const char *name)
{
	u32 wrong = 0;

	make_tables();
	reading = 0;
	stop_reading = 0;
	change = 0;
	stale = 0;
	check_eq((u64)start_hart(hart, reader, NULL), 0, "RFENCE: hart %u reads, %s", hart, name);
	wait_for(&reading, 1);
	for (u64 i = 1; i <= 200U; i++) {
		publish(&change, 2U * i - 1U);
		__atomic_store_n(&leaves[0], leaf_pte(page[i % 2U]), __ATOMIC_SEQ_CST);
		if (rfence(fid, 1UL << hart, 0, TEST_VA, size, ASID).error != 0)
			wrong++;
		publish(&change, 2U * i);
		/* Let it read a while. */
		for (u32 spin = 0; spin < 200U; spin++)
			cpu_relax();
	}
	publish(&stop_reading, 1);
	wait_hart_stopped(hart);
	check_eq(wrong, 0, "RFENCE: %s: all succeed", name);
	check_eq(stale, 0, "RFENCE: %s: hart %u never saw an old page", name, hart);
}

static u32 patch[4] __attribute__((aligned(16)));
static u64 patch_ready, patch_go, patch_result;

/* li a0, value; ret */
static void write_patch(u32 value)
{
	patch[0] = value << 20 | 10U << 7 | 0x13U;
	patch[1] = 0x00008067U;
}

static void patch_runner(void *arg)
{
	u64 (*fn)(void) = (u64(*)(void))(u64)patch;

	(void)arg;
	patch_result = fn();
	publish(&patch_ready, 1);
	wait_for(&patch_go, 1);
	patch_result = fn();
}

static void test_fence_i(u32 hart)
{
	patch_ready = 0;
	patch_go = 0;
	write_patch(11);
	__asm__ volatile("fence.i" ::: "memory");
	check_eq((u64)start_hart(hart, patch_runner, NULL), 0, "RFENCE: hart %u runs code", hart);
	wait_for(&patch_ready, 1);
	check_eq(patch_result, 11, "RFENCE: it ran what was there");
	write_patch(22);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	check_eq((u64)rfence(SBI_RFENCE_FENCE_I, 1UL << hart, 0, 0, 0, 0).error, 0,
		 "RFENCE: fence.i");
	publish(&patch_go, 1);
	wait_hart_stopped(hart);
	check_eq(patch_result, 22, "RFENCE: hart %u runs the new code", hart);
}

/* To fence a hart that is stopped or suspended is not an error, and nobody waits for it. */
static void test_fence_of_the_absent(void)
{
	check_eq((u64)rfence(SBI_RFENCE_SFENCE_VMA, (UINT64_C(1) << part.harts) - 1U, 0, 0x1000,
			     0x1000, 0)
			 .error,
		 0, "RFENCE: all harts, most of them stopped");
}

void test_rfence(void)
{
	test_arguments();
	test_fence_of_the_absent();
	for (u32 i = 1; i < part.harts; i++) {
		test_fence_i(i);
		test_fence_has_happened(i, SBI_RFENCE_SFENCE_VMA, 4096, "a page");
		test_fence_has_happened(i, SBI_RFENCE_SFENCE_VMA_ASID, 4096, "a page of an ASID");
		test_fence_has_happened(i, SBI_RFENCE_SFENCE_VMA_ASID, 1UL << 30,
					"a GiB of an ASID");
		test_fence_has_happened(i, SBI_RFENCE_SFENCE_VMA, UINT64_MAX, "everything");
	}
}
