/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest was given, as a record, and whether a slot can be the same.
 *
 * The destination decides by this record before a byte of the guest is sent, so it must hold all
 * that a guest could miss later.
 */
#include <abi/sbi.h>
#include "guests/lib/migrate/migrate_stream.h"

/*
 * A G-stage of n levels translates 12 + 9 * n + 2 bits of a GPA (privileged specification, "Guest
 * Physical Address Translation").
 */
#define LEVELS_MIN    3U
#define LEVELS_MAX    5U
#define GPA_BITS(n)   (14U + 9U * (n))
#define GPA_PAST_LAST (UINT64_C(1) << GPA_BITS(LEVELS_MAX))

#define TIMEBASE_MAX UINT64_C(1000000000000) /* Hz; a higher one is a mistake */

static bool migrate_machine_bad_region(const struct migrate_region *r, uint32_t index,
				       const char *what, struct migrate_line *line)
{
	migrate_line_add(line, "memory region %u (0x%lx, 0x%lx bytes) %s", index, r->gpa, r->size,
			 what);
	return false;
}

static bool migrate_machine_regions_ok(const struct migrate_machine *m, struct migrate_line *line)
{
	uint64_t end = 0;

	if (m->regions == 0U || m->regions > MIGRATE_REGIONS_MAX) {
		migrate_line_add(line, "%u memory regions; 1 to %u are allowed", m->regions,
				 MIGRATE_REGIONS_MAX);
		return false;
	}
	for (uint32_t i = 0; i < m->regions; i++) {
		const struct migrate_region *r = &m->region[i];

		if (r->size == 0U || ((r->gpa | r->size) & (MIGRATE_PAGE - 1U)) != 0U)
			return migrate_machine_bad_region(r, i, "is empty or not of whole pages",
							  line);
		if (r->gpa >= GPA_PAST_LAST || r->size > GPA_PAST_LAST - r->gpa)
			return migrate_machine_bad_region(r, i, "ends beyond any G-stage", line);
		if (r->gpa < end)
			return migrate_machine_bad_region(
				r, i, "does not lie above the one before it", line);
		end = r->gpa + r->size;
	}
	if (m->gstage_levels < LEVELS_MAX && end > UINT64_C(1) << GPA_BITS(m->gstage_levels)) {
		migrate_line_add(line, "memory regions do not fit in G-stage tables of %u levels",
				 m->gstage_levels);
		return false;
	}
	return true;
}

static bool migrate_machine_isa_ok(const char *isa, struct migrate_line *line)
{
	size_t n = 0;

	for (; n <= MIGRATE_ISA_MAX && isa[n] != '\0'; n++) {
		char c = isa[n];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
			migrate_line_add(line, "ISA string: character %zu is not a-z, 0-9 or _", n);
			return false;
		}
	}
	if (n > MIGRATE_ISA_MAX || n < 5U || memcmp(isa, "rv64", 4) != 0) {
		migrate_line_add(line,
				 "ISA string: must begin with rv64 and have at most %u characters",
				 MIGRATE_ISA_MAX);
		return false;
	}
	return true;
}

bool migrate_machine_check(const struct migrate_machine *machine, struct migrate_line *line)
{
	if (machine->vcpus == 0U || machine->vcpus > MIGRATE_VCPUS_MAX) {
		migrate_line_add(line, "%u vCPUs; 1 to %u are allowed", machine->vcpus,
				 MIGRATE_VCPUS_MAX);
		return false;
	}
	if (machine->gstage_levels < LEVELS_MIN || machine->gstage_levels > LEVELS_MAX) {
		migrate_line_add(line, "%u G-stage levels; 3 to 5 are allowed",
				 machine->gstage_levels);
		return false;
	}
	if (machine->timebase == 0U || machine->timebase > TIMEBASE_MAX) {
		migrate_line_add(line, "time base of %lu Hz; 1 to %lu are allowed",
				 machine->timebase, TIMEBASE_MAX);
		return false;
	}
	return migrate_machine_isa_ok(machine->isa, line) &&
	       migrate_machine_regions_ok(machine, line);
}

