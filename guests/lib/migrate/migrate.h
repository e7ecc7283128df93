/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live migration of a partition: the engine of each end. docs/migration.md explains the protocol
 * and its states.
 *
 * The engines are portable C for a hart and for the host. An engine reaches the hypervisor, the
 * clock and the link only through struct migrate_ops, it allocates nothing, and each step does a
 * bounded piece of work. So a manager can run several engines beside its console. Two things must
 * never be: that the guest may run on both sides, and that the source forgets a guest that the
 * destination does not say it has.
 *
 * An engine is used by one hart at a time, and shares nothing with another engine.
 */
#ifndef GUESTS_LIB_MIGRATE_MIGRATE_H
#define GUESTS_LIB_MIGRATE_MIGRATE_H

#include <abi/cleave.h>
#include <abi/sbi.h>
#include "guests/lib/migrate/migrate_stream.h"
#include "lib/ledger.h"

/**
 * struct migrate_ops - what an engine needs of others; the first argument is always the engine's
 * @ctx
 *
 * Unless said otherwise, a function returns 0, or a negative error, which the engine reports and
 * aborts with. A function with a @cursor is called again, with what it left there, until it leaves
 * 0 (rule M6).
 *
 * @time: Return: ticks of a clock that never goes back
 * @vm_state: Return: enum cleave_vm_state, or an error
 * @describe: get what the guest was given (source), or what the slot can give (destination), even
 * before vm_create
 * @vm_destroy: give the memory back; afterwards the slot is empty
 * @page_read: copy the page at @gpa, which the guest may be writing, and get the digest of the copy
 * (migrate_digest_copy()). Return: 1 when all of the page is zero; then @page may be left as it
 * was, and has no digest. A page that becomes zero while it is copied may go as any other
 *
 * Only for the source:
 * @vm_pause: pause the guest; when it returns no vCPU runs
 * @vm_resume: let the vCPUs run again
 * @vm_own: note where a restarted manager finds it that this VM may not run here (@own is false),
 * or strike the note out
 * @vm_brake: let the vCPUs run for 100 - @percent of the time; 0 takes the brake off. NULL: there
 * is no brake
 * @log_status: get how many pages of the region are dirty at this moment. Return: CLEAVE_LOG_*,
 * which is CLEAVE_LOG_OFF too when a log is on that gives way to a start; or an error
 * @log_start: start a log in the mode CLEAVE_LOG_INITIALLY_SET, with eager splitting
 * @log_get: look at bits. @first is a multiple of 64, and so is @count unless it ends the region.
 * Return: pages looked at
 * @log_clear: clear the bits that are set in @bitmap, and protect these pages everywhere before it
 * returns (M2). Return: pages dealt with
 * @log_stop: stop the log, and collapse
 * @leaf: Return: level of the leaf that maps @gpa, 0 = 4 KiB, or an error; only for the report of a
 * page that differs. May be NULL
 * @state_get: get state record @index, from 0: @head, and at most @size bytes of data. Return: 1; 0
 * when there is no such record
 *
 * @images_get: copy at most @size bytes, from @offset on, of what the guest reboots from; only
 * where @describe has told of such. Return: how many, 0 at the end; or an error
 *
 * Only for the destination:
 * @stopped: the source's guest stands still from now on; @clock: its time is to go on meanwhile.
 * NULL: this side cannot have that
 * @images_take: the slot was created, and the source has so many bytes of what its guest reboots
 * from. Return: 1: they are to come; 0: the slot has the same; or an error
 * @images_put: take the next bytes of it
 * @vm_create: give the slot its memory, all zero; the VM is paused afterwards
 * @vm_take: the guest belongs to this side from now on. Note where a restarted manager finds it
 * that the guest came by migration @id, and let it run if @run says that it ran. When this fails,
 * none of the guest's vCPUs has run
 * @page_write: write to the paused VM; with @digest, get the digest of the page
 * @page_zero: write to the paused VM; @pages is at most MIGRATE_STEP_PAGES
 * @state_set: take a state record. Return: SBI_ERR_NOT_SUPPORTED for a kind or version that it does
 * not know
 * @state_check: does the VM have everything that it needs to run? Otherwise append to @line what is
 * missing, and return an error
 */
struct migrate_ops {
	uint64_t (*time)(void *ctx);
	int (*vm_state)(void *ctx);
	int (*describe)(void *ctx, struct migrate_machine *machine);
	int (*vm_destroy)(void *ctx, uint64_t *cursor);
	int (*page_read)(void *ctx, uint64_t gpa, void *page, uint64_t *digest);

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
	int64_t (*images_get)(void *ctx, uint64_t offset, void *bytes, size_t size);

