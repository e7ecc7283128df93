/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing of the migration engines.
 *
 * Whatever comes over the link, an engine reads and writes nothing out of bounds and does not spin.
 * A guest that was not handed over is whole where it was, and a slot that received none is empty.
 *
 * Input: a byte that says to whom and how, then the stream.
 *   bit 0: 0 = to the destination, 1 = answers to the source
 *   bit 1: 0 = raw bytes, 1 = records (type u16, version u8, flags u8, length u16, payload). To
 *          records the harness adds the right checksums and numbers, and fills in what a stranger
 *          cannot guess (ids, digests), so that the way to the end is open
 *   bit 2: the destination takes 0 = a live migration, 1 = a checkpoint, whose sender hears nothing
 *   bit 3: the destination takes packed pages; the source packs its own
 */
#include <stdint.h>
#include <string.h>

#include "tests/unit/guests/lib/migrate_sim.h"
#include "tests/unit/guests/lib/frame_sum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STREAM_MAX  (256U << 10)
#define STEPS_MAX   200000U
#define RECORD_HEAD 6U

static struct sim *sim;
static struct migrate_crc crc;
static uint8_t raw[STREAM_MAX];
static size_t raw_size;
static size_t raw_at;
static const uint8_t *records;
static size_t records_left;
static uint64_t seq;
static const struct migrate_rx *to; /* who receives */

static void must(bool ok)
{
	if (!ok)
		__builtin_trap();
}

/* What only the other end of this very migration could know. */
static void fill_in(uint16_t type, uint8_t *payload, size_t size)
{
	struct migrate_handover sums = { 0 };
	struct migrate_dest *d = &sim->dest;
	struct migrate_source *s = &sim->source;
	uint64_t id = sim->source_config.id;

	if (type == MIGRATE_REC_HANDOVER && size == sizeof(sums)) {
		sums = (struct migrate_handover){ d->hello.id,	     d->digest,
						  d->progress.pages, d->progress.zero,
						  d->progress.pass,  d->states };
		memcpy(payload, &sums, sizeof(sums));
	} else if (type == MIGRATE_REC_READY && size == sizeof(sums)) {
		sums = (struct migrate_handover){
			id,	  s->digest, s->progress.pages, s->progress.zero, s->progress.pass,
			s->states
		};
		memcpy(payload, &sums, sizeof(sums));
	} else if (type == MIGRATE_REC_PASS_ACK && size == sizeof(struct migrate_pass)) {
		memcpy(payload, &s->progress.pass, 4);
		memset(payload + 4, 0, 4);
		memcpy(payload + 8, &s->pass_pages, 8);
		memcpy(payload + 16, &s->pass_zero, 8);
	} else if (type == MIGRATE_REC_COMMIT && size == sizeof(struct migrate_promise)) {
		memcpy(payload, &d->hello.id, 8);
		memcpy(payload + offsetof(struct migrate_promise, nonce), &d->config.nonce, 8);
	} else if (type == MIGRATE_REC_ACCEPT && size == sizeof(struct migrate_promise)) {
		memcpy(payload, &id, 8);
	} else if (type != MIGRATE_REC_ZERO && size == sizeof(struct migrate_status)) {
		memcpy(payload, &id, 8);
	}
}

/* The next record becomes a frame in @raw. */
static void next_record(void)
{
	struct migrate_frame f = { .magic = MIGRATE_MAGIC };
	uint16_t size;

	raw_at = 0;
	raw_size = 0;
	if (records_left < RECORD_HEAD)
		return;
	memcpy(&f.type, records, 2);
	f.version = records[2];
	f.flags = records[3] & MIGRATE_FLAG_MANDATORY;
	memcpy(&size, records + 4, 2);
	records += RECORD_HEAD;
	records_left -= RECORD_HEAD;
	if (size > records_left)
		size = (uint16_t)records_left;
	memcpy(raw + sizeof(f), records, size);
	records += size;
	records_left -= size;
	fill_in(f.type, raw + sizeof(f), size);
	f.length = size;
	f.seq = seq++;
	f.payload_crc = frame_sum(&crc, &f, raw + sizeof(f));
	f.header_crc = migrate_crc32c(&crc, &f, offsetof(struct migrate_frame, header_crc));
	memcpy(raw, &f, sizeof(f));
	raw_size = sizeof(f) + size;
}

