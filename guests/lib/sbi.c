/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI calls (SBI 2.0, chapter 3, "Binary Encoding"), and Cleave's hypercalls (docs/abi.md), as
 * functions.
 */
#include "guests/lib/guest.h"

struct sbiret sbi_call(unsigned long eid, unsigned long fid, unsigned long a0, unsigned long a1,
		       unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	register unsigned long r0 __asm__("a0") = a0;
	register unsigned long r1 __asm__("a1") = a1;
	register unsigned long r2 __asm__("a2") = a2;
	register unsigned long r3 __asm__("a3") = a3;
	register unsigned long r4 __asm__("a4") = a4;
	register unsigned long r5 __asm__("a5") = a5;
	register unsigned long r6 __asm__("a6") = fid;
	register unsigned long r7 __asm__("a7") = eid;

	__asm__ volatile("ecall"
			 : "+r"(r0), "+r"(r1)
			 : "r"(r2), "r"(r3), "r"(r4), "r"(r5), "r"(r6), "r"(r7)
			 : "memory");
	return (struct sbiret){ (long)r0, (long)r1 };
}

static void sbi_reset(unsigned long type, unsigned long reason) __attribute__((noreturn));

static void sbi_reset(unsigned long type, unsigned long reason)
{
	struct sbiret r = sbi_call(SBI_EID_SRST, SBI_SRST_SYSTEM_RESET, type, reason, 0, 0, 0, 0);

	say("FAIL SBI SRST system_reset returned %ld", r.error);
	for (;;)
		__asm__ volatile("wfi");
}

void sbi_shutdown(bool failed)
{
	sbi_reset(SBI_RESET_SHUTDOWN, failed ? SBI_REASON_FAILURE : SBI_REASON_NONE);
}

void sbi_reboot(void)
{
	sbi_reset(SBI_RESET_COLD_REBOOT, SBI_REASON_NONE);
}

void sbi_set_timer(u64 time)
{
	sbi_call(SBI_EID_TIME, SBI_TIME_SET_TIMER, time, 0, 0, 0, 0, 0);
}

long sbi_send_ipi(unsigned long hartid)
{
	return sbi_call(SBI_EID_IPI, SBI_IPI_SEND_IPI, 1, hartid, 0, 0, 0, 0).error;
}

int sbi_getchar(void)
{
	u8 c;
	struct sbiret r =
		sbi_call(SBI_EID_DBCN, SBI_DBCN_CONSOLE_READ, 1, BUF_LO(&c), BUF_HI, 0, 0, 0);

	return r.error == 0 && r.value == 1 ? c : -1;
}

void wait_us(u64 us)
{
	u64 end = rdtime() + us * ticks_per_second() / 1000000U;
	u64 enabled = csr_read(sie) & SIE_TIMER;
	u64 open = csr_read(sstatus) & SSTATUS_SIE;

	/*
	 * WFI wakes on a pending interrupt that sie enables, whether or not sstatus.SIE lets it
	 * trap. It must not trap here: one that came before the WFI would be gone when it waits.
	 */
	csr_clear(sstatus, SSTATUS_SIE);
	csr_set(sie, SIE_TIMER);
	while (rdtime() < end) {
		sbi_set_timer(end);
		__asm__ volatile("wfi" ::: "memory");
		/* Other interrupts are served between two waits. */
		csr_clear(sie, SIE_TIMER);
		csr_set(sstatus, open);
		csr_clear(sstatus, SSTATUS_SIE);
		csr_set(sie, SIE_TIMER);
	}
	sbi_set_timer(UINT64_MAX);
	if (enabled == 0)
		csr_clear(sie, SIE_TIMER);
	csr_set(sstatus, open);
}

struct sbiret cleave_version(void)
{
	return cleave_call(CLEAVE_FN_VERSION, 0, 0, 0, 0, 0, 0);
}

u64 cleave_feature(u32 id)
{
	return (u64)cleave_call(CLEAVE_FN_FEATURE, id, 0, 0, 0, 0, 0).value;
}

struct sbiret cleave_vm_list(u32 *ids, unsigned long entries)
{
	return cleave_call(CLEAVE_FN_VM_LIST, BUF_LO(ids), BUF_HI, entries, 0, 0, 0);
}

struct sbiret cleave_vm_info(u32 vm, struct cleave_vm_info *info)
{
	return cleave_call(CLEAVE_FN_VM_INFO, vm, BUF_LO(info), BUF_HI, sizeof(*info), 0, 0);
}

struct sbiret cleave_vm_op(unsigned long fn, u32 vm)
{
	return cleave_call(fn, vm, 0, 0, 0, 0, 0);
}

struct sbiret cleave_vm_steps(unsigned long fn, u32 vm)
{
	struct sbiret r = { 0, 0 };

	do {
		r = cleave_call(fn, vm, (unsigned long)r.value, 0, 0, 0, 0);
	} while (r.error == 0 && r.value != 0);
	return r;
}

struct sbiret cleave_vm_wait(u64 seq, struct cleave_event *event)
{
	return cleave_call(CLEAVE_FN_VM_WAIT, seq, BUF_LO(event), BUF_HI, 0, 0, 0);
}

struct sbiret cleave_vm_fault(u32 vm, struct cleave_fault *fault)
{
	return cleave_call(CLEAVE_FN_VM_FAULT, vm, BUF_LO(fault), BUF_HI, sizeof(*fault), 0, 0);
}

struct sbiret cleave_region_info(u32 vm, u32 region, struct cleave_region_info *info)
{
	return cleave_call(CLEAVE_FN_REGION_INFO, vm, region, BUF_LO(info), BUF_HI, sizeof(*info),
			   0);
}

