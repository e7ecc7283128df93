/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contract between Cleave, its guests and its tools: numbers of hypercalls, records and their
 * layout. docs/abi.md is the specification.
 *
 * Everything here is little-endian and of fixed width. A record is never changed: it is followed by
 * a new one, or lengthened at its end. This header must include nothing but <stdint.h>.
 *
 * The comment above a function number gives the arguments in a0 to a5 and, after the arrow, what
 * comes back in a1. `buf lo` and `buf hi` are the two words of a buffer's guest-physical address. A
 * function with a cursor works in steps: it is called with 0 first, and then with the value that
 * came back, until that is 0: done.
 */
#ifndef ABI_CLEAVE_H
#define ABI_CLEAVE_H

#include <stdint.h>

/*
 * SBI extension id, in the experimental range (SBI 2.0, chapter 16). A hypercall is an SBI call:
 * a7 = this, a6 = function, a0 to a5 = arguments; it answers with an error code of abi/sbi.h in a0
 * and a value in a1. SBI_ERR_INVALID_STATE: the VM or the log is not in a state that allows the
 * call.
 */
#define CLEAVE_EID 0x08434C56U

/* Version of the whole: guests that know a lower minor version are not disturbed. */
#define CLEAVE_ABI_MAJOR 1U
#define CLEAVE_ABI_MINOR 6U

/* As the argument `vm`: the caller's own VM */
#define CLEAVE_VM_SELF 0xffffffffU

/* --- base: what this Cleave and this machine can do ------------------------------------------- */

/* () -> major << 16 | minor */
#define CLEAVE_FN_VERSION 0x00U

/* (id) -> value of CLEAVE_FEATURE_*; 0 for an unknown id */
#define CLEAVE_FN_FEATURE 0x01U

/* Modes of dirty logs: bit set, 1 << CLEAVE_LOG_*; 0 when this machine cannot log */
#define CLEAVE_FEATURE_LOG_MODES 0U

/* The most 4 KiB pages that one call works on */
#define CLEAVE_FEATURE_STEP_PAGES 1U

/* 1 when eager splitting is on for the machine */
#define CLEAVE_FEATURE_EAGER_SPLIT 2U

/* All VM ids are below this. */
#define CLEAVE_FEATURE_MAX_VMS 3U

/* Ticks of the time CSR in a second, Hz */
#define CLEAVE_FEATURE_TIMEBASE 4U

/* 1 when the caller may work on other VMs */
#define CLEAVE_FEATURE_MANAGER 5U

/* Bit n set: the machine has n-level G-stage tables; n = 3, 4, 5 */
#define CLEAVE_FEATURE_GSTAGE_MODES 6U

/* Plans of time partitions that a manager may choose from; 0: none; since 1.3 */
#define CLEAVE_FEATURE_SCHEDULES 7U

/* --- vm: the life of VMs ---------------------------------------------------------------------- */

/* (buf lo, buf hi, entries) -> number of VMs; writes uint32_t ids, at most `entries` */
#define CLEAVE_FN_VM_LIST 0x10U

/* (vm, buf lo, buf hi, size) -> bytes written; writes struct cleave_vm_info */
#define CLEAVE_FN_VM_INFO 0x11U

/* (vm, cursor) -> cursor; done: images loaded, started */
#define CLEAVE_FN_VM_START 0x12U

/* (vm): returns when none of its vCPUs runs; called again, it only waits again */
#define CLEAVE_FN_VM_PAUSE 0x13U

/* (vm) */
#define CLEAVE_FN_VM_RESUME 0x14U

/* (vm, cursor) -> cursor; done: memory zeroed, images loaded again, started */
#define CLEAVE_FN_VM_RESET 0x15U

/* (vm, cursor) -> cursor; done: memory given back, the slot is empty */
#define CLEAVE_FN_VM_DESTROY 0x16U

/* (vm, cursor) -> cursor; done: what was an empty slot has memory, zeroed, and is paused */
#define CLEAVE_FN_VM_CREATE 0x17U

/* (seq, buf lo, buf hi): blocks until there is an event after `seq`; writes struct cleave_event */
#define CLEAVE_FN_VM_WAIT 0x18U

/* (vm, buf lo, buf hi, size) -> bytes written; writes struct cleave_fault; any state; since 1.4 */
#define CLEAVE_FN_VM_FAULT 0x19U

