/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding out what this hart has: inside arch/ only. Everybody else reads features.h.
 */
#ifndef ARCH_RISCV_FEATURES_PROBE_H
#define ARCH_RISCV_FEATURES_PROBE_H

#include <cleave/types.h>
#include "arch/riscv/probe/selftest.h"

/**
 * features_probe_this() - try what the hart that runs this has, and narrow `features` to it
 *
 * Called once on each hart, one hart at a time. No guest is loaded. CSRs are put back, but for those that say what a guest may do or
 * that take part in its interrupts, and that guest_load() does not write on every machine: henvcfg, hstateen1 to 3 and the AIA's
 * hvien, hvictl and hviprio are left at zero, whatever the firmware had there.
 *
 * Return: true; false, having said so, when guests cannot run on this hart and on the boot hart alike, and `features` is as it was.
 * The boot hart is always told true.
 */
bool features_probe_this(void);

/** features_selftest() - Return: the worst result of any hart so far */
const struct selftest_result *features_selftest(void);

#endif
