/* The shop's cache, inside the room: codes to ids, and rows by id. Bounded, direct-mapped, thread-safe. */
#ifndef BYNAME_SHOP_CACHE_H
#define BYNAME_SHOP_CACHE_H

#include "base/str.h"

enum shop_kind { SHOP_STORE, SHOP_ASSOCIATE, SHOP_SKU, SHOP_KINDS };

/* Taken before a row is read; what was read is only kept when nobody dropped the cache in between. */
uint64_t shop_cache_generation(void);

/* blanks: bits of attributes that the row lacks, so that a hint has something to fill. */
bool cache_code_find(enum shop_kind kind, struct str code, int64_t *id, unsigned *blanks);
void cache_code_keep(enum shop_kind kind, struct str code, int64_t id, unsigned blanks, uint64_t generation);
bool cache_row_find(enum shop_kind kind, int64_t id, void *out);
void cache_row_keep(enum shop_kind kind, int64_t id, const void *row, uint64_t generation);

#endif
