/* Identity review: two customers side by side, and why they are one or are not. */
#include "desk/shape.h"

#include "base/cursor.h"
#include <stdio.h>

/* ---- One side -----------------------------------------------------------------------------------------------------
 */

#define SIDE_RECORDS_SHOWN 20

static const char *identifier_text(struct shape *s, const struct identifier *id, bool masked)
{
	size_t n = strlen(id->value);
	if (!masked)
		return id->value;
	if (id->kind == IDENT_PHONE)
		return shape_phone_hint(s, id->value);
	if (id->kind == IDENT_EMAIL)
		return shape_email_hint(s, id->value);
	return n > 4 ? arena_printf(s->a, "…%s", id->value + n - 4) : "…";
}

static void side_identifiers(struct shape *s, const struct person *p, int64_t record, bool masked)
{
	static const char *const states[] = { "normal", "household", "generic", "blocked", "raw" };
	jw_key(s->w, "identifiers");
	jw_array(s->w);
	for (int i = 0; i < p->identifier_count; i++) {
		const struct identifier *id = &p->identifiers[i];
		if (id->record != record || (masked && id->state == IDENT_RAW))
			continue;
		jw_object(s->w);
		jw_kcstr(s->w, "kind", identifier_kind_name(id->kind));
		jw_kcstr(s->w, "value", identifier_text(s, id, masked));
		jw_kbool(s->w, "verified", id->verified);
		jw_kcstr(s->w, "state", states[id->state]);
		jw_end_object(s->w);
	}
	jw_end_array(s->w);
}

static const char *record_name(struct shape *s, const struct record *r)
{
	const char *parts[] = { r->prefix, r->given, r->middle, r->family, r->suffix };
	const char *name = "";
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && name; i++)
		if (parts[i][0])
			name = arena_printf(s->a, "%s%s%s", name, name[0] ? " " : "", parts[i]);
	return name;
}

static enum result side_record(struct shape *s, const struct person *p, const struct record *r, bool masked,
                               struct error *e)
{
	const char *name = record_name(s, r);
	if (!name)
		return error_nomem(e);
	jw_object(s->w);
	jw_kid(s->w, "id", ID_RECORD, r->id);
	jw_kcstr(s->w, "source", r->source);
	jw_kcstr(s->w, "source_key", r->source_key);
	jw_kcstr(s->w, "name", name);
	jw_kcstr(s->w, "gender", r->gender);
	jw_kcstr(s->w, "birthday", shape_birthday(s, r->birth_year, r->birth_month, r->birth_day));
	shape_address(s, r);
	jw_ktime(s->w, "created_at", r->created_at);
	jw_ktime(s->w, "updated_at", r->updated_at);
	side_identifiers(s, p, r->id, masked);
	jw_end_object(s->w);
	return OK;
}

/* Who it is and what they are worth; the records, that of the comparison first. */
static enum result side_write(struct shape *s, const char *key, int64_t id, bool masked, struct error *e)
{
	struct person *p = arena_alloc(s->a, sizeof(*p));
	struct spending sp;
	if (!p)
		return error_nomem(e);
	TRY(person_load(s->tx, id, s->a, p, e));
	TRY(shape_sees(s, p->customer, e));
	TRY(spending_of(s->tx, p->records, p->record_count, &sp, e));
	jw_key(s->w, key);
	jw_object(s->w);
	jw_kid(s->w, "customer", ID_CUSTOMER, p->customer);
	jw_kcstr(s->w, "name", person_name(p, s->a));
	jw_ki64(s->w, "record_count", p->record_count);
	jw_ki64(s->w, "orders", sp.orders);
	if (sp.orders + sp.returns) {
		shape_money(s, "spend", sp.currency, sp.net_minor);
	} else {
		jw_key(s->w, "spend");
		jw_null(s->w);
	}
	shape_time_or_null(s, "last_purchase_at", sp.last_at);
	shape_time_or_null(s, "last_seen_at", sp.last_at > p->chosen.updated_at ? sp.last_at : p->chosen.updated_at);
	jw_key(s->w, "records");
	jw_array(s->w);
	for (int i = 0; i < p->record_count; i++)
		if (p->members[i].id == id)
			TRY(side_record(s, p, &p->members[i], masked, e));
	for (int i = 0, shown = 1; i < p->record_count && shown < SIDE_RECORDS_SHOWN; i++)
		if (p->members[i].id != id) {
			TRY(side_record(s, p, &p->members[i], masked, e));
			shown++;
		}
	jw_end_array(s->w);
	jw_end_object(s->w);
	return OK;
}

/* ---- Why -----------------------------------------------------------------------------------------------------------
 */

struct why_ask {
	int64_t a, b;
};

