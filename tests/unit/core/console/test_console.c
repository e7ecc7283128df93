/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's lines (core/console/console_lines.c), and how they are shown
 * (core/console/console_screen.c).
 *
 * What is sent is looked at through a terminal (terminal.h). The shared terminal must show of each
 * speaker what a terminal of its own would show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <cleave/errno.h>
#include "core/console/console_screen.h"
#include "tests/unit/core/console/terminal.h"

/* --- the shared terminal ---------------------------------------------------------------------- */

static struct terminal *term;
static struct console_screen screen;
static struct console_out a, b, self;
static struct console_out *front;
static struct console_out *speakers[8];
static unsigned int nr_speakers, next_speaker;
static u32 columns;

static void emit(void)
{
	while (console_screen_ready(&screen, columns) != 0U)
		terminal_putc(term, screen.ready[screen.ready_at++]);
}

/* What console.c does in its turns, with nothing but the screen */
static bool take(struct console_out *o)
{
	struct console_entry e;
	u32 pos = o->line.pos;

	if (console_ring_peek(&o->ring, &e)) {
		bool hypervisors = e.self || o == &self;

		console_ring_get(&o->ring, &e, screen.text);
		screen.len = e.len;
		console_screen_say(&screen, hypervisors ? "cleave" : o->line.name, &o->line,
				   hypervisors, columns);
		if (front != NULL)
			front->news = 1;
		return true;
	}
	if (o != front || o->news == 0U)
		return false;
	o->news = 0;
	screen.len = o->line.len;
	memcpy(screen.text, o->line.text, screen.len);
	console_screen_open(&screen, &o->line, pos, columns);
	if (o->bell)
		console_screen_send(&screen, "\a", 1);
	console_screen_send(&screen, o->query, o->query_len);
	o->bell = false;
	o->query_len = 0;
	return true;
}

static void drain(void)
{
	unsigned int idle = 0;

	if (screen.shown != NULL && (front == NULL || screen.shown != &front->line))
		console_screen_clear(&screen);
	emit();
	while (idle <= nr_speakers) {
		struct console_out *o = next_speaker == nr_speakers ? &self
								    : speakers[next_speaker];

		next_speaker = next_speaker == nr_speakers ? 0 : next_speaker + 1;
		idle = take(o) ? 0 : idle + 1;
		emit();
	}
}

static void focus(struct console_out *o)
{
	front = o;
	if (o != NULL) {
		o->bell = false;
		o->query_len = 0;
		o->news = 1;
	}
	drain();
}

static void speak(struct console_out *o, const char *name)
{
	memset(o, 0, sizeof(*o));
	console_lines_init(&o->line, name);
	speakers[nr_speakers++] = o;
}

static int setup(void **state)
{
	(void)state;
	term = terminal_new(true);
	memset(&screen, 0, sizeof(screen));
	memset(&self, 0, sizeof(self));
	columns = 1000;
	nr_speakers = next_speaker = 0;
	speak(&a, "a");
	speak(&b, "b");
	focus(&a);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	terminal_free(term);
	return 0;
}

/* A byte at a time, each of which is shown at once. */
static void put(struct console_out *o, const char *s)
{
	for (; *s != '\0'; s++) {
		console_lines_putc(o, (u8)*s);
		drain();
	}
}

/* All of it before anything is shown. */
static void put_at_once(struct console_out *o, const char *s)
{
	for (; *s != '\0'; s++)
		console_lines_putc(o, (u8)*s);
	drain();
}

static void say(const char *s)
{
	assert_true(console_ring_put(&self.ring, s, (u32)strlen(s), true));
	drain();
}

#define assert_done(i, text) assert_string_equal(term->done[i], (text))

static void assert_open(const char *text, unsigned int column)
{
	assert_string_equal(terminal_row(term), text);
	assert_int_equal(term->column, column);
}

