/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this payload share: the partition as its device tree describes it, and
 * waiting for other harts.
 */
#ifndef TESTS_GUESTS_SBI_SBI_TEST_H
#define TESTS_GUESTS_SBI_SBI_TEST_H

#include "guests/lib/guest.h"

/**
 * struct partition - the partition, as its device tree describes it
 * @base: first address of its memory
 * @size: bytes of its memory
 * @harts: number of harts; their ids are 0 to @harts - 1
 * @timebase: ticks of its time CSR in a second
 */
struct partition {
	u64 base;
	u64 size;
	u32 harts;
	u64 timebase;
};

extern struct partition part;

/* call3() - an SBI call with three arguments, which are enough for most */
static inline struct sbiret call3(unsigned long eid, unsigned long fid, u64 a0, u64 a1, u64 a2)
{
	return sbi_call(eid, fid, a0, a1, a2, 0, 0, 0);
}

/** want_error() - check the error code of a call */
static inline void want_error(struct sbiret r, s64 want, const char *name)
{
	check_eq((u64)r.error, (u64)want, "%s", name);
}

/** wait_for() - wait until *@word is at least @value; any hart may write it */
static inline void wait_for(const u64 *word, u64 value)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) < value)
		cpu_relax();
}

static inline void publish(u64 *word, u64 value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/** wait_hart_status() - wait until hart @hartid is in HSM state @state */
static inline void wait_hart_status(u32 hartid, long state)
{
	while (hart_status(hartid) != state)
		cpu_relax();
}

/*
 * struct entry_record - what a hart found when it started or resumed; entry.S writes it
 * @kept: what susp_sleep() needs to come back
 */
struct entry_record {
	u64 a0;
	u64 a1;
	u64 satp;
	u64 sstatus;
	u64 written;
	u64 kept[17];
};

/* hsm_entry() - in entry.S: write what is found to the struct at a1, then stop */
void hsm_entry(void);

/* check_record() - wait for @r, and check that it is what SBI says of a start and a resume */
void check_record(const struct entry_record *r, u32 hart, const char *what);

void test_counters(void);
void test_hsm(void);
void test_rfence(void);
void test_susp(void);

/** susp_until_resumed() - suspend the partition, which only a manager can wake, again and again */
void susp_until_resumed(void);

#endif
