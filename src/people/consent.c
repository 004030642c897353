/* What she allows, and the people she buys for. */
#include "people/internal.h"

static bool among(struct str s, const char *names)
{
	struct str rest = str_c(names), name;

	while (str_split(&rest, '|', &name))
		if (str_eq(s, name))
			return true;
	return false;
}

/* Said at the same moment twice, the stricter stands. */
DB_STMT(consent_write, "iittii", "",
        "INSERT INTO person_consent (rkey, record, channel, purpose, state, at) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (rkey, record, channel, purpose) DO UPDATE SET state = excluded.state, at = excluded.at "
        "WHERE person_consent.at < excluded.at OR (person_consent.at = excluded.at AND person_consent.state < "
        "excluded.state)")
enum result consent_put(struct db_tx *tx, int64_t record, struct str channel, struct str purpose,
                        enum consent_state state, int64_t at, struct error *e)
{
	int64_t changed, customer;

	if (!among(channel, "email|phone|sms|post|chat"))
		return error_set(e, ERR_INVALID, "consent.channel", "channel", "One of email, phone, sms, post, chat.");
	if (!among(purpose, "marketing|service"))
		return error_set(e, ERR_INVALID, "consent.purpose", "purpose", "One of marketing, service.");
	if (state != CONSENT_YES && state != CONSENT_NO)
		return error_set(e, ERR_INVALID, "consent.state", "state", "Yes or no.");
	TRY(customer_of(tx, record, &customer, e));
	TRY(db_exec(tx, &consent_write, &changed, e, DB_INT(id_bucket(record)), DB_INT(record), DB_TEXT(channel),
	            DB_TEXT(purpose), DB_INT(state), DB_INT(at)));
	return changed ? feed_append(tx, FEED_CONSENT, record, 0, e) : OK;
}

/* The strictest over the records; of equal ones the newest. */
static void consent_fold(struct consent *out, int limit, int *count, struct str channel, struct str purpose,
                         enum consent_state state, int64_t at)
{
	struct consent *c = NULL;

	for (int i = 0; i < *count && !c; i++)
		if (str_is(channel, out[i].channel) && str_is(purpose, out[i].purpose))
			c = &out[i];
	if (!c) {
		if (*count == limit || channel.n >= sizeof(c->channel) || purpose.n >= sizeof(c->purpose))
			return;
		c = &out[(*count)++];
		*c = (struct consent){ .state = CONSENT_NEVER_ASKED };
		memcpy(c->channel, channel.p, channel.n);
		memcpy(c->purpose, purpose.p, purpose.n);
	}
	if (state > c->state || (state == c->state && at > c->at)) {
		c->state = state;
		c->at = at;
	}
}

DB_STMT(consent_rows, "ii", "ttii",
        "SELECT channel, purpose, state, at FROM person_consent WHERE rkey = $1 AND record = $2 "
        "UNION ALL SELECT c.channel, c.purpose, c.state, c.at FROM person_member m "
        "JOIN person_consent c ON c.rkey = (m.record & 4095) AND c.record = m.record "
        "WHERE m.rkey = $1 AND m.customer = $2 ORDER BY 1, 2, 3, 4")
enum result consent_list(struct db_tx *tx, const struct person *p, struct consent *out, int limit, int *count,
                         struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &consent_rows, &rows, e, DB_INT(id_bucket(p->customer)), DB_INT(p->customer)));
	while ((step = db_next(rows, e)) == DB_ROW)
		consent_fold(out, limit, &n, db_text(rows, 0), db_text(rows, 1), (enum consent_state)db_int(rows, 2),
		             db_int(rows, 3));
	TRY(rows_end(step, e));
	*count = n;
	return OK;
}

/* ---- Recipients -------------------------------------------------------------------------------------------------- */

DB_STMT(recipient_write, "iiiittt", "",
        "INSERT INTO person_recipient (rkey, record, id, birth, name, relation, note) VALUES ($1, $2, $3, $4, $5, $6, "
        "$7) "
        "ON CONFLICT (rkey, record, id) DO UPDATE SET birth = excluded.birth, name = excluded.name, "
        "relation = excluded.relation, note = excluded.note")
enum result recipient_put(struct db_tx *tx, const struct recipient *in, int64_t *id, struct error *e)
{
	int64_t customer, row = in->id ? in->id : id_new(id_bucket(in->record));

	if (!in->name[0] || !str_utf8_valid(str_c(in->name)) || !str_utf8_valid(str_c(in->relation)) ||
	    !str_utf8_valid(str_c(in->note)))
		return error_set(e, ERR_INVALID, "recipient.name", "name", "A recipient needs a name, in UTF-8.");
	if (in->birth_year < 0 || in->birth_year > 9999 || in->birth_month < 0 || in->birth_month > 12 ||
	    in->birth_day < 0 || in->birth_day > 31)
		return error_set(e, ERR_INVALID, "recipient.birth", "birth_date", "No such day.");
	TRY(customer_of(tx, in->record, &customer, e));
	TRY(db_exec(tx, &recipient_write, NULL, e, DB_INT(id_bucket(in->record)), DB_INT(in->record), DB_INT(row),
	            DB_INT(birth_pack(in->birth_year, in->birth_month, in->birth_day)), DB_CSTR(in->name),
	            DB_CSTR(in->relation), DB_CSTR(in->note)));
	*id = row;
	return feed_append(tx, FEED_RECORD, in->record, row, e);
}

static void text_out(char *out, size_t size, struct str s)
{
	size_t n = s.n < size - 1 ? s.n : size - 1;

	memcpy(out, s.p, n);
	out[n] = '\0';
}

DB_STMT(recipient_rows, "iii", "iiittt",
        "SELECT id, record, birth, name, relation, note FROM person_recipient WHERE rkey = $1 AND record = $2 "
        "UNION ALL SELECT c.id, c.record, c.birth, c.name, c.relation, c.note FROM person_member m "
        "JOIN person_recipient c ON c.rkey = (m.record & 4095) AND c.record = m.record "
        "WHERE m.rkey = $1 AND m.customer = $2 ORDER BY 1 LIMIT $3")
enum result recipient_list(struct db_tx *tx, const struct person *p, struct recipient *out, int limit, int *count,
                           struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &recipient_rows, &rows, e, DB_INT(id_bucket(p->customer)), DB_INT(p->customer),
	             DB_INT(limit)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		struct recipient *r = &out[n++];
		int birth = (int)db_int(rows, 2);

		*r = (struct recipient){ .id = db_int(rows, 0),
			                 .record = db_int(rows, 1),
			                 .birth_year = birth / 10000,
			                 .birth_month = birth / 100 % 100,
			                 .birth_day = birth % 100 };
		text_out(r->name, sizeof(r->name), db_text(rows, 3));
		text_out(r->relation, sizeof(r->relation), db_text(rows, 4));
		text_out(r->note, sizeof(r->note), db_text(rows, 5));
	}
	TRY(rows_end(step, e));
	*count = n;
	return OK;
}
