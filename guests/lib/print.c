/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of output, and the results of tests.
 *
 * Any hart may print: a line is one SBI call, so that no other hart can break it.
 */
#include "guests/lib/guest.h"

#define LINE_MAX 256U

static u32 print_passed, print_failed;	       /* atomic */
static void (*print_teller)(const char *text); /* NULL: say() */

/*
 * DBCN may write less than it was given (SBI 2.0, 12.1), or nothing while the console is busy, so
 * it is called again. Without DBCN the legacy call writes a byte at a time.
 */
void guest_write(const char *text, size_t len)
{
	struct sbiret r;

	while (len != 0) {
		r = sbi_call(SBI_EID_DBCN, SBI_DBCN_CONSOLE_WRITE, len, (unsigned long)text, 0, 0,
			     0, 0);
		if (r.error != 0 || r.value < 0)
			break;
		text += r.value;
		len -= (size_t)r.value;
	}
	for (; len != 0; len--)
		sbi_call(SBI_EID_LEGACY_CONSOLE_PUTCHAR, 0, (u8)*text++, 0, 0, 0, 0, 0);
}

static void print_line(const char *prefix, const char *fmt, va_list ap, const char *suffix)
{
	char line[LINE_MAX];
	size_t n = str_append(line, sizeof(line) - 1, 0, "%s", prefix);

	n = str_append_format(line, sizeof(line) - 1, n, fmt, ap);
	n = str_append(line, sizeof(line) - 1, n, "%s", suffix);
	line[n++] = '\n';
	guest_write(line, n);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line("", fmt, ap, "");
	va_end(ap);
}

void tell_by(void (*line)(const char *text))
{
	print_teller = line;
}

void tell(const char *fmt, ...)
{
	char line[LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	str_format(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (print_teller != NULL)
		print_teller(line);
	else
		say("%s", line);
}

bool check(bool ok, const char *name, ...)
{
	va_list ap;

	__atomic_fetch_add(ok ? &print_passed : &print_failed, 1U, __ATOMIC_RELAXED);
	va_start(ap, name);
	print_line(ok ? "ok " : "FAIL ", name, ap, "");
	va_end(ap);
	return ok;
}

bool check_eq(u64 got, u64 want, const char *name, ...)
{
	char detail[64] = "";
	bool ok = got == want;
	va_list ap;

	if (!ok)
		str_print(detail, sizeof(detail), ": got 0x%lx, want 0x%lx", got, want);
	__atomic_fetch_add(ok ? &print_passed : &print_failed, 1U, __ATOMIC_RELAXED);
	va_start(ap, name);
	print_line(ok ? "ok " : "FAIL ", name, ap, detail);
	va_end(ap);
	return ok;
}

void finish(void)
{
	u32 bad = __atomic_load_n(&print_failed, __ATOMIC_RELAXED);

	say("done: %u passed, %u failed", __atomic_load_n(&print_passed, __ATOMIC_RELAXED), bad);
	sbi_shutdown(bad != 0);
}
