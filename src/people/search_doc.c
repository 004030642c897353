/* Documents of the search index, from a loaded person or from pages of the tables. Both ways must say the same. */
#include "people/internal.h"
#include "people/search_doc.h"
#include "text/text.h"

void doc_start(struct doc *d, int64_t customer)
{
	d->customer = customer;
	d->token_count = d->phone_count = d->email_count = d->loyalty_count = 0;
}

static void doc_token(struct doc *d, const char *p, size_t n)
{
	if (n == 0 || d->token_count == DOC_TOKENS_MAX)
		return;
	if (n > TOKEN_MAX)
		for (n = TOKEN_MAX; n > 0 && ((unsigned char)p[n] & 0xC0) == 0x80; n--)
			;
	for (int i = 0; i < d->token_count; i++)
		if (strlen(d->tokens[i]) == n && memcmp(d->tokens[i], p, n) == 0)
			return;
	memcpy(d->tokens[d->token_count], p, n);
	d->tokens[d->token_count++][n] = '\0';
}

/* The words of a name part; of several also all in one, as people write "vanderberg" and "maryann". */
static void doc_part(struct doc *d, struct str text)
{
	char folded[TEXT_FOLD_BYTES], joined[TEXT_FOLD_BYTES];
	size_t n = 0;
	int words = 0;
	struct str rest, word;

	if (text.n == 0)
		return;
	rest = (struct str){ folded, text_fold(text, folded) };
	while (str_split(&rest, ' ', &word)) {
		doc_token(d, word.p, word.n);
		memcpy(joined + n, word.p, word.n);
		n += word.n;
		words++;
	}
	if (words > 1)
		doc_token(d, joined, n);
}

void doc_name(struct doc *d, struct str given, struct str middle, struct str family)
{
	doc_part(d, given);
	doc_part(d, family);
	doc_part(d, middle);
}

void doc_postcode(struct doc *d, struct str postcode)
{
	char token[POSTCODE_BYTES + 1] = { POSTCODE_MARK };

	if (postcode.n == 0)
		return;
	postcode_normalise(postcode, token + 1);
	if (token[1])
		doc_token(d, token, strlen(token));
}

uint64_t digits_number(struct str s, int *digits)
{
	uint64_t number = 0;

	*digits = 0;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9') {
			if (++*digits > PHONE_DIGITS)
				return 0;
			number = number * 10 + (uint64_t)(s.p[i] - '0');
		}
	return number;
}

static void doc_text(const char **list, int *count, const char *value)
{
	for (int i = 0; i < *count; i++)
		if (strcmp(list[i], value) == 0)
			return;
	if (*count < DOC_KEYS_MAX)
		list[(*count)++] = value;
}

void doc_identifier(struct doc *d, enum identifier_kind kind, const char *value)
{
	uint64_t number;
	int digits;

	if (kind == IDENT_EMAIL && !email_is_generic(str_c(value)))
		doc_text(d->emails, &d->email_count, value);
	if (kind == IDENT_LOYALTY)
		doc_text(d->loyalties, &d->loyalty_count, value);
	if (kind != IDENT_PHONE || phone_is_generic(str_c(value)))
		return;
	number = digits_number(str_c(value), &digits);
	for (int i = 0; i < d->phone_count; i++)
		if (d->phones[i] == number)
			return;
	if (number && d->phone_count < DOC_KEYS_MAX)
		d->phones[d->phone_count++] = number;
}

void doc_person(struct doc *d, const struct person *p)
{
	doc_start(d, p->customer);
	for (int i = 0; i < p->record_count; i++) {
		const struct record *r = &p->members[i];

		doc_name(d, str_c(r->given), str_c(r->middle), str_c(r->family));
		doc_postcode(d, str_c(r->postcode));
	}
	for (int i = 0; i < p->identifier_count; i++)
		if (p->identifiers[i].state != IDENT_RAW)
			doc_identifier(d, p->identifiers[i].kind, p->identifiers[i].value);
}

/* ---- Pages ------------------------------------------------------------------------------------------------------- */

#define DOC_PAGE 1000 /* records */

DB_STMT(doc_last, "iii", "ii",
        "SELECT rkey, id FROM person_record WHERE (rkey, id) > ($1, $2) ORDER BY rkey, id LIMIT 1 OFFSET $3")
DB_STMT(doc_founders, "iiii", "iitttt",
        "SELECT id, customer, given, middle, family, postcode FROM person_record "
        "WHERE (rkey, id) > ($1, $2) AND (rkey, id) <= ($3, $4) ORDER BY rkey, id")
DB_STMT(doc_members, "iiii", "itttt",
        "SELECT m.customer, r.given, r.middle, r.family, r.postcode FROM person_member m "
        "JOIN person_record r ON r.rkey = (m.record & 4095) AND r.id = m.record "
        "WHERE (m.rkey, m.customer) > ($1, $2) AND (m.rkey, m.customer) <= ($3, $4) ORDER BY m.rkey, m.customer, "
        "m.record")