/*
 * (vm, offset, buf lo, buf hi, size) -> bytes written, 0 from the end on: what the VM is started
 * from, as struct cleave_images and its pieces say; since 1.5
 */
#define CLEAVE_FN_VM_IMAGES 0x1aU

/*
 * (vm, from, bytes): a created VM is to be started from the same images as the VM `from` of this
 * machine; or, if that is itself, from so many bytes that IMAGES_PUT brings; since 1.5
 */
#define CLEAVE_FN_VM_IMAGES_TAKE 0x1bU

/* (vm, buf lo, buf hi, size) -> bytes still to come; since 1.5 */
#define CLEAVE_FN_VM_IMAGES_PUT 0x1cU

enum cleave_vm_state {
	/* a slot without memory: destroyed, or not created yet */
	CLEAVE_VM_EMPTY = 0,
	/* has memory, and no vCPU runs: shut down, or not started yet */
	CLEAVE_VM_STOPPED = 1,
	CLEAVE_VM_RUNNING = 2,
	CLEAVE_VM_PAUSED = 3,
	/* stopped because of a fault of its own */
	CLEAVE_VM_FAULTED = 4,
};

/* The partition's properties `manager`, `migratable`, `incoming` */
#define CLEAVE_VM_FLAG_MANAGER	  0x1U
#define CLEAVE_VM_FLAG_MIGRATABLE 0x2U
#define CLEAVE_VM_FLAG_INCOMING	  0x4U

/* An operation in steps is under way: a restart, a reset, a creation, ... */
#define CLEAVE_VM_FLAG_BUSY 0x8U

/* START and RESET have something to load: the configuration's, or what came along; since 1.4 */
#define CLEAVE_VM_FLAG_KERNEL 0x10U

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
	uint64_t note_id;  /* the migration that the note is about; 0 without one */
	uint32_t note_run; /* 1: the VM is to run when the note is struck out */
	uint32_t reserved; /* 0 */

	/* since 1.4: which guest it is (IDENTITY of abi/state.h); of an empty slot: its own */
	uint8_t uuid[16];
	char guest[32];

	/* since 1.6: which copy of that guest it is (GENERATION of abi/state.h) */
	uint64_t generation;
	uint8_t generation_id[16];
};

/* The most pieces of images; the most bytes that one call copies */
#define CLEAVE_IMAGES_PIECES 10U
#define CLEAVE_IMAGES_STEP   16384U

/* A fault of the guest's own starts it anew: `on-fault` of the partition that it was made in. */
#define CLEAVE_IMAGES_RESTART 0x1U

/*
 * What a VM is started from: kernel, initrd and device tree. Their bytes follow, piece after piece,
 * with nothing between them. All other memory is zero then.
 */
struct cleave_images {
	uint64_t bytes;	 /* of all: this record and the pieces; 0: there is nothing to start from */
	uint64_t entry;	 /* GPA at which vCPU 0 starts, with a0 = 0 ... */
	uint64_t fdt;	 /* ... and a1 = this, where the device tree is */
	uint32_t pieces; /* how many follow */
	uint32_t flags;	 /* CLEAVE_IMAGES_* */
	uint64_t gpa[CLEAVE_IMAGES_PIECES];  /* where each piece goes */
	uint64_t size[CLEAVE_IMAGES_PIECES]; /* its bytes */
};

#define CLEAVE_FAULT_FRAMES 8U

/* What the vCPU held that has made the VM FAULTED, the last time; since 1.4 */
struct cleave_fault {
	uint64_t count;	 /* how often that was since the slot's creation; 0: never, and all is 0 */
	uint32_t vcpu;	 /* whose registers these are */
	uint32_t frames; /* entries of `frame` */
	uint64_t pc;
	uint64_t scause; /* of the exit, as the hypervisor saw it */
	uint64_t stval;
	uint64_t gpa;	/* that it accessed; 0: it is not about an address */
	uint64_t insn;	/* the instruction; 0: it could not be read */
	uint64_t x[32]; /* integer registers; x[0] is 0 */
	/* where its callers go on, innermost first, as far as s0 leads through frame records */
	uint64_t frame[CLEAVE_FAULT_FRAMES];
};

/* A VM changed its state: arg = enum cleave_vm_state */
#define CLEAVE_EVENT_STATE 1U

/* Events were overwritten before they were read: arg = how many */
#define CLEAVE_EVENT_LOST 2U

