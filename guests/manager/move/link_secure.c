/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys and the seed of the peer's link.
 *
 * A session is worth nothing when its random numbers were used before: who has recorded the old one
 * could say it again. So there must be something that no earlier session of these keys had. That is
 * the firmware's seed, which is another one after each boot, together with the time CSR, which goes
 * on over restarts of this program (a VM that is loaded again reads the host's time). The private
 * key makes secret what others may know of these.
 */
#include "guests/lib/fdt/fdt_node.h"
#include "guests/manager/move/link_secure.h"
#include "guests/manager/move/move_internal.h"
#include "guests/manager/secure/secure.h"
#include "guests/manager/vms/vms.h"

#define KEYS_MAX  65536U /* bytes of a file that may be one of keys */
#define SEED_ROOM 64U	 /* bytes of the firmware's seed that are used */

/**
 * struct link_seed - what the random numbers are made of
 * @firmware: of /chosen, rng-seed
 * @stats: counters of this partition
 */
struct link_seed {
	u8 firmware[SEED_ROOM];
	u64 stats[CLEAVE_STAT_COUNT];
	u64 time;
};

static struct link_secure {
	bool wanted;
	bool refused;
	struct secure secure;
} link_secured;

static void link_secure_say(const char *line)
{
	shell_say("peer: %s", line);
}

static u64 link_secure_now(void)
{
	return rdtime();
}

static void link_secure_refuse(const char *why)
{
	link_secured.refused = true;
	shell_say("peer: the link is refused: %s", why);
}

static bool link_secure_chosen(const void *fdt, struct fdt_node *node)
{
	bool more = fdt_node_first(fdt, node);

	while (more && (node->depth != 1U || strcmp(node->name, "chosen") != 0))
		more = fdt_node_next(node);
	return more;
}

static u64 link_secure_number(const struct fdt_node *node, const char *name)
{
	return (u64)fdt_node_cell(node, name, 0, 0) << 32 | fdt_node_cell(node, name, 1, 0);
}

/* Return: false when the firmware gave no seed: what is left could be the same after each boot. */
static bool link_secure_gather(const struct fdt_node *chosen, struct link_seed *seed)
{
	u32 size = 0;
	const u8 *firmware = fdt_node_prop(chosen, "rng-seed", &size);

	if (firmware == NULL || size < TLS_SEED)
		return false;
	memcpy(seed->firmware, firmware, MIN(size, SEED_ROOM));
	(void)cleave_stats(vms_self(), seed->stats, CLEAVE_STAT_COUNT);
	seed->time = rdtime();
	return true;
}

/* Take the keys of the file. Return: NULL, or why the link is refused. */
static const char *link_secure_take(const struct fdt_node *chosen, u64 start, u64 size)
{
	static struct link_seed seed;
	static struct keys keys;
	const char *wrong;

	if (!tls_there())
		return "this manager was built without BearSSL (make setup fetches it)";
	if (size > KEYS_MAX)
		return "the manager's initrd is too long for a file of keys (" KEYS_MARK ")";
	wrong = keys_read(&keys, (const char *)start, size);
	if (wrong == NULL && !link_secure_gather(chosen, &seed))
		wrong = "the firmware's tree has no rng-seed of 16 bytes or more in /chosen, and "
			"nothing else here is new at each boot";
	if (wrong == NULL)
		wrong = tls_init(&link_secured.secure.tls, &keys, &seed, sizeof(seed));
	memset(&keys, 0, sizeof(keys));
	memset(&seed, 0, sizeof(seed));
	return wrong;
}

void link_secure_init(const void *fdt)
{
	struct fdt_node chosen;
	const char *wrong;
	u64 start = 0, end = 0;

	if (link_secure_chosen(fdt, &chosen)) {
		start = link_secure_number(&chosen, "linux,initrd-start");
		end = link_secure_number(&chosen, "linux,initrd-end");
	}
	link_secured.wanted = end > start;
	if (!link_secured.wanted)
		return;
	wrong = link_secure_take(&chosen, start, end - start);
	if (wrong != NULL)
		link_secure_refuse(wrong);
}

bool link_secure_wanted(void)
{
	return link_secured.wanted;
}

struct migrate_link link_secure_over(const struct migrate_link *port)
{
	if (!link_secured.wanted) {
		shell_say("peer: the link is plain: whoever can write to it can take this machine "
			  "over");
		return *port;
	}
	secure_init(&link_secured.secure, port, link_secure_now, move.timebase, link_secure_say);
	return secure_link(&link_secured.secure);
}

bool link_secure_open(struct virtio_port *port)
{
	if (!link_secured.wanted)
		return virtio_port_open(port);
	if (link_secured.refused)
		return false;
	if (link_secured.secure.state == SECURE_DOWN && virtio_port_open(port))
		secure_up(&link_secured.secure);
	return secure_ready(&link_secured.secure);
}

bool link_secure_step(void)
{
	return link_secured.wanted && !link_secured.refused && secure_step(&link_secured.secure);
}

const char *link_secure_state(bool open)
{
	if (!link_secured.wanted)
		return "plain";
	return link_secured.refused ? "refused" : open ? "encrypted" : "no session";
}