	void (*stopped)(void *ctx, bool clock);
	int (*images_take)(void *ctx, uint64_t bytes);
	int (*images_put)(void *ctx, const void *bytes, size_t size);
	int (*vm_create)(void *ctx, uint64_t *cursor);
	int (*vm_take)(void *ctx, uint64_t id, bool run);
	int (*page_write)(void *ctx, uint64_t gpa, const void *page, uint64_t *digest);
	int (*page_zero)(void *ctx, uint64_t gpa, uint64_t pages);
	int (*state_set)(void *ctx, const struct cleave_state_head *head, const void *data);
	int (*state_check)(void *ctx, struct migrate_line *line);
};

/**
 * struct migrate_pack - how pages are packed, by method MIGRATE_PACKED_LZ4
 * @pack: pack the page into at most @most bytes at @block. Return: how many; 0: it is more
 * @unpack: unpack what may be a block of anything, and write no more than a page.
 * Return: true when it is one whole page
 */
struct migrate_pack {
	size_t (*pack)(const void *page, void *block, size_t most);
	bool (*unpack)(const void *block, size_t size, void *page);
};

#define MIGRATE_STEP_PAGES 512U /* the most pages that one step looks at, or zeroes */

/** enum migrate_step - what a step did, and what the next step waits for */
enum migrate_step {
	MIGRATE_PROGRESS,  /* call again */
	MIGRATE_WANT_SEND, /* the link takes nothing now */
	MIGRATE_WANT_RECV, /* the other end must say something */
	MIGRATE_DONE,	   /* it is over, and all went well */
	/*
	 * It is over, and the line says why. The guest is still at the source; the destination's
	 * slot is empty
	 */
	MIGRATE_FAILED,
	/*
	 * Source: the guest is paused, and only the destination knows whether it has it. Reconnect,
	 * and ask
	 */
	MIGRATE_DOUBT,
};

/**
 * struct migrate_progress - for a progress line; rates are those of the last pass that ended
 * @phase: what is being done, in a word or two
 * @pass: number of the pass
 * @percent: how much of the pass is done
 * @brake: percent of the time for which the brake holds the guest
 * @bytes: bytes that the link took (source) or gave (destination)
 * @pages: PAGE records of all passes
 * @packed: of these, how many were packed
 * @zero: pages in ZERO records of all passes
 * @rate: bytes in a second
 * @dirty_rate: pages that the guest dirtied in a second
 * @dirty: pages that were left when the last pass ended
 * @estimate_us: how long the guest would stand still if it were stopped then
 * @paused_ticks: source: ticks from the pause to the destination's RUNNING, or to the resume
 */
struct migrate_progress {
	const char *phase;
	uint32_t pass;
	uint32_t percent;
	uint32_t brake;
	uint64_t bytes;
	uint64_t pages;
	uint64_t packed;
	uint64_t zero;
	uint64_t rate;
	uint64_t dirty_rate;
	uint64_t dirty;
	uint64_t estimate_us;
	uint64_t paused_ticks;
};

/* --- source ----------------------------------------------------------------------------------- */

/* The brake's first step, and each further one, percent */
#define MIGRATE_BRAKE_FIRST 20U
#define MIGRATE_BRAKE_STEP  10U

/* Pages that are read to measure what --verify will take */
#define MIGRATE_MEASURE 16U

/**
 * struct migrate_source_config - what is wanted of a source
 * @name: of the partition, for every line
 * @guest, @uuid: which guest it is
 * @slot: where the guest is to come in, as the destination calls it; "" or NULL: where it likes
 * @id: of this migration, not 0. It must be unique among all that this destination ever hears of:
 * random, or counted where the count survives
 * @timebase: ticks of ops->time() in a second, Hz
 * @kind: MIGRATE_KIND_*
 * @verify: compare every page before the hand-over; needs @history
 * @downtime_ms: stop the guest when it is estimated to stand still no longer than this
 * @passes: the most passes while the guest runs, at least 1
 * @bound_ms: after that many passes stop the guest if it will stand still no longer than this, and
 * give up otherwise; UINT32_MAX: stop it in any case
 * @verify_apart: what @verify takes counts neither against @downtime_ms nor against @bound_ms
 * @pack: pages go packed, where the other end takes that; NULL: they go as they are
 * @useless: give up after so many passes in a row that left more than 90 % of what was left before
 * them, when the brake cannot be set higher; 0: never
 * @timeout_ms: give up when the guest is not paused after so long; 0: never
 * @rate: at most so many bytes a second while the guest runs; 0: as many as the link takes
 * @clock_runs: the guest's time goes on while it stands still; of a live migration
 * @stay_paused: the guest is paused when it arrives, also if it runs here
 * @brake_max: the most that the brake may hold the guest, 0 (never) to 99 percent
 * @epochs: of a checkpoint: how often it is written; 0 and 1: once
 * @every_ms: from the beginning of an epoch to that of the next
 * @stall_ms: give up when link and guest both stand still for so long while the guest is still
 * ours; 0: never
 * @tx, @rx: two buffers of at least MIGRATE_BUFFER_MIN bytes
 * @history: one word for each page of all regions, or NULL
 * @history_pages: words in @history
 */
