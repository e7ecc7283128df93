/* SPDX-License-Identifier: BSD-2-Clause */
/* Attacks that any partition can make, until the span ends. */
#include "tests/guests/interference/interference.h"

#define THIEF_US   9500U /* of a slice of 10 ms */
#define LOG_PAGES  2048U /* of its own memory: as many as one call works on */
#define FAULT_STEP 64U	 /* pages that are written between two harvests */
#define NOWHERE	   UINT64_C(0x40000000)
#define UART	   UINT64_C(0x10000000)
#define UART_LSR   (UART + 5U)
#define UART_THRE  0x20U
#define PLIC	   UINT64_C(0x0c000000)

/* All vCPUs by hart_mask_base, and no further argument */
#define ALL_HARTS 0, SBI_HART_MASK_BASE_ALL

/* What the vCPUs do that are only there to be interrupted. */
static void be_interrupted(void *arg)
{
	(void)arg;
	csr_set(sie, SIE_SOFT);
	for (;;) {
		__asm__ volatile("wfi" ::: "memory");
		csr_clear(sip, SIE_SOFT);
	}
}

/* Interrupted by itself, a hart has nothing to wait for. */
static void forget_ipi(void)
{
	csr_clear(sip, SIE_SOFT);
}

static void begin(void)
{
	for (u32 i = 1; i < span.harts; i++)
		(void)start_hart(i, be_interrupted, NULL);
	sleep_until_attack();
}

/* Call @once until the span ends. */
static void attack_by(void (*once)(void))
{
	u64 rounds = 0;

	begin();
	for (; !over(); rounds++)
		once();
	attacked(rounds);
}

static void thief_once(void)
{
	u64 end = rdtime() + us(THIEF_US);

	while (rdtime() < end && !over())
		work();
	sleep_until(rdtime() + us(2));
}

/* A timer that is always due: an interrupt after every call. */
static void timers_once(void)
{
	sbi_set_timer(0);
	sbi_set_timer(rdtime() + 1U);
	work(); /* QEMU takes long for a timer that changes. */
}

static void ipi_once(void)
{
	(void)sbi_call(SBI_EID_IPI, SBI_IPI_SEND_IPI, ALL_HARTS, 0, 0, 0, 0);
	forget_ipi();
}

static void rfence_once(void)
{
	(void)sbi_call(SBI_EID_RFENCE, SBI_RFENCE_SFENCE_VMA, ALL_HARTS, 0, UINT64_MAX, 0, 0);
	(void)sbi_call(SBI_EID_RFENCE, SBI_RFENCE_FENCE_I, ALL_HARTS, 0, 0, 0, 0);
	(void)sbi_call(SBI_EID_RFENCE, SBI_RFENCE_SFENCE_VMA_ASID, ALL_HARTS, 0, 65536, 1, 0);
}

static void stop_at_once(void *arg)
{
	(void)arg;
}

/* Start every other vCPU that has stopped; alone, ask for its own state. */
static void hsm_once(void)
{
	for (u32 i = 1; i < span.harts; i++)
		(void)start_hart(i, stop_at_once, NULL);
	(void)hart_status(0);
}

static void attack_hsm(void)
{
	u64 rounds = 0;

	sleep_until_attack();
	for (; !over(); rounds++)
		hsm_once();
	attacked(rounds);
}

static void lines_once(void)
{
	static const char line[] =
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678\n";

	guest_write(line, sizeof(line) - 1U);
}

/* Lines of one character, through the emulated UART: each has the partition's name in front. */
static void short_once(void)
{
	static const char line[] = "x\n";

	for (u32 i = 0; i < 2U; i++) {
		while ((*(volatile u8 *)UART_LSR & UART_THRE) == 0U && !over())
			;
		*(volatile u8 *)UART = (u8)line[i];
	}
}

/* Ask for input that nobody has typed. */
static void reads_once(void)
{
	static u8 buffer[64];

	(void)sbi_call(SBI_EID_DBCN, SBI_DBCN_CONSOLE_READ, sizeof(buffer), (u64)buffer, 0, 0, 0,
		       0);
	(void)sbi_getchar();
}

/* A line that is as long as can be, and then sequences each of which draws all of it anew. */
static void redraw_once(void)
{
	static char text[512 + 64];

	if (text[0] == '\0') {
		memset(text, 'x', 512);
		for (u32 i = 512; i < sizeof(text); i += 4U)
			memcpy(text + i, "\033[1K", 4);
	}
	guest_write(text, sizeof(text));
}

