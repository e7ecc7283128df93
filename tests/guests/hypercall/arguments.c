/* SPDX-License-Identifier: BSD-2-Clause */
/* Every function with arguments that it must refuse, and the error that it must answer. */
#include "tests/guests/hypercall/hypercall_test.h"

static u64 buffer[64] __attribute__((aligned(4096)));

struct bad_buffer {
	const char *name;
	u64 lo;
	u64 hi;
};

static const struct bad_buffer bad_buffers[] = {
	{ "unaligned", (u64)buffer + 1U, 0 },
	{ "unaligned by 4", (u64)buffer + 4U, 0 },
	{ "at 0", 0, 0 },
	{ "below memory", SUBJECT_BASE - 8U, 0 },
	{ "after the end of memory", SUBJECT_BASE + SUBJECT_SIZE, 0 },
	{ "across the end of memory", SUBJECT_BASE + SUBJECT_SIZE - 8U, 0 },
	{ "in the UART", 0x10000000, 0 },
	{ "in a window", WINDOW, 0 },
	{ "at the last word", UINT64_MAX - 7U, 0 },
	{ "with a high word", (u64)buffer, 1 },
	{ "at 2^63", UINT64_C(1) << 63, 0 },
};

/* Every function that has a buffer, with each bad one; a0 to a5 have two holes for the buffer. */
static void test_buffers(void)
{
	static const struct {
		const char *name;
		u32 fn;
		u32 at; /* number of the argument with the low word */
		u64 arg[6];
	} calls[] = {
		{ "info", CLEAVE_FN_VM_INFO, 1, { CLEAVE_VM_SELF, 0, 0, 64 } },
		{ "wait", CLEAVE_FN_VM_WAIT, 1, { 0 } },
		{ "fault", CLEAVE_FN_VM_FAULT, 1, { CLEAVE_VM_SELF, 0, 0, 376 } },
		{ "region info", CLEAVE_FN_REGION_INFO, 2, { CLEAVE_VM_SELF, 0, 0, 0, 24 } },
		{ "leaves", CLEAVE_FN_LEAVES, 3, { CLEAVE_VM_SELF, 0, 0 } },
		{ "log get", CLEAVE_FN_LOG_GET, 4, { CLEAVE_VM_SELF, 0, 0, SUBJECT_PAGES } },
		{ "log get-and-clear",
		  CLEAVE_FN_LOG_GET_CLEAR,
		  4,
		  { CLEAVE_VM_SELF, 0, 0, SUBJECT_PAGES } },
		{ "log clear", CLEAVE_FN_LOG_CLEAR, 4, { CLEAVE_VM_SELF, 0, 0, SUBJECT_PAGES } },
		{ "log status", CLEAVE_FN_LOG_STATUS, 2, { CLEAVE_VM_SELF, 0, 0, 0, 24 } },
		{ "machine", CLEAVE_FN_MACHINE, 1, { CLEAVE_VM_SELF, 0, 0, 600 } },
		{ "stats", CLEAVE_FN_STATS, 1, { CLEAVE_VM_SELF, 0, 0, CLEAVE_STAT_COUNT } },
	};
	u32 c, b, bad = 0;

	for (c = 0; c < ARRAY_SIZE(calls); c++) {
		for (b = 0; b < ARRAY_SIZE(bad_buffers); b++) {
			u64 a[6];
			struct sbiret r;

			memcpy(a, calls[c].arg, sizeof(a));
			a[calls[c].at] = bad_buffers[b].lo;
			a[calls[c].at + 1U] = bad_buffers[b].hi;
			r = cleave_call(calls[c].fn, a[0], a[1], a[2], a[3], a[4], a[5]);
			if (r.error != SBI_ERR_INVALID_ADDRESS) {
				bad++;
				check(false, "%s with a buffer %s: error %ld", calls[c].name,
				      bad_buffers[b].name, r.error);
			}
		}
	}
	check_eq(bad, 0, "%u functions refuse %u bad buffers", (u32)ARRAY_SIZE(calls),
		 (u32)ARRAY_SIZE(bad_buffers));
}

