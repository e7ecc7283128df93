/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SBI that Cleave gives to guests, compared with SBI 2.0 function by function: values, error
 * codes, what happens in the right order, what is left alone. Run it with 1, 2 and 4 vCPUs, on
 * one hart and on several, with and without Sstc.
 */
#include "tests/guests/sbi/sbi_test.h"

struct partition part;

/* --- calls in general ------------------------------------------------------------------------ */

static const struct {
	const char *name;
	u64 eid;
} offered[] = {
	{ "BASE", SBI_EID_BASE },     { "TIME", SBI_EID_TIME }, { "IPI", SBI_EID_IPI },
	{ "RFENCE", SBI_EID_RFENCE }, { "HSM", SBI_EID_HSM },	{ "SRST", SBI_EID_SRST },
	{ "DBCN", SBI_EID_DBCN },     { "SUSP", SBI_EID_SUSP }, { "CLEAVE", CLEAVE_EID },
};

static const struct {
	const char *name;
	u64 eid;
} not_offered[] = {
	{ "legacy set_timer", SBI_EID_LEGACY_SET_TIMER },
	{ "legacy putchar", SBI_EID_LEGACY_CONSOLE_PUTCHAR },
	{ "legacy getchar", SBI_EID_LEGACY_CONSOLE_GETCHAR },
	{ "legacy clear_ipi", SBI_EID_LEGACY_CLEAR_IPI },
	{ "legacy send_ipi", SBI_EID_LEGACY_SEND_IPI },
	{ "legacy remote_fence_i", SBI_EID_LEGACY_REMOTE_FENCE_I },
	{ "legacy sfence_vma", SBI_EID_LEGACY_REMOTE_SFENCE_VMA },
	{ "legacy sfence_vma_asid", SBI_EID_LEGACY_REMOTE_SFENCE_VMA_ASID },
	{ "legacy shutdown", SBI_EID_LEGACY_SHUTDOWN },
	{ "reserved 0x9", 0x9 },
	{ "PMU", SBI_EID_PMU },
	{ "CPPC", SBI_EID_CPPC },
	{ "NACL", SBI_EID_NACL },
	{ "STA", SBI_EID_STA },
	{ "SSE", SBI_EID_SSE },
	{ "FWFT", SBI_EID_FWFT },
	{ "experimental 0x08000000", 0x08000000 },
	{ "vendor 0x09000000", 0x09000000 },
	{ "BASE with bit 32", 0x100000010 },
	{ "all ones", UINT64_MAX },
};

static void test_extensions(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(offered); i++) {
		struct sbiret r =
			call3(SBI_EID_BASE, SBI_BASE_PROBE_EXTENSION, offered[i].eid, 0, 0);

		check(r.error == 0 && r.value != 0, "probe %s", offered[i].name);
		want_error(call3(offered[i].eid, 0x7fffffff, 0, 0, 0), SBI_ERR_NOT_SUPPORTED,
			   "unknown function");
		want_error(call3(offered[i].eid, UINT64_MAX, 0, 0, 0), SBI_ERR_NOT_SUPPORTED,
			   "unknown function -1");
	}
	for (i = 0; i < ARRAY_SIZE(not_offered); i++) {
		struct sbiret r =
			call3(SBI_EID_BASE, SBI_BASE_PROBE_EXTENSION, not_offered[i].eid, 0, 0);

		check(r.error == 0 && r.value == 0, "probe %s", not_offered[i].name);
		check_eq((u64)call3(not_offered[i].eid, 0, 0, 0, 0).error,
			 (u64)SBI_ERR_NOT_SUPPORTED, "call %s", not_offered[i].name);
	}
}