/*
 * A VM has restarted so often that CLEAVE_EVENT_STATE did not tell of each restart: arg = how many
 * it left out; since 1.2
 */
#define CLEAVE_EVENT_RESTARTS 3U

struct cleave_event {
	uint64_t seq;  /* counts from 1 */
	uint32_t type; /* CLEAVE_EVENT_* */
	uint32_t vm;
	uint64_t arg;
	uint64_t time; /* time CSR of the hart that saw it, ticks */
};

/* --- memory: regions of a VM, and windows into another VM's memory ---------------------------- */

/* (vm, region, buf lo, buf hi, size) -> bytes written; writes struct cleave_region_info */
#define CLEAVE_FN_REGION_INFO 0x20U

/* (vm, gpa, bytes, own gpa, flags): maps `bytes` of the VM's memory; all are multiples of 4 KiB */
#define CLEAVE_FN_WINDOW_MAP 0x21U

/* (own gpa) */
#define CLEAVE_FN_WINDOW_UNMAP 0x22U

/* (vm, region, cursor, buf lo, buf hi) -> cursor; adds to the struct cleave_leaves at the buffer */
#define CLEAVE_FN_LEAVES 0x23U

/* (vm, gpa) -> level of the leaf that maps it: 0 = 4 KiB, 1 = 2 MiB, 2 = 1 GiB; since 1.1 */
#define CLEAVE_FN_LEAF 0x24U

/* WINDOW_MAP: stores are allowed too; only while the VM is paused or stopped, and not logged */
#define CLEAVE_WINDOW_WRITABLE 0x1U

struct cleave_region_info {
	uint64_t gpa;	   /* base, bytes */
	uint64_t size;	   /* bytes */
	uint32_t flags;	   /* 0 */
	uint32_t log_mode; /* CLEAVE_LOG_* */
};

struct cleave_leaves {
	uint64_t leaves[3]; /* number of leaves of 4 KiB, 2 MiB, 1 GiB */
};

/* --- dirty log: which pages of a region were written ------------------------------------------ */

/* (vm, region, mode, flags, cursor) -> cursor */
#define CLEAVE_FN_LOG_START 0x30U

/* (vm, region, first, count, buf lo, buf hi) -> pages looked at; writes a bitmap, clears nothing */
#define CLEAVE_FN_LOG_GET 0x31U

/* the same, and clears the bits written; their pages are protected again before it returns */
#define CLEAVE_FN_LOG_GET_CLEAR 0x32U

/* the same arguments -> pages worked on; clears the bits that the bitmap at the buffer has set */
#define CLEAVE_FN_LOG_CLEAR 0x33U

/* (vm, region, flags, cursor) -> cursor */
#define CLEAVE_FN_LOG_STOP 0x34U

/* (vm, region, buf lo, buf hi, size) -> bytes written; writes struct cleave_log_status */
#define CLEAVE_FN_LOG_STATUS 0x35U

/* In records: no log is on */
#define CLEAVE_LOG_OFF 0U

/* LOG_START: EAGER or FAULT, as the first of flags, partition and machine that has a say wants */
#define CLEAVE_LOG_DEFAULT 0U

/* Huge leaves are write-protected as they are, and split by the first write. */
#define CLEAVE_LOG_FAULT 1U

/* Huge leaves are split to 4 KiB at the start. */
#define CLEAVE_LOG_EAGER 2U

/* All pages count as dirty; nothing is protected until its bit is cleared. */
#define CLEAVE_LOG_INITIALLY_SET 3U

/* As INITIALLY_SET, but harts note writes in D bits, and nothing is protected; since 1.6 */
#define CLEAVE_LOG_DIRTY_BITS 4U

/* LOG_START: eager splitting for this log; without either the partition decides, or the machine */
#define CLEAVE_LOG_FLAG_EAGER_ON  0x1U
#define CLEAVE_LOG_FLAG_EAGER_OFF 0x2U

/* LOG_STOP: put huge leaves back */
#define CLEAVE_LOG_FLAG_COLLAPSE 0x1U

struct cleave_log_status {
	uint32_t mode;	/* CLEAVE_LOG_* */
	uint32_t eager; /* 1: huge leaves are split before they are written to */
	uint64_t pages; /* of the region */
	uint64_t dirty; /* bits set at this moment */
	/* since 1.2 */
	/* 1: the VM has started this log itself, and a manager's start takes it over */
	uint32_t own;
	uint32_t reserved;
};

