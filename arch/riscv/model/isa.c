/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ISA extensions as device trees name them (unprivileged and privileged specification, "ISA
 * Extension Naming Conventions").
 *
 * Some are not in the table on purpose: H (guests are not nested), Svadu (guests run without ADUE),
 * Smstateen (Cleave does not switch its state), Sscofpmf and Zihpm (the counters are the
 * host's), Zicbop (it needs a block size, and is only a hint), Zkr (the seed CSR belongs to the
 * firmware), Zicfiss, Zicfilp and pointer masking (Cleave does not switch their state in senvcfg),
 * and Zcmt, Ssctr and Sdtrig (jvt, scontext and branch records do not move with a guest).
 */
#include "arch/riscv/model/isa.h"

#include <cleave/format.h>
#include <cleave/string.h>

/* The extensions, in the order of the ISA string. A single letter is part of the base name. */
static const struct {
	char name[13];
	u8 needs; /* enum isa_needs */
} isa_table[] = {
	{ "i", ISA_NEEDS_NOTHING },
	{ "m", ISA_NEEDS_NOTHING },
	{ "a", ISA_NEEDS_NOTHING },
	{ "f", ISA_NEEDS_FP },
	{ "d", ISA_NEEDS_FP },
	{ "c", ISA_NEEDS_NOTHING },
	{ "b", ISA_NEEDS_NOTHING },
	{ "v", ISA_NEEDS_VECTOR },
	{ "zicbom", ISA_NEEDS_ZICBOM },
	{ "zicboz", ISA_NEEDS_ZICBOZ },
	{ "ziccamoa", ISA_NEEDS_NOTHING },
	{ "ziccif", ISA_NEEDS_NOTHING },
	{ "zicclsm", ISA_NEEDS_NOTHING },
	{ "ziccrse", ISA_NEEDS_NOTHING },
	{ "zicntr", ISA_NEEDS_COUNTERS },
	{ "zicond", ISA_NEEDS_NOTHING },
	{ "zicsr", ISA_NEEDS_NOTHING },
	{ "zifencei", ISA_NEEDS_NOTHING },
	{ "zihintntl", ISA_NEEDS_NOTHING },
	{ "zihintpause", ISA_NEEDS_NOTHING },
	{ "zimop", ISA_NEEDS_NOTHING },
	{ "za64rs", ISA_NEEDS_NOTHING },
	{ "zaamo", ISA_NEEDS_NOTHING },
	{ "zabha", ISA_NEEDS_NOTHING },
	{ "zacas", ISA_NEEDS_NOTHING },
	{ "zalrsc", ISA_NEEDS_NOTHING },
	{ "zama16b", ISA_NEEDS_NOTHING },
	{ "zawrs", ISA_NEEDS_NOTHING },
	{ "zfa", ISA_NEEDS_FP },
	{ "zfbfmin", ISA_NEEDS_FP },
	{ "zfh", ISA_NEEDS_FP },
	{ "zfhmin", ISA_NEEDS_FP },
	{ "zca", ISA_NEEDS_NOTHING },
	{ "zcb", ISA_NEEDS_NOTHING },
	{ "zcd", ISA_NEEDS_FP },
	{ "zcmop", ISA_NEEDS_NOTHING },
	{ "zba", ISA_NEEDS_NOTHING },
	{ "zbb", ISA_NEEDS_NOTHING },
	{ "zbc", ISA_NEEDS_NOTHING },
	{ "zbkb", ISA_NEEDS_NOTHING },
	{ "zbkc", ISA_NEEDS_NOTHING },
	{ "zbkx", ISA_NEEDS_NOTHING },
	{ "zbs", ISA_NEEDS_NOTHING },
	{ "zknd", ISA_NEEDS_NOTHING },
	{ "zkne", ISA_NEEDS_NOTHING },
	{ "zknh", ISA_NEEDS_NOTHING },
	{ "zksed", ISA_NEEDS_NOTHING },
	{ "zksh", ISA_NEEDS_NOTHING },
	{ "zkt", ISA_NEEDS_NOTHING },
	{ "zvbb", ISA_NEEDS_VECTOR },
	{ "zvbc", ISA_NEEDS_VECTOR },
	{ "zve32f", ISA_NEEDS_VECTOR },
	{ "zve32x", ISA_NEEDS_VECTOR },
	{ "zve64d", ISA_NEEDS_VECTOR },
	{ "zve64f", ISA_NEEDS_VECTOR },
	{ "zve64x", ISA_NEEDS_VECTOR },
	{ "zvfbfmin", ISA_NEEDS_VECTOR },
	{ "zvfbfwma", ISA_NEEDS_VECTOR },
	{ "zvfh", ISA_NEEDS_VECTOR },
	{ "zvfhmin", ISA_NEEDS_VECTOR },
	{ "zvkb", ISA_NEEDS_VECTOR },
	{ "zvkg", ISA_NEEDS_VECTOR },
	{ "zvkned", ISA_NEEDS_VECTOR },
	{ "zvknha", ISA_NEEDS_VECTOR },
	{ "zvknhb", ISA_NEEDS_VECTOR },
	{ "zvksed", ISA_NEEDS_VECTOR },
	{ "zvksh", ISA_NEEDS_VECTOR },
	{ "zvkt", ISA_NEEDS_VECTOR },
	{ "ssaia", ISA_NEEDS_AIA },
	{ "sstc", ISA_NEEDS_SSTC },
	{ "svade", ISA_NEEDS_SVADE },
	{ "svinval", ISA_NEEDS_SVINVAL },
	{ "svnapot", ISA_NEEDS_SVNAPOT },
	{ "svpbmt", ISA_NEEDS_SVPBMT },
	{ "svvptc", ISA_NEEDS_NOTHING },
};

_Static_assert(ARRAY_SIZE(isa_table) <= ISA_WORDS * 64U, "struct isa is too small for the table");

static void isa_add(struct isa *isa, u32 n)
{
	isa->word[n / 64U] |= BIT64(n % 64U);
}

static bool isa_has_number(const struct isa *isa, u32 n)
{
	return (isa->word[n / 64U] & BIT64(n % 64U)) != 0U;
}

static char isa_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool isa_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Is @text the lower-case @name? Some firmware does not write device trees in lower case. */
static bool isa_same(const char *name, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '\0' || name[i] != isa_lower(text[i]))
			return false;
	}
	return name[len] == '\0';
}