/* All registers but a0 and a1 come back as they were (SBI 2.0, chapter 3). */
static void test_registers_are_kept(void)
{
	u64 in[30];
	u64 out[30];
	u64 wrong = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(in); i++)
		in[i] = 0x1111111111111111U * (i + 1U);
	/* t0 to t2, a2 to a5, t3 to t6, s2 to s11 */
	__asm__ volatile(
		"mv t6, %[in]\n"
		"addi sp, sp, -96\n"
		"sd s2, 0(sp)\nsd s3, 8(sp)\nsd s4, 16(sp)\nsd s5, 24(sp)\nsd s6, 32(sp)\n"
		"sd s7, 40(sp)\nsd s8, 48(sp)\nsd s9, 56(sp)\nsd s10, 64(sp)\nsd s11, 72(sp)\n"
		"sd %[out], 80(sp)\n"
		"ld t0, 0(t6)\nld t1, 8(t6)\nld t2, 16(t6)\nld a2, 24(t6)\nld a3, 32(t6)\n"
		"ld a4, 40(t6)\nld a5, 48(t6)\nld t3, 56(t6)\nld t4, 64(t6)\nld t5, 72(t6)\n"
		"ld s2, 80(t6)\nld s3, 88(t6)\nld s4, 96(t6)\nld s5, 104(t6)\nld s6, 112(t6)\n"
		"ld s7, 120(t6)\nld s8, 128(t6)\nld s9, 136(t6)\nld s10, 144(t6)\nld s11, 152(t6)\n"
		"ld t6, 160(t6)\n"
		"li a7, 0x10\nli a6, 0\necall\n"
		"ld a0, 80(sp)\n"
		"sd t0, 0(a0)\nsd t1, 8(a0)\nsd t2, 16(a0)\nsd a2, 24(a0)\nsd a3, 32(a0)\n"
		"sd a4, 40(a0)\nsd a5, 48(a0)\nsd t3, 56(a0)\nsd t4, 64(a0)\nsd t5, 72(a0)\n"
		"sd s2, 80(a0)\nsd s3, 88(a0)\nsd s4, 96(a0)\nsd s5, 104(a0)\nsd s6, 112(a0)\n"
		"sd s7, 120(a0)\nsd s8, 128(a0)\nsd s9, 136(a0)\nsd s10, 144(a0)\nsd s11, 152(a0)\n"
		"sd t6, 160(a0)\nsd a6, 168(a0)\nsd a7, 176(a0)\n"
		"ld s2, 0(sp)\nld s3, 8(sp)\nld s4, 16(sp)\nld s5, 24(sp)\nld s6, 32(sp)\n"
		"ld s7, 40(sp)\nld s8, 48(sp)\nld s9, 56(sp)\nld s10, 64(sp)\nld s11, 72(sp)\n"
		"addi sp, sp, 96\n"
		:
		: [in] "r"(in), [out] "r"(out)
		: "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4",
		  "t5", "t6", "memory");
	for (i = 0; i < 21U; i++)
		wrong += out[i] != in[i] ? 1U : 0U;
	check_eq(wrong, 0, "a call keeps t0-t6, a2-a5 and s2-s11");
	check(out[21] == 0 && out[22] == 0x10, "a call keeps a6 and a7");
}

/* --- BASE ------------------------------------------------------------------------------------ */

static void test_base(void)
{
	static const char *const id_name[] = { "mvendorid", "marchid", "mimpid" };
	struct sbiret r = call3(SBI_EID_BASE, SBI_BASE_GET_SPEC_VERSION, 0, 0, 0);

	check(r.error == 0 && r.value == SBI_SPEC_VERSION_2_0, "BASE: specification version 2.0");
	r = call3(SBI_EID_BASE, SBI_BASE_GET_IMPL_ID, 0, 0, 0);
	check(r.error == 0 && r.value == SBI_IMPL_ID_CLEAVE, "BASE: implementation id");
	r = call3(SBI_EID_BASE, SBI_BASE_GET_IMPL_VERSION, 0, 0, 0);
	check_eq((u64)r.value, (u64)cleave_version().value,
		 "BASE: implementation version is the ABI's");
	for (u32 i = 0; i < 3U; i++) {
		r = call3(SBI_EID_BASE, SBI_BASE_GET_MVENDORID + i, 0, 0, 0);
		check_eq((u64)r.error, 0, "BASE: %s", id_name[i]);
	}
	want_error(call3(SBI_EID_BASE, 7, 0, 0, 0), SBI_ERR_NOT_SUPPORTED, "BASE: function 7");
}

/* --- TIME ------------------------------------------------------------------------------------ */

static bool timer_pending(void)
{
	return (csr_read(sip) & SIE_TIMER) != 0;
}

