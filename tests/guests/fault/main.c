/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is kept of a fault.
 *
 * role=victim: put known values into registers, let s0 lead to frame records (chain=good, circle,
 * odd or nowhere), and load from where nothing is. role=manager: wait until partition 1 has
 * faulted, and compare what VM_FAULT says with these values.
 */
#include "guests/lib/guest.h"

#define VICTIM	1U
#define NOWHERE 0x40000000UL
#define MARK	0x1122334455667788UL

/* Frame records: the caller's s0, and where the caller goes on; at the same GPA in both roles */
static u64 fault_record[6];

static void fault_link(u32 i, u64 next, u64 from)
{
	fault_record[2U * i] = next;
	fault_record[2U * i + 1U] = from;
}

/* What s0 holds to lead to record @i */
static u64 fault_pointer(u32 i)
{
	return (u64)&fault_record[2U * i] + 16U;
}

/* Make the chain. Return: s0 */
static u64 fault_chain(const char *kind, u32 *frames)
{
	fault_link(0, fault_pointer(1), 0x3333);
	fault_link(1, fault_pointer(2), 0x2222);
	fault_link(2, 0, 0x1111);
	*frames = 3;
	if (strcmp(kind, "circle") == 0) {
		fault_link(1, fault_pointer(0), 0x2222);
		*frames = 2;
	} else if (strcmp(kind, "odd") == 0) {
		*frames = 0;
		return fault_pointer(0) + 4U;
	} else if (strcmp(kind, "nowhere") == 0) {
		*frames = 0;
		return NOWHERE;
	}
	return fault_pointer(0);
}

static void __attribute__((noreturn)) fault_die(u64 s0)
{
	say("dying");
	__asm__ volatile("mv s0, %0\n\tmv s7, %1\n\tmv t6, %2\n\tld a5, 0(%2)"
			 :
			 : "r"(s0), "r"(MARK), "r"(NOWHERE)
			 : "s7", "t6", "a5", "memory");
	say("FAIL alive");
	for (;;)
		;
}

static void fault_wait(void)
{
	struct cleave_event event = { .seq = 0 };

	do {
		(void)cleave_vm_wait(event.seq, &event);
	} while (event.type != CLEAVE_EVENT_STATE || event.vm != VICTIM ||
		 event.arg != CLEAVE_VM_FAULTED);
}

static void fault_check(const struct cleave_fault *f, u64 s0, u32 frames)
{
	static const u64 from[] = { 0x3333, 0x2222, 0x1111 };

	check_eq(f->count, 1, "count");
	check_eq(f->vcpu, 0, "vcpu");
	check_eq(f->gpa, NOWHERE, "the address");
	check_eq(f->stval, NOWHERE, "stval");
	check_eq(f->scause, 21, "scause: a load's guest-page fault");
	check_eq(f->x[0], 0, "zero");
	check_eq(f->x[8], s0, "s0");
	check_eq(f->x[23], MARK, "s7");
	check_eq(f->x[31], NOWHERE, "t6");
	check(f->pc >= (u64)guest_image_start && f->pc < (u64)guest_image_end && f->insn != 0,
	      "pc and instruction");
	check_eq(f->frames, frames, "frames");
	for (u32 i = 0; i < CLEAVE_FAULT_FRAMES; i++)
		check_eq(f->frame[i], i < frames ? from[i] : 0, "frame %u", i);
}

static void fault_watch(u64 s0, u32 frames)
{
	struct cleave_fault f;

	memset(&f, 0xff, sizeof(f));
	check_eq((u64)cleave_vm_fault(CLEAVE_VM_SELF, &f).value, sizeof(f), "its own");
	check(f.count == 0 && f.pc == 0 && f.frame[7] == 0, "nothing is kept of who never faulted");
	fault_wait();
	check_eq((u64)cleave_vm_fault(VICTIM, &f).value, sizeof(f), "the victim's");
	fault_check(&f, s0, frames);
	/* It is kept until the slot is created anew. */
	check_eq((u64)cleave_vm_steps(CLEAVE_FN_VM_DESTROY, VICTIM).error, 0, "destroy");
	check(cleave_vm_fault(VICTIM, &f).error == 0 && f.count == 1, "kept by an empty slot");
	check_eq((u64)cleave_vm_steps(CLEAVE_FN_VM_CREATE, VICTIM).error, 0, "create");
	check(cleave_vm_fault(VICTIM, &f).error == 0 && f.count == 0 && f.x[23] == 0,
	      "a new life knows nothing of the last");
	check_eq((u64)cleave_vm_steps(CLEAVE_FN_VM_DESTROY, VICTIM).error, 0, "destroy it again");
	finish();
}

void guest_main(unsigned long hartid, const void *fdt)
{
	struct cleave_fault f;
	char kind[16] = "good";
	u32 frames;
	u64 s0;

	(void)hartid;
	(void)bootarg(fdt, "chain", kind, sizeof(kind));
	s0 = fault_chain(kind, &frames);
	if (cleave_feature(CLEAVE_FEATURE_MANAGER) == 1)
		fault_watch(s0, frames);
	if (cleave_vm_fault(0, &f).error != SBI_ERR_DENIED)
		say("FAIL may look at others");
	fault_die(s0);
}
