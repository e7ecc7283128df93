/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * State records: all that makes a VM but its memory, as STATE_GET gives and STATE_SET takes it, and as the migration stream
 * carries it.
 *
 * docs/migration.md, "State records", is the specification. Everything here is little-endian, of fixed width and without padding
 * that a compiler chooses; a record is never changed: a new layout gets a new version. What a comment calls 0 must be 0.
 * This header must include nothing but <stdint.h>.
 */
#ifndef ABI_STATE_H
#define ABI_STATE_H

#include <stdint.h>

/* A record is this head, and `length` bytes of data after it. */
struct cleave_state_head {
	uint32_t kind;	   /* CLEAVE_STATE_* */
	uint32_t instance; /* number of the vCPU; 0 for what a VM has one of */
	uint16_t version;  /* of this kind's layout */
	uint16_t flags;	   /* CLEAVE_STATE_MANDATORY; other bits are 0 */
	uint32_t length;   /* bytes of data that follow */
};

/* A reader that does not know kind or version refuses the record; without this flag it skips it. */
#define CLEAVE_STATE_MANDATORY 0x1U

/* Bytes of the longest record, head included */
#define CLEAVE_STATE_MAX 16384U

/*
 * Kinds, by class: 0x01.. the VM, 0x02.. a vCPU (the instance is its number), 0x03.. devices, 0x04.. the console. All have version
 * 1 and are mandatory.
 */
#define CLEAVE_STATE_CONFIG	 0x0101U /* what it was given; SET compares it with the slot */
#define CLEAVE_STATE_CLOCK	 0x0102U
#define CLEAVE_STATE_REGS	 0x0201U
#define CLEAVE_STATE_CSRS	 0x0202U
#define CLEAVE_STATE_TIMER	 0x0203U
#define CLEAVE_STATE_RUN	 0x0204U /* SBI HSM, and whether it waits */
#define CLEAVE_STATE_FP		 0x0210U /* where CONFIG says so */
#define CLEAVE_STATE_VECTOR	 0x0220U /* this and the next two where CONFIG says so */
#define CLEAVE_STATE_VECTOR_LOW	 0x0221U /* v0 to v15 */
#define CLEAVE_STATE_VECTOR_HIGH 0x0222U /* v16 to v31 */
#define CLEAVE_STATE_UART	 0x0301U
#define CLEAVE_STATE_PLIC	 0x0302U
#define CLEAVE_STATE_OUTPUT	 0x0401U /* bytes: what the line that is not ended yet was made of */
#define CLEAVE_STATE_INPUT	 0x0402U /* bytes: typed, and not taken by the UART yet; oldest first */

#define CLEAVE_STATE_OUTPUT_MAX 8256U /* bytes; no newline among them */

#define CLEAVE_STATE_VERSION 1U /* of each of them */

#define CLEAVE_STATE_CONFIG_FP	   0x1U /* there is a FP record of each vCPU */
#define CLEAVE_STATE_CONFIG_VECTOR 0x2U /* there are VECTOR records of each vCPU */

struct cleave_state_region {
	uint64_t gpa;  /* base, bytes */
	uint64_t size; /* bytes */
};

struct cleave_state_config {
	uint32_t vcpus;
	uint32_t regions;
	uint32_t flags;	     /* CLEAVE_STATE_CONFIG_* */
	uint32_t vlenb;	     /* bytes of a vector register; 0 without VECTOR */
	uint32_t asid_bits;  /* ASIDLEN of the harts that it ran on: the guest may use so many */
	uint16_t cbom_block; /* bytes of a cache block of Zicbom; 0: the guest has none */
	uint16_t cboz_block; /* the same of Zicboz */
	uint64_t timebase;   /* Hz of the time CSR */
	/* `regions` times struct cleave_state_region, as REGION_INFO numbers them */
};

struct cleave_state_clock {
	uint64_t time; /* what the time CSR shows, ticks; it goes on from there */
};

#define CLEAVE_STATE_MODE_VU 0U
#define CLEAVE_STATE_MODE_VS 1U

struct cleave_state_regs {
	uint64_t x[31]; /* x1 to x31 */
	uint64_t pc;	/* even */
	uint32_t mode;	/* CLEAVE_STATE_MODE_* */
	uint32_t reserved;
};

