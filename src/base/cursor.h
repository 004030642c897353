/* Opaque list cursors: a pair of int64, checked against typing errors. The text is URL-safe. */
#ifndef BYNAME_BASE_CURSOR_H
#define BYNAME_BASE_CURSOR_H

#include "base/str.h"

#define CURSOR_BYTES 48
void cursor_format(char out[CURSOR_BYTES], int64_t a, int64_t b);
bool cursor_parse(struct str s, int64_t *a, int64_t *b);

#endif
