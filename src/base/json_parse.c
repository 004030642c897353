/* The JSON parser: RFC 8259, recursive descent over our own copy of the text (docs/decisions/0008-json-reader.md).
 * Strings are unescaped in place; members are gathered on a stack and moved to the arena when their container closes.
 */
#include "base/hash.h"
#include "base/json_value.h"
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sodium.h>

#define DEFAULT_BYTES (1024 * 1024)
#define DEFAULT_DEPTH 32
#define MOST_DEPTH 60 /* the parser recurses, and what is read can be written again (json_write.c holds 63 levels) */
#define LOCAL_VALUES 64
#define FEW_MEMBERS 12 /* compared pair by pair; more go through a hash table */
#define EXACT_INTEGER (1LL << 53)
#define LARGE_EXPONENT 1000000000000 /* beyond what a text's length could balance */
#define EXACT_POWER 22               /* 10^22 is the last power of ten that a double holds exactly */

struct document {
	struct json root; /* first: json_free() gets its address */
	struct arena *arena;
};

struct parser {
	char *text, *at, *end; /* *end is NUL */
	int depth, most_depth;
	struct arena *arena;
	struct json *stack, local[LOCAL_VALUES];
	size_t stacked, capacity;
	const char *source; /* what the caller gave: the copy is overwritten */
	struct error *e;
	enum result result;
};

static bool parse_value(struct parser *p, struct json *v);

static void position(const struct parser *p, const char *at, size_t *line, size_t *column)
{
	size_t offset = (size_t)(at - p->text), start = 0;

	*line = 1;
	for (size_t i = 0; i < offset; i++)
		if (p->source[i] == '\n') {
			(*line)++;
			start = i + 1;
		}
	*column = offset - start + 1;
}

static bool fail(struct parser *p, const char *at, const char *code, const char *what)
{
	size_t line, column;

	position(p, at, &line, &column);
	p->result = error_set(p->e, ERR_INVALID, code, NULL, "%s at line %zu, column %zu", what, line, column);
	return false;
}

static bool malformed(struct parser *p, const char *what)
{
	return fail(p, p->at, "json.malformed", what);
}

static bool nomem(struct parser *p)
{
	p->result = error_nomem(p->e);
	return false;
}

static void skip_space(struct parser *p)
{
	while (*p->at == ' ' || *p->at == '\n' || *p->at == '\t' || *p->at == '\r')
		p->at++;
}

/* ---- Strings ---------------------------------------------------------------------------------------------------- */

static bool hex4(const char *s, unsigned *out)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		char c = s[i];
		unsigned digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (unsigned)((c | 0x20) - 'a' + 10);
		else
			return false; /* the final NUL ends up here, so s is never overrun */
		v = v << 4 | digit;
	}
	*out = v;
	return true;
}

static char *put_utf8(char *to, unsigned c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xC0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3F));
	} else if (c < 0x10000) {
		*to++ = (char)(0xE0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3F));
		*to++ = (char)(0x80 | (c & 0x3F));
	} else {
		*to++ = (char)(0xF0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3F));
		*to++ = (char)(0x80 | (c >> 6 & 0x3F));
		*to++ = (char)(0x80 | (c & 0x3F));
	}
	return to;
}

/* p->at is behind "\u". */
static bool parse_unicode(struct parser *p, char **to)
{
	unsigned c, low;

	if (!hex4(p->at, &c))
		return malformed(p, "four hexadecimal digits expected");
	if (c == 0)
		return fail(p, p->at, "json.nul", "U+0000 is not allowed");
	p->at += 4;
	if (c >= 0xDC00 && c <= 0xDFFF)
		return malformed(p, "second half of a surrogate pair without the first");
	if (c >= 0xD800 && c <= 0xDBFF) {
		if (p->at[0] != '\\' || p->at[1] != 'u' || !hex4(p->at + 2, &low) || low < 0xDC00 || low > 0xDFFF)
			return malformed(p, "first half of a surrogate pair without the second");
		p->at += 6;
		c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
	}
	*to = put_utf8(*to, c);
	return true;
}

/* p->at is behind the backslash. */
static bool parse_escape(struct parser *p, char **to)
{
	char c = *p->at++;

	switch (c) {
	case '"':
	case '\\':
	case '/':
		break;
	case 'b':
		c = '\b';
		break;
	case 'f':
		c = '\f';
		break;
	case 'n':
		c = '\n';
		break;
	case 'r':
		c = '\r';
		break;
	case 't':
		c = '\t';
		break;
	case 'u':
		return parse_unicode(p, to);
	default:
		p->at--;
		return malformed(p, "unknown escape");
	}
	*(*to)++ = c;
	return true;
}