static void test_ids(void)
{
	static const u64 ids[] = { 2,	       64,	   UINT64_C(1) << 32,
				   0xfffffffe, UINT64_MAX, UINT64_C(1) << 63 };
	static const u32 fns[] = {
		CLEAVE_FN_VM_INFO,	  CLEAVE_FN_VM_START,	   CLEAVE_FN_VM_PAUSE,
		CLEAVE_FN_VM_RESUME,	  CLEAVE_FN_VM_RESET,	   CLEAVE_FN_VM_DESTROY,
		CLEAVE_FN_VM_CREATE,	  CLEAVE_FN_REGION_INFO,   CLEAVE_FN_WINDOW_MAP,
		CLEAVE_FN_LEAVES,	  CLEAVE_FN_LOG_START,	   CLEAVE_FN_LOG_GET,
		CLEAVE_FN_LOG_GET_CLEAR,  CLEAVE_FN_LOG_CLEAR,	   CLEAVE_FN_LOG_STOP,
		CLEAVE_FN_LOG_STATUS,	  CLEAVE_FN_STATS,	   CLEAVE_FN_LEAF,
		CLEAVE_FN_MACHINE,	  CLEAVE_FN_VM_NOTE,	   CLEAVE_FN_VM_IMAGES,
		CLEAVE_FN_VM_IMAGES_TAKE, CLEAVE_FN_VM_IMAGES_PUT,
	};
	u32 f, i, bad = 0;

	for (f = 0; f < ARRAY_SIZE(fns); f++) {
		for (i = 0; i < ARRAY_SIZE(ids); i++) {
			struct sbiret r = cleave_call(fns[f], ids[i], 0, 0, 0, 0, 0);

			if (r.error != SBI_ERR_INVALID_PARAM) {
				bad++;
				check(false, "function 0x%x on partition 0x%lx: error %ld", fns[f],
				      ids[i], r.error);
			}
		}
	}
	check_eq(bad, 0, "%u functions refuse partitions that are not there", (u32)ARRAY_SIZE(fns));
}

static void test_numbers(void)
{
	static const u64 fns[] = { 0x02,      0x0f, 0x1d, 0x1f,	 0x25,
				   0x2f,      0x36, 0x3f, 0x48,	 0x4f,
				   0x51,      0x63, 0xff, 0x100, UINT64_C(1) << 32,
				   UINT64_MAX };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(fns); i++)
		check_eq((u64)cleave_call(fns[i], 0, 0, 0, 0, 0, 0).error,
			 (u64)SBI_ERR_NOT_SUPPORTED, "function 0x%lx does not exist", fns[i]);
	check_eq((u64)cleave_version().value, CLEAVE_ABI_MAJOR << 16 | CLEAVE_ABI_MINOR, "version");
	check_eq(cleave_feature(CLEAVE_FEATURE_LOG_MODES), 0x1e, "all modes of the log are there");
	check_eq(cleave_feature(CLEAVE_FEATURE_MAX_VMS), 2, "feature: partitions");
	check_eq(cleave_feature(CLEAVE_FEATURE_MANAGER), 1, "feature: manager");
	check_eq(cleave_feature(CLEAVE_FEATURE_TIMEBASE), ticks_per_second(), "feature: time base");
	check_eq(cleave_feature(CLEAVE_FEATURE_SCHEDULES), 0, "feature: plans");
	for (i = CLEAVE_FN_SCHEDULE_INFO; i <= CLEAVE_FN_SCHEDULE_STATS; i++)
		check_eq((u64)cleave_call(i, 0, 0, 0, 0, 0, 0).error, (u64)SBI_ERR_INVALID_PARAM,
			 "function 0x%x of a plan that is not there", i);
	check_eq(cleave_feature(8), 0, "a feature that does not exist");
	check_eq(cleave_feature(UINT32_MAX), 0, "a feature that does not exist either");
}

