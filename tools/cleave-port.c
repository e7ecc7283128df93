/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cleave-port - say what Cleave will find on a board, and write a first configuration for it.
 *
 *   cleave-port BOARD.dtb >first.dts
 *
 * All of it is one source of a configuration: what is found stands in comments before it. It comes
 * from the code that the boot runs, so this program must never have an opinion of its own about
 * what can be used. Exit code: 0 written, 1 no partition can run on this board, 2 used wrongly.
 */
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cleave/errno.h>
#include <generated/version.h>
#include "core/config/archive.h"
#include "core/config/config_tree.h"
#include "core/config/guest_fdt.h"
#include "core/machine/probe/driver.h"
#include "lib/fdt_read.h"
#include "lib/text.h"
#include "tools/board/board.h"
#include "tools/board/board_load.h"
#include "tools/board/board_map.h"
#include "tools/board/board_owner.h"
#include "tools/board/board_say.h"
#include "tools/board/board_table.h"

enum exit_code {
	EXIT_GOOD = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
};

#define PORT_CELL    200U
#define PORT_BASE    UINT64_C(0x80000000) /* where programs for most boards are linked to begin */
#define PORT_ARCHIVE MIB(64)		  /* which a boot archive with a Linux may have */
#define PORT_LEAST   MIB(8)		  /* of free memory, below which nothing is proposed */
#define PORT_LINUX   MIB(128)		  /* the least that is proposed for Linux */
#define PORT_CPUS    4U			  /* the most that are proposed for it */
#define PORT_OTHERS  16U /* most controllers without a driver that are told apart */

static void port_usage(FILE *to)
{
	(void)fputs("usage: cleave-port BOARD.dtb >first.dts\n"
		    "Says what Cleave will use of a board, what is missing, and which devices a "
		    "partition can\n"
		    "have, in comments of a first configuration for it. BOARD.dtb is the board's "
		    "device tree:\n"
		    "in Linux /sys/firmware/fdt, in U-Boot what ${fdt_addr_r} points to.\n"
		    "Exit code: 0 written, 1 no partition can run there, 2 used wrongly.\n",
		    to);
}

/* --- what Cleave uses ------------------------------------------------------------------------- */

static void port_row(struct board_table *t, const char *what, const char *text)
{
	const char *const cell[] = { what, text, NULL };

	board_table_row(t, cell);
}

/* Write all strings of a node's `compatible`, as far as they fit. */
static const char *port_compatible(const struct board *b, int node, char *buf, size_t size)
{
	const char *text;
	char clean[64];

	buf[0] = '\0';
	for (int i = 0; (text = fdt_stringlist_get(b->tree, node, "compatible", i, NULL)) != NULL;
	     i++) {
		text_clean(clean, sizeof(clean), text);
		if (!text_list(buf, size, "\"%s\"", clean))
			break;
	}
	if (buf[0] == '\0')
		(void)snprintf(buf, size, "no compatible");
	return buf;
}

static void port_say_modes(const struct board *b, struct board_table *t)
{
	char text[PORT_CELL];

	(void)snprintf(text, sizeof(text), "Sv39x4%s%s, by mmu-type",
		       b->mmu_levels >= 4U ? ", Sv48x4" : "",
		       b->mmu_levels == 5U ? ", Sv57x4" : "");
	port_row(t, "G-stage", b->mmu_levels != 0U ? text : "not known: cpus without mmu-type");
}

static void port_say_controllers(const struct board *b, struct board_table *t)
{
	char path[CONFIG_PATH_LEN];

	for (u32 n = 0; irq_controller(n) != NULL; n++)
		port_row(t, n == 0U ? "interrupts" : "",
			 board_path(b,
				    fdt_node_offset_by_phandle(b->tree, irq_controller(n)->phandle),
				    path));
}

