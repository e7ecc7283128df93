/* SPDX-License-Identifier: BSD-2-Clause */
/* Which slot of this machine a guest gets that a peer offers. */
#include "guests/manager/move/link_slot.h"

#include "guests/manager/move/move_internal.h"

/*
 * May the guest of @hello come into @slot? One that is not for all that come is for the guest that
 * was made there.
 * Return: NULL; or why not
 */
static const char *link_slot_refuses(const struct cleave_vm_info *slot,
				     const struct migrate_hello *hello, bool *home)
{
	*home = memcmp(slot->uuid, hello->uuid, sizeof(slot->uuid)) == 0;
	if (slot->state != CLEAVE_VM_EMPTY)
		return "is not empty";
	if (move_uses(slot->id))
		return "is in use by a job";
	if ((slot->flags & CLEAVE_VM_FLAG_INCOMING) != 0 ||
	    ((slot->flags & CLEAVE_VM_FLAG_MIGRATABLE) != 0 && *home))
		return NULL;
	return "takes no other guest: its configuration lacks `incoming`";
}

bool link_slot_find(const struct migrate_hello *hello, const struct migrate_machine *guest,
		    struct cleave_vm_info *slot, struct migrate_line *line)
{
	struct cleave_vm_info info;
	bool found = false, fits = false, home;
	u32 id;

	for (id = 0; vms_next(&id, &info);) {
		bool good;

		if (link_slot_refuses(&info, hello, &home) != NULL)
			continue;
		good = guest == NULL || hyper_fits(info.id, guest);
		if (!found || (good && (!fits || home)))
			*slot = info;
		found = true;
		fits = fits || good;
		if (good && home)
			break;
	}
	if (!found)
		migrate_line_add(line, "no empty incoming slot");
	return found;
}

bool link_slot_named(const struct migrate_hello *hello, struct cleave_vm_info *slot,
		     struct migrate_line *line)
{
	const char *why = NULL;
	bool home;
	u32 id;

	for (id = 0; vms_next(&id, slot);) {
		if (memcmp(slot->name, hello->slot, sizeof(hello->slot)) != 0)
			continue;
		why = link_slot_refuses(slot, hello, &home);
		if (why == NULL)
			return true;
		break;
	}
	if (why != NULL)
		migrate_line_add(line, "its slot \"%.*s\" %s", (int)sizeof(hello->slot),
				 hello->slot, why);
	else
		migrate_line_add(line, "it has no slot \"%.*s\"", (int)sizeof(hello->slot),
				 hello->slot);
	return false;
}
