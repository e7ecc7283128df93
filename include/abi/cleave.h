/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contract between Cleave, its guests and its tools: hypercall numbers, records and their layout.
 *
 * docs/abi.md is its specification. Everything here is little-endian and of fixed width; a record is never changed, only
 * followed by a new one or lengthened at its end. This header must include nothing but <stdint.h>.
 */
#ifndef ABI_CLEAVE_H
#define ABI_CLEAVE_H

#include <stdint.h>

/*
 * SBI extension id, in the experimental range (SBI 2.0, chapter 16). A hypercall is an SBI call:
 * a7 = this, a6 = function, a0 to a5 = arguments; it answers with an error code of abi/sbi.h in a0
 * and a value in a1. SBI_ERR_INVALID_STATE: the VM or the log is not in a state that allows the call.
 */
#define CLEAVE_EID 0x08434C56U

#define CLEAVE_ABI_MAJOR 1U
#define CLEAVE_ABI_MINOR 1U

/* A VM argument that means the caller's own VM */
#define CLEAVE_VM_SELF 0xffffffffU

/* --- base ------------------------------------------------------------------------------------------------------- */

#define CLEAVE_FN_VERSION 0x00U /* () -> major << 16 | minor */
#define CLEAVE_FN_FEATURE 0x01U /* (id) -> value; unknown ids are 0 */

#define CLEAVE_FEATURE_LOG_MODES    0U /* bit set: 1 << CLEAVE_LOG_*; 0 when this machine cannot log */
#define CLEAVE_FEATURE_STEP_PAGES   1U /* most 4 KiB pages that one call works on */
#define CLEAVE_FEATURE_EAGER_SPLIT  2U /* 1 when eager splitting is on for the machine */
#define CLEAVE_FEATURE_MAX_VMS	    3U /* VM ids are below this */
#define CLEAVE_FEATURE_TIMEBASE	    4U /* ticks of the time CSR in a second, Hz */
#define CLEAVE_FEATURE_MANAGER	    5U /* 1 when the caller may work on other VMs */
#define CLEAVE_FEATURE_GSTAGE_MODES 6U /* bit n set: n-level G-stage tables, n = 3, 4, 5 */

/* --- vm --------------------------------------------------------------------------------------------------------- */

#define CLEAVE_FN_VM_LIST \
	0x10U /* (buf lo, buf hi, entries) -> number of VMs; writes u32 ids, at most `entries` */
#define CLEAVE_FN_VM_INFO \
	0x11U /* (vm, buf lo, buf hi, size) -> bytes written; struct cleave_vm_info */
#define CLEAVE_FN_VM_START  0x12U /* (vm, cursor) -> cursor; 0 = done: images loaded, started */
#define CLEAVE_FN_VM_PAUSE  0x13U /* (vm): returns when no vCPU of it runs; again: waits again */
#define CLEAVE_FN_VM_RESUME 0x14U /* (vm) */
#define CLEAVE_FN_VM_RESET \
	0x15U /* (vm, cursor) -> cursor; 0 = done: memory zeroed, images loaded again, started */
#define CLEAVE_FN_VM_DESTROY \
	0x16U /* (vm, cursor) -> cursor; 0 = done: memory given back, the id is free */
#define CLEAVE_FN_VM_CREATE \
	0x17U /* (vm, cursor) -> cursor; 0 = done: a slot of the configuration, memory zero, paused */
#define CLEAVE_FN_VM_WAIT \
	0x18U /* (seq, buf lo, buf hi) -> 0 written; blocks until an event after `seq`; struct cleave_event */

enum cleave_vm_state {
	CLEAVE_VM_EMPTY = 0,   /* a slot without memory: destroyed, or not created yet */
	CLEAVE_VM_STOPPED = 1, /* memory is there, no vCPU runs; shut down, or not started yet */
	CLEAVE_VM_RUNNING = 2,
	CLEAVE_VM_PAUSED = 3,
	CLEAVE_VM_FAULTED = 4, /* stopped because of a fault of its own */
};

#define CLEAVE_VM_FLAG_MANAGER	  0x1U
#define CLEAVE_VM_FLAG_MIGRATABLE 0x2U
#define CLEAVE_VM_FLAG_INCOMING	  0x4U
#define CLEAVE_VM_FLAG_BUSY \
	0x8U /* an operation in steps is under way: a restart, a reset, a creation, ... */

