/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C library functions that the hypervisor, its guests, libfdt and compilers need. lib/string.c
 * defines them for a hart; on the host they are the C library's own.
 */
#ifndef CLEAVE_STRING_H
#define CLEAVE_STRING_H

#ifdef CLEAVE_HOST
#include <string.h>
#else
#include <stddef.h>

void *memchr(const void *s, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
char *strchr(const char *s, int c);
int strcmp(const char *a, const char *b);
size_t strlen(const char *s);
int strncmp(const char *a, const char *b, size_t n);
size_t strnlen(const char *s, size_t max);
char *strrchr(const char *s, int c);
unsigned long strtoul(const char *s, char **end, int base);
#endif

#endif
