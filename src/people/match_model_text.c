/* The model as text that a person reads and edits: a thing a line, its first word says what; # begins a remark. */
#include "people/match_inside.h"
#include <inttypes.h>
#include <stdlib.h>

#define LINE_MOST 512

static const char *const state_names[] = { "normal", "household", "generic" };

/* ---- Printing ---------------------------------------------------------------------------------------------------- */

static void print_comparison(const struct match_comparison *c, struct buf *out)
{
	buf_printf(out, "\ncomparison %s%s%s\nmean %d\n", c->name, c->kind[0] ? " " : "", c->kind, c->mean);
	if (field_is_contact(c->field))
		buf_printf(out, "household %d\n", c->household);
	buf_printf(out, "#      weight   home            m            u            h  rarity%%  level\n");
	for (int j = 0; j < c->level_count; j++) {
		const struct match_level *l = &c->levels[j];

		buf_printf(out, "level %7d %6d  %.5e  %.5e  %.5e  %7d  %s\n", l->weight, l->home, l->m, l->u, l->h,
		           l->share, l->name);
	}
}

/* Of the next line. */
static void print_kind(const char *kind, struct buf *out)
{
	if (kind[0])
		buf_printf(out, "kind %s\n", kind);
}

void match_model_print(const struct match_model *m, struct buf *out)
{
	buf_printf(
	        out,
	        "# Who is one person. A score is a sum of weights, thousandths of log2 of the odds: prior and weight\n"
	        "# against two strangers, housemates and home against two of one household.\n");
	buf_printf(out,
	           "model %" PRId64 "\nrecords %" PRId64
	           "\nprior %d\nhousemates %d\ncomponent %d\nlink %d\ntogether %d\n",
	           m->version, m->records, m->prior, m->housemates, m->component, m->link, m->together);
	for (int i = 0; i < m->comparison_count; i++)
		print_comparison(&m->comparisons[i], out);
	buf_printf(out,
	           "\n# How rare values are, 1000 -log2 of their share: what is not listed, then what is frequent.\n");
	for (int s = 0; s < WORD_SORTS; s++)
		buf_printf(out, "unseen %d %s\n", m->unseen[s], word_sort_name((enum word_sort)s));
	for (int i = 0; i < m->term_count; i++) {
		const struct match_term *t = &m->terms[i];

		print_kind(t->kind, out);
		buf_printf(out, "term %d %s %s\n", t->rarity, word_sort_name(t->sort), t->text);
	}
	if (m->shared_count)
		buf_printf(out, "\n# Values that several people or nobody own.\n");
	for (int i = 0; i < m->shared_count; i++) {
		print_kind(m->shared[i].kind, out);
		buf_printf(out, "shared %s %s %s\n", state_names[m->shared[i].state], word_sort_name(m->shared[i].sort),
		           m->shared[i].text);
	}
	if (m->crowded_count)
		buf_printf(out, "\n# Keys that too many records have.\n");
	for (int i = 0; i < m->crowded_count; i++)
		buf_printf(out, "crowded %016" PRIx64 "\n", m->crowded[i]);
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

struct reading {
	struct match_model *m;
	struct match_comparison *comparison; /* that the next levels belong to */
	int level;                           /* which comes next */
	const char *kind;                    /* of the next term */
	int line, term_room, shared_room, crowded_room;
	struct error *e;
};

static enum result malformed(const struct reading *r, const char *what)
{
	return error_set(r->e, ERR_INVALID, "model.malformed", NULL, "line %d: %s", r->line, what);
}

/* The next word of the line. */
static struct str word(struct str *rest)
{
	struct str w;

	*rest = str_trim(*rest);
	w.p = rest->p;
	for (w.n = 0; w.n < rest->n && w.p[w.n] != ' '; w.n++)
		;
	rest->p += w.n;
	rest->n -= w.n;
	*rest = str_trim(*rest);
	return w;
}

static bool whole(struct str w, int *out)
{
	int64_t v;

	if (!str_to_i64(w, &v) || v > INT32_MAX || v < INT32_MIN)
		return false;
	*out = (int)v;
	return true;
}

static bool probability(struct str w, double *out)
{
	char text[32], *end;

	if (w.n == 0 || w.n >= sizeof(text))
		return false;
	memcpy(text, w.p, w.n);
	text[w.n] = '\0';
	*out = strtod(text, &end);
	return *end == '\0' && *out >= 0 && *out <= 1;
}

/* Room for one more in a list that lives in the model's arena. */
static void *more(struct arena *a, void *list, int count, int *room, size_t size)
{
	void *bigger;

	if (count < *room)
		return list;
	bigger = arena_array(a, (size_t)*room * 2 + 256, size);
	if (bigger && count)
		memcpy(bigger, list, (size_t)count * size);
	*room = *room * 2 + 256;
	return bigger;
}

static enum result read_comparison(struct reading *r, struct str rest)
{
	struct match_model *m = r->m;
	struct str name = word(&rest);

	r->level = 0;
	for (int i = 0; i < m->comparison_count && rest.n == 0; i++)
		if (str_is(name, m->comparisons[i].name)) {
			r->comparison = &m->comparisons[i];
			return OK;
		}
	if (rest.n == 0 || (!str_is(name, "id") && !str_is(name, "extra")))
		return malformed(r, "no such comparison");
	TRY(model_add_kind(m, str_is(name, "id") ? FIELD_ID : FIELD_EXTRA, rest, r->e));
	r->comparison = &m->comparisons[m->comparison_count - 1];
	return OK;
}

static enum result read_level(struct reading *r, struct str rest)
{
	struct match_level *l;

	if (!r->comparison || r->level == r->comparison->level_count)
		return malformed(r, "a level too many");
	l = &r->comparison->levels[r->level++];
	if (!whole(word(&rest), &l->weight) || !whole(word(&rest), &l->home) || !probability(word(&rest), &l->m) ||
	    !probability(word(&rest), &l->u) || !probability(word(&rest), &l->h) || !whole(word(&rest), &l->share))
		return malformed(r, "a level is: weight home m u h rarity% name");
	if (!str_is(rest, l->name))
		return malformed(r, "levels keep their names and their order");
	return OK;
}

static enum result read_term(struct reading *r, struct str rest)
{
	struct match_model *m = r->m;
	struct match_term t = { .kind = r->kind ? r->kind : "" };

	if (!whole(word(&rest), &t.rarity) || !word_sort_find(word(&rest), &t.sort) || rest.n == 0)
		return malformed(r, "a term is: rarity sort value");
	t.tag = t.kind[0] ? kind_hash(str_c(t.kind)) : 0;
	t.text = str_dup(m->arena, rest);
	m->terms = more(m->arena, m->terms, m->term_count, &r->term_room, sizeof(*m->terms));
	if (!m->terms || !t.text)
		return error_nomem(r->e);
	m->terms[m->term_count++] = t;
	r->kind = NULL;
	return OK;
}

static enum result read_shared(struct reading *r, struct str rest)
{
	struct match_model *m = r->m;
	struct str state = word(&rest);
	struct match_shared s = { .kind = r->kind ? r->kind : "" };
	bool found = false;

	for (int i = 0; i < 3; i++)
		if (str_is(state, state_names[i])) {
			s.state = (enum word_state)i;
			found = true;
		}
	if (!found || !word_sort_find(word(&rest), &s.sort) || rest.n == 0)
		return malformed(r, "shared is: normal, household or generic, sort, value");
	s.tag = s.kind[0] ? kind_hash(str_c(s.kind)) : 0;
	s.text = str_dup(m->arena, rest);
	m->shared = more(m->arena, m->shared, m->shared_count, &r->shared_room, sizeof(*m->shared));
	if (!m->shared || !s.text)
		return error_nomem(r->e);
	m->shared[m->shared_count++] = s;
	r->kind = NULL;
	return OK;
}

static enum result read_crowded(struct reading *r, struct str rest)
{
	struct match_model *m = r->m;
	unsigned char bytes[8];
	uint64_t key = 0;

	if (!hex_decode(bytes, 8, rest))
		return malformed(r, "crowded is: 16 hexadecimal digits");
	for (int i = 0; i < 8; i++)
		key = key << 8 | bytes[i];
	if (m->crowded_count && key <= m->crowded[m->crowded_count - 1])
		return malformed(r, "crowded keys ascend");
	m->crowded = more(m->arena, m->crowded, m->crowded_count, &r->crowded_room, sizeof(*m->crowded));
	if (!m->crowded)
		return error_nomem(r->e);
	m->crowded[m->crowded_count++] = key;
	return OK;
}

static enum result read_unseen(struct reading *r, struct str rest)
{
	enum word_sort sort;
	int rarity;

	if (!whole(word(&rest), &rarity) || !word_sort_find(rest, &sort))
		return malformed(r, "unseen is: rarity sort");
	r->m->unseen[sort] = rarity;
	return OK;
}

static enum result read_number(struct reading *r, struct str what, struct str rest)
{
	int *const ints[] = { &r->m->prior,
		              &r->m->component,
		              &r->m->link,
		              &r->m->together,
		              &r->m->housemates,
		              r->comparison ? &r->comparison->mean : NULL,
		              r->comparison ? &r->comparison->household : NULL };
	static const char *const names[] = {
		"prior", "component", "link", "together", "housemates", "mean", "household"
	};

	if (str_is(what, "model"))
		return str_to_i64(rest, &r->m->version) ? OK : malformed(r, "no number");
	if (str_is(what, "records"))
		return str_to_i64(rest, &r->m->records) ? OK : malformed(r, "no number");
	for (int i = 0; i < 7; i++)
		if (str_is(what, names[i]) && ints[i])
			return whole(rest, ints[i]) ? OK : malformed(r, "no number");
	return malformed(r, "not known");
}

static enum result read_line(struct reading *r, struct str line)
{
	struct str rest = str_trim(line), what;

	if (rest.n == 0 || rest.p[0] == '#')
		return OK;
	if (rest.n > LINE_MOST)
		return malformed(r, "too long");
	what = word(&rest);
	if (str_is(what, "comparison"))
		return read_comparison(r, rest);
	if (str_is(what, "level"))
		return read_level(r, rest);
	if (str_is(what, "term"))
		return read_term(r, rest);
	if (str_is(what, "shared"))
		return read_shared(r, rest);
	if (str_is(what, "crowded"))
		return read_crowded(r, rest);
	if (str_is(what, "unseen"))
		return read_unseen(r, rest);
	if (str_is(what, "kind")) {
		r->kind = str_dup(r->m->arena, rest);
		return r->kind ? OK : error_nomem(r->e);
	}
	return read_number(r, what, rest);
}

enum result match_model_read(struct str text, struct match_model **out, struct error *e)
{
	struct reading r = { .e = e };
	struct str rest = text, line;
	enum result res;

	TRY(model_new(&r.m, e));
	res = OK;
	while (res == OK && str_split(&rest, '\n', &line)) {
		r.line++;
		res = read_line(&r, line);
	}
	if (res == OK)
		res = model_index(r.m, e);
	if (res != OK) {
		match_model_free(r.m);
		return res;
	}
	*out = r.m;
	return OK;
}
