#include "shop/room.h"

#include <math.h>

#define DEGREE 1000000 /* lat and lon count millionths */
#define LAT_MAX (90 * DEGREE)
#define LON_MAX (180 * DEGREE)
#define EARTH_KM 6371.0

#define STORE_COLS "id, code, name, zone, country, region, city, currency, kind, provisional, lat, lon, closed"
#define STORE_TYPES                                                                                                    \
	"ittttttt"                                                                                                     \
	"iiIIi"

static void store_read(const struct db_rows *r, struct store *out)
{
	memset(out, 0, sizeof(*out));
	out->id = db_int(r, 0);
	shop_copy(out->code, sizeof(out->code), db_text(r, 1));
	shop_copy(out->name, sizeof(out->name), db_text(r, 2));
	shop_copy(out->zone, sizeof(out->zone), db_text(r, 3));
	shop_copy(out->country, sizeof(out->country), db_text(r, 4));
	shop_copy(out->region, sizeof(out->region), db_text(r, 5));
	shop_copy(out->city, sizeof(out->city), db_text(r, 6));
	currency_find(db_text(r, 7), &out->currency);
	out->kind = (enum store_kind)db_int(r, 8);
	out->provisional = db_int(r, 9) != 0;
	out->placed = !db_is_null(r, 10) && !db_is_null(r, 11);
	out->lat = (int32_t)db_int(r, 10);
	out->lon = (int32_t)db_int(r, 11);
	out->closed = db_int(r, 12) != 0;
}

static struct db_value degree(const struct store *s, int32_t v)
{
	return s->placed ? DB_INT(v) : DB_NULL;
}

static enum result place_valid(const struct store *s, struct error *e)
{
	if (s->placed && (s->lat < -LAT_MAX || s->lat > LAT_MAX))
		return error_set(e, ERR_INVALID, "store.place", "lat", "a latitude lies between -90 and 90 degrees");
	if (s->placed && (s->lon < -LON_MAX || s->lon > LON_MAX))
		return error_set(e, ERR_INVALID, "store.place", "lon", "a longitude lies between -180 and 180 degrees");
	return OK;
}

double store_km(const struct store *a, const struct store *b)
{
	const double radian = M_PI / (DEGREE * 180.0);
	if (!a->placed || !b->placed)
		return -1;
	double north = sin((b->lat - a->lat) * radian / 2), east = sin((b->lon - (double)a->lon) * radian / 2);
	double h = north * north + cos(a->lat * radian) * cos(b->lat * radian) * east * east;
	return 2 * EARTH_KM * asin(sqrt(h < 1 ? h : 1));
}

DB_STMT(store_select_code, "t", STORE_TYPES, "SELECT " STORE_COLS " FROM store WHERE code = $1")

static enum result store_load(struct db_tx *tx, struct str code, struct store *out, bool *found, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query_one(tx, &store_select_code, &r, found, e, DB_TEXT(code)));
	if (*found)
		store_read(r, out);
	return OK;
}

DB_STMT(store_insert, "itttttttiiIIi", "",
        "INSERT INTO store (id, code, name, zone, country, region, city, currency, kind, provisional, lat, lon, "
        "closed) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING")

/* *made is false when another transaction made the code first. */
static enum result store_make(struct db_tx *tx, struct store *s, bool *made, struct error *e)
{
	int64_t changed;
	s->id = id_new(bucket_of(STR("store"), str_c(s->code)));
	TRY(db_exec(tx, &store_insert, &changed, e, DB_INT(s->id), DB_CSTR(s->code), DB_CSTR(s->name), DB_CSTR(s->zone),
	            DB_CSTR(s->country), DB_CSTR(s->region), DB_CSTR(s->city), DB_CSTR(currency_code(s->currency)),
	            DB_INT(s->kind), DB_INT(s->provisional), degree(s, s->lat), degree(s, s->lon), DB_INT(s->closed)));
	*made = changed == 1;
	return *made ? shop_changed(tx, s->id, e) : OK;
}

DB_STMT(store_update, "ttttttiiiIIi", "",
        "UPDATE store SET name = $1, zone = $2, country = $3, region = $4, city = $5, currency = $6, kind = $7, "
        "provisional = $8, lat = $10, lon = $11, closed = $12 WHERE id = $9")