DB_STMT(doc_values, "iiii", "iit",
        "SELECT record, kind, value FROM person_identifier WHERE grade <> 2 "
        "AND (rkey, record) > ($1, $2) AND (rkey, record) <= ($3, $4) ORDER BY rkey, record, kind, value")
DB_STMT(doc_member_values, "iiii", "iit",
        "SELECT m.customer, i.kind, i.value FROM person_member m "
        "JOIN person_identifier i ON i.rkey = (m.record & 4095) AND i.record = m.record WHERE i.grade <> 2 "
        "AND (m.rkey, m.customer) > ($1, $2) AND (m.rkey, m.customer) <= ($3, $4) "
        "ORDER BY m.rkey, m.customer, m.record, i.kind, i.value")

/* A cursor over rows that belong to customers, in their order. */
struct stream {
	struct db_rows *rows;
	enum db_step step;
	int64_t customer;
};

struct streams {
	struct stream members, values, member_values;
};

static void stream_next(struct stream *s, struct error *e)
{
	s->step = db_next(s->rows, e);
	s->customer = s->step == DB_ROW ? db_int(s->rows, 0) : 0;
}

/* Is the next row this customer's? Rows of those who come before (members' own) are passed over. */
static bool stream_at(struct stream *s, int64_t customer, struct error *e)
{
	while (s->step == DB_ROW && customer_order(s->customer) < customer_order(customer))
		stream_next(s, e);
	return s->step == DB_ROW && s->customer == customer;
}

static enum result streams_take(struct streams *s, struct doc *d, struct arena *a, struct error *e)
{
	struct stream *const values[2] = { &s->values, &s->member_values };

	for (; stream_at(&s->members, d->customer, e); stream_next(&s->members, e)) {
		doc_name(d, db_text(s->members.rows, 1), db_text(s->members.rows, 2), db_text(s->members.rows, 3));
		doc_postcode(d, db_text(s->members.rows, 4));
	}
	for (int i = 0; i < 2; i++)
		for (; stream_at(values[i], d->customer, e); stream_next(values[i], e)) {
			char *text = db_text_dup(values[i]->rows, 2, a);

			if (!text)
				return error_nomem(e);
			doc_identifier(d, (enum identifier_kind)db_int(values[i]->rows, 1), text);
		}
	if (s->members.step == DB_ERR || s->values.step == DB_ERR || s->member_values.step == DB_ERR)
		return e->result;
	return OK;
}

static void streams_close(struct streams *s)
{
	db_rows_free(s->members.rows);
	db_rows_free(s->values.rows);
	db_rows_free(s->member_values.rows);
}

static enum result docs_read(struct db_tx *tx, struct doc_reader *r, int64_t rkey, int64_t id, struct streams *s,
                             struct error *e)
{
	const struct db_value range[] = { DB_INT(r->rkey), DB_INT(r->id), DB_INT(rkey), DB_INT(id) };
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	struct doc *d = arena_alloc(db_tx_arena(tx), sizeof(*d));
	enum db_step step;

	if (!d)
		return error_nomem(e);
	TRY(db_query_values(tx, &doc_members, &s->members.rows, e, range, 4));
	TRY(db_query_values(tx, &doc_values, &s->values.rows, e, range, 4));
	TRY(db_query_values(tx, &doc_member_values, &s->member_values.rows, e, range, 4));
	TRY(db_query_values(tx, &doc_founders, &rows, e, range, 4));
	stream_next(&s->members, e);
	stream_next(&s->values, e);
	stream_next(&s->member_values, e);
	while ((step = db_next(rows, e)) == DB_ROW) {
		r->records++;
		if (db_int(rows, 0) != db_int(rows, 1))
			continue;
		doc_start(d, db_int(rows, 0));
		doc_name(d, db_text(rows, 2), db_text(rows, 3), db_text(rows, 4));
		doc_postcode(d, db_text(rows, 5));
		TRY(streams_take(s, d, db_tx_arena(tx), e));
		if (doc_empty(d) || customer_order(d->customer) <= r->added)
			continue;
		if (!builder_add(r->builder, d))
			return error_nomem(e);
		r->added = customer_order(d->customer);
	}
	return rows_end(step, e);
}

/* Where the page ends: its last record, or the end of all. */
static enum result page_end(struct db_tx *tx, const struct doc_reader *r, int64_t *rkey, int64_t *id, bool *more,
                            struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;

	TRY(db_query_one(tx, &doc_last, &rows, more, e, DB_INT(r->rkey), DB_INT(r->id), DB_INT(DOC_PAGE - 1)));
	*rkey = *more ? db_int(rows, 0) : ID_BUCKETS;
	*id = *more ? db_int(rows, 1) : 0;
	return OK;
}

enum result doc_page(struct db_tx *tx, void *reader, struct error *e)
{
	struct doc_reader *r = reader;
	struct streams s = { 0 };
	int64_t rkey, id;
	enum result result;
	bool more;

	TRY(page_end(tx, r, &rkey, &id, &more, e));
	result = docs_read(tx, r, rkey, id, &s, e);
	streams_close(&s);
	if (result == OK) {
		r->rkey = rkey;
		r->id = id;
		r->more = more;
	}
	return result;
}
