/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding out what this hart has. Everybody but the code that starts harts reads features.h.
 */
#ifndef ARCH_RISCV_FEATURES_PROBE_H
#define ARCH_RISCV_FEATURES_PROBE_H

#include <cleave/types.h>
#include "arch/riscv/probe/selftest.h"

/**
 * features_probe_this() - try what the calling hart has, and narrow `features` to it
 *
 * Each hart calls it once, one hart at a time, with no guest loaded.
 *
 * CSRs are put back, with one exception: henvcfg, hstateen1 to 3, sctrctl and the AIA's hvien,
 * hvictl and hviprio are left at zero, whatever the firmware had there. They say what a guest may
 * do or affect its interrupts or records, and guest_load() does not write them on every machine.
 *
 * Return: true; always true on the boot hart. False, after a line that says why, when guests cannot
 * run alike on this hart and on the boot hart; `features` is unchanged then.
 */
bool features_probe_this(void);

/** features_selftest() - Return: the worst result of the self-test on any hart so far */
const struct selftest_result *features_selftest(void);

/** features_yes_no() - Return: a word for the reports */
static inline const char *features_yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

#endif
