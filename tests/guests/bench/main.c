/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmark's guest: it counts the instructions that Cleave takes for each event, and prints
 * one line for each event.
 *
 * It runs alone on one hart under `-icount shift=0`, where the instret CSR counts every
 * instruction of the machine, in whatever mode. It is a manager that logs its own second memory
 * region, so that only the hypercall or the fault lies between two readings. It must never print
 * between two readings, and never measure time.
 *
 * A line is `bench <key> <instructions> <events> <fences> <ipis>`; tests/bench/run.py gives it a
 * name and a peer.
 */
#include "guests/lib/guest.h"

#define ROUNDS	    64U
#define REGION_BASE 0x140000000UL /* of the second memory range in bench.dts, 1 GiB */
#define REGION	    1U
#define GIB_PAGES   0x40000UL
#define LEAF_2M	    0x200000UL

static u64 bitmap[GIB_PAGES / 64] __attribute__((aligned(4096)));

static inline u64 instret(void)
{
	return csr_read(instret);
}

/* The instructions that two readings in a row count; they are taken off every result. */
static u64 reading_cost;

static u64 stat_of(u32 id)
{
	static u64 stats[CLEAVE_STAT_COUNT];

	(void)sbi_call(CLEAVE_EID, CLEAVE_FN_STATS, CLEAVE_VM_SELF, BUF_LO(stats), BUF_HI,
		       CLEAVE_STAT_COUNT, 0, 0);
	return ((volatile u64 *)stats)[id];
}

static u64 fences_before;
static u64 ipis_before;

static void begin(void)
{
	fences_before = stat_of(CLEAVE_STAT_FENCES);
	ipis_before = stat_of(CLEAVE_STAT_FENCE_IPIS);
}

/*
 * @count: instructions, without the cost of reading the counter; @events: what they are divided
 * by
 */
static void report(const char *key, u64 count, u64 events)
{
	u64 fences = stat_of(CLEAVE_STAT_FENCES) - fences_before;
	u64 ipis = stat_of(CLEAVE_STAT_FENCE_IPIS) - ipis_before;

	say("bench %s %lu %lu %lu %lu", key, count, events, fences, ipis);
}

static void need(bool ok, const char *what)
{
	if (!ok) {
		say("bench-failed %s", what);
		sbi_shutdown(true);
	}
}

/*
 * Call a function of the log with a cursor until it is done. Return: the instructions of all its
 * steps
 */
static u64 steps(u64 fn, u64 a2, u64 a3, bool cursor_is_a3)
{
	u64 total = 0;
	u64 cursor = 0;

	do {
		u64 t0 = instret();
		struct sbiret r = cursor_is_a3 ? sbi_call(CLEAVE_EID, fn, CLEAVE_VM_SELF, REGION,
							  a2, cursor, 0, 0)
					       : sbi_call(CLEAVE_EID, fn, CLEAVE_VM_SELF, REGION,
							  a2, a3, cursor, 0);

		total += instret() - t0 - reading_cost;
		need(r.error == 0, "a log call");
		cursor = (u64)r.value;
	} while (cursor != 0);
	return total;
}

static u64 log_start(u64 mode, u64 flags)
{
	return steps(CLEAVE_FN_LOG_START, mode, flags, false);
}

static u64 log_stop(void)
{
	return steps(CLEAVE_FN_LOG_STOP, CLEAVE_LOG_FLAG_COLLAPSE, 0, true);
}

/* Go over the whole region with GET_CLEAR or CLEAR. Return: the instructions of all its steps */
static u64 whole(u64 fn, u64 *pages_dirty)
{
	u64 total = 0;
	u64 first = 0;

	while (first < GIB_PAGES) {
		u64 t0 = instret();
		struct sbiret r = sbi_call(CLEAVE_EID, fn, CLEAVE_VM_SELF, REGION, first,
					   GIB_PAGES - first, BUF_LO(&bitmap[first / 64]), BUF_HI);

		total += instret() - t0 - reading_cost;
		need(r.error == 0 && r.value > 0, "a pass over the log");
		first += (u64)r.value;
	}
	*pages_dirty = 0;
	for (u64 i = 0; i < GIB_PAGES / 64; i++)
		for (u64 w = bitmap[i]; w != 0; w &= w - 1)
			*pages_dirty += 1;
	return total;
}

static u64 store_cost(volatile u64 *p)
{
	u64 t0 = instret();

	*p = 1;
	return instret() - t0 - reading_cost - 1;
}

/* Return: the sum of what the first store to each of ROUNDS addresses costs, @stride bytes apart */
static u64 stores(u64 stride)
{
	u64 total = 0;

	for (u64 i = 0; i < ROUNDS; i++)
		total += store_cost((volatile u64 *)(REGION_BASE + i * stride));
	return total;
}

