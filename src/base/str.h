/* Strings: views that own nothing, and a growing buffer with a limit and a sticky failure. */
#ifndef BYNAME_BASE_STR_H
#define BYNAME_BASE_STR_H

#include "base/mem.h"
#include <string.h>

/* A view of n bytes; not necessarily NUL-terminated; p may be NULL only when n is 0. */
struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_ARG(s) (int)(s).n, (s).p /* for "%.*s" */

static inline struct str str_c(const char *s) /* NULL gives the empty view */
{
	return (struct str){ s, s ? strlen(s) : 0 };
}
static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool str_is(struct str a, const char *b)
{
	return str_eq(a, str_c(b));
}
int str_cmp(struct str a, struct str b); /* bytewise, shorter first */
bool str_starts(struct str s, struct str prefix);
struct str str_trim(struct str s);                            /* ASCII white space off both ends */
bool str_split(struct str *rest, char sep, struct str *part); /* takes the next part; false when none is left */
char *str_dup(struct arena *a, struct str s);                 /* NUL-terminated copy; NULL when memory is out */
bool str_utf8_valid(struct str s);                            /* well-formed UTF-8 without U+0000 */

/* Length (1 to 4) of the well-formed UTF-8 character at p, of n bytes; 0 when there is none (broken, or n is 0). */
size_t utf8_step(const char *p, size_t n);

/* Whole decimal integer, optional sign; false on anything else or overflow. */
bool str_to_i64(struct str s, int64_t *out);

/* A growing byte buffer on the heap. After a failure (memory, limit) it stays failed: check once at the end. */
struct buf {
	char *p; /* NUL-terminated at n whenever not NULL */
	size_t n, cap, limit;
	bool failed;
};

void buf_init(struct buf *b, size_t limit); /* limit 0: 64 MiB */
void buf_free(struct buf *b);
void buf_clear(struct buf *b); /* n = 0, keeps the memory, clears the failure */
void buf_add(struct buf *b, const void *p, size_t n);
/* Room for n more bytes (and a NUL) to write into; advance b->n yourself. NULL when the buffer has failed. */
char *buf_space(struct buf *b, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_i64(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
static inline struct str buf_view(const struct buf *b)
{
	return (struct str){ b->p ? b->p : "", b->n };
}
#define BUF_AUTO __attribute__((cleanup(buf_free)))

#endif
