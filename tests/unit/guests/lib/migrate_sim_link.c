/* SPDX-License-Identifier: BSD-2-Clause */
/* The link of the simulated machine of migrate_sim.h: what it takes, damages, lends and loses. */
#include <stdlib.h>

#include "tests/unit/guests/lib/migrate_sim.h"

/* The link takes the first @n bytes, damages one, or is cut among them. Return: how many it took */
static size_t take(struct sim *sim, struct sim_pipe *p, const void *bytes, size_t n)
{
	if (n > p->cut_at - p->in)
		n = (size_t)(p->cut_at - p->in);
	for (size_t i = 0; i < n; i++) {
		uint8_t byte = ((const uint8_t *)bytes)[i];

		if (p->in + i == p->flip_at)
			byte ^= p->flip;
		p->bytes[(p->head + p->count + i) % SIM_LINK_MAX] = byte;
	}
	p->count += n;
	p->in += n;
	if (p->in == p->cut_at)
		sim->cut = true;
	return n;
}

static int64_t op_send(void *ctx, const void *bytes, size_t size)
{
	struct sim_side *side = ctx;
	struct sim *sim = side->sim;
	size_t n = sim->config.room - side->out->count;

	sim_tick(sim);
	if (sim->cut)
		return -1;
	if (n > size)
		n = size;
	if (!sim->config.smooth && n != 0U)
		n = sim_below(sim, n + 1U);
	return (int64_t)take(sim, side->out, bytes, n);
}

/* A room is what the link would take whole. */
static void *op_room(void *ctx, size_t size)
{
	struct sim_side *side = ctx;
	struct sim *sim = side->sim;

	sim_tick(sim);
	if (sim->cut || size > sizeof(sim->room) || sim->config.room - side->out->count < size ||
	    (!sim->config.smooth && sim_below(sim, 4) == 0U))
		return NULL;
	return sim->room;
}

static int64_t op_sent(void *ctx, size_t size)
{
	struct sim_side *side = ctx;

	sim_tick(side->sim);
	if (side->sim->cut || take(side->sim, side->out, side->sim->room, size) != size)
		return -1;
	return (int64_t)size;
}

static int64_t op_recv(void *ctx, void *bytes, size_t size)
{
	struct sim_side *side = ctx;
	struct sim_pipe *p = side->in;
	size_t n = p->count < size ? p->count : size;

	sim_tick(side->sim);
	if (side->sim->cut && (n == 0U || !side->sim->cut_keeps))
		return -1;
	if (!side->sim->config.smooth && n != 0U)
		n = 1U + sim_below(side->sim, n);
	for (size_t i = 0; i < n; i++)
		((uint8_t *)bytes)[i] = p->bytes[(p->head + i) % SIM_LINK_MAX];
	p->head = (p->head + n) % SIM_LINK_MAX;
	p->count -= n;
	return (int64_t)n;
}

/*
 * What a link shows ends where its ring does. After a cut nothing follows it. No moment passes: to
 * look costs nothing, and what is shown came by the sender's calls.
 */
static size_t op_peek(void *ctx, size_t size, const uint8_t **bytes, bool *grows)
{
	struct sim_side *side = ctx;
	struct sim_pipe *p = side->in;
	size_t n = p->count < SIM_LINK_MAX - p->head ? p->count : SIM_LINK_MAX - p->head;

	(void)size;
	if (side->sim->cut && !side->sim->cut_keeps)
		return 0;
	*bytes = p->bytes + p->head;
	*grows = !side->sim->cut && p->head + n < SIM_LINK_MAX;
	return n;
}

static void op_drop(void *ctx, size_t size)
{
	struct sim_side *side = ctx;
	struct sim_pipe *p = side->in;

	if (size > p->count)
		abort();
	p->head = (p->head + size) % SIM_LINK_MAX;
	p->count -= size;
}

void sim_links(struct sim *sim)
{
	for (uint32_t i = 0; i < 2U; i++) {
		sim->pipe[i].head = 0;
		sim->pipe[i].count = 0;
		sim->pipe[i].in = 0;
		sim->pipe[i].cut_at = SIM_NEVER;
		sim->pipe[i].flip_at = SIM_NEVER;
	}
	sim->cut = false;
}

struct migrate_link sim_link(struct sim *sim, uint32_t side)
{
	struct migrate_link link = { .send = op_send, .recv = op_recv, .ctx = &sim->side[side] };

	if (sim->config.lends) {
		link.room = op_room;
		link.sent = op_sent;
		link.peek = op_peek;
		link.drop = op_drop;
	}
	return link;
}
