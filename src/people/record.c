/* Records: a report is laid over what its source said before; identifiers only accumulate. */
#include "people/report.h"

#define SEEN_MAX 4 /* reports remembered that would change nothing */

/* The record as it is stored. */
struct stored {
	bool found;
	int64_t id, customer, flags, tie, said_at;
	int birth;
	uint64_t seen[SEEN_MAX];
	int seen_count;
	const char *fields[RF_COUNT];
};

/* ---- What is stored ---------------------------------------------------------------------------------------------- */

DB_STMT(record_by_key, "itt", "iiiIiib" RECORD_FIELD_TYPES,
        "SELECT id, customer, flags, tie, said_at, birth, seen, " RECORD_FIELDS
        " FROM person_record WHERE rkey = $1 AND source_key = $2 AND source = $3")
static enum result stored_find(struct db_tx *tx, const struct report *r, struct stored *s, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	struct str seen;

	*s = (struct stored){ .found = false };
	TRY(db_query_one(tx, &record_by_key, &rows, &s->found, e, DB_INT(r->rkey), DB_TEXT(r->in->source_key),
	                 DB_TEXT(r->in->source)));
	if (!s->found)
		return OK;
	s->id = db_int(rows, 0);
	s->customer = db_int(rows, 1);
	s->flags = db_int(rows, 2);
	s->tie = db_int(rows, 3);
	s->said_at = db_int(rows, 4);
	s->birth = (int)db_int(rows, 5);
	seen = db_blob(rows, 6);
	s->seen_count = (int)(seen.n / sizeof(s->seen[0]));
	s->seen_count = s->seen_count > SEEN_MAX ? SEEN_MAX : s->seen_count;
	memcpy(s->seen, seen.p, (size_t)s->seen_count * sizeof(s->seen[0]));
	for (int i = 0; i < s->seen_count; i++)
		if (s->seen[i] == r->hash && r->in->at < s->said_at + DAY_US)
			return OK; /* nothing to do: the texts are not needed */
	for (int f = 0; f < RF_COUNT; f++) {
		s->fields[f] = db_text_dup(rows, 7 + f, db_tx_arena(tx));
		if (!s->fields[f])
			return error_nomem(e);
	}
	return OK;
}

static bool seen_before(const struct stored *s, const struct report *r)
{
	for (int i = 0; s->found && i < s->seen_count; i++)
		if (s->seen[i] == r->hash && r->in->at < s->said_at + DAY_US)
			return true;
	return false;
}

DB_STMT(record_insert,
        "iiiibi"
        "tt" RECORD_FIELD_TYPES,
        "",
        "INSERT INTO person_record (rkey, id, said_at, birth, seen, created_at, updated_at, customer, version, flags, "
        "source, "
        "source_key, " RECORD_FIELDS
        ") VALUES ($1, $2, $3, $4, $5, $6, $6, $2, 0, 0, $7, $8, $9, $10, $11, $12, $13, $14, "
        "$15, $16, $17, $18, $19, $20, $21) ON CONFLICT DO NOTHING")
static enum result stored_insert(struct db_tx *tx, const struct report *r, int64_t *id, bool *made, struct error *e)
{
	struct str seen = { (const char *)&r->hash, sizeof(r->hash) };
	int64_t changed;

	*id = id_new(r->rkey);
	TRY(db_exec(tx, &record_insert, &changed, e, DB_INT(r->rkey), DB_INT(*id), DB_INT(r->in->at), DB_INT(r->birth),
	            DB_BLOB(seen), DB_INT(clock_now()), DB_TEXT(r->in->source), DB_TEXT(r->in->source_key),
	            DB_CSTR(r->fields[0]), DB_CSTR(r->fields[1]), DB_CSTR(r->fields[2]), DB_CSTR(r->fields[3]),
	            DB_CSTR(r->fields[4]), DB_CSTR(r->fields[5]), DB_CSTR(r->fields[6]), DB_CSTR(r->fields[7]),
	            DB_CSTR(r->fields[8]), DB_CSTR(r->fields[9]), DB_CSTR(r->fields[10]), DB_CSTR(r->fields[11]),
	            DB_CSTR(r->fields[12])));
	*made = changed == 1;
	return OK;
}