/*
 * Find the next extension of an ISA string. Single letters stand together up to the first `_`.
 * Names of several letters begin with s, x or z, and stand between `_`.
 * @at: where to look; moves to the end of the extension
 * @start: gets where the extension begins
 * Return: its length, 0 at the end of the string
 */
static size_t migrate_machine_isa_next(const char *isa, size_t *at, size_t *start)
{
	size_t n = *at;
	size_t length = 1;

	while (isa[n] == '_')
		n++;
	*start = n;
	if (isa[n] == '\0')
		return 0;
	if (isa[n] == 's' || isa[n] == 'x' || isa[n] == 'z') {
		while (isa[n + length] != '\0' && isa[n + length] != '_')
			length++;
	}
	*at = n + length;
	return length;
}

bool migrate_machine_isa_has(const char *isa, const char *name, size_t length)
{
	size_t at = 4;
	size_t start;
	size_t n;

	while ((n = migrate_machine_isa_next(isa, &at, &start)) != 0U) {
		if (n == length && memcmp(isa + start, name, n) == 0)
			return true;
		/*
		 * g stands for these (unprivileged specification, "ISA Extension Naming
		 * Conventions").
		 */
		if (n == 1U && isa[start] == 'g' && length == 1U &&
		    (name[0] == 'i' || name[0] == 'm' || name[0] == 'a' || name[0] == 'f' ||
		     name[0] == 'd'))
			return true;
		if (n == 1U && isa[start] == 'g' &&
		    ((length == 5U && memcmp(name, "zicsr", 5) == 0) ||
		     (length == 8U && memcmp(name, "zifencei", 8) == 0)))
			return true;
	}
	return false;
}

/* Return: true when @isa has g, or all that g stands for */
static bool migrate_machine_isa_has_g(const char *isa)
{
	return migrate_machine_isa_has(isa, "g", 1) ||
	       (migrate_machine_isa_has(isa, "i", 1) && migrate_machine_isa_has(isa, "m", 1) &&
		migrate_machine_isa_has(isa, "a", 1) && migrate_machine_isa_has(isa, "f", 1) &&
		migrate_machine_isa_has(isa, "d", 1) && migrate_machine_isa_has(isa, "zicsr", 5) &&
		migrate_machine_isa_has(isa, "zifencei", 8));
}

static void migrate_machine_lacks(struct migrate_line *line, bool *any)
{
	if (*any)
		migrate_line_add(line, "; ");
	*any = true;
}

static void migrate_machine_isa_fits(const char *guest, const char *slot, struct migrate_line *line,
				     bool *any)
{
	bool first = true;
	size_t at = 4;
	size_t start;
	size_t n;

	while ((n = migrate_machine_isa_next(guest, &at, &start)) != 0U) {
		if (n == 1U && guest[start] == 'g'
			    ? migrate_machine_isa_has_g(slot)
			    : migrate_machine_isa_has(slot, guest + start, n))
			continue;
		if (first) {
			migrate_machine_lacks(line, any);
			migrate_line_add(line, "no ISA extension ");
		} else {
			migrate_line_add(line, ", ");
		}
		first = false;
		migrate_line_add(line, "%.*s", (int)n, guest + start);
	}
}

static void migrate_machine_memory_fits(const struct migrate_machine *guest,
					const struct migrate_machine *slot,
					struct migrate_line *line, bool *any)
{
	if (slot->regions != guest->regions) {
		migrate_machine_lacks(line, any);
		migrate_line_add(line, "%u memory regions, the guest has %u", slot->regions,
				 guest->regions);
		return;
	}
	for (uint32_t i = 0; i < guest->regions; i++) {
		const struct migrate_region *g = &guest->region[i];
		const struct migrate_region *s = &slot->region[i];

		if (g->gpa == s->gpa && g->size == s->size)
			continue;
		migrate_machine_lacks(line, any);
		migrate_line_add(
			line,
			"memory region %u is 0x%lx bytes at 0x%lx, the guest's 0x%lx at 0x%lx", i,
			s->size, s->gpa, g->size, g->gpa);
		return;
	}
}

