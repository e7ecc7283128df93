/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking for CSRs that a guest can write and that nobody switches.
 */
#ifndef ARCH_RISCV_CSR_SCAN_H
#define ARCH_RISCV_CSR_SCAN_H

/**
 * csr_scan() - try, as a guest, every CSR number on the calling hart, and set hart->strays
 *
 * `features` holds for the hart already, and no guest is loaded. Says which CSRs were found.
 */
void csr_scan(void);

#endif
