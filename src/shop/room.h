/* What the shop's files share. */
#ifndef BYNAME_SHOP_ROOM_H
#define BYNAME_SHOP_ROOM_H

#include "base/clock.h"
#include "base/id.h"
#include "shop/cache.h"
#include "shop/shop.h"
#include <stdio.h>

/* Announces a change of the shop: the feed, and this process's cache once it is committed. */
MUST_CHECK enum result shop_changed(struct db_tx *tx, int64_t id, struct error *e);
/* catalogue.c: this row, or its product, is not what it was. */
void catalogue_touch(int64_t id);
/* A code is 1 to max bytes of text. */
MUST_CHECK enum result shop_code_check(struct str code, size_t max, const char *field, struct error *e);
/* Cuts a text to size - 1 bytes at a character and copies it. */
void shop_copy(char *out, size_t size, struct str in);
/* Takes over a given text that differs: true when out changed. An empty one leaves what is there. */
bool shop_take(char *out, size_t size, const char *in);
bool shop_take_int(int64_t *out, int64_t in, int64_t unknown);

#endif
