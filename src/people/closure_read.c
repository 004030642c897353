#include "people/closure_read.h"

/* ---- Nodes ------------------------------------------------------------------------------------------------------- */

struct nodes {
	struct arena *a;
	struct holder *list;
	int count;
};

static enum result node_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct nodes *n = arg;
	struct holder *h = &n->list[n->count];
	enum db_step step = db_next(rows, e);

	(void)run;
	if (step != DB_ROW || (db_int(rows, 2) & RECORD_ERASED))
		return rows_end(step, e);
	*h = (struct holder){ .record = db_int(rows, 0),
		              .customer = db_int(rows, 1),
		              .flags = db_int(rows, 2),
		              .tie = db_int(rows, 3),
		              .version = db_int(rows, 4),
		              .source = str_c(db_text_dup(rows, 5, n->a)),
		              .source_key = str_c(db_text_dup(rows, 6, n->a)) };
	n->count++;
	return h->source.p && h->source_key.p ? OK : error_nomem(e);
}

DB_STMT(closure_node, "ii", "iiiIitt",
        "SELECT r.id, r.customer, r.flags, r.tie, f.version, r.source, r.source_key FROM person_record r "
        "JOIN person_record f ON f.rkey = (r.customer & 4095) AND f.id = r.customer WHERE r.rkey = $1 AND r.id = $2")
enum result closure_nodes(struct db_tx *tx, const int64_t *ids, int count, struct holder **out, int *found,
                          struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	struct nodes n = { a, arena_array(a, (size_t)count + 1, sizeof(*n.list)), 0 };

	if (!n.list)
		return error_nomem(e);
	TRY(db_each_id(tx, &closure_node, ids, count, node_take, &n, e, DB_NONE));
	*out = n.list;
	*found = n.count;
	return OK;
}

/* ---- Verified values --------------------------------------------------------------------------------------------- */

struct values {
	struct arena *a;
	struct own_value *list;
	int count, cap;
};

static enum result values_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct values *v = arg;
	int first = v->count;
	enum db_step step;

	(void)run;
	while ((step = db_next(rows, e)) == DB_ROW) {
		enum identifier_kind kind = (enum identifier_kind)db_int(rows, 1);
		struct own_value *own;

		if (!kind_links(kind) || v->count - first == RECORD_VALUES_MAX)
			continue;
		if (!arena_grow(v->a, &v->list, v->count, &v->cap, sizeof(*v->list)))
			return error_nomem(e);
		own = &v->list[v->count++];
		*own = (struct own_value){ db_int(rows, 0),
			                   { kind, db_int(rows, 2), str_c(db_text_dup(rows, 3, v->a)) } };
		if (!own->named.text.p)
			return error_nomem(e);
	}
	return rows_end(step, e);
}

DB_STMT(closure_value, "ii", "iiit",
        "SELECT record, kind, vkey, value FROM person_identifier WHERE rkey = $1 AND record = $2 AND grade = 1")
enum result closure_values(struct db_tx *tx, const int64_t *ids, int count, struct own_value **out, int *found,
                           struct error *e)
{
	struct values v = { .a = db_tx_arena(tx) };

	TRY(db_each_id(tx, &closure_value, ids, count, values_take, &v, e, DB_NONE));
	*out = v.list;
	*found = v.count;
	return OK;
}

/* ---- Pairs ------------------------------------------------------------------------------------------------------- */

struct pairs {
	struct arena *a;
	struct record_pair *list;
	int count, cap;
};

static enum result pairs_take(struct db_rows *rows, int run, void *arg, struct error *e)
{
	struct pairs *p = arg;
	enum db_step step;

	(void)run;
	while ((step = db_next(rows, e)) == DB_ROW) {
		if (!arena_grow(p->a, &p->list, p->count, &p->cap, sizeof(*p->list)))
			return error_nomem(e);
		p->list[p->count++] = (struct record_pair){ db_int(rows, 0), db_int(rows, 1), (int)db_int(rows, 2) };
	}
	return rows_end(step, e);
}

DB_STMT(closure_pair, "iii", "iii",
        "SELECT a, b, score FROM person_pair WHERE rkey = $1 AND a = $2 AND score >= $3 ORDER BY b")
enum result closure_pairs(struct db_tx *tx, const int64_t *ids, int count, int floor, struct record_pair **out,
                          int *found, struct error *e)
{
	struct pairs p = { .a = db_tx_arena(tx) };

	TRY(db_each_id(tx, &closure_pair, ids, count, pairs_take, &p, e, DB_INT(floor)));
	*out = p.list;
	*found = p.count;
	return OK;
}