DB_STMT(record_update, "iiiibi" RECORD_FIELD_TYPES, "",
        "UPDATE person_record SET said_at = $3, birth = $4, seen = $5, updated_at = $6, prefix = $7, given = $8, "
        "middle = $9, "
        "family = $10, suffix = $11, pronounce = $12, gender = $13, language = $14, street = $15, city = $16, region = "
        "$17, "
        "postcode = $18, country = $19 WHERE rkey = $1 AND id = $2")
DB_STMT(record_confirm, "iiib", "", "UPDATE person_record SET said_at = $3, seen = $4 WHERE rkey = $1 AND id = $2")
static enum result stored_update(struct db_tx *tx, const struct report *r, const struct stored *s, const char **fields,
                                 int birth, bool changed, struct error *e)
{
	int64_t said_at = r->in->at > s->said_at ? r->in->at : s->said_at;
	uint64_t seen[SEEN_MAX] = { r->hash };
	int n = 1;
	struct str blob;

	for (int i = 0; !changed && i < s->seen_count && n < SEEN_MAX; i++)
		if (s->seen[i] != r->hash)
			seen[n++] = s->seen[i];
	if (r->outdated) {
		n = changed ? 0 : s->seen_count;
		memcpy(seen, s->seen, sizeof(seen));
	}
	blob = (struct str){ (const char *)seen, (size_t)n * sizeof(seen[0]) };
	if (!changed)
		return db_exec(tx, &record_confirm, NULL, e, DB_INT(r->rkey), DB_INT(s->id), DB_INT(said_at),
		               DB_BLOB(blob));
	return db_exec(tx, &record_update, NULL, e, DB_INT(r->rkey), DB_INT(s->id), DB_INT(said_at), DB_INT(birth),
	               DB_BLOB(blob), DB_INT(clock_now()), DB_CSTR(fields[0]), DB_CSTR(fields[1]), DB_CSTR(fields[2]),
	               DB_CSTR(fields[3]), DB_CSTR(fields[4]), DB_CSTR(fields[5]), DB_CSTR(fields[6]),
	               DB_CSTR(fields[7]), DB_CSTR(fields[8]), DB_CSTR(fields[9]), DB_CSTR(fields[10]),
	               DB_CSTR(fields[11]), DB_CSTR(fields[12]));
}

/* Newer wins, older only fills what is empty. True where something changes. */
static bool fields_merge(struct report *r, const struct stored *s, const char **fields, int *birth)
{
	bool newer = r->in->at >= s->said_at, changed = false;
	static const int unit[3] = { 10000, 100, 1 }, range[3] = { 10000, 100, 100 };

	for (int f = 0; f < RF_COUNT; f++) {
		fields[f] = s->fields[f];
		if (!*r->fields[f] || strcmp(r->fields[f], s->fields[f]) == 0)
			continue;
		if (newer || !*s->fields[f]) {
			fields[f] = r->fields[f];
			changed = true;
		} else {
			r->outdated = true;
		}
	}
	*birth = 0;
	for (int i = 0; i < 3; i++) { /* year, month, day each by itself: 0 is unknown */
		int said = r->birth / unit[i] % range[i], was = s->birth / unit[i] % range[i];
		bool take = said && said != was && (newer || !was);

		r->outdated = r->outdated || (said && said != was && !take);
		changed = changed || take;
		*birth += (take ? said : was) * unit[i];
	}
	return changed;
}

/* ---- Identifiers of a record ------------------------------------------------------------------------------------- */

DB_STMT(identifier_list, "ii", "iiii",
        "SELECT kind, vkey, grade, last_seen FROM person_identifier WHERE rkey = $1 AND record = $2")
