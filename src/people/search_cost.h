/* How far what was typed is from what is stored: in tenths of an edit. */
#ifndef BYNAME_PEOPLE_SEARCH_COST_H
#define BYNAME_PEOPLE_SEARCH_COST_H

#include "base/str.h"

#define COST_NONE 255

/* Edits weighted by how people mistype: a neighbouring key, a letter that sounds alike, one doubled or swapped is less
 * than a whole edit; the first letter is more. whole: against all of the word; else against its best beginning. */
int cost_edits(struct str typed, struct str word, bool whole);

#endif
