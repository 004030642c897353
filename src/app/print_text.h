/* What the printers of answers share (print.c). */
#ifndef BYNAME_APP_PRINT_TEXT_H
#define BYNAME_APP_PRINT_TEXT_H

#include "base/json.h"
#include <stdio.h>

struct str text_of(const struct json *v, const char *key);
int64_t number_of(const struct json *v, const char *key);
/* Dates are enough in lists: the first ten characters of a time. */
struct str day_of(const struct json *v, const char *key);
/* "EUR 12.50", or nothing. */
void print_money(FILE *f, const struct json *m);
/* Pads by characters, not bytes: names have accents. */
void print_padded(FILE *f, struct str s, int width);

#endif
