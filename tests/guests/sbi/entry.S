/* SPDX-License-Identifier: BSD-2-Clause */
/* A hart whose state is tested starts or resumes here: it records what it finds, and stops. */
#include <abi/sbi.h>

	.option arch, +zicsr
	.text
	.balign 4
	.global hsm_entry
hsm_entry:
	sd	a0, 0(a1)
	sd	a1, 8(a1)
	csrr	t0, satp
	sd	t0, 16(a1)
	csrr	t0, sstatus
	sd	t0, 24(a1)
	fence	rw, rw
	li	t0, 1
	sd	t0, 32(a1)
	li	a7, SBI_EID_HSM
	li	a6, SBI_HSM_HART_STOP
	ecall
1:	wfi
	j	1b
