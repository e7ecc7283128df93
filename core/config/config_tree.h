/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine's device tree says of a node that a partition may drive. Builds for the host
 * too: tools show what the checks see.
 */
#ifndef CORE_CONFIG_TREE_H
#define CORE_CONFIG_TREE_H

#include <cleave/types.h>
#include "core/config/config.h"

/** config_tree_path() - write a node's path so that it can be shown; a long one ends in "..." */
void config_tree_path(const void *tree, int node, char path[CONFIG_PATH_LEN]);

/**
 * config_tree_nearest() - find the node whose path was probably meant
 * @path: of no node; it begins with a slash
 * @found: out: the node's path
 *
 * Return: @found; NULL when no path is near.
 */
const char *config_tree_nearest(const void *tree, const char *path, char found[CONFIG_PATH_LEN]);

/**
 * config_tree_reg_count() - count the entries of a node's `reg`, whether an address leads to them
 * or not
 *
 * Return: how many; 0: there are none that make sense.
 */
u32 config_tree_reg_count(const void *tree, int node);

/**
 * config_tree_regs() - read all register ranges of a node
 * @reg: out
 *
 * Return: how many; CLV_ERR_NOTFOUND (there are none, or no address leads to one of them),
 * CLV_ERR_FORMAT (they make no sense), CLV_ERR_NOMEM (there are more than CONFIG_DEVICE_REGS).
 */
int config_tree_regs(const void *tree, int node, struct config_memory reg[CONFIG_DEVICE_REGS]);

/**
 * config_tree_irqs() - read all interrupts of a node
 * @plic: phandles of the controllers that they may go to; 0: no more
 * @irq: out
 * @other: out, with CLV_ERR_UNSUPPORTED: the node that an interrupt goes to instead; negative:
 * there is no such node
 *
 * Return: how many; CLV_ERR_UNSUPPORTED (one goes elsewhere), CLV_ERR_FORMAT (the controller has no
 * such source, or the cells make no sense), CLV_ERR_NOMEM (there are more than CONFIG_DEVICE_IRQS).
 */
int config_tree_irqs(const void *tree, int node, const u32 plic[IRQ_CONTROLLERS],
		     struct config_irq irq[CONFIG_DEVICE_IRQS], int *other);

/**
 * config_tree_reference() - go to the next node that a property refers to
 * @property: offset of a property, as of fdt_first_property_offset()
 * @at: 0 at first; kept by the caller
 *
 * Return: the node; negative: there are no more, or what comes next leads to none.
 */
int config_tree_reference(const void *tree, int property, u32 *at);

/** config_tree_needs() - Return: true when the node @user refers to @node, or to one below it */
bool config_tree_needs(const void *tree, int user, int node);

/** config_tree_is_in() - Return: true when the node @part is @node, or lies below it */
bool config_tree_is_in(const void *tree, int node, int part);

/**
 * config_tree_kept() - find out whether a node is the hypervisor's or the firmware's own, or serves
 * the whole machine
 *
 * Return: what it is, to be shown: "an interrupt controller"; NULL: a partition may have it.
 */
const char *config_tree_kept(const void *tree, int node);

/**
 * config_tree_dma() - Return: the property or the `compatible` by which a node says that it does
 * DMA; NULL: none says so
 */
const char *config_tree_dma(const void *tree, int node);

/** config_tree_status() - Return: NULL when a node is enabled, or what its status says */
const char *config_tree_status(const void *tree, int node);

#endif
