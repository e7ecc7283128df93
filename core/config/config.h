/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition configuration: what `cleave.dtb` says, checked whole, as plain structures.
 *
 * Builds for the host too: tools/cleave-archive and the hypervisor run the same code, so both
 * refuse the same input with the same words. It must never touch hardware, allocate memory, or keep
 * a pointer to anything but the blob that it was given.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include <cleave/types.h>
#include "core/machine/irq.h"
#include "mm/frames.h"

#define CONFIG_NAME_LEN	    32U	       /* bytes of the longest name, NUL included */
#define CONFIG_CPU_ANY	    UINT32_MAX /* the hart of a vCPU is left open */
#define CONFIG_LINE_LEN	    320U       /* bytes of the longest error or warning, NUL included */
#define CONFIG_BOOTARGS_LEN 2048U      /* bytes, NUL included */
#define CONFIG_TREE_LEN	    KIB(64)    /* bytes of the largest cleave.dtb */

#define CONFIG_WEIGHT_MAX     10000U /* the greatest "cpu-weight" */
#define CONFIG_WEIGHT_DEFAULT 100U

/*
 * Time partitions, in microseconds. A window may begin up to 5,000 instructions late: with some
 * 5 us for these, the shortest window loses a twentieth. The longest frame is short enough for each
 * time in it to be told in 32 bits of ticks, of a clock of up to 400 MHz.
 */
#define CONFIG_FRAME_MIN  1000U	    /* the shortest "frame" */
#define CONFIG_FRAME_MAX  10000000U /* the longest */
#define CONFIG_WINDOW_MIN 100U	    /* the shortest "length" */

/* What happens when a guest does what it may not ("on-fault") */
enum config_on_fault {
	CONFIG_ON_FAULT_STOP,
	CONFIG_ON_FAULT_RESTART,
	CONFIG_ON_FAULT_RESET_MACHINE,
};

/* What a guest gets that accesses what is not there ("on-bad-access") */
enum config_on_bad_access {
	CONFIG_BAD_ACCESS_REFLECT, /* an access fault, as from a hart */
	CONFIG_BAD_ACCESS_STOP,	   /* it has done what it may not: "on-fault" */
};

/* Which interrupt controllers a partition has ("interrupts") */
enum config_interrupts {
	CONFIG_INTERRUPTS_PLIC,
	CONFIG_INTERRUPTS_AIA, /* an APLIC, and an interrupt file for each vCPU */
};

/* Which contexts a partition's PLIC has ("plic-contexts") */
enum config_plic_contexts {
	CONFIG_PLIC_DEFAULT, /* left open; a partition with a kernel has one of the others */
	CONFIG_PLIC_MS, /* for each vCPU one of M-mode, which never interrupts, and one of S-mode */
	CONFIG_PLIC_S,	/* for each vCPU one of S-mode */
};

/* Whether a dirty log splits huge leaves when it starts ("eager-page-split") */
enum config_eager {
	CONFIG_EAGER_DEFAULT, /* as the boot argument says */
	CONFIG_EAGER_ON,
	CONFIG_EAGER_OFF,
};

/* "restart-limit": how often a partition may restart; both numbers are 1 to CONFIG_RESTART_MAX */
#define CONFIG_RESTART_COUNT   5U
#define CONFIG_RESTART_SECONDS 60U
#define CONFIG_RESTART_MAX     1000000U

/* A guest-physical address that the configuration may give */
struct config_address {
	bool given;
	u64 gpa; /* where it is given */
};

struct config_memory {
	u64 gpa;  /* base, a multiple of 4 KiB */
	u64 size; /* bytes */
};

#define CONFIG_UUID_LEN 16U

/**
 * struct config_partition - one node below /partitions
 * @affinity: "cpu-affinity": hart id for each vCPU, or CONFIG_CPU_ANY
 * @kernel: name of a file in the archive; NULL: none, the partition is an empty slot
 * @initrd, @bootargs: or NULL
 * @fdt: "fdt": the file with its own device tree; @fdt_overlay: "fdt-overlay": the file with what
 * is merged into the generated one; or NULL
 * @uuid: "uuid"; all 0: one is made up
 * @gstage_levels: "gstage-mode": 3, 4, 5; 0: left open
 * @largest_page: bytes: 4 KiB, 2 MiB, 1 GiB
 * @restart_count, @restart_seconds: "restart-limit"
 * @interrupts: "interrupts"
 * @plic_contexts: "plic-contexts", or as the kernel is
 * @load_address, @entry, @fdt_address: "load-address", "entry", "fdt-address"
 * @pool_tables: "table-pool": tables of the pool; 0: enough for the worst case (M5)
 * @cpu_weight: "cpu-weight": of each vCPU, where it shares its hart
 * @counters: "counters": the guest may read cycle and instret
 * @manual_start: a manager starts the partition, not the boot
 * @exclusive: no other partition has a vCPU on its harts
 * @direct_map: the memory is at GPA = HPA
 * @device: "devices": absolute paths in the machine's own device tree, @nr_devices of them
 * @no_dma: bit n: device n is said to do no DMA ("no-dma")
 * @hart: hart index of each vCPU; config_resolve() chooses it
 * @levels: levels of the G-stage tables; config_resolve() chooses it
 *
 * Strings point into the blob.
 */
