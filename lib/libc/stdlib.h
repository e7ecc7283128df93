/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <stdlib.h> for libfdt's sources when they are built for a hart. They need strtoul() alone.
 */
#include <cleave/string.h>