/* Moves over bytes that stand for themselves. Eight at a time: the sums below set a byte's top bit where it is below
 * 0x20, a quote, a backslash or not ASCII (a borrow may also flag the byte above such a one, never hide one). */
static char *plain_run(char *at, const char *end)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t w, stop;

	while (at + 8 <= end) {
		memcpy(&w, at, 8);
		stop = (w - ones * 0x20) | ((w ^ ones * '"') - ones) | ((w ^ ones * '\\') - ones) | w;
		if (stop & tops)
			break;
		at += 8;
	}
	while ((unsigned char)*at >= 0x20 && *at != '"' && *at != '\\' && (unsigned char)*at < 0x80)
		at++;
	return at;
}

static bool parse_string(struct parser *p, const char **text, uint32_t *n)
{
	char *from = ++p->at, *to = from;

	for (;;) {
		char *run = plain_run(p->at, p->end);
		size_t length = (size_t)(run - p->at), step;

		if (to != p->at)
			memmove(to, p->at, length);
		to += length;
		p->at = run;
		if (*run == '"')
			break;
		if (*run == '\\') {
			p->at++;
			if (!parse_escape(p, &to))
				return false;
			continue;
		}
		if (run == p->end)
			return malformed(p, "unfinished string");
		if (*run == '\0')
			return fail(p, run, "json.nul", "U+0000 is not allowed");
		step = utf8_step(run, (size_t)(p->end - run));
		if (step < 2)
			return malformed(p, step ? "control character in a string" : "not UTF-8");
		memmove(to, run, step);
		to += step;
		p->at += step;
	}
	*to = '\0';
	p->at++;
	*text = from;
	*n = (uint32_t)(to - from);
	return true;
}

/* ---- Numbers ---------------------------------------------------------------------------------------------------- */

static locale_t c_locale;

static void make_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* The library's own conversion, for what the exact way below cannot do. The text is ended by a borrowed NUL. */
static double convert_slowly(char *text, char *end)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char kept = *end;
	double f;

	pthread_once(&once, make_locale);
	*end = '\0';
	f = c_locale ? strtod_l(text, NULL, c_locale) : strtod(text, NULL);
	*end = kept;
	return f;
}

/* digits × 10^exponent: both exact in a double, so that one rounding, of the product or quotient, gives the nearest. */
static double convert_exactly(int64_t digits, int64_t exponent)
{
	static const double powers[EXACT_POWER + 1] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
		                                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
		                                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

	return exponent < 0 ? (double)digits / powers[-exponent] : (double)digits * powers[exponent];
}

struct number {
	int64_t digits; /* all of them, without the point; meaningless when overflowed */
	int64_t scale;  /* how many of them stand behind the point */
	bool overflow, negative, real;
};

static bool take_digits(struct parser *p, struct number *n, bool fraction)
{
	char *first = p->at;

	for (; *p->at >= '0' && *p->at <= '9'; p->at++) {
		n->overflow |= __builtin_mul_overflow(n->digits, 10, &n->digits);
		n->overflow |= __builtin_sub_overflow(n->digits, *p->at - '0', &n->digits); /* downwards: INT64_MIN */
		n->scale += fraction;
	}
	return p->at != first;
}

static bool take_exponent(struct parser *p, int64_t *exponent)
{
	bool negative = false;
	char *first;

	p->at++;
	if (*p->at == '+' || *p->at == '-')
		negative = *p->at++ == '-';
	first = p->at;
	for (; *p->at >= '0' && *p->at <= '9'; p->at++)
		if (*exponent < LARGE_EXPONENT)
			*exponent = *exponent * 10 + (*p->at - '0');
	if (negative)
		*exponent = -*exponent;
	return p->at != first;
}

