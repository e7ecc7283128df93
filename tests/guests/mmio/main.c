/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every form of load and store that a guest may use on an emulated device, and, as its last act,
 * one that it may not.
 *
 * The devices are the UART's scratch register (8 bits) and the PLIC's enables of hart 0 (32 bits,
 * of which bit 0 stays 0; other widths read 0 and write nothing). A register that a load did not
 * write would keep its poison.
 *
 * Bootargs: `end=NAME` does NAME last (see `ends`), which ends the partition; without it the
 * program shuts down.
 */
#include "guests/lib/guest.h"

#define UART	     0x10000000UL
#define UART_SCRATCH (UART + 7UL)
#define PLIC_ENABLE  0x0c002000UL
#define NOWHERE	     0x40000000UL
#define FAR	     0xfedcba9876543210UL

#define POISON 0x5a5a5a5a5a5a5a5aUL

/* A load with the data in a1 and the address in a0, which every form can name */
#define LOAD(text, addr)                                                       \
	({                                                                     \
		register u64 value_ __asm__("a1") = POISON;                    \
		register u64 addr_ __asm__("a0") = (addr);                     \
		__asm__ volatile(text : "+r"(value_) : "r"(addr_) : "memory"); \
		value_;                                                        \
	})

#define STORE(text, addr, value)                                               \
	({                                                                     \
		register u64 value_ __asm__("a1") = (value);                   \
		register u64 addr_ __asm__("a0") = (addr);                     \
		__asm__ volatile(text : : "r"(value_), "r"(addr_) : "memory"); \
	})

/* Forms relative to sp. Interrupts are off, so sp may point to a device for one instruction. */
#define LOAD_SP(text, addr)                                                  \
	({                                                                   \
		u64 value_ = POISON;                                         \
		u64 sp_;                                                     \
		__asm__ volatile("mv %1, sp\nmv sp, %2\n" text "\nmv sp, %1" \
				 : "+&r"(value_), "=&r"(sp_)                 \
				 : "r"(addr)                                 \
				 : "memory");                                \
		value_;                                                      \
	})

#define STORE_SP(text, addr, value)                                          \
	({                                                                   \
		u64 sp_;                                                     \
		__asm__ volatile("mv %0, sp\nmv sp, %1\n" text "\nmv sp, %0" \
				 : "=&r"(sp_)                                \
				 : "r"(addr), "r"((u64)(value))              \
				 : "memory");                                \
	})

static u8 scratch(void)
{
	return *(volatile u8 *)UART_SCRATCH;
}

static u32 enable(void)
{
	return *(volatile u32 *)PLIC_ENABLE;
}

static void bytes(void)
{
	STORE("sb a1, 0(a0)", UART_SCRATCH, 0x1180);
	(void)check_eq(scratch(), 0x80, "sb");
	(void)check_eq(LOAD("lb a1, 0(a0)", UART_SCRATCH), 0xffffffffffffff80UL,
		       "lb extends the sign");
	(void)check_eq(LOAD("lbu a1, 0(a0)", UART_SCRATCH), 0x80, "lbu extends with zeros");
	STORE("sb a1, 7(a0)", UART, 0x7f);
	(void)check_eq(LOAD("lb a1, 7(a0)", UART), 0x7f, "lb and sb with an offset");
	STORE("sb a1, -249(a0)", UART + 256UL, 0x33);
	(void)check_eq(LOAD("lbu a1, -249(a0)", UART + 256UL), 0x33,
		       "lbu and sb with a negative offset");
	STORE("sb zero, 0(a0)", UART_SCRATCH, 0);
	(void)check_eq(scratch(), 0, "sb of x0");
	__asm__ volatile("lb zero, 0(%0)" ::"r"(UART_SCRATCH) : "memory");
	(void)check_eq(LOAD("mv a1, zero", 0), 0, "lb into x0 leaves it 0");
}