static void calls_hostile_once(void)
{
	static u64 state = 88172645463325252U;
	static u8 buffer[PAGE_SIZE] __attribute__((aligned(4096)));
	static const u64 values[] = {
		0,
		1,
		63,
		64,
		4095,
		4096,
		UINT64_C(1) << 31,
		UINT64_C(1) << 56,
		UINT64_MAX,
		UINT64_MAX - 4095U,
		INT64_MAX,
		CLEAVE_VM_SELF,
		PLIC,
		NOWHERE,
	};
	u64 fn = random_next(&state) % 0x60U;
	u64 a[6];

	for (u32 i = 0; i < 6U; i++) {
		u64 r = random_next(&state);

		a[i] = (r & 3U) == 0U ? (u64)buffer : values[(r >> 8) % ARRAY_SIZE(values)];
	}
	if ((random_next(&state) & 3U) != 0U)
		a[0] = CLEAVE_VM_SELF;
	if ((random_next(&state) & 1U) != 0U)
		a[1] = 0;
	(void)cleave_call(fn, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static u64 bits[LOG_PAGES / 64U];

/* The longest calls that a partition may make on itself, one after another. */
static void calls_honest_once(void)
{
	static struct cleave_leaves leaves;
	static u64 stats[CLEAVE_STAT_COUNT];

	(void)cleave_log_start(CLEAVE_VM_SELF, 0, CLEAVE_LOG_EAGER, 0);
	(void)cleave_log_bits(CLEAVE_FN_LOG_GET, CLEAVE_VM_SELF, 0, 0, LOG_PAGES, bits);
	memset(bits, 0xff, sizeof(bits));
	(void)cleave_log_bits(CLEAVE_FN_LOG_CLEAR, CLEAVE_VM_SELF, 0, 0, LOG_PAGES, bits);
	(void)cleave_leaves(CLEAVE_VM_SELF, 0, &leaves);
	(void)cleave_stats(CLEAVE_VM_SELF, stats, CLEAVE_STAT_COUNT);
	(void)cleave_log_stop(CLEAVE_VM_SELF, 0, CLEAVE_LOG_FLAG_COLLAPSE);
}

/* Write pages that are write-protected, and have them protected again. */
static void attack_faults(void)
{
	u64 base;
	u64 size;
	u64 rounds = 0;

	begin();
	if (!free_memory(span.fdt, &base, &size))
		return;
	(void)cleave_log_start(CLEAVE_VM_SELF, 0, CLEAVE_LOG_FAULT, 0);
	for (; !over(); rounds++) {
		for (u64 i = 0; i < FAULT_STEP; i++)
			*(volatile u64 *)(base + (i * PAGE_SIZE * 37U) % size) = i;
		if (rounds % 8U == 0U)
			(void)cleave_log_bits(CLEAVE_FN_LOG_GET_CLEAR, CLEAVE_VM_SELF, 0, 0,
					      LOG_PAGES, bits);
		if (rounds % 64U == 63U) {
			/* Each write splits a huge leaf again. */
			(void)cleave_log_stop(CLEAVE_VM_SELF, 0, CLEAVE_LOG_FLAG_COLLAPSE);
			(void)cleave_log_start(CLEAVE_VM_SELF, 0, CLEAVE_LOG_FAULT, 0);
		}
	}
	attacked(rounds);
}

static void devices_once(void)
{
	for (u32 i = 0; i < 32U; i++) {
		*(volatile u32 *)(PLIC + 4U * i) = i;
		(void)*(volatile u8 *)UART_LSR;
	}
	*(volatile u32 *)(PLIC + 0x2000U) = UINT32_MAX;
}

/* The memory is new after each restart, so the hypervisor's lines say how often it was. */
static void again(void (*end)(void))
{
	begin();
	if (!over())
		end();
	attacked(0);
}

static void fault(void)
{
	(void)*(volatile u64 *)NOWHERE;
}

static void attack_restarts(void)
{
	again(sbi_reboot);
}

static void attack_crashes(void)
{
	again(fault);
}

/* Memory that is written without end: what a manager works on. */
static void writer(void)
{
	u64 base;
	u64 size;

	if (!free_memory(span.fdt, &base, &size))
		return;
	for (u64 at = 0;; at = (at + PAGE_SIZE) % size)
		*(volatile u64 *)(base + at) = at;
}

#define BY(name)                        \
	static void attack_##name(void) \
	{                               \
		attack_by(name##_once); \
	}
BY(thief)
BY(timers)
BY(ipi)
BY(rfence)
BY(lines)
BY(redraw)
BY(short)
BY(reads)
BY(calls_hostile)
BY(calls_honest)
BY(devices)

static void attack_busy(void)
{
	attack_by(work);
}

bool attack(const char *role)
{
	static const struct role roles[] = {
		{ "busy", attack_busy },
		{ "thief", attack_thief },
		{ "timers", attack_timers },
		{ "ipi", attack_ipi },
		{ "rfence", attack_rfence },
		{ "hsm", attack_hsm },
		{ "lines", attack_lines },
		{ "redraw", attack_redraw },
		{ "short", attack_short },
		{ "reads", attack_reads },
		{ "hostile", attack_calls_hostile },
		{ "honest", attack_calls_honest },
		{ "faults", attack_faults },
		{ "mmio", attack_devices },
		{ "restarts", attack_restarts },
		{ "crashes", attack_crashes },
		{ "writer", writer },
	};

	return act(roles, ARRAY_SIZE(roles), role);
}
