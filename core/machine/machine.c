/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one machine there is. Boot fills it; nobody may write to it later, except through the frame allocator's functions.
 */
#include "core/machine/machine.h"

struct machine machine;