static void test_time(void)
{
	u64 at;
	u64 woke;

	want_error(call3(SBI_EID_TIME, SBI_TIME_SET_TIMER, UINT64_MAX, 0, 0), 0,
		   "TIME: set_timer never");
	check(!timer_pending(), "TIME: never is not pending");
	want_error(call3(SBI_EID_TIME, SBI_TIME_SET_TIMER, 0, 0, 0), 0, "TIME: set_timer 0");
	while (!timer_pending())
		cpu_relax();
	check(timer_pending(), "TIME: a time that is past is pending");
	sbi_set_timer(rdtime() + 3600U * part.timebase);
	check(!timer_pending(), "TIME: a time ahead withdraws the interrupt");
	sbi_set_timer(rdtime());
	while (!timer_pending())
		cpu_relax();
	sbi_set_timer(UINT64_MAX);
	check(!timer_pending(), "TIME: never withdraws the interrupt");
	sbi_set_timer(UINT64_MAX - 1U);
	check(!timer_pending(), "TIME: the last time there is lies ahead");

	at = rdtime() + part.timebase / 100U;
	csr_set(sie, SIE_TIMER);
	sbi_set_timer(at);
	while (!timer_pending())
		__asm__ volatile("wfi" ::: "memory");
	woke = rdtime();
	check(woke >= at, "TIME: WFI wakes not before the time");
	at = rdtime() + part.timebase / 100U;
	sbi_set_timer(at);
	while (!timer_pending())
		cpu_relax();
	check(rdtime() >= at, "TIME: a hart that does not wait gets it as well");
	csr_clear(sie, SIE_TIMER);
	sbi_set_timer(UINT64_MAX);
	want_error(call3(SBI_EID_TIME, 1, 0, 0, 0), SBI_ERR_NOT_SUPPORTED, "TIME: function 1");
}

/* --- IPI ------------------------------------------------------------------------------------- */

static bool soft_pending(void)
{
	return (csr_read(sip) & SIE_SOFT) != 0;
}

static u64 ipi_ready, ipi_got;

/* Waits for a software interrupt as a pending bit, twice: once by looking, once in WFI. */
static void ipi_receiver(void *arg)
{
	(void)arg;
	publish(&ipi_ready, 1);
	while (!soft_pending())
		cpu_relax();
	csr_clear(sip, SIE_SOFT);
	publish(&ipi_got, 1);
	csr_set(sie, SIE_SOFT);
	while (!soft_pending())
		__asm__ volatile("wfi" ::: "memory");
	csr_clear(sip, SIE_SOFT);
	publish(&ipi_got, 2);
}

static void test_ipi_other(u32 hart)
{
	ipi_ready = 0;
	ipi_got = 0;
	check_eq((u64)start_hart(hart, ipi_receiver, NULL), 0, "IPI: hart %u starts", hart);
	wait_for(&ipi_ready, 1);
	check_eq((u64)call3(SBI_EID_IPI, SBI_IPI_SEND_IPI, 1UL << hart, 0, 0).error, 0,
		 "IPI: send by mask");
	wait_for(&ipi_got, 1);
	check(!soft_pending(), "IPI: hart 0 did not get hart %u's", hart);
	check_eq((u64)call3(SBI_EID_IPI, SBI_IPI_SEND_IPI, 1, hart, 0).error, 0,
		 "IPI: send by base");
	wait_for(&ipi_got, 2);
	wait_hart_stopped(hart);
	check(true, "IPI: hart %u got two", hart);
}

