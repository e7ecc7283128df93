/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading IMSIC nodes.
 *
 * A file's address is put together of the group, the hart's number in it and the guest's number
 * (AIA 3.6). The files of a hart come in the order of `interrupts-extended`, one `reg` entry after
 * the other.
 */
#include "core/machine/probe/aia/imsic_tree.h"

#include <cleave/errno.h>
#include <cleave/printk.h>
#include <libfdt.h>
#include "core/machine/probe/driver.h"
#include "lib/fdt_read.h"

#define IMSIC_TREE_PAGE_SHIFT 12U
#define IMSIC_TREE_SHIFT      24U /* of the group, where the node does not say */

/* A property that is a number, and what it may be */
struct imsic_tree_range {
	const char *name;
	u32 fallback;
	u32 low;
	u32 high;
};

static bool imsic_tree_number(const void *fdt, int node, const struct imsic_tree_range *r, u32 *out)
{
	*out = fdt_read_cell(fdt, node, r->name, r->fallback);
	if (*out >= r->low && *out <= r->high)
		return true;
	printk("interrupt controller %s: %s is %u; allowed: %u to %u",
	       fdt_get_name(fdt, node, NULL), r->name, *out, r->low, r->high);
	return false;
}

/* Return: how many bits number @n things */
static u32 imsic_tree_width(u32 n)
{
	u32 bits = 0;

	while (bits < 31U && BIT64(bits) < n)
		bits++;
	return bits;
}

/* The bits of an address that number groups, harts and guests */
static u64 imsic_tree_fields(const struct imsic_tree *t)
{
	return ((BIT64(t->group_bits) - 1U) << t->group_shift) |
	       (BIT64(t->guest_bits + t->hart_bits + IMSIC_TREE_PAGE_SHIFT) - 1U);
}

bool imsic_tree_read(const void *fdt, int node, struct imsic_tree *out)
{
	const char *name = fdt_get_name(fdt, node, NULL);
	int len = 0;

	out->harts.list = fdt_getprop(fdt, node, "interrupts-extended", &len);
	out->harts.contexts = out->harts.list == NULL ? 0U : (u32)len / 8U;
	if (out->harts.contexts == 0U) {
		printk("interrupt controller %s: interrupts-extended names no hart", name);
		return false;
	}
	if (!imsic_tree_number(fdt, node,
			       &(const struct imsic_tree_range){ "riscv,num-ids", 0, 63, 2047 },
			       &out->ids) ||
	    !imsic_tree_number(fdt, node,
			       &(const struct imsic_tree_range){ "riscv,guest-index-bits", 0, 0,
								 7 },
			       &out->guest_bits) ||
	    !imsic_tree_number(fdt, node,
			       &(const struct imsic_tree_range){
				       "riscv,hart-index-bits",
				       imsic_tree_width(out->harts.contexts), 0, 15 },
			       &out->hart_bits) ||
	    !imsic_tree_number(fdt, node,
			       &(const struct imsic_tree_range){ "riscv,group-index-bits", 0, 0,
								 7 },
			       &out->group_bits) ||
	    !imsic_tree_number(fdt, node,
			       &(const struct imsic_tree_range){ "riscv,group-index-shift",
								 IMSIC_TREE_SHIFT, 0, 55 },
			       &out->group_shift))
		return false;
	if (out->ids % 64U != 63U) {
		printk("interrupt controller %s: riscv,num-ids is %u; allowed: one less than a "
		       "multiple of 64",
		       name, out->ids);
		return false;
	}
	if (out->group_bits != 0U &&
	    out->group_shift < out->guest_bits + out->hart_bits + IMSIC_TREE_PAGE_SHIFT) {
		printk("interrupt controller %s: riscv,group-index-shift is %u; allowed: from %u, "
		       "after the bits of harts and guests",
		       name, out->group_shift,
		       out->guest_bits + out->hart_bits + IMSIC_TREE_PAGE_SHIFT);
		return false;
	}
	return true;
}

/* Find the page that lies @offset bytes into all of the node's registers. */
static int imsic_tree_page(const void *fdt, int node, const struct imsic_tree *t, u64 offset,
			   u64 *hpa)
{
	u64 step = IMSIC_TREE_PAGE << t->guest_bits;
	u64 first = 0;

	for (u32 i = 0;; i++) {
		u64 base;
		u64 size;

		if (driver_reg_at(fdt, node, i, &base, &size) != 0 ||
		    !IS_ALIGNED(base, IMSIC_TREE_PAGE))
			return CLV_ERR_FORMAT;
		if (i == 0U)
			first = base & ~imsic_tree_fields(t);
		if ((base & ~imsic_tree_fields(t)) != first)
			return CLV_ERR_FORMAT;
		if (offset < size) {
			*hpa = base + offset;
			return size - offset < IMSIC_TREE_PAGE ? CLV_ERR_FORMAT : 0;
		}
		/* The space of a hart whose guests' pages are not all there ends with them. */
		offset -= MIN(offset, ALIGN_UP(size, step));
	}
}

int imsic_tree_find(const void *fdt, int node, const struct imsic_tree *t, u64 id,
		    struct imsic_tree_file *out)
{
	u32 place = plic_tree_context(fdt, &t->harts, id);
	u32 group;
	int err;

	if (place == PLIC_TREE_NONE)
		return CLV_ERR_NOTFOUND;
	err = imsic_tree_page(fdt, node, t, ((u64)place * IMSIC_TREE_PAGE) << t->guest_bits,
			      &out->hpa);
	if (err != 0)
		return err;
	group = (u32)(out->hpa >> t->group_shift) & ((1U << t->group_bits) - 1U);
	out->index = (u32)(out->hpa >> (IMSIC_TREE_PAGE_SHIFT + t->guest_bits)) &
		     ((1U << t->hart_bits) - 1U);
	out->index |= group << t->hart_bits;
	return 0;
}
