/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading /cpus of the host's device tree: which harts are used, and what all of them claim to
 * have.
 *
 * Each hart that is left out is named, in one line for each reason. The boot hart is never left
 * out: this code runs on it.
 */
#include "arch/riscv/model/hart_tree.h"

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <cleave/string.h>
#include <libfdt.h>
#include "arch/riscv/hart.h"
#include "arch/riscv/model/hart_out.h"
#include "lib/fdt_index.h"
#include "lib/fdt_read.h"

/* Windows of plans are at least 100 us long, and so is the guard before their end: one tick. */
#define HART_TREE_TIMEBASE_MIN 10000U

struct hart_tree hart_tree;

static bool hart_tree_is_cpu(const void *fdt, int node)
{
	const char *type = fdt_getprop(fdt, node, "device_type", NULL);

	return type != NULL && strcmp(type, "cpu") == 0;
}

static void hart_tree_isa(const void *fdt, int node, struct isa *isa)
{
	int len = 0;
	const char *p;

	*isa = (struct isa){ .h = false };
	p = fdt_getprop(fdt, node, "riscv,isa-extensions", &len);
	if (p != NULL && len > 0) {
		isa_add_list(isa, p, (size_t)len);
		return;
	}
	p = fdt_getprop(fdt, node, "riscv,isa", &len);
	if (p != NULL && len > 0)
		isa_add_string(isa, p, strnlen(p, (size_t)len));
}

/* Narrow `hart_tree` to what the hart of @node has as well. @first: it is the first hart. */
static void hart_tree_merge(const void *fdt, int node, const struct isa *isa, bool first)
{
	u32 cbom = fdt_read_cell(fdt, node, "riscv,cbom-block-size", 0);
	u32 cboz = fdt_read_cell(fdt, node, "riscv,cboz-block-size", 0);

	if (first) {
		hart_tree.isa = *isa;
		hart_tree.cbom_block = cbom;
		hart_tree.cboz_block = cboz;
		return;
	}
	isa_intersect(&hart_tree.isa, isa);
	if (hart_tree.cbom_block != cbom)
		hart_tree.cbom_block = 0;
	if (hart_tree.cboz_block != cboz)
		hart_tree.cboz_block = 0;
}

/* struct hart_tree_odd - nodes that name no hart: how many, and the first */
struct hart_tree_odd {
	u32 nr;
	const char *first;
};

static void hart_tree_count(struct hart_tree_odd *odd, const void *fdt, int node)
{
	if (odd->nr == 0U)
		odd->first = fdt_get_name(fdt, node, NULL);
	odd->nr++;
}

static void hart_tree_say(const struct hart_tree_odd *odd, const char *why)
{
	if (odd->nr != 0U)
		printk(PRINTK_WARNING "device tree: %u nodes in /cpus left out: %s (the first: %s)",
		       odd->nr, why, odd->first);
}

/* Return: why a hart is left out that is not the boot hart; NULL: it is not */
static const char *hart_tree_why_not(const void *fdt, int node, const struct isa *isa)
{
	if (!fdt_read_enabled(fdt, node))
		return "the status is not \"okay\"";
	return isa->h ? NULL : "no H extension in the ISA string";
}

bool hart_tree_usable(const void *fdt, int node, u64 *id)
{
	struct isa isa;

	hart_tree_isa(fdt, node, &isa);
	return hart_tree_is_cpu(fdt, node) &&
	       fdt_read_unit(fdt, fdt_index_parent(fdt, node), node, id) &&
	       hart_tree_why_not(fdt, node, &isa) == NULL;
}

/*
 * Take the hart of one cpu node, or leave it out.
 * @first: true until a node has been taken
 * @no_reg, @twice: count nodes that do not say which hart they are, or name one of before
 */
static void hart_tree_take(const void *fdt, int cpus, int node, bool *first,
			   struct hart_tree_odd *no_reg, struct hart_tree_odd *twice)
{
	const char *why;
	struct isa isa;
	u64 id;
	bool boot;

	if (!fdt_read_unit(fdt, cpus, node, &id)) {
		hart_tree_count(no_reg, fdt, node);
		return;
	}
	boot = id == hart_get(0)->hartid;
	if (!boot && hart_by_id(id) != NULL) {
		hart_tree_count(twice, fdt, node);
		return;
	}
	hart_tree_isa(fdt, node, &isa);
	why = boot ? NULL : hart_tree_why_not(fdt, node, &isa);
	if (why != NULL) {
		hart_out(id, "%s", why);
		return;
	}
	if (!boot && hart_add(id) == NULL) {
		hart_out(id, "this build uses %u at most (CONFIG_MAX_HARTS)",
			 (u32)CONFIG_MAX_HARTS);
		return;
	}
	hart_tree_merge(fdt, node, &isa, *first);
	*first = false;
}

int hart_tree_read(const void *fdt)
{
	int cpus = fdt_path_offset(fdt, "/cpus");
	struct hart_tree_odd no_reg = { .nr = 0 };
	struct hart_tree_odd twice = { .nr = 0 };
	bool first = true;
	int node;

	if (cpus < 0) {
		printk("device tree: no /cpus");
		return CLV_ERR_FORMAT;
	}
	/* timebase-frequency is a property of /cpus; in older trees, of each cpu. */
	hart_tree.timebase = 0;
	(void)fdt_read_number(fdt, cpus, "timebase-frequency", &hart_tree.timebase);
	fdt_for_each_subnode (node, fdt, cpus) {
		if (!hart_tree_is_cpu(fdt, node))
			continue;
		hart_tree_take(fdt, cpus, node, &first, &no_reg, &twice);
		if (hart_tree.timebase == 0U)
			(void)fdt_read_number(fdt, node, "timebase-frequency", &hart_tree.timebase);
	}
	if (first)
		printk(PRINTK_WARNING "device tree: no node for the boot hart %lu: guests get a "
				      "minimal ISA string",
		       hart_get(0)->hartid);
	hart_out_say();
	hart_tree_say(&no_reg, "no usable reg");
	hart_tree_say(&twice, "their harts are listed before");
	if (hart_tree.timebase == 0U) {
		printk("device tree: no timebase-frequency in /cpus");
		return CLV_ERR_FORMAT;
	}
	if (hart_tree.timebase < HART_TREE_TIMEBASE_MIN) {
		printk("device tree: /cpus: timebase-frequency is %lu Hz; allowed: %u Hz or more",
		       hart_tree.timebase, HART_TREE_TIMEBASE_MIN);
		return CLV_ERR_FORMAT;
	}
	return CLV_OK;
}
