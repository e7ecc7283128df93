/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of the boot archive, on any bytes: it reads none outside of what it was given (CBMC's
 * own checks), and what it finds lies inside.
 *
 * Bounds: an archive of up to 124 bytes that begins anywhere in it, which is a header, a name of up
 * to 14 bytes, and data. The sizes in the header are any.
 *
 * cbmc: --unwind 15 --unwindset memcmp.0:8
 */
#include "core/config/archive.c"

u64 nondet_u64(void);

#define BYTES 124U

int main(void)
{
	const struct archive_report silent = { .line = NULL, .after = "" };
	static u8 bytes[BYTES]; /* filled below: of any content */
	struct archive a = { .size = nondet_u64() };
	struct archive_entry e;
	u8 *exact;
	u64 at = nondet_u64();

	__CPROVER_assume(a.size > 0U && a.size <= BYTES && at < a.size);
	__CPROVER_havoc_object(bytes);
	/* The last byte that may be read is the last one that there is. */
	exact = bytes + (BYTES - a.size);
	a.data = exact;
	if (archive_read_entry(&a, at, &silent, &e) != 0)
		return 0;
	__CPROVER_assert((const u8 *)e.name >= a.data + at && (const u8 *)e.name < a.data + a.size,
			 "the name begins inside");
	__CPROVER_assert(e.data >= a.data + at && e.data <= a.data + a.size &&
				 e.size <= (u64)(a.data + a.size - e.data),
			 "the data lies inside");
	__CPROVER_assert(e.at == at && e.next > at && IS_ALIGNED(e.next - at, 4U), "it goes on");
	return 0;
}
