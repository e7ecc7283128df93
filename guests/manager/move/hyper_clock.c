/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the time that has passed is taken from:
 *
 *	slot to slot	the machine's own time CSR, from the end of the pause
 *	from a peer	the same, from the arrival of STOP. Nothing waits before STOP on the link,
 *			so a guest's time loses one way of the link, and never runs ahead
 *	a checkpoint	the times of day of two real-time clocks, as MOMENT has the first
 */
#include "guests/manager/move/hyper_clock.h"

#include "guests/lib/migrate/migrate_clock.h"
#include "guests/manager/move/wall.h"

void hyper_clock_paused(struct hyper *h)
{
	h->stopped_at = rdtime();
	h->moment = wall_now();
}

bool hyper_clock_head(const struct hyper *h, struct cleave_state_head *head)
{
	*head = (struct cleave_state_head){ .kind = CLEAVE_STATE_MOMENT,
					    .version = CLEAVE_STATE_VERSION,
					    .length = sizeof(struct cleave_state_moment) };
	return h->moment != 0;
}

void hyper_clock_stopped(struct hyper *h, bool clock)
{
	/* Within this machine the source knows better when that was. */
	h->stopped_at = h->leaves != NULL ? h->leaves->stopped_at : rdtime();
	h->clock = h->clock || clock;
	h->moment = 0; /* of this stop: no record has come yet */
}

int hyper_clock_seen(struct hyper *h, const struct cleave_state_head *head, const void *data)
{
	if (head->version != CLEAVE_STATE_VERSION)
		return 0;
	if (head->kind == CLEAVE_STATE_MOMENT) {
		if (head->instance != 0 || head->length != sizeof(h->moment))
			return SBI_ERR_INVALID_PARAM;
		memcpy(&h->moment, data, sizeof(h->moment));
		return h->moment != 0 ? 0 : SBI_ERR_INVALID_PARAM;
	}
	/* Of these the hypervisor has checked the length, where it knows the kind. */
	if (head->kind == CLEAVE_STATE_CLOCK && head->length == sizeof(h->time))
		memcpy(&h->time, data, sizeof(h->time));
	if (head->kind == CLEAVE_STATE_GENERATION && head->length == sizeof(h->generation))
		memcpy(&h->generation, data, sizeof(h->generation));
	return 0;
}

/* How much time has passed. @line: as hyper_clock_check() */
static bool hyper_clock_passed(const struct hyper *h, u64 *ticks, struct migrate_line *line)
{
	u64 time = h->time;

	if (!h->restores)
		*ticks = rdtime() - h->stopped_at;
	else if (!migrate_clock_between(h->moment, wall_now(), h->machine.timebase, ticks, line))
		return false;
	if (migrate_clock_add(&time, *ticks))
		return true;
	migrate_line_add(line, "its time would begin anew");
	return false;
}

bool hyper_clock_check(const struct hyper *h, struct migrate_line *line)
{
	u64 ticks;

	if (!h->clock)
		return true;
	migrate_line_add(line, "--clock run: ");
	return hyper_clock_passed(h, &ticks, line);
}

static int hyper_clock_set(const struct hyper *h, u32 kind, u32 flags, const void *data, u32 size)
{
	u64 record[8];
	struct cleave_state_head head = {
		.kind = kind, .version = CLEAVE_STATE_VERSION, .flags = (u16)flags, .length = size
	};

	memcpy(record, &head, sizeof(head));
	memcpy((u8 *)record + sizeof(head), data, size);
	return (int)cleave_state_set(h->vm, record, sizeof(head) + size).error;
}

/* What no two restores have in common, on this machine or on others */
struct hyper_seed {
	u64 id;	  /* of this restore */
	u64 wall; /* time of day */
	u64 time;
	u8 slot[16]; /* the uuid of a guest that would begin in this slot */
};

static int hyper_clock_generation(struct hyper *h)
{
	struct hyper_seed seed = { .id = h->id, .wall = wall_now(), .time = rdtime() };

	memcpy(seed.slot, h->uuid, sizeof(seed.slot));
	migrate_generation_next(&h->generation, &seed, sizeof(seed));
	return hyper_clock_set(h, CLEAVE_STATE_GENERATION, 0, &h->generation,
			       sizeof(h->generation));
}

int hyper_clock_arrive(struct hyper *h)
{
	struct migrate_line line;
	int err = 0;

	if (h->restores)
		err = hyper_clock_generation(h);
	if (err != 0 || !h->clock)
		return err;
	migrate_line_clear(&line);
	if (!hyper_clock_passed(h, &h->passed, &line))
		return SBI_ERR_INVALID_STATE;
	(void)migrate_clock_add(&h->time, h->passed);
	return hyper_clock_set(h, CLEAVE_STATE_CLOCK, CLEAVE_STATE_MANDATORY, &h->time,
			       sizeof(h->time));
}
