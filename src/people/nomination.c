/* Pairs that share something without being linked by it. People decide, and later the scorer. */
#include "people/internal.h"

DB_STMT(nomination_put, "iiiiiii", "",
        "INSERT INTO person_nomination (rkey, a, b, kind, vkey, id, at) VALUES ($1, $2, $3, $4, $5, $6, $7) "
        "ON CONFLICT DO NOTHING")
enum result nomination_add(struct db_tx *tx, int64_t a, int64_t b, enum identifier_kind kind, int64_t vkey,
                           struct error *e)
{
	int64_t id = id_new(id_bucket(a < b ? a : b)), now = clock_now(), put;

	TRY(db_exec(tx, &nomination_put, &put, e, DB_INT(id_bucket(a)), DB_INT(a), DB_INT(b), DB_INT(kind),
	            DB_INT(vkey), DB_INT(id), DB_INT(now)));
	if (put == 0)
		return OK;
	return db_exec(tx, &nomination_put, NULL, e, DB_INT(id_bucket(b)), DB_INT(b), DB_INT(a), DB_INT(kind),
	               DB_INT(vkey), DB_INT(id), DB_INT(now));
}

DB_STMT(nomination_drop, "iiii", "",
        "DELETE FROM person_nomination WHERE rkey = $1 AND a = $2 AND kind = $3 AND vkey = $4")
enum result nomination_clear(struct db_tx *tx, const struct value_holders *h, enum identifier_kind kind, int64_t vkey,
                             struct error *e)
{
	for (int i = 0; i < h->count; i++)
		TRY(db_exec(tx, &nomination_drop, NULL, e, DB_INT(id_bucket(h->holders[i].record)),
		            DB_INT(h->holders[i].record), DB_INT(kind), DB_INT(vkey)));
	return OK;
}

struct nominations {
	int limit, count;
	struct arena *a;
	struct nomination *out;
};

static enum result nominations_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct nominations *all = arg;
	enum db_step step = DB_DONE;

	(void)run;
	while (all->count < all->limit && (step = db_next(rows, e)) == DB_ROW) {
		struct nomination *n = &all->out[all->count++];

		*n = (struct nomination){ .id = db_int(rows, 0),
			                  .a = db_int(rows, 1),
			                  .b = db_int(rows, 2),
			                  .at = db_int(rows, 3),
			                  .kind = (enum identifier_kind)db_int(rows, 4),
			                  .value = db_text_dup(rows, 5, all->a),
			                  .other = db_int(rows, 6) };
		if (!n->value)
			return error_nomem(e);
	}
	return rows_end(step, e);
}

/* Left out: pairs that are one customer by now, and pairs that somebody told apart. */
DB_STMT(nomination_page, "iiiii", "iiiiiti",
        "SELECT n.id, n.a, n.b, n.at, n.kind, i.value, r.customer FROM person_nomination n "
        "JOIN person_record r ON r.rkey = (n.b & 4095) AND r.id = n.b "
        "JOIN person_identifier i ON i.rkey = n.rkey AND i.record = n.a AND i.kind = n.kind AND i.vkey = n.vkey "
        "WHERE n.rkey = $1 AND n.a = $2 AND r.customer <> $3 AND NOT EXISTS "
        "(SELECT 1 FROM person_decision_record x "
        "JOIN person_decision_record y ON y.decision = x.decision AND y.rkey = (n.b & 4095) AND y.record = n.b "
        "JOIN person_decision d ON d.rkey = (x.decision & 4095) AND d.id = x.decision "
        "WHERE x.rkey = n.rkey AND x.record = n.a AND d.kind = $4 AND d.standing = 1) ORDER BY n.b, n.kind, n.vkey "
        "LIMIT $5")
enum result nomination_list(struct db_tx *tx, int64_t customer, int limit, struct arena *a, struct nomination *out,
                            int *count, struct error *e)
{
	int64_t records[CUSTOMER_MEMBERS_MAX];
	struct nominations all = { .limit = limit, .a = a, .out = out };
	int members;

	TRY(customer_of(tx, customer, &customer, e));
	TRY(customer_members(tx, customer, records, CUSTOMER_MEMBERS_MAX, &members, e));
	TRY(db_each_id(tx, &nomination_page, records, members, nominations_take, &all, e, DB_INT(customer),
	               DB_INT(DECISION_NEVER), DB_INT(limit)));
	*count = all.count;
	return OK;
}
