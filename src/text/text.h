/* Text about people: folding, names, e-mails, phones, addresses. Pure: no state but tables loaded by text_start(). */
#ifndef BYNAME_TEXT_H
#define BYNAME_TEXT_H

#include "base/str.h"

/* Loads ICU and libphonenumber once (15 ms); call before threads start. text_stop() frees what can be freed. */
MUST_CHECK enum result text_start(struct error *e);
void text_stop(void);

#define TEXT_FOLD_MAX 256    /* bytes in: longer input is cut at a character */
#define TEXT_FOLD_BYTES 1024 /* bytes out, NUL included */

/* The searchable form: NFKD, marks dropped, lower case, ł ø đ æ ı ß and Cyrillic, Greek to Latin letters, Han by
 * transliteration; everything that is no letter or digit becomes one blank; no blanks at the ends.
 * "Müller-Łukasz" → "muller lukasz". Idempotent (so the folded text too is cut at TEXT_FOLD_MAX bytes). Returns the
 * length. Scripts without a table keep their letters; broken UTF-8 separates words. Thread-safe. */
size_t text_fold(struct str in, char out[TEXT_FOLD_BYTES]);

/* Jaro–Winkler similarity of two folded strings, 0 to 1 (Winkler 1990: prefix scale 0.1, at most 4). Both this and the
 * distance below compare bytes, and of longer strings the first 256. */
double text_jaro_winkler(struct str a, struct str b);
/* Optimal string alignment distance (insert, delete, substitute, transpose neighbours), at most limit + 1. */
int text_osa_distance(struct str a, struct str b, int limit);
/* A phonetic key of one folded word (our own, Latin letters; at most 8 characters and NUL). Empty for no letters. */
void text_phonetic(struct str folded_word, char out[9]);

/* ---- Names ------------------------------------------------------------------------------------------------------ */

struct name_parts {
	char given[128], middle[128], family[128]; /* as written, trimmed */
	char prefix[32], suffix[32];               /* "Dr", "Jr" */
};
/* Splits a full name: "Smith, Jane A." and "Dr Jane van der Berg Jr". One word is a given name. */
void name_split(struct str full, struct name_parts *out);
/* Whether two folded given names are the same or a known nickname pair ("robert", "bob"): a small table of ours. */
bool name_nickname(struct str a, struct str b);
/* The numbers (from 1) of the nickname groups a folded given name stands in: two names that share one are a known pair.
 * At most max; returns how many. */
int name_nickname_groups(struct str folded, uint16_t *groups, int max);

/* ---- E-mails ---------------------------------------------------------------------------------------------------- */

#define EMAIL_BYTES 256
/* Lower case, trimmed, syntax checked, domain with a dot. Dots and +tags are kept: they may differ by owner.
 * ERR_INVALID "email.malformed". */
MUST_CHECK enum result email_normalise(struct str in, char out[EMAIL_BYTES], struct error *e);
/* test@, noreply@, none@, example.com …: values that name nobody. */
bool email_is_generic(struct str normalised);

/* ---- Phones ----------------------------------------------------------------------------------------------------- */

#define PHONE_BYTES 24
/* E.164 ("+41443334455") by libphonenumber, IsPossibleNumber. country: ISO 3166 alpha-2 default region, or "".
 * Input is capped at 64 bytes. ERR_INVALID "phone.malformed". Thread-safe. */
MUST_CHECK enum result phone_normalise(struct str in, const char *country, char out[PHONE_BYTES], struct error *e);
/* All the same digit, 1234567, +1 555 0100…: values that name nobody. */
bool phone_is_generic(struct str e164);

/* ---- Addresses -------------------------------------------------------------------------------------------------- */

#define POSTCODE_BYTES 16
void postcode_normalise(struct str in, char out[POSTCODE_BYTES]); /* upper case, no blanks: "SW1A1AA" */
/* Folded street with common abbreviations spelled out ("st" → "street", "str" → "strasse"). */
size_t street_fold(struct str in, char out[TEXT_FOLD_BYTES]);

#endif
