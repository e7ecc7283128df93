/* SPDX-License-Identifier: BSD-2-Clause */
/* What the payload_crc of a frame has to be, for tests that make frames. */
#ifndef TESTS_UNIT_FRAME_SUM_H
#define TESTS_UNIT_FRAME_SUM_H

#include <string.h>

#include "guests/manager/pack/pack.h"

/** frame_sum() - Return: payload_crc of a frame of which type, version and length count */
static inline uint32_t frame_sum(const struct migrate_crc *crc, const struct migrate_frame *f,
				 const uint8_t *payload)
{
	struct migrate_packed head;
	uint64_t page[MIGRATE_PAGE / sizeof(uint64_t)];
	uint64_t gpa;

	if (f->type == MIGRATE_REC_PACKED && f->length >= sizeof(head)) {
		memcpy(&head, payload, sizeof(head));
		if (pack_lz4() == NULL || head.size > f->length - sizeof(head) ||
		    !pack_lz4()->unpack(payload + sizeof(head), head.size, page))
			return 0;
		return (uint32_t)migrate_digest_page(page, head.gpa);
	}
	if (f->type != MIGRATE_REC_PAGE || f->version != 2U ||
	    f->length != sizeof(gpa) + MIGRATE_PAGE)
		return migrate_crc32c(crc, payload, (size_t)f->length);
	memcpy(&gpa, payload, sizeof(gpa));
	return (uint32_t)migrate_digest_page(payload + sizeof(gpa), gpa);
}

#endif
