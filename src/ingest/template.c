#include "ingest/template.h"

struct scan {
	const char *p, *end;
	struct arena *a;
	const char *what;
	bool memory;
};

static void *make(struct scan *s, size_t size)
{
	void *p = arena_alloc(s->a, size);
	if (!p)
		s->memory = true;
	return p;
}

static bool modifier(struct ref *r, struct str m)
{
	if (str_is(m, "upper"))
		return r->upper = true;
	if (str_is(m, "lower"))
		return r->lower = true;
	if (str_is(m, "integer"))
		return r->integer = true;
	if (str_is(m, "digits"))
		return r->digits = true;
	if (str_is(m, "abs"))
		return r->absolute = true;
	return false;
}

static bool ref_name(struct scan *s, struct ref *r, struct str name)
{
	name = str_trim(name);
	if (name.n && name.p[name.n - 1] == '?') {
		r->optional = true;
		name = str_trim((struct str){ name.p, name.n - 1 });
	}
	if (!name.n || r->count == REF_NAMES_MAX) {
		s->what = name.n ? "too many alternatives" : "a column has a name";
		return false;
	}
	r->columns[r->count] = -1;
	r->names[r->count++] = name;
	return true;
}

/* From after '{' to after '}'. */
static struct ref *read_ref(struct scan *s)
{
	const char *close = memchr(s->p, '}', (size_t)(s->end - s->p));
	struct ref *r = make(s, sizeof(*r));
	if (!close)
		s->what = "a brace does not close";
	if (!r || !close)
		return NULL;
	struct str body = { s->p, (size_t)(close - s->p) }, names, m;
	s->p = close + 1;
	if (!str_split(&body, '|', &names)) {
		s->what = "a column has a name";
		return NULL;
	}
	while (str_split(&body, '|', &m))
		if (!modifier(r, str_trim(m))) {
			s->what = "no such modifier";
			return NULL;
		}
	for (;;) {
		const char *two = memmem(names.p, names.n, "??", 2);
		if (!ref_name(s, r, two ? (struct str){ names.p, (size_t)(two - names.p) } : names))
			return NULL;
		if (!two)
			return r;
		names = (struct str){ two + 2, (size_t)(names.p + names.n - two) - 2 };
	}
}

static bool ahead(const struct scan *s, const char *word)
{
	size_t n = strlen(word);
	return (size_t)(s->end - s->p) >= n && !memcmp(s->p, word, n);
}

static void blanks(struct scan *s)
{
	while (s->p < s->end && *s->p == ' ')
		s->p++;
}

static bool take(struct scan *s, const char *word)
{
	blanks(s);
	if (!ahead(s, word))
		return false;
	const char *after = s->p + strlen(word);
	if (after < s->end && *after != ' ')
		return false;
	s->p = after;
	return true;
}

/* Up to " and {", " else " or the end. */
static struct str cond_value(struct scan *s)
{
	blanks(s);
	const char *from = s->p;
	while (s->p < s->end && !ahead(s, " and {") && !ahead(s, " else "))
		s->p++;
	return str_trim((struct str){ from, (size_t)(s->p - from) });
}

static struct cond *read_cond(struct scan *s)
{
	blanks(s);
	struct cond *c = make(s, sizeof(*c));
	if (!c)
		return NULL;
	if (s->p == s->end || *s->p != '{') {
		s->what = "a condition begins with a {column}";
		return NULL;
	}
	s->p++;
	c->ref = read_ref(s);
	if (!c->ref)
		return NULL;
	bool is = take(s, "is");
	c->negate = take(s, "not");
	if (take(s, "empty"))
		c->op = COND_EMPTY;
	else if (take(s, "starts"))
		c->op = COND_STARTS;
	else if (take(s, "below"))
		c->op = COND_BELOW;
	else if (take(s, "above"))
		c->op = COND_ABOVE;
	else if (is)
		c->op = COND_IS;
	else {
		s->what = "a condition is: is, is not, starts, empty, below, above";
		return NULL;
	}
	if (c->op != COND_EMPTY)
		c->value = cond_value(s);
	if (c->op != COND_EMPTY && !c->value.n) {
		s->what = "a condition compares with a value";
		return NULL;
	}
	if (ahead(s, " and {")) {
		s->p += 5;
		c->next = read_cond(s);
		if (!c->next)
			return NULL;
	}
	return c;
}

static struct part *add_part(struct scan *s, struct part ***tail, struct str literal, struct ref *r)
{
	struct part *p = make(s, sizeof(*p));
	if (!p)
		return NULL;
	p->literal = literal;
	p->ref = r;
	**tail = p;
	*tail = &p->next;
	return p;
}

static struct template *read_template(struct scan *s)
{
	struct template *t = make(s, sizeof(*t));
	if (!t)
		return NULL;
	struct part **tail = &t->parts;
	blanks(s);
	/* "if {…}" at the front: a condition alone, whose value is "yes". */
	const char *from = s->p;
	if (s->p < s->end && ahead(s, "if {")) {
		if (!add_part(s, &tail, STR("yes"), NULL))
			return NULL;
		s->p += 3;
		t->cond = read_cond(s);
		from = s->p;
		if (!t->cond)
			return NULL;
	}
	while (s->p < s->end && !t->cond && !ahead(s, " if {")) {
		if (*s->p != '{') {
			s->p++;
			continue;
		}
		if (s->p > from && !add_part(s, &tail, (struct str){ from, (size_t)(s->p - from) }, NULL))
			return NULL;
		s->p++;
		struct ref *r = read_ref(s);
		if (!r || !add_part(s, &tail, STR(""), r))
			return NULL;
		from = s->p;
	}
	if (s->p > from && !t->cond && !add_part(s, &tail, (struct str){ from, (size_t)(s->p - from) }, NULL))
		return NULL;
	if (!t->cond && ahead(s, " if {")) {
		s->p += 4;
		t->cond = read_cond(s);
		if (!t->cond)
			return NULL;
	}
	if (ahead(s, " else ")) {
		s->p += 6;
		t->otherwise = read_template(s);
		if (!t->otherwise)
			return NULL;
	}
	return t;
}

struct template *template_parse(struct str text, struct arena *a, const char **what)
{
	struct scan s = { .p = text.p, .end = text.p + text.n, .a = a };
	struct template *t = read_template(&s);
	if (t && s.p != s.end) {
		t = NULL;
		s.what = "what follows is not understood";
	}
	*what = s.memory ? NULL : s.what;
	return t;
}

bool template_refs(struct template *t, bool (*fn)(struct ref *r, void *arg), void *arg)
{
	for (; t; t = t->otherwise) {
		for (struct part *p = t->parts; p; p = p->next)
			if (p->ref && !fn(p->ref, arg))
				return false;
		for (struct cond *c = t->cond; c; c = c->next)
			if (!fn(c->ref, arg))
				return false;
	}
	return true;
}
