/* SPDX-License-Identifier: BSD-2-Clause */
/* A store for checkpoints: a simulated guest is written to it, and restored from it. */
#ifndef TESTS_UNIT_MIGRATE_STORE_H
#define TESTS_UNIT_MIGRATE_STORE_H

#include "tests/unit/guests/lib/migrate_sim.h"

#define KEPT (4U << 20)

extern uint8_t kept[KEPT];
extern size_t kept_size;
extern size_t kept_limit; /* the store takes so many bytes, and is gone then */
extern size_t given;	  /* bytes of it that a restore gets */

/** store_writer() - Return: a link to the store, which is empty now and has its whole room */
struct migrate_link store_writer(struct sim *sim);

/** store_reader() - Return: a link from the store that gives its first @size bytes */
struct migrate_link store_reader(size_t size);

/** store_send() - what a writer's send() does, for tests that put their own before it */
int64_t store_send(void *ctx, const void *bytes, size_t size);

#endif