DB_STMT(identifier_seen, "iiiii", "",
        "UPDATE person_identifier SET last_seen = $5 WHERE rkey = $1 AND record = $2 AND kind = $3 AND vkey = $4")
/* Marks which values are new. Those that are not: last_seen moves on. */
static enum result values_compare(struct db_tx *tx, struct report *r, int64_t record, struct error *e)
{
	bool confirm[RECORD_IDENTIFIERS_MAX] = { false };
	int held = 0, fresh = 0;

	for (int i = 0; i < r->value_count; i++)
		r->values[i].fresh = true;
	{
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		enum db_step step;

		TRY(db_query(tx, &identifier_list, &rows, e, DB_INT(r->rkey), DB_INT(record)));
		while ((step = db_next(rows, e)) == DB_ROW) {
			held++;
			for (int i = 0; i < r->value_count; i++) {
				struct value *v = &r->values[i];

				if (v->kind != (enum identifier_kind)db_int(rows, 0) || v->vkey != db_int(rows, 1))
					continue;
				v->fresh = false;
				v->upgraded = v->grade == GRADE_VERIFIED && db_int(rows, 2) == GRADE_SHARED;
				confirm[i] = r->in->at > db_int(rows, 3);
			}
		}
		TRY(rows_end(step, e));
	}
	for (int i = 0; i < r->value_count; i++) {
		if (r->values[i].fresh && held + ++fresh > RECORD_VALUES_MAX) {
			r->values[i].fresh = false;
			r->warning = "identifiers";
		}
		if (confirm[i])
			TRY(db_exec(tx, &identifier_seen, NULL, e, DB_INT(r->rkey), DB_INT(record),
			            DB_INT(r->values[i].kind), DB_INT(r->values[i].vkey), DB_INT(r->in->at)));
	}
	return OK;
}

DB_STMT(identifier_insert, "iiiiiit", "",
        "INSERT INTO person_identifier (rkey, record, kind, vkey, grade, first_seen, last_seen, value) "
        "VALUES ($1, $2, $3, $4, $5, $6, $6, $7) ON CONFLICT DO NOTHING")
DB_STMT(holder_insert, "iiiit", "",
        "INSERT INTO person_holder (vkey, kind, record, grade, value) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO "
        "NOTHING")
DB_STMT(identifier_verify, "iiii", "",
        "UPDATE person_identifier SET grade = 1 WHERE rkey = $1 AND record = $2 AND kind = $3 AND vkey = $4")
DB_STMT(holder_verify, "iii", "", "UPDATE person_holder SET grade = 1 WHERE vkey = $1 AND kind = $2 AND record = $3")
static enum result value_write(struct db_tx *tx, const struct report *r, int64_t record, const struct value *v,
                               struct error *e)
{
	bool links = kind_links(v->kind) && v->grade != GRADE_RAW;

	if (v->upgraded) {
		TRY(db_exec(tx, &identifier_verify, NULL, e, DB_INT(r->rkey), DB_INT(record), DB_INT(v->kind),
		            DB_INT(v->vkey)));
		if (links)
			TRY(db_exec(tx, &holder_verify, NULL, e, DB_INT(v->vkey), DB_INT(v->kind), DB_INT(record)));
		return OK;
	}
	TRY(db_exec(tx, &identifier_insert, NULL, e, DB_INT(r->rkey), DB_INT(record), DB_INT(v->kind), DB_INT(v->vkey),
	            DB_INT(v->grade), DB_INT(r->in->at), DB_CSTR(v->text)));
	if (links)
		TRY(db_exec(tx, &holder_insert, NULL, e, DB_INT(v->vkey), DB_INT(v->kind), DB_INT(record),
		            DB_INT(v->grade), DB_CSTR(v->text)));
	return OK;
}

#define MEANING_SEEDS (RECORD_IDENTIFIERS_MAX * (IDENT_LIMIT_MANUAL + 2))
/* What a value that is new on the record means for others: links, nominations, or that it is held by too many, who are
 * the seeds then. */