static enum result user_name(struct db_tx *tx, int64_t user, const char **name, struct error *e)
{
	struct user by;
	enum result r = user_get(tx, user, &by, e);
	if (r == ERR_NOT_FOUND)
		return OK;
	TRY(r);
	*name = str_dup(db_tx_arena(tx), str_c(by.name));
	return *name ? OK : error_nomem(e);
}

/* The members a, b and why of an open object. The evidence names the two records that it compares. */
static enum result pair_members(struct shape *s, int64_t a, int64_t b, bool masked, struct error *e)
{
	struct buf text;
	struct json_writer w;
	struct json *why = NULL;
	int64_t left = a, right = b;
	const struct why_how how = { .masked = masked, .whole = !masked, .name_of = user_name };
	buf_init(&text, 0);
	jw_init(&w, &text);
	enum result r = match_why(s->tx, a, b, &how, &w, e);
	bool none = r == ERR_CONFLICT; /* no model yet: both are shown all the same */
	if (none)
		r = OK;
	else if (r == OK)
		r = json_parse(buf_view(&text), NULL, &why, e);
	if (r == OK) {
		id_parse(json_str(json_get(why, "a")), ID_RECORD, &left);
		id_parse(json_str(json_get(why, "b")), ID_RECORD, &right);
		r = side_write(s, "a", left, masked, e);
	}
	if (r == OK)
		r = side_write(s, "b", right, masked, e);
	if (r == OK) {
		jw_key(s->w, "why");
		jw_raw(s->w, none ? STR("null") : buf_view(&text));
	}
	json_free(why);
	buf_free(&text);
	return r;
}

static enum result why_answer(struct shape *s, void *arg, struct error *e)
{
	const struct why_ask *ask = arg;
	jw_object(s->w);
	TRY(pair_members(s, ask->a, ask->b, false, e));
	jw_end_object(s->w);
	return OK;
}

enum result desk_why(const struct desk *d, const struct principal *p, int64_t a, int64_t b, const char *purpose,
                     struct json_writer *w, struct error *e)
{
	struct why_ask ask = { a, b };
	return shape_answer(d, p, why_answer, &ask, purpose, w, e);
}

/* ---- Many pairs ---------------------------------------------------------------------------------------------------
 */

/* One of a list, written beside the others: each into a text of its own. */
struct pair_item {
	const struct shape *shape;
	int64_t a, b, at; /* at 0: not told */
	int64_t worth;    /* with at */
	int score;
	bool scored;
	struct buf text;
};

static enum result item_write(struct db_tx *tx, void *arg, struct error *e)
{
	struct pair_item *i = arg;
	struct json_writer w;
	struct shape s = *i->shape;
	char a[ID_TEXT_BYTES], b[ID_TEXT_BYTES], id[2 * ID_TEXT_BYTES];
	(void)tx;
	jw_init(&w, &i->text);
	s.w = &w;
	id_format(a, ID_RECORD, i->a);
	id_format(b, ID_RECORD, i->b);
	snprintf(id, sizeof(id), "%s.%s", a, b);
	jw_object(&w);
	jw_kcstr(&w, "id", id);
	if (i->at) {
		jw_ktime(&w, "at", i->at);
		jw_ki64(&w, "worth", i->worth);
	}
	jw_key(&w, "score");
	if (i->scored)
		jw_i64(&w, i->score);
	else
		jw_null(&w);
	TRY(pair_members(&s, i->a, i->b, true, e));
	jw_end_object(&w);
	return i->text.failed ? error_nomem(e) : OK;
}

/* The member items of an open object. Pairs do not need each other's answers. */
static enum result items_write(struct shape *s, struct pair_item *items, int count, struct error *e)
{
	struct db_part *parts = arena_array(s->a, (size_t)count + 1, sizeof(*parts));
	if (!parts)
		return error_nomem(e);
	for (int i = 0; i < count; i++) {
		items[i].shape = s;
		buf_init(&items[i].text, 0);
		parts[i] = (struct db_part){ item_write, &items[i] };
	}
	enum result r = db_together(s->tx, parts, count, e);
	jw_key(s->w, "items");
	jw_array(s->w);
	for (int i = 0; i < count; i++) {
		if (r == OK)
			jw_raw(s->w, buf_view(&items[i].text));
		buf_free(&items[i].text);
	}
	jw_end_array(s->w);
	return r;
}

/* ---- The queue -----------------------------------------------------------------------------------------------------
 */

struct review_ask {
	struct doubt after;
	bool has_after;
	int limit;
};

#define REVIEW_CURSOR_BYTES (2 * CURSOR_BYTES)

/* Two cursors with a dot between: worth and a, b. */
static bool after_parse(struct str text, struct doubt *d)
{
	struct str first, rest = text;
	int64_t none;
	return str_split(&rest, '.', &first) && cursor_parse(first, &d->worth, &d->a) &&
	       cursor_parse(rest, &d->b, &none);
}