static u64 calls(u64 eid, u64 fid)
{
	u64 t0 = instret();

	for (unsigned i = 0; i < ROUNDS; i++)
		(void)sbi_call(eid, fid, 0, 0, 0, 0, 0, 0);
	return instret() - t0 - reading_cost;
}

static void write_every(u64 pages)
{
	for (u64 i = 0; i < GIB_PAGES; i += pages)
		*(volatile u64 *)(REGION_BASE + i * PAGE_SIZE) = i;
}

static void bench_calls(void)
{
	begin();
	report("null_hypercall", calls(CLEAVE_EID, CLEAVE_FN_VERSION), ROUNDS);
	begin();
	report("sbi_base", calls(SBI_EID_BASE, SBI_BASE_GET_SPEC_VERSION), ROUNDS);

	/* The UART's scratch register: decoded, emulated, and without effect. */
	begin();
	u64 t0 = instret();
	for (unsigned i = 0; i < ROUNDS; i++)
		*(volatile u8 *)(0x10000000UL + 7) = (u8)i;
	report("mmio_store", instret() - t0 - reading_cost, ROUNDS);
}

static void bench_fault_mode(void)
{
	u64 dirty;

	begin();
	report("start_fault", log_start(CLEAVE_LOG_FAULT, 0), 1);
	/* The first store splits 1 GiB to 2 MiB as well, so it is not counted. */
	*(volatile u64 *)(REGION_BASE + GIB_PAGES * PAGE_SIZE - PAGE_SIZE) = 1;
	begin();
	report("first_write_2m", stores(LEAF_2M), ROUNDS);
	begin();
	*(volatile u64 *)REGION_BASE = 1;
	u64 total = 0;
	for (u64 i = 1; i <= ROUNDS; i++)
		total += store_cost((volatile u64 *)(REGION_BASE + i * PAGE_SIZE));
	report("write_fault", total, ROUNDS);
	(void)whole(CLEAVE_FN_LOG_GET_CLEAR, &dirty);
	need(dirty == 2 * ROUNDS + 1, "the number of dirty pages in fault-driven mode");
	begin();
	report("stop_fault", log_stop(), 1);
}

static void bench_eager_mode(void)
{
	u64 dirty;
	u64 cost;

	begin();
	report("start_eager", log_start(CLEAVE_LOG_EAGER, 0), 1);
	begin();
	report("write_fault_eager", stores(LEAF_2M), ROUNDS);
	(void)whole(CLEAVE_FN_LOG_GET_CLEAR, &dirty);

	begin();
	cost = whole(CLEAVE_FN_LOG_GET_CLEAR, &dirty);
	need(dirty == 0, "that nothing is dirty");
	report("get_clear_none", cost, 1);

	write_every(64);
	begin();
	cost = whole(CLEAVE_FN_LOG_GET_CLEAR, &dirty);
	need(dirty == GIB_PAGES / 64, "that one page in 64 is dirty");
	report("get_clear_sparse", cost, dirty);

	write_every(1);
	begin();
	cost = whole(CLEAVE_FN_LOG_GET_CLEAR, &dirty);
	need(dirty == GIB_PAGES, "that every page is dirty");
	report("get_clear_all", cost, dirty);
	begin();
	report("stop_eager", log_stop(), 1);
}

static void bench_initially_set(const char *start, const char *clear, u64 flags)
{
	u64 dirty;
	u64 cost;

	begin();
	report(start, log_start(CLEAVE_LOG_INITIALLY_SET, flags), 1);
	for (u64 i = 0; i < GIB_PAGES / 64; i++)
		bitmap[i] = ~UINT64_C(0);
	begin();
	cost = whole(CLEAVE_FN_LOG_CLEAR, &dirty);
	report(clear, cost, 1);
	(void)log_stop();
}

void guest_main(unsigned long hartid, const void *fdt)
{
	static struct cleave_vm_info info;
	struct sbiret r;
	u64 t0;

	(void)hartid;
	(void)fdt;
	t0 = instret();
	reading_cost = instret() - t0;

	bench_calls();
	bench_fault_mode();
	bench_eager_mode();
	bench_initially_set("start_initially_set", "first_clear_eager", CLEAVE_LOG_FLAG_EAGER_ON);
	bench_initially_set("start_initially_set_lazy", "first_clear_lazy",
			    CLEAVE_LOG_FLAG_EAGER_OFF);

	/* What the 512 MiB partition beside this one costs, in bytes. */
	r = sbi_call(CLEAVE_EID, CLEAVE_FN_VM_INFO, 1, BUF_LO(&info), BUF_HI, sizeof(info), 0, 0);
	need(r.error == 0, "the other partition");
	say("bench overhead_512m %lu 1 0 0", ((volatile struct cleave_vm_info *)&info)->overhead);
	say("bench done 0 1 0 0");
	sbi_shutdown(false);
}
