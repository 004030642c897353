#include "app/order_words.h"

#include "app/look_up.h"
#include <stdio.h>

/* ---- Looking up ------------------------------------------------------------------------------------------------- */

enum result word_order(struct client *c, const char *word, char id[ID_TEXT_BYTES], struct error *e)
{
	JSON_AUTO struct json *answer = NULL;
	BUF_AUTO struct buf path = { 0 };
	int64_t n;
	if (id_parse(str_c(word), ID_ORDER, &n)) {
		id_format(id, ID_ORDER, n);
		return OK;
	}
	buf_init(&path, 0);
	buf_str(&path, "/v1/orders?number=");
	client_escape(&path, str_c(word));
	TRY(client_call(c, "GET", path.p, NULL, &answer, NULL, e));
	const struct json *items = json_get(answer, "items");
	if (json_count(items) > 1)
		return error_set(e, ERR_CONFLICT, "order.number", "order",
		                 "%zu orders have that number: byname order find shows them", json_count(items));
	if (!json_count(items))
		return error_set(e, ERR_NOT_FOUND, "order.unknown", "order", "There is no order \"%s\"", word);
	snprintf(id, ID_TEXT_BYTES, "%.*s", STR_ARG(json_str(json_get(json_at(items, 0), "id"))));
	return OK;
}

/* ---- Taking words apart ----------------------------------------------------------------------------------------- */

#define PART_BYTES 120
#define PARTS_MAX 12

/* "HEAD[*QTY],name=value,…" */
struct parts {
	char head[PART_BYTES], name[PARTS_MAX][PART_BYTES], value[PARTS_MAX][PART_BYTES];
	int64_t qty;
	int count;
};

static enum result word_wrong(const char *word, const char *what, struct error *e)
{
	return error_set(e, ERR_INVALID, "word.malformed", word, "%s", what);
}

static bool put(char out[PART_BYTES], struct str s)
{
	return s.n < PART_BYTES && snprintf(out, PART_BYTES, "%.*s", STR_ARG(s)) >= 0;
}

static enum result parts_read(const char *word, struct parts *out, struct error *e)
{
	struct str rest = str_c(word), part, head;
	*out = (struct parts){ .qty = 1 };
	if (!str_split(&rest, ',', &part) || !str_split(&part, '*', &head) || !head.n || !put(out->head, head))
		return word_wrong(word, "a word begins with what it is about", e);
	if (part.n && !str_to_i64(part, &out->qty))
		return word_wrong(word, "how many? As in SHOE-42*2", e);
	while (str_split(&rest, ',', &part)) {
		struct str name;
		if (out->count == PARTS_MAX || !str_split(&part, '=', &name) || !put(out->name[out->count], name) ||
		    !put(out->value[out->count], part))
			return word_wrong(word, "name=value expected between commas", e);
		out->count++;
	}
	return OK;
}

/* Takes the value of that name out; NULL where there is none. */
static const char *part_take(struct parts *p, const char *name)
{
	for (int i = 0; i < p->count; i++)
		if (!strcmp(p->name[i], name)) {
			p->name[i][0] = 0;
			return p->value[i];
		}
	return NULL;
}

static enum result parts_end(const char *word, const struct parts *p, struct error *e)
{
	for (int i = 0; i < p->count; i++)
		if (p->name[i][0])
			return error_set(e, ERR_INVALID, "word.unknown", word, "\"%s\" is not said here", p->name[i]);
	return OK;
}

static void member(struct json_writer *w, const char *key, const char *value)
{
	if (value)
		jw_kcstr(w, key, value);
}

/* "10%" is a rate, "5.00" an amount. */
static void discount(struct json_writer *w, const char *text, const char *threshold)
{
	size_t n = strlen(text);
	jw_object(w);
	if (n && text[n - 1] == '%')
		jw_kstr(w, "rate", (struct str){ text, n - 1 });
	else
		jw_kcstr(w, "amount", text);
	member(w, "threshold", threshold);
	jw_end_object(w);
}

/* ---- Arrays ----------------------------------------------------------------------------------------------------- */

