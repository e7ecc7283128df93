/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A test of state records: a manager (bootarg role=manager) moves a victim (role=victim) from one
 * slot to another and back, while the victim uses everything that a record holds, and checks that
 * its state is still complete.
 */
#ifndef TESTS_GUESTS_TRANSFER_H
#define TESTS_GUESTS_TRANSFER_H

#include <abi/state.h>
#include "tests/guests/random.h"

/* The victim's memory, in both slots */
#define VICTIM_BASE UINT64_C(0x80000000)
#define VICTIM_SIZE UINT64_C(0x1000000)

/* Where both sides expect it */
#define MAILBOX (VICTIM_BASE + UINT64_C(0x800000))

/**
 * struct mailbox - @up: the victim's harts all work; @stop: written from outside while the victim
 * is paused: it is to end
 */
struct mailbox {
	u64 up;
	u64 stop;
};

/* manager.c: the two slots, and moving what is in one of them to the other */

#define WINDOW_HERE  UINT64_C(0x100000000)
#define WINDOW_THERE UINT64_C(0x140000000)

#define RECORDS_MAX 160U
#define RECORD_POOL 131072U

/** struct records - all records of a VM; record @n begins at pool[at[n]] */
struct records {
	u32 nr;
	u32 at[RECORDS_MAX];
	u8 pool[RECORD_POOL] __attribute__((aligned(8)));
};

extern struct records records;

/** record() - record @n; record_size() - its bytes */
static inline struct cleave_state_head *record(u32 n)
{
	return (struct cleave_state_head *)(void *)&records.pool[records.at[n]];
}

static inline size_t record_size(u32 n)
{
	return sizeof(struct cleave_state_head) + record(n)->length;
}

/** slot() - id of the partition called @name */
u32 slot(const char *name);

/** read_all() - read all records of a paused VM into `records`. Return: true when that went well */
bool read_all(u32 vm);

/**
 * copy_memory() - copy one VM's memory into another's, both paused. Return: true when that went
 * well
 */
bool copy_memory(u32 from, u32 to);

/** wait_for_victim() - wait until the victim is in @vm and all its harts work */
void wait_for_victim(u32 vm);

/** want() - check an answer */
void want(struct sbiret r, long error, const char *name);

/* arguments.c */
void test_running(u32 vm); /* a VM that runs, and wrong arguments */
void test_slot(u32 from,
	       u32 empty); /* a paused VM with its records in `records`, and an empty slot */
/**
 * test_hostile() - set records of the paused VM @from, with bits flipped, in the empty slot @to,
 * and run them there
 */
void test_hostile(u32 from, u32 to, u64 rounds);

/* victim.c */
void run_victim(u32 harts);
void run_typist(void);

#endif
