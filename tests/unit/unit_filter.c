/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UNIT_TESTS=PATTERN, with * and ?, names the tests of a program that run. It must never choose
 * tests by itself: without the variable all of them run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

void unit_filter(void);

__attribute__((constructor)) void unit_filter(void)
{
	const char *pattern = getenv("UNIT_TESTS");

	if (pattern != NULL)
		cmocka_set_test_filter(pattern);
}
