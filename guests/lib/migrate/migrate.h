/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live migration of a partition: the engine of each end. docs/migration.md explains the protocol and its states.
 *
 * Portable C for a hart and for the host. An engine reaches the hypervisor, the clock and the link through struct
 * migrate_ops alone, allocates nothing, and does a bounded piece of work a step, so that a manager can run several of them
 * beside its console. What must never be: that the guest may run on both sides, or that the source forgets a guest that
 * the destination does not say it has.
 *
 * An engine is used by one hart at a time; nothing in it is shared with another.
 */
#ifndef GUESTS_LIB_MIGRATE_MIGRATE_H
#define GUESTS_LIB_MIGRATE_MIGRATE_H

#include <abi/cleave.h>
#include <abi/sbi.h>
#include "guests/lib/migrate/migrate_stream.h"

/**
 * struct migrate_ops - what an engine needs; the first argument is always the engine's @ctx
 *
 * Unless said otherwise a function returns 0, or a negative error that the engine prints and aborts with. A function with a
 * @cursor is called again, with what it left there, until it leaves 0 (rule M6).
 *
 * @time: ticks of a clock that never goes back
 * @vm_state: enum cleave_vm_state, or an error
 * @describe: what the guest was given (source), or what the slot could give (destination); before vm_create too
 * @vm_destroy: give the memory back; the slot is empty afterwards
 * @page_read: copy the page at @gpa; it may run while the guest writes. Returns 1 when it saw that all of it is zero: then
 * @page may be as it was
 *
 * Source alone:
 * @vm_pause: returns when no vCPU runs
 * @vm_resume: let the vCPUs run on
 * @vm_own: @own false: write down, where a restarted manager finds it, that this VM may not run here; true: strike it out
 * @vm_brake: let the vCPUs run for 100 - @percent of the time; 0 takes the brake off. NULL: there is no brake
 * @log_status: dirty pages of the region at this moment, to @dirty. Returns CLEAVE_LOG_*, or an error
 * @log_start: CLEAVE_LOG_INITIALLY_SET with eager splitting
 * @log_get: look at bits; @first is a multiple of 64, @count too unless it ends the region. Returns pages looked at
 * @log_clear: clear the bits that @bitmap has, and protect these pages everywhere before it returns (M2). Returns pages dealt with
 * @log_stop: stop and collapse
 * @leaf: level of the leaf that maps @gpa, 0 = 4 KiB, or an error; only for the report of a page that differs. May be NULL
 * @state_get: record @index, from 0: @head, and data of at most @size bytes. Returns 1, or 0 when there is no such record
 *
 * Destination alone:
 * @vm_create: the slot's memory, zero; the VM is paused
 * @vm_take: the guest is this side's from now on: write down, where a restarted manager finds it, that it came by migration
 * @id, and let it run if @run says that it ran. When it fails none of its vCPUs has run
 * @page_write, @page_zero: of the paused VM; @pages is at most MIGRATE_STEP_PAGES
 * @state_set: returns SBI_ERR_NOT_SUPPORTED for a kind or version that it does not know
 * @state_check: is everything there that a VM needs to run? Else it says into @line what is missing, and returns an error
 */
struct migrate_ops {
	uint64_t (*time)(void *ctx);
	int (*vm_state)(void *ctx);
	int (*describe)(void *ctx, struct migrate_machine *machine);
	int (*vm_destroy)(void *ctx, uint64_t *cursor);
	int (*page_read)(void *ctx, uint64_t gpa, void *page);

	int (*vm_pause)(void *ctx);
	int (*vm_resume)(void *ctx);
	int (*vm_own)(void *ctx, bool own);
	int (*vm_brake)(void *ctx, uint32_t percent);
	int (*log_status)(void *ctx, uint32_t region, uint64_t *dirty);
	int (*log_start)(void *ctx, uint32_t region, uint64_t *cursor);
	int64_t (*log_get)(void *ctx, uint32_t region, uint64_t first, uint64_t count,
			   uint64_t *bitmap);
	int64_t (*log_clear)(void *ctx, uint32_t region, uint64_t first, uint64_t count,
			     const uint64_t *bitmap);
	int (*log_stop)(void *ctx, uint32_t region, uint64_t *cursor);
	int (*leaf)(void *ctx, uint64_t gpa);
	int (*state_get)(void *ctx, uint32_t index, struct cleave_state_head *head, void *data,
			 size_t size);

	int (*vm_create)(void *ctx, uint64_t *cursor);
	int (*vm_take)(void *ctx, uint64_t id, bool run);
	int (*page_write)(void *ctx, uint64_t gpa, const void *page);
	int (*page_zero)(void *ctx, uint64_t gpa, uint64_t pages);
	int (*state_set)(void *ctx, const struct cleave_state_head *head, const void *data);
	int (*state_check)(void *ctx, struct migrate_line *line);
};

