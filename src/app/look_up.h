/* What a person types for a store or a SKU, as the API's ids: an id, a code, a barcode, a name. */
#ifndef BYNAME_APP_LOOK_UP_H
#define BYNAME_APP_LOOK_UP_H

#include "app/client.h"

/* By id, code or name. ERR_NOT_FOUND "store.unknown". */
MUST_CHECK enum result look_up_store(struct client *c, const char *word, char id[ID_TEXT_BYTES], struct error *e);
/* By id, code or barcode, or by words that only one SKU has. product (may be NULL): its product's id. ERR_NOT_FOUND
 * "sku.unknown", ERR_CONFLICT "sku.many". */
MUST_CHECK enum result look_up_sku(struct client *c, const char *word, char id[ID_TEXT_BYTES],
                                   char product[ID_TEXT_BYTES], struct error *e);

#endif
