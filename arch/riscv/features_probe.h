/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding out what this hart has: inside arch/ only. Everybody else reads features.h.
 */
#ifndef ARCH_RISCV_FEATURES_PROBE_H
#define ARCH_RISCV_FEATURES_PROBE_H

#include <cleave/types.h>
#include "arch/riscv/selftest.h"

/**
 * features_probe_this() - try what the hart that runs this has, and narrow `features` to it
 *
 * Called once on each hart, one hart at a time. No guest is loaded, and every CSR is put back.
 */
void features_probe_this(void);

/** features_selftest() - Return: the worst result of any hart so far */
const struct selftest_result *features_selftest(void);

#endif
