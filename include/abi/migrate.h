/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The migration stream: frames, records and their layout. docs/migration.md is the specification.
 *
 * Everything here is little-endian, of fixed width, and without padding that a compiler chooses.
 * From the first release on a record is never changed: a new layout gets a new version. What a
 * comment calls 0 must be 0. This header must include nothing but <stdint.h>.
 */
#ifndef ABI_MIGRATE_H
#define ABI_MIGRATE_H

#include <stdint.h>

/* --- the stream: what both ends agree on ------------------------------------------------------ */

/*
 * Version, in HELLO. A receiver takes any minor version; from 1 on packed pages may come. Of a
 * checkpoint it takes major 1 too; a live migration of major 1 could be a recorded one, played
 * again.
 */
#define MIGRATE_MAJOR	  2U
#define MIGRATE_MINOR	  1U
#define MIGRATE_MAJOR_OLD 1U

/* Bytes of a page, the unit of logging and of transfer */
#define MIGRATE_PAGE UINT64_C(4096)

/* --- frames: what every record travels in ----------------------------------------------------- */

/* The bytes "CLVM" */
#define MIGRATE_MAGIC 0x4d564c43U

/* The longest payload, bytes; a longer frame is refused before it is read. */
#define MIGRATE_PAYLOAD_MAX UINT64_C(32768)

/* A receiver that does not know type or version refuses the stream; without this, it skips it. */
#define MIGRATE_FLAG_MANDATORY 0x01U

/*
 * The frame has no checksums (payload_crc and header_crc are 0). Such a frame never leaves the
 * memory of one program; it is refused on every other link.
 */
#define MIGRATE_FLAG_PLAIN 0x02U

struct migrate_frame {
	uint32_t magic;	      /* MIGRATE_MAGIC */
	uint16_t type;	      /* MIGRATE_REC_* */
	uint8_t version;      /* of this record's layout: 1, or what is said below */
	uint8_t flags;	      /* MIGRATE_FLAG_*; others are 0 */
	uint64_t length;      /* of the payload, bytes */
	uint64_t seq;	      /* of the frame in this direction and connection, from 0 */
	uint32_t payload_crc; /* CRC32C of the payload, 0 of no bytes; of pages half the digest */
	uint32_t header_crc;  /* CRC32C of the 28 bytes before */
};

/* --- records: who sends what, and what the payload is ----------------------------------------- */

/* Source to destination */
#define MIGRATE_REC_HELLO 0x0001U /* struct migrate_hello */
#define MIGRATE_REC_REQUIRE \
	0x0002U /* struct migrate_require, what it says follows; also version 1 */
#define MIGRATE_REC_PASS_BEGIN 0x0003U /* struct migrate_pass */
#define MIGRATE_REC_PAGE       0x0004U /* uint64_t gpa, then MIGRATE_PAGE bytes; also version 1 */
#define MIGRATE_REC_ZERO       0x0005U /* struct migrate_zero */
#define MIGRATE_REC_PASS_END   0x0006U /* struct migrate_pass */
#define MIGRATE_REC_STOP       0x0007U /* struct migrate_stop: the guest is paused */
#define MIGRATE_REC_STATE      0x0008U /* struct cleave_state_head (abi/state.h), then its data */
#define MIGRATE_REC_VERIFY     0x0009U /* struct migrate_verify, then a uint64_t digest a page */
#define MIGRATE_REC_HANDOVER   0x000aU /* struct migrate_handover: everything was sent */
#define MIGRATE_REC_COMMIT     0x000bU /* struct migrate_promise: the source gave the guest up */
#define MIGRATE_REC_QUERY      0x000cU /* struct migrate_status: what became of it? */
#define MIGRATE_REC_PACKED     0x000dU /* struct migrate_packed, then the block, padded to 8 */

#define MIGRATE_REC_IMAGES 0x000eU /* uint64_t offset, then bytes: what the guest reboots from */
#define MIGRATE_REC_END	   0x000fU /* struct migrate_end: no epoch follows */

/* At most 7 bytes 0, and not mandatory: what follows begins at a multiple of 8 bytes */
#define MIGRATE_REC_PAD 0x0010U

