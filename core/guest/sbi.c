/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guests' SBI: finding the extension that answers a call.
 *
 * Guests have BASE, TIME, IPI, RFENCE, HSM, SRST, DBCN and Cleave's own extension. They do not
 * have the legacy extensions (0x00 to 0x08): SBI 2.0 makes those optional, and each has a
 * successor here.
 */
#include "core/guest/sbi.h"

#include <cleave/errno.h>
#include <cleave/printk.h>

/* The linker script puts these around section .cleave.sbi. */
extern const struct sbi_ext *const cleave_sbi_start[];
extern const struct sbi_ext *const cleave_sbi_end[];

/*
 * Extension ids are names in ASCII, and differ in any of their bits. These 32 slots, addressed by
 * a fold of the id, hold one extension each, so that the usual call finds its own with one
 * comparison. An extension whose slot another one has is found by a search.
 */
#define SBI_SLOTS 32U

static const struct sbi_ext *sbi_slot[SBI_SLOTS];

static u32 sbi_slot_of(u64 eid)
{
	return (u32)(eid ^ (eid >> 8) ^ (eid >> 16)) % SBI_SLOTS;
}

/* Return: 0, or CLV_ERR_EXISTS when @e and any extension before @end claim one id. */
static int sbi_check_overlap(const struct sbi_ext *e, const struct sbi_ext *const *end)
{
	for (const struct sbi_ext *const *p = cleave_sbi_start; p < end; p++) {
		const struct sbi_ext *o = *p;

		if (e->eid_start > o->eid_end || o->eid_start > e->eid_end)
			continue;
		printk("SBI extensions \"%s\" (0x%lx-0x%lx) and \"%s\" (0x%lx-0x%lx) claim the "
		       "same id",
		       o->name, o->eid_start, o->eid_end, e->name, e->eid_start, e->eid_end);
		return CLV_ERR_EXISTS;
	}
	return CLV_OK;
}

int sbi_ext_init(void)
{
	for (const struct sbi_ext *const *p = cleave_sbi_start; p < cleave_sbi_end; p++) {
		const struct sbi_ext **slot = &sbi_slot[sbi_slot_of((*p)->eid_start)];

		if (sbi_check_overlap(*p, p) != CLV_OK)
			return CLV_ERR_EXISTS;
		if (*slot == NULL)
			*slot = *p;
	}
	return CLV_OK;
}

static bool sbi_answers(const struct sbi_ext *e, u64 eid)
{
	return eid >= e->eid_start && eid <= e->eid_end;
}

static __attribute__((noinline)) const struct sbi_ext *sbi_search(u64 eid)
{
	for (const struct sbi_ext *const *p = cleave_sbi_start; p < cleave_sbi_end; p++) {
		if (sbi_answers(*p, eid))
			return *p;
	}
	return NULL;
}

static inline const struct sbi_ext *sbi_look_up(u64 eid)
{
	const struct sbi_ext *hot = sbi_slot[sbi_slot_of(eid)];

	return hot != NULL && sbi_answers(hot, eid) ? hot : sbi_search(eid);
}

const struct sbi_ext *sbi_ext_find(u64 eid)
{
	return sbi_look_up(eid);
}

enum guest_leave sbi_handle(struct vcpu *v)
{
	const struct sbi_ext *e = sbi_look_up(v->guest.x[17]);

	if (e != NULL)
		return e->call(v, v->guest.x[16]);
	sbi_return(v, SBI_ERR_NOT_SUPPORTED, 0);
	return GUEST_RESUME;
}

s64 sbi_error_code(int err)
{
	switch (err) {
	case CLV_ERR_INVAL:
	case CLV_ERR_NOTFOUND:
		return SBI_ERR_INVALID_PARAM;
	case CLV_ERR_RANGE:
	case CLV_ERR_FAULT:
		return SBI_ERR_INVALID_ADDRESS;
	case CLV_ERR_EXISTS:
		return SBI_ERR_ALREADY_AVAILABLE;
	case CLV_ERR_DENIED:
		return SBI_ERR_DENIED;
	case CLV_ERR_UNSUPPORTED:
		return SBI_ERR_NOT_SUPPORTED;
	default:
		return SBI_ERR_FAILED;
	}
}
