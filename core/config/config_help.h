/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a configuration may say, for people: a row for each property of a partition, a plan and a
 * window, and for each boot argument of the hypervisor. The rows are made from the tables that the
 * parsers use.
 *
 * Only host tools call this.
 */
#ifndef CORE_CONFIG_HELP_H
#define CORE_CONFIG_HELP_H

#include <cleave/types.h>

#define CONFIG_HELP_LEN 64U

/**
 * struct config_help - one row
 * @type: "flag", "cell", "cells", "string", "strings" of a property; "word", "text" of an argument
 * @allowed: the words that it may be, or "<LOW> to <HIGH>"; "-": other values too
 * @left_out: what counts without it; "-": a default that depends on other things
 * @help: what it is for
 */
struct config_help {
	const char *name;
	const char *type;
	char allowed[CONFIG_HELP_LEN];
	char left_out[CONFIG_HELP_LEN];
	const char *help;
};

/* Whose properties */
enum config_help_node {
	CONFIG_HELP_PARTITION,
	CONFIG_HELP_PLAN,
	CONFIG_HELP_WINDOW,
};

/**
 * config_help_property() - Return: true and @out filled for property number @i of such a node;
 * false after the last
 */
bool config_help_property(enum config_help_node node, u32 i, struct config_help *out);

/**
 * config_help_argument() - Return: true and @out filled for boot argument number @i; false after
 * the last
 */
bool config_help_argument(u32 i, struct config_help *out);

#endif
