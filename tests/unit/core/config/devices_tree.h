/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine whose devices test_config_devices.c gives to partitions.
 */
#ifndef TESTS_UNIT_CORE_CONFIG_DEVICES_TREE_H
#define TESTS_UNIT_CORE_CONFIG_DEVICES_TREE_H

#include "tests/unit/core/config/config_build.h"

/* The tree, between devices_tree_setup() and devices_tree_teardown() */
extern struct tree_build devices_tree;

/* As config_machine, with this tree and some memory */
extern struct config_machine devices_machine;

/* For cmocka */
int devices_tree_setup(void **state);
int devices_tree_teardown(void **state);

#endif
