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

static void emit(u8 c)
{
	assert_true(out_len < OUT_MAX);
	out[out_len++] = c;
}

static struct console_screen screen = { .emit = emit };
static struct console_line here, there;

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

static u32 send(struct console_line *l, const u8 *bytes, u32 n)
{
	u32 from = out_len;

	for (u32 i = 0; i < n; i++)
		console_lines_putc(&screen, l, bytes[i]);
	return from;
}

/*
 * Styles are taken back at a line's end, also where all that had one was erased: that the other
 * line need not know.
 */
static u32 without_resets(u8 *bytes, u32 len)
{
	u32 to = 0;

	for (u32 i = 0; i < len; i++) {
		if (len - i >= 6U && memcmp(&bytes[i], "\033[0m\r\n", 6) == 0)
			i += 4U;
		bytes[to++] = bytes[i];
	}
	return to;
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
		console_lines_init(&here, "name");
		console_lines_init(&there, "name");
		send(&here, text, cut);
		size = console_lines_save(&here, saved);
		assert_true(size <= sizeof(saved));
		assert_int_equal(size, console_lines_saved(&here));
		assert_null(memchr(saved, '\n', size));
		from = send(&here, &text[cut], n - cut);
		len = out_len - from;
		memcpy(want, &out[from], len);
		len = without_resets(want, len);

		out_len = 0;
		console_lines_load(&screen, &there, saved, size);
		assert_int_equal(out_len, 0);
		(void)send(&there, &text[cut], n - cut);
		assert_int_equal(without_resets(out, out_len), len);
		assert_memory_equal(out, want, len);
	}
}

/*
 * A record that would have the line drawn hundreds of times, each time as long as it can be, has it
 * drawn once.
 */
static void loaded_at_once(void **state)
{
	static u8 hostile[CONSOLE_SAVE_MAX];
	u32 n = CONFIG_CONSOLE_LINE;

	(void)state;
	memset(hostile, 'x', n);
	for (; n + 4U <= sizeof(hostile); n += 4U)
		memcpy(&hostile[n], "\033[1K", 4);
	out_len = 0;
	console_lines_init(&here, "name");
	console_lines_focus(&screen, &here);
	send(&here, (const u8 *)"old", 3);
	out_len = 0;
	console_lines_load(&screen, &here, hostile, n);
	assert_ptr_equal(screen.focus, &here);
	assert_ptr_equal(screen.shown, &here);
	/*
	 * What is there is cleared, then come the name, the line of spaces, and where the cursor
	 * is.
	 */
	assert_in_range(out_len, CONFIG_CONSOLE_LINE, CONFIG_CONSOLE_LINE + 64U);
	assert_memory_equal(out, "\r\033[Kname| ", 10);
	assert_null(memchr(out, 'x', out_len));
}

/* A line that is dropped leaves nothing, and what was shown of it is taken back. */
static void dropped(void **state)
{
	static const u8 text[] = "half \033[1mof a line\r\033[";

	(void)state;
	out_len = 0;
	console_lines_init(&here, "name");
	console_lines_focus(&screen, &here);
	send(&here, text, sizeof(text) - 1U);
	assert_ptr_equal(screen.shown, &here);
	console_lines_drop(&screen, &here);
	assert_null(screen.shown);
	assert_memory_equal(&out[out_len - 4U], "\r\033[K", 4);
	assert_int_equal(console_lines_saved(&here), 0);
	out_len = 0;
	send(&here, (const u8 *)"m\n", 2);
	assert_memory_equal(out, "name| m", 7);
	console_lines_focus(&screen, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carried_anywhere),
		cmocka_unit_test(loaded_at_once),
		cmocka_unit_test(dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