/* --- state: all that makes a VM but its memory, as records; since 1.1 ------------------------- */

/* The records, from struct cleave_state_head on, are in include/abi/state.h. */

/* (vm, buf lo, buf hi, entries) -> number of records; writes a struct cleave_state_head each */
#define CLEAVE_FN_STATE_LIST 0x40U

/* (vm, kind, instance, buf lo, buf hi, size) -> bytes written; writes a head and its data */
#define CLEAVE_FN_STATE_GET 0x41U

/* (vm, buf lo, buf hi, size): takes over a head and its data, for a VM that is paused */
#define CLEAVE_FN_STATE_SET 0x42U

/* (vm) -> 0; with INVALID_STATE: kind << 32 | instance of the first record that is missing */
#define CLEAVE_FN_STATE_CHECK 0x43U

/* --- moving: what a manager needs to take a VM elsewhere; since 1.1 --------------------------- */

/* (vm, buf lo, buf hi, size) -> bytes written; writes struct cleave_machine; any state */
#define CLEAVE_FN_MACHINE 0x44U

/* (vm, CLEAVE_NOTE_*, id, run): who owns the VM; outlives the manager that wrote it */
#define CLEAVE_FN_VM_NOTE 0x45U

/* (vm, percent): for 0 to 99 percent of the time the vCPUs are held */
#define CLEAVE_FN_VM_BRAKE 0x46U

/* (id) -> CLEAVE_OUTCOME_* of the migration that came here by this id; since 1.4 */
#define CLEAVE_FN_OUTCOME 0x47U

/* What a VM was given, or what an empty slot could give */
struct cleave_machine {
	uint32_t vcpus;
	uint32_t gstage_levels; /* of the VM's tables; of an empty slot the most it can have */
	uint64_t timebase;	/* of the time CSR, Hz */
	uint32_t regions;	/* as REGION_INFO numbers them */
	uint32_t devices;	/* passed through; a VM that has any cannot be moved */
	char device[64];	/* path of the first in the host's tree, NUL-padded, cut to 63 */
	char isa[512];		/* ISA string as in the guest's tree, NUL-padded, cut to 511 */
	uint32_t cbom_block;	/* bytes of a cache block as in the guest's tree; 0: no Zicbom */
	uint32_t cboz_block;	/* the same of Zicboz */

	/* since 1.4 */
	uint32_t vlenb;	      /* bytes of a vector register; 0: no V */
	uint32_t asid_bits;   /* ASIDLEN of guests */
	uint32_t vs_levels;   /* bit n: guests' page tables of n levels, 3, 4, 5 */
	uint32_t state_level; /* CLEAVE_STATE_LEVEL of abi/state.h */
	uint32_t sbi_version; /* as the SBI's BASE extension says */
	uint32_t sbi;	      /* CLEAVE_SBI_* */
};

/* SBI extensions that guests find */
#define CLEAVE_SBI_TIME	  0x01U
#define CLEAVE_SBI_IPI	  0x02U
#define CLEAVE_SBI_RFENCE 0x04U
#define CLEAVE_SBI_HSM	  0x08U
#define CLEAVE_SBI_SRST	  0x10U
#define CLEAVE_SBI_DBCN	  0x20U
#define CLEAVE_SBI_SUSP	  0x40U
#define CLEAVE_SBI_ALL                                                                             \
	(CLEAVE_SBI_TIME | CLEAVE_SBI_IPI | CLEAVE_SBI_RFENCE | CLEAVE_SBI_HSM | CLEAVE_SBI_SRST | \
	 CLEAVE_SBI_DBCN | CLEAVE_SBI_SUSP)

/* No note */
#define CLEAVE_NOTE_NONE 0U

/* Given up to another slot: the VM cannot be resumed, started or reset. */
#define CLEAVE_NOTE_GIVEN 1U

/* Came from another slot by the migration `id`; forbids nothing. */
#define CLEAVE_NOTE_TAKEN 2U

/* A slot that the migration `id` is filling: it cannot be resumed, started or reset. */
#define CLEAVE_NOTE_FILLING 3U

/* Nothing is known: it never came here, or so many came since that it was forgotten. */
#define CLEAVE_OUTCOME_UNKNOWN 0U

/* A slot is being filled by it. */
#define CLEAVE_OUTCOME_PENDING 1U

