/* SPDX-License-Identifier: BSD-2-Clause */
/* What Cleave calls itself in SBI BASE. */
#ifndef CORE_SBI_BASE_H
#define CORE_SBI_BASE_H

/*
 * SBI implementation id. Registered are 0 to 11 (SBI 2.0, table "SBI Implementation IDs"); this is not: it is Cleave's extension id
 * again, "CLV" in the experimental range. Its implementation version is that of the hypercall ABI, major << 16 | minor.
 */
#define SBI_IMPL_ID_CLEAVE 0x08434C56U

#endif