struct meaning {
	bool resolve;
	int64_t seeds[MEANING_SEEDS + 1];
	int seed_count;
};

static enum result value_nominate(struct db_tx *tx, int64_t record, int64_t customer, const struct value *v,
                                  const struct value_holders *h, struct error *e)
{
	int others = h->count - 1, room = NOMINATIONS_PER_VALUE - others * (others - 1) / 2;

	for (int i = 0; i < h->count && room > 0; i++) {
		const struct holder *o = &h->holders[i];

		if (o->record == record || (o->grade == GRADE_VERIFIED && v->grade == GRADE_VERIFIED))
			continue;
		room--;
		if (o->customer != customer)
			TRY(nomination_add(tx, record, o->record, v->kind, v->vkey, e));
	}
	return OK;
}

static enum result value_means(struct db_tx *tx, int64_t record, int64_t customer, bool made, const struct value *v,
                               struct meaning *m, struct error *e)
{
	struct value_holders h;
	int limit = kind_limit(v->kind);

	TRY(value_load(tx, v->kind, v->vkey, v->text, &h, e));
	if (v->fresh && h.state == IDENT_GENERIC &&
	    ((!h.has_row && h.count == limit + 1) || (h.manual && h.count == IDENT_LIMIT_MANUAL + 1))) {
		if (!h.manual)
			TRY(value_auto_state(tx, v->kind, v->vkey, v->text, true, e));
		TRY(nomination_clear(tx, &h, v->kind, v->vkey, e));
		for (int i = 0; i < h.count; i++)
			m->seeds[m->seed_count++] = h.holders[i].record;
		return OK;
	}
	if (h.state != IDENT_NORMAL)
		return OK;
	if (v->grade == GRADE_VERIFIED) {
		m->resolve = m->resolve || (v->kind == IDENT_ACCOUNT && !made);
		for (int i = 0; i < h.count; i++)
			if (h.holders[i].record != record && h.holders[i].grade == GRADE_VERIFIED)
				m->resolve = true;
	}
	return v->fresh ? value_nominate(tx, record, customer, v, &h, e) : OK;
}

static enum result values_put(struct db_tx *tx, struct report *r, int64_t record, int64_t customer, bool made,
                              struct meaning *m, struct error *e)
{
	for (int i = 0; i < r->value_count; i++)
		if (r->values[i].fresh || r->values[i].upgraded)
			TRY(value_write(tx, r, record, &r->values[i], e));
	for (int i = 0; i < r->value_count; i++) {
		const struct value *v = &r->values[i];

		if ((v->fresh || v->upgraded) && kind_links(v->kind) && v->grade != GRADE_RAW)
			TRY(value_means(tx, record, customer, made, v, m, e));
	}
	return OK;
}

/* ---- The doors --------------------------------------------------------------------------------------------------- */

/* Phones without a country code are read by the country of this report, or of the record. */
static enum result report_read(struct db_tx *tx, struct report *r, const struct stored *s, struct error *e)
{
	TRY(report_fields(tx, r, e));
	return report_values(tx, r, *r->fields[RF_COUNTRY] || !s->found ? r->fields[RF_COUNTRY] : s->fields[RF_COUNTRY],
	                     e);
}

/* What it says now may make others of it, or make it somebody else; and others of those whose values mean something
 * else now. */
static enum result record_match(struct db_tx *tx, int64_t record, bool made, struct meaning *m, bool *resolved,
                                struct error *e)
{
	struct matching_row row;
	int others = m->seed_count;

	TRY(matching_row_load(tx, record, db_tx_arena(tx), &row, e));
	TRY(home_put(tx, record, &row, made, e));
	for (int i = 0; i < others; i++)
		if (m->seeds[i] != record)
			TRY(matching_refresh(tx, m->seeds[i], m->seeds, MEANING_SEEDS, &m->seed_count, e));
	TRY(matching_refresh_put(tx, record, &row, made, m->seeds, MEANING_SEEDS, &m->seed_count, e));
	if (others || m->resolve)
		m->seeds[m->seed_count++] = record;
	*resolved = m->seed_count > 0;
	return people_resolve(tx, m->seeds, m->seed_count, 0, made ? record : 0, e);
}