static void words(void)
{
	STORE("sw a1, 0(a0)", PLIC_ENABLE, 0x1111111180000002UL);
	(void)check_eq(enable(), 0x80000002, "sw");
	(void)check_eq(LOAD("lw a1, 0(a0)", PLIC_ENABLE), 0xffffffff80000002UL,
		       "lw extends the sign");
	(void)check_eq(LOAD("lwu a1, 0(a0)", PLIC_ENABLE), 0x80000002UL, "lwu extends with zeros");
	STORE(".option push\n.option norvc\nsw a1, 0(a0)\n.option pop", PLIC_ENABLE, 0x90000004);
	(void)check_eq(LOAD(".option push\n.option norvc\nlw a1, 0(a0)\n.option pop", PLIC_ENABLE),
		       0xffffffff90000004UL, "lw and sw, 4 bytes long");
	STORE("c.sw a1, 0(a0)", PLIC_ENABLE, 0xa0000006);
	(void)check_eq(LOAD("c.lw a1, 0(a0)", PLIC_ENABLE), 0xffffffffa0000006UL, "c.lw and c.sw");
	STORE("c.sw a1, 124(a0)", PLIC_ENABLE - 124UL, 0xb0000008);
	(void)check_eq(LOAD("c.lw a1, 124(a0)", PLIC_ENABLE - 124UL), 0xffffffffb0000008UL,
		       "c.lw and c.sw with an offset");
	STORE_SP("c.swsp %2, 4(sp)", PLIC_ENABLE - 4UL, 0xc000000a);
	(void)check_eq(LOAD_SP("c.lwsp %0, 4(sp)", PLIC_ENABLE - 4UL), 0xffffffffc000000aUL,
		       "c.lwsp and c.swsp");
}

static void other_widths(void)
{
	STORE("sw a1, 0(a0)", PLIC_ENABLE, 0x2);
	STORE("sh a1, 0(a0)", PLIC_ENABLE, 0xffff);
	STORE("sd a1, 0(a0)", PLIC_ENABLE, ~0UL);
	STORE("c.sd a1, 0(a0)", PLIC_ENABLE, ~0UL);
	STORE_SP("c.sdsp %2, 8(sp)", PLIC_ENABLE - 8UL, ~0UL);
	STORE("sb a1, 0(a0)", PLIC_ENABLE, 0xff);
	(void)check_eq(enable(), 2, "sb, sh, sd, c.sd and c.sdsp write nothing into the PLIC");
	(void)check_eq(LOAD("lh a1, 0(a0)", PLIC_ENABLE), 0, "lh");
	(void)check_eq(LOAD("lhu a1, 0(a0)", PLIC_ENABLE), 0, "lhu");
	(void)check_eq(LOAD("ld a1, 0(a0)", PLIC_ENABLE), 0, "ld");
	(void)check_eq(LOAD("c.ld a1, 0(a0)", PLIC_ENABLE), 0, "c.ld");
	(void)check_eq(LOAD_SP("c.ldsp %0, 8(sp)", PLIC_ENABLE - 8UL), 0, "c.ldsp");
}

/* Zcb, where the machine has it: c.sb a1, 0(a0) and so on, by their encodings */
static void zcb(void *arg)
{
	(void)arg;
	STORE(".2byte 0x890c", UART_SCRATCH, 0x81);
	(void)check_eq(LOAD(".2byte 0x810c", UART_SCRATCH), 0x81, "c.lbu and c.sb");
	STORE(".2byte 0x8d0c", PLIC_ENABLE, 0xffff);
	(void)check_eq(LOAD(".2byte 0x850c", PLIC_ENABLE), 0, "c.lhu");
	(void)check_eq(LOAD(".2byte 0x854c", PLIC_ENABLE), 0, "c.lh");
}