struct cleave_vm_info {
	uint32_t id;
	uint32_t state; /* enum cleave_vm_state */
	uint32_t flags; /* CLEAVE_VM_FLAG_* */
	uint32_t vcpus;
	uint32_t regions;
	uint32_t gstage_levels; /* 3, 4 or 5 */
	uint64_t memory;	/* bytes, of all regions */
	uint64_t overhead;	/* bytes that the hypervisor keeps for it: tables, pool, bitmaps */
	char name[32];		/* NUL-padded */
	/* since 1.1 */
	uint32_t note;	   /* CLEAVE_NOTE_* */
	uint32_t brake;	   /* percent of the time that its vCPUs are held */
	uint64_t note_id;  /* migration that the note is about; 0 without one */
	uint32_t note_run; /* 1: it is to run when the note is struck out */
	uint32_t reserved; /* 0 */
};

#define CLEAVE_EVENT_STATE 1U /* a VM changed its state: arg = enum cleave_vm_state */
#define CLEAVE_EVENT_LOST  2U /* events were overwritten before they were read: arg = how many */

struct cleave_event {
	uint64_t seq;  /* counts from 1 */
	uint32_t type; /* CLEAVE_EVENT_* */
	uint32_t vm;
	uint64_t arg;
	uint64_t time; /* time CSR of the hart that saw it, ticks */
};

/* --- memory ----------------------------------------------------------------------------------------------------- */

#define CLEAVE_FN_REGION_INFO \
	0x20U /* (vm, region, buf lo, buf hi, size) -> bytes written; struct cleave_region_info */
#define CLEAVE_FN_WINDOW_MAP   0x21U /* (vm, its gpa, bytes, own gpa, flags): all 4 KiB aligned */
#define CLEAVE_FN_WINDOW_UNMAP 0x22U /* (own gpa) */
#define CLEAVE_FN_LEAVES \
	0x23U /* (vm, region, cursor, buf lo, buf hi) -> cursor; adds to struct cleave_leaves at buf */

#define CLEAVE_FN_LEAF 0x24U /* (vm, gpa) -> level of the leaf that maps it: 0 = 4 KiB, 1, 2 */

#define CLEAVE_WINDOW_WRITABLE 0x1U /* only while the VM is paused or stopped, and not logged */

struct cleave_region_info {
	uint64_t gpa;	   /* base, bytes */
	uint64_t size;	   /* bytes */
	uint32_t flags;	   /* 0 */
	uint32_t log_mode; /* CLEAVE_LOG_* */
};

struct cleave_leaves {
	uint64_t leaves[3]; /* number of leaves of 4 KiB, 2 MiB, 1 GiB */
};

/* --- dirty log -------------------------------------------------------------------------------------------------- */

#define CLEAVE_FN_LOG_START	0x30U /* (vm, region, mode, flags, cursor) -> cursor; 0 = done */
#define CLEAVE_FN_LOG_GET	0x31U /* (vm, region, first, count, buf lo, buf hi) -> pages looked at */
#define CLEAVE_FN_LOG_GET_CLEAR 0x32U /* same; the pages are protected again before it returns */
#define CLEAVE_FN_LOG_CLEAR	0x33U /* same; clears what the bitmap at buf has set -> pages cleared */
#define CLEAVE_FN_LOG_STOP	0x34U /* (vm, region, flags, cursor) -> cursor; 0 = done */
#define CLEAVE_FN_LOG_STATUS \
	0x35U /* (vm, region, buf lo, buf hi, size) -> bytes written; struct cleave_log_status */

#define CLEAVE_LOG_OFF 0U
#define CLEAVE_LOG_DEFAULT \
	0U /* LOG_START: EAGER if flags, partition, machine (the first that says) want it, else FAULT */
#define CLEAVE_LOG_FAULT \
	1U /* leaves are write-protected as they are, and split by the first write */
#define CLEAVE_LOG_EAGER 2U /* leaves are split to 4 KiB at the start */
#define CLEAVE_LOG_INITIALLY_SET \
	3U /* all pages count as dirty; nothing is protected until it is cleared */

/* LOG_START: eager splitting for this log; neither bit: what the partition, else the machine, says */
#define CLEAVE_LOG_FLAG_EAGER_ON  0x1U
#define CLEAVE_LOG_FLAG_EAGER_OFF 0x2U
/* LOG_STOP: put huge leaves back */
#define CLEAVE_LOG_FLAG_COLLAPSE 0x1U

