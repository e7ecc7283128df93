/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt controller of a partition (RISC-V PLIC specification 1.0), as far as a program without interrupt handlers
 * needs it: a source that is enabled ends a WFI, and guest_plic_poll() takes what is pending.
 *
 * No interrupt is ever taken: sstatus.SIE stays 0. Called from one hart, the one that called guest_plic_init().
 */
#ifndef GUESTS_LIB_GUEST_PLIC_H
#define GUESTS_LIB_GUEST_PLIC_H

#include <stdbool.h>
#include <stdint.h>

/**
 * guest_plic_init() - find the PLIC in the device tree @fdt, and in it the supervisor context of the calling hart
 * Return: it is there. Every source is disabled for this hart then, its threshold is 0, and sie.SEIE is set.
 */
bool guest_plic_init(const void *fdt);

/** guest_plic_enable() - let @source end a WFI of this hart. Return: there is such a source; false before guest_plic_init() */
bool guest_plic_enable(uint32_t source);

/**
 * guest_plic_poll() - claim what is pending, complete it all. Return: how many sources that were
 *
 * For sources that stay asserted until their device is served: serve the device first, then poll, then sleep. In the other
 * order nothing is lost, but the next WFI ends at once. Each source is claimed at most once a call.
 */
uint32_t guest_plic_poll(void);

#endif