/* Each register is once the target and once the source. */
static void registers(void)
{
	u64 ok = 0;

#define ONE(n)                                                   \
	do {                                                     \
		register u64 addr_ __asm__("a0") = UART_SCRATCH; \
		register u64 got_ __asm__("a1");                 \
		register u64 keep_ __asm__("a2");                \
		__asm__ volatile("mv %1, x" #n "\n"              \
				 "li x" #n ", 0x40 + " #n "\n"   \
				 "sb x" #n ", 0(%2)\n"           \
				 "li x" #n ", -1\n"              \
				 "lb x" #n ", 0(%2)\n"           \
				 "mv %0, x" #n "\n"              \
				 "mv x" #n ", %1"                \
				 : "=&r"(got_), "=&r"(keep_)     \
				 : "r"(addr_)                    \
				 : "memory");                    \
		ok |= (u64)(got_ == 0x40U + n##U) << n;          \
	} while (0)

	/*
	 * All registers but sp, and a0 to a2, which the test itself needs and the other tests use
	 */
	ONE(1);
	ONE(3);
	ONE(4);
	ONE(5);
	ONE(6);
	ONE(7);
	ONE(8);
	ONE(9);
	ONE(13);
	ONE(14);
	ONE(15);
	ONE(16);
	ONE(17);
	ONE(18);
	ONE(19);
	ONE(20);
	ONE(21);
	ONE(22);
	ONE(23);
	ONE(24);
	ONE(25);
	ONE(26);
	ONE(27);
	ONE(28);
	ONE(29);
	ONE(30);
	ONE(31);
#undef ONE
	(void)check_eq(ok, 0xffffe3faUL, "every register as source and target");
}

/* --- the last act ---------------------------------------------------------------------------- */

static void end_amo(void)
{
	u32 out;

	__asm__ volatile("amoadd.w %0, %1, (%2)" : "=r"(out) : "r"(1), "r"(PLIC_ENABLE) : "memory");
}

static void end_lr(void)
{
	u32 out;

	__asm__ volatile("lr.w %0, (%1)" : "=r"(out) : "r"(PLIC_ENABLE) : "memory");
}

static void end_fp(void)
{
	csr_set(sstatus, UINT64_C(3) << 13);
	__asm__ volatile(
		".option push\n.option arch, +d\nfsw f0, 0(%0)\n.option pop" ::"r"(PLIC_ENABLE)
		: "memory");
}

static void end_misaligned(void)
{
	LOAD("lw a1, 2(a0)", PLIC_ENABLE);
}

static void end_fetch_device(void)
{
	((void (*)(void))UART)();
}

static void end_fetch_nowhere(void)
{
	((void (*)(void))NOWHERE)();
}

/* Beyond what any G-stage mode translates */
static void end_fetch_far(void)
{
	((void (*)(void))FAR)();
}

static void end_store_far(void)
{
	STORE("sb a1, 0(a0)", UINT64_MAX, 1);
}

static void end_load_nowhere(void)
{
	LOAD("ld a1, 0(a0)", NOWHERE + 0x1238UL);
}

static void end_store_nowhere(void)
{
	STORE("sd a1, 0(a0)", NOWHERE + 0x5678UL, 1);
}

/* satp points to where nothing is, so the walk itself faults. */
static void end_walk_nowhere(void)
{
	csr_write(satp, (UINT64_C(8) << 60) | (NOWHERE >> 12));
	__asm__ volatile("sfence.vma" ::: "memory");
}

static void end_walk_device(void)
{
	csr_write(satp, (UINT64_C(8) << 60) | (UART >> 12));
	__asm__ volatile("sfence.vma" ::: "memory");
}

/* The walk for a load meets the device, at the load's own place in its page. */
static void end_walk_load(void)
{
	static u64 root[512] __attribute__((aligned(4096)));

	root[1] = ((UART >> 12) << 10) | 1U;
	root[2] = ((0x80000000UL >> 12) << 10) | 0xcfU;
	csr_write(satp, (UINT64_C(8) << 60) | ((u64)root >> 12));
	__asm__ volatile("sfence.vma" ::: "memory");
	LOAD("ld a1, 0(a0)", 0x40000000UL);
}

static const struct {
	const char *name;
	void (*fn)(void);
} ends[] = {
	{ "amo", end_amo },
	{ "lr", end_lr },
	{ "fp", end_fp },
	{ "misaligned", end_misaligned },
	{ "fetch-device", end_fetch_device },
	{ "fetch-nowhere", end_fetch_nowhere },
	{ "fetch-far", end_fetch_far },
	{ "store-far", end_store_far },
	{ "load-nowhere", end_load_nowhere },
	{ "store-nowhere", end_store_nowhere },
	{ "walk-nowhere", end_walk_nowhere },
	{ "walk-device", end_walk_device },
	{ "walk-load", end_walk_load },
};

void guest_main(unsigned long hartid, const void *fdt)
{
	char end[32];

	(void)hartid;
	bytes();
	words();
	other_widths();
	registers();
	if (trap_try(zcb, NULL, NULL) == TRAP_ILLEGAL)
		say("no Zcb here");
	if (!bootarg(fdt, "end", end, sizeof(end)))
		finish();

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (strcmp(ends[i].name, end) != 0)
			continue;
		say("now: %s", end);
		ends[i].fn();
		(void)check(false, "the partition goes on after %s", end);
		finish();
	}
	(void)check(false, "end=%s is not known", end);
	finish();
}
