/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What parts built for the host call up to, for tests that do not define it themselves.
 */
#include <stdio.h>
#include <cleave/printk.h>

void printk(const char *fmt, ...)
{
	va_list ap;

	fputs("cleave| ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
