/* Hashes: stable across versions and machines (they are stored), seeded ones for tables in memory. */
#ifndef BYNAME_BASE_HASH_H
#define BYNAME_BASE_HASH_H

#include "base/str.h"

#define HASH128_BYTES 16

/* 64-bit hash of bytes, stable for ever (xxHash64-like quality; our own, documented in hash.c). seed chains calls. */
uint64_t hash64(const void *p, size_t n, uint64_t seed);
uint64_t hash64_str(struct str s, uint64_t seed);

/* BLAKE2b-128 of the parts, each length-prefixed so that ("ab","c") differs from ("a","bc"). For stored unique keys. */
void hash128(unsigned char out[HASH128_BYTES], const struct str *parts, size_t count);

/* Lower-case hexadecimal; out holds 2*n+1 bytes. */
void hex_encode(char *out, const unsigned char *p, size_t n);
bool hex_decode(unsigned char *out, size_t n, struct str hex); /* exactly 2*n digits */

#endif
