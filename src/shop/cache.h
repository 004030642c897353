/* The shop's cache, inside the room: codes to ids, and rows by id. Bounded, direct-mapped, thread-safe. */
#ifndef BYNAME_SHOP_CACHE_H
#define BYNAME_SHOP_CACHE_H

#include "db/db.h"

enum shop_kind { SHOP_STORE, SHOP_ASSOCIATE, SHOP_SKU, SHOP_KINDS };

/* Taken before a row is read; what was read is only kept when nobody dropped the cache in between. */
uint64_t shop_cache_generation(void);
/* The same for rows; committed: what is read is no one's who may yet roll back. */
struct cache_look {
	uint64_t generation;
	bool committed;
};
static inline struct cache_look cache_look(const struct db_tx *tx)
{
	return (struct cache_look){ shop_cache_generation(), !db_tx_writes(tx) };
}

/* blanks: bits of attributes that the row lacks, so that a hint has something to fill. */
bool cache_code_find(enum shop_kind kind, struct str code, int64_t *id, unsigned *blanks);
void cache_code_keep(enum shop_kind kind, struct str code, int64_t id, unsigned blanks, uint64_t generation);
bool cache_row_find(enum shop_kind kind, int64_t id, void *out);
void cache_row_keep(enum shop_kind kind, int64_t id, const void *row, struct cache_look look);

#endif
