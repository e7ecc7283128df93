/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * State records: all that makes a VM but its memory, as STATE_GET gives it and STATE_SET takes it,
 * and as the migration stream carries it. docs/migration.md, "State records", is the specification.
 *
 * Everything here is little-endian, of fixed width, and without padding that a compiler chooses. A
 * record is never changed: a new layout gets a new version. What a comment calls 0 must be 0, and
 * so must every `reserved`. This header must include nothing but <stdint.h>.
 */
#ifndef ABI_STATE_H
#define ABI_STATE_H

#include <stdint.h>

/* --- every record ----------------------------------------------------------------------------- */

/* A record is this head, and `length` bytes of data after it. */
struct cleave_state_head {
	uint32_t kind;	   /* CLEAVE_STATE_* */
	uint32_t instance; /* number of the vCPU; 0 for what a VM has one of */
	uint16_t version;  /* of this kind's layout */
	uint16_t flags;	   /* CLEAVE_STATE_MANDATORY; other bits are 0 */
	uint32_t length;   /* bytes of data that follow */
};

/* A reader that does not know kind or version refuses the record; without this it skips it. */
#define CLEAVE_STATE_MANDATORY 0x1U

/* Bytes of the longest record, head included */
#define CLEAVE_STATE_MAX 16384U

/* Version of each kind below; all are mandatory but those that are called optional. */
#define CLEAVE_STATE_VERSION 1U

/* Grows with each kind or version of a record that must be understood */
#define CLEAVE_STATE_LEVEL 1U

/*
 * Kinds, by class: 0x01.. the VM, 0x02.. a vCPU (the instance is its number), 0x03.. devices,
 * 0x04.. the console
 */
#define CLEAVE_STATE_CONFIG	 0x0101U /* struct cleave_state_config, and regions */
#define CLEAVE_STATE_CLOCK	 0x0102U /* struct cleave_state_clock */
#define CLEAVE_STATE_IDENTITY	 0x0103U /* struct cleave_state_identity; optional; since 1.4 */
#define CLEAVE_STATE_MOMENT	 0x0104U /* struct cleave_state_moment; optional; since 1.6 */
#define CLEAVE_STATE_GENERATION	 0x0105U /* struct cleave_state_generation; the same */
#define CLEAVE_STATE_REGS	 0x0201U /* struct cleave_state_regs */
#define CLEAVE_STATE_CSRS	 0x0202U /* struct cleave_state_csrs */
#define CLEAVE_STATE_TIMER	 0x0203U /* struct cleave_state_timer */
#define CLEAVE_STATE_RUN	 0x0204U /* struct cleave_state_run */
#define CLEAVE_STATE_FP		 0x0210U /* struct cleave_state_fp; if CONFIG has FP */
#define CLEAVE_STATE_VECTOR	 0x0220U /* struct cleave_state_vector; if CONFIG has VECTOR */
#define CLEAVE_STATE_VECTOR_LOW	 0x0221U /* v0 to v15: struct cleave_state_vector_half */
#define CLEAVE_STATE_VECTOR_HIGH 0x0222U /* v16 to v31: struct cleave_state_vector_half */
#define CLEAVE_STATE_UART	 0x0301U /* struct cleave_state_uart */
#define CLEAVE_STATE_PLIC	 0x0302U /* struct cleave_state_plic, and contexts */
#define CLEAVE_STATE_OUTPUT	 0x0401U /* bytes: what the line that is not ended is made of */
#define CLEAVE_STATE_INPUT	 0x0402U /* bytes: typed, not taken by the UART yet; oldest first */

/* --- the VM ----------------------------------------------------------------------------------- */

/* There is an FP record of each vCPU. */
#define CLEAVE_STATE_CONFIG_FP 0x1U

/* There are VECTOR, VECTOR_LOW and VECTOR_HIGH records of each vCPU. */
#define CLEAVE_STATE_CONFIG_VECTOR 0x2U

struct cleave_state_region {
	uint64_t gpa;  /* base, bytes */
	uint64_t size; /* bytes */
};

/* CONFIG: what the VM was given. STATE_SET compares it with the slot. */
struct cleave_state_config {
	uint32_t vcpus;
	uint32_t regions;
	uint32_t flags;	     /* CLEAVE_STATE_CONFIG_* */
	uint32_t vlenb;	     /* bytes of a vector register; 0 without VECTOR */
	uint32_t asid_bits;  /* ASIDLEN of the harts that it ran on: the guest may use so many */
	uint16_t cbom_block; /* bytes of a cache block of Zicbom; 0: the guest has none */
	uint16_t cboz_block; /* the same of Zicboz */
	uint64_t timebase;   /* of the time CSR, Hz */
	/* `regions` times struct cleave_state_region, as REGION_INFO numbers them */
};

/* CLOCK */
struct cleave_state_clock {
	uint64_t time; /* what the time CSR shows, ticks; it goes on from there */
};

/*
 * IDENTITY: which guest it is, wherever it goes. Where the record is missing, it is a new guest of
 * the slot's.
 */
struct cleave_state_identity {
	uint8_t uuid[16]; /* RFC 9562; not all 0 */
	char name[32];	  /* of the partition that it was made in; printable, NUL-padded */
};