static void prefixes_whole_lines(void **state)
{
	(void)state;
	put(&b, "one\ntwo\r\n\nthr");
	assert_open("", 0);
	put(&b, "ee\r\r\n");
	say("four");
	assert_int_equal(term->rows, 5);
	assert_done(0, "b| one");
	assert_done(1, "b| two");
	assert_done(2, "b| ");
	assert_done(3, "b| three");
	assert_done(4, "cleave| four");
}

static void shows_the_open_line_of_the_focus_at_once(void **state)
{
	(void)state;
	put(&a, "login: ");
	assert_open("a| login: ", 10);
	put(&a, "root\r\n");
	assert_done(0, "a| login: root");
	assert_open("", 0);
}

static void takes_the_open_line_back_for_others(void **state)
{
	(void)state;
	put(&a, "# ls");
	put(&b, "half of a li");
	assert_open("a| # ls", 7);
	put(&b, "ne\n");
	assert_int_equal(term->rows, 1);
	assert_done(0, "b| half of a line");
	assert_open("a| # ls", 7);
	say("hello");
	assert_done(1, "cleave| hello");
	assert_open("a| # ls", 7);
	put(&a, "\b\b");
	say("again");
	assert_done(2, "cleave| again");
	assert_open("a| # ls", 5);
	put(&a, "pwd\n");
	assert_done(3, "a| # pwd");
}

static void moves_the_focus(void **state)
{
	(void)state;
	put(&a, "a's prompt");
	put(&b, "b's prompt");
	focus(&b);
	assert_open("b| b's prompt", 13);
	put(&a, " grows\n");
	assert_done(0, "a| a's prompt grows");
	assert_open("b| b's prompt", 13);
	focus(NULL);
	assert_open("", 0);
	put(&b, "!\n");
	assert_done(1, "b| b's prompt!");
}

static void starts_a_line_again_on_a_lone_return(void **state)
{
	(void)state;
	put(&a, "loading  10%\r");
	put(&a, "loading  99%\rloading 100%");
	assert_open("a| loading 100%", 15);
	put(&a, "\r\033[Kdone\r\n");
	assert_done(0, "a| done");
	put(&b, "loading  10%\rloading 100%\r\n");
	assert_done(1, "b| loading 100%");
}