#define MIGRATE_STEP_PAGES 512U /* pages that a step looks at, or zeroes */

/** enum migrate_step - what a step did, and what the next one waits for */
enum migrate_step {
	MIGRATE_PROGRESS,  /* call again */
	MIGRATE_WANT_SEND, /* the link takes nothing now */
	MIGRATE_WANT_RECV, /* the other end has to say something */
	MIGRATE_DONE,	   /* it is over, and went well */
	MIGRATE_FAILED, /* it is over; the line says why. Source: the guest is here. Destination: the slot is empty */
	MIGRATE_DOUBT, /* source: the guest is paused, and only the destination knows whether it has it. Reconnect */
};

/** struct migrate_progress - for a progress line; rates are of the last pass that ended */
struct migrate_progress {
	const char *phase;
	uint32_t pass;
	uint32_t percent;     /* of the pass */
	uint32_t brake;	      /* percent of the time that the guest is held */
	uint64_t bytes;	      /* that the link took or gave */
	uint64_t pages;	      /* PAGE records of all passes */
	uint64_t zero;	      /* pages in ZERO records of all passes */
	uint64_t rate;	      /* bytes in a second */
	uint64_t dirty_rate;  /* pages in a second */
	uint64_t dirty;	      /* pages left when the last pass ended */
	uint64_t estimate_us; /* downtime if the guest were stopped then */
	uint64_t
		paused_ticks; /* source: from the pause to the destination's RUNNING, or to the resume */
};

/* --- source ------------------------------------------------------------------------------------------------------ */

#define MIGRATE_BRAKE_FIRST 20U /* percent */
#define MIGRATE_BRAKE_STEP  10U

/**
 * struct migrate_source_config - what is wanted
 * @name: of the partition, for every line
 * @id: of this migration: unique among all that this destination ever hears of (random, or counted where it survives); not 0
 * @timebase: ticks of ops->time() in a second, Hz
 * @kind: MIGRATE_KIND_*
 * @verify: compare every page before the hand-over; needs @history
 * @downtime_ms: stop the guest when it is estimated to stand still no longer than this
 * @passes: most passes while it runs, 1 or more
 * @bound_ms: after that many passes stop it if it will stand still no longer than this, else give up; UINT32_MAX: stop anyhow
 * @brake_max: most that the brake may hold the guest, percent, to 99; 0: never
 * @stall_ms: give up when link and guest both stand still for so long, and the guest is still ours; 0: never
 * @tx, @rx: two buffers of MIGRATE_BUFFER_MIN bytes or more
 * @history: one word a page of all regions, or NULL; @history_pages: how many
 */
struct migrate_source_config {
	const char *name;
	uint64_t id;
	uint64_t timebase;
	uint32_t kind;
	bool verify;
	uint32_t downtime_ms;
	uint32_t passes;
	uint32_t bound_ms;
	uint32_t brake_max;
	uint32_t stall_ms;
	void *tx;
	size_t tx_size;
	void *rx;
	size_t rx_size;
	uint32_t *history;
	uint64_t history_pages;
};

/* Where a source stands. Before FORGET in this list it can be cancelled; docs/migration.md has who may run the guest when. */
enum migrate_source_state {
	MIGRATE_SRC_CHECK,
	MIGRATE_SRC_OFFER,
	MIGRATE_SRC_ACCEPT,
	MIGRATE_SRC_LOG_START,
	MIGRATE_SRC_PASS_BEGIN,
	MIGRATE_SRC_COPY,
	MIGRATE_SRC_PASS_END,
	MIGRATE_SRC_PASS_ACK,
	MIGRATE_SRC_DECIDE,
	MIGRATE_SRC_PAUSE,
	MIGRATE_SRC_STOP,
	MIGRATE_SRC_STATE,
	MIGRATE_SRC_SETTLED,
	MIGRATE_SRC_VERIFY,
	MIGRATE_SRC_HANDOVER,
	MIGRATE_SRC_FLUSH, /* a checkpoint's last bytes; the guest is still ours, and stands still for them */
	MIGRATE_SRC_READY,
	MIGRATE_SRC_COMMIT,
	MIGRATE_SRC_RUNNING,
	MIGRATE_SRC_FORGET,
	MIGRATE_SRC_RESUME,
	MIGRATE_SRC_LOG_STOP,
	MIGRATE_SRC_TELL,
	MIGRATE_SRC_DOUBT,
	MIGRATE_SRC_QUERY,
	MIGRATE_SRC_STATUS,
	MIGRATE_SRC_DONE,
	MIGRATE_SRC_FAILED,
};