static enum result record_change(struct db_tx *tx, struct report *r, struct stored *s, struct meaning *m, bool *changed,
                                 struct error *e)
{
	const char *fields[RF_COUNT];
	bool fields_changed, values_changed = false;
	int birth;

	TRY(values_compare(tx, r, s->id, e));
	fields_changed = fields_merge(r, s, fields, &birth);
	for (int i = 0; i < r->value_count; i++)
		values_changed = values_changed || r->values[i].fresh || r->values[i].upgraded;
	TRY(stored_update(tx, r, s, fields, birth, fields_changed || values_changed, e));
	TRY(values_put(tx, r, s->id, s->customer, false, m, e));
	*changed = fields_changed || values_changed;
	return OK;
}

enum result record_put(struct db_tx *tx, const struct record_in *in, int64_t *record, int64_t *customer, bool *changed,
                       const char **warning, struct error *e)
{
	struct report r = { .in = in, .rkey = bucket_of(in->source, in->source_key) };
	struct stored s;
	struct meaning m;
	bool made = false, wrote = true, resolved = false;

	TRY(key_check(in->source, in->source_key, e));
	if (!birth_ok(in))
		return error_set(e, ERR_INVALID, "record.birth", "birth_date", "No such day.");
	r.birth = birth_pack(in->birth_year, in->birth_month, in->birth_day);
	r.hash = report_hash(in);
	TRY(stored_find(tx, &r, &s, e));
	if (seen_before(&s, &r)) {
		wrote = false;
	} else {
		m.resolve = false;
		m.seed_count = 0;
		TRY(report_read(tx, &r, &s, e));
		TRY(report_lock(tx, &r, e));
		if (!s.found)
			TRY(stored_insert(tx, &r, &s.id, &made, e));
		if (!made && (!s.found || db_tx_engine(tx) == DB_POSTGRES)) /* who held the lock may have changed it */
			TRY(stored_find(tx, &r, &s, e));
		if (!made && !s.found)
			return error_set(e, ERR_RETRY, "people.race", NULL, "The record went away meanwhile.");
		if (made) {
			s.customer = s.id;
			for (int i = 0; i < r.value_count; i++)
				r.values[i].fresh = true;
			TRY(values_put(tx, &r, s.id, s.id, true, &m, e));
		} else if (seen_before(&s, &r)) {
			wrote = false;
		} else {
			TRY(record_change(tx, &r, &s, &m, &wrote, e));
		}
		if (wrote)
			TRY(record_match(tx, s.id, made, &m, &resolved, e));
		if (resolved)
			TRY(customer_of(tx, s.id, &s.customer, e));
		if (wrote)
			TRY(feed_append(tx, FEED_RECORD, s.id, 0, e));
	}
	*record = s.id;
	*customer = s.customer;
	*changed = wrote;
	if (warning)
		*warning = r.warning;
	return OK;
}

DB_STMT(record_key_find, "itt", "ii",
        "SELECT id, customer FROM person_record WHERE rkey = $1 AND source_key = $2 AND source = $3")
DB_STMT(record_id_find, "itt", "i", "SELECT id FROM person_record WHERE rkey = $1 AND source_key = $2 AND source = $3")
enum result record_find(struct db_tx *tx, struct str source, struct str source_key, int64_t *record, int64_t *customer,
                        bool *found, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;

	TRY(db_query_one(tx, customer ? &record_key_find : &record_id_find, &rows, found, e,
	                 DB_INT(bucket_of(source, source_key)), DB_TEXT(source_key), DB_TEXT(source)));
	if (*found)
		*record = db_int(rows, 0);
	if (*found && customer)
		*customer = db_int(rows, 1);
	return OK;
}