static void edits_within_the_line(void **state)
{
	static const struct {
		const char *sent, *shown;
		unsigned int column; /* after the prefix */
	} t[] = {
		{ "abc\b\bX", "aXc", 2 },
		{ "abc\b\b\b\b\bX", "Xbc", 1 },
		{ "abcdef\033[3D\033[K", "abc", 3 },
		{ "abcdef\033[3D\033[1K", "    ef", 3 },
		{ "abcdef\033[3D\033[2K", "   ", 3 },
		{ "abcdef\033[3D\033[J", "abc", 3 },
		{ "abcdef\033[4D\033[2P", "abef", 2 },
		{ "abcdef\033[4D\033[2@", "ab  cdef", 2 },
		{ "abcdef\033[3Gx", "abxdef", 3 },
		{ "ab\033[3Cx", "ab   x", 6 },
		{ "ab\033[Dx", "ax", 2 },
		{ "a\tb", "a       b", 9 },
		{ "\033[31mred\033[0m plain", "red plain", 9 },
		{ "\033[31mred\033[0m\b\b\bR", "Red", 1 },
		{ "gr\303\274n\b\b\303\234", "gr\303\234n", 3 },
		{ "\342\202\254\b$", "$", 1 },
		{ "a\033]0;title\007b", "ab", 2 },
		{ "a\033Pq\033\\b", "ab", 2 },
		{ "a\033(Bb\0337c\033[?25ld\033[2Je\033[H\033[5;5Hf\033[Ag", "abcdefg", 7 },
		{ "a\033[>4;2mb\033[!pc\033[1 qd", "abcd", 4 },
		{ "a\033[1;2;3;4;5;6;7;8;9;10;11;12;13mb", "ab", 2 },
		{ "a\033[4:3mb", "ab", 2 },
		{ "a\001\177\016b", "ab", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char want[64];

		put(&a, t[i].sent);
		snprintf(want, sizeof(want), "a| %s", t[i].shown);
		assert_open(want, t[i].column + 3);
		say("-"); /* and it is kept so */
		assert_open(want, t[i].column + 3);
		put(&a, "\n");
		assert_done(2 * i + 1, want);
	}
}

static void is_not_lead_astray_by_bytes(void **state)
{
	(void)state;
	put(&a, "\377\200x\303(\302\2331m\303\n");
	assert_done(0, "a| ??x?(?1m?");
	put(&a, "\033]endless\nnext\n");
	assert_done(1, "a| ");
	assert_done(2, "a| next");
	put(&a, "\033[12\nnext\n\033\nnext\n");
	assert_done(4, "a| next");
	assert_done(6, "a| next");
	/* Too long, a surrogate, too large; a line's end; text from right to left */
	put(&a, "\340\202\233\300\233\360\202\202\254\355\240\200\364\220\200\200|"
		"\342\200\250\342\200\251|\342\200\256\342\201\246\330\234\n");
	assert_done(7, "a| "
		       "?????"
		       "????"
		       "???"
		       "????"
		       "|??|???");
	put(&b, "\a\033[6n\033[c\n");
	assert_int_equal(term->bells, 0);
	assert_string_equal(term->asked, "");
	put(&a, "\a\033[6n");
	assert_int_equal(term->bells, 1);
	assert_string_equal(term->asked, "[6n");
}

static void ends_styles_with_the_line(void **state)
{
	(void)state;
	put(&a, "\033[1mbold");
	assert_true(term->styled);
	put(&b, "plain\n"); /* the terminal checks that rows end without a style */
	assert_true(term->styled);
	put(&a, "\n");
	assert_false(term->styled);
	put(&b, "\033[7mreverse\nplain\n");
	assert_done(2, "b| reverse");
}

static void shows_long_lines_in_pieces(void **state)
{
	char all[3 * CONFIG_CONSOLE_LINE] = "";

	(void)state;
	for (unsigned int i = 0; i < 2 * CONFIG_CONSOLE_LINE + 10; i++) {
		char c = (char)('a' + i % 26);

		console_lines_putc(&b, (u8)c);
		all[i] = c;
	}
	console_lines_flush(&b);
	console_lines_flush(&b);
	drain();
	assert_int_equal(term->rows, 3);
	for (unsigned int i = 0; i < 3; i++) {
		size_t len = i < 2 ? CONFIG_CONSOLE_LINE : 10;

		assert_int_equal(strlen(term->done[i]), len + 3);
		assert_memory_equal(term->done[i] + 3, all + i * CONFIG_CONSOLE_LINE, len);
	}
}

static void cuts_long_names(void **state)
{
	static struct console_out o;

	(void)state;
	speak(&o, "a-name-that-is-longer-than-any-name-may-be");
	put(&o, "x\n");
	assert_done(0, "a-name-that-is-longer-than-any-| x");
}

/* --- a terminal with edges -------------------------------------------------------------------- */

static void long_text(char *text, unsigned int n, const char *end)
{
	memset(text, 'x', n);
	strcpy(text + n, end);
}

/* However often a speaker has its line drawn, in one turn it is drawn once. */
static void draws_a_line_once_a_turn(void **state)
{
	static const char *const erasers[] = { "\033[1K",      "\033[2K\033[400Gx", "\r\033[400C",
					       "\033[D\033[@", "\t\033[K\r",	    "\b\b\033[P" };
	char text[500], flood[65];

	(void)state;
	for (size_t i = 0; i < sizeof(erasers) / sizeof(erasers[0]); i++) {
		size_t before;

		long_text(text, 400, "");
		put_at_once(&a, text);
		flood[0] = '\0';
		while (strlen(flood) + strlen(erasers[i]) < sizeof(flood))
			strcat(flood, erasers[i]);
		before = term->sent;
		put_at_once(&a, flood);
		assert_in_range(term->sent - before, 0, 512 + 40);
		put_at_once(&a, "\n");
	}
}

/* A key costs about as much as it changes. */
static void sends_what_has_changed(void **state)
{
	static const struct {
		const char *typed;
		unsigned int most;
	} t[] = { { "a long enough command", 21 },
		  { "x", 1 },
		  { "\b \b", 9 },
		  { "\b", 4 },
		  { "\033[C", 4 },
		  { "\b\b\033[K", 8 },
		  { "\033[3D\033[@y", 16 } };
	size_t before;

	(void)state;
	put(&a, "$ ");
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		before = term->sent;
		put_at_once(&a, t[i].typed);
		assert_in_range(term->sent - before, 1, t[i].most);
	}
	before = term->sent;
	put_at_once(&a, "\r\n");
	assert_in_range(term->sent - before, 2, 6); /* the cursor goes to the line's end */
}

