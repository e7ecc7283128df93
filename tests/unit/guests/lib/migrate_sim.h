/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A simulated machine for the migration engines: two slots, a guest that writes to its memory at
 * random moments between any two calls of an engine, and a link with back-pressure that can be cut
 * or damage a byte. The simulation knows what the guest wrote, so it sees what a migration lost.
 * Everything follows from one seed.
 */
#ifndef TESTS_UNIT_MIGRATE_SIM_H
#define TESTS_UNIT_MIGRATE_SIM_H

#include "guests/lib/migrate/migrate.h"

#define SIM_PAGES_MAX 2048U
#define SIM_LINK_MAX  65536U
#define SIM_STATES    4U
#define SIM_TIMEBASE  UINT64_C(10000000)
#define SIM_NEVER     UINT64_MAX

/** struct sim_vm - one slot; dirty bits and log modes as the hypervisor keeps them */
struct sim_vm {
	int state;     /* enum cleave_vm_state */
	bool creating; /* empty, with a creation under way */
	bool may_run;  /* the source has not written down that it may not run here */
	bool huge;     /* leaves as they were before any log */
	uint32_t brake;
	uint8_t log[2];
	uint64_t dirty[SIM_PAGES_MAX / 64U];
	uint8_t *memory;	   /* of SIM_PAGES_MAX pages */
	uint64_t regs[SIM_STATES]; /* each a state record's data */
	uint32_t states_set;	   /* bit a record */
	uint64_t images;	   /* bytes of what the guest reboots from */
	uint64_t images_got;	   /* of these, how many came */
};

/** struct sim_pipe - one direction of the link */
struct sim_pipe {
	uint8_t bytes[SIM_LINK_MAX] __attribute__((aligned(8)));
	size_t head;
	size_t count;
	uint64_t in;	  /* bytes ever taken */
	uint64_t cut_at;  /* the link dies once it has taken so many */
	uint64_t flip_at; /* this byte is damaged */
	uint8_t flip;	  /* exclusive-or */
};

struct sim;

/** struct sim_side - context of one side's operations */
struct sim_side {
	struct sim *sim;
	struct sim_vm *vm;
	struct sim_pipe *out;
	struct sim_pipe *in;
	uint64_t calls;
	uint64_t fail_at;   /* number of the call that fails, if it is one that may */
	const char *failed; /* name of the call that failed */
};

struct sim_config {
	uint64_t seed;
	uint32_t pages[2]; /* of the regions; the second may be 0 */
	uint32_t write_in; /* the guest writes in one of so many moments; 0: never */
	uint32_t room;	   /* of the link each way, bytes */
	uint32_t step;	   /* the most pages that a log call deals with; a multiple of 64 */
	bool smooth;	   /* the link takes all that it has room for, not a random part */
	bool lends; /* pages are built and read in the link's memory; so it is with each odd seed */
	bool start_paused;
	uint64_t images;   /* bytes of what the guest reboots from */
	bool images_there; /* the slot has the same */
	bool adjacent;	   /* the second region begins where the first ends */
};

struct sim {
	struct sim_config config;
	uint64_t random;
	uint64_t now;
	struct sim_vm vm[2]; /* source, destination */
	struct sim_side side[2];
	struct sim_pipe pipe[2]; /* to the destination, to the source */
	bool cut;
	bool cut_keeps; /* bytes that the link has taken still arrive */
	struct migrate_machine machine[2];
	uint8_t *guest; /* what the guest knows it wrote */
	uint64_t guest_regs[SIM_STATES];
	bool lost_state; /* the destination resumed with other registers than the guest had */
	uint64_t ran[2]; /* moments in which the guest ran in each slot */
	uint64_t writes;
	uint64_t window_writes; /* between a look at the bits and their clearing */
	bool in_window;
	uint64_t calls_out_of_order; /* operations that a hypervisor would refuse */
	uint32_t spare;		     /* a page that only sim_write() touches; SIM_PAGES_MAX: none */
	struct migrate_ops ops[2];
	struct migrate_source source;
	struct migrate_dest dest;
	struct ledger ledger;
	struct migrate_source_config source_config;
	struct migrate_dest_config dest_config;
	uint32_t *history;
	uint8_t *buffer[4];
	uint64_t room[1024]; /* what a link lends */
	uint64_t steps[2];
};

/** sim_new() - take memory for a simulation, which serves for many */
struct sim *sim_new(void);

/** sim_free() - give that memory back */
void sim_free(struct sim *sim);

/**
 * sim_start() - set up a guest with random memory in the source, and an empty destination; the
 * engines have not begun
 */
void sim_start(struct sim *sim, const struct sim_config *config);

/**
 * sim_begin() - start both engines with source_config and dest_config. Return: true when both
 * could begin
 */
bool sim_begin(struct sim *sim);

/** sim_links() - begin a new connection: both pipes are empty, and nothing is cut */
void sim_links(struct sim *sim);

/** sim_link() - Return: the link of the engine of @side */
struct migrate_link sim_link(struct sim *sim, uint32_t side);

/**
 * sim_run() - step both engines in random order until both are over; a source in doubt counts as
 * over
 * Return: false when they stopped moving before that.
 */
bool sim_run(struct sim *sim, enum migrate_step *source, enum migrate_step *dest);

/**
 * sim_finish() - do sim_run(), and connect again as long as the source is in doubt; the
 * destination keeps its ledger
 * Return: NULL, or what went wrong on the way.
 */
const char *sim_finish(struct sim *sim, enum migrate_step *source, enum migrate_step *dest);

/** sim_random() - Return: the next random number */
uint64_t sim_random(uint64_t *state);

/** sim_below() - Return: the simulation's next random number, from 0 to @n - 1 */
static inline uint32_t sim_below(struct sim *sim, uint64_t n)
{
	return (uint32_t)(sim_random(&sim->random) % n);
}

/** sim_image_byte() - Return: byte @at of what the guest reboots from */
uint8_t sim_image_byte(uint64_t at);

/** sim_write() - let the guest store to a page, now */
void sim_write(struct sim *sim, uint32_t page);

/** sim_tick() - let a moment pass */
void sim_tick(struct sim *sim);

/** sim_pages() - Return: the number of pages of all regions */
uint32_t sim_pages(const struct sim *sim);

/* Where the regions begin: far from one another, or side by side */
#define SIM_BASE_0 UINT64_C(0x80000000)
#define SIM_BASE_1(sim)                                                                 \
	((sim)->config.adjacent ? SIM_BASE_0 + (uint64_t)(sim)->config.pages[0] * 4096U \
				: UINT64_C(0x200000000))

/** sim_gpa() - Return: the gpa of a page */
uint64_t sim_gpa(const struct sim *sim, uint32_t page);

/**
 * sim_moved() - check that the guest is whole at the destination, and the source has nothing of it
 * sim_stayed() - check that the guest is whole at the source, and the destination has nothing of it
 * Return: NULL, or what is wrong.
 */
const char *sim_moved(const struct sim *sim);
const char *sim_stayed(const struct sim *sim);

/** sim_memory_whole() - Return: true when the memory of that side's slot is what the guest wrote */
bool sim_memory_whole(const struct sim *sim, uint32_t side);

#endif