/* A partition may not do to itself what needs its vCPU to stop. */
static void test_self(void)
{
	static const u32 fns[] = { CLEAVE_FN_VM_START, CLEAVE_FN_VM_PAUSE,   CLEAVE_FN_VM_RESUME,
				   CLEAVE_FN_VM_RESET, CLEAVE_FN_VM_DESTROY, CLEAVE_FN_VM_CREATE };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(fns); i++)
		want(cleave_call(fns[i], CLEAVE_VM_SELF, 0, 0, 0, 0, 0), SBI_ERR_INVALID_PARAM,
		     "a partition does not work on itself");
}

/* Short buffers get as much as fits; what lies after them is not touched. */
static void test_sizes(void)
{
	struct cleave_vm_info info;
	u32 ids[4] = { 7, 7, 7, 7 };
	struct sbiret r;

	memset(buffer, 0xa5, sizeof(buffer));
	r = cleave_call(CLEAVE_FN_VM_INFO, subject, (u64)buffer, 0, 16, 0, 0);
	check(r.error == 0 && r.value == 16, "info of 16 bytes");
	check(buffer[1] != UINT64_C(0xa5a5a5a5a5a5a5a5) &&
		      buffer[2] == UINT64_C(0xa5a5a5a5a5a5a5a5),
	      "no byte more is written");
	r = cleave_call(CLEAVE_FN_VM_INFO, subject, 0, 0, 0, 0, 0);
	check(r.error == 0 && r.value == 0, "info of 0 bytes, at any address");
	r = cleave_call(CLEAVE_FN_VM_INFO, subject, (u64)&info, 0, UINT64_MAX, 0, 0);
	check(r.error == 0 && r.value == sizeof(info), "info into a buffer of any size");
	r = cleave_vm_list(ids, 1);
	check(r.error == 0 && r.value == 2 && ids[0] == 0 && ids[1] == 7, "a list of one entry");
	r = cleave_stats(subject, buffer, 1);
	check(r.error == 0 && r.value == CLEAVE_STAT_COUNT, "statistics of one entry");
	r = cleave_stats(subject, buffer, UINT64_MAX);
	check(r.error == 0 && buffer[CLEAVE_STAT_EXITS] >= buffer[CLEAVE_STAT_EXIT_SBI],
	      "all statistics");
}

