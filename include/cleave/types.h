/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fixed-width integers and the two kinds of physical address.
 *
 * A guest-physical address (GPA) and a host-physical address (HPA) are distinct struct types, so
 * that neither can be taken for the other by accident. Only mm/ translates a GPA to an HPA, by a
 * VM's regions and G-stage tables. Elsewhere the two meet only where a mapping is set up.
 */
#ifndef CLEAVE_TYPES_H
#define CLEAVE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

/** typedef gpa_t - a guest-physical address, in bytes */
typedef struct {
	u64 v;
} gpa_t;

/** typedef hpa_t - a host-physical address, in bytes */
typedef struct {
	u64 v;
} hpa_t;

#define GPA(x) ((gpa_t){ (x) })
#define HPA(x) ((hpa_t){ (x) })

#define PAGE_SHIFT 12U
#define PAGE_SIZE  (UINT64_C(1) << PAGE_SHIFT)
#define PAGE_MASK  (PAGE_SIZE - 1U)

#define KIB(x) ((u64)(x) << 10)
#define MIB(x) ((u64)(x) << 20)
#define GIB(x) ((u64)(x) << 30)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Return: the object that holds @member, @offset bytes after its start. */
static inline void *object_around(void *member, size_t offset)
{
	return (u8 *)member - offset;
}

#define container_of(ptr, type, member) ((type *)object_around((ptr), offsetof(type, member)))

#define BIT64(n) (UINT64_C(1) << (n))
/*
 * @a is a power of two. It is widened to the type of @x first, since ~(8U - 1U) would cut off the
 * upper half of an address.
 */
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1U))
#define ALIGN_UP(x, a)	 (((x) + ((__typeof__(x))(a) - 1U)) & ~((__typeof__(x))(a) - 1U))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1U)) == 0U)
#define MIN(a, b)	 ((a) < (b) ? (a) : (b))
#define MAX(a, b)	 ((a) > (b) ? (a) : (b))

#endif
