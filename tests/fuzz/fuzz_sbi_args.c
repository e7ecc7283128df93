/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of core/guest/args/sbi_args.c.
 *
 * Any arguments of an SBI call give the answer that a slow look at each hart and at the ends of a
 * range gives. Input: eight 64-bit words. A short input is filled up with zeros.
 */
#include <stdint.h>
#include <string.h>

#include <abi/sbi.h>
#include "core/config/config_memory.h"
#include "core/guest/args/sbi_args.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		__builtin_trap();
}

static void check_mask(u64 mask, u64 base, u32 harts)
{
	u64 want = 0;
	u64 got = 0;
	bool bad = base != UINT64_MAX && base >= harts;

	for (u64 bit = 0; bit < 64U; bit++) {
		if (base == UINT64_MAX) {
			if (bit < harts)
				want |= BIT64(bit);
		} else if ((mask & BIT64(bit)) != 0U) {
			if (base >= harts || base + bit >= harts)
				bad = true;
			else
				want |= BIT64(base + bit);
		}
	}
	must((sbi_args_hart_mask(mask, base, harts, &got) != SBI_SUCCESS) == bad);
	must(bad || got == want);
}

static void check_range(u64 start, u64 size)
{
	u64 s = start;
	u64 n = size;

	if (sbi_args_range(&s, &n) == SBI_SUCCESS) {
		must(n != 0U);
		must(n == UINT64_MAX ? s == 0U : s + (n - 1U) >= s);
	} else {
		must(size != 0U && start + (size - 1U) < start);
	}
}

static bool in_one(const struct config_memory *m, u64 addr)
{
	return addr >= m->gpa && addr - m->gpa < m->size;
}

/*
 * Two neighbours and one apart. Of a range that is accepted, its first and last byte and every edge
 * between them must be memory.
 */
static void check_memory(u64 at, u64 gap, u64 addr, u64 len)
{
	const u64 base = ALIGN_DOWN(at % BIT64(56), PAGE_SIZE) + PAGE_SIZE;
	const struct config_memory memory[] = {
		{ base, 2U * PAGE_SIZE },
		{ base + 2U * PAGE_SIZE, PAGE_SIZE },
		{ base + 4U * PAGE_SIZE + ALIGN_DOWN(gap % BIT64(40), PAGE_SIZE), PAGE_SIZE },
	};
	u64 near = base + addr % (8U * PAGE_SIZE);
	u64 n = len % (4U * PAGE_SIZE);
	bool whole = (near >= base && near + n <= base + 3U * PAGE_SIZE) ||
		     (near >= memory[2].gpa && near + n <= memory[2].gpa + PAGE_SIZE);

	must(config_memory_holds(memory, ARRAY_SIZE(memory), near, n) == (n == 0U || whole));
	if (len != 0U && config_memory_holds(memory, ARRAY_SIZE(memory), addr, len)) {
		bool first = false;
		bool last = false;

		for (size_t i = 0; i < ARRAY_SIZE(memory); i++) {
			first = first || in_one(&memory[i], addr);
			last = last || in_one(&memory[i], addr + len - 1U);
		}
		must(first && last && len <= 3U * PAGE_SIZE);
	}
	must(sbi_args_buffer(memory, ARRAY_SIZE(memory), near, gap, n) == SBI_SUCCESS
		     ? n == 0U || (gap == 0U && whole)
		     : n != 0U && (gap != 0U || !whole));
	if (sbi_args_entry(memory, ARRAY_SIZE(memory), near) == SBI_SUCCESS)
		must((near & 1U) == 0U &&
		     config_memory_holds(memory, ARRAY_SIZE(memory), near, 2U));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u64 w[8] = { 0 };

	memcpy(w, data, size < sizeof(w) ? size : sizeof(w));
	check_mask(w[0], w[1], 1U + (u32)(w[2] % 64U));
	/* A base that is near the harts more often than chance would have it */
	check_mask(w[0] >> (w[3] % 64U), w[1] % 70U, 1U + (u32)(w[2] % 64U));
	check_range(w[3], w[4]);
	check_memory(w[5], w[6], w[7], w[4]);
	must((sbi_args_suspend(w[0]) == SBI_SUCCESS) == (((u32)w[0] & 0x7fffffffU) == 0U));
	must((sbi_args_sleep(w[0]) == SBI_SUCCESS) == ((u32)w[0] == 0U));
	must((sbi_args_reset(w[0], w[1]) == SBI_SUCCESS) == ((u32)w[0] <= 2U && (u32)w[1] <= 1U));
	return 0;
}