/*
 * MOMENT: when the VM was paused, by the clock of the manager that wrote the stream. Managers make
 * it and read it; a hypervisor has no such record, and skips it.
 */
struct cleave_state_moment {
	uint64_t utc; /* nanoseconds since 1970-01-01 00:00:00 UTC; not 0 */
};

/*
 * GENERATION: which copy of the guest it is. It changes when the guest's past may be another one's
 * past too. Where the record is missing, it is all 0.
 */
struct cleave_state_generation {
	uint64_t count; /* restores from a checkpoint on the way here; 0: none */
	uint8_t id[16]; /* anew for each; all 0 when @count is 0 */
};

/* --- a vCPU ----------------------------------------------------------------------------------- */

#define CLEAVE_STATE_MODE_VU 0U
#define CLEAVE_STATE_MODE_VS 1U

/* REGS */
struct cleave_state_regs {
	uint64_t x[31]; /* x1 to x31 */
	uint64_t pc;	/* even */
	uint32_t mode;	/* CLEAVE_STATE_MODE_* */
	uint32_t reserved;
};

/* CSRS. Bits are where the guest's own CSRs have them: SSIP is 1, STIP 5, SEIP 9. */
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

/* TIMER */
struct cleave_state_timer {
	uint64_t compare; /* guest time, ticks, at which it fires or has fired; UINT64_MAX: never */
};

/* The vCPU is in WFI or suspended until an interrupt is pending. */
#define CLEAVE_STATE_RUN_WAITING 0x1U

/* The vCPU is suspended, and goes on at `start`. */
#define CLEAVE_STATE_RUN_JUMP 0x2U

/* An IPI was sent to the vCPU that its CSRs do not show yet. */
#define CLEAVE_STATE_RUN_SOFT 0x4U

/*
 * RUN. @hsm is what SBI hart_get_status answers: 0 started, 1 stopped, 2 start pending, 3 stop
 * pending, 4 suspended.
 */
struct cleave_state_run {
	uint32_t hsm;
	uint32_t flags;	 /* CLEAVE_STATE_RUN_* */
	uint64_t start;	 /* start pending, or JUMP: even, in the VM's memory; else 0 */
	uint64_t opaque; /* a1 there; else 0 */
};

/* FP */
struct cleave_state_fp {
	uint64_t f[32];
	uint64_t fcsr; /* 8 bits */
};

/* VECTOR */
struct cleave_state_vector {
	uint32_t vlenb;
	uint32_t reserved;
	uint64_t vstart; /* below 8 * vlenb */
	uint64_t vl;	 /* at most 8 * vlenb */
	uint64_t vtype;	 /* 8 bits; or bit 63 (vill) alone, and then vl is 0 */
	uint64_t vcsr;	 /* 3 bits */
};

/* VECTOR_LOW, VECTOR_HIGH */
struct cleave_state_vector_half {
	uint32_t vlenb;
	uint32_t reserved;
	/* 16 * vlenb bytes */
};

/* --- devices ---------------------------------------------------------------------------------- */

/* LSR.OE is set. */
#define CLEAVE_STATE_UART_OVERRUN 0x1U

/* The transmitter has become empty, and the guest has not acknowledged it. */
#define CLEAVE_STATE_UART_THRE 0x2U

/* Characters that the receiver holds */
#define CLEAVE_STATE_UART_FIFO 16U

/* UART: a 16550's registers as they were written, and its receiver */
struct cleave_state_uart {
	uint8_t ier; /* 4 bits */
	uint8_t lcr;
	uint8_t mcr; /* 5 bits */
	uint8_t scr;
	uint8_t fcr; /* bits 0, 3, 6, 7; none of them without bit 0 */
	uint8_t dll;
	uint8_t dlm;
	uint8_t msr;	  /* the low four bits: what has changed since it was read */
	uint8_t flags;	  /* CLEAVE_STATE_UART_* */
	uint8_t received; /* characters that wait, at most CLEAVE_STATE_UART_FIFO */
	uint8_t reserved[6];
	uint8_t fifo[CLEAVE_STATE_UART_FIFO]; /* oldest first; what is not received is 0 */
};

/* Sources of the PLIC, source 0 included, which does not exist */
#define CLEAVE_STATE_PLIC_SOURCES 32U

struct cleave_state_plic_context {
	uint32_t enable;    /* bit n: source n; bit 0 is 0 */
	uint32_t threshold; /* 0 to 7 */
};

/* PLIC */
struct cleave_state_plic {
	uint32_t sources;  /* CLEAVE_STATE_PLIC_SOURCES */
	uint32_t contexts; /* one a vCPU; since 1.3 also two: of M-mode, then of S-mode */
	uint32_t pending;  /* bit n: source n; bit 0 is 0 */
	uint32_t claimed;  /* claimed and not completed; none of them is pending */
	uint8_t priority[CLEAVE_STATE_PLIC_SOURCES]; /* 0 to 7; [0] is 0 */
	/* `contexts` times struct cleave_state_plic_context */
};

/* --- the console ------------------------------------------------------------------------------ */

/* Bytes of the longest OUTPUT; no newline is among them. */
#define CLEAVE_STATE_OUTPUT_MAX 8256U

#endif
