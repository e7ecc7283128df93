/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of arch/riscv/decode/insn.c: any instruction and any htinst give an access that makes
 * sense, or an error that has a name. Input: 8 bytes htinst, 4 bytes instruction, 8 bytes data,
 * each as far as it goes.
 */
#include <stdint.h>
#include <string.h>

#include <cleave/errno.h>
#include "arch/riscv/decode/insn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		__builtin_trap();
}

static void check_access(const struct insn_access *a, u64 data)
{
	u64 low = a->size == 8U ? UINT64_MAX : BIT64(8U * a->size) - 1U;
	u64 value;

	must(a->size == 1U || a->size == 2U || a->size == 4U || a->size == 8U);
	must(a->reg < 32U);
	must(a->length == INSN_LENGTH_SHORT || a->length == INSN_LENGTH_LONG);
	must(!(a->write && a->sign));

	value = insn_load_value(a, data);
	must((value & low) == (data & low));
	must((value & ~low) == 0U || ((value & ~low) == ~low && a->sign));
	must(insn_store_value(a, data) == (data & low));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct {
		u64 htinst;
		u64 value;
		u32 insn;
	} in = { 0 };
	struct insn_access a;
	u8 offset = 0;

	if (size >= 8U)
		memcpy(&in.htinst, data, 8);
	if (size >= 12U)
		memcpy(&in.insn, data + 8, 4);
	if (size >= 20U)
		memcpy(&in.value, data + 12, 8);

	if (insn_decode(in.insn, &a) == CLV_OK) {
		check_access(&a, in.value);
		must(a.length == insn_length((u16)in.insn));
	}
	must(insn_what(in.insn)[0] != '\0');
	if (insn_decode_htinst(in.htinst, &a, &offset) == CLV_OK) {
		check_access(&a, in.value);
		must(offset < 32U);
	}
	return 0;
}
