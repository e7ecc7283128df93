/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saving and restoring floating-point and vector registers. The hypervisor itself never uses them.
 *
 * The caller has checked that the hart has the registers (features.h) and that sstatus.FS or VS is
 * not Off. These functions leave that field as it was or Dirty; the caller then sets it.
 */
#include "arch/riscv/asm.h"
#include "arch/riscv/csr.h"
#include <generated/asm-offsets.h>

	.option	push
	.option	arch, +d, +v

.macro	for_fp_registers op
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	\op	f\n, FP_F + \n * 8(a0)
	.endr
	.irp	n, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	\op	f\n, FP_F + \n * 8(a0)
	.endr
.endm

/* void guest_fp_save(struct guest_fp *fp) */
FUNCTION(guest_fp_save)
	for_fp_registers fsd
	csrr	t0, CSR_FCSR
	sd	t0, FP_FCSR(a0)
	ret
END(guest_fp_save)

/* void guest_fp_restore(const struct guest_fp *fp) */
FUNCTION(guest_fp_restore)
	for_fp_registers fld
	ld	t0, FP_FCSR(a0)
	csrw	CSR_FCSR, t0
	ret
END(guest_fp_restore)

/*
 * void guest_vector_save(struct guest_vector *vec)
 *
 * Whole-register stores begin at vstart too, so it is saved and cleared first. The registers stay
 * in the hart for a guest that comes back to it, so vstart is put back.
 */
FUNCTION(guest_vector_save)
	csrr	t0, CSR_VSTART
	csrr	t1, CSR_VL
	csrr	t2, CSR_VTYPE
	csrr	t3, CSR_VCSR
	sd	t0, VEC_VSTART(a0)
	sd	t1, VEC_VL(a0)
	sd	t2, VEC_VTYPE(a0)
	sd	t3, VEC_VCSR(a0)
	csrw	CSR_VSTART, zero
	ld	t0, VEC_REGS(a0)
	csrr	t1, CSR_VLENB
	slli	t1, t1, 3
	vs8r.v	v0, (t0)
	add	t0, t0, t1
	vs8r.v	v8, (t0)
	add	t0, t0, t1
	vs8r.v	v16, (t0)
	add	t0, t0, t1
	vs8r.v	v24, (t0)
	ld	t0, VEC_VSTART(a0)
	csrw	CSR_VSTART, t0
	ret
END(guest_vector_save)

/*
 * void guest_vector_restore(const struct guest_vector *vec)
 *
 * vsetvl clears vstart, so vstart is written last. The saved vl was once the result of a vsetvl
 * under this vtype, so asking for it gives it again. A vtype with vill set gives vill and vl = 0,
 * which is how they were saved.
 */
FUNCTION(guest_vector_restore)
	ld	t0, VEC_REGS(a0)
	csrr	t1, CSR_VLENB
	slli	t1, t1, 3
	csrw	CSR_VSTART, zero
	vl8re8.v v0, (t0)
	add	t0, t0, t1
	vl8re8.v v8, (t0)
	add	t0, t0, t1
	vl8re8.v v16, (t0)
	add	t0, t0, t1
	vl8re8.v v24, (t0)
	ld	t0, VEC_VL(a0)
	ld	t1, VEC_VTYPE(a0)
	vsetvl	x0, t0, t1
	ld	t0, VEC_VCSR(a0)
	csrw	CSR_VCSR, t0
	ld	t0, VEC_VSTART(a0)
	csrw	CSR_VSTART, t0
	ret
END(guest_vector_restore)
	.option	pop
