/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt controller of a partition (RISC-V PLIC specification 1.0), for programs without
 * interrupt handlers.
 *
 * A source that is enabled ends a WFI, and guest_plic_poll() then takes what is pending. No
 * interrupt trap is ever taken: sstatus.SIE stays 0. All functions are called on one hart, the one
 * that called guest_plic_init().
 */
#ifndef GUESTS_LIB_GUEST_PLIC_H
#define GUESTS_LIB_GUEST_PLIC_H

#include <stdbool.h>
#include <stdint.h>

/**
 * guest_plic_init() - find the PLIC in the device tree @fdt, and in it the calling hart's
 * supervisor context
 *
 * Afterwards every source is disabled for this hart, its threshold is 0, and sie.SEIE is set.
 *
 * Return: false when there is no such PLIC or context
 */
bool guest_plic_init(const void *fdt);

/**
 * guest_plic_enable() - let @source end a WFI of this hart.
 * Return: false when there is no such source, or no PLIC
 */
bool guest_plic_enable(uint32_t source);

/**
 * guest_plic_poll() - claim all that is pending, and complete it
 *
 * It is meant for sources that stay asserted until their device is served. Serve the device first,
 * then call this, and then sleep. In another order nothing is lost, but the next WFI ends at once.
 * A call claims each source at most once.
 *
 * Return: how many sources were pending
 */
uint32_t guest_plic_poll(void);

#endif
