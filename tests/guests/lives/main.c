/* SPDX-License-Identifier: BSD-2-Clause */
/* The manager: which slots there are, and what is done to them; and the worker in a slot. */
#include "tests/guests/lives/lives.h"

#define KINDS 4U

struct slot slots[LIVES_SLOTS];
u32 nr_slots;
u64 draws;

static const char *const kinds[KINDS] = { "lives", "logs", "windows", "moves" };

/* Every partition but this one. Names that differ in their last letter, a and b, are twins. */
static void find_slots(void)
{
	static char names[LIVES_SLOTS][32];
	struct cleave_vm_info info, self;
	u32 ids[LIVES_SLOTS + 1U], n, i, k;

	n = (u32)cleave_vm_list(ids, ARRAY_SIZE(ids)).value;
	cleave_vm_info(CLEAVE_VM_SELF, &self);
	for (i = 0; i < n && i < ARRAY_SIZE(ids) && nr_slots < LIVES_SLOTS; i++) {
		if (ids[i] == self.id)
			continue;
		cleave_vm_info(ids[i], &info);
		memcpy(names[nr_slots], info.name, sizeof(info.name));
		slots[nr_slots] = (struct slot){ ids[i], nr_slots, info.regions };
		for (k = 0; k < nr_slots; k++) {
			if (strlen(names[k]) == strlen(info.name) &&
			    memcmp(names[k], info.name, strlen(info.name) - 1U) == 0) {
				slots[k].twin = nr_slots;
				slots[nr_slots].twin = k;
			}
		}
		nr_slots++;
	}
}

static bool operate(u64 kind)
{
	u32 i = (u32)below(nr_slots);

	switch (kind) {
	case 0:
		return operation_life(i).error == 0;
	case 1:
		return operation_log(i).error == 0;
	case 2:
		return operation_window(i).error == 0;
	default:
		return operation_move(i);
	}
}

/* The user looks at what is free while nothing of the slots is left, and then types. */
static void wait_for_user(const char *what)
{
	say("%s: all slots are empty", what);
	while (sbi_getchar() < 0)
		;
}

static void manager(u64 operations)
{
	static const u64 weights[] = { 0, 0, 0, 0, 0, 1, 1, 2, 2, 3 };
	u64 tried[KINDS] = { 0 }, done[KINDS] = { 0 };
	u64 n, k;

	find_slots();
	end_all();
	wait_for_user("before");
	for (n = 0; n < operations; n++) {
		k = weights[below(ARRAY_SIZE(weights))];
		tried[k]++;
		done[k] += operate(k) ? 1U : 0U;
	}
	end_all();
	for (k = 0; k < KINDS; k++)
		check(done[k] != 0, "%s: %lu of %lu were let do", kinds[k], done[k], tried[k]);
	wait_for_user("after");
	/* The device's partition: does its interrupt still come? */
	for (n = 0; n < nr_slots; n++) {
		if (slots[n].regions == 1U && slots[n].twin == n) {
			check_eq((u64)cleave_vm_steps(CLEAVE_FN_VM_CREATE, slots[n].vm).error, 0,
				 "the partition with the device is created");
			check_eq((u64)cleave_vm_steps(CLEAVE_FN_VM_START, slots[n].vm).error, 0,
				 "and starts");
			check_eq((u64)cleave_state_list(slots[n].vm, NULL, 0).error,
				 (u64)SBI_ERR_NOT_SUPPORTED, "no record has what a device does");
		}
	}
	while (sbi_getchar() < 0)
		wait_us(1000);
	end_all();
	check(true, "%lu operations", operations);
}

/* It stores, sends itself interrupts, and sets timers, until somebody ends it. */
static void worker(const void *fdt)
{
	u64 base = 0, size = 0, i;

	free_memory(fdt, &base, &size);
	for (i = 0;; i++) {
		*(volatile u64 *)(base + (i * 8U * 513U) % size / 8U * 8U) = i;
		if (i % 64U == 0)
			sbi_send_ipi(this_hart());
		if (i % 512U == 0)
			wait_us(20);
	}
}

void guest_main(unsigned long hartid, const void *fdt)
{
	char role[16] = "";

	(void)hartid;
	bootarg(fdt, "role", role, sizeof(role));
	if (strcmp(role, "worker") == 0)
		worker(fdt);
	draws = bootarg_number(fdt, "seed", 1) * UINT64_C(0x9e3779b97f4a7c15) | 1U;
	say("seed=%lu", bootarg_number(fdt, "seed", 1));
	manager(bootarg_number(fdt, "operations", 300));
	finish();
}
