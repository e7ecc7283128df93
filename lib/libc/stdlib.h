/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <stdlib.h> for libfdt's sources when they are built for a hart: they want strtoul() of it, and nothing else.
 */
#include <cleave/string.h>
