/* What a person spent, and where and by whom they are most often served: from the view `sale`. */
#include "insight/insight.h"

#include <stdlib.h>

#define CURRENCIES_MAX 16
#define PLACES_MAX 256

DB_STMT(spending_sums, "ii", "tiiiiiiii",
        "SELECT currency, "
        "CAST(SUM(CASE WHEN kind = 1 THEN 1 ELSE 0 END) AS BIGINT), "
        "CAST(SUM(CASE WHEN kind = 2 THEN 1 ELSE 0 END) AS BIGINT), "
        "CAST(SUM(CASE WHEN kind = 1 THEN units ELSE -units END) AS BIGINT), "
        "CAST(SUM(CASE WHEN kind = 1 THEN net_minor ELSE 0 END) AS BIGINT), "
        "CAST(SUM(CASE WHEN kind = 2 THEN net_minor ELSE 0 END) AS BIGINT), "
        "CAST(SUM(CASE WHEN kind = 1 THEN full_minor ELSE -full_minor END) AS BIGINT), "
        "MIN(CASE WHEN kind = 1 THEN at ELSE 9223372036854775807 END), "
        "MAX(CASE WHEN kind = 1 THEN at ELSE 0 END) "
        "FROM sale WHERE rkey = $1 AND record = $2 GROUP BY currency")

static enum result spending_add_record(struct db_tx *tx, int64_t record, struct spending *by, int *count,
                                       struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query(tx, &spending_sums, &rows, e, DB_INT(id_bucket(record)), DB_INT(record)));
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW) {
		int16_t currency = 0;
		if (!currency_find(db_text(rows, 0), &currency))
			return error_set(e, ERR_CORRUPT, "sale.currency", NULL, "A stored currency is unknown");
		int i = 0;
		while (i < *count && by[i].currency != currency)
			i++;
		if (i == CURRENCIES_MAX)
			continue;
		if (i == *count)
			by[(*count)++] = (struct spending){ .currency = currency, .first_at = INT64_MAX };
		by[i].orders += db_int(rows, 1);
		by[i].returns += db_int(rows, 2);
		by[i].units += db_int(rows, 3);
		by[i].net_minor += db_int(rows, 4) - db_int(rows, 5);
		by[i].returned_minor += db_int(rows, 5);
		by[i].full_minor += db_int(rows, 6);
		if (db_int(rows, 7) < by[i].first_at)
			by[i].first_at = db_int(rows, 7);
		if (db_int(rows, 8) > by[i].last_at)
			by[i].last_at = db_int(rows, 8);
	}
	return step == DB_ERR ? e->result : OK;
}

/* A store or an associate: how often, when last. */
struct place {
	int64_t id, n, last_at;
};

static int64_t place_best(const struct place *p, int count)
{
	const struct place *best = NULL;
	for (int i = 0; i < count; i++)
		if (!best || p[i].n > best->n || (p[i].n == best->n && p[i].last_at > best->last_at) ||
		    (p[i].n == best->n && p[i].last_at == best->last_at && p[i].id < best->id))
			best = &p[i];
	return best ? best->id : 0;
}

static void place_add(struct place *p, int *count, int64_t id, int64_t n, int64_t last_at)
{
	if (id == 0)
		return;
	int i = 0;
	while (i < *count && p[i].id != id)
		i++;
	if (i == PLACES_MAX)
		return;
	if (i == *count)
		p[(*count)++] = (struct place){ .id = id };
	p[i].n += n;
	if (last_at > p[i].last_at)
		p[i].last_at = last_at;
}

DB_STMT(served_by, "ii", "iiii",
        "SELECT store, associate, COUNT(*), MAX(at) FROM sale WHERE rkey = $1 AND record = $2 AND kind = 1 "
        "GROUP BY store, associate")

static enum result spending_places(struct db_tx *tx, const int64_t *records, int record_count, struct spending *out,
                                   struct error *e)
{
	struct place stores[PLACES_MAX] = { 0 }, associates[PLACES_MAX] = { 0 };
	int store_count = 0, associate_count = 0;
	for (int r = 0; r < record_count; r++) {
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		TRY(db_query(tx, &served_by, &rows, e, DB_INT(id_bucket(records[r])), DB_INT(records[r])));
		enum db_step step;
		while ((step = db_next(rows, e)) == DB_ROW) {
			place_add(stores, &store_count, db_int(rows, 0), db_int(rows, 2), db_int(rows, 3));
			place_add(associates, &associate_count, db_int(rows, 1), db_int(rows, 2), db_int(rows, 3));
		}
		if (step == DB_ERR)
			return e->result;
	}
	out->store = place_best(stores, store_count);
	out->associate = place_best(associates, associate_count);
	for (int i = 0; i < store_count; i++)
		if (stores[i].id == out->store)
			out->store_n = stores[i].n;
	for (int i = 0; i < associate_count; i++)
		if (associates[i].id == out->associate)
			out->associate_n = associates[i].n;
	return OK;
}

enum result spending_of(struct db_tx *tx, const int64_t *records, int record_count, struct spending *out,
                        struct error *e)
{
	struct spending by[CURRENCIES_MAX];
	int count = 0;
	for (int r = 0; r < record_count; r++)
		TRY(spending_add_record(tx, records[r], by, &count, e));
	struct spending s = { 0 };
	for (int i = 0; i < count; i++)
		if (i == 0 || by[i].orders > s.orders ||
		    (by[i].orders == s.orders && strcmp(currency_code(by[i].currency), currency_code(s.currency)) < 0))
			s = by[i];
	s.other_currencies = count > 1 ? count - 1 : 0;
	if (s.orders == 0)
		s.first_at = 0;
	TRY(spending_places(tx, records, record_count, &s, e));
	*out = s;
	return OK;
}

DB_STMT(spending_recent, "iiti", "i",
        "SELECT CAST(COALESCE(SUM(CASE WHEN kind = 1 THEN net_minor ELSE -net_minor END), 0) AS BIGINT) "
        "FROM sale WHERE rkey = $1 AND record = $2 AND currency = $3 AND at >= $4")

enum result spending_since(struct db_tx *tx, const int64_t *records, int record_count, int16_t currency, int64_t since,
                           int64_t *net_minor, struct error *e)
{
	int64_t sum = 0;
	for (int r = 0; r < record_count; r++) {
		DB_ROWS_AUTO struct db_rows *rows = NULL;
		bool found = false;
		TRY(db_query_one(tx, &spending_recent, &rows, &found, e, DB_INT(id_bucket(records[r])),
		                 DB_INT(records[r]), DB_CSTR(currency_code(currency)), DB_INT(since)));
		sum += found ? db_int(rows, 0) : 0;
	}
	*net_minor = sum;
	return OK;
}

enum result insight_standing(struct db_tx *tx, const int64_t *records, int count, struct search_standing *out,
                             struct error *e)
{
	struct spending s;
	TRY(spending_of(tx, records, count, &s, e));
	*out = (struct search_standing){
		.store = s.store, .associate = s.associate, .last_at = s.last_at, .spend_minor = s.net_minor
	};
	return OK;
}