struct migrate_source_config {
	const char *name;
	const char *guest;
	const char *slot;
	uint8_t uuid[16];
	uint64_t id;
	uint64_t timebase;
	uint32_t kind;
	bool verify;
	uint32_t downtime_ms;
	uint32_t passes;
	uint32_t bound_ms;
	bool verify_apart;
	uint32_t useless;
	uint32_t timeout_ms;
	uint64_t rate;
	bool clock_runs;
	bool stay_paused;
	uint32_t brake_max;
	uint32_t epochs;
	uint32_t every_ms;
	uint32_t stall_ms;
	const struct migrate_pack *pack;
	void *tx;
	size_t tx_size;
	void *rx;
	size_t rx_size;
	uint32_t *history;
	uint64_t history_pages;
};

/*
 * Where a source stands. It can be cancelled before FORGET in this list. docs/migration.md says who
 * may run the guest in which state.
 */
enum migrate_source_state {
	MIGRATE_SRC_CHECK,
	MIGRATE_SRC_OFFER,
	MIGRATE_SRC_ACCEPT,
	MIGRATE_SRC_IMAGES,
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
	MIGRATE_SRC_END,   /* no further epoch of a checkpoint comes */
	MIGRATE_SRC_FLUSH, /* a checkpoint's last bytes; the guest is still ours, and paused */
	MIGRATE_SRC_REST,  /* until the next epoch of a checkpoint; the guest runs */
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

/**
 * struct migrate_chunk - pages whose bits were cleared, and that wait to be copied
 * @first: number of the chunk's first page in its region
 * @pages: pages in the chunk
 * @next: the page of the chunk to look at next
 * @bits: bit n: page n of the chunk waits
 */
struct migrate_chunk {
	uint64_t first;
	uint64_t pages;
	uint64_t next;
	uint64_t bits[MIGRATE_STEP_PAGES / 64U];
};

/**
 * struct migrate_source - the source's engine; its fields are its own
 * @running_before: the guest ran when this began, and must run again when the migration fails
 * @paused: this engine has paused the guest
 * @committed: the guest was given up: it must never run here, unless the destination says that it
 * does not have it
 * @failed: the engine is on its way out, and @line says why
 * @told: the destination needs no CANCEL, as it ended the migration itself, or cannot hear
 * @final: the guest is paused, and this is the last pass
 * @logs: regions whose log was started
 * @region: region that a pass, a start or a stop has come to
 * @cursor: of a call in steps
 * @index: of the next state record
 * @states: state records that were sent
 * @verified: pages of the region whose digests were sent
 * @digest: chain over everything that was sent
 * @pass_pages, @pass_zero: pages of this pass that were sent, in PAGE and in ZERO records
 * @pass_seen: pages looked at in this pass
 * @pass_bytes, @pass_time: bytes of the link, and ticks, when the pass began
 * @paused_at: ticks when the guest was paused
 * @moved_at: ticks when anything last moved
 * @run_gpa, @run_pages, @run_region: a run of zero pages that were read and not sent yet
 * @began_at: ticks when this began
 * @useless: passes in a row that gained little
 * @left_before: pages that were left when the pass before ended
 * @verify_us: how long it takes to verify; 0: it was not measured
 * @epochs: that are written
 * @epoch_pass: number of the last pass before this epoch
 * @epoch_at: ticks when this epoch began
 * @ending: a person wants no further epoch
 * @ended: END was sent
 * @nonce: of the destination's ACCEPT
 * @images: bytes of what the guest reboots from that were sent
 * @packs: pages go packed if they shrink
 * @page: the page that is packed
 * @cancel: what the destination is to be told
 */
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

