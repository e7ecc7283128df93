/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <string.h> for libfdt's sources when they are built for a hart, where there is no C library.
 * Cleave's own files include <cleave/string.h>.
 */
#include <cleave/string.h>