static enum result item_write(struct client *c, const char *word, struct json_writer *w, struct error *e)
{
	struct parts *p = mem_calloc(1, sizeof(*p));
	char sku[ID_TEXT_BYTES], store[ID_TEXT_BYTES], brought[ID_TEXT_BYTES];
	int64_t line;
	if (!p)
		return error_nomem(e);
	enum result r = parts_read(word, p, e);
	const char *from = part_take(p, "from"), *off = part_take(p, "discount"), *of = part_take(p, "line");
	const char *method = part_take(p, "method"), *hold = part_take(p, "hold"), *to = part_take(p, "to");
	if (r == OK)
		r = look_up_sku(c, p->head, sku, NULL, e);
	if (r == OK && from)
		r = look_up_store(c, from, store, e);
	if (r == OK && to)
		r = from ? look_up_store(c, to, brought, e) : word_wrong(word, "to=STORE: from=STORE, too", e);
	if (r == OK && of && !str_to_i64(str_c(of), &line))
		r = word_wrong(word, "which line?", e);
	if (r == OK) {
		jw_object(w);
		jw_kcstr(w, "sku", sku);
		jw_ki64(w, "qty", p->qty);
		member(w, "unit_price", part_take(p, "price"));
		member(w, "list_price", part_take(p, "list"));
		member(w, "tax_rate", part_take(p, "tax"));
		member(w, "title", part_take(p, "title"));
		if (of)
			jw_ki64(w, "line", line);
		if (off) {
			jw_key(w, "discount");
			discount(w, off, NULL);
		}
		if (from) {
			jw_key(w, "units");
			jw_array(w);
			jw_object(w);
			jw_ki64(w, "qty", p->qty);
			jw_kcstr(w, "location", store);
			jw_kcstr(w, "method", method ? method : "pick_up");
			member(w, "hold", hold);
			member(w, "to", to ? brought : NULL);
			jw_end_object(w);
			jw_end_array(w);
		}
		jw_end_object(w);
		r = parts_end(word, p, e);
	}
	mem_free(p);
	return r;
}

enum result words_items(struct client *c, const struct words *in, struct json_writer *w, struct error *e)
{
	jw_key(w, "items");
	jw_array(w);
	for (int i = 0; i < in->count; i++)
		TRY(item_write(c, in->word[i], w, e));
	jw_end_array(w);
	return OK;
}

static enum result unit_write(struct client *c, const char *word, struct json_writer *w, struct error *e)
{
	struct parts *p = mem_calloc(1, sizeof(*p));
	char store[ID_TEXT_BYTES], brought[ID_TEXT_BYTES];
	int64_t line = 0;
	if (!p)
		return error_nomem(e);
	enum result r = parts_read(word, p, e);
	const char *from = part_take(p, "from"), *to = part_take(p, "to");
	if (r == OK && !str_to_i64(str_c(p->head), &line))
		r = word_wrong(word, "units are of a line, as in 1*2", e);
	if (r == OK && from)
		r = look_up_store(c, from, store, e);
	if (r == OK && to)
		r = look_up_store(c, to, brought, e);
	if (r == OK) {
		jw_object(w);
		jw_ki64(w, "line", line);
		jw_ki64(w, "qty", p->qty);
		member(w, "location", from ? store : NULL);
		member(w, "method", part_take(p, "method"));
		member(w, "condition", part_take(p, "condition"));
		member(w, "hold", part_take(p, "hold"));
		member(w, "to", to ? brought : NULL);
		jw_end_object(w);
		r = parts_end(word, p, e);
	}
	mem_free(p);
	return r;
}

enum result words_units(struct client *c, const struct words *in, struct json_writer *w, struct error *e)
{
	jw_key(w, "units");
	jw_array(w);
	for (int i = 0; i < in->count; i++)
		TRY(unit_write(c, in->word[i], w, e));
	jw_end_array(w);
	return OK;
}

static enum result pay_write(const char *word, struct json_writer *w, struct error *e)
{
	struct str rest = str_c(word), part, tender;
	if (!str_split(&rest, ',', &part) || !str_split(&part, '=', &tender) || !part.n)
		return word_wrong(word, "a payment is TENDER=AMOUNT, as in card=80.00", e);
	jw_object(w);
	jw_kstr(w, "tender", tender);
	jw_kstr(w, "amount", part);
	while (str_split(&rest, ',', &part)) {
		if (str_is(part, "pending") || str_is(part, "as_credit"))
			jw_kbool(w, part.p[0] == 'p' ? "pending" : "as_credit", true);
		else if (str_starts(part, STR("reference=")))
			jw_kstr(w, "reference", (struct str){ part.p + 10, part.n - 10 });
		else
			return word_wrong(word, "pending, as_credit or reference=TEXT may follow", e);
	}
	jw_end_object(w);
	return OK;
}

enum result words_pays(const struct words *in, struct json_writer *w, struct error *e)
{
	jw_key(w, "pays");
	jw_array(w);
	for (int i = 0; i < in->count; i++)
		TRY(pay_write(in->word[i], w, e));
	jw_end_array(w);
	return OK;
}

enum result words_discounts(const struct words *in, struct json_writer *w, struct error *e)
{
	jw_key(w, "discounts");
	jw_array(w);
	for (int i = 0; i < in->count; i++) {
		struct parts p;
		TRY(parts_read(in->word[i], &p, e));
		discount(w, p.head, part_take(&p, "over"));
		TRY(parts_end(in->word[i], &p, e));
	}
	jw_end_array(w);
	return OK;
}
