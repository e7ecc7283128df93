/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own command line.
 */
#ifndef CORE_BOOT_ARGS_H
#define CORE_BOOT_ARGS_H

#include <cleave/types.h>

/** boot_args_set() - @line is the command line from now on; it is kept */
void boot_args_set(const char *line);

/** boot_option() - value of `name=value` on the command line. Return: pointer to the value and its length, or NULL */
const char *boot_option(const char *name, size_t *len);

/** boot_log_level() - Return: what `cleave.log` says, else CONFIG_LOG_LEVEL: 0 errors to 3 debugging */
u32 boot_log_level(void);

/** boot_args_check() - warn of each cleave.* argument that nobody knows, with the nearest name */
void boot_args_check(void);

#endif