	bool running_before;
	bool paused;
	bool committed;
	bool failed;
	bool told;
	bool final;
	uint32_t logs;
	uint32_t region;
	uint64_t cursor;
	uint32_t index;
	uint32_t states;
	uint64_t verified;
	uint64_t digest;
	uint64_t pass_pages;
	uint64_t pass_zero;
	uint64_t pass_seen;
	uint64_t pass_bytes;
	uint64_t pass_time;
	uint64_t paused_at;
	uint64_t moved_at;
	uint64_t run_gpa;
	uint64_t run_pages;
	uint32_t run_region;
	uint64_t began_at;
	uint32_t useless;
	uint64_t left_before;
	uint64_t verify_us;
	uint32_t epochs;
	uint32_t epoch_pass;
	uint64_t epoch_at;
	bool ending;
	bool ended;
	uint64_t nonce;
	uint64_t images;
	bool packs;
	struct migrate_chunk chunk;
	struct migrate_cancel cancel;
	uint64_t page[MIGRATE_PAGE / sizeof(uint64_t)];
};

/**
 * migrate_source_init() - begin to move a guest away; nothing is done before the first step
 * @link: copied
 *
 * Return: true; false when @config is wrong, and then migrate_source_line() says how
 */
bool migrate_source_init(struct migrate_source *s, const struct migrate_ops *ops, void *ctx,
			 const struct migrate_link *link,
			 const struct migrate_source_config *config);

/**
 * migrate_source_init_doubt() - after a restart of the manager, take over a guest that was given up
 * and not acknowledged
 * @config: with the id that the migration had
 * @run: the guest ran before it was paused, and is to run again when the destination does not have
 * it
 *
 * The engine is in MIGRATE_DOUBT from the start, and asks after migrate_source_reconnect().
 *
 * Return: as migrate_source_init()
 */
bool migrate_source_init_doubt(struct migrate_source *s, const struct migrate_ops *ops, void *ctx,
			       const struct migrate_link *link,
			       const struct migrate_source_config *config, bool run);

/**
 * migrate_source_step() - do a bounded piece of work.
 * Return: enum migrate_step; DONE and FAILED do not change any more
 */
enum migrate_step migrate_source_step(struct migrate_source *s);

/**
 * migrate_source_cancel() - give up, because a person said so; the next steps undo everything
 *
 * Return: false when it is too late
 */
bool migrate_source_cancel(struct migrate_source *s);

/**
 * migrate_source_doubts() - is the source in doubt? It still is while it asks: only an answer, or a
 * person, ends the doubt
 *
 * Return: true when it is
 */
bool migrate_source_doubts(const struct migrate_source *s);

/**
 * migrate_source_reconnect() - ask the destination over a new connection
 *
 * An answer on an older connection does not count any more.
 *
 * Return: false when the source is not in doubt; then nothing was done
 */
bool migrate_source_reconnect(struct migrate_source *s, const struct migrate_link *link);

/**
 * migrate_source_line() - Return: why it failed, or what went wrong at the end, "" when nothing
 * did; valid as long as @s
 */
const char *migrate_source_line(const struct migrate_source *s);

/**
 * migrate_source_progress() - Return: how far it has come; valid as long as @s, and changed by
 * steps
 */
const struct migrate_progress *migrate_source_progress(struct migrate_source *s);

/* --- destination ------------------------------------------------------------------------------ */

#define MIGRATE_EPOCH_LAST UINT32_MAX /* the last epoch that is whole */

/**
 * struct migrate_dest_config - what is wanted of a destination
 * @name: of the slot, for every line
 * @timebase: ticks of ops->time() in a second, Hz
 * @kind: MIGRATE_KIND_* of the stream that is taken here. Nobody listens where a checkpoint is read
 * from, so nothing is answered there, not even a question
 * @epoch: of a checkpoint: which epoch is wanted, from 0; MIGRATE_EPOCH_LAST
 * @uuid: of the only guest that may come; NULL: any may
 * @nonce: of ACCEPT: a number that was never given before, not 0; of no use for a checkpoint
 * @pack: how packed pages are unpacked; NULL: none is taken
 * @tx, @rx: two buffers of at least MIGRATE_BUFFER_MIN bytes
 */
struct migrate_dest_config {
	const char *name;
	uint64_t timebase;
	uint32_t kind;
	uint32_t epoch;
	const uint8_t *uuid;
	uint64_t nonce;
	const struct migrate_pack *pack;
	struct ledger *ledger;
	void *tx;
	size_t tx_size;
	void *rx;
	size_t rx_size;
};

