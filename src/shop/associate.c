#include "shop/room.h"

#define ASSOCIATE_COLS "id, code, store, name, provisional"
#define ASSOCIATE_TYPES "ititi"

static void associate_read(const struct db_rows *r, struct associate *out)
{
	memset(out, 0, sizeof(*out));
	out->id = db_int(r, 0);
	shop_copy(out->code, sizeof(out->code), db_text(r, 1));
	out->store = db_int(r, 2);
	shop_copy(out->name, sizeof(out->name), db_text(r, 3));
	out->provisional = db_int(r, 4) != 0;
}

DB_STMT(associate_select_code, "t", ASSOCIATE_TYPES, "SELECT " ASSOCIATE_COLS " FROM associate WHERE code = $1")

static enum result associate_load(struct db_tx *tx, struct str code, struct associate *out, bool *found,
                                  struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query_one(tx, &associate_select_code, &r, found, e, DB_TEXT(code)));
	if (*found)
		associate_read(r, out);
	return OK;
}

DB_STMT(associate_insert, "ititi", "",
        "INSERT INTO associate (id, code, store, name, provisional) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT DO NOTHING")

static enum result associate_make(struct db_tx *tx, struct associate *a, bool *made, struct error *e)
{
	int64_t changed;
	a->id = id_new(bucket_of(STR("associate"), str_c(a->code)));
	TRY(db_exec(tx, &associate_insert, &changed, e, DB_INT(a->id), DB_CSTR(a->code), DB_INT(a->store),
	            DB_CSTR(a->name), DB_INT(a->provisional)));
	*made = changed == 1;
	return *made ? shop_changed(tx, a->id, e) : OK;
}

DB_STMT(associate_update, "itii", "", "UPDATE associate SET store = $1, name = $2, provisional = $3 WHERE id = $4")

static enum result associate_merge(struct db_tx *tx, struct associate *a, const struct associate *in, bool *changed,
                                   struct error *e)
{
	bool c = shop_take(a->name, sizeof(a->name), in->name);
	/* A report only says where somebody served; where they belong is said by a description. */
	if (!in->provisional || !a->store)
		c |= shop_take_int(&a->store, in->store, 0);
	if (!in->provisional && a->provisional)
		c = true, a->provisional = false;
	*changed = c;
	if (!c)
		return OK;
	TRY(db_exec(tx, &associate_update, NULL, e, DB_INT(a->store), DB_CSTR(a->name), DB_INT(a->provisional),
	            DB_INT(a->id)));
	return shop_changed(tx, a->id, e);
}

enum result associate_put(struct db_tx *tx, const struct associate *in, int64_t *id, bool *changed, struct error *e)
{
	TRY(shop_code_check(str_c(in->code), sizeof(in->code) - 1, "associate.code", e));
	struct associate a;
	bool found, c = false;
	TRY(associate_load(tx, str_c(in->code), &a, &found, e));
	if (!found) {
		a = *in;
		TRY(associate_make(tx, &a, &c, e));
		if (!c)
			TRY(associate_load(tx, str_c(in->code), &a, &found, e));
	}
	if (!c && found)
		TRY(associate_merge(tx, &a, in, &c, e));
	else if (!c)
		return error_set(e, ERR_RETRY, "associate.race", NULL, "another transaction makes this associate");
	*id = a.id;
	*changed = c;
	return OK;
}

enum result associate_need(struct db_tx *tx, struct str code, int64_t store, int64_t *id, struct error *e)
{
	unsigned blanks;
	if (!code.n) {
		*id = 0;
		return OK;
	}
	if (cache_code_find(SHOP_ASSOCIATE, code, id, &blanks))
		return OK;
	struct associate a = { .store = store, .provisional = true };
	TRY(shop_code_check(code, sizeof(a.code) - 1, "associate", e));
	shop_copy(a.code, sizeof(a.code), code);
	uint64_t generation = shop_cache_generation();
	bool changed;
	int64_t made;
	TRY(associate_put(tx, &a, &made, &changed, e));
	cache_code_keep(SHOP_ASSOCIATE, code, made, 0, generation);
	*id = made;
	return OK;
}

DB_STMT(associate_select, "i", ASSOCIATE_TYPES, "SELECT " ASSOCIATE_COLS " FROM associate WHERE id = $1")

enum result associate_get(struct db_tx *tx, int64_t id, struct associate *out, bool *found, struct error *e)
{
	*found = id != 0 && cache_row_find(SHOP_ASSOCIATE, id, out);
	if (*found || !id)
		return OK;
	struct cache_look look = cache_look(tx);
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query_one(tx, &associate_select, &r, found, e, DB_INT(id)));
	if (*found) {
		associate_read(r, out);
		cache_row_keep(SHOP_ASSOCIATE, id, out, look);
	}
	return OK;
}

DB_STMT(associate_select_page, "iti", ASSOCIATE_TYPES,
        "SELECT " ASSOCIATE_COLS " FROM associate WHERE ($1 = 0 OR store = $1) AND code > $2 ORDER BY code LIMIT $3")

enum result associate_list(struct db_tx *tx, int64_t store, struct str after, int limit, struct associate *out,
                           int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	TRY(db_query(tx, &associate_select_page, &r, e, DB_INT(store), DB_TEXT(after), DB_INT(limit)));
	enum db_step step;
	int n = 0;
	while (n < limit && (step = db_next(r, e)) != DB_DONE) {
		if (step == DB_ERR)
			return e->result;
		associate_read(r, &out[n++]);
	}
	*count = n;
	return OK;
}
