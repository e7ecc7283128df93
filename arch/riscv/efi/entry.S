/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stub's first and last instructions. It runs where EFI has loaded it, and may use pc-relative
 * addresses only.
 */
#include "arch/riscv/asm.h"
#include "arch/riscv/csr.h"

/* efi_status efi_entry(efi_handle handle, struct efi_system_table *system): AddressOfEntryPoint */
FUNCTION(efi_entry)
	la	a2, image_start
	la	a3, image_archive_end
	la	a4, image_end
	sub	a3, a3, a2
	sub	a4, a4, a2
	tail	efi_main
END(efi_entry)

/*
 * void efi_jump(u64 hartid, u64 tree, u64 image)
 *
 * EFI maps memory at its physical addresses, so the next instruction is the same one without
 * translation. fence.i: the image was written as data.
 */
FUNCTION(efi_jump)
	li	t0, SSTATUS_SIE
	csrc	CSR_SSTATUS, t0
	csrw	CSR_SIE, zero
	csrw	CSR_SATP, zero
	sfence.vma
	fence.i
	jr	a2
END(efi_jump)
