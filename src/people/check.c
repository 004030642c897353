/* byname check: what must hold between the tables, and the partition against one computed from scratch. */
#include "people/match.h"
#include "people/rooms.h"

#define CHECK_PAGE 200

struct checking {
	room_finding_fn *finding;
	void *arg;
	int64_t rkey, id, after_a, after_b; /* where the next page starts */
	int64_t range;
	bool more;
};

static void found(const struct checking *c, const char *invariant, enum id_kind kind, int64_t id)
{
	char text[ID_TEXT_BYTES];

	id_format(text, kind, id);
	c->finding(c->arg, "people", invariant, text);
}

/* ---- Records and their customers --------------------------------------------------------------------------------- */

DB_STMT(check_records, "iii", "iiIIIi",
        "SELECT r.id, r.customer, f.id, f.customer, m.record, r.rkey FROM person_record r "
        "LEFT JOIN person_record f ON f.rkey = (r.customer & 4095) AND f.id = r.customer "
        "LEFT JOIN person_member m ON m.rkey = (r.customer & 4095) AND m.customer = r.customer AND m.record = r.id "
        "WHERE (r.rkey, r.id) > ($1, $2) ORDER BY r.rkey, r.id LIMIT $3")
static enum result records_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct checking *c = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &check_records, &rows, e, DB_INT(c->rkey), DB_INT(c->id), DB_INT(CHECK_PAGE)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		int64_t id = db_int(rows, 0), customer = db_int(rows, 1);

		n++;
		c->id = id;
		c->rkey = db_int(rows, 5);
		if (c->rkey != (int64_t)id_bucket(id))
			found(c, "a record's shard key is its id's", ID_RECORD, id);
		if (db_is_null(rows, 2))
			found(c, "a record's customer is a record", ID_RECORD, id);
		else if (db_int(rows, 3) != customer)
			found(c, "a record's customer is a founding record", ID_RECORD, id);
		if (customer > id)
			found(c, "the founding record is the oldest", ID_RECORD, id);
		if (db_is_null(rows, 4) != (customer == id))
			found(c, "members are listed under their customer", ID_RECORD, id);
	}
	c->more = n == CHECK_PAGE;
	return rows_end(step, e);
}

DB_STMT(check_members, "iiii", "iiiI",
        "SELECT m.rkey, m.customer, m.record, r.customer FROM person_member m "
        "LEFT JOIN person_record r ON r.rkey = (m.record & 4095) AND r.id = m.record "
        "WHERE (m.rkey, m.customer, m.record) > ($1, $2, $3) ORDER BY m.rkey, m.customer, m.record LIMIT $4")
static enum result members_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct checking *c = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &check_members, &rows, e, DB_INT(c->rkey), DB_INT(c->id), DB_INT(c->after_a),
	             DB_INT(CHECK_PAGE)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		n++;
		c->rkey = db_int(rows, 0);
		c->id = db_int(rows, 1);
		c->after_a = db_int(rows, 2);
		if (db_is_null(rows, 3) || db_int(rows, 3) != c->id)
			found(c, "who is listed under a customer belongs to it", ID_RECORD, c->after_a);
	}
	c->more = n == CHECK_PAGE;
	return rows_end(step, e);
}

/* ---- Identifiers ------------------------------------------------------------------------------------------------- */

DB_STMT(check_identifiers, "iiiii", "iiiiiII",
        "SELECT i.rkey, i.record, i.kind, i.vkey, i.grade, r.id, h.grade FROM person_identifier i "
        "LEFT JOIN person_record r ON r.rkey = i.rkey AND r.id = i.record "
        "LEFT JOIN person_holder h ON h.vkey = i.vkey AND h.kind = i.kind AND h.record = i.record AND h.value = "
        "i.value "
        "WHERE (i.rkey, i.record, i.kind, i.vkey) > ($1, $2, $3, $4) ORDER BY i.rkey, i.record, i.kind, i.vkey LIMIT "
        "$5")
static enum result identifiers_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct checking *c = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &check_identifiers, &rows, e, DB_INT(c->rkey), DB_INT(c->id), DB_INT(c->after_a),
	             DB_INT(c->after_b), DB_INT(CHECK_PAGE)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		bool held;

		n++;
		c->rkey = db_int(rows, 0);
		c->id = db_int(rows, 1);
		c->after_a = db_int(rows, 2);
		c->after_b = db_int(rows, 3);
		held = kind_links((enum identifier_kind)c->after_a) && db_int(rows, 4) != GRADE_RAW;
		if (db_is_null(rows, 5))
			found(c, "an identifier has its record", ID_RECORD, c->id);
		if (db_is_null(rows, 6) == held || (held && db_int(rows, 6) != db_int(rows, 4)))
			found(c, "an identifier is found by its value", ID_RECORD, c->id);
	}
	c->more = n == CHECK_PAGE;
	return rows_end(step, e);
}