static enum result find_each(struct db_tx *tx, struct record_key *k, int count, struct error *e)
{
	for (int i = 0; i < count; i++) {
		bool found;
		TRY(record_find(tx, k[i].source, k[i].source_key, &k[i].record, NULL, &found, e));
		if (!found)
			k[i].record = 0;
	}
	return OK;
}

/* What JSON and PostgreSQL take as it is; others are looked for alone, where a fault is their own. */
static bool is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] > 0x7e)
			return false;
	return true;
}

/* LIMIT 1 keeps it a walk down the index for each key, whatever the planner knows of the table. */
DB_STMT(record_find_many_pg, "t", "ii",
        "SELECT q.n, r.id FROM json_to_recordset(CAST($1 AS JSON)) AS q(n BIGINT, r BIGINT, s TEXT, k TEXT), "
        "LATERAL (SELECT id FROM person_record WHERE rkey = q.r AND source_key = q.k COLLATE \"C\" "
        "AND source = q.s COLLATE \"C\" LIMIT 1) AS r")

enum result record_find_many(struct db_tx *tx, struct record_key *k, int count, struct error *e)
{
	if (db_tx_engine(tx) != DB_POSTGRES || count < 2)
		return find_each(tx, k, count, e);
	BUF_AUTO struct buf list;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	struct json_writer w;
	enum db_step step;

	buf_init(&list, 0);
	jw_init(&w, &list);
	jw_array(&w);
	for (int i = 0; i < count; i++) {
		k[i].record = 0;
		if (!is_plain(k[i].source) || !is_plain(k[i].source_key))
			continue;
		jw_object(&w);
		jw_ki64(&w, "n", i);
		jw_ki64(&w, "r", bucket_of(k[i].source, k[i].source_key));
		jw_kstr(&w, "s", k[i].source);
		jw_kstr(&w, "k", k[i].source_key);
		jw_end_object(&w);
	}
	jw_end_array(&w);
	if (list.failed)
		return error_nomem(e);
	TRY(db_query(tx, &record_find_many_pg, &rows, e, DB_TEXT(buf_view(&list))));
	while ((step = db_next(rows, e)) == DB_ROW) {
		int64_t n = db_int(rows, 0);
		if (n >= 0 && n < count)
			k[n].record = db_int(rows, 1);
	}
	return step == DB_ERR ? e->result : OK;
}

enum result record_need(struct db_tx *tx, struct str source, struct str source_key, int64_t *record, int64_t *customer,
                        int64_t *flags, int64_t *tie, bool *made, struct error *e)
{
	struct record_in in = { .source = source, .source_key = source_key };
	struct report r = { .in = &in, .rkey = bucket_of(source, source_key) };
	struct stored s;

	*made = false;
	TRY(key_check(source, source_key, e));
	TRY(people_lock(tx, &(unsigned){ r.rkey }, 1, e));
	TRY(stored_find(tx, &r, &s, e));
	if (!s.found) {
		for (int f = 0; f < RF_COUNT; f++)
			r.fields[f] = "";
		r.hash = report_hash(&in);
		TRY(stored_insert(tx, &r, &s.id, made, e));
		if (!*made)
			return error_set(e, ERR_RETRY, "people.race", NULL, "The record was made meanwhile.");
		s.customer = s.id;
		TRY(feed_append(tx, FEED_RECORD, s.id, 0, e));
	}
	*record = s.id;
	*customer = s.customer;
	*flags = s.flags;
	*tie = s.tie;
	return OK;
}

DB_STMT(record_flag_set, "iii", "",
        "UPDATE person_record SET flags = flags | $3 WHERE rkey = $1 AND id = $2 AND (flags & $3) = 0")
enum result record_flag(struct db_tx *tx, int64_t record, int flag, struct error *e)
{
	return db_exec(tx, &record_flag_set, NULL, e, DB_INT(id_bucket(record)), DB_INT(record), DB_INT(flag));
}