static bool parse_number(struct parser *p, struct json *v)
{
	struct number n = { 0 };
	int64_t exponent = 0;

	v->text = p->at;
	if (*p->at == '-') {
		n.negative = true;
		p->at++;
	}
	if (*p->at == '0' && p->at[1] >= '0' && p->at[1] <= '9')
		return malformed(p, "a number may not begin with 0");
	if (!take_digits(p, &n, false))
		return malformed(p, "digit expected");
	if (*p->at == '.') {
		n.real = true;
		p->at++;
		if (!take_digits(p, &n, true))
			return malformed(p, "digit expected");
	}
	if (*p->at == 'e' || *p->at == 'E') {
		n.real = true;
		if (!take_exponent(p, &exponent))
			return malformed(p, "digit expected");
	}
	v->n = (uint32_t)(p->at - v->text);
	if (!n.real) {
		if (n.overflow || (!n.negative && n.digits == INT64_MIN))
			return malformed(p, "integer beyond 64 bits");
		v->kind = JSON_INT;
		v->i = n.negative ? n.digits : -n.digits;
		return true;
	}
	v->kind = JSON_REAL;
	exponent -= n.scale;
	if (!n.overflow && n.digits >= -EXACT_INTEGER && exponent >= -EXACT_POWER && exponent <= EXACT_POWER)
		v->f = copysign(convert_exactly(n.digits, exponent), n.negative ? -1.0 : 1.0);
	else
		v->f = convert_slowly((char *)v->text, p->at);
	if (!isfinite(v->f))
		return malformed(p, "number too large");
	return true;
}

/* ---- Arrays and objects ------------------------------------------------------------------------------------------ */

static bool push(struct parser *p, const struct json *v)
{
	if (p->stacked == p->capacity) {
		struct json *old = p->stack == p->local ? NULL : p->stack;
		struct json *larger = mem_realloc(old, 2 * p->capacity * sizeof(*larger));

		if (!larger)
			return nomem(p);
		if (!old)
			memcpy(larger, p->local, sizeof(p->local));
		p->stack = larger;
		p->capacity *= 2;
	}
	p->stack[p->stacked++] = *v;
	return true;
}

/* Moves what was pushed since `first` into the arena, as the members of v. */
static bool close_container(struct parser *p, struct json *v, size_t first)
{
	size_t n = p->stacked - first;

	p->at++;
	p->depth--;
	p->stacked = first;
	v->n = (uint32_t)n;
	v->items = NULL;
	if (n > 0) {
		struct json *items = arena_array(p->arena, n, sizeof(*items));

		if (!items)
			return nomem(p);
		memcpy(items, p->stack + first, n * sizeof(*items));
		v->items = items;
	}
	return true;
}

static bool enter(struct parser *p)
{
	if (p->depth == p->most_depth)
		return fail(p, p->at, "json.too_deep", "nested too deeply");
	p->depth++;
	p->at++;
	skip_space(p);
	return true;
}

static bool parse_array(struct parser *p, struct json *v)
{
	struct json item;
	size_t first = p->stacked;

	if (!enter(p))
		return false;
	v->kind = JSON_ARRAY;
	if (*p->at == ']')
		return close_container(p, v, first);
	for (;;) {
		item.key = NULL;
		item.key_n = 0;
		if (!parse_value(p, &item) || !push(p, &item))
			return false;
		if (*p->at == ']')
			return close_container(p, v, first);
		if (*p->at != ',')
			return malformed(p, "',' or ']' expected");
		p->at++;
		skip_space(p);
	}
}

static bool same_key(const struct json *a, const struct json *b)
{
	return a->key_n == b->key_n && memcmp(a->key, b->key, a->key_n) == 0;
}

static bool duplicate(struct parser *p, const struct json *member)
{
	p->result = error_set(p->e, ERR_INVALID, "json.duplicate_key", member->key, "the same key twice in an object");
	return false;
}

/* Keys are a stranger's: the table is seeded, or they could be chosen to collide. */
static bool check_many_keys(struct parser *p, const struct json *members, size_t n)
{
	uint64_t seed;
	size_t slots = 64;
	uint32_t *table;
	bool ok = true;

	while (slots < 2 * n)
		slots *= 2;
	table = mem_calloc(slots, sizeof(*table));
	if (!table)
		return nomem(p);
	randombytes_buf(&seed, sizeof(seed));
	for (size_t i = 0; i < n && ok; i++) {
		size_t slot = hash64(members[i].key, members[i].key_n, seed) & (slots - 1);

		for (; table[slot] && ok; slot = (slot + 1) & (slots - 1))
			if (same_key(&members[table[slot] - 1], &members[i]))
				ok = duplicate(p, &members[i]);
		table[slot] = (uint32_t)i + 1;
	}
	mem_free(table);
	return ok;
}

