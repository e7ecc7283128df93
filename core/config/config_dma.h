/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the buses above a device say about its DMA, in the machine's device tree. Builds for the
 * host too.
 */
#ifndef CORE_CONFIG_DMA_H
#define CORE_CONFIG_DMA_H

#include <cleave/types.h>

#define CONFIG_DMA_RANGES 8U /* the most that a device may have */

/* Addresses that a device uses, and the memory that they mean */
struct config_dma {
	u64 device;
	u64 memory;
	u64 size;
};

/**
 * config_dma_ranges() - find what a device's DMA addresses mean
 * @tree: the machine's tree
 * @node: the device
 * @out: ranges, over all buses up to the root
 *
 * Return: how many; 0: they are memory's own addresses, all of them; CLV_ERR_FORMAT: `dma-ranges`
 * of a bus makes no sense, CLV_ERR_NOMEM: it has more than CONFIG_DMA_RANGES entries.
 */
int config_dma_ranges(const void *tree, int node, struct config_dma out[CONFIG_DMA_RANGES]);

#endif
