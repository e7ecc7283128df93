/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the harts of this machine really have, found by trying with a fix-up, never from the device tree alone.
 *
 * Written by the boot hart and narrowed by each further hart before the first guest starts; read-only from then on.
 */
#ifndef ARCH_RISCV_FEATURES_H
#define ARCH_RISCV_FEATURES_H

#include <cleave/types.h>

struct features {
	bool h;
	bool sstc;
	bool svinval;
	bool svpbmt;
	bool svnapot;
	bool henvcfg; /* henvcfg and senvcfg exist (priv 1.12); as smstateen on all harts that are used, or on none */
	bool adue; /* henvcfg.ADUE can be set: hardware A/D updates are there and can be switched off */
	bool smstateen;
	bool aia;      /* Ssaia CSRs */
	bool siselect; /* guests reach vsiselect (Ssaia, Sscsrind) and no Smstateen keeps them from it; on all harts, or on none */
	bool fp;       /* F and D */
	bool vector;
	bool zicbom;
	bool zicboz;
	bool split_tlb; /* G-stage fences need an HFENCE.VVMA as well */
	bool svade;	/* with ADUE = 0 a hart faults where an A or D bit would have to be set */
	bool ad_sound; /* hardware A/D updates of guest page tables respect G-stage write protection, or there are none */
	u8 gstage_modes; /* bit n: n-level tables, n = 3, 4, 5 */
	u8 vmid_bits;
	u8 vs_modes;  /* bit n: n-level page tables of guests (vsatp), n = 3, 4, 5 */
	u8 asid_bits; /* ASIDLEN of vsatp */
	u16 vlenb;    /* bytes of a vector register */
	u32 geilen;
	u32 cbom_block; /* bytes of a cache block, 0 without zicbom */
	u32 cboz_block; /* bytes, 0 without zicboz */
};

extern struct features features;

/**
 * features_guest_isa() - the ISA string that a guest may be told: what every hart has and Cleave can give
 * @buf: where to; NUL-terminated, e.g. "rv64imafdc_zicsr_zifencei_sstc"
 * Return: length, bytes, without the NUL.
 */
size_t features_guest_isa(char *buf, size_t size);

/** features_report() - print the boot report's lines about the harts */
void features_report(void);

#endif
