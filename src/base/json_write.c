#include "base/clock.h"
#include "base/json.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_DEPTH 64
#define LONGEST_DOUBLE 32
#define EXACT_INTEGER 9007199254740992.0 /* 2^53 */

/* Room for n bytes and the final NUL; inlined, for this is where the time of an answer goes. */
static inline char *room(struct buf *b, size_t n)
{
	if (__builtin_expect(!b->failed && n < b->cap - b->n, 1))
		return b->p + b->n;
	return buf_space(b, n);
}

static inline void add_char(struct buf *b, char c)
{
	char *to = room(b, 1);

	if (!to)
		return;
	to[0] = c;
	to[1] = '\0';
	b->n++;
}

void jw_init(struct json_writer *w, struct buf *out)
{
	*w = (struct json_writer){ .out = out };
}

/* Before any value: the comma, and the check that it may stand here. */
static void begin_value(struct json_writer *w)
{
	uint64_t level = 1ull << w->depth;

	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->depth == 0)
		return;
	assert(!(w->is_object & level)); /* a value in an object needs its key */
	if (w->has_member & level)
		add_char(w->out, ',');
	w->has_member |= level;
}

static void open_container(struct json_writer *w, char c, bool object)
{
	uint64_t level;

	begin_value(w);
	assert(w->depth < MOST_DEPTH - 1);
	level = 1ull << ++w->depth;
	w->has_member &= ~level;
	w->is_object = object ? w->is_object | level : w->is_object & ~level;
	add_char(w->out, c);
}

static void close_container(struct json_writer *w, char c, bool object)
{
	assert(w->depth > 0 && !w->after_key && !!(w->is_object & 1ull << w->depth) == object);
	(void)object;
	w->depth--;
	add_char(w->out, c);
}

void jw_object(struct json_writer *w)
{
	open_container(w, '{', true);
}

void jw_end_object(struct json_writer *w)
{
	close_container(w, '}', true);
}

void jw_array(struct json_writer *w)
{
	open_container(w, '[', false);
}

void jw_end_array(struct json_writer *w)
{
	close_container(w, ']', false);
}

/* ---- Strings ---------------------------------------------------------------------------------------------------- */

/* 0: stands for itself; 1: a control character written in hexadecimal; 2: not ASCII; else the letter behind a
 * backslash. */
static const char escapes[256] = {
	[0 ... 7] = 1, ['\b'] = 'b',    ['\t'] = 't', ['\n'] = 'n',  [11] = 1,          ['\f'] = 'f',
	['\r'] = 'r',  [14 ... 31] = 1, ['"'] = '"',  ['\\'] = '\\', [128 ... 255] = 2,
};

/* How many bytes from p stand for themselves. Eight at a time where none is special: see plain_run() in json_parse.c.
 */
static size_t plain(const char *p, size_t n)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	size_t i = 0;
	uint64_t w;

	for (; i + 8 <= n; i += 8) {
		memcpy(&w, p + i, 8);
		if (((w - ones * 0x20) | ((w ^ ones * '"') - ones) | ((w ^ ones * '\\') - ones) | w) & tops)
			break;
	}
	while (i < n && !escapes[(unsigned char)p[i]])
		i++;
	return i;
}

