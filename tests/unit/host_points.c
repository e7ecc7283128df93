/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a unit test has done before each access to a shared word (cleave/atomic.h).
 */
#include <cleave/atomic.h>

void (*atomic_hook)(void);
