/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the harts of this machine really have, found by trying under a fix-up, and never taken from
 * the device tree alone.
 *
 * The boot hart writes it, and each further hart narrows it before the first guest starts. It is
 * read-only from then on.
 */
#ifndef ARCH_RISCV_FEATURES_H
#define ARCH_RISCV_FEATURES_H

#include <cleave/types.h>

/**
 * struct features - what every hart in use has
 * @h: the H extension
 * @sstc, @svinval, @svpbmt, @svnapot, @zicbom, @zicboz: the extensions of these names
 * @henvcfg: henvcfg and senvcfg exist (privileged specification 1.12); on all harts in use, or on
 * none
 * @adue: henvcfg.ADUE can be set: hardware updates A and D, and can be told not to
 * @smstateen: hstateen0 exists; on all harts in use, or on none
 * @aia: the CSRs of Ssaia exist
 * @siselect: guests reach vsiselect (Ssaia, Sscsrind), and no Smstateen keeps them from it; on all
 * harts in use, or on none
 * @jvt, @scontext: guests reach the CSRs of these names (Zcmt, Sdtrig), and no Smstateen keeps them
 * from it; on all harts in use, or on none
 * @ctr: the same of the CSRs and records of Ssctr
 * @rare: one of the last four
 * @fp: F and D
 * @vector: V, with @vlenb bytes in a vector register
 * @split_tlb: a G-stage fence needs an HFENCE.VVMA as well
 * @svade: with ADUE = 0 a hart faults where an A or D bit would have to be set
 * @ad_sound: hardware A/D updates of guest page tables respect the G-stage's write protection, or
 * there are none
 * @d_sound: a store through a leaf of the G-stage without D sets D, or faults
 * @d_by_hart: it sets D (Svadu)
 * @htval: htval holds the address after a guest-page fault; without it no guest can run
 * @gstage_modes: bit n: G-stage tables of n levels, n = 3, 4, 5
 * @vmid_bits: VMIDLEN
 * @vs_modes: bit n: guests' page tables (vsatp) of n levels, n = 3, 4, 5
 * @asid_bits: ASIDLEN of vsatp
 * @vlenb: bytes of a vector register
 * @geilen: guest external interrupts of a hart (GEILEN)
 * @cbom_block, @cboz_block: bytes of a cache block; 0 without @zicbom or @zicboz
 */
struct features {
	bool h;
	bool sstc;
	bool svinval;
	bool svpbmt;
	bool svnapot;
	bool henvcfg;
	bool adue;
	bool smstateen;
	bool aia;
	bool siselect;
	bool jvt;
	bool scontext;
	bool ctr;
	bool rare;
	bool fp;
	bool vector;
	bool zicbom;
	bool zicboz;
	bool split_tlb;
	bool svade;
	bool ad_sound;
	bool d_sound;
	bool d_by_hart;
	bool htval;
	u8 gstage_modes;
	u8 vmid_bits;
	u8 vs_modes;
	u8 asid_bits;
	u16 vlenb;
	u32 geilen;
	u32 cbom_block;
	u32 cboz_block;
};

extern struct features features;

/**
 * features_guest_isa() - write the ISA string for guests: what every hart has and Cleave can give
 * @counters: the guest may read cycle and instret
 * @aia: it has an interrupt file
 * @buf: receives the string, NUL-terminated and cut to @size: "rv64imafdc_zicsr_zifencei_sstc"
 * @size: size of @buf, bytes
 *
 * Return: the length of the whole string, bytes, without the NUL.
 */
size_t features_guest_isa(bool counters, bool aia, char *buf, size_t size);

/** features_report() - print the boot report's lines about the harts */
void features_report(void);

#endif