static void isa_add_known(struct isa *isa, const char *text, size_t len)
{
	for (u32 n = 0; n < ARRAY_SIZE(isa_table); n++) {
		if (isa_same(isa_table[n].name, text, len))
			isa_add(isa, n);
	}
}

static void isa_add_name(struct isa *isa, const char *text, size_t len)
{
	/* "G" stands for these. */
	static const char *const general[] = { "i", "m", "a", "f", "d", "zicsr", "zifencei" };

	if (isa_same("h", text, len))
		isa->h = true;
	if (!isa_same("g", text, len)) {
		isa_add_known(isa, text, len);
		return;
	}
	for (u32 i = 0; i < ARRAY_SIZE(general); i++)
		isa_add_known(isa, general[i], strlen(general[i]));
}

/*
 * Return: the length of a multi-letter name without the version at its end: 5 for "zicsr2p0". A
 * name may end in a digit of its own.
 */
static size_t isa_without_version(const char *text, size_t len)
{
	size_t n = len;

	while (n > 0U && isa_is_digit(text[n - 1U]))
		n--;
	if (n == len || n < 2U || isa_lower(text[n - 1U]) != 'p' || !isa_is_digit(text[n - 2U]))
		return len;
	n--;
	while (n > 0U && isa_is_digit(text[n - 1U]))
		n--;
	return n;
}

void isa_add_string(struct isa *isa, const char *text, size_t len)
{
	size_t at = 0;

	/*
	 * "rv64", then letters, which may have versions ("i2p1"), then an underscore and a name
	 * each
	 */
	if (len < 4U || !isa_same("rv64", text, 4U))
		return;
	for (at = 4U; at < len && text[at] != '_'; at++) {
		char c = isa_lower(text[at]);

		/* A multi-letter name may follow the letters without an underscore. */
		if (c == 'z' || c == 's' || c == 'x')
			break;
		if (isa_is_digit(c) || (c == 'p' && isa_is_digit(text[at - 1U])))
			continue;
		isa_add_name(isa, &text[at], 1U);
	}
	while (at < len) {
		size_t end = at;

		while (end < len && text[end] != '_')
			end++;
		isa_add_name(isa, &text[at], isa_without_version(&text[at], end - at));
		at = end + 1U;
	}
}

void isa_add_list(struct isa *isa, const char *list, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t n = strnlen(&list[at], len - at);

		isa_add_name(isa, &list[at], n);
		at += n + 1U;
	}
}

void isa_intersect(struct isa *isa, const struct isa *other)
{
	for (u32 i = 0; i < ISA_WORDS; i++)
		isa->word[i] &= other->word[i];
	isa->h = isa->h && other->h;
}

bool isa_has(const struct isa *isa, const char *name)
{
	for (u32 n = 0; n < ARRAY_SIZE(isa_table); n++) {
		if (strcmp(isa_table[n].name, name) == 0)
			return isa_has_number(isa, n);
	}
	return false;
}

size_t isa_guest_string(const struct isa *isa, u32 have, char *buf, size_t size)
{
	size_t len = str_print(buf, size, "rv64");

	for (u32 n = 0; n < ARRAY_SIZE(isa_table); n++) {
		const char *name = isa_table[n].name;

		if (!isa_has_number(isa, n) || (isa_table[n].needs != ISA_NEEDS_NOTHING &&
						(have & (1U << isa_table[n].needs)) == 0U))
			continue;
		len += str_print(len < size ? buf + len : NULL, len < size ? size - len : 0U,
				 "%s%s", name[1] == '\0' ? "" : "_", name);
	}
	return len;
}