static void breaks_lines_before_the_edge(void **state)
{
	char text[200];

	(void)state;
	term->width = columns = 80;
	long_text(text, 77, "cleave| forged\n");
	put_at_once(&b, text);
	assert_int_equal(term->rows, 2);
	assert_int_equal(strlen(term->done[0]), 80);
	assert_done(1, "b> cleave| forged");
	long_text(text, 76, "\346\274\242\n"); /* it would take column 80 and one more */
	put_at_once(&b, text);
	assert_int_equal(strlen(term->done[2]), 79);
	assert_done(3, "b> \346\274\242");
	long_text(text, 72, "\tcleave| forged\n"); /* the tab stop is three columns on */
	put_at_once(&b, text);
	assert_done(5, "b>    cleave| forged");
	long_text(text, 76, "\033[31m|\033[0m\033[1m\n");
	put_at_once(&b, text);
	assert_int_equal(term->rows, 7); /* a style takes no column */
	term->width = 0;
	long_text(text, 120, "");
	say(text); /* the hypervisor's lines are nobody else's doing */
	assert_int_equal(term->rows, 8);
}

/* A program can put a line together again: a row that goes on says so in the end. */
static void marks_a_row_that_goes_on(void **state)
{
	char text[200];

	(void)state;
	columns = 80;
	long_text(text, 150, "\n");
	for (char *c = text; *c != '\0'; c++)
		console_lines_putc(&b, (u8)*c);
	assert_true(take(&b));
	for (unsigned int row = 0; row < 2; row++) {
		int c;

		while (console_screen_ready(&screen, columns) != 0U) {
			c = screen.ready[screen.ready_at++];
			if (c == '\r')
				assert_int_equal(term->goes_on, row == 0);
			terminal_putc(term, (u8)c);
			if (c == '\n')
				break;
		}
	}
	assert_int_equal(console_screen_ready(&screen, columns), 0);
	assert_int_equal(strlen(term->done[0]) + strlen(term->done[1]), 150 + 6);
}

/* Of an open line that is too long, the part with the cursor is shown, and one row is enough. */
static void shows_a_part_of_a_long_open_line(void **state)
{
	char text[700];

	(void)state;
	term->width = columns = 80;
	for (unsigned int n = 0; n < 400; n++) {
		text[n] = (char)('a' + n % 26);
		console_lines_putc(&a, (u8)text[n]);
		drain();
		assert_int_equal(term->rows, 0);
		assert_memory_equal(terminal_row(term), "a| ", 3);
		assert_int_equal(terminal_row(term)[term->column - 1], text[n]);
	}
	put(&a, "\r");
	put(&a, "\033[C");
	assert_int_equal(term->column, 4);
	assert_memory_equal(terminal_row(term), "a| abcdef", 9);
	put(&a, "\n");
	assert_int_equal(term->rows, 6);
	for (unsigned int i = 0; i < term->rows; i++)
		assert_memory_equal(term->done[i], i == 0 ? "a| " : "a> ", 3);
}

