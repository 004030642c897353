/* Opaque list cursors: a pair of int64, checked against typing errors. The text is URL-safe. */
#ifndef BYNAME_BASE_CURSOR_H
#define BYNAME_BASE_CURSOR_H

#include "base/json.h"
#include "base/str.h"

#define CURSOR_BYTES 48
void cursor_format(char out[CURSOR_BYTES], int64_t a, int64_t b);
bool cursor_parse(struct str s, int64_t *a, int64_t *b);

/* Of a list that was read with one row more than it shows: whether there are more. count: what it shows. */
bool cursor_cut(int *count, int limit);
/* Its member "next": the cursor of the last row that it shows; null where it ends. */
void cursor_next(struct json_writer *w, bool more, int64_t a, int64_t b);

#endif