/* Where a destination stands. It is too late to cancel from TOOK in this list on. */
enum migrate_dest_state {
	MIGRATE_DST_HELLO,
	MIGRATE_DST_REQUIRE,
	MIGRATE_DST_CREATE,
	MIGRATE_DST_RECEIVE,
	MIGRATE_DST_ZERO,
	MIGRATE_DST_PREPARED,
	MIGRATE_DST_TOOK,     /* the guest is here, and RUNNING is on its way */
	MIGRATE_DST_ANSWERED, /* a QUERY came, and STATUS is on its way */
	MIGRATE_DST_EMPTY,
	MIGRATE_DST_TELL,
	MIGRATE_DST_DONE,
	MIGRATE_DST_FAILED,
};

/**
 * struct migrate_dest - the destination's engine; its fields are its own
 * @registered: the migration is in the ledger, as PENDING
 * @created: the slot's memory was created here, and is to be given back when the migration fails
 * @in_pass: a pass has begun and not ended
 * @stopped: STOP has come
 * @run: STOP said that the guest ran
 * @finished: the final pass has ended
 * @cursor: of a call in steps
 * @next: GPA that the next page of this pass must not be below
 * @last_state: kind << 32 | instance of the last state record
 * @states: state records that have come
 * @epochs: that have come whole
 * @epoch_pass: number of the last pass before this epoch
 * @epoch_states: state records that came in the first epoch
 * @states_before: that came before this epoch
 * @state_seen: a state record has come in this epoch
 * @verified: GPA that the next VERIFY must have
 * @digest: chain over everything that has come
 * @pass_pages, @pass_zero: pages of this pass that have come, in PAGE and in ZERO records
 * @pass_flags: what PASS_BEGIN said
 * @moved_at: ticks when the slot was empty again
 * @wants_images: the slot takes what the guest reboots from
 * @images: bytes of it that have come
 * @packs: packed pages may come
 * @told: the source needs no CANCEL, as it ended the migration itself, or cannot hear
 * @queued: CANCEL is on its way
 * @zero: what is left to zero of a run
 * @cancel: what the source is to be told
 * @page: a page of the slot, for its digest, or one that was unpacked
 */
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

	bool registered;
	bool created;
	bool in_pass;
	bool stopped;
	bool run;
	bool finished;
	uint64_t cursor;
	uint64_t next;
	uint64_t last_state;
	uint32_t states;
	uint32_t epochs;
	uint32_t epoch_pass;
	uint32_t epoch_states;
	uint32_t states_before;
	bool state_seen;
	uint64_t verified;
	uint64_t digest;
	uint64_t pass_pages;
	uint64_t pass_zero;
	uint32_t pass_flags;
	uint64_t moved_at;
	bool wants_images;
	uint64_t images;
	bool packs;
	bool told;
	bool queued;
	struct migrate_zero zero;
	struct migrate_cancel cancel;
	uint64_t page[MIGRATE_PAGE / sizeof(uint64_t)];
};

/**
 * migrate_dest_init() - wait on @link for a guest, or for the question what became of one
 *
 * Return: true; false when @config is wrong, and then migrate_dest_line() says how
 */
bool migrate_dest_init(struct migrate_dest *d, const struct migrate_ops *ops, void *ctx,
		       const struct migrate_link *link, const struct migrate_dest_config *config);

/**
 * migrate_dest_step() - do a bounded piece of work
 *
 * Return: enum migrate_step. With DONE the guest is here (migrate_dest_has_guest()), or a question
 * was answered.
 */
enum migrate_step migrate_dest_step(struct migrate_dest *d);

/**
 * migrate_dest_cancel() - do not take the guest; the next steps empty the slot
 *
 * Return: false when it is too late
 */
bool migrate_dest_cancel(struct migrate_dest *d);

/** migrate_dest_has_guest() - Return: true when the guest belongs to this side */
bool migrate_dest_has_guest(const struct migrate_dest *d);

/** migrate_dest_line() - Return: why it failed, "" when it did not; valid as long as @d */
const char *migrate_dest_line(const struct migrate_dest *d);

/**
 * migrate_dest_progress() - Return: how far it has come; valid as long as @d, and changed by steps
 *
 * Only the source knows the rates.
 */
const struct migrate_progress *migrate_dest_progress(struct migrate_dest *d);

#endif