struct config_partition {
	char name[CONFIG_NAME_LEN];
	u32 cpus;
	u64 affinity[CONFIG_MAX_VCPUS];
	u32 nr_memory;
	struct config_memory memory[CONFIG_MAX_REGIONS];
	const char *kernel;
	const char *initrd;
	const char *bootargs;
	const char *fdt;
	const char *fdt_overlay;
	u8 uuid[CONFIG_UUID_LEN];
	u8 gstage_levels;
	u64 largest_page;
	enum config_eager eager;
	enum config_on_fault on_fault;
	enum config_on_bad_access on_bad_access;
	enum config_interrupts interrupts;
	enum config_plic_contexts plic_contexts;
	struct config_address load_address;
	struct config_address entry;
	struct config_address fdt_address;
	u32 restart_count;
	u32 restart_seconds;
	u32 pool_tables;
	u32 cpu_weight;
	bool manager;
	bool migratable;
	bool incoming;
	bool counters;
	bool manual_start;
	bool exclusive;
	bool direct_map;
	u32 nr_devices;
	const char *device[CONFIG_MAX_DEVICES];
	u32 no_dma;
	u32 hart[CONFIG_MAX_VCPUS];
	u8 levels;
};

#define CONFIG_DEVICES	   32U /* devices that all partitions together may have */
#define CONFIG_DEVICE_REGS 4U  /* register ranges of a device */
#define CONFIG_DEVICE_IRQS 8U  /* interrupts of a device */
#define CONFIG_PATH_LEN	   96U /* bytes of the longest path of a device, NUL included */

/**
 * struct config_irq - an interrupt of a device
 * @host: the machine's source, IRQ_SOURCE() (core/machine/irq.h) of a position in struct
 * config_machine's @plic and a number
 * @guest: its source at the partition's emulated PLIC
 */
struct config_irq {
	u32 host;
	u32 guest;
};

/**
 * struct config_device - a device of the machine that a partition drives itself
 * @path: as configured
 * @partition: number of the partition that has it
 * @node: its offset in the machine's tree
 * @reg: its registers, at the same HPA and GPA, as the tree says: they need not fill whole pages
 * (config_pages())
 */
struct config_device {
	const char *path;
	u32 partition;
	int node;
	u32 nr_regs;
	struct config_memory reg[CONFIG_DEVICE_REGS];
	u32 nr_irqs;
	struct config_irq irq[CONFIG_DEVICE_IRQS];
};

/**
 * struct config_window - a time in each frame of a plan that one partition has a hart for itself
 * @node: name of its node, for messages; it points into the blob
 * @hart_id: "hart"
 * @hart: its index; config_resolve() finds it
 * @partition: number of "partition", which has a vCPU on that hart
 * @offset_us: "offset" from the frame's beginning
 * @length_us: "length"; the window ends inside the frame, and before the hart's next window begins
 */
struct config_window {
	const char *node;
	u64 hart_id;
	u32 hart;
	u32 partition;
	u32 offset_us;
	u32 length_us;
};

/**
 * struct config_plan - one node below /schedules
 * @frame_us: "frame": after this time the windows begin again
 * @share: "slack": false: time that no window's partition uses stays unused; true: others have it
 * @window: sorted by hart id, then by offset: the windows of a hart stand together. A hart without
 * any is shared by weights. There may be no windows at all
 */
struct config_plan {
	char name[CONFIG_NAME_LEN];
	u32 frame_us;
	bool share;
	u32 nr_windows;
	struct config_window window[CONFIG_MAX_WINDOWS];
};

/**
 * struct config - the whole configuration
 * @device: the devices of all partitions; none where the machine's tree is not known
 * @plan: the first is the one that runs first; none: all harts are shared by weights
 */
struct config {
	u32 nr;
	struct config_partition partition[CONFIG_MAX_VMS];
	u32 nr_devices;
	struct config_device device[CONFIG_DEVICES];
	u32 nr_plans;
	struct config_plan plan[CONFIG_MAX_PLANS];
};

/** config_pages() - Return: the whole pages that hold a range of registers */
static inline struct config_memory config_pages(const struct config_memory *reg)
{
	u64 base = ALIGN_DOWN(reg->gpa, PAGE_SIZE);

	return (struct config_memory){ base, ALIGN_UP(reg->gpa + reg->size, PAGE_SIZE) - base };
}