DB_STMT(check_holders, "iiii", "iiiI",
        "SELECT h.vkey, h.kind, h.record, i.record FROM person_holder h "
        "LEFT JOIN person_identifier i ON i.rkey = (h.record & 4095) AND i.record = h.record AND i.kind = h.kind "
        "AND i.vkey = h.vkey AND i.value = h.value "
        "WHERE (h.vkey, h.kind, h.record) > ($1, $2, $3) ORDER BY h.vkey, h.kind, h.record LIMIT $4")
static enum result holders_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct checking *c = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &check_holders, &rows, e, DB_INT(c->rkey), DB_INT(c->id), DB_INT(c->after_a),
	             DB_INT(CHECK_PAGE)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		n++;
		c->rkey = db_int(rows, 0);
		c->id = db_int(rows, 1);
		c->after_a = db_int(rows, 2);
		if (db_is_null(rows, 3))
			found(c, "who is found by a value holds it", ID_RECORD, c->after_a);
	}
	c->more = n == CHECK_PAGE;
	return rows_end(step, e);
}

/* ---- Values held by too many ------------------------------------------------------------------------------------- */

#define VALUE_RANGES 1024 /* the space of keys in equal parts: a read each */

DB_STMT(check_values, "ii", "itiI",
        "SELECT h.kind, h.value, COUNT(*), MAX(v.state) FROM person_holder h "
        "LEFT JOIN person_value v ON v.vkey = h.vkey AND v.kind = h.kind AND v.value = h.value "
        "WHERE h.vkey >= $1 AND h.vkey <= $2 GROUP BY h.vkey, h.kind, h.value")
static enum result values_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct checking *c = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	int64_t width = INT64_MAX / VALUE_RANGES + 1, from = c->range * width;
	int64_t to = c->range == VALUE_RANGES - 1 ? INT64_MAX : from + width - 1;
	enum db_step step;

	TRY(db_query(tx, &check_values, &rows, e, DB_INT(from), DB_INT(to)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		enum identifier_kind kind = (enum identifier_kind)db_int(rows, 0);

		if (db_int(rows, 2) > kind_limit(kind) && db_is_null(rows, 3))
			c->finding(c->arg, "people", "a value held by too many is generic", identifier_kind_name(kind));
	}
	c->more = ++c->range < VALUE_RANGES;
	return rows_end(step, e);
}

/* ---- Features ---------------------------------------------------------------------------------------------------- */

DB_STMT(check_features, "iii", "iib",
        "SELECT rkey, record, features FROM person_features WHERE (rkey, record) > ($1, $2) ORDER BY rkey, record "
        "LIMIT $3")
static enum result features_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct checking *c = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	BUF_AUTO struct buf bytes = { 0 };
	enum db_step step;
	int n = 0;

	buf_init(&bytes, 0);
	TRY(db_query(tx, &check_features, &rows, e, DB_INT(c->rkey), DB_INT(c->id), DB_INT(CHECK_PAGE)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		struct match_record *r;

		n++;
		c->rkey = db_int(rows, 0);
		c->id = db_int(rows, 1);
		if (!match_record_readable(db_blob(rows, 2)))
			continue; /* of an older program: made again when they are needed */
		TRY(matching_read(tx, NULL, c->id, db_tx_arena(tx), &r, e));
		buf_clear(&bytes);
		if (r)
			match_record_pack(r, &bytes);
		if (bytes.failed)
			return error_nomem(e);
		if (!str_eq(db_blob(rows, 2), buf_view(&bytes)))
			found(c, "a record's features are what its rows say", ID_RECORD, c->id);
	}
	c->more = n == CHECK_PAGE;
	return rows_end(step, e);
}

/* ---- The partition ----------------------------------------------------------------------------------------------- */

DB_STMT(check_founders, "iii", "i",
        "SELECT id FROM person_record WHERE customer = id AND (rkey, id) > ($1, $2) ORDER BY rkey, id LIMIT $3")
DB_STMT(check_todo, "ii", "i", "SELECT record FROM person_todo WHERE rkey = $1 AND record = $2")

static enum result provisional(struct db_tx *tx, const struct component *c, bool *yes, struct error *e)
{
	*yes = c->overflow;
	for (int i = 0; i < c->in.record_count && !*yes; i++) {
		DB_ROWS_AUTO struct db_rows *rows = NULL;

		TRY(db_query_one(tx, &check_todo, &rows, yes, e, DB_INT(id_bucket(c->nodes[i].id)),
		                 DB_INT(c->nodes[i].id)));
	}
	return OK;
}