struct sbiret cleave_window_map(u32 vm, u64 gpa, u64 size, u64 own_gpa, u32 flags)
{
	return cleave_call(CLEAVE_FN_WINDOW_MAP, vm, gpa, size, own_gpa, flags, 0);
}

struct sbiret cleave_window_unmap(u64 own_gpa)
{
	return cleave_call(CLEAVE_FN_WINDOW_UNMAP, own_gpa, 0, 0, 0, 0, 0);
}

struct sbiret cleave_leaves(u32 vm, u32 region, struct cleave_leaves *leaves)
{
	struct sbiret r = { 0, 0 };

	memset(leaves, 0, sizeof(*leaves));
	do {
		r = cleave_call(CLEAVE_FN_LEAVES, vm, region, (unsigned long)r.value,
				BUF_LO(leaves), BUF_HI, 0);
	} while (r.error == 0 && r.value != 0);
	return r;
}

struct sbiret cleave_log_start(u32 vm, u32 region, u32 mode, u32 flags)
{
	struct sbiret r = { 0, 0 };

	do {
		r = cleave_call(CLEAVE_FN_LOG_START, vm, region, mode, flags,
				(unsigned long)r.value, 0);
	} while (r.error == 0 && r.value != 0);
	return r;
}

struct sbiret cleave_log_bits(unsigned long fn, u32 vm, u32 region, u64 first, u64 count,
			      u64 *bitmap)
{
	return cleave_call(fn, vm, region, first, count, BUF_LO(bitmap), BUF_HI);
}

struct sbiret cleave_log_stop(u32 vm, u32 region, u32 flags)
{
	struct sbiret r = { 0, 0 };

	do {
		r = cleave_call(CLEAVE_FN_LOG_STOP, vm, region, flags, (unsigned long)r.value, 0,
				0);
	} while (r.error == 0 && r.value != 0);
	return r;
}

struct sbiret cleave_log_status(u32 vm, u32 region, struct cleave_log_status *status)
{
	return cleave_call(CLEAVE_FN_LOG_STATUS, vm, region, BUF_LO(status), BUF_HI,
			   sizeof(*status), 0);
}

struct sbiret cleave_leaf(u32 vm, u64 gpa)
{
	return cleave_call(CLEAVE_FN_LEAF, vm, gpa, 0, 0, 0, 0);
}

struct sbiret cleave_state_list(u32 vm, struct cleave_state_head *heads, unsigned long entries)
{
	return cleave_call(CLEAVE_FN_STATE_LIST, vm, BUF_LO(heads), BUF_HI, entries, 0, 0);
}

struct sbiret cleave_state_get(u32 vm, u32 kind, u32 instance, void *buf, size_t size)
{
	return cleave_call(CLEAVE_FN_STATE_GET, vm, kind, instance, BUF_LO(buf), BUF_HI, size);
}

struct sbiret cleave_state_set(u32 vm, const void *buf, size_t size)
{
	return cleave_call(CLEAVE_FN_STATE_SET, vm, BUF_LO(buf), BUF_HI, size, 0, 0);
}

struct sbiret cleave_state_check(u32 vm)
{
	return cleave_call(CLEAVE_FN_STATE_CHECK, vm, 0, 0, 0, 0, 0);
}

struct sbiret cleave_machine(u32 vm, struct cleave_machine *machine)
{
	return cleave_call(CLEAVE_FN_MACHINE, vm, BUF_LO(machine), BUF_HI, sizeof(*machine), 0, 0);
}

struct sbiret cleave_vm_note(u32 vm, u32 note, u64 id, bool run)
{
	return cleave_call(CLEAVE_FN_VM_NOTE, vm, note, id, run ? 1U : 0U, 0, 0);
}

struct sbiret cleave_vm_images(u32 vm, u64 offset, void *buf, size_t size)
{
	return cleave_call(CLEAVE_FN_VM_IMAGES, vm, offset, BUF_LO(buf), BUF_HI, size, 0);
}

struct sbiret cleave_vm_images_take(u32 vm, u32 from, u64 bytes)
{
	return cleave_call(CLEAVE_FN_VM_IMAGES_TAKE, vm, from, bytes, 0, 0, 0);
}

struct sbiret cleave_vm_images_put(u32 vm, const void *buf, size_t size)
{
	return cleave_call(CLEAVE_FN_VM_IMAGES_PUT, vm, BUF_LO(buf), BUF_HI, size, 0, 0);
}

struct sbiret cleave_outcome(u64 id)
{
	return cleave_call(CLEAVE_FN_OUTCOME, id, 0, 0, 0, 0, 0);
}

struct sbiret cleave_vm_brake(u32 vm, u32 percent)
{
	return cleave_call(CLEAVE_FN_VM_BRAKE, vm, percent, 0, 0, 0, 0);
}

struct sbiret cleave_stats(u32 vm, u64 *counters, unsigned long entries)
{
	return cleave_call(CLEAVE_FN_STATS, vm, BUF_LO(counters), BUF_HI, entries, 0, 0);
}

struct sbiret cleave_schedule_info(u32 plan, struct cleave_schedule *info)
{
	return cleave_call(CLEAVE_FN_SCHEDULE_INFO, plan, BUF_LO(info), BUF_HI, sizeof(*info), 0,
			   0);
}

struct sbiret cleave_schedule_set(u32 plan)
{
	return cleave_call(CLEAVE_FN_SCHEDULE_SET, plan, 0, 0, 0, 0, 0);
}

struct sbiret cleave_schedule_stats(u32 plan, u32 first, struct cleave_window *windows,
				    unsigned long entries)
{
	return cleave_call(CLEAVE_FN_SCHEDULE_STATS, plan, first, BUF_LO(windows), BUF_HI, entries,
			   0);
}