/* It came to nothing: what was filled was emptied. The guest never ran here. */
#define CLEAVE_OUTCOME_NONE 2U

/* Its guest was taken here, whatever became of it since. */
#define CLEAVE_OUTCOME_RUNNING 3U

/* --- statistics: what a VM's vCPUs and its memory have counted -------------------------------- */

/* (vm, buf lo, buf hi, entries) -> number of counters; writes uint64_t, at most `entries` */
#define CLEAVE_FN_STATS 0x50U

/* Index into what STATS writes. Counters begin with the VM's creation, and only grow. */
enum cleave_stat {
	CLEAVE_STAT_EXITS = 0, /* all exits from its vCPUs, by cause: */
	CLEAVE_STAT_EXIT_SBI,  /* SBI calls but hypercalls */
	CLEAVE_STAT_EXIT_HYPERCALL,
	CLEAVE_STAT_EXIT_FAULT, /* guest-page faults on memory */
	CLEAVE_STAT_EXIT_MMIO,	/* accesses of emulated devices */
	CLEAVE_STAT_EXIT_IRQ,	/* host interrupts */
	CLEAVE_STAT_EXIT_WFI,
	CLEAVE_STAT_EXIT_OTHER,
	CLEAVE_STAT_WRITE_FAULTS,    /* write faults in logged regions */
	CLEAVE_STAT_FAULT_SPLITS,    /* huge leaves split by a fault */
	CLEAVE_STAT_EAGER_SPLITS,    /* huge leaves split by the start or clearing of a log */
	CLEAVE_STAT_COARSE_GRANTS,   /* whole huge leaves marked dirty for want of a table */
	CLEAVE_STAT_SPURIOUS_FAULTS, /* faults on what was allowed already */
	CLEAVE_STAT_COLLAPSES,	     /* huge leaves put back */
	CLEAVE_STAT_FENCES,	     /* batches of G-stage fences */
	CLEAVE_STAT_FENCE_IPIS,	     /* IPIs for these and for the guest's own remote fences */
	CLEAVE_STAT_PAGES_REPORTED,  /* dirty pages reported and cleared */
	CLEAVE_STAT_BAD_ACCESSES,    /* accesses answered with an access fault; since 1.3 */
	CLEAVE_STAT_COUNT
};

/* --- schedules: plans of time partitions; for managers; since 1.3 ----------------------------- */

/* (plan, buf lo, buf hi, size) -> bytes written; writes struct cleave_schedule */
#define CLEAVE_FN_SCHEDULE_INFO 0x60U

/* (plan) -> now << 32 | next; the plan begins on all harts when the present frame ends */
#define CLEAVE_FN_SCHEDULE_SET 0x61U

/* (plan, first, buf lo, buf hi, entries) -> windows written; writes struct cleave_window each */
#define CLEAVE_FN_SCHEDULE_STATS 0x62U

/* SCHEDULE_INFO: `slack = "share"` */
#define CLEAVE_SCHEDULE_FLAG_SHARE 0x1U

struct cleave_schedule {
	uint32_t plan;
	uint32_t plans; /* how many there are */
	uint32_t now;	/* the plan that runs */
	uint32_t next;	/* the plan that the next frame is of */
	uint64_t end;	/* when that frame begins: the host's time CSR, ticks */
	uint64_t time;	/* what that CSR shows now */
	uint32_t flags; /* CLEAVE_SCHEDULE_FLAG_*, of `plan` */
	uint32_t frame; /* of `plan`, microseconds */
	uint32_t windows;
	uint32_t reserved; /* 0 */
	char name[32];	   /* NUL-padded */
};

/* A window of a plan, and how it was kept since the boot. Times without a unit are ticks. */
struct cleave_window {
	uint64_t hart; /* id of the machine's hart */
	uint32_t vm;
	uint32_t reserved; /* 0 */
	uint32_t offset;   /* from the frame's beginning, microseconds */
	uint32_t length;   /* microseconds */
	uint64_t starts;   /* how often it began */
	uint64_t late;	   /* sum of the times from its beginning to its first vCPU's entry */
	uint64_t late_worst;
	uint64_t overruns;   /* how often it was left more than 5 microseconds after its end */
	uint64_t over_worst; /* the longest time after its end until it was left */
	uint64_t used;	     /* time that its VM had in it */
	uint64_t shared;     /* time that other VMs had in it */
};

#endif