struct cleave_log_status {
	uint32_t mode;	/* CLEAVE_LOG_* */
	uint32_t eager; /* 1: huge leaves are split before they are written to */
	uint64_t pages; /* of the region */
	uint64_t dirty; /* bits set at this moment */
};

/* --- state (since 1.1) ------------------------------------------------------------------------------------------ */

#define CLEAVE_FN_STATE_LIST \
	0x40U /* (vm, buf lo, buf hi, entries) -> records there are; writes struct cleave_state_head each */
#define CLEAVE_FN_STATE_GET \
	0x41U /* (vm, kind, instance, buf lo, buf hi, size) -> bytes written: a head and its data */
#define CLEAVE_FN_STATE_SET \
	0x42U /* (vm, buf lo, buf hi, size): a head and its data, of a paused VM */
#define CLEAVE_FN_STATE_CHECK \
	0x43U /* (vm) -> 0; INVALID_STATE: kind << 32 | instance of what is missing */
#define CLEAVE_FN_MACHINE \
	0x44U /* (vm, buf lo, buf hi, size) -> bytes written; struct cleave_machine; of an empty slot too */
#define CLEAVE_FN_VM_NOTE \
	0x45U /* (vm, CLEAVE_NOTE_*, id, run): outlives the manager that wrote it */
#define CLEAVE_FN_VM_BRAKE \
	0x46U /* (vm, percent 0..99): its vCPUs are held for so much of the time */

/* The records, from struct cleave_state_head on, are in include/abi/state.h. */

/* What a VM was given, or what an empty slot could give */
struct cleave_machine {
	uint32_t vcpus;
	uint32_t gstage_levels; /* of the VM's tables; of an empty slot the most that it can have */
	uint64_t timebase;	/* Hz of the time CSR */
	uint32_t regions;	/* as REGION_INFO numbers them */
	uint32_t devices;	/* passed through; such a VM cannot be moved */
	char device[64]; /* path of the first of them in the host's tree, NUL-padded, cut to 63 */
	char isa[512];	 /* ISA string as in the guest's tree, NUL-padded, cut to 511 */
	uint32_t cbom_block; /* bytes of a cache block as in the guest's tree; 0: no Zicbom */
	uint32_t cboz_block; /* the same of Zicboz */
};

#define CLEAVE_NOTE_NONE  0U
#define CLEAVE_NOTE_GIVEN 1U /* given up to another slot: cannot be resumed, started or reset */
#define CLEAVE_NOTE_TAKEN 2U /* came from another slot by this id: says so, forbids nothing */
#define CLEAVE_NOTE_FILLING \
	3U /* a slot that is being filled by this id: cannot be resumed, started or reset */

/* --- statistics ------------------------------------------------------------------------------------------------- */

#define CLEAVE_FN_STATS \
	0x50U /* (vm, buf lo, buf hi, entries) -> counters that exist; writes u64, at most `entries` */

/* Counters: index into what CLEAVE_FN_STATS writes. They count from the VM's creation and only grow. */
enum cleave_stat {
	CLEAVE_STAT_EXITS = 0, /* all exits from its vCPUs */
	CLEAVE_STAT_EXIT_SBI,
	CLEAVE_STAT_EXIT_HYPERCALL,
	CLEAVE_STAT_EXIT_FAULT, /* guest-page faults on memory */
	CLEAVE_STAT_EXIT_MMIO,
	CLEAVE_STAT_EXIT_IRQ, /* host interrupts */
	CLEAVE_STAT_EXIT_WFI,
	CLEAVE_STAT_EXIT_OTHER,
	CLEAVE_STAT_WRITE_FAULTS,  /* write faults in logged regions */
	CLEAVE_STAT_FAULT_SPLITS,  /* huge leaves split by a fault */
	CLEAVE_STAT_EAGER_SPLITS,  /* huge leaves split by log start and clear */
	CLEAVE_STAT_COARSE_GRANTS, /* whole huge leaves marked dirty for want of a table */
	CLEAVE_STAT_SPURIOUS_FAULTS,
	CLEAVE_STAT_COLLAPSES,
	CLEAVE_STAT_FENCES,	    /* G-stage fence batches */
	CLEAVE_STAT_FENCE_IPIS,	    /* IPIs that these and the guest's own remote fences took */
	CLEAVE_STAT_PAGES_REPORTED, /* dirty pages reported and cleared */
	CLEAVE_STAT_COUNT
};

#endif