/* Destination to source */
#define MIGRATE_REC_ACCEPT   0x0101U /* struct migrate_promise: the slot is there */
#define MIGRATE_REC_PASS_ACK 0x0102U /* struct migrate_pass: the pass is in the slot's memory */
#define MIGRATE_REC_READY    0x0103U /* struct migrate_handover: everything was received */
#define MIGRATE_REC_RUNNING  0x0104U /* struct migrate_status: the guest is the destination's */
#define MIGRATE_REC_STATUS   0x0105U /* struct migrate_status: answers QUERY */

/* Either way */
#define MIGRATE_REC_CANCEL 0x0200U /* struct migrate_cancel */

/* --- the beginning: which guest it is, and what it needs -------------------------------------- */

/* Both ends talk; the migration ends with a hand-over. */
#define MIGRATE_KIND_LIVE 0U

/* One way, nobody answers; the guest stays the source's. */
#define MIGRATE_KIND_CHECKPOINT 1U

/* VERIFY records will come, for every page. */
#define MIGRATE_HELLO_VERIFY 0x1U

/* A checkpoint of several epochs: after each HANDOVER another may follow, and at last END. */
#define MIGRATE_HELLO_EPOCHS 0x2U

struct migrate_hello {
	uint16_t major;	   /* MIGRATE_MAJOR */
	uint16_t minor;	   /* MIGRATE_MINOR */
	uint16_t kind;	   /* MIGRATE_KIND_* */
	uint16_t flags;	   /* MIGRATE_HELLO_* */
	uint64_t id;	   /* of this migration: never used twice, never 0 */
	uint32_t page;	   /* MIGRATE_PAGE */
	uint32_t reserved; /* 0 */
	char name[32];	   /* of the partition that the guest was made in, NUL-padded */
	uint8_t uuid[16];  /* of the guest; from here on not in version 1 of this record */
	char slot[32];	   /* that the guest is to come into, NUL-padded; all 0: any */
};

/* The most regions, bytes of the ISA string, and vCPUs that REQUIRE may name */
#define MIGRATE_REGIONS_MAX 16U
#define MIGRATE_ISA_MAX	    512U
#define MIGRATE_VCPUS_MAX   4096U

struct migrate_require {
	uint32_t vcpus;
	uint32_t gstage_levels; /* 3, 4, 5: the least whose GPA width holds all regions */
	uint64_t timebase;	/* of the time that the guest reads, Hz */
	uint32_t regions;	/* struct migrate_region that follow */
	uint32_t isa;		/* bytes of the ISA string that follows them; no NUL */
	uint32_t cbom_block;	/* bytes of a cache block as the guest was told; 0: no Zicbom */
	uint32_t cboz_block;	/* the same of Zicboz */
};

/* Stands after the ISA string, in version 2 of REQUIRE: what else the guest may have found out */
struct migrate_require_more {
	uint32_t vlenb;	      /* bytes of a vector register; 0: no V */
	uint32_t asid_bits;   /* the guest may use so many */
	uint32_t vs_levels;   /* bit n: page tables of n levels */
	uint32_t state_level; /* CLEAVE_STATE_LEVEL of its state records */
	uint32_t sbi_version; /* as the SBI's BASE extension says */
	uint32_t sbi;	      /* CLEAVE_SBI_* */
	uint64_t images;      /* bytes of what it reboots from (struct cleave_images); 0: nothing */
};

/* The most bytes of images in one record */
#define MIGRATE_IMAGES_MAX 16384U

/* In ascending order and disjoint; gpa and size are multiples of MIGRATE_PAGE, size is not 0. */
struct migrate_region {
	uint64_t gpa;
	uint64_t size; /* bytes */
};

/* --- passes: the memory ----------------------------------------------------------------------- */

/* The guest is paused. */
#define MIGRATE_PASS_FINAL 0x1U

struct migrate_pass {
	uint32_t pass;	/* from 1 */
	uint32_t flags; /* MIGRATE_PASS_* */
	uint64_t pages; /* PASS_END, PASS_ACK: PAGE records of this pass; PASS_BEGIN: 0 */
	uint64_t zero;	/* the same of pages in ZERO records */
};

/* Pages whose bytes are all 0 */
struct migrate_zero {
	uint64_t gpa;
	uint64_t pages; /* not 0; all in one region */
};

