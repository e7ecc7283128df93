/* SPDX-License-Identifier: BSD-2-Clause */
/* Where harts whose state is tested start or resume: they record what they find. */
#include <abi/sbi.h>

	.option arch, +zicsr
	.text

	/* Write what is found to the struct entry_record at a1. */
	.macro	record
	sd	a0, 0(a1)
	sd	a1, 8(a1)
	csrr	t0, satp
	sd	t0, 16(a1)
	csrr	t0, sstatus
	sd	t0, 24(a1)
	fence	rw, rw
	li	t0, 1
	sd	t0, 32(a1)
	.endm

	/* It records, and stops. */
	.balign 4
	.global hsm_entry
hsm_entry:
	record
	li	a7, SBI_EID_HSM
	li	a6, SBI_HSM_HART_STOP
	ecall
1:	wfi
	j	1b

	.macro	kept, op
	\op	ra, 40(a1)
	\op	sp, 48(a1)
	\op	gp, 56(a1)
	\op	tp, 64(a1)
	.set	at, 72
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11
	\op	s\n, at(a1)
	.set	at, at + 8
	.endr
	.endm

	/*
	 * susp_sleep(type, record): suspend the partition, and come back here when it is woken.
	 * What C needs is kept in the record, as the hart keeps nothing.
	 */
	.global susp_sleep
susp_sleep:
	kept	sd
	csrr	t0, stvec
	sd	t0, 168(a1)
	mv	a2, a1
	la	a1, 1f
	li	a7, SBI_EID_SUSP
	li	a6, SBI_SUSP_SYSTEM_SUSPEND
	ecall
	ret
	.balign 4
1:	record
	ld	t0, 168(a1)
	csrw	stvec, t0
	kept	ld
	li	a0, 0
	ret