/* The founder's group holds exactly those who are stored as its members. */
static enum result founder_check(struct db_tx *tx, const struct checking *ch, int64_t founder, struct error *e)
{
	struct component c;
	int64_t members[CUSTOMER_MEMBERS_MAX];
	int count, group = -1, in_group = 0, wrong = 0;
	bool skip;

	TRY(component_partition(tx, founder, COMPONENT_MAX, &c, e));
	if (c.in.record_count == 0)
		return OK; /* erased */
	TRY(customer_members(tx, founder, members, CUSTOMER_MEMBERS_MAX, &count, e));
	if (c.in.record_count == 1 && count == 1)
		return OK;
	TRY(provisional(tx, &c, &skip, e));
	if (skip)
		return OK;
	for (int i = 0; i < c.in.record_count; i++)
		if (c.nodes[i].id == founder)
			group = c.group[i];
	for (int i = 0; i < c.in.record_count; i++) {
		if (c.group[i] == group)
			in_group++;
		if ((c.group[i] == group) != (c.nodes[i].customer == founder))
			wrong++;
	}
	if (wrong || in_group != count)
		found(ch, "the stored partition equals the one computed from scratch", ID_CUSTOMER, founder);
	return OK;
}

static enum result partition_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct checking *c = arg;
	int64_t founders[CHECK_PAGE];
	int n = 0;
	{
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		enum db_step step;

		TRY(db_query(tx, &check_founders, &rows, e, DB_INT(c->rkey), DB_INT(c->id), DB_INT(CHECK_PAGE)));
		while ((step = db_next(rows, e)) == DB_ROW)
			founders[n++] = db_int(rows, 0);
		TRY(rows_end(step, e));
	}
	c->more = n == CHECK_PAGE;
	for (int i = 0; i < n; i++) {
		TRY(founder_check(tx, c, founders[i], e));
		c->id = founders[i];
		c->rkey = id_bucket(c->id);
		if (arena_used(db_tx_arena(tx)) > PAGE_MEMORY) { /* dense components: a page of fewer */
			c->more = true;
			break;
		}
	}
	return OK;
}

/* ---- Decisions --------------------------------------------------------------------------------------------------- */

/* What stands follows from the trail: a decision stands unless another that stands undid it. */
DB_STMT(check_decisions, "iii", "iiiIII",
        "SELECT d.rkey, d.id, d.standing, d.undone_by, u.undoes, u.standing FROM person_decision d "
        "LEFT JOIN person_decision u ON u.rkey = (d.undone_by & 4095) AND u.id = d.undone_by "
        "WHERE (d.rkey, d.id) > ($1, $2) ORDER BY d.rkey, d.id LIMIT $3")
DB_STMT(check_undoes, "iii", "iiiIi",
        "SELECT d.rkey, d.id, d.standing, t.undone_by, t.standing FROM person_decision d "
        "JOIN person_decision t ON t.rkey = (d.undoes & 4095) AND t.id = d.undoes "
        "WHERE (d.rkey, d.id) > ($1, $2) ORDER BY d.rkey, d.id LIMIT $3")
static enum result decisions_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct checking *c = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &check_decisions, &rows, e, DB_INT(c->rkey), DB_INT(c->id), DB_INT(CHECK_PAGE)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		bool stands = db_int(rows, 2) != 0, undone = !db_is_null(rows, 3);

		n++;
		c->rkey = db_int(rows, 0);
		c->id = db_int(rows, 1);
		if (stands == undone || (undone && (db_int(rows, 4) != c->id || db_int(rows, 5) == 0)))
			found(c, "a decision stands unless one that stands undid it", ID_DECISION, c->id);
	}
	c->more = n == CHECK_PAGE;
	return rows_end(step, e);
}

static enum result undoes_page(struct db_tx *tx, void *arg, struct error *e)
{
	struct checking *c = arg;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	enum db_step step;
	int n = 0;

	TRY(db_query(tx, &check_undoes, &rows, e, DB_INT(c->rkey), DB_INT(c->id), DB_INT(CHECK_PAGE)));
	while ((step = db_next(rows, e)) == DB_ROW) {
		n++;
		c->rkey = db_int(rows, 0);
		c->id = db_int(rows, 1);
		if (db_int(rows, 2) && (db_int(rows, 4) || db_int(rows, 3) != c->id))
			found(c, "a decision stands unless one that stands undid it", ID_DECISION, c->id);
	}
	c->more = n == CHECK_PAGE;
	return rows_end(step, e);
}

enum result people_check(struct db *db, room_finding_fn *finding, void *arg, struct error *e)
{
	static db_fn *const passes[] = { records_page,  members_page,   identifiers_page, holders_page, values_page,
		                         features_page, partition_page, decisions_page,   undoes_page };

	for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++) {
		struct checking c = { .finding = finding, .arg = arg, .rkey = -1, .more = true };

		while (c.more)
			TRY(db_read(db, passes[i], &c, e));
	}
	return OK;
}