/* A page, compressed: only where the receiver has said that it understands it */
#define MIGRATE_PACKED_LZ4 1U

/* The longest block: so no packed page is longer than a plain one */
#define MIGRATE_PACKED_MAX 4080U

struct migrate_packed {
	uint64_t gpa;
	uint32_t method; /* MIGRATE_PACKED_LZ4 */
	uint32_t size;	 /* of the block, bytes, from 1 to MIGRATE_PACKED_MAX */
};

/* --- the end: state, verification, hand-over -------------------------------------------------- */

/* @run 1: the guest ran until it was paused, and runs on; 0: it was paused already, and stays so */
struct migrate_stop {
	uint32_t run;	/* 0 or 1 */
	uint32_t clock; /* 1: its time goes on meanwhile, if ACCEPT had CLOCK; 0: it stands */
};

/* The most pages in one VERIFY record */
#define MIGRATE_VERIFY_MAX 64U

struct migrate_verify {
	uint64_t gpa;
	uint64_t pages; /* 1 to MIGRATE_VERIFY_MAX; all in one region */
};

struct migrate_handover {
	uint64_t id;
	uint64_t digest; /* of everything; docs/migration.md says how */
	uint64_t pages;	 /* PAGE records of all passes */
	uint64_t zero;	 /* pages in ZERO records of all passes */
	uint32_t passes;
	uint32_t states; /* STATE records */
};

struct migrate_end {
	uint32_t epochs;   /* HANDOVER records in the stream */
	uint32_t reserved; /* 0 */
};

/* There is no record of such a migration: this says nothing. */
#define MIGRATE_OUTCOME_UNKNOWN 0U

/* Not decided yet: ask again. */
#define MIGRATE_OUTCOME_PENDING 1U

/* The destination does not have the guest, and never will. */
#define MIGRATE_OUTCOME_NONE 2U

/* The guest is the destination's. */
#define MIGRATE_OUTCOME_RUNNING 3U

/* In QUERY the outcome is PENDING, in RUNNING it is RUNNING. */
struct migrate_status {
	uint64_t id;
	uint32_t outcome;  /* MIGRATE_OUTCOME_* */
	uint32_t reserved; /* 0 */
};

/* In ACCEPT, to a HELLO of minor version 1 or more: what the destination understands */
#define MIGRATE_FEATURE_PACKED 0x1U

/* In ACCEPT: the IMAGES that REQUIRE has told of are to come */
#define MIGRATE_FEATURE_IMAGES 0x2U

/* In ACCEPT: STOP may say that the guest's time goes on */
#define MIGRATE_FEATURE_CLOCK 0x4U

/*
 * ACCEPT and COMMIT, both of version 2. The destination makes up a nonce for each ACCEPT, and
 * COMMIT repeats it: no recorded COMMIT is one.
 */
struct migrate_promise {
	uint64_t id;
	uint32_t outcome;  /* ACCEPT: PENDING; COMMIT: RUNNING */
	uint32_t features; /* ACCEPT: MIGRATE_FEATURE_*; COMMIT: 0 */
	uint64_t nonce;
};

/* --- giving up -------------------------------------------------------------------------------- */

#define MIGRATE_REASON_USER	1U /* somebody asked for it */
#define MIGRATE_REASON_REFUSED	2U /* the machine lacks something, or the slot is not free */
#define MIGRATE_REASON_STREAM	3U /* a frame or record that is not allowed */
#define MIGRATE_REASON_LINK	4U /* the link was cut or stood still */
#define MIGRATE_REASON_MACHINE	5U /* a call to the hypervisor failed */
#define MIGRATE_REASON_VERIFY	6U /* arg: gpa of a page that differs */
#define MIGRATE_REASON_DIGEST	7U /* the digests of everything differ */
#define MIGRATE_REASON_DOWNTIME 8U /* passes used up, and it would stand still for too long */
#define MIGRATE_REASON_NONE	9U /* the destination says that it does not have the guest */

struct migrate_cancel {
	uint32_t reason;   /* MIGRATE_REASON_* */
	uint32_t reserved; /* 0 */
	uint64_t arg;
	char text[112]; /* one line of printable ASCII for a person, NUL-padded */
};

#endif
