/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random operations on G-stage tables, compared with a flat model: one record a page.
 */
#ifndef TESTS_MODEL_MODEL_GSTAGE_H
#define TESTS_MODEL_MODEL_GSTAGE_H

#include <cleave/types.h>

/**
 * model_gstage_run() - @ops random operations on tables of @levels levels; aborts with a message
 * where they differ
 */
void model_gstage_run(u32 levels, u64 ops, u64 seed);

#endif
