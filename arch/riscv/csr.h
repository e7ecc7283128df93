/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control and status registers: their numbers, their fields, and access to them. For C and
 * assembly.
 *
 * CSRs are named by number, because not every assembler that builds Cleave knows the newer names.
 * The numbers are those of the privileged specification, chapter "Control and Status Registers",
 * tables of supervisor, hypervisor and VS CSRs.
 *
 * A CSR that a machine may lack must be accessed through fixup.h only, or after features.h has said
 * that it exists.
 */
#ifndef ARCH_RISCV_CSR_H
#define ARCH_RISCV_CSR_H

#ifdef __ASSEMBLY__
#define CSR_U64(x) x
#else
#define CSR_U64(x) UINT64_C(x)
#endif

/* Unprivileged */
#define CSR_FFLAGS  0x001
#define CSR_FRM	    0x002
#define CSR_FCSR    0x003
#define CSR_VSTART  0x008
#define CSR_VXSAT   0x009
#define CSR_VXRM    0x00a
#define CSR_VCSR    0x00f
#define CSR_JVT	    0x017 /* Zcmt */
#define CSR_CYCLE   0xc00
#define CSR_TIME    0xc01
#define CSR_INSTRET 0xc02
#define CSR_VL	    0xc20
#define CSR_VTYPE   0xc21
#define CSR_VLENB   0xc22

/* Supervisor */
#define CSR_SSTATUS    0x100
#define CSR_SIE	       0x104
#define CSR_STVEC      0x105
#define CSR_SCOUNTEREN 0x106
#define CSR_SENVCFG    0x10a
#define CSR_SSTATEEN0  0x10c
#define CSR_SSCRATCH   0x140
#define CSR_SEPC       0x141
#define CSR_SCAUSE     0x142
#define CSR_STVAL      0x143
#define CSR_SIP	       0x144
#define CSR_STIMECMP   0x14d /* Sstc */
#define CSR_SCTRCTL    0x14e /* Ssctr */
#define CSR_SCTRSTATUS 0x14f /* Ssctr */
#define CSR_SISELECT   0x150 /* Ssaia, Sscsrind */
#define CSR_SIREG      0x151 /* Ssaia, Sscsrind */
#define CSR_STOPEI     0x15c /* Ssaia, with an IMSIC */
#define CSR_SATP       0x180
#define CSR_SCONTEXT   0x5a8 /* Sdtrig */

/* Hypervisor */
#define CSR_HSTATUS    0x600
#define CSR_HEDELEG    0x602
#define CSR_HIDELEG    0x603
#define CSR_HIE	       0x604
#define CSR_HTIMEDELTA 0x605
#define CSR_HCOUNTEREN 0x606
#define CSR_HGEIE      0x607
#define CSR_HENVCFG    0x60a
#define CSR_HSTATEEN0  0x60c
#define CSR_HSTATEEN1  0x60d
#define CSR_HSTATEEN2  0x60e
#define CSR_HSTATEEN3  0x60f
#define CSR_HTVAL      0x643
#define CSR_HIP	       0x644
#define CSR_HVIP       0x645
#define CSR_HTINST     0x64a
#define CSR_HGATP      0x680
#define CSR_HVIEN      0x608 /* this and the next three: Ssaia */
#define CSR_HVICTL     0x609
#define CSR_HVIPRIO1   0x646
#define CSR_HVIPRIO2   0x647
#define CSR_HGEIP      0xe12

/* VS-mode */
#define CSR_VSSTATUS  0x200
#define CSR_VSIE      0x204
#define CSR_VSTVEC    0x205
#define CSR_VSSCRATCH 0x240
#define CSR_VSEPC     0x241
#define CSR_VSCAUSE   0x242
#define CSR_VSTVAL    0x243
#define CSR_VSIP      0x244
#define CSR_VSTIMECMP 0x24d /* Sstc */
#define CSR_VSCTRCTL  0x24e /* Ssctr */
#define CSR_VSISELECT 0x250 /* Ssaia, Sscsrind */
#define CSR_VSATP     0x280

/* sstatus, vsstatus */
#define SSTATUS_SIE	   (CSR_U64(1) << 1)
#define SSTATUS_SPIE	   (CSR_U64(1) << 5)
#define SSTATUS_SPP	   (CSR_U64(1) << 8)
#define SSTATUS_VS	   (CSR_U64(3) << 9)
#define SSTATUS_VS_INITIAL (CSR_U64(1) << 9)
#define SSTATUS_VS_CLEAN   (CSR_U64(2) << 9)
#define SSTATUS_FS	   (CSR_U64(3) << 13)
#define SSTATUS_FS_INITIAL (CSR_U64(1) << 13)
#define SSTATUS_FS_CLEAN   (CSR_U64(2) << 13)
#define SSTATUS_SUM	   (CSR_U64(1) << 18)
#define SSTATUS_MXR	   (CSR_U64(1) << 19)

/* hstatus */
#define HSTATUS_GVA  (CSR_U64(1) << 6)
#define HSTATUS_SPV  (CSR_U64(1) << 7)
#define HSTATUS_SPVP (CSR_U64(1) << 8)
#define HSTATUS_HU   (CSR_U64(1) << 9)
#define HSTATUS_VTVM (CSR_U64(1) << 20)
#define HSTATUS_VTW  (CSR_U64(1) << 21)
#define HSTATUS_VTSR (CSR_U64(1) << 22)

