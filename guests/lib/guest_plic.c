/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver of guest_plic.h.
 *
 * It finds the PLIC by `compatible`, and its context in `interrupts-extended`, where the calling
 * hart's own controller is named. It must never take an interrupt, and never touch another hart's
 * context.
 */
#include "guests/lib/guest_plic.h"
#include "guests/lib/fdt/fdt_node.h"

/* RISC-V PLIC specification 1.0, "Memory Map" */
#define PLIC_PRIORITY	       0x000000U
#define PLIC_ENABLE	       0x002000U
#define PLIC_ENABLE_CONTEXT    0x80U
#define PLIC_CONTEXT	       0x200000U
#define PLIC_CONTEXT_SIZE      0x1000U
#define PLIC_CONTEXT_THRESHOLD 0x0U
#define PLIC_CONTEXT_CLAIM     0x4U

#define PLIC_SOURCES_MAX 1023U

#define IRQ_S_EXT 9U

static struct {
	u64 base;
	u64 enable;  /* the enable bits of this hart's context */
	u64 context; /* its threshold and claim registers */
	u32 sources; /* 0: there is no PLIC */
} guest_plic;

static u32 guest_plic_read(u64 at)
{
	return *(volatile u32 *)(uintptr_t)at;
}

static void guest_plic_write(u64 at, u32 value)
{
	*(volatile u32 *)(uintptr_t)at = value;
}

/* Return: the phandle of this hart's own interrupt controller, 0 when there is none */
static u32 guest_plic_hart(const void *fdt)
{
	struct fdt_node node;
	bool mine = false;

	if (!fdt_node_first(fdt, &node))
		return 0;
	while (fdt_node_next(&node)) {
		if (node.depth == 2 && strncmp(node.name, "cpu@", 4) == 0)
			mine = fdt_node_cell(&node, "reg", 0, UINT32_MAX) == this_hart();
		else if (node.depth < 3)
			mine = false;
		else if (mine && fdt_node_is(&node, "riscv,cpu-intc"))
			return fdt_node_cell(&node, "phandle", 0, 0);
	}
	return 0;
}

/*
 * Find the PLIC, and its context for the supervisor external interrupt of the controller @phandle.
 */
static bool guest_plic_find(const void *fdt, u32 phandle)
{
	struct fdt_node node;
	u32 size, i;

	if (!fdt_node_first(fdt, &node))
		return false;
	while (fdt_node_next(&node)) {
		if (!fdt_node_is(&node, "sifive,plic-1.0.0") && !fdt_node_is(&node, "riscv,plic0"))
			continue;
		if (!fdt_node_reg(&node, &guest_plic.base) ||
		    fdt_node_prop(&node, "interrupts-extended", &size) == NULL)
			continue;
		for (i = 0; i < size / 8U; i++) {
			if (fdt_node_cell(&node, "interrupts-extended", 2U * i, 0) != phandle ||
			    fdt_node_cell(&node, "interrupts-extended", 2U * i + 1U, 0) !=
				    IRQ_S_EXT)
				continue;
			guest_plic.enable =
				guest_plic.base + PLIC_ENABLE + (u64)i * PLIC_ENABLE_CONTEXT;
			guest_plic.context =
				guest_plic.base + PLIC_CONTEXT + (u64)i * PLIC_CONTEXT_SIZE;
			guest_plic.sources = fdt_node_cell(&node, "riscv,ndev", 0, 0);
			if (guest_plic.sources > PLIC_SOURCES_MAX)
				guest_plic.sources = PLIC_SOURCES_MAX;
			return guest_plic.sources != 0;
		}
	}
	return false;
}

bool guest_plic_init(const void *fdt)
{
	u32 phandle = guest_plic_hart(fdt), i;

	guest_plic.sources = 0;
	if (phandle == 0 || !guest_plic_find(fdt, phandle))
		return false;
	for (i = 0; i <= guest_plic.sources / 32U; i++)
		guest_plic_write(guest_plic.enable + (u64)i * 4U, 0);
	guest_plic_write(guest_plic.context + PLIC_CONTEXT_THRESHOLD, 0);
	csr_set(sie, SIE_EXT);
	return true;
}

bool guest_plic_enable(uint32_t source)
{
	u64 word = guest_plic.enable + (u64)(source / 32U) * 4U;

	if (source == 0 || source > guest_plic.sources)
		return false;
	guest_plic_write(guest_plic.base + PLIC_PRIORITY + (u64)source * 4U, 1);
	guest_plic_write(word, guest_plic_read(word) | 1U << (source % 32U));
	return true;
}

uint32_t guest_plic_poll(void)
{
	static u16 claimed[PLIC_SOURCES_MAX];
	u32 n = 0, i, source;

	/*
	 * A claimed source comes again only after its completion, so this loop ends whatever the
	 * devices do.
	 */
	while (n < guest_plic.sources) {
		source = guest_plic_read(guest_plic.context + PLIC_CONTEXT_CLAIM);
		if (source == 0 || source > guest_plic.sources)
			break;
		claimed[n++] = (u16)source;
	}
	for (i = 0; i < n; i++)
		guest_plic_write(guest_plic.context + PLIC_CONTEXT_CLAIM, claimed[i]);
	return n;
}