static bool check_keys(struct parser *p, size_t first)
{
	const struct json *members = p->stack + first;
	size_t n = p->stacked - first;

	if (n > FEW_MEMBERS)
		return check_many_keys(p, members, n);
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (same_key(&members[i], &members[j]))
				return duplicate(p, &members[i]);
	return true;
}

static bool parse_member(struct parser *p)
{
	struct json member;

	if (*p->at != '"')
		return malformed(p, "a key in quotes expected");
	if (!parse_string(p, &member.key, &member.key_n))
		return false;
	skip_space(p);
	if (*p->at != ':')
		return malformed(p, "':' expected");
	p->at++;
	skip_space(p);
	return parse_value(p, &member) && push(p, &member);
}

static bool parse_object(struct parser *p, struct json *v)
{
	size_t first = p->stacked;

	if (!enter(p))
		return false;
	v->kind = JSON_OBJECT;
	if (*p->at == '}')
		return close_container(p, v, first);
	for (;;) {
		if (!parse_member(p))
			return false;
		if (*p->at == '}')
			return check_keys(p, first) && close_container(p, v, first);
		if (*p->at != ',')
			return malformed(p, "',' or '}' expected");
		p->at++;
		skip_space(p);
	}
}

static bool parse_word(struct parser *p, struct json *v, const char *word, enum json_kind kind)
{
	size_t n = strlen(word);

	if (strncmp(p->at, word, n) != 0)
		return malformed(p, "a value expected");
	p->at += n;
	v->kind = kind;
	v->b = *word == 't';
	v->n = 0;
	return true;
}

/* Fills all of v but its key; blanks behind it are skipped. */
static bool parse_value(struct parser *p, struct json *v)
{
	bool ok;

	v->text = NULL;
	switch (*p->at) {
	case '{':
		ok = parse_object(p, v);
		break;
	case '[':
		ok = parse_array(p, v);
		break;
	case '"':
		v->kind = JSON_STRING;
		ok = parse_string(p, &v->text, &v->n);
		break;
	case 't':
		ok = parse_word(p, v, "true", JSON_BOOL);
		break;
	case 'f':
		ok = parse_word(p, v, "false", JSON_BOOL);
		break;
	case 'n':
		ok = parse_word(p, v, "null", JSON_NULL);
		break;
	default:
		ok = *p->at == '-' || (*p->at >= '0' && *p->at <= '9') ? parse_number(p, v)
		                                                       : malformed(p, "a value expected");
	}
	if (ok)
		skip_space(p);
	return ok;
}

/* ---- The door --------------------------------------------------------------------------------------------------- */

static enum result parse_document(struct parser *p, struct document *doc)
{
	p->stack = p->local;
	p->capacity = LOCAL_VALUES;
	skip_space(p);
	if (parse_value(p, &doc->root) && p->at != p->end)
		malformed(p, "nothing more expected");
	if (p->stack != p->local)
		mem_free(p->stack);
	return p->result;
}

enum result json_parse(struct str text, const struct json_limits *limits, struct json **out, struct error *e)
{
	size_t most = limits && limits->bytes ? limits->bytes : DEFAULT_BYTES;
	int depth = limits && limits->depth ? limits->depth : DEFAULT_DEPTH;
	struct document *doc;
	struct parser p;
	struct arena *a;

	if (text.n > most || text.n >= UINT32_MAX)
		return error_set(e, ERR_TOO_LARGE, "json.too_large", NULL, "longer than %zu bytes", most);
	/* a value takes at least two bytes of text, so this is never the limit that is met */
	a = arena_new(text.n * sizeof(struct json) + 4096);
	if (!a)
		return error_nomem(e);
	doc = arena_alloc(a, sizeof(*doc));
	p.text = arena_strndup(a, text.p, text.n);
	if (!doc || !p.text) {
		arena_free(a);
		return error_nomem(e);
	}
	doc->arena = p.arena = a;
	p.at = p.text;
	p.end = p.text + text.n;
	p.source = text.p;
	p.depth = 0;
	p.most_depth = depth < MOST_DEPTH ? depth : MOST_DEPTH;
	p.stacked = 0;
	p.e = e;
	p.result = OK;
	if (parse_document(&p, doc) != OK) {
		arena_free(a);
		return p.result;
	}
	*out = &doc->root;
	return OK;
}

void json_free(struct json *doc)
{
	if (doc)
		arena_free(((struct document *)doc)->arena);
}