/** struct migrate_chunk - pages whose bits were cleared and that wait to be copied; @bits has only those that wait */
struct migrate_chunk {
	uint64_t first; /* page of the region */
	uint64_t pages;
	uint64_t next; /* of the chunk, to look at */
	uint64_t bits[MIGRATE_STEP_PAGES / 64U];
};

/** struct migrate_source - the source's engine; fields are its own */
struct migrate_source {
	const struct migrate_ops *ops;
	void *ctx;
	struct migrate_source_config config;
	struct migrate_link link;
	struct migrate_crc crc;
	struct migrate_tx tx;
	struct migrate_rx rx;
	struct migrate_machine machine;
	enum migrate_source_state state;
	struct migrate_line line;
	struct migrate_progress progress;

	bool running_before; /* the guest ran when this began, and must run again when it fails */
	bool paused;	     /* by us */
	bool committed; /* given up: never to run here unless the destination says that it has none */
	bool failed;	/* on the way out because of @line */
	bool told;	/* the destination ended it itself: it needs no CANCEL */
	bool final;	/* the guest is paused and this is the last pass */
	uint32_t logs;	     /* regions whose log was started */
	uint32_t region;     /* that a pass, a start or a stop is at */
	uint64_t cursor;     /* of a call in steps */
	uint32_t index;	     /* of the next state record */
	uint32_t states;     /* sent */
	uint64_t verified;   /* pages of the region whose digests were sent */
	uint64_t digest;     /* chain over everything sent */
	uint64_t pass_pages; /* PAGE records of this pass */
	uint64_t pass_zero;
	uint64_t pass_seen;  /* pages looked at in this pass */
	uint64_t pass_bytes; /* of the link when the pass began */
	uint64_t pass_time;  /* ticks when the pass began */
	uint64_t paused_at;  /* ticks */
	uint64_t moved_at;   /* ticks when anything last moved */
	uint64_t run_gpa;    /* zero pages that were read and not sent yet */
	uint64_t run_pages;
	uint32_t run_region;
	struct migrate_chunk chunk;
	struct migrate_cancel cancel; /* what to tell the destination */
};

/**
 * migrate_source_init() - begin to move a guest away; nothing is done before the first step
 * @link: copied
 * Return: it can begin; else migrate_source_line() says what is wrong with @config.
 */
bool migrate_source_init(struct migrate_source *s, const struct migrate_ops *ops, void *ctx,
			 const struct migrate_link *link,
			 const struct migrate_source_config *config);

/**
 * migrate_source_init_doubt() - take over after a restart of the manager a guest that was given up and not acknowledged
 *
 * @run: the guest ran before it was paused, and is to run again when the destination does not have it
 *
 * As migrate_source_init(), with the id that the migration had. The engine is in MIGRATE_DOUBT from the start:
 * migrate_source_reconnect() makes it ask.
 */
bool migrate_source_init_doubt(struct migrate_source *s, const struct migrate_ops *ops, void *ctx,
			       const struct migrate_link *link,
			       const struct migrate_source_config *config, bool run);

/** migrate_source_step() - a bounded piece of work. Return: enum migrate_step; DONE and FAILED stay */
enum migrate_step migrate_source_step(struct migrate_source *s);

/** migrate_source_cancel() - give up, because a person said so. Return: it is not too late; the next steps undo everything */
bool migrate_source_cancel(struct migrate_source *s);

/** migrate_source_doubts() - Return: it is in doubt, also while it asks: only an answer, or a person, can end that */
bool migrate_source_doubts(const struct migrate_source *s);

/**
 * migrate_source_reconnect() - there is a new connection; ask there. What was asked on another is not listened for any more
 * Return: it was in doubt (migrate_source_doubts()); else nothing was done
 */
bool migrate_source_reconnect(struct migrate_source *s, const struct migrate_link *link);

/** migrate_source_line() - Return: why it failed or what went wrong at the end, "" when nothing did; valid as long as @s */
const char *migrate_source_line(const struct migrate_source *s);

/** migrate_source_progress() - Return: how far it is; valid as long as @s, changed by steps */
const struct migrate_progress *migrate_source_progress(struct migrate_source *s);

/* --- destination ------------------------------------------------------------------------------------------------- */

#define MIGRATE_LEDGER_SIZE 16U

/**
 * struct migrate_ledger - what became of the migrations that came here; one for all slots of a manager, zero at first
 *
 * It answers a source that lost the link at the wrong moment, so it must live as long as sources may ask. The oldest
 * decided entry is replaced.
 */
struct migrate_ledger {
	struct {
		uint64_t id;	  /* 0: free */
		uint64_t when;	  /* counts entries */
		uint32_t outcome; /* MIGRATE_OUTCOME_* */
	} entry[MIGRATE_LEDGER_SIZE];
	uint64_t entries;
};

