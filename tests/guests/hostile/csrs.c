/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every CSR number, read and written, and instructions that a guest may not use. Each is an
 * illegal instruction to the guest, or does what a guest may do, and never ends the partition.
 */
#include "tests/guests/hostile/hostile.h"

#define CSRS	      4096U
#define OPCODE_SYSTEM 0x73U
#define CSRRW_T0_ZERO 0x12f3U /* csrrw t0, csr, x0 | csr << 20: writes 0 */
#define CSRRS_T0_ZERO 0x22f3U /* csrrs t0, csr, x0 | csr << 20: only reads */
#define RET	      0x8067U

static u32 code[2] __attribute__((aligned(16)));

static void run_code(void *arg)
{
	(void)arg;
	((void (*)(void))code)();
}

static u64 try_instruction(u32 instruction)
{
	code[0] = instruction;
	code[1] = RET;
	__asm__ volatile("fence.i" ::: "memory");
	return trap_try(run_code, NULL, NULL);
}

/* Writing 0 to these would break this program: interrupt enables and traps, address space. */
static bool own_ground(u32 csr)
{
	static const u32 own[] = { 0x100, 0x104, 0x105, 0x140, 0x141, 0x142, 0x143, 0x144, 0x180 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(own); i++) {
		if (csr == own[i])
			return true;
	}
	return false;
}

static void test_numbers(bool write)
{
	u32 csr, odd = 0, there = 0;

	for (csr = 0; csr < CSRS; csr++) {
		u64 cause;

		if (write && own_ground(csr))
			continue;
		cause = try_instruction((write ? CSRRW_T0_ZERO : CSRRS_T0_ZERO) | csr << 20);
		if (cause == TRAP_NONE)
			there++;
		else if (cause != TRAP_ILLEGAL) {
			odd++;
			check(false, "CSR 0x%x: trap %lu", csr, cause);
		}
		/*
		 * Bits 9:8 of the number: the lowest level that may use it. A guest has neither 2
		 * nor 3.
		 */
		if (cause == TRAP_NONE && (csr >> 8 & 3U) > 1U) {
			odd++;
			check(false, "CSR 0x%x can be %s", csr, write ? "written" : "read");
		}
	}
	check_eq(odd, 0, "%s all CSRs: %u are there", write ? "write" : "read", there);
}

static void test_instructions(void)
{
	static const struct {
		const char *name;
		u32 code;
	} illegal[] = {
		{ "hfence.vvma", 0x22000073 },	{ "hfence.gvma", 0x62000073 },
		{ "hinval.vvma", 0x26000073 },	{ "hlv.b", 0x600542f3 },
		{ "hlv.d", 0x6c0542f3 },	{ "hsv.d", 0x6e554073 },
		{ "hlvx.wu", 0x683542f3 },	{ "mret", 0x30200073 },
		{ "mnret", 0x70200073 },	{ "dret", 0x7b200073 },
		{ "uret", 0x00200073 },		{ "zeros", 0x00000000 },
		{ "ones", 0xffffffff },		{ "custom-0", 0x0000000b },
		{ "custom-3", 0x0000007b },	{ "reserved", 0x0000006b },
		{ "system 0xfff", 0xfff04073 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(illegal); i++)
		check_eq(try_instruction(illegal[i].code), TRAP_ILLEGAL,
			 "%s is an illegal instruction", illegal[i].name);
	check_eq(try_instruction(0x00100073), TRAP_BREAKPOINT, "ebreak is a breakpoint");
}

void test_csrs(void)
{
	test_numbers(false);
	test_numbers(true);
	test_instructions();
}