/**
 * struct config_machine - the machine that a configuration is checked against
 * @harts: ids of the harts that exist, @nr_harts of them; none: not known
 * @hart_index: what config_resolve() calls each of these harts; NULL: its position in @harts
 * @hart_out: why a hart was left out of @harts; it gives NULL for one that was not. NULL: not known
 * @memory: bytes that partitions may use; 0: not known
 * @largest: bytes of the largest free piece of memory: each range of a partition is one piece; 0:
 * not known
 * @gstage_modes: bit n: tables of n levels (3, 4, 5) are possible; 0: not known
 * @no_zicbom: its harts are known to give guests no cache-block operations
 * @no_aia: its harts are known to lack Ssaia
 * @tree: its checked device tree, in which devices are looked up; NULL: not known
 * @plic: phandles of the PLICs in that tree that the hypervisor serves; 0: no more
 * @ram: all of its memory, @nr_ram ranges
 * @free: what of it is free, @nr_free ranges; none: not known
 *
 * What is not known, on a person's machine, is not checked.
 */
struct config_machine {
	u32 nr_harts;
	const u64 *harts;
	const u32 *hart_index;
	const char *(*hart_out)(u64 hart);
	u64 memory;
	u64 largest;
	u8 gstage_modes;
	bool no_zicbom;
	bool no_aia;
	const void *tree;
	u32 plic[IRQ_CONTROLLERS];
	u32 nr_ram;
	const struct frames_range *ram;
	u32 nr_free;
	const struct frames_range *free;
};

/* What a line is about: what a reader should know; what was probably not meant; what is refused */
enum config_said {
	CONFIG_NOTE,
	CONFIG_WARNING,
	CONFIG_ERROR,
};

/** config_say_fn - receives each error, warning and note, as one line without newline */
typedef void (*config_say_fn)(void *ctx, enum config_said what, const char *line);

struct archive;

/**
 * config_parse() - read a configuration, and check it whole
 * @fdt: flattened device tree, untrusted, at a multiple of 8 bytes
 * @size: bytes that may be read there
 * @archive: holds the kernels and initrds
 * @machine: what the machine has
 * @say: told of every error, warning and note: the node, the property, what is wrong and what is
 * allowed
 * @ctx: handed to @say
 * @out: the configuration; its strings point into @fdt
 *
 * Where the machine's harts are known, what was left open is chosen too: config_resolve() is done.
 *
 * Return: 0 (there may have been warnings), CLV_ERR_FORMAT (there was at least one error).
 */
int config_parse(const void *fdt, u64 size, const struct archive *archive,
		 const struct config_machine *machine, config_say_fn say, void *ctx,
		 struct config *out);

/**
 * config_load() - do config_parse() with the file ARCHIVE_CONFIG_NAME of an archive
 *
 * The tree, of up to CONFIG_TREE_LEN bytes, is copied to a buffer that is aligned as libfdt wants
 * it. The strings of @out point there, and the next call overwrites them.
 *
 * Return: as config_parse(). An archive without that file is an error, and said.
 */
int config_load(const struct archive *archive, const struct config_machine *machine,
		config_say_fn say, void *ctx, struct config *out);

/**
 * config_own_load() - load what a partition says of its device tree: its own, or an overlay
 *
 * The tree was checked when the configuration was. It is the caller's until the next call.
 *
 * Return: it, at a multiple of 8 bytes; NULL: it says nothing.
 */
void *config_own_load(const struct archive *archive, const struct config_partition *part);

/**
 * config_resolve() - choose what a configuration left open: the hart of each vCPU, and table levels
 * @config: config_parse() has found no error in its partitions and plans
 * @machine: the same as then; its harts are known
 *
 * A vCPU whose hart was left open gets the one that has the fewest vCPUs so far, and of several
 * such harts the last: the first is the boot hart, which also serves the console. Only where there
 * is no other it gets a hart with windows, or one that it would share against "exclusive".
 * config_parse() has put the vCPUs that windows are for on the harts of these windows, and refuses
 * what would be shared.
 */
void config_resolve(struct config *config, const struct config_machine *machine);

/**
 * config_levels() - choose the levels of a partition's G-stage tables
 * @part: its memory and its mode were accepted
 * @modes: as struct config_machine's gstage_modes; 0: all
 *
 * Return: the levels that are configured, or the fewest of @modes that cover all its memory; 0 when
 * no mode does.
 */
u8 config_levels(const struct config_partition *part, u8 modes);

/**
 * config_most_levels() - find the widest tables that a partition may get
 * @modes: as struct config_machine's gstage_modes; 0: all
 *
 * Return: the levels that are configured, or the most of @modes.
 */
u8 config_most_levels(const struct config_partition *part, u8 modes);

/**
 * config_tables() - count the G-stage tables that map a partition's memory, without the root
 * @part: its memory was accepted
 * @levels: levels of the tables, 3 to 5
 * @leaf: bytes of the largest leaf; 4 KiB gives the worst case, in which everything was split
 *
 * Each range is taken to be mapped to host memory of the same alignment.
 *
 * Return: tables of 4 KiB, never too few. Where ranges share tables it is too many, by at most one
 * for each level and range.
 */
u64 config_tables(const struct config_partition *part, u8 levels, u64 leaf);

#endif