static enum result store_merge(struct db_tx *tx, struct store *s, const struct store *in, bool *changed,
                               struct error *e)
{
	bool c = shop_take(s->name, sizeof(s->name), in->name);
	c |= shop_take(s->zone, sizeof(s->zone), in->zone);
	c |= shop_take(s->country, sizeof(s->country), in->country);
	c |= shop_take(s->region, sizeof(s->region), in->region);
	c |= shop_take(s->city, sizeof(s->city), in->city);
	if (in->currency && in->currency != s->currency)
		c = true, s->currency = in->currency;
	if (!in->provisional && in->kind != s->kind)
		c = true, s->kind = in->kind;
	if (!in->provisional && s->provisional)
		c = true, s->provisional = false;
	if (in->placed && (!s->placed || in->lat != s->lat || in->lon != s->lon))
		c = true, s->placed = true, s->lat = in->lat, s->lon = in->lon;
	if (in->closed_said && in->closed != s->closed)
		c = true, s->closed = in->closed;
	*changed = c;
	if (!c)
		return OK;
	TRY(db_exec(tx, &store_update, NULL, e, DB_CSTR(s->name), DB_CSTR(s->zone), DB_CSTR(s->country),
	            DB_CSTR(s->region), DB_CSTR(s->city), DB_CSTR(currency_code(s->currency)), DB_INT(s->kind),
	            DB_INT(s->provisional), DB_INT(s->id), degree(s, s->lat), degree(s, s->lon), DB_INT(s->closed)));
	return shop_changed(tx, s->id, e);
}

enum result store_put(struct db_tx *tx, const struct store *in, int64_t *id, bool *changed, struct error *e)
{
	TRY(shop_code_check(str_c(in->code), sizeof(in->code) - 1, "store.code", e));
	TRY(place_valid(in, e));
	struct store s;
	bool found, c = false;
	TRY(store_load(tx, str_c(in->code), &s, &found, e));
	if (!found) {
		s = *in;
		if (!s.zone[0])
			shop_copy(s.zone, sizeof(s.zone), STR("UTC"));
		TRY(store_make(tx, &s, &c, e));
		if (!c) /* lost a race: what the other wrote is visible only to a new statement */
			TRY(store_load(tx, str_c(in->code), &s, &found, e));
	}
	if (!c && found)
		TRY(store_merge(tx, &s, in, &c, e));
	else if (!c)
		return error_set(e, ERR_RETRY, "store.race", NULL, "another transaction makes this store");
	*id = s.id;
	*changed = c;
	return OK;
}

enum result store_need(struct db_tx *tx, struct str code, int64_t *id, struct error *e)
{
	unsigned blanks;
	if (!code.n) {
		*id = 0;
		return OK;
	}
	if (cache_code_find(SHOP_STORE, code, id, &blanks))
		return OK;
	struct store s = { .provisional = true };
	TRY(shop_code_check(code, sizeof(s.code) - 1, "store", e));
	shop_copy(s.code, sizeof(s.code), code);
	uint64_t generation = shop_cache_generation();
	bool changed;
	int64_t made;
	TRY(store_put(tx, &s, &made, &changed, e));
	cache_code_keep(SHOP_STORE, code, made, 0, generation);
	*id = made;
	return OK;
}

DB_STMT(store_select, "i", STORE_TYPES, "SELECT " STORE_COLS " FROM store WHERE id = $1")

enum result store_get(struct db_tx *tx, int64_t id, struct store *out, bool *found, struct error *e)
{
	*found = id != 0 && cache_row_find(SHOP_STORE, id, out);
	if (*found || !id)
		return OK;
	struct cache_look look = cache_look(tx);
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query_one(tx, &store_select, &r, found, e, DB_INT(id)));
	if (*found) {
		store_read(r, out);
		cache_row_keep(SHOP_STORE, id, out, look);
	}
	return OK;
}

static enum result store_keep(struct db_rows *rows, int run, void *arg, struct error *e)
{
	const struct cache_look *look = arg;
	enum db_step step = db_next(rows, e);
	struct store s;
	(void)run;
	if (step == DB_ROW) {
		store_read(rows, &s);
		cache_row_keep(SHOP_STORE, s.id, &s, *look);
	}
	return step == DB_ERR ? e->result : OK;
}

enum result stores_expect(struct db_tx *tx, const int64_t *ids, int count, struct error *e)
{
	struct db_value *lacking = arena_array(db_tx_arena(tx), (size_t)count + 1, sizeof(*lacking));
	struct cache_look look = cache_look(tx);
	struct store s;
	int n = 0;
	if (!lacking)
		return error_nomem(e);
	if (db_tx_engine(tx) == DB_SQLITE)
		return OK;
	for (int i = 0; i < count; i++)
		if (ids[i] && !cache_row_find(SHOP_STORE, ids[i], &s))
			lacking[n++] = DB_INT(ids[i]);
	return n < 2 ? OK : db_each(tx, &store_select, lacking, n, store_keep, &look, e);
}

enum result store_by_code(struct db_tx *tx, struct str code, struct store *out, bool *found, struct error *e)
{
	return store_load(tx, code, out, found, e);
}

DB_STMT(store_select_page, "ti", STORE_TYPES, "SELECT " STORE_COLS " FROM store WHERE code > $1 ORDER BY code LIMIT $2")

enum result store_list(struct db_tx *tx, struct str after, int limit, struct store *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &store_select_page, &r, e, DB_TEXT(after), DB_INT(limit)));
	enum db_step step;
	int n = 0;
	while (n < limit && (step = db_next(r, e)) != DB_DONE) {
		if (step == DB_ERR)
			return e->result;
		store_read(r, &out[n++]);
	}
	*count = n;
	return OK;
}
