/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one machine there is. Boot fills it. Later nobody may write to it, except through the
 * functions of the frame allocator.
 */
#include "core/machine/machine.h"

struct machine machine;
