/* jansson as the judge of our JSON parser (docs/decisions/0008). Its header and ours name some things alike, so that no
 * file can include both: this door is all that tests see of it. */
#ifndef BYNAME_TESTS_JUDGE_H
#define BYNAME_TESTS_JUDGE_H

#include "base/str.h"

enum verdict {
	JUDGE_REFUSES,
	JUDGE_ACCEPTS,
};

/* What jansson says of a text, and what it reads, in the form below. */
enum verdict judge_json(struct str text, struct buf *out);
/* Only the parsing, to be timed. */
bool judge_only_parses(struct str text);

/* The form: every value as "kind value;", strings with their length, doubles exactly. */
static inline void judge_int(struct buf *out, int64_t v)
{
	buf_printf(out, "i%lld;", (long long)v);
}
static inline void judge_real(struct buf *out, double v)
{
	buf_printf(out, "r%a;", v);
}
static inline void judge_string(struct buf *out, struct str s)
{
	buf_printf(out, "s%zu:", s.n);
	buf_add(out, s.p, s.n);
	buf_char(out, ';');
}

#endif
