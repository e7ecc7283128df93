/* SPDX-License-Identifier: BSD-2-Clause */
/* A letter for each thing that was done, and the test's look at what was done since the last. */
#ifndef TESTS_UNIT_CORE_NOTES_H
#define TESTS_UNIT_CORE_NOTES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static char notes_done[32];

static inline void note(char what)
{
	size_t n = strlen(notes_done);

	assert_true(n + 1U < sizeof(notes_done));
	notes_done[n] = what;
	notes_done[n + 1U] = '\0';
}

static inline void expect(const char *list)
{
	assert_string_equal(notes_done, list);
	notes_done[0] = '\0';
}

#endif