/*
 * With another block size, a guest that zeroes or flushes block by block would leave out parts, or
 * hit what is next to its range. A guest without such blocks does neither.
 */
static void migrate_machine_block_fits(uint32_t guest, uint32_t slot, const char *what,
				       struct migrate_line *line, bool *any)
{
	if (guest == 0U || guest == slot)
		return;
	migrate_machine_lacks(line, any);
	migrate_line_add(line, "%s blocks of %u bytes, the guest was given %u", what, slot, guest);
}

/* The slot has less of @what: @has, where the guest may use @needs. */
static void migrate_machine_less(const char *what, uint32_t has, uint32_t needs,
				 struct migrate_line *line, bool *any)
{
	if (has >= needs)
		return;
	migrate_machine_lacks(line, any);
	migrate_line_add(line, "%s %u, the guest needs %u", what, has, needs);
}

/* Return: the names of @levels, bits 3 to 5, as satp's modes are called */
static const char *migrate_machine_modes(uint32_t levels)
{
	static const char *const names[] = { "none",	      "Sv39",	     "Sv48",
					     "Sv39 and Sv48", "Sv57",	     "Sv39 and Sv57",
					     "Sv48 and Sv57", "Sv39 to Sv57" };

	return names[levels >> LEVELS_MIN & 7U];
}

/* What a guest can have found out by trying, and goes on using */
static void migrate_machine_more_fits(const struct migrate_require_more *guest,
				      const struct migrate_require_more *slot,
				      struct migrate_line *line, bool *any)
{
	if (guest->vlenb != 0U && guest->vlenb != slot->vlenb) {
		migrate_machine_lacks(line, any);
		migrate_line_add(line, "vector registers of %u bytes, the guest has %u",
				 slot->vlenb, guest->vlenb);
	}
	migrate_machine_less("ASID bits:", slot->asid_bits, guest->asid_bits, line, any);
	if ((guest->vs_levels & ~slot->vs_levels) != 0U) {
		migrate_machine_lacks(line, any);
		migrate_line_add(line, "page tables %s, the guest may use %s",
				 migrate_machine_modes(slot->vs_levels),
				 migrate_machine_modes(guest->vs_levels));
	}
	migrate_machine_less("level of state records:", slot->state_level, guest->state_level, line,
			     any);
	if (slot->sbi_version < guest->sbi_version) {
		migrate_machine_lacks(line, any);
		migrate_line_add(line, "SBI %u.%u, the guest was told %u.%u",
				 slot->sbi_version >> SBI_SPEC_MAJOR_SHIFT,
				 slot->sbi_version & SBI_SPEC_MINOR_MASK,
				 guest->sbi_version >> SBI_SPEC_MAJOR_SHIFT,
				 guest->sbi_version & SBI_SPEC_MINOR_MASK);
	}
	if ((guest->sbi & ~slot->sbi) != 0U) {
		migrate_machine_lacks(line, any);
		migrate_line_add(line, "SBI extensions 0x%x, the guest has 0x%x", slot->sbi,
				 guest->sbi);
	}
}

bool migrate_machine_fits(const struct migrate_machine *guest, const struct migrate_machine *slot,
			  struct migrate_line *line)
{
	bool any = false;

