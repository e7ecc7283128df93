/* SPDX-License-Identifier: BSD-2-Clause */
/* The manager's tools: slots, records, memory. */
#include "tests/guests/transfer/transfer.h"

struct records records;

u32 slot(const char *name)
{
	struct cleave_vm_info info;
	u32 ids[8];
	struct sbiret r = cleave_vm_list(ids, ARRAY_SIZE(ids));

	for (u32 i = 0; i < (u32)r.value && i < ARRAY_SIZE(ids); i++) {
		if (cleave_vm_info(ids[i], &info).error == 0 && strcmp(info.name, name) == 0)
			return ids[i];
	}
	check(false, "there is a partition \"%s\"", name);
	return 0;
}

void want(struct sbiret r, long error, const char *name)
{
	if (r.error != error)
		check_eq((u64)r.error, (u64)error, "%s", name);
}

bool read_all(u32 vm)
{
	static struct cleave_state_head heads[RECORDS_MAX];
	struct sbiret r = cleave_state_list(vm, heads, RECORDS_MAX);
	u32 at = 0;

	records.nr = 0;
	if (r.error != 0 || r.value == 0 || r.value > (long)RECORDS_MAX)
		return check(false, "list of records: error %ld, value %ld", r.error, r.value);
	for (u32 n = 0; n < (u32)r.value; n++) {
		struct sbiret g = cleave_state_get(vm, heads[n].kind, heads[n].instance,
						   &records.pool[at], RECORD_POOL - at);

		records.at[n] = at;
		records.nr = n + 1U;
		if (g.error != 0 || memcmp(record(n), &heads[n], sizeof(heads[n])) != 0 ||
		    (size_t)g.value != record_size(n))
			return check(false, "record 0x%x of %u: error %ld, %ld bytes",
				     heads[n].kind, heads[n].instance, g.error, g.value);
		at += ((u32)g.value + 7U) & ~7U;
	}
	return true;
}

bool copy_memory(u32 from, u32 to)
{
	static const u64 zero[PAGE_SIZE / sizeof(u64)];
	bool ok = cleave_window_map(from, VICTIM_BASE, VICTIM_SIZE, WINDOW_HERE, 0).error == 0 &&
		  cleave_window_map(to, VICTIM_BASE, VICTIM_SIZE, WINDOW_THERE,
				    CLEAVE_WINDOW_WRITABLE)
				  .error == 0;

	/* The slot's memory is zero. */
	for (u64 at = 0; ok && at < VICTIM_SIZE; at += PAGE_SIZE) {
		const void *page = (const void *)(WINDOW_HERE + at);

		if (memcmp(page, zero, PAGE_SIZE) != 0)
			memcpy((void *)(WINDOW_THERE + at), page, PAGE_SIZE);
	}
	(void)cleave_window_unmap(WINDOW_HERE);
	(void)cleave_window_unmap(WINDOW_THERE);
	return ok;
}

void wait_for_victim(u32 vm)
{
	const volatile struct mailbox *m = (const volatile struct mailbox *)WINDOW_HERE;

	want(cleave_window_map(vm, MAILBOX, PAGE_SIZE, WINDOW_HERE, 0), 0, "window");
	while (m->up == 0)
		cpu_relax();
	want(cleave_window_unmap(WINDOW_HERE), 0, "unmap");
}
