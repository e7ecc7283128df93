/* SPDX-License-Identifier: BSD-2-Clause */
/* What the calls must refuse, and records that are meant to do harm. */
#include "tests/guests/transfer/transfer.h"

static u8 buffer[CLEAVE_STATE_MAX + 16U] __attribute__((aligned(4096)));

/* A head alone, of any kind, with @length bytes of zeros after it */
static struct sbiret set_plain(u32 vm, u32 kind, u32 instance, u16 version, u16 flags, u32 length)
{
	struct cleave_state_head *head = (struct cleave_state_head *)(void *)buffer;

	memset(buffer, 0, sizeof(buffer));
	*head = (struct cleave_state_head){ kind, instance, version, flags, length };
	return cleave_state_set(vm, buffer, sizeof(*head) + length);
}

static void test_state(u32 vm, const char *what)
{
	check_eq((u64)cleave_state_list(vm, (struct cleave_state_head *)(void *)buffer, 4).error,
		 (u64)SBI_ERR_INVALID_STATE, "list of %s", what);
	check_eq((u64)cleave_state_get(vm, CLEAVE_STATE_REGS, 0, buffer, 512).error,
		 (u64)SBI_ERR_INVALID_STATE, "get of %s", what);
	check_eq((u64)set_plain(vm, CLEAVE_STATE_CLOCK, 0, 1, 1, 8).error,
		 (u64)SBI_ERR_INVALID_STATE, "set of %s", what);
	check_eq((u64)cleave_state_check(vm).error, (u64)SBI_ERR_INVALID_STATE, "check of %s",
		 what);
	check_eq((u64)cleave_state_check(vm).value, 0, "nothing is missing of %s", what);
}

static void test_ids(void)
{
	static const u64 ids[] = { 3, 64, UINT64_C(1) << 32, UINT64_MAX, CLEAVE_VM_SELF };
	u32 bad = 0;

	for (u32 i = 0; i < ARRAY_SIZE(ids); i++) {
		for (u32 fn = CLEAVE_FN_STATE_LIST; fn <= CLEAVE_FN_STATE_CHECK; fn++)
			bad += cleave_call(fn, ids[i], 0, 0, 0, 0, 0).error !=
			       SBI_ERR_INVALID_PARAM;
	}
	check_eq(bad, 0, "partitions that are not there, or the caller's own");
}

static void test_buffers(u32 vm)
{
	static const struct {
		u64 lo, hi;
	} bad[] = { { (u64)buffer + 4U, 0 }, { 0, 0 },		 { 0x7ffffff8, 0 },
		    { 0x10000000, 0 },	     { (u64)buffer, 1 }, { UINT64_MAX - 7U, 0 } };
	u32 wrong = 0;

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		u64 lo = bad[i].lo, hi = bad[i].hi;

		wrong += cleave_call(CLEAVE_FN_STATE_LIST, vm, lo, hi, 4, 0, 0).error !=
			 SBI_ERR_INVALID_ADDRESS;
		wrong += cleave_call(CLEAVE_FN_STATE_GET, vm, CLEAVE_STATE_REGS, 0, lo, hi, 512)
				 .error != SBI_ERR_INVALID_ADDRESS;
		wrong += cleave_call(CLEAVE_FN_STATE_SET, vm, lo, hi, 512, 0, 0).error !=
			 SBI_ERR_INVALID_ADDRESS;
	}
	check_eq(wrong, 0, "bad buffers");
}

void test_running(u32 vm)
{
	test_state(vm, "one that runs");
	test_ids();
	test_buffers(vm);
}

