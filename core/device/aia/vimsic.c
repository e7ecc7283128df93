/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated interrupt file: pending and enabled identities, delivery, threshold, claims.
 *
 * Section numbers are those of the Advanced Interrupt Architecture 1.0. Nothing here may trust a
 * number that comes from the guest.
 */
#include "core/device/aia/vimsic.h"

#include <cleave/errno.h>

#define SETEIPNUM_LE 0U
#define SETEIPNUM_BE 4U

#define VIMSIC_THRESHOLD_MASK 0xffU /* the bits that hold 0 to VIMSIC_IDS, and no more */

_Static_assert(VIMSIC_IDS == 64U * VIMSIC_WORDS - 1U, "the words have a bit for each identity");
_Static_assert(VIMSIC_THRESHOLD_MASK == VIMSIC_IDS, "a threshold that fits is a legal one");

/* Return: the lowest identity that is pending and enabled, and below the threshold; 0: none is */
static u32 vimsic_best(const struct vimsic *f)
{
	u32 id = 0;

	for (u32 w = 0; w < VIMSIC_WORDS && id == 0U; w++) {
		u64 both = f->pending[w] & f->enabled[w];

		if (both != 0U)
			id = 64U * w + (u32)__builtin_ctzll(both);
	}
	return f->threshold != 0U && id >= f->threshold ? 0U : id;
}

void vimsic_follow(struct vimsic *f)
{
	bool level = f->delivery && vimsic_best(f) != 0U;

	spin_assert_held(&f->lock);
	if (level == f->out)
		return;
	f->out = level;
	vimsic_output(f, level);
}

void vimsic_reset(struct vimsic *f)
{
	spin_lock(&f->lock);
	f->delivery = false;
	f->threshold = 0;
	for (u32 w = 0; w < VIMSIC_WORDS; w++) {
		f->pending[w] = 0;
		f->enabled[w] = 0;
	}
	vimsic_follow(f);
	spin_unlock(&f->lock);
}

void vimsic_send(struct vimsic *f, u32 id)
{
	if (id == 0U || id > VIMSIC_IDS)
		return;
	spin_lock(&f->lock);
	f->pending[id / 64U] |= BIT64(id % 64U);
	vimsic_follow(f);
	spin_unlock(&f->lock);
}

void vimsic_store(struct vimsic *f, u64 offset, u8 size, u64 value)
{
	u32 id = (u32)value;

	/* Other sizes are ignored, as are stores to what is read-only (3.5). */
	if (size != 4U || (offset != SETEIPNUM_LE && offset != SETEIPNUM_BE))
		return;
	vimsic_send(f, offset == SETEIPNUM_BE ? __builtin_bswap32(id) : id);
}

/* An access to a word of eip or eie; @number is that of 32 identities, and even. */
static u64 vimsic_access_word(u64 words[VIMSIC_WORDS], u64 number, u64 clear, u64 set)
{
	u64 word = number / 2U;
	u64 old;

	if (word >= VIMSIC_WORDS)
		return 0;
	old = words[word];
	/* Identity 0 is none. */
	words[word] = ((old & ~clear) | set) & (word == 0U ? ~UINT64_C(1) : ~UINT64_C(0));
	return old;
}

/* An access to eidelivery or eithreshold, or to one of the reserved numbers, which are zero. */
static u64 vimsic_access_control(struct vimsic *f, u64 select, u64 clear, u64 set)
{
	u64 old = 0;
	u64 new;

	if (select == VIMSIC_EIDELIVERY)
		old = f->delivery ? 1U : 0U;
	else if (select == VIMSIC_EITHRESHOLD)
		old = f->threshold;
	new = (old & ~clear) | set;
	/* Guests' files know 0 and 1 alone; what is neither changes nothing (WARL, 3.8.1). */
	if (select == VIMSIC_EIDELIVERY && new <= 1U)
		f->delivery = new != 0U;
	else if (select == VIMSIC_EITHRESHOLD)
		f->threshold = (u32) new &VIMSIC_THRESHOLD_MASK;
	return old;
}

int vimsic_access(struct vimsic *f, u64 select, u64 clear, u64 set, u64 *old)
{
	/* XLEN is 64: the odd ones do not exist. */
	if (select < VIMSIC_FIRST || select > VIMSIC_LAST ||
	    (select >= VIMSIC_EIP && (select & 1U) != 0U))
		return CLV_ERR_NOTFOUND;
	spin_lock(&f->lock);
	if (select >= VIMSIC_EIE)
		*old = vimsic_access_word(f->enabled, select - VIMSIC_EIE, clear, set);
	else if (select >= VIMSIC_EIP)
		*old = vimsic_access_word(f->pending, select - VIMSIC_EIP, clear, set);
	else
		*old = vimsic_access_control(f, select, clear, set);
	vimsic_follow(f);
	spin_unlock(&f->lock);
	return CLV_OK;
}

u64 vimsic_top(struct vimsic *f, bool claim)
{
	u32 id;

	spin_lock(&f->lock);
	id = vimsic_best(f);
	if (claim) {
		/* That of 0 never is. */
		f->pending[id / 64U] &= ~BIT64(id % 64U);
		vimsic_follow(f);
	}
	spin_unlock(&f->lock);
	return (u64)id << 16 | id;
}