static int64_t fuzz_recv(void *ctx, void *bytes, size_t size)
{
	size_t n;

	(void)ctx;
	/*
	 * A record comes when the engine has dealt with the one before it: what the harness fills
	 * in depends on that.
	 */
	if (raw_at == raw_size && records != NULL) {
		if (to->head != to->tail)
			return 0;
		next_record();
	}
	n = raw_size - raw_at < size ? raw_size - raw_at : size;
	if (n == 0U)
		return -1;
	memcpy(bytes, raw + raw_at, n);
	raw_at += n;
	return (int64_t)n;
}

/* An answer comes when it is waited for, or the source would be told too early each time. */
static int64_t source_recv(void *ctx, void *bytes, size_t size)
{
	switch (sim->source.state) {
	case MIGRATE_SRC_ACCEPT:
	case MIGRATE_SRC_PASS_ACK:
	case MIGRATE_SRC_READY:
	case MIGRATE_SRC_RUNNING:
		return fuzz_recv(ctx, bytes, size);
	default:
		return 0;
	}
}

static int64_t fuzz_send(void *ctx, const void *bytes, size_t size)
{
	(void)ctx;
	(void)bytes;
	must(sim->dest_config.kind == MIGRATE_KIND_LIVE);
	return (int64_t)size;
}

static void one_line(const char *line, const char *name)
{
	must(strncmp(line, name, strlen(name)) == 0);
	for (; *line != '\0'; line++)
		must(*line >= ' ' && *line <= '~');
}

static void to_dest(void)
{
	struct migrate_link link = { .send = fuzz_send, .recv = fuzz_recv };
	enum migrate_step step = MIGRATE_PROGRESS;

	to = &sim->dest.rx;
	sim->vm[0].state = CLEAVE_VM_EMPTY;
	must(migrate_dest_init(&sim->dest, &sim->ops[1], &sim->side[1], &link, &sim->dest_config));
	for (uint32_t i = 0; step != MIGRATE_DONE && step != MIGRATE_FAILED; i++) {
		step = migrate_dest_step(&sim->dest);
		must(i < STEPS_MAX);
	}
	if (migrate_dest_has_guest(&sim->dest)) {
		must(sim->dest.hello.kind == sim->dest_config.kind);
		must(sim->vm[1].state == CLEAVE_VM_RUNNING || sim->vm[1].state == CLEAVE_VM_PAUSED);
		return;
	}
	must(sim->vm[1].state == CLEAVE_VM_EMPTY);
	must(step == MIGRATE_FAILED || sim->dest_config.kind == MIGRATE_KIND_LIVE);
	if (step == MIGRATE_FAILED)
		one_line(migrate_dest_line(&sim->dest), "slot: ");
}

static void to_source(void)
{
	struct migrate_link link = { .send = fuzz_send, .recv = source_recv };
	enum migrate_step step = MIGRATE_PROGRESS;

	to = &sim->source.rx;
	must(migrate_source_init(&sim->source, &sim->ops[0], &sim->side[0], &link,
				 &sim->source_config));
	for (uint32_t i = 0; step != MIGRATE_DONE && step != MIGRATE_FAILED; i++) {
		step = migrate_source_step(&sim->source);
		must(i < STEPS_MAX);
		if (step == MIGRATE_DOUBT) {
			must(sim->vm[0].state == CLEAVE_VM_PAUSED && !sim->vm[0].may_run);
			return;
		}
	}
	if (step == MIGRATE_DONE) {
		must(sim->vm[0].state == CLEAVE_VM_EMPTY);
		return;
	}
	must(sim_stayed(sim) == NULL);
	one_line(migrate_source_line(&sim->source), "linux: ");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim_config config = {
		.seed = 1, .pages = { 2, 1 }, .write_in = 4, .room = 60000, .step = 512
	};

	if (sim == NULL) {
		sim = sim_new();
		must(migrate_crc_init(&crc));
	}
	if (size < 1U || size > STREAM_MAX)
		return 0;
	sim_start(sim, &config);
	sim->source_config.passes = 2;
	sim->source_config.downtime_ms = 0;
	seq = 0;
	raw_at = 0;
	raw_size = 0;
	records = NULL;
	records_left = 0;
	if ((data[0] & 2U) != 0U) {
		records = data + 1;
		records_left = size - 1U;
	} else {
		raw_size = size - 1U;
		memcpy(raw, data + 1, raw_size);
	}
	sim->source_config.pack = (data[0] & 8U) != 0U ? pack_lz4() : NULL;
	if ((data[0] & 1U) != 0U) {
		to_source();
	} else {
		sim->dest_config.kind = (data[0] & 4U) != 0U ? MIGRATE_KIND_CHECKPOINT
							     : MIGRATE_KIND_LIVE;
		sim->dest_config.pack = (data[0] & 8U) != 0U ? pack_lz4() : NULL;
		to_dest();
	}
	return 0;
}
