/* SPDX-License-Identifier: BSD-2-Clause */
/* The same routines as in the tests of a vCPU's state and of HSM. */
#include "tests/guests/state/round.S"
#include "tests/guests/sbi/entry.S"
