/* SPDX-License-Identifier: BSD-2-Clause */
/* What a manager does to a partition: it logs it, moves it, keeps a copy of it, makes it anew. */
#include "tests/guests/interference/interference.h"

#define STEP_PAGES   2048U
#define WINDOW_FROM  UINT64_C(0x100000000)
#define WINDOW_TO    UINT64_C(0x140000000)
#define RECORDS	     64U
#define RECORDS_SIZE 65536U

static u32 named(const char *name)
{
	static struct cleave_vm_info info;
	u32 ids[16];
	u64 nr = (u64)cleave_vm_list(ids, ARRAY_SIZE(ids)).value;

	for (u64 i = 0; i < nr && i < ARRAY_SIZE(ids); i++) {
		if (cleave_vm_info(ids[i], &info).error == 0 && strcmp(info.name, name) == 0)
			return ids[i];
	}
	(void)check(false, "there is a partition \"%s\"", name);
	return 0;
}

static void need(struct sbiret r, const char *what)
{
	static bool told;

	if (r.error != 0 && !told)
		told = !check(false, "%s: error %ld", what, r.error);
}

/* Harvest all of region 0. */
static void harvest(u32 vm)
{
	static u64 bits[STEP_PAGES / 64U];
	struct cleave_region_info region;
	u64 pages;

	need(cleave_region_info(vm, 0, &region), "region");
	pages = region.size / PAGE_SIZE;
	for (u64 at = 0; at < pages;) {
		struct sbiret r = cleave_log_bits(CLEAVE_FN_LOG_GET_CLEAR, vm, 0, at,
						  MIN(STEP_PAGES, pages - at), bits);

		need(r, "harvest");
		if (r.error != 0)
			return;
		at += (u64)r.value;
	}
}

/* Split every huge leaf, log, and put them back. */
static void log_once(u32 vm)
{
	need(cleave_log_start(vm, 0, CLEAVE_LOG_EAGER, 0), "start of a log");
	harvest(vm);
	wait_us(200);
	harvest(vm);
	need(cleave_log_stop(vm, 0, CLEAVE_LOG_FLAG_COLLAPSE), "stop of a log");
}

static void copy(u32 from, u32 to)
{
	static const u64 zero[PAGE_SIZE / sizeof(u64)];
	struct cleave_region_info region;

	need(cleave_region_info(from, 0, &region), "region");
	need(cleave_window_map(from, region.gpa, region.size, WINDOW_FROM, 0), "window");
	need(cleave_window_map(to, region.gpa, region.size, WINDOW_TO, CLEAVE_WINDOW_WRITABLE),
	     "writable window");
	for (u64 at = 0; at < region.size; at += PAGE_SIZE) {
		const void *page = (const void *)(WINDOW_FROM + at);

		if (memcmp(page, zero, PAGE_SIZE) != 0)
			memcpy((void *)(WINDOW_TO + at), page, PAGE_SIZE);
	}
	need(cleave_window_unmap(WINDOW_FROM), "unmap");
	need(cleave_window_unmap(WINDOW_TO), "unmap");
}

static struct cleave_state_head heads[RECORDS];
static u8 pool[RECORDS_SIZE] __attribute__((aligned(8)));
static u32 nr_records;

/* Read all records of @vm; @to: set them there as well, unless it is the same. */
static void records(u32 vm, u32 to)
{
	struct sbiret r = cleave_state_list(vm, heads, RECORDS);

	need(r, "list of records");
	nr_records = (u32)MIN((u64)r.value, RECORDS);
	for (u32 n = 0; n < nr_records; n++) {
		r = cleave_state_get(vm, heads[n].kind, heads[n].instance, pool, sizeof(pool));
		need(r, "get of a record");
		if (to != vm)
			need(cleave_state_set(to, pool, (size_t)r.value), "set of a record");
	}
}