/** migrate_ledger_find() - Return: MIGRATE_OUTCOME_* of @id, UNKNOWN when there is no entry */
uint32_t migrate_ledger_find(const struct migrate_ledger *ledger, uint64_t id);

/** migrate_ledger_put() - write an outcome. Return: false when every entry is another migration that is not decided */
bool migrate_ledger_put(struct migrate_ledger *ledger, uint64_t id, uint32_t outcome);

/**
 * struct migrate_dest_config
 * @name: of the slot, for every line
 * @timebase: ticks of ops->time() in a second, Hz
 * @kind: MIGRATE_KIND_*: the one that is taken here. Where a checkpoint is read from nobody listens: nothing is answered, no
 * question either
 * @tx, @rx: two buffers of MIGRATE_BUFFER_MIN bytes or more
 */
struct migrate_dest_config {
	const char *name;
	uint64_t timebase;
	uint32_t kind;
	struct migrate_ledger *ledger;
	void *tx;
	size_t tx_size;
	void *rx;
	size_t rx_size;
};

/* Where a destination stands. From TOOK in this list it is too late to cancel. */
enum migrate_dest_state {
	MIGRATE_DST_HELLO,
	MIGRATE_DST_REQUIRE,
	MIGRATE_DST_CREATE,
	MIGRATE_DST_RECEIVE,
	MIGRATE_DST_ZERO,
	MIGRATE_DST_PREPARED,
	MIGRATE_DST_TOOK,     /* the guest is here; RUNNING is on its way */
	MIGRATE_DST_ANSWERED, /* a QUERY; STATUS is on its way */
	MIGRATE_DST_EMPTY,
	MIGRATE_DST_TELL,
	MIGRATE_DST_DONE,
	MIGRATE_DST_FAILED,
};

/** struct migrate_dest - the destination's engine; fields are its own */
struct migrate_dest {
	const struct migrate_ops *ops;
	void *ctx;
	struct migrate_dest_config config;
	struct migrate_link link;
	struct migrate_crc crc;
	struct migrate_tx tx;
	struct migrate_rx rx;
	struct migrate_hello hello;
	struct migrate_machine machine;
	struct migrate_machine slot;
	enum migrate_dest_state state;
	struct migrate_line line;
	struct migrate_progress progress;

	bool registered; /* in the ledger, as PENDING */
	bool created;	 /* the slot's memory is ours to give back */
	bool in_pass;
	bool stopped;  /* STOP came */
	bool run;      /* STOP said that the guest ran */
	bool finished; /* the final pass ended */
	uint64_t cursor;
	uint64_t next;	     /* gpa that the next page of this pass must not be below */
	uint64_t last_state; /* kind << 32 | instance of the last state record */
	uint32_t states;
	uint64_t verified; /* gpa that the next VERIFY must have; 0 at first */
	uint64_t verify_pages;
	uint64_t digest;
	uint64_t pass_pages;
	uint64_t pass_zero;
	uint32_t pass_flags;
	uint64_t moved_at;
	bool told;		  /* the source ended it, or cannot hear */
	bool queued;		  /* CANCEL is on its way */
	struct migrate_zero zero; /* what is left of a run */
	struct migrate_cancel cancel;
	uint64_t page[MIGRATE_PAGE / sizeof(uint64_t)]; /* for digests of what the slot holds */
};

/**
 * migrate_dest_init() - wait on @link for a guest, or for the question what became of one
 * Return: it can begin; else migrate_dest_line() says what is wrong with @config.
 */
bool migrate_dest_init(struct migrate_dest *d, const struct migrate_ops *ops, void *ctx,
		       const struct migrate_link *link, const struct migrate_dest_config *config);

/**
 * migrate_dest_step() - a bounded piece of work
 * Return: enum migrate_step. DONE: the guest is here (migrate_dest_has_guest()), or a question was answered.
 */
enum migrate_step migrate_dest_step(struct migrate_dest *d);

/** migrate_dest_cancel() - do not take the guest. Return: it is not too late; the next steps empty the slot */
bool migrate_dest_cancel(struct migrate_dest *d);

/** migrate_dest_has_guest() - Return: the guest is this side's */
bool migrate_dest_has_guest(const struct migrate_dest *d);

/** migrate_dest_line() - Return: why it failed, "" when it did not; valid as long as @d */
const char *migrate_dest_line(const struct migrate_dest *d);

/** migrate_dest_progress() - Return: how far it is; valid as long as @d, changed by steps. Rates are the source's to know */
const struct migrate_progress *migrate_dest_progress(struct migrate_dest *d);

#endif
