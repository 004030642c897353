/* What happens to data on its way into a system. All in place, on UTF-8 text in a buffer of the given size. */
#ifndef BYNAME_DEMO_DIRT_H
#define BYNAME_DEMO_DIRT_H

#include "demo/rnd.h"
#include <stddef.h>

/* One slip of the finger in the Latin letters: a neighbour on the keyboard, a letter lost, doubled or swapped. */
void dirt_typo(struct rnd *r, char *s, size_t size);
/* Accents dropped; with german, ä ö ü ß become ae oe ue ss. */
void dirt_plain(char *s, size_t size, int german);
void dirt_upper(char *s); /* ASCII only: accents stay small, as bad software leaves them */
void dirt_lower(char *s);
/* Lower-case ASCII letters and digits only: for e-mail addresses. */
void dirt_ascii(const char *s, char *out, size_t size);

#endif