static void move_once(u32 *from, u32 *to)
{
	u32 kept = *from;

	need(cleave_log_start(*from, 0, CLEAVE_LOG_EAGER, 0), "start of a log");
	harvest(*from);
	need(cleave_vm_op(CLEAVE_FN_VM_PAUSE, *from), "pause");
	need(cleave_log_stop(*from, 0, 0), "stop of a log");
	need(cleave_vm_steps(CLEAVE_FN_VM_CREATE, *to), "create");
	copy(*from, *to);
	records(*from, *to);
	need(cleave_state_check(*to), "check");
	need(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, *from), "destroy");
	need(cleave_vm_op(CLEAVE_FN_VM_RESUME, *to), "resume");
	*from = *to;
	*to = kept;
}

/* A copy of everything, into this partition's own memory, page by page. */
static void checkpoint_once(u32 vm)
{
	static u64 page[PAGE_SIZE / sizeof(u64)];
	struct cleave_region_info region;

	need(cleave_vm_op(CLEAVE_FN_VM_PAUSE, vm), "pause");
	records(vm, vm);
	need(cleave_region_info(vm, 0, &region), "region");
	need(cleave_window_map(vm, region.gpa, region.size, WINDOW_FROM, 0), "window");
	for (u64 at = 0; at < region.size; at += PAGE_SIZE)
		memcpy(page, (const void *)(WINDOW_FROM + at), PAGE_SIZE);
	need(cleave_window_unmap(WINDOW_FROM), "unmap");
	need(cleave_vm_op(CLEAVE_FN_VM_RESUME, vm), "resume");
}

static void manage_log(void)
{
	u32 vm = named(span.victim);
	u64 rounds = 0;

	sleep_until_attack();
	for (; !over(); rounds++)
		log_once(vm);
	attacked(rounds);
}

static void manage_move(void)
{
	u32 from = named(span.victim);
	u32 to = named("slot");
	u64 rounds = 0;

	sleep_until_attack();
	for (; !over(); rounds++)
		move_once(&from, &to);
	attacked(rounds);
}

static void manage_checkpoint(void)
{
	u32 vm = named(span.victim);
	u64 rounds = 0;

	sleep_until_attack();
	for (; !over(); rounds++)
		checkpoint_once(vm);
	attacked(rounds);
}

/* Do something with every VM that is none of the attack's side, until the span ends. */
static void with_victims(void (*once)(u32 vm))
{
	u32 ids[16];
	u64 nr = MIN((u64)cleave_vm_list(ids, ARRAY_SIZE(ids)).value, ARRAY_SIZE(ids));
	u64 rounds = 0;

	sleep_until_attack();
	for (; !over(); rounds++)
		once(ids[1U + rounds % (nr - 1U)]);
	attacked(rounds);
}

static void ask_once(u32 vm)
{
	static struct cleave_vm_info info;
	static u64 stats[CLEAVE_STAT_COUNT];
	static struct cleave_log_status status;

	need(cleave_vm_info(vm, &info), "info");
	need(cleave_stats(vm, stats, CLEAVE_STAT_COUNT), "stats");
	need(cleave_log_status(vm, 0, &status), "status");
}

static void look_once(u32 vm)
{
	struct cleave_region_info region;

	need(cleave_region_info(vm, 0, &region), "region");
	need(cleave_window_map(vm, region.gpa, region.size, WINDOW_FROM, 0), "window");
	(void)*(volatile u64 *)WINDOW_FROM;
	need(cleave_window_unmap(WINDOW_FROM), "unmap");
}

static void manage_ask(void)
{
	with_victims(ask_once);
}

static void manage_look(void)
{
	with_victims(look_once);
}

static void manage_create(void)
{
	u32 vm = named("slot");
	u64 rounds = 0;

	sleep_until_attack();
	for (; !over(); rounds++) {
		need(cleave_vm_steps(CLEAVE_FN_VM_CREATE, vm), "create");
		need(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, vm), "destroy");
	}
	attacked(rounds);
}

bool manager(const char *role)
{
	static const struct role roles[] = {
		{ "log", manage_log },
		{ "move", manage_move },
		{ "checkpoint", manage_checkpoint },
		{ "create", manage_create },
		{ "ask", manage_ask },
		{ "look", manage_look },
	};

	return act(roles, ARRAY_SIZE(roles), role);
}
