/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading load options. See efi_options.h.
 *
 * A firmware may hand over anything here: for a boot entry that it made up itself, some hand over a
 * GUID. So what is not text is said to be none, and does not stop the boot.
 */
#include "arch/riscv/efi/efi_options.h"

/* How far reading has come: the text, and the lengths of what has been written */
struct efi_options_text {
	const u8 *data;
	u64 nr;
	u64 at;
	u32 args;
	u32 path;
};

static u16 efi_options_char(const struct efi_options_text *t, u64 i)
{
	return (u16)(t->data[2U * i] | (u32)t->data[2U * i + 1U] << 8);
}

static bool efi_options_blank(u16 c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char efi_options_ascii(u16 c)
{
	return c >= ' ' && c < 0x7fU ? (char)c : '?';
}

/*
 * Text has no control characters, and some ASCII: options that were stored as ASCII and are read as
 * UTF-16 have none.
 */
static bool efi_options_text(const struct efi_options_text *t)
{
	bool ascii = t->nr == 0U;

	for (u64 i = 0; i < t->nr; i++) {
		u16 c = efi_options_char(t, i);

		if ((c < ' ' && !efi_options_blank(c)) || c == 0x7fU)
			return false;
		ascii |= c < 0x80U;
	}
	return ascii;
}

/* Return: whether the word that begins at t->at is `initrd=...`; if so, t->at goes past the `=` */
static bool efi_options_initrd(struct efi_options_text *t)
{
	const char name[] = "initrd=";
	u64 n = sizeof(name) - 1U;

	for (u64 i = 0; i < n; i++) {
		if (t->at + i >= t->nr || efi_options_char(t, t->at + i) != (u16)name[i])
			return false;
	}
	t->at += n;
	return true;
}

static bool efi_options_in_word(const struct efi_options_text *t)
{
	return t->at < t->nr && !efi_options_blank(efi_options_char(t, t->at));
}

/* Take the path at t->at. EFI separates folders by a backslash; people also write a slash. */
static enum efi_options_said efi_options_take_path(struct efi_options_text *t, u16 *path)
{
	enum efi_options_said said = EFI_OPTIONS_GOOD;
	bool second = t->path != 0U;
	u32 n = 0;

	for (; efi_options_in_word(t); t->at++) {
		u16 c = efi_options_char(t, t->at);

		if (second)
			continue;
		if (n < EFI_PATH_LEN - 1U)
			path[n] = c == '/' ? (u16)'\\' : c;
		n++;
	}
	if (second)
		return EFI_OPTIONS_SECOND_PATH;
	if (n == 0U || n >= EFI_PATH_LEN) {
		said = EFI_OPTIONS_BAD_PATH;
		n = 0;
	}
	path[n] = 0;
	t->path = n;
	return said;
}

/* Take the word at t->at, after a blank unless it is the first. */
static enum efi_options_said efi_options_take_arg(struct efi_options_text *t, char *args)
{
	u32 n = t->args;

	if (n != 0U && n < EFI_ARGS_LEN)
		args[n++] = ' ';
	for (; efi_options_in_word(t); t->at++) {
		if (n < EFI_ARGS_LEN)
			args[n++] = efi_options_ascii(efi_options_char(t, t->at));
	}
	if (n >= EFI_ARGS_LEN) {
		args[t->args] = '\0';
		return EFI_OPTIONS_LONG_ARGS;
	}
	args[n] = '\0';
	t->args = n;
	return EFI_OPTIONS_GOOD;
}

/*
 * EFI's shell puts the name of the program in front of what it hands over. Every option has a `=`.
 */
static void efi_options_skip_name(struct efi_options_text *t)
{
	u64 at = t->at;

	for (; efi_options_in_word(t); t->at++) {
		if (efi_options_char(t, t->at) == '=') {
			t->at = at;
			return;
		}
	}
}

enum efi_options_said efi_options_read(const void *data, u64 size, struct efi_options *out)
{
	struct efi_options_text t = { .data = data };
	enum efi_options_said said = EFI_OPTIONS_GOOD;

	out->args[0] = '\0';
	out->path[0] = 0;
	while (data != NULL && t.nr < size / 2U && efi_options_char(&t, t.nr) != 0U)
		t.nr++;
	if (!efi_options_text(&t))
		return EFI_OPTIONS_NO_TEXT;
	efi_options_skip_name(&t);
	while (t.at < t.nr) {
		enum efi_options_said word;

		if (!efi_options_in_word(&t)) {
			t.at++;
			continue;
		}
		word = efi_options_initrd(&t) ? efi_options_take_path(&t, out->path)
					      : efi_options_take_arg(&t, out->args);
		if (said == EFI_OPTIONS_GOOD)
			said = word;
	}
	return said;
}