static void test_ipi(void)
{
	want_error(call3(SBI_EID_IPI, SBI_IPI_SEND_IPI, 1, 0, 0), 0, "IPI: to itself");
	check(soft_pending(), "IPI: is pending");
	csr_clear(sip, SIE_SOFT);
	check(!soft_pending(), "IPI: the guest withdraws it");
	want_error(call3(SBI_EID_IPI, SBI_IPI_SEND_IPI, 0, 0, 0), 0, "IPI: to nobody");
	check(!soft_pending(), "IPI: nobody got it");
	want_error(call3(SBI_EID_IPI, SBI_IPI_SEND_IPI, 0, SBI_HART_MASK_BASE_ALL, 0), 0,
		   "IPI: to all");
	check(soft_pending(), "IPI: all includes the sender");
	csr_clear(sip, SIE_SOFT);

	want_error(call3(SBI_EID_IPI, SBI_IPI_SEND_IPI, 1UL << part.harts, 0, 0),
		   SBI_ERR_INVALID_PARAM, "IPI: to a hart beyond the last");
	want_error(call3(SBI_EID_IPI, SBI_IPI_SEND_IPI, 1, part.harts, 0), SBI_ERR_INVALID_PARAM,
		   "IPI: base beyond the last");
	want_error(call3(SBI_EID_IPI, SBI_IPI_SEND_IPI, 0, part.harts, 0), SBI_ERR_INVALID_PARAM,
		   "IPI: base beyond the last, empty mask");
	want_error(call3(SBI_EID_IPI, SBI_IPI_SEND_IPI, UINT64_MAX, 0, 0), SBI_ERR_INVALID_PARAM,
		   "IPI: to 64 harts");
	want_error(call3(SBI_EID_IPI, SBI_IPI_SEND_IPI, 1UL << 63, part.harts - 1U, 0),
		   SBI_ERR_INVALID_PARAM, "IPI: a bit far beyond the last");
	want_error(call3(SBI_EID_IPI, SBI_IPI_SEND_IPI, 1, UINT64_MAX - 1U, 0),
		   SBI_ERR_INVALID_PARAM, "IPI: base -2");
	check(!soft_pending(), "IPI: what is refused is not sent");
	for (u32 i = 1; i < part.harts; i++)
		test_ipi_other(i);
}

/* --- SRST ------------------------------------------------------------------------------------ */

static void test_srst(void)
{
	static const u32 bad_type[] = { 3, 0xefffffff, 0xf0000000, 0xffffffff };
	static const u32 bad_reason[] = { 2, 0xdfffffff, 0xe0000000, 0xf0000000, 0xffffffff };

	for (u32 i = 0; i < ARRAY_SIZE(bad_type); i++)
		check_eq((u64)call3(SBI_EID_SRST, SBI_SRST_SYSTEM_RESET, bad_type[i], 0, 0).error,
			 (u64)SBI_ERR_INVALID_PARAM, "SRST: type 0x%x", bad_type[i]);
	for (u32 i = 0; i < ARRAY_SIZE(bad_reason); i++)
		check_eq((u64)call3(SBI_EID_SRST, SBI_SRST_SYSTEM_RESET, 0, bad_reason[i], 0).error,
			 (u64)SBI_ERR_INVALID_PARAM, "SRST: reason 0x%x", bad_reason[i]);
	want_error(call3(SBI_EID_SRST, 1, 0, 0, 0), SBI_ERR_NOT_SUPPORTED, "SRST: function 1");
}

/* --- DBCN ------------------------------------------------------------------------------------ */

static void want_dbcn(u64 fid, u64 len, u64 lo, u64 hi, s64 want, const char *name)
{
	check_eq((u64)call3(SBI_EID_DBCN, fid, len, lo, hi).error, (u64)want, "DBCN: %s %s",
		 fid == SBI_DBCN_CONSOLE_WRITE ? "write" : "read", name);
}

static void test_dbcn_ranges(u64 fid)
{
	const u64 end = part.base + part.size;
	const s64 bad = SBI_ERR_INVALID_PARAM;

	want_dbcn(fid, 1, part.base, 1, bad, "high word not 0");
	want_dbcn(fid, 1, part.base, UINT64_MAX, bad, "high word -1");
	want_dbcn(fid, 1, 0, 0, bad, "at 0");
	want_dbcn(fid, 1, part.base - 1U, 0, bad, "below memory");
	want_dbcn(fid, 1, end, 0, bad, "after the end of memory");
	want_dbcn(fid, 2, end - 1U, 0, bad, "across the end");
	want_dbcn(fid, 2, part.base - 1U, 0, bad, "across the beginning");
	want_dbcn(fid, part.size + 1U, part.base, 0, bad, "one byte too many");
	want_dbcn(fid, UINT64_MAX, part.base, 0, bad, "2^64 - 1 bytes");
	want_dbcn(fid, 0 - part.base, part.base, 0, bad, "up to 2^64");
	want_dbcn(fid, 2, UINT64_MAX, 0, bad, "across 2^64");
	want_dbcn(fid, 8, 0x10000000, 0, bad, "in a device");
	want_dbcn(fid, 0, 0, 0, 0, "no bytes at all");
}

static long write_byte(char c)
{
	return call3(SBI_EID_DBCN, SBI_DBCN_CONSOLE_WRITE_BYTE, (u8)c, 0, 0).error;
}