/* hvictl: IID = 9, the external interrupt of VS-mode; IPRIO is in bits 7:0 */
#define HVICTL_IID_EXT (CSR_U64(9) << 16)

/* sip, sie, vsip and vsie; hvip, hip and hie number the same interrupts one place further left */
#define SIP_SSIP (CSR_U64(1) << 1)
#define SIP_STIP (CSR_U64(1) << 5)
#define SIP_SEIP (CSR_U64(1) << 9)

/* satp, hgatp, vsatp */
#define SATP_MODE_SHIFT	 60
#define SATP_MODE_SV39	 8
#define SATP_MODE_SV48	 9
#define SATP_MODE_SV57	 10
#define SATP_ASID_SHIFT	 44
#define SATP_ASID_BITS	 16
#define HGATP_VMID_SHIFT 44
#define HGATP_VMID_BITS	 14
#define HGATP_VMID	 (((CSR_U64(1) << HGATP_VMID_BITS) - 1) << HGATP_VMID_SHIFT)

/* scause */
#define SCAUSE_INTERRUPT       (CSR_U64(1) << 63)
#define CAUSE_FETCH_MISALIGNED 0
#define CAUSE_FETCH_ACCESS     1
#define CAUSE_ILLEGAL	       2
#define CAUSE_BREAKPOINT       3
#define CAUSE_LOAD_MISALIGNED  4
#define CAUSE_LOAD_ACCESS      5
#define CAUSE_STORE_MISALIGNED 6
#define CAUSE_STORE_ACCESS     7
#define CAUSE_ECALL_U	       8
#define CAUSE_ECALL_HS	       9
#define CAUSE_ECALL_VS	       10
#define CAUSE_FETCH_PAGE       12
#define CAUSE_LOAD_PAGE	       13
#define CAUSE_STORE_PAGE       15
#define CAUSE_FETCH_GUEST_PAGE 20
#define CAUSE_LOAD_GUEST_PAGE  21
#define CAUSE_VIRTUAL	       22
#define CAUSE_STORE_GUEST_PAGE 23

#ifndef __ASSEMBLY__

#include <cleave/types.h>

/* henvcfg, senvcfg */
#define ENVCFG_FIOM	  BIT64(0)
#define ENVCFG_CBIE	  (UINT64_C(3) << 4) /* 0 illegal, 1 flush, 3 invalidate */
#define ENVCFG_CBIE_FLUSH (UINT64_C(1) << 4)
#define ENVCFG_CBCFE	  BIT64(6)
#define ENVCFG_CBZE	  BIT64(7)
#define ENVCFG_ADUE	  BIT64(61)
#define ENVCFG_PBMTE	  BIT64(62)
#define ENVCFG_STCE	  BIT64(63)

#define CSR_STRING_(x) #x
#define CSR_STRING(x)  CSR_STRING_(x)

#ifdef CLEAVE_HOST
/*
 * On the host a test plays the hart (tests/model/hart_model.h): clear and set bits of a CSR.
 * Return: its value before that.
 */
u64 csr_host(u32 csr, u64 clear, u64 set);
#define csr_read(csr)	     csr_host(csr, 0, 0)
#define csr_write(csr, val)  ((void)csr_host(csr, ~UINT64_C(0), val))
#define csr_set(csr, bits)   ((void)csr_host(csr, 0, bits))
#define csr_clear(csr, bits) ((void)csr_host(csr, bits, 0))
#define csr_swap(csr, val)   csr_host(csr, ~UINT64_C(0), val)
#else
/** csr_read() - read CSR number @csr, a constant */
#define csr_read(csr)                                                                   \
	({                                                                              \
		u64 csr_v_;                                                             \
		__asm__ volatile("csrr %0, " CSR_STRING(csr) : "=r"(csr_v_)::"memory"); \
		csr_v_;                                                                 \
	})

/** csr_write() - write @val into CSR number @csr */
#define csr_write(csr, val) \
	__asm__ volatile("csrw " CSR_STRING(csr) ", %0" ::"rK"((u64)(val)) : "memory")

/** csr_set(), csr_clear() - set or clear the bits @bits of CSR number @csr */
#define csr_set(csr, bits) \
	__asm__ volatile("csrs " CSR_STRING(csr) ", %0" ::"rK"((u64)(bits)) : "memory")
#define csr_clear(csr, bits) \
	__asm__ volatile("csrc " CSR_STRING(csr) ", %0" ::"rK"((u64)(bits)) : "memory")

/** csr_swap() - write @val into CSR number @csr. Return: its value before that */
#define csr_swap(csr, val)                                           \
	({                                                           \
		u64 csr_v_;                                          \
		__asm__ volatile("csrrw %0, " CSR_STRING(csr) ", %1" \
				 : "=r"(csr_v_)                      \
				 : "rK"((u64)(val))                  \
				 : "memory");                        \
		csr_v_;                                              \
	})
#endif

#endif
#endif