static const char *const hostile[] = {
	"cleave| ",
	"b| ",
	"b> ",
	"x",
	"xxxxxxxxxxxxxxxxxxxxxxxxxxx",
	"\t",
	"\r",
	"\b",
	"\n",
	"\r\n",
	"\033[K",
	"\033[1K",
	"\033[2K",
	"\033[D",
	"\033[70G",
	"\033[9C",
	"\033[P",
	"\033[3@",
	"\033[7m",
	"\033[m",
	"\033[4:3m",
	"\033[999C",
	"\033[A",
	"\033[H",
	"\314\210",
	"\346\274\242",
	"\303\251",
	"\360\237\230\200",
	"\377",
	"\233",
	"\302\205",
	"\342\200\250",
	"\340\202\233",
	"\033[9D",
	"\007",
};

/* Whatever a says, each row that is not its own is b's, and b has said it. */
static void cannot_be_forged(void **state)
{
	(void)state;
	srandom(6);
	term->strict = false;
	for (unsigned int round = 0; round < 3000; round++) {
		unsigned int said = 0, seen = 0;

		term->width = 80 + (unsigned int)random() % 60;
		columns = 40 + (unsigned int)random() % (term->width - 39);
		focus(random() % 2 == 0 ? &a : &b);
		for (unsigned int i = 0; i < 60; i++) {
			const size_t n = sizeof(hostile) / sizeof(hostile[0]);

			put_at_once(&a, hostile[(unsigned long)random() % n]);
			if (random() % 20 == 0) {
				put_at_once(&b, "mine\n");
				said++;
			}
		}
		put_at_once(&a, "\n");
		focus(NULL);
		for (unsigned int i = 0; i < term->rows; i++) {
			const char *row = term->done[i];

			if (strcmp(row, "b| mine") == 0)
				seen++;
			else
				assert_true(strncmp(row, "a| ", 3) == 0 ||
					    strncmp(row, "a> ", 3) == 0);
			free(term->done[i]);
		}
		term->rows = 0;
		assert_int_equal(seen, said);
	}
}

/* --- against terminals of their own ----------------------------------------------------------- */

#define SPEAKERS 4

static const char *const pieces[] = {
	"a",	   "bc",      "def",	  "Hello, world", " ",	      "\b",
	"\b\b",	   "\r",      "\033[K",	  "\033[D",	  "\033[2C",  "\033[3G",
	"\033[P",  "\033[2@", "\303\244", "\342\202\254", "\033[32m", "\033[0m",
	"\033[1K", "\033[2K", "\t",	  "\n",		  "\r\n",     "\r\r\n",
};