/* Bits as the guest's own CSRs have them: SSIP is 1, STIP 5, SEIP 9 */
struct cleave_state_csrs {
	uint64_t sstatus; /* SIE, SPIE, UBE, SPP, VS, FS, SUM, MXR; UXL is 2 */
	uint64_t sie;	  /* SSIE, STIE, SEIE */
	uint64_t stvec;
	uint64_t sscratch;
	uint64_t sepc;
	uint64_t scause;
	uint64_t stval;
	uint64_t satp;
	uint64_t scounteren; /* 32 bits */
	uint64_t senvcfg;    /* FIOM, CBIE, CBCFE, CBZE */
	uint64_t sstateen0;  /* bits 0 to 2 */
	uint64_t sip;	     /* SSIP; the others follow from TIMER and PLIC */
};

struct cleave_state_timer {
	uint64_t compare; /* guest time, ticks, at which it fires or has fired; UINT64_MAX: never */
};

#define CLEAVE_STATE_RUN_WAITING 0x1U /* in WFI or suspended: until an interrupt is pending */
#define CLEAVE_STATE_RUN_JUMP	 0x2U /* suspended: goes on at `start` */
#define CLEAVE_STATE_RUN_SOFT	 0x4U /* an IPI was sent to it that its CSRs do not show yet */

struct cleave_state_run {
	uint32_t
		hsm; /* as SBI hart_get_status says: 0 started, 1 stopped, 2, 3 pending of these, 4 suspended */
	uint32_t flags;	 /* CLEAVE_STATE_RUN_* */
	uint64_t start;	 /* start pending, or JUMP: even, in the VM's memory; else 0 */
	uint64_t opaque; /* a1 there; else 0 */
};

struct cleave_state_fp {
	uint64_t f[32];
	uint64_t fcsr; /* 8 bits */
};

struct cleave_state_vector {
	uint32_t vlenb;
	uint32_t reserved;
	uint64_t vstart; /* below 8 * vlenb */
	uint64_t vl;	 /* at most 8 * vlenb */
	uint64_t vtype;	 /* 8 bits, or bit 63 (vill) alone, and vl 0 then */
	uint64_t vcsr;	 /* 3 bits */
};

struct cleave_state_vector_half {
	uint32_t vlenb;
	uint32_t reserved;
	/* 16 * vlenb bytes */
};

#define CLEAVE_STATE_UART_OVERRUN 0x1U /* LSR.OE */
#define CLEAVE_STATE_UART_THRE \
	0x2U /* the transmitter has become empty, and nobody has acknowledged it */
#define CLEAVE_STATE_UART_FIFO 16U

/* A 16550's registers as they were written, and its receiver */
struct cleave_state_uart {
	uint8_t ier; /* 4 bits */
	uint8_t lcr;
	uint8_t mcr; /* 5 bits */
	uint8_t scr;
	uint8_t fcr; /* bits 0, 3, 6, 7; without bit 0 none */
	uint8_t dll;
	uint8_t dlm;
	uint8_t msr;	  /* the low four bits: what has changed since it was read */
	uint8_t flags;	  /* CLEAVE_STATE_UART_* */
	uint8_t received; /* characters that wait, at most 16 */
	uint8_t reserved[6];
	uint8_t fifo[CLEAVE_STATE_UART_FIFO]; /* oldest first; 0 behind */
};

#define CLEAVE_STATE_PLIC_SOURCES 32U

struct cleave_state_plic_context {
	uint32_t enable;    /* bit n: source n; bit 0 is 0 */
	uint32_t threshold; /* 0 to 7 */
};

struct cleave_state_plic {
	uint32_t sources;  /* CLEAVE_STATE_PLIC_SOURCES, source 0 included */
	uint32_t contexts; /* one a vCPU */
	uint32_t pending;  /* bit n: source n; bit 0 is 0 */
	uint32_t claimed;  /* claimed and not completed; none of them pending */
	uint8_t priority[CLEAVE_STATE_PLIC_SOURCES]; /* 0 to 7; [0] is 0 */
	/* `contexts` times struct cleave_state_plic_context */
};

#endif