/* Writes one special character at p; returns how many bytes of the source it took. */
static size_t add_special(struct buf *b, const char *p, size_t n)
{
	unsigned char c = (unsigned char)*p;
	char escape = escapes[c];
	size_t step;

	if (escape == 2) {
		step = utf8_step(p, n);
		if (step > 0) {
			buf_add(b, p, step);
			return step;
		}
		buf_add(b, "\xEF\xBF\xBD", 3);
		return 1;
	}
	if (escape == 1) {
		static const char digits[] = "0123456789abcdef";
		char text[6] = { '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] };

		buf_add(b, text, 6);
		return 1;
	}
	buf_add(b, (char[2]){ '\\', escape }, 2);
	return 1;
}

static void add_escaped(struct buf *b, const char *p, size_t n)
{
	add_char(b, '"');
	while (n > 0) {
		size_t run = plain(p, n);

		buf_add(b, p, run);
		p += run;
		n -= run;
		if (n == 0)
			break;
		run = add_special(b, p, n);
		p += run;
		n -= run;
	}
	add_char(b, '"');
}

/* The string in quotes and, where after is not NUL, that character. */
static void add_quoted(struct buf *b, const char *p, size_t n, char after)
{
	char *to;

	if (plain(p, n) < n) {
		add_escaped(b, p, n);
		if (after)
			add_char(b, after);
		return;
	}
	to = room(b, n + 3);
	if (!to)
		return;
	*to++ = '"';
	if (n > 0)
		memcpy(to, p, n);
	to += n;
	*to++ = '"';
	if (after)
		*to++ = after;
	*to = '\0';
	b->n = (size_t)(to - b->p);
}

void jw_key(struct json_writer *w, const char *key)
{
	uint64_t level = 1ull << w->depth;

	assert(w->depth > 0 && (w->is_object & level) && !w->after_key);
	if (w->has_member & level)
		add_char(w->out, ',');
	w->has_member |= level;
	w->after_key = true;
	add_quoted(w->out, key, strlen(key), ':');
}

void jw_str(struct json_writer *w, struct str s)
{
	begin_value(w);
	add_quoted(w->out, s.p, s.n, '\0');
}

void jw_cstr(struct json_writer *w, const char *s)
{
	if (s)
		jw_str(w, str_c(s));
	else
		jw_null(w);
}

/* ---- Other values ------------------------------------------------------------------------------------------------ */

void jw_i64(struct json_writer *w, int64_t v)
{
	begin_value(w);
	buf_i64(w->out, v);
}

/* Few digits behind the point: m / 10^k, both exact, rounds to v itself, so this text reads back as v. */
static bool add_short_decimal(struct buf *b, double v)
{
	static const double powers[] = { 1, 10, 100, 1e3, 1e4, 1e5, 1e6 };
	double a = fabs(v);

	for (int k = 0; k < 7; k++) {
		double m = a * powers[k];
		int64_t whole, part;
		char text[8];

		if (m >= EXACT_INTEGER - 1)
			return false;
		m = (double)(int64_t)(m + 0.5);
		if (m / powers[k] != a)
			continue;
		whole = (int64_t)m / (int64_t)powers[k];
		part = (int64_t)m % (int64_t)powers[k];
		if (v < 0)
			buf_char(b, '-');
		buf_i64(b, whole);
		if (k > 0) {
			text[0] = '.';
			for (int i = k; i > 0; i--, part /= 10)
				text[i] = (char)('0' + part % 10);
			buf_add(b, text, (size_t)k + 1);
		}
		return true;
	}
	return false;
}

void jw_f64(struct json_writer *w, double v)
{
	char text[LONGEST_DOUBLE];
	int n = 0;

	if (!isfinite(v)) {
		jw_null(w);
		return;
	}
	begin_value(w);
	if (v == 0 && signbit(v)) {
		buf_str(w->out, "-0.0");
		return;
	}
	if (add_short_decimal(w->out, v))
		return;
	for (int digits = 15; digits <= 17; digits++) {
		n = snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	for (int i = 0; i < n; i++)
		if (!strchr("0123456789+-e", text[i]))
			text[i] = '.'; /* whatever the locale's decimal mark is */
	buf_add(w->out, text, (size_t)n);
}

void jw_bool(struct json_writer *w, bool v)
{
	begin_value(w);
	if (v)
		buf_add(w->out, "true", 4);
	else
		buf_add(w->out, "false", 5);
}

void jw_null(struct json_writer *w)
{
	begin_value(w);
	buf_add(w->out, "null", 4);
}

void jw_time(struct json_writer *w, int64_t us)
{
	char text[TIME_TEXT_BYTES];

	time_format(text, us);
	jw_cstr(w, text);
}

void jw_raw(struct json_writer *w, struct str json)
{
	begin_value(w);
	buf_add(w->out, json.p, json.n);
}

void jw_kstr(struct json_writer *w, const char *key, struct str s)
{
	jw_key(w, key);
	jw_str(w, s);
}

void jw_kcstr(struct json_writer *w, const char *key, const char *s)
{
	jw_key(w, key);
	jw_cstr(w, s);
}

void jw_ki64(struct json_writer *w, const char *key, int64_t v)
{
	jw_key(w, key);
	jw_i64(w, v);
}

void jw_kf64(struct json_writer *w, const char *key, double v)
{
	jw_key(w, key);
	jw_f64(w, v);
}

void jw_kbool(struct json_writer *w, const char *key, bool v)
{
	jw_key(w, key);
	jw_bool(w, v);
}

void jw_ktime(struct json_writer *w, const char *key, int64_t us)
{
	jw_key(w, key);
	jw_time(w, us);
}

void jw_kid(struct json_writer *w, const char *key, enum id_kind kind, int64_t id)
{
	char text[ID_TEXT_BYTES];

	jw_key(w, key);
	if (id == 0) {
		jw_null(w);
		return;
	}
	id_format(text, kind, id);
	jw_cstr(w, text);
}