	migrate_machine_isa_fits(guest->isa, slot->isa, line, &any);
	if (slot->gstage_levels < guest->gstage_levels) {
		migrate_machine_lacks(line, &any);
		migrate_line_add(line, "G-stage tables of at most %u levels, the guest needs %u",
				 slot->gstage_levels, guest->gstage_levels);
	}
	if (slot->vcpus != guest->vcpus) {
		migrate_machine_lacks(line, &any);
		migrate_line_add(line, "%u vCPUs, the guest has %u", slot->vcpus, guest->vcpus);
	}
	/* htimedelta shifts a guest's time, and cannot scale it. */
	if (slot->timebase != guest->timebase) {
		migrate_machine_lacks(line, &any);
		migrate_line_add(line, "a time base of %lu Hz, the guest was given %lu",
				 slot->timebase, guest->timebase);
	}
	migrate_machine_block_fits(guest->cbom_block, slot->cbom_block, "Zicbom cache", line, &any);
	migrate_machine_block_fits(guest->cboz_block, slot->cboz_block, "Zicboz cache", line, &any);
	migrate_machine_more_fits(&guest->more, &slot->more, line, &any);
	migrate_machine_memory_fits(guest, slot, line, &any);
	return !any;
}

size_t migrate_machine_put(const struct migrate_machine *machine, uint8_t *payload)
{
	size_t isa = strlen(machine->isa);
	size_t regions = machine->regions * sizeof(struct migrate_region);
	struct migrate_require head = {
		.vcpus = machine->vcpus,
		.gstage_levels = machine->gstage_levels,
		.timebase = machine->timebase,
		.regions = machine->regions,
		.isa = (uint32_t)isa,
		.cbom_block = machine->cbom_block,
		.cboz_block = machine->cboz_block,
	};

	memcpy(payload, &head, sizeof(head));
	memcpy(payload + sizeof(head), machine->region, regions);
	memcpy(payload + sizeof(head) + regions, machine->isa, isa);
	memcpy(payload + sizeof(head) + regions + isa, &machine->more, sizeof(machine->more));
	return sizeof(head) + regions + isa + sizeof(machine->more);
}

bool migrate_machine_get(struct migrate_machine *machine, uint8_t version, const uint8_t *payload,
			 size_t length, struct migrate_line *line)
{
	size_t more = version == 1U ? 0U : sizeof(machine->more);
	struct migrate_require head;
	size_t regions;

	memset(machine, 0, sizeof(*machine));
	memcpy(&head, payload, sizeof(head));
	if (head.regions > MIGRATE_REGIONS_MAX || head.isa > MIGRATE_ISA_MAX) {
		migrate_line_add(
			line,
			"%u memory regions and %u bytes of ISA string; at most %u and %u are "
			"allowed",
			head.regions, head.isa, MIGRATE_REGIONS_MAX, MIGRATE_ISA_MAX);
		return false;
	}
	regions = head.regions * sizeof(struct migrate_region);
	if (length != sizeof(head) + regions + head.isa + more) {
		migrate_line_add(line,
				 "%zu bytes, of which the regions and the ISA string fill %zu",
				 length, sizeof(head) + regions + head.isa + more);
		return false;
	}
	machine->vcpus = head.vcpus;
	machine->gstage_levels = head.gstage_levels;
	machine->timebase = head.timebase;
	machine->regions = head.regions;
	machine->cbom_block = head.cbom_block;
	machine->cboz_block = head.cboz_block;
	memcpy(machine->region, payload + sizeof(head), regions);
	memcpy(machine->isa, payload + sizeof(head) + regions, head.isa);
	memcpy(&machine->more, payload + length - more, more);
	/* A NUL inside would end the string early, and what follows it would be granted unseen. */
	if (strlen(machine->isa) != head.isa) {
		migrate_line_add(line, "ISA string: a NUL inside");
		return false;
	}
	return migrate_machine_check(machine, line);
}

uint64_t migrate_machine_pages(const struct migrate_machine *machine)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < machine->regions; i++)
		pages += machine->region[i].size / MIGRATE_PAGE;
	return pages;
}

uint32_t migrate_machine_region(const struct migrate_machine *machine, uint64_t gpa, uint64_t pages)
{
	uint32_t i;

	for (i = 0; i < machine->regions; i++) {
		const struct migrate_region *r = &machine->region[i];

		if (gpa >= r->gpa && gpa - r->gpa < r->size &&
		    pages <= (r->size - (gpa - r->gpa)) / MIGRATE_PAGE)
			break;
	}
	return i;
}