static void test_dbcn(void)
{
	static const char line[] = "a line written by DBCN\n";
	static const char bytes[] = "all bytes that had to wait\n";
	static u8 input[16], newlines[256], spaces[4096];
	struct sbiret r;
	u32 changed = 0;
	long failed = 0;

	for (u64 fid = 0; fid <= 1U; fid++)
		test_dbcn_ranges(fid);
	do {
		r = call3(SBI_EID_DBCN, SBI_DBCN_CONSOLE_WRITE, sizeof(line) - 1U, (u64)line, 0);
	} while (r.error == 0 && r.value == 0);
	check(r.error == 0 && r.value > 0 && r.value <= (long)sizeof(line) - 1,
	      "DBCN: write says how many");
	guest_write(line + r.value, sizeof(line) - 1U - (size_t)r.value);
	/* One call moves a part of a long text: 256 bytes at most. */
	memset(spaces, ' ', sizeof(spaces));
	do {
		r = call3(SBI_EID_DBCN, SBI_DBCN_CONSOLE_WRITE, sizeof(spaces), (u64)spaces, 0);
	} while (r.error == 0 && r.value == 0);
	(void)call3(SBI_EID_DBCN, SBI_DBCN_CONSOLE_WRITE_BYTE, '\n', 0, 0);
	check(r.error == 0 && r.value > 0 && r.value <= 256, "DBCN: a long write goes in parts");

	(void)call3(SBI_EID_DBCN, SBI_DBCN_CONSOLE_WRITE_BYTE, 'b', 0, 0);
	r = call3(SBI_EID_DBCN, SBI_DBCN_CONSOLE_WRITE_BYTE, '\n', 0, 0);
	check(r.error == 0 && r.value == 0, "DBCN: write_byte");
	(void)call3(SBI_EID_DBCN, SBI_DBCN_CONSOLE_WRITE_BYTE, 0xffffffffffffff00U | 'c', 0, 0);
	r = call3(SBI_EID_DBCN, SBI_DBCN_CONSOLE_WRITE_BYTE, '\n', 0, 0);
	check(r.error == 0, "DBCN: write_byte looks at one byte");
	/* Each of them has a line shown, which takes the console longer than the call. */
	memset(newlines, '\n', sizeof(newlines));
	do {
		r = call3(SBI_EID_DBCN, SBI_DBCN_CONSOLE_WRITE, sizeof(newlines), (u64)newlines, 0);
	} while (r.error == 0 && r.value == (long)sizeof(newlines));
	check(r.error == 0 && r.value < (long)sizeof(newlines),
	      "DBCN: when the console has much to show, a call takes less");
	/* There is no room now, and these calls wait for it. The host's test looks for the line. */
	for (u32 i = 0; i < 2U * sizeof(newlines); i++)
		failed |= write_byte('\n');
	for (size_t i = 0; i < sizeof(bytes) - 1U; i++)
		failed |= write_byte(bytes[i]);
	check(failed == 0, "DBCN: write_byte waits for room");

	memset(input, 0xa5, sizeof(input));
	r = call3(SBI_EID_DBCN, SBI_DBCN_CONSOLE_READ, sizeof(input), (u64)input, 0);
	for (u32 i = 0; i < sizeof(input); i++)
		changed += input[i] != 0xa5 ? 1U : 0U;
	check(r.error == 0 && r.value == 0 && changed == 0,
	      "DBCN: read of nothing changes nothing");
	want_error(call3(SBI_EID_DBCN, 3, 0, 0, 0), SBI_ERR_NOT_SUPPORTED, "DBCN: function 3");
}

void guest_main(unsigned long hartid, const void *fdt)
{
	check_eq(hartid, 0, "starts on hart 0");
	check(fdt_memory(fdt, &part.base, &part.size), "memory is in the device tree");
	part.harts = fdt_cpus(fdt);
	part.timebase = fdt_timebase(fdt);
	if (bootarg(fdt, "sleeps", NULL, 0))
		susp_until_resumed();
	check(part.harts >= 1U && part.timebase != 0, "%u harts, %lu Hz", part.harts,
	      part.timebase);

	test_extensions();
	test_registers_are_kept();
	test_base();
	test_time();
	test_ipi();
	test_srst();
	test_dbcn();
	test_counters();
	test_rfence();
	test_hsm();
	test_susp();
}
