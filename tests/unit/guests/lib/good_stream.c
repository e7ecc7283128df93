/* SPDX-License-Identifier: BSD-2-Clause */
/* The recording of good_stream.h. */
#include <string.h>

#include "tests/unit/guests/lib/good_stream.h"

struct sim *sim;
struct migrate_crc crc;
uint8_t good[GOOD_MAX];
size_t good_size;
size_t good_at[GOOD_FRAMES + 1U];
uint32_t good_frames;
uint8_t good_memory[8U * 4096U];

static int64_t (*real_send)(void *, const void *, size_t);

static int64_t record_send(void *ctx, const void *bytes, size_t size)
{
	int64_t n = real_send(ctx, bytes, size);

	if (n > 0) {
		memcpy(good + good_size, bytes, (size_t)n);
		good_size += (size_t)n;
	}
	return n;
}

struct migrate_frame frame_at(size_t at)
{
	struct migrate_frame f;

	memcpy(&f, good + at, sizeof(f));
	return f;
}

void good_start(void)
{
	struct sim_config c = { .seed = 1,
				.pages = { 5, 3 },
				.write_in = 3,
				.room = 60000,
				.step = 512,
				.smooth = true };

	sim_start(sim, &c);
	/* Of a length after which pages need no padding */
	strcpy(sim->machine[0].isa, "rv64imafd_zicsr_zifencei");
	sim->source_config.verify = true;
	sim->source_config.passes = 3;
	sim->source_config.downtime_ms = 0;
}

static int (*real_state_get)(void *, uint32_t, struct cleave_state_head *, void *, size_t);

static int keep_reference(void *ctx, uint32_t index, struct cleave_state_head *head, void *data,
			  size_t size)
{
	memcpy(good_memory, sim->vm[0].memory, sizeof(good_memory));
	return real_state_get(ctx, index, head, data, size);
}

int good_setup(void **state)
{
	enum migrate_step source;
	enum migrate_step dest;

	(void)state;
	sim = sim_new();
	(void)migrate_crc_init(&crc);
	good_start();
	if (!sim_begin(sim))
		return 1;
	real_send = sim->source.link.send;
	sim->source.link.room = NULL; /* so that all frames pass send() */
	sim->source.link.send = record_send;
	real_state_get = sim->ops[0].state_get;
	sim->ops[0].state_get = keep_reference;
	if (sim_finish(sim, &source, &dest) != NULL || source != MIGRATE_DONE ||
	    sim_moved(sim) != NULL)
		return 1;
	for (size_t at = 0; at < good_size;
	     at += sizeof(struct migrate_frame) + frame_at(at).length)
		good_at[good_frames++] = at;
	good_at[good_frames] = good_size;
	/* In replays the guest does not write. */
	sim->config.write_in = 0;
	return good_frames < 30U;
}

int good_teardown(void **state)
{
	(void)state;
	sim_free(sim);
	return 0;
}
