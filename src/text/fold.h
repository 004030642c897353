/* The parts of folding; private to text/. */
#ifndef BYNAME_TEXT_FOLD_H
#define BYNAME_TEXT_FOLD_H

#include "text/text.h"

/* The Latin spelling of one letter (lower case, its marks taken off), or NULL: Latin letters that do not decompose,
 * Cyrillic. May be the empty string (hard and soft signs). */
const char *fold_letter(uint32_t c);

/* A Greek letter in its surroundings (ELOT 743): before and after are the neighbouring letters, 0 where there is none
 * or where an accent keeps the two from being one sound. NULL where c is no Greek letter. */
const char *fold_greek(uint32_t c, uint32_t before, uint32_t after);

/* Pinyin of a Han character without tones, as used in names; NULL where it has none. Valid until the thread's next
 * call. */
const char *fold_han(uint32_t c);
void fold_han_stop(void);

/* Makes the tables on first use; false when ICU is not to be had. */
bool fold_ready(void);

/* The nicknames' table, on first use. */
void nickname_prepare(void);

/* The shim over libphonenumber: loads its metadata. */
bool phone_start(void);

#endif
