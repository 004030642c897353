/* Card numbers are never stored: at this door they are masked, wherever they stand. */
#ifndef BYNAME_INGEST_MASK_H
#define BYNAME_INGEST_MASK_H

#include "base/str.h"

/* Whether the text holds what looks like a card number: 14 to 19 digits, with single blanks or dashes between groups,
 * not part of a longer word, of a card network's range, with a right check digit (Luhn). */
bool card_found(struct str text);
/* Replaces all but the last four digits of each by '*' (inside a JSON number by '9', so that it stays one). */
void card_mask(char *text, size_t n);
/* The text itself, or a masked copy in the arena; the empty view when memory is out. */
struct str card_masked(struct str text, struct arena *a);

#endif
