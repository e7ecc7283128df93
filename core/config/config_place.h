/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the machine's memory for a partition's ranges comes from. Builds for the host too: tools
 * try whether all partitions find theirs.
 */
#ifndef CORE_CONFIG_PLACE_H
#define CORE_CONFIG_PLACE_H

#include <cleave/types.h>
#include "core/config/config.h"
#include "mm/frames.h"

/** config_place_level() - Return: level of the largest leaf of a partition: 0, 1, 2 */
u8 config_place_level(const struct config_partition *part);

/**
 * config_place_range() - take frames for one range of a partition
 * @m: the range
 * @tried: levels of leaves that were tried, up to config_place_level()
 * @out: out: where it is
 *
 * GPA and HPA are congruent modulo the largest leaf that fits into the range, so that it can be
 * mapped with that leaf. Where free memory is too short for that, they are congruent modulo the
 * next smaller leaf.
 *
 * Return: 0; 1: not with a leaf of this level; CLV_ERR_NOMEM: not with any.
 */
int config_place_range(struct frames *frames, const struct config_partition *part,
		       const struct config_memory *m, u32 tried, hpa_t *out);

#endif