static void test_get(u32 vm)
{
	struct cleave_state_head *head = (struct cleave_state_head *)(void *)buffer;
	struct sbiret r;

	memset(buffer, 0xa5, sizeof(buffer));
	r = cleave_state_get(vm, CLEAVE_STATE_REGS, 1, buffer, 20);
	check(r.error == 0 && r.value == 20 && head->kind == CLEAVE_STATE_REGS &&
		      head->instance == 1 && head->version == CLEAVE_STATE_VERSION &&
		      head->flags == CLEAVE_STATE_MANDATORY &&
		      head->length == sizeof(struct cleave_state_regs) && buffer[20] == 0xa5,
	      "a record cut to 20 bytes");
	r = cleave_call(CLEAVE_FN_STATE_GET, vm, CLEAVE_STATE_REGS, 0, 0, 0, 0);
	check(r.error == 0 && r.value == 0, "0 bytes, at any address");
	r = cleave_state_get(vm, CLEAVE_STATE_REGS, 0, buffer, SIZE_MAX);
	check(r.error == 0 && r.value == 16 + sizeof(struct cleave_state_regs), "any size");
	r = cleave_state_list(vm, head, 1);
	check(r.error == 0 && r.value == (long)records.nr && head->kind == CLEAVE_STATE_CONFIG,
	      "a list of one entry says how many there are");
	check_eq((u64)cleave_state_get(vm, 0, 0, buffer, 64).error, (u64)SBI_ERR_INVALID_PARAM,
		 "a kind that is not there");
	check_eq((u64)cleave_call(CLEAVE_FN_STATE_GET, vm, UINT64_C(1) << 32 | CLEAVE_STATE_REGS, 0,
				  BUF_LO(buffer), BUF_HI, 64)
			 .error,
		 (u64)SBI_ERR_INVALID_PARAM, "a kind is looked at whole");
	check_eq((u64)cleave_state_get(vm, CLEAVE_STATE_REGS, 64, buffer, 64).error,
		 (u64)SBI_ERR_INVALID_PARAM, "a vCPU that is not there");
	check_eq((u64)cleave_state_get(vm, CLEAVE_STATE_CLOCK, 1, buffer, 64).error,
		 (u64)SBI_ERR_INVALID_PARAM, "a second clock");
	check_eq((u64)cleave_state_check(vm).error, 0, "one that grew up here lacks nothing");
	check_eq((u64)cleave_state_set(vm, record(0), record_size(0)).error,
		 (u64)SBI_ERR_INVALID_STATE, "nor is it given anything");
}

static void test_set(u32 vm)
{
	const u32 unknown = 0x7777;
	u32 bad = 0;

	check_eq((u64)cleave_state_set(vm, buffer, 15).error, (u64)SBI_ERR_INVALID_PARAM,
		 "less than a head");
	check_eq((u64)cleave_state_set(vm, buffer, CLEAVE_STATE_MAX + 1U).error,
		 (u64)SBI_ERR_INVALID_PARAM, "more than a record");
	check_eq((u64)cleave_state_set(vm, buffer, SIZE_MAX).error, (u64)SBI_ERR_INVALID_PARAM,
		 "far more than a record");
	check_eq((u64)set_plain(vm, unknown, 0, 1, 1, 8).error, (u64)SBI_ERR_NOT_SUPPORTED,
		 "an unknown mandatory kind");
	check_eq((u64)set_plain(vm, unknown, 9, 1, 0, 8).error, 0, "an unknown kind is skipped");
	check_eq((u64)set_plain(vm, CLEAVE_STATE_CLOCK, 0, 2, 1, 8).error,
		 (u64)SBI_ERR_NOT_SUPPORTED, "an unknown mandatory version");
	check_eq((u64)set_plain(vm, CLEAVE_STATE_CLOCK, 0, 0, 0, 8).error, 0,
		 "an unknown version is skipped");
	check_eq((u64)set_plain(vm, CLEAVE_STATE_CLOCK, 0, 1, 2, 8).error,
		 (u64)SBI_ERR_INVALID_PARAM, "unknown flags");
	check_eq((u64)set_plain(vm, CLEAVE_STATE_CLOCK, 1, 1, 1, 8).error,
		 (u64)SBI_ERR_INVALID_PARAM, "a second clock");
	check_eq((u64)set_plain(vm, CLEAVE_STATE_CLOCK, 0, 1, 1, 16).error,
		 (u64)SBI_ERR_INVALID_PARAM, "a clock of 16 bytes");
	for (u32 n = 0; n < records.nr; n++) {
		for (size_t size = 0; size < record_size(n); size += 1U + record_size(n) / 64U)
			bad += cleave_state_set(vm, record(n), size).error != SBI_ERR_INVALID_PARAM;
	}
	check_eq(bad, 0, "records that are cut off");
}

