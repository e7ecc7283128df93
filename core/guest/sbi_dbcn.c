/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI DBCN for guests (SBI 2.0, chapter 12): the partition's side of the console.
 *
 * A call moves a bounded number of bytes and says how many, as the specification allows (M6): none
 * while what the partition has said before fills its ring. Bytes must never go into guest memory
 * but through space_write() (M8).
 */
#include <cleave/errno.h>
#include "core/console/console.h"
#include "core/guest/args/sbi_args.h"
#include "core/guest/sbi.h"
#include "core/run/sched.h"
#include "core/vm/vm.h"
#include "mm/space.h"

/* The most bytes that one call moves */
#define DBCN_STEP 256U

static void sbi_dbcn_write(struct vcpu *v, u64 addr, u64 len)
{
	u8 buf[DBCN_STEP];

	if (space_read(&v->vm->space, GPA(addr), buf, len) != CLV_OK) {
		sbi_return(v, SBI_ERR_FAILED, 0);
		return;
	}
	sbi_return(v, SBI_SUCCESS, console_tty_write(&v->vm->tty, buf, len));
}

static void sbi_dbcn_read(struct vcpu *v, u64 addr, u64 len)
{
	u8 buf[DBCN_STEP];
	u64 got = vuart_take(&v->vm->uart, buf, len);

	if (got != 0U && space_write(&v->vm->space, GPA(addr), buf, got) != CLV_OK) {
		sbi_return(v, SBI_ERR_FAILED, 0);
		return;
	}
	sbi_return(v, SBI_SUCCESS, got);
}

/*
 * This call waits until the byte is written, says the specification. The guest waits, and not the
 * hypervisor: it executes the ecall again, and takes its interrupts in between.
 */
static enum guest_leave sbi_dbcn_write_byte(struct vcpu *v, u8 byte)
{
	if (console_tty_write(&v->vm->tty, &byte, 1) == 0U)
		return sbi_again(v);
	sbi_return(v, SBI_SUCCESS, 0);
	return GUEST_RESUME;
}

static enum guest_leave sbi_dbcn_call(struct vcpu *v, u64 fid)
{
	const struct config_partition *cfg = v->vm->cfg;
	u64 len = sbi_arg(v, 0);
	u64 addr = sbi_arg(v, 1);
	s64 err;

	if (fid == SBI_DBCN_CONSOLE_WRITE_BYTE)
		return sbi_dbcn_write_byte(v, (u8)sbi_arg(v, 0));
	if (fid > SBI_DBCN_CONSOLE_WRITE_BYTE) {
		sbi_return(v, SBI_ERR_NOT_SUPPORTED, 0);
		return GUEST_RESUME;
	}
	/* The whole buffer is checked, though only a part of it may be moved now. */
	err = sbi_args_buffer(cfg->memory, cfg->nr_memory, addr, sbi_arg(v, 2), len);
	if (err != SBI_SUCCESS)
		sbi_return(v, err, 0);
	else if (sched_defer(v)) /* control sequences may take some ten thousand instructions */
		return sbi_again(v);
	else if (fid == SBI_DBCN_CONSOLE_WRITE)
		sbi_dbcn_write(v, addr, MIN(len, DBCN_STEP));
	else
		sbi_dbcn_read(v, addr, MIN(len, DBCN_STEP));
	return GUEST_RESUME;
}

static const struct sbi_ext sbi_dbcn = {
	.name = "DBCN",
	.eid_start = SBI_EID_DBCN,
	.eid_end = SBI_EID_DBCN,
	.call = sbi_dbcn_call,
};
SBI_EXT_REGISTER(sbi_dbcn);