static enum result next_write(struct shape *s, const struct doubt *last, struct error *e)
{
	char first[CURSOR_BYTES], second[CURSOR_BYTES];
	jw_key(s->w, "next");
	if (!last) {
		jw_null(s->w);
		return OK;
	}
	cursor_format(first, last->worth, last->a);
	cursor_format(second, last->b, 0);
	const char *text = arena_printf(s->a, "%s.%s", first, second);
	if (!text)
		return error_nomem(e);
	jw_cstr(s->w, text);
	return OK;
}

static enum result review_answer(struct shape *s, void *arg, struct error *e)
{
	const struct review_ask *ask = arg;
	struct doubt *list = arena_array(s->a, (size_t)ask->limit + 1, sizeof(*list));
	struct pair_item *items = arena_array(s->a, (size_t)ask->limit, sizeof(*items));
	int count = 0;
	int64_t waiting = 0;
	if (!list || !items)
		return error_nomem(e);
	TRY(doubt_list(s->tx, ask->has_after ? &ask->after : NULL, ask->limit + 1, list, &count, e));
	bool more = cursor_cut(&count, ask->limit);
	TRY(doubt_count(s->tx, &waiting, e));
	for (int i = 0; i < count; i++)
		items[i] = (struct pair_item){ .a = list[i].a,
			                       .b = list[i].b,
			                       .at = list[i].at,
			                       .worth = list[i].worth,
			                       .score = list[i].score,
			                       .scored = true };
	jw_object(s->w);
	TRY(items_write(s, items, count, e));
	jw_ki64(s->w, "waiting", waiting);
	TRY(next_write(s, more ? &list[count - 1] : NULL, e));
	jw_end_object(s->w);
	return OK;
}

enum result desk_review(const struct desk *d, const struct principal *p, struct str before, int limit,
                        const char *purpose, struct json_writer *w, struct error *e)
{
	struct review_ask ask = { .has_after = before.n > 0,
		                  .limit = limit < 1                 ? 1
		                           : limit > DESK_REVIEW_MAX ? DESK_REVIEW_MAX
		                                                     : limit };
	if (ask.has_after && !after_parse(before, &ask.after))
		return error_set(e, ERR_INVALID, "cursor.malformed", "before", "This is no cursor of ours");
	return shape_answer(d, p, review_answer, &ask, purpose, w, e);
}

/* ---- The sample ----------------------------------------------------------------------------------------------------
 */

struct sample_ask {
	int64_t seed;
	int size, limit;
};

static enum result sample_answer_write(struct shape *s, void *arg, struct error *e)
{
	const struct sample_ask *ask = arg;
	struct sample_pair *list = arena_array(s->a, (size_t)ask->limit, sizeof(*list));
	struct pair_item *items = arena_array(s->a, (size_t)ask->limit, sizeof(*items));
	struct sample about = { 0 };
	int64_t seed = ask->seed, at = 0;
	int count = 0;
	if (!list || !items)
		return error_nomem(e);
	if (!seed)
		TRY(epoch_get(s->tx, &seed, &at, s->a, NULL, e));
	TRY(sample_draw(s->tx, seed, ask->size, ask->limit, list, &count, &about, e));
	for (int i = 0; i < count; i++)
		items[i] = (struct pair_item){
			.a = list[i].a, .b = list[i].b, .score = list[i].score, .scored = list[i].scored
		};
	jw_object(s->w);
	TRY(items_write(s, items, count, e));
	jw_ki64(s->w, "seed", about.seed);
	jw_ki64(s->w, "looked", about.looked);
	jw_ki64(s->w, "same", about.same);
	jw_ki64(s->w, "left", about.left);
	jw_end_object(s->w);
	return OK;
}

enum result desk_sample(const struct desk *d, const struct principal *p, int64_t seed, int size, int limit,
                        const char *purpose, struct json_writer *w, struct error *e)
{
	struct sample_ask ask = { .seed = seed,
		                  .size = size < 1                 ? 1
		                          : size > SAMPLE_SIZE_MAX ? SAMPLE_SIZE_MAX
		                                                   : size,
		                  .limit = limit < 1                 ? 1
		                           : limit > DESK_REVIEW_MAX ? DESK_REVIEW_MAX
		                                                     : limit };
	return shape_answer(d, p, sample_answer_write, &ask, purpose, w, e);
}

/* ---- The estimate --------------------------------------------------------------------------------------------------
 */

static enum result estimate_answer(struct shape *s, void *arg, struct error *e)
{
	(void)arg;
	return people_estimate(s->tx, s->w, e);
}

enum result desk_estimate(const struct desk *d, const struct principal *p, struct json_writer *w, struct error *e)
{
	return shape_answer(d, p, estimate_answer, NULL, NULL, w, e);
}