/* Registers have been set here; a slot that is created anew must show nothing of them. */
static void test_clean(u32 vm)
{
	const u64 *words = (const u64 *)(const void *)(buffer + sizeof(struct cleave_state_head));
	u64 left = 0;

	want(cleave_vm_steps(CLEAVE_FN_VM_CREATE, vm), 0, "create it again");
	for (u32 n = 0; n < records.nr; n++) {
		u32 kind = record(n)->kind;

		want(cleave_state_get(vm, kind, record(n)->instance, buffer, CLEAVE_STATE_MAX), 0,
		     "get");
		if (kind != CLEAVE_STATE_REGS && kind != CLEAVE_STATE_FP &&
		    kind != CLEAVE_STATE_VECTOR_LOW && kind != CLEAVE_STATE_VECTOR_HIGH)
			continue;
		/* The first word of VECTOR_LOW and VECTOR_HIGH is vlenb; REGS end with the mode. */
		for (u32 w = 1; w < record(n)->length / 8U - 1U; w++)
			left |= words[w];
		left |= kind == CLEAVE_STATE_REGS || kind == CLEAVE_STATE_FP ? words[0] : 0U;
	}
	check_eq(left, 0, "a slot that is created holds no registers of who was there");
	want(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, vm), 0, "destroy");
}

void test_slot(u32 from, u32 empty)
{
	struct sbiret r;
	u32 wrong = 0;

	test_get(from);
	test_state(empty, "an empty slot");
	want(cleave_vm_steps(CLEAVE_FN_VM_CREATE, empty), 0, "create");
	test_set(empty);
	/*
	 * The records are set in ascending order, so the first that is missing is always the
	 * next.
	 */
	for (u32 n = 0; n < records.nr; n++) {
		r = cleave_state_check(empty);
		if ((record(n)->flags & CLEAVE_STATE_MANDATORY) != 0U)
			wrong += r.error != SBI_ERR_INVALID_STATE ||
				 (u64)r.value != ((u64)record(n)->kind << 32 | record(n)->instance);
		wrong += cleave_state_set(empty, record(n), record_size(n)).error != 0;
		if (n + 1U < records.nr)
			wrong += cleave_vm_op(CLEAVE_FN_VM_RESUME, empty).error !=
				 SBI_ERR_INVALID_STATE;
	}
	check_eq(wrong, 0, "check names the first that is missing, and it does not run before");
	want(cleave_state_check(empty), 0, "nothing is missing");
	/* What was set reads back as it was. */
	for (u32 n = 0; n < records.nr; n++) {
		r = cleave_state_get(empty, record(n)->kind, record(n)->instance, buffer,
				     CLEAVE_STATE_MAX);
		if (r.error != 0 || (size_t)r.value != record_size(n) ||
		    memcmp(buffer, record(n), record_size(n)) != 0)
			check(false, "record 0x%x of %u reads back: error %ld", record(n)->kind,
			      record(n)->instance, r.error);
	}
	want(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, empty), 0, "destroy");
	test_clean(empty);
}

/* Flip some bits of a record's data. A record that is then refused is set as it was. */
static u32 set_harmed(u32 to, u32 n, u64 *seed)
{
	struct sbiret r;

	memcpy(buffer, record(n), record_size(n));
	for (u64 i = random_next(seed) % 4U; i != 0 && record(n)->length != 0; i--) {
		u64 bit = random_next(seed) % (record(n)->length * 8U);

		buffer[sizeof(struct cleave_state_head) + bit / 8U] ^= (u8)(1U << bit % 8U);
	}
	r = cleave_state_set(to, buffer, record_size(n));
	if (r.error == 0)
		return 0;
	if (r.error != SBI_ERR_INVALID_PARAM && r.error != SBI_ERR_NOT_SUPPORTED)
		check(false, "a harmed record 0x%x: error %ld", record(n)->kind, r.error);
	want(cleave_state_set(to, record(n), record_size(n)), 0, "the record as it was");
	return 1;
}

void test_hostile(u32 from, u32 to, u64 rounds)
{
	u64 seed = 0x853c49e6748fea9bU, refused = 0, set = 0;

	for (u64 i = 0; i < rounds; i++) {
		want(cleave_vm_steps(CLEAVE_FN_VM_CREATE, to), 0, "create");
		if (!copy_memory(from, to))
			check(false, "copy");
		for (u32 n = 0; n < records.nr; n++, set++)
			refused += set_harmed(to, n, &seed);
		want(cleave_state_check(to), 0, "check");
		want(cleave_vm_op(CLEAVE_FN_VM_RESUME, to), 0, "resume");
		wait_us(random_next(&seed) % 3000U);
		want(cleave_vm_steps(CLEAVE_FN_VM_DESTROY, to), 0, "destroy");
	}
	check(refused != 0 && refused < set, "%lu of %lu harmed records were refused", refused,
	      set);
}
