/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot report's lines about the harts.
 */
#include <cleave/printk.h>
#include "arch/riscv/probe/features.h"
#include "arch/riscv/probe/features_probe.h"
#include "arch/riscv/model/hart_tree.h"

/* A long ISA string is printed in lines of at most this many characters, broken at underscores. */
#define ISA_LINE 90U

static void features_report_isa(void)
{
	static char isa[640];
	size_t len = features_guest_isa(true, false, isa, sizeof(isa));
	size_t at = 0;

	while (at < len && at < sizeof(isa) - 1U) {
		size_t n = len - at;

		if (n > ISA_LINE) {
			n = ISA_LINE;
			while (n > 1U && isa[at + n] != '_')
				n--;
		}
		printk(PRINTK_INFO "isa: %s%.*s", at == 0U ? "guests get " : "  ", (int)n,
		       &isa[at]);
		at += n;
	}
}

static const char *features_report_ad_words(enum selftest_ad ad)
{
	switch (ad) {
	case SELFTEST_AD_PAGE_FAULT:
		return "page fault (Svade)";
	case SELFTEST_AD_GUEST_FAULT:
		return "by hardware, stopped by G-stage write protection";
	case SELFTEST_AD_UNSOUND:
		return "by hardware, THROUGH G-stage write protection";
	default:
		return "not tested";
	}
}

static void features_report_ad(void)
{
	const struct selftest_result *r = features_selftest();

	printk(PRINTK_INFO "A/D self-test: %s; with ADUE = 1: %s",
	       features_report_ad_words(r->plain),
	       features.adue ? features_report_ad_words(r->adue) : "cannot be set");
	if (features.d_by_hart)
		printk(PRINTK_INFO "the harts set D in the G-stage: a log needs no write fault");
	if (features.ad_sound)
		return;
	if (r->plain == SELFTEST_AD_UNSOUND)
		printk(PRINTK_WARNING
		       "dirty logging is refused: this hart writes A and D bits of guest page "
		       "tables into write-protected pages, which no log can see. QEMU: take 10.0 "
		       "or later, with -cpu rv64,h=true,svadu=off,svade=on");
	else
		printk(PRINTK_WARNING
		       "dirty logging is refused: the self-test's tables did not translate, so it "
		       "is not known whether A/D updates of guest page tables respect write "
		       "protection");
}

void features_report(void)
{
	printk(PRINTK_INFO "G-stage:%s%s%s, VMIDLEN %u, GEILEN %u",
	       (features.gstage_modes & (1U << 3)) != 0U ? " sv39x4" : "",
	       (features.gstage_modes & (1U << 4)) != 0U ? " sv48x4" : "",
	       (features.gstage_modes & (1U << 5)) != 0U ? " sv57x4" : "", features.vmid_bits,
	       features.geilen);
	printk(PRINTK_INFO
	       "extensions: henvcfg %s, Sstc %s, Svinval %s, Svpbmt %s, Svnapot %s, ADUE %s, "
	       "Smstateen %s, AIA %s",
	       features_yes_no(features.henvcfg), features_yes_no(features.sstc),
	       features_yes_no(features.svinval), features_yes_no(features.svpbmt),
	       features_yes_no(features.svnapot), features_yes_no(features.adue),
	       features_yes_no(features.smstateen), features_yes_no(features.aia));
	printk(PRINTK_INFO
	       "extensions: F and D %s, V %s (VLEN %u), Zicbom %s (%u bytes), Zicboz %s (%u "
	       "bytes)%s",
	       features_yes_no(features.fp), features_yes_no(features.vector), features.vlenb * 8U,
	       features_yes_no(features.zicbom), features.cbom_block,
	       features_yes_no(features.zicboz), features.cboz_block,
	       features.split_tlb ? ", split TLB: G-stage fences add HFENCE.VVMA" : "");
	if (features.rare)
		printk(PRINTK_INFO "no Smstateen closes to guests, so each gets its own:%s%s%s%s",
		       features.siselect ? " siselect" : "", features.jvt ? " jvt" : "",
		       features.scontext ? " scontext" : "",
		       features.ctr ? " Ssctr (its records are cleared)" : "");
	features_report_ad();
	features_report_isa();
}
