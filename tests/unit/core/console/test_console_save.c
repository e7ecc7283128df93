/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An open line that is carried elsewhere (console_lines_save()): whatever was sent before and
 * whatever comes behind, the lines that come out are those that would have come out where it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/console/console_lines.h"

#define OUT_MAX 65536U

static u8 out[OUT_MAX];
static u32 out_len;
static struct console_out here, there;

static void name(struct console_out *o)
{
	memset(o, 0, sizeof(*o));
	console_lines_init(&o->line, "name");
}

static u32 random_below(u64 *seed, u32 n)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (u32)(*seed >> 11) % n;
}

/* What speakers send: text, what edits a line, sequences whole, broken and too long, and noise */
static u32 speak(u64 *seed, u8 *to)
{
	static const char *const pieces[] = {
		"hello ",
		"x",
		"\r",
		"\b",
		"\t",
		"\033[1m",
		"\033[0m",
		"\033[31;1m",
		"\033[3D",
		"\033[2C",
		"\033[K",
		"\033[1K",
		"\033[2K",
		"\033[5G",
		"\033[2P",
		"\033[3@",
		"\033[",
		"\033",
		"\033]0;title",
		"\a",
		"\xc3\xa9",
		"\xe2\x82\xac",
		"\xe2\x82",
		"\xff",
		"\033[J",
		"\033[;;;;;;;;;;;;;;;;;;;;;;;;;;;;",
		"\033[111111111111111111111111",
		"\033))))))))))))))))))))))))))))))",
		"\033(",
		"[",
		"]",
		"m",
		"0",
		"\033[6n",
		"longer text that fills the line a bit more",
	};
	const char *p = pieces[random_below(seed, sizeof(pieces) / sizeof(pieces[0]))];
	u32 n = (u32)strlen(p);

	memcpy(to, p, n);
	if (random_below(seed, 12) == 0U)
		to[n++] = (u8)random_below(seed, 256);
	if (random_below(seed, 40) == 0U)
		to[n++] = '\n';
	return n;
}

/* Take what has ended out of the ring, as bytes that end in newlines. */
static void collect(struct console_out *o)
{
	struct console_entry e;

	while (console_ring_peek(&o->ring, &e)) {
		assert_false(e.self);
		console_ring_get(&o->ring, &e, &out[out_len]);
		out_len += e.len;
		assert_true(out_len < OUT_MAX - CONFIG_CONSOLE_LINE - 1U);
		out[out_len++] = '\n';
	}
}

static u32 send(struct console_out *o, const u8 *bytes, u32 n)
{
	u32 from = out_len;

	for (u32 i = 0; i < n; i++) {
		console_lines_putc(o, bytes[i]);
		collect(o);
	}
	return from;
}

static void carried_anywhere(void **state)
{
	static u8 text[8192], saved[CONSOLE_SAVE_MAX], want[OUT_MAX];
	u64 seed = 88172645463325252U;

	(void)state;
	for (u32 round = 0; round < 30000U; round++) {
		u32 n = 0, cut, pieces = 1U + random_below(&seed, 60), size, from, len;

		while (pieces-- != 0U)
			n += speak(&seed, &text[n]);
		text[n++] = '\n';
		text[n++] = '\n';
		cut = random_below(&seed, n);

		out_len = 0;
		name(&here);
		name(&there);
		send(&here, text, cut);
		size = console_lines_save(&here.line, saved);
		assert_true(size <= sizeof(saved));
		assert_int_equal(size, console_lines_saved(&here.line));
		assert_null(memchr(saved, '\n', size));
		from = send(&here, &text[cut], n - cut);
		len = out_len - from;
		memcpy(want, &out[from], len);

		out_len = 0;
		console_lines_load(&there, saved, size);
		assert_int_equal(there.ring.used, 0);
		(void)send(&there, &text[cut], n - cut);
		assert_int_equal(out_len, len);
		assert_memory_equal(out, want, len);
	}
}

/* A line that is dropped leaves nothing. */
static void dropped(void **state)
{
	static const u8 text[] = "half \033[1mof a line\r\033[";

	(void)state;
	out_len = 0;
	name(&here);
	send(&here, text, sizeof(text) - 1U);
	here.news = 0;
	console_lines_drop(&here);
	assert_int_equal(here.news, 1);
	assert_int_equal(console_lines_saved(&here.line), 0);
	send(&here, (const u8 *)"m\n", 2);
	assert_int_equal(out_len, 2);
	assert_memory_equal(out, "m\n", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carried_anywhere),
		cmocka_unit_test(dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
