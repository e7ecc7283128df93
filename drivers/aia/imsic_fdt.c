/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's IMSICs: taking the node of the S-level files. Files of the M-level have a node of
 * their own, which is the firmware's.
 *
 * Calls of other harts come by the files even where no APLIC sends messages, so the files are an
 * interrupt controller of their own, which has no sources.
 */
#include "drivers/aia/imsic.h"

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <libfdt.h>
#include "arch/riscv/aia.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/probe/paging.h"
#include "core/machine/probe/aia/imsic_tree.h"
#include "core/machine/probe/driver.h"

static struct imsic imsic_files;
static int imsic_refused = -1; /* a node that cannot be used */

static u32 imsic_controller_claim(void *opaque, u32 hart)
{
	const struct imsic *m = opaque;

	(void)hart;
	(void)imsic_claim(IMSIC_ID_SOURCES, 0);
	imsic_drop(m->next);
	return 0;
}

/* Nobody has a source of it. */
static void imsic_controller_route(void *opaque, u32 hart, u32 source, bool on)
{
	(void)opaque;
	(void)hart;
	(void)source;
	(void)on;
}

static void imsic_controller_enable(void *opaque, u32 source, bool on)
{
	imsic_controller_route(opaque, 0, source, on);
}

static void imsic_controller_complete(void *opaque, u32 hart, u32 source)
{
	imsic_controller_route(opaque, hart, source, false);
}

/* Find and map the files of our harts. Return: 0, or an error that was said, but for NOTFOUND */
static int imsic_map(const void *fdt, int node, const struct imsic_tree *t, struct imsic *m)
{
	const char *name = fdt_get_name(fdt, node, NULL);

	for (u32 i = 0; i < hart_count(); i++) {
		u64 id = hart_get(i)->hartid;
		struct imsic_tree_file file;
		int err = imsic_tree_find(fdt, node, t, id, &file);
		void *page;

		if (err == CLV_ERR_NOTFOUND)
			continue;
		if (err != 0) {
			printk("interrupt controller %s: reg has no page for hart %lu, or does not "
			       "fit the index bits",
			       name, id);
			return err;
		}
		page = paging_map_mmio(HPA(file.hpa), IMSIC_TREE_PAGE);
		if (page == NULL) {
			printk("interrupt controller %s: its registers cannot be mapped", name);
			return CLV_ERR_NOMEM;
		}
		m->harts |= BIT64(i);
		m->target[i] = (u16)file.index;
		m->hpa[i] = file.hpa;
		imsic_set_file(i, page, t->ids);
	}
	return m->harts == 0U ? CLV_ERR_NOTFOUND : 0;
}

/* Is it the node of the S-level? The M-level's is said at the level of debugging alone. */
static bool imsic_is_ours(const void *fdt, int node, const struct imsic_tree *t)
{
	if (plic_tree_is_ours(&t->harts))
		return true;
	printk(PRINTK_DEBUG "interrupt controller %s: IMSICs of another level",
	       fdt_get_name(fdt, node, NULL));
	return false;
}

static void imsic_close_all(void)
{
	for (u32 i = 0; i < hart_count(); i++)
		imsic_set_file(i, NULL, 0);
}

static int imsic_open(const void *fdt, int node, struct imsic *m)
{
	const char *name = fdt_get_name(fdt, node, NULL);
	struct irq_controller controller = {
		.name = name,
		.opaque = &imsic_files,
		.phandle = m->phandle,
		.route = imsic_controller_route,
		.enable = imsic_controller_enable,
		.claim = imsic_controller_claim,
		.complete = imsic_controller_complete,
	};
	struct imsic_tree t;
	int err;

	if (!imsic_tree_read(fdt, node, &t))
		return CLV_ERR_FORMAT;
	if (!imsic_is_ours(fdt, node, &t))
		return CLV_ERR_NOTFOUND;
	if (imsic_files.harts != 0U) {
		printk("interrupt controller %s is not used: other S-level IMSICs are", name);
		return CLV_ERR_EXISTS;
	}
	if (!imsic_here()) {
		printk("interrupt controller %s is not used: this hart has no IMSIC (Ssaia)", name);
		return CLV_ERR_UNSUPPORTED;
	}
	err = imsic_map(fdt, node, &t, m);
	if (err == CLV_ERR_NOTFOUND)
		printk("interrupt controller %s has no S-level file for a hart in use", name);
	controller.harts = m->harts;
	m->ids = t.ids;
	if (err == 0 && !imsic_start()) {
		printk("interrupt controller %s: eidelivery of this hart cannot be set", name);
		err = CLV_ERR_UNSUPPORTED;
	}
	if (err == 0)
		err = irq_add_controller(&controller);
	if (err != 0)
		imsic_close_all();
	else
		printk(PRINTK_INFO "interrupt controller %s: IMSIC, %u identities, %u guest "
				   "index bits",
		       name, t.ids, t.guest_bits);
	return err;
}

struct imsic *imsic_take(const void *fdt, int node)
{
	struct imsic m = { .phandle = fdt_get_phandle(fdt, node), .next = IMSIC_ID_SOURCES };

	if (node < 0 || node == imsic_refused)
		return NULL;
	if (imsic_files.harts != 0U && m.phandle != 0U && imsic_files.phandle == m.phandle)
		return &imsic_files;
	if (imsic_open(fdt, node, &m) != 0) {
		imsic_refused = node;
		return NULL;
	}
	imsic_files = m;
	return &imsic_files;
}

static int imsic_probe(const void *fdt, int node)
{
	return imsic_take(fdt, node) != NULL ? 0 : CLV_ERR_NOTFOUND;
}

static const char *const imsic_compatible[] = { "riscv,imsics", NULL };

static const struct driver imsic_driver = {
	.name = "imsic",
	.class = DRIVER_INTC,
	.compatible = imsic_compatible,
	.probe = imsic_probe,
};

DRIVER_REGISTER(imsic_driver);