static void shows_what_terminals_of_their_own_would(void **state)
{
	struct console_out *speaker = calloc(SPEAKERS, sizeof(*speaker));
	struct terminal *own[SPEAKERS];
	unsigned int seen[SPEAKERS] = { 0 }, said = 0, seen_said = 0;
	char open[COLUMNS * 4];

	(void)state;
	srandom(4);
	for (unsigned int i = 0; i < SPEAKERS; i++) {
		speak(&speaker[i], (char[]){ (char)('A' + i), '\0' });
		own[i] = terminal_new(false);
	}
	for (unsigned int step = 0; step < 60000; step++) {
		unsigned int i = (unsigned int)random() % SPEAKERS;
		const char *piece =
			pieces[(unsigned long)random() % (sizeof(pieces) / sizeof(pieces[0]))];

		/* Full lines are cut by one and not by the other: end them before. */
		if (own[i]->len > 60)
			piece = "\n";
		for (const char *p = piece; *p != '\0'; p++) {
			terminal_putc(own[i], (u8)*p);
			console_lines_putc(&speaker[i], (u8)*p);
		}
		if (random() % 4 != 0)
			drain();
		if (random() % 50 == 0) {
			char text[32];

			snprintf(text, sizeof(text), "line %u", said++);
			say(text);
		}
		if (random() % 100 == 0)
			focus(&speaker[(unsigned int)random() % SPEAKERS]);
		for (unsigned int f = 0; f < SPEAKERS; f++) {
			if (&speaker[f] != front || screen.shown != &front->line ||
			    front->news != 0U)
				continue;
			snprintf(open, sizeof(open), "%c| %s", 'A' + f, terminal_row(own[f]));
			/*
			 * Blanks that only the cursor has passed are not on the speaker's own
			 * terminal.
			 */
			assert_memory_equal(terminal_row(term), open, strlen(open));
		}
	}
	for (unsigned int i = 0; i < SPEAKERS; i++)
		put(&speaker[i], "\n");
	for (unsigned int i = 0; i < SPEAKERS; i++)
		terminal_putc(own[i], '\n');
	for (unsigned int r = 0; r < term->rows; r++) {
		const char *row = term->done[r];

		if (strncmp(row, "cleave| ", 8) == 0) {
			char text[32];

			snprintf(text, sizeof(text), "cleave| line %u", seen_said++);
			assert_string_equal(row, text);
			continue;
		}
		assert_in_range(row[0], 'A', 'A' + SPEAKERS - 1);
		assert_memory_equal(row + 1, "| ", 2);

		struct terminal *t = own[row[0] - 'A'];
		const char *want = t->done[seen[row[0] - 'A']++];

		assert_memory_equal(row + 3, want, strlen(want));
		assert_int_equal(strspn(row + 3 + strlen(want), " "),
				 strlen(row + 3 + strlen(want)));
	}
	assert_int_equal(seen_said, said);
	for (unsigned int i = 0; i < SPEAKERS; i++) {
		assert_int_equal(seen[i], own[i]->rows);
		assert_true(own[i]->rows > 1000);
		terminal_free(own[i]);
	}
	free(speaker);
}

static void takes_any_bytes(void **state)
{
	(void)state;
	srandom(5);
	for (unsigned int i = 0; i < 1000000; i++) {
		struct console_out *o = (random() & 1) != 0 ? &a : &b;
		u8 c = (u8)random();

		if (random() % 4 == 0)
			c = (u8) "\033[]0123456789;mKJCDGP@nc\r\b\t"[(unsigned long)random() % 27];
		console_lines_putc(o, c);
		drain();
		assert_true(o->line.len <= CONFIG_CONSOLE_LINE && o->line.pos <= o->line.len);
		if (term->rows > ROWS - 10) {
			while (term->rows > 0)
				free(term->done[--term->rows]);
		}
		term->asked[0] = '\0';
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(prefixes_whole_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(shows_the_open_line_of_the_focus_at_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(takes_the_open_line_back_for_others, setup,
						teardown),
		cmocka_unit_test_setup_teardown(moves_the_focus, setup, teardown),
		cmocka_unit_test_setup_teardown(starts_a_line_again_on_a_lone_return, setup,
						teardown),
		cmocka_unit_test_setup_teardown(edits_within_the_line, setup, teardown),
		cmocka_unit_test_setup_teardown(is_not_lead_astray_by_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(ends_styles_with_the_line, setup, teardown),
		cmocka_unit_test_setup_teardown(shows_long_lines_in_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(cuts_long_names, setup, teardown),
		cmocka_unit_test_setup_teardown(draws_a_line_once_a_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(sends_what_has_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(breaks_lines_before_the_edge, setup, teardown),
		cmocka_unit_test_setup_teardown(marks_a_row_that_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(shows_a_part_of_a_long_open_line, setup, teardown),
		cmocka_unit_test_setup_teardown(cannot_be_forged, setup, teardown),
		cmocka_unit_test_setup_teardown(shows_what_terminals_of_their_own_would, setup,
						teardown),
		cmocka_unit_test_setup_teardown(takes_any_bytes, setup, teardown),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
