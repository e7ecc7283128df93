/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Garbage to the emulated devices: any offset, size and value, from all harts, with interrupts
 * on.
 */
#include "tests/guests/hostile/hostile.h"

#define ROUNDS	  4000U
#define UART	  UINT64_C(0x10000000)
#define UART_SIZE 0x100U
#define PLIC	  UINT64_C(0x0c000000)
#define PLIC_SIZE 0x600000U

static u32 finished, bad; /* atomic */

static void access_device(u64 *state, u64 base, u64 size)
{
	u64 r = random_next(state), value = random_next(state);
	u32 bytes = 1U << (r & 3U);
	u64 at = base + (r >> 8) % size / bytes * bytes;
	u64 cause;

	/* No text is sent: what is printed is for the user to read. */
	if (at == UART && (r & 4U) != 0)
		value = 'x';
	cause = (r & 4U) != 0 ? probe_store(at, bytes, value) : probe_load(at, bytes, NULL);
	if (cause != TRAP_NONE && __atomic_fetch_add(&bad, 1U, __ATOMIC_RELAXED) < 8U)
		say("FAIL %u bytes at 0x%lx: trap %lu", bytes, at, cause);
}

static void garbage(void *arg)
{
	u64 hart = (u64)arg, state = 0x9e3779b97f4a7c15U + hart;
	u32 i;

	for (i = 0; i < ROUNDS; i++) {
		/*
		 * Every second access is to the UART's few registers; most of those to the PLIC
		 * are where it has registers.
		 */
		if ((i & 1U) != 0)
			access_device(&state, UART, UART_SIZE);
		else if ((i & 6U) != 0)
			access_device(&state, PLIC + ((i & 2U) != 0 ? 0 : 0x200000U), 0x4000);
		else
			access_device(&state, PLIC, PLIC_SIZE);
	}
	__atomic_fetch_add(&finished, 1U, __ATOMIC_RELEASE);
}

void test_devices(void)
{
	u32 i;

	for (i = 1; i < self.harts; i++)
		check_eq((u64)start_hart(i, garbage, (void *)(u64)i), 0, "hart %u starts", i);
	garbage(NULL);
	while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) < self.harts)
		cpu_relax();
	check_eq(bad, 0, "%u accesses by %u harts were answered", ROUNDS * self.harts, self.harts);
}