static void port_say_used(const struct board *b)
{
	struct board_table t = { .nr = 0 };
	struct text_ranges harts = { .nr = 0 };
	char path[CONFIG_PATH_LEN];
	char text[PORT_CELL];
	char size[TEXT_SIZE_LEN];
	int uart = board_uart(b);

	for (u32 i = 0; i < b->nr_harts; i++)
		text_ranges_add(&harts, b->harts[i]);
	(void)snprintf(text, sizeof(text), "%u with H: %s", b->nr_harts, text_ranges_end(&harts));
	port_row(&t, "harts", text);
	port_say_modes(b, &t);
	(void)snprintf(text, sizeof(text), "%s free, from 0x%lx",
		       text_size(b->machine.memory, size), b->unused.range[0].base);
	port_row(&t, "memory", text);
	port_row(&t, "console", uart >= 0 ? board_path(b, uart, path) : "the firmware's (SBI)");
	port_say_controllers(b, &t);
	(void)printf("// What Cleave will use:\n");
	board_table_print(&t, "//   ");
}

/* --- what is missing -------------------------------------------------------------------------- */

/* Count the devices that interrupt by a controller without a driver, and say which it is. */
static void port_say_no_controller(const struct board *b, struct board_table *t)
{
	int others[PORT_OTHERS];
	u32 devices[PORT_OTHERS];
	char path[CONFIG_PATH_LEN];
	char names[80];
	char text[PORT_CELL];
	struct board_piece p;
	u32 n = 0;

	for (int node = fdt_next_node(b->tree, -1, NULL); node >= 0;
	     node = fdt_next_node(b->tree, node, NULL)) {
		struct config_irq irq[CONFIG_DEVICE_IRQS];
		int other = -1;
		u32 i = 0;

		if (!board_owner_device(b, NULL, node, &p) || p.owner == BOARD_FIRMWARE ||
		    config_tree_irqs(b->tree, node, b->machine.plic, irq, &other) !=
			    CLV_ERR_UNSUPPORTED ||
		    other < 0 || driver_bound(node))
			continue;
		while (i < n && others[i] != other)
			i++;
		if (i == n && n < PORT_OTHERS) {
			others[n] = other;
			devices[n] = 0;
			n++;
		}
		if (i < n)
			devices[i]++;
	}
	for (u32 i = 0; i < n; i++) {
		(void)snprintf(text, sizeof(text), "of %s (%s): %u devices cannot be given away",
			       board_path(b, others[i], path),
			       port_compatible(b, others[i], names, sizeof(names)), devices[i]);
		port_row(t, "driver", text);
	}
}

static void port_say_no_uart(const struct board *b, struct board_table *t)
{
	int node = driver_stdout(b->tree);
	char path[CONFIG_PATH_LEN];
	char names[80];
	char text[PORT_CELL];

	if (node < 0) {
		port_row(t, "console", "/chosen has no stdout-path that leads to a node");
		return;
	}
	if (driver_bound(node))
		return;
	(void)snprintf(text, sizeof(text), "of %s (%s): the firmware's console is used",
		       board_path(b, node, path), port_compatible(b, node, names, sizeof(names)));
	port_row(t, "driver", text);
}

static void port_say_no_iommu(const struct board *b, struct board_table *t)
{
	char path[CONFIG_PATH_LEN];
	char names[80];
	char text[PORT_CELL];

	for (int node = fdt_next_node(b->tree, -1, NULL); node >= 0;
	     node = fdt_next_node(b->tree, node, NULL)) {
		if (fdt_getprop(b->tree, node, "#iommu-cells", NULL) == NULL ||
		    !fdt_read_enabled(b->tree, node))
			continue;
		(void)snprintf(text, sizeof(text), "of %s (%s): it stays as the firmware left it",
			       board_path(b, node, path),
			       port_compatible(b, node, names, sizeof(names)));
		port_row(t, "driver", text);
	}
}