static void test_windows(void)
{
	static const struct {
		const char *name;
		u64 gpa, size, own, flags;
		long error;
	} bad[] = {
		{ "unaligned address there", SUBJECT_BASE + 8, 4096, 0x200000000, 0,
		  SBI_ERR_INVALID_PARAM },
		{ "unaligned size", SUBJECT_BASE, 4097, 0x200000000, 0, SBI_ERR_INVALID_PARAM },
		{ "unaligned address here", SUBJECT_BASE, 4096, 0x200000001, 0,
		  SBI_ERR_INVALID_PARAM },
		{ "no size", SUBJECT_BASE, 0, 0x200000000, 0, SBI_ERR_INVALID_PARAM },
		{ "unknown flags", SUBJECT_BASE, 4096, 0x200000000, 2, SBI_ERR_INVALID_PARAM },
		{ "wrapping size", SUBJECT_BASE, UINT64_MAX & ~UINT64_C(4095), 0x200000000, 0,
		  SBI_ERR_INVALID_PARAM },
		{ "wrapping address here", SUBJECT_BASE, 8192, UINT64_MAX & ~UINT64_C(4095), 0,
		  SBI_ERR_INVALID_PARAM },
		{ "below its memory", SUBJECT_BASE - 4096, 8192, 0x200000000, 0,
		  SBI_ERR_INVALID_ADDRESS },
		{ "across its end", SUBJECT_BASE + SUBJECT_SIZE - 4096, 8192, 0x200000000, 0,
		  SBI_ERR_INVALID_ADDRESS },
		{ "its UART", 0x10000000, 4096, 0x200000000, 0, SBI_ERR_INVALID_ADDRESS },
		{ "over memory here", SUBJECT_BASE, 4096, SUBJECT_BASE, 0,
		  SBI_ERR_ALREADY_AVAILABLE },
		{ "over a window here", SUBJECT_BASE, 4096, WINDOW + 4096, 0,
		  SBI_ERR_ALREADY_AVAILABLE },
		{ "over the UART here", SUBJECT_BASE, 4096, 0x10000000, 0,
		  SBI_ERR_ALREADY_AVAILABLE },
		{ "over the PLIC here", SUBJECT_BASE, 4096, 0x0c200000, 0,
		  SBI_ERR_ALREADY_AVAILABLE },
		{ "beyond this partition's tables", SUBJECT_BASE, 4096, UINT64_C(1) << 62, 0,
		  SBI_ERR_INVALID_ADDRESS },
		{ "of more leaves than a step", SUBJECT_BASE, SUBJECT_SIZE, 0x200001000, 0,
		  SBI_ERR_INVALID_PARAM },
		{ "writable while it runs", SUBJECT_BASE, 4096, 0x200000000, CLEAVE_WINDOW_WRITABLE,
		  SBI_ERR_INVALID_STATE },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		check_eq((u64)cleave_window_map(subject, bad[i].gpa, bad[i].size, bad[i].own,
						(u32)bad[i].flags)
				 .error,
			 (u64)bad[i].error, "window: %s", bad[i].name);
	want(cleave_window_map(CLEAVE_VM_SELF, SUBJECT_BASE, 4096, 0x200000000, 0),
	     SBI_ERR_INVALID_PARAM, "window: onto this partition");
	want(cleave_window_unmap(0x200000000), SBI_ERR_INVALID_PARAM, "unmap what is not mapped");
	want(cleave_window_unmap(WINDOW + 4096), SBI_ERR_INVALID_PARAM,
	     "unmap the middle of a window");
	want(cleave_window_unmap(SUBJECT_BASE), SBI_ERR_INVALID_PARAM, "unmap memory");
}

/* What the subject is started from: it can be read, and changed only before a VM has run. */
static void test_images(void)
{
	struct cleave_images images;
	u64 sum = sizeof(images);
	u32 i;

	check_eq((u64)cleave_vm_images(subject, 0, &images, sizeof(images)).value, sizeof(images),
		 "images: their record");
	for (i = 0; i < images.pieces && i < CLEAVE_IMAGES_PIECES; i++)
		sum += images.size[i];
	check_eq(images.bytes, sum, "images: their bytes");
	check(images.pieces >= 2U, "images: a kernel and a device tree");
	check_eq((u64)cleave_vm_images(subject, sum - 1U, buffer, 8).value, 1, "their last byte");
	check_eq((u64)cleave_vm_images(subject, sum, buffer, 8).value, 0, "their end");
	check_eq((u64)cleave_vm_images(subject, UINT64_MAX, buffer, 8).value, 0, "far after it");
	want(cleave_vm_images(CLEAVE_VM_SELF, 0, buffer, 8), SBI_ERR_INVALID_PARAM, "its own");
	want(cleave_call(CLEAVE_FN_VM_IMAGES, subject, 0, 0x10000000, 0, 8, 0),
	     SBI_ERR_INVALID_ADDRESS, "images: into the UART");
	want(cleave_vm_images_take(subject, subject, 4096), SBI_ERR_INVALID_STATE,
	     "images: of one that has run");
	want(cleave_vm_images_take(subject, 77, 0), SBI_ERR_INVALID_PARAM, "images: of nobody");
	want(cleave_vm_images_put(subject, buffer, 0), SBI_ERR_INVALID_PARAM, "put nothing");
	want(cleave_vm_images_put(subject, buffer, CLEAVE_IMAGES_STEP + 1U), SBI_ERR_INVALID_PARAM,
	     "put too much");
	want(cleave_vm_images_put(subject, buffer, 8), SBI_ERR_INVALID_STATE,
	     "put what nobody awaits");
}

void test_arguments(void)
{
	test_images();
	test_numbers();
	test_buffers();
	test_ids();
	test_self();
	test_sizes();
	test_windows();
}
