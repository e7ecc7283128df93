/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random operations on G-stage tables, compared with a flat model that has one record for each
 * page.
 */
#ifndef TESTS_MODEL_MODEL_GSTAGE_H
#define TESTS_MODEL_MODEL_GSTAGE_H

#include <cleave/types.h>

/**
 * model_gstage_run() - do random operations, and abort with a message where tables and model differ
 * @levels: levels of the tables: 3, 4 or 5
 * @ops: number of operations
 * @seed: of the random numbers; not 0
 */
void model_gstage_run(u32 levels, u64 ops, u64 seed);

#endif