static void port_say_no_extensions(struct board_table *t)
{
	static const char *const wanted[][2] = {
		{ "sstc", "Sstc: guests' timers go through the SBI" },
		{ "svade", "Svade: if the hart sets A and D bits, dirty logging may be refused" },
		{ "svinval", "Svinval: fences wait for each other" },
		{ "svpbmt", "Svpbmt: guests cannot map memory as not cacheable" },
		{ "svnapot", "Svnapot: guests have no 64 KiB pages" },
		{ "zicbom", "Zicbom: guests cannot clean caches for devices that do not snoop" },
		{ "zicboz", "Zicboz: memory is zeroed by stores" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (!board_isa_has(wanted[i][0]))
			port_row(t, "extension", wanted[i][1]);
	}
}

static void port_say_missing(const struct board *b)
{
	struct board_table t = { .nr = 0 };
	char text[PORT_CELL];
	char size[TEXT_SIZE_LEN];

	port_say_no_controller(b, &t);
	port_say_no_uart(b, &t);
	port_say_no_iommu(b, &t);
	port_say_no_extensions(&t);
	if (b->machine.largest / 2U < PORT_LINUX) {
		(void)snprintf(text, sizeof(text), "for Linux: the largest free piece has %s",
			       text_size(b->machine.largest, size));
		port_row(&t, "memory", text);
	}
	if (t.nr == 0U)
		port_row(&t, "nothing", "");
	(void)printf("//\n// What is missing, as far as the device tree says (the boot tries):\n");
	board_table_print(&t, "//   ");
}

/* --- which devices a partition can have ------------------------------------------------------- */

/* struct port_trial - the first error of a trial configuration */
struct port_trial {
	char error[CONFIG_LINE_LEN];
};

static void port_trial_say(void *ctx, enum config_said what, const char *line)
{
	struct port_trial *t = ctx;

	if (what == CONFIG_ERROR && t->error[0] == '\0')
		(void)snprintf(t->error, sizeof(t->error), "%s", line);
}

/* An archive with one small program, which a partition has to have. */
static const struct archive *port_trial_archive(void)
{
	static char data[512];
	static struct archive a;
	char error[ARCHIVE_ERROR_LEN];
	int at = 0;

	if (a.data != NULL)
		return &a;
	for (u32 i = 0; i < 2U; i++) {
		const char *name = i == 0U ? "k" : "TRAILER!!!";
		const unsigned zero = 0;

		at += snprintf(data + at, sizeof(data) - (size_t)at,
			       "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s",
			       i + 1U, i == 0U ? 0100644U : 0U, zero, zero, 1U, zero,
			       i == 0U ? 4U : 0U, zero, zero, zero, zero,
			       (unsigned)strlen(name) + 1U, zero, name);
		at += 1;
		at = (int)ALIGN_UP((u32)at, 4U);
		if (i == 0U) {
			data[at] = 0x13; /* nop */
			at += 4;
		}
	}
	return archive_open(&a, data, (u64)at, error) == 0 ? &a : NULL;
}

static int port_trial_cells(void *fdt, const char *name, const u32 *cell, u32 n)
{
	fdt32_t be[4];

	for (u32 i = 0; i < n; i++)
		be[i] = cpu_to_fdt32(cell[i]);
	return fdt_property(fdt, name, be, (int)(n * sizeof(be[0])));
}

/*
 * Write a configuration of one partition, with memory at @base, that has the device. Return: an
 * error of libfdt
 */
static int port_trial_write(void *fdt, int size, u64 base, const char *path)
{
	const u32 memory[] = { (u32)(base >> 32), (u32)base, 0, (u32)MIB(4) };
	int err = fdt_create(fdt, size) | fdt_finish_reservemap(fdt) | fdt_begin_node(fdt, "");

	err |= fdt_property_string(fdt, "compatible", "cleave,config");
	err |= fdt_property_u32(fdt, "#address-cells", 2) | fdt_property_u32(fdt, "#size-cells", 2);
	err |= fdt_begin_node(fdt, "partitions") | fdt_begin_node(fdt, "trial");
	err |= fdt_property_string(fdt, "compatible", "cleave,partition");
	err |= fdt_property_u32(fdt, "cpus", 1) | port_trial_cells(fdt, "memory", memory, 4);
	err |= fdt_property_string(fdt, "kernel", "k");
	err |= fdt_property(fdt, "devices", path, (int)strlen(path) + 1);
	for (u32 i = 0; i < 3U; i++)
		err |= fdt_end_node(fdt);
	return err | fdt_finish(fdt);
}

/* Return: why a partition cannot have a device, in @t; NULL: it can */
static const char *port_trial(const struct board *b, int node, struct port_trial *t)
{
	static char fdt[4096] __attribute__((aligned(8)));
	static struct config config;
	char path[CONFIG_PATH_LEN];
	char *text;

	t->error[0] = '\0';
	if (fdt_get_path(b->tree, node, path, (int)sizeof(path)) != 0)
		return "its path is too long";
	/* Memory of the partition's own must not be what stands in the way of registers. */
	if (port_trial_archive() == NULL ||
	    port_trial_write(fdt, (int)sizeof(fdt), b->unused.range[b->unused.nr - 1U].base,
			     path) != 0)
		return "it cannot be tried";
	(void)config_parse(fdt, fdt_totalsize(fdt), port_trial_archive(), &b->machine,
			   port_trial_say, t, &config);
	if (t->error[0] == '\0')
		return NULL;
	/* "/partitions/trial: devices: "PATH" is ...": what comes after the path is of interest. */
	text = strstr(t->error, path);
	text = text != NULL ? text + strlen(path) : t->error;
	if (strstr(text, "; allowed") != NULL)
		*strstr(text, "; allowed") = '\0';
	return text + strspn(text, "\": ");
}

/* List what its guest would lack. */
static void port_lacks(const struct board *b, int node, char *buf, size_t size)
{
	const char *name;
	char clean[CONFIG_NAME_LEN];
	int p;

	buf[0] = '\0';
	fdt_for_each_property_offset (p, b->tree, node) {
		if (fdt_getprop_by_offset(b->tree, p, &name, NULL) == NULL ||
		    guest_fdt_property(name) != GUEST_FDT_REFERENCE)
			continue;
		text_clean(clean, sizeof(clean), name);
		if (!text_list(buf, size, "%s", clean))
			return;
	}
}

static void port_say_devices(const struct board *b)
{
	const char *const head[] = { "device", "compatible", "can a partition have it?", NULL };
	struct board_table t = { .nr = 0 };
	char path[CONFIG_PATH_LEN];
	char names[80];
	char lacks[100];
	char text[PORT_CELL];
	struct board_piece p;
	struct port_trial trial;

	board_table_row(&t, head);
	for (int node = fdt_next_node(b->tree, -1, NULL); node >= 0;
	     node = fdt_next_node(b->tree, node, NULL)) {
		const char *const cell[] = { path, names, text, NULL };
		const char *why;

		if (!board_owner_device(b, NULL, node, &p))
			continue;
		why = port_trial(b, node, &trial);
		port_lacks(b, node, lacks, sizeof(lacks));
		(void)snprintf(text, sizeof(text), "%s%s%s", why != NULL ? "no: " : "yes",
			       why != NULL	? why
			       : *lacks != '\0' ? ", without its "
						: "",
			       why != NULL ? "" : lacks);
		(void)board_path(b, node, path);
		(void)port_compatible(b, node, names, sizeof(names));
		board_table_row(&t, cell);
	}
	if (t.nr > 1U) {
		(void)printf("//\n// Devices:\n");
		board_table_print(&t, "//   ");
	} else {
		board_table_free(&t);
	}
}

/* --- the configuration ------------------------------------------------------------------------ */

static u64 port_power_of_2(u64 n)
{
	u64 power = 1;

	while (power <= n / 2U)
		power *= 2U;
	return power;
}

/*
 * struct port_plan - what is proposed
 * @big, @bare: bytes of memory for Linux, 0: there is not enough, and for another program
 * @cpus: of Linux, on the first harts; the other program has the last
 */
struct port_plan {
	u64 big;
	u64 bare;
	u32 cpus;
};

static struct port_plan port_plan_of(const struct board *b)
{
	struct port_plan p = { .big = MIN(port_power_of_2(b->machine.largest / 2U), GIB(1)),
			       .bare = MIN(port_power_of_2(b->machine.largest / 4U), MIB(16)) };

	if (p.big < PORT_LINUX)
		p.big = 0;
	p.cpus = b->nr_harts > 1U ? MIN(b->nr_harts - 1U, MIN(PORT_CPUS, (u32)CONFIG_MAX_VCPUS))
				  : 1U;
	return p;
}

/* Name the harts, unless one has an id that no cell names: then they are chosen at boot. */
static void port_write_affinity(const u64 *harts, u32 cpus)
{
	for (u32 i = 0; i < cpus; i++) {
		if (harts[i] >= CONFIG_CPU_ANY)
			return;
	}
	(void)printf("\t\t\tcpu-affinity = <");
	for (u32 i = 0; i < cpus; i++)
		(void)printf("%s%lu", i == 0U ? "" : " ", harts[i]);
	(void)printf(">;\n");
}

static void port_write_partition(const struct board *b, const char *name, u32 first, u32 cpus,
				 u64 memory)
{
	char size[TEXT_SIZE_LEN];

	(void)printf("\t\t%s {\n"
		     "\t\t\tcompatible = \"cleave,partition\";\n"
		     "\t\t\tcpus = <%u>;\n",
		     name, cpus);
	port_write_affinity(&b->harts[first], cpus);
	(void)printf("\t\t\tmemory = <0x%lx 0x%08lx 0x%lx 0x%08lx>; /* %s */\n", PORT_BASE >> 32,
		     PORT_BASE & UINT32_MAX, memory >> 32, memory & UINT32_MAX,
		     text_size(memory, size));
}

static void port_write_config(const struct board *b, const struct port_plan *p)
{
	(void)printf("/dts-v1/;\n/ {\n"
		     "\tcompatible = \"cleave,config\";\n"
		     "\t#address-cells = <2>;\n\t#size-cells = <2>;\n\n"
		     "\tpartitions {\n");
	if (p->big != 0U) {
		port_write_partition(b, "linux", 0, p->cpus, p->big);
		(void)printf("\t\t\tkernel = \"Image\";\n"
			     "\t\t\tinitrd = \"initrd.gz\";\n"
			     "\t\t\tbootargs = \"console=ttyS0 earlycon=sbi\";\n"
			     "\t\t};\n\n");
	}
	port_write_partition(b, "bare", b->nr_harts - 1U, 1, p->bare);
	(void)printf("\t\t\tkernel = \"bare.bin\";\n"
		     "\t\t};\n"
		     "\t};\n"
		     "};\n");
}

static enum exit_code port_board(struct board *b, const char *path)
{
	static const struct board_load by_default;
	struct port_plan plan;
	char model[96];
	char names[PORT_CELL];
	char size[TEXT_SIZE_LEN];

	/* Cleave and the archive are not in memory that is proposed. */
	if (!board_read(b, path) ||
	    !board_load(b, &by_default, &by_default, MIN(PORT_ARCHIVE, b->machine.memory / 8U)))
		return EXIT_REFUSED;
	(void)board_say_warnings();
	if (b->machine.memory < PORT_LEAST) {
		board_say_error("%s: %s of memory are free, too little for a partition beside "
				"Cleave",
				path, text_size(b->machine.memory, size));
		return EXIT_REFUSED;
	}
	plan = port_plan_of(b);
	(void)printf("// SPDX-License-Identifier: BSD-2-Clause\n//\n// %s\n// %s\n//\n",
		     board_string(b, 0, "model", model, sizeof(model)),
		     port_compatible(b, 0, names, sizeof(names)));
	port_say_used(b);
	port_say_missing(b);
	(void)printf("//\n");
	board_map_print_memory(b, NULL, "// ");
	port_say_devices(b);
	port_write_config(b, &plan);
	return EXIT_GOOD;
}

int main(int argc, char **argv)
{
	static struct board board;
	enum exit_code code;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			port_usage(stdout);
			return EXIT_GOOD;
		}
		if (strcmp(argv[i], "--version") == 0) {
			puts("cleave-port " CLEAVE_VERSION);
			return EXIT_GOOD;
		}
	}
	if (argc != 2 || argv[1][0] == '-') {
		if (argc < 2)
			board_say_error("no device tree is named");
		else if (argv[1][0] == '-')
			board_say_error("there is no option %s", argv[1]);
		else
			board_say_error("'%s' is one argument too many", argv[2]);
		(void)fprintf(stderr, "cleave-port: --help says how it is used\n");
		return EXIT_USAGE;
	}
	code = port_board(&board, argv[1]);
	if ((fflush(stdout) != 0 || ferror(stdout) != 0) && code == EXIT_GOOD) {
		board_say_error("standard output: %s", strerror(errno));
		code = EXIT_REFUSED;
	}
	free(board.tree);
	return (int)code;
}
