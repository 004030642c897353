/* From what was typed to the best customers. */
#include "people/internal.h"
#include "people/search_match.h"

#define TEXT_MAX 100

/* ---- What was typed ---------------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool has_digit(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_digit(s.p[i]))
			return true;
	return false;
}

/* "Dr", "Mrs": said, not stored among names. */
static bool is_title(struct str s)
{
	static const char *const titles[] = { "mr",  "mrs",  "ms",   "miss", "dr",  "prof",
		                              "sir", "herr", "frau", "mme",  "mlle" };

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (str_is(s, titles[i]))
			return true;
	return false;
}

static void term_add(struct query *q, struct str word, bool number, bool international, bool joined)
{
	struct term *t = q->term_count ? &q->terms[q->term_count - 1] : NULL;

	if (joined && t && t->number && number && t->n + word.n <= TOKEN_MAX) {
		memcpy(t->text + t->n, word.p, word.n);
		t->n += word.n;
		t->text[t->n] = '\0';
		return;
	}
	if (q->term_count == TERMS_MAX)
		return;
	if (word.n > TOKEN_MAX)
		word.n = TOKEN_MAX;
	t = &q->terms[q->term_count++];
	*t = (struct term){ .n = word.n, .number = number, .international = international };
	memcpy(t->text, word.p, word.n);
}

void query_parse(struct query *q, struct str text, bool joined)
{
	char folded[TEXT_FOLD_BYTES];
	struct str rest = { folded, text_fold(text, folded) }, word, words = rest;
	bool international = text.n && memchr(text.p, '+', text.n);
	bool titles_only = true;

	q->term_count = 0;
	q->email[0] = '\0';
	text = str_trim(text);
	if (text.n >= 3 && text.n < sizeof(q->email) && !memchr(text.p, ' ', text.n)) /* may begin an address */
		for (size_t i = 0; i <= text.n; i++)
			q->email[i] = (char)(i == text.n                            ? '\0'
			                     : text.p[i] >= 'A' && text.p[i] <= 'Z' ? text.p[i] + 32
			                                                            : text.p[i]);
	while (str_split(&words, ' ', &word))
		titles_only = titles_only && is_title(word);
	while (str_split(&rest, ' ', &word))
		if (word.n && (titles_only || rest.n == 0 || !is_title(word)))
			term_add(q, word, has_digit(word), international, joined);
	if (q->term_count)
		q->terms[q->term_count - 1].last = true;
}

/* ---- Work space -------------------------------------------------------------------------------------------------- */

static struct scratch *scratch_take(struct search *s)
{
	struct scratch *c;

	pthread_mutex_lock(&s->publish);
	c = s->pool;
	if (c)
		s->pool = c->next;
	pthread_mutex_unlock(&s->publish);
	return c ? c : mem_calloc(1, sizeof(*c));
}

static void scratch_give(struct search *s, struct scratch *c)
{
	pthread_mutex_lock(&s->publish);
	c->next = s->pool;
	s->pool = c;
	pthread_mutex_unlock(&s->publish);
}

void scratch_free(struct scratch *c)
{
	while (c) {
		struct scratch *next = c->next;

		mem_free(c->bits);
		mem_free(c);
		c = next;
	}
}

/* ---- Turns ------------------------------------------------------------------------------------------------------- */

static void view_search(const struct view *v, struct query *q, enum turn turn)
{
	for (int i = 0; i < v->count; i++)
		segment_search(v->segments[i], q, turn);
}

/* Without one of its terms, each in turn. */
static void search_without_one(const struct view *v, struct query *q)
{
	for (int i = 0; i < q->term_count && q->term_count > 2; i++) {
		q->terms[i].dropped = true;
		view_search(v, q, TURN_LIKELY);
		q->terms[i].dropped = false;
	}
}

#define COST_EMAIL_BESIDE 4 /* a word that also begins an address */

/* Where many fit equally only some were looked at: those of the one who asks must not be missed. */
static void search_clients(struct search *s, const struct view *v, struct query *q)
{
	uint32_t count = 0, from = 0;

	if (!q->sampled || !q->associate)
		return;
	pthread_mutex_lock(&s->publish);
	if (q->associate < s->clients_cap) {
		const struct clients *c = &s->clients[q->associate];

		count = c->count < CLIENTS_MAX ? c->count : CLIENTS_MAX;
		from = c->count - count; /* the newest */
		if (count)
			memcpy(q->scratch->clients, c->customers + from, count * sizeof(int64_t));
	}
	pthread_mutex_unlock(&s->publish);
	clients_search(v, q, q->scratch->clients, (int)count);
}

static void search_turns(struct search *s, const struct view *v, struct query *q, struct str text)
{
	bool address = memchr(text.p, '@', text.n) != NULL;

	query_parse(q, text, true);
	if (q->email[0])
		for (int i = 0; i < v->count; i++)
			segment_emails(v->segments[i], q, address ? 0 : COST_EMAIL_BESIDE);
	if (address && q->top.count)
		return;
	for (int turn = 0; turn < TURNS && q->top.count < (turn == TURN_UNLIKELY ? 1 : q->top.limit); turn++)
		view_search(v, q, (enum turn)turn);
	search_clients(s, v, q);
	if (q->top.count == 0 && has_digit(text)) { /* numbers that are not one number */
		query_parse(q, text, false);
		view_search(v, q, TURN_EXACT);
		if (q->top.count == 0)
			view_search(v, q, TURN_LIKELY);
	}
	if (q->top.count == 0)
		search_without_one(v, q);
}

enum result search_find(struct search *s, const struct search_query *in, struct search_hit *hits, int *count,
                        struct error *e)
{
	struct query q = { .top.limit = in->limit, .today = clock_now() / DAY_US };
	struct view *v;

	if (in->text.n > TEXT_MAX || !str_utf8_valid(in->text))
		return error_set(e, ERR_INVALID, "search.text", "q", "At most %d bytes of UTF-8.", TEXT_MAX);
	if (in->limit < 1 || in->limit > LIMIT_MAX)
		return error_set(e, ERR_INVALID, "search.limit", "limit", "From 1 to %d.", LIMIT_MAX);
	if (!search_ready(s))
		return error_set(e, ERR_BUSY, "search.building", NULL, "The search index is being built.");
	q.scratch = scratch_take(s);
	if (!q.scratch)
		return error_nomem(e);
	v = view_get(s);
	pthread_mutex_lock(&s->publish);
	q.associate = numbering_find(&s->associates, in->associate);
	q.store = numbering_find(&s->stores, in->store);
	pthread_mutex_unlock(&s->publish);
	if (str_trim(in->text).n)
		search_turns(s, v, &q, in->text);
	view_put(v);
	scratch_give(s, q.scratch);
	memcpy(hits, q.top.hits, (size_t)q.top.count * sizeof(*hits));
	*count = q.top.count;
	return OK;
}
