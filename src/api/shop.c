/* Stores, associates, top customers. */
#include "api/api.h"

#include "base/clock.h"
#include "stock/stock.h"

#define ROLES_TOP (ROLE_MANAGER | ROLE_MARKETER | ROLE_BUYER | ROLE_ANALYST | ROLE_ADMIN | ROLE_LOCAL)
#define LIST_MAX 1000
#define TOP_LIMIT 50
#define FIRST_DAY (-25567) /* 1900-01-01 */
#define LAST_DAY 2932896   /* 9999-12-31 */

static const char *const store_kinds[] = { "shop", "web", "call_centre", "warehouse" };

struct list_ask {
	int64_t store;
	struct json_writer *w;
};

/* Whether units are counted there, and whether another system counts them. */
static const char *stock_kept(const struct stock_place *place)
{
	return place->elsewhere ? "elsewhere" : place->since ? "here" : "none";
}

static void degrees(struct json_writer *w, const char *key, const struct store *s, int32_t millionths)
{
	jw_key(w, key);
	if (s->placed)
		jw_f64(w, millionths / 1e6);
	else
		jw_null(w);
}

static enum result stores_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct list_ask *ask = arg;
	struct store *list = arena_array(db_tx_arena(tx), LIST_MAX, sizeof(*list));
	struct stock_place *places = arena_array(db_tx_arena(tx), LIST_MAX, sizeof(*places));
	int64_t *ids = arena_array(db_tx_arena(tx), LIST_MAX, sizeof(*ids));
	int count = 0;
	if (!list || !places || !ids)
		return error_nomem(e);
	TRY(store_list(tx, STR(""), LIST_MAX, list, &count, e));
	for (int i = 0; i < count; i++)
		ids[i] = list[i].id;
	TRY(places_get(tx, ids, count, places, e));
	jw_object(ask->w);
	jw_key(ask->w, "items");
	jw_array(ask->w);
	for (int i = 0; i < count; i++) {
		jw_object(ask->w);
		jw_kid(ask->w, "id", ID_STORE, list[i].id);
		jw_kcstr(ask->w, "code", list[i].code);
		jw_kcstr(ask->w, "name", list[i].name[0] ? list[i].name : list[i].code);
		jw_kcstr(ask->w, "zone", list[i].zone);
		jw_kcstr(ask->w, "country", list[i].country);
		jw_kcstr(ask->w, "city", list[i].city);
		jw_kcstr(ask->w, "kind", store_kinds[list[i].kind]);
		jw_kcstr(ask->w, "currency", currency_code(list[i].currency));
		degrees(ask->w, "lat", &list[i], list[i].lat);
		degrees(ask->w, "lon", &list[i], list[i].lon);
		jw_kbool(ask->w, "closed", list[i].closed);
		jw_kcstr(ask->w, "stock", stock_kept(&places[i]));
		jw_end_object(ask->w);
	}
	jw_end_array(ask->w);
	jw_end_object(ask->w);
	return OK;
}

static enum result stores_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct list_ask ask = { .w = http_json(rs) };
	return db_read(api_desk(rq)->db, stores_read, &ask, e);
}

static enum result associates_read(struct db_tx *tx, void *arg, struct error *e)
{
	struct list_ask *ask = arg;
	struct associate *list = arena_array(db_tx_arena(tx), LIST_MAX, sizeof(*list));
	int count = 0;
	if (!list)
		return error_nomem(e);
	TRY(associate_list(tx, ask->store, STR(""), LIST_MAX, list, &count, e));
	jw_object(ask->w);
	jw_key(ask->w, "items");
	jw_array(ask->w);
	for (int i = 0; i < count; i++) {
		jw_object(ask->w);
		jw_kid(ask->w, "id", ID_ASSOCIATE, list[i].id);
		jw_kcstr(ask->w, "code", list[i].code);
		jw_kcstr(ask->w, "name", list[i].name[0] ? list[i].name : list[i].code);
		jw_kid(ask->w, "store", ID_STORE, list[i].store);
		jw_end_object(ask->w);
	}
	jw_end_array(ask->w);
	jw_end_object(ask->w);
	return OK;
}

static enum result associates_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct list_ask ask = { .w = http_json(rs), .store = http_param_i64(rq, "store", 0) };
	return db_read(api_desk(rq)->db, associates_read, &ask, e);
}

static enum result day_param(struct http_request *rq, const char *name, int64_t otherwise, int64_t *day,
                             struct error *e)
{
	int y = 0, m = 0, d = 0;
	struct str text = http_param_str(rq, name);
	if (text.n && !date_parse(text, &y, &m, &d))
		return error_set(e, ERR_INVALID, "field.type", name, "A date is YYYY-MM-DD");
	*day = text.n ? date_to_days(y, m, d) : otherwise;
	return OK;
}

static enum result top_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	DB_LIMIT_AUTO int was = db_thread_limit(DB_LONG_MS); /* it may count all that was ever sold */
	const struct principal *p = api_principal(rq);
	struct str currency = http_param_str(rq, "currency"), channel = http_param_str(rq, "channel");
	struct top_query q = { .store = http_param_i64(rq, "store", 0),
		               .limit = (int)http_param_i64(rq, "limit", TOP_LIMIT) };
	TRY(day_param(rq, "from", FIRST_DAY, &q.from_day, e));
	TRY(day_param(rq, "to", LAST_DAY, &q.to_day, e));
	if (!currency_find(currency.n ? currency : STR("EUR"), &q.currency))
		return error_set(e, ERR_INVALID, "currency.unknown", "currency", "There is no such currency");
	if (channel.n && !channel_find(channel, &q.channel))
		return error_set(e, ERR_INVALID, "channel.unknown", "channel", "There is no such channel");
	if (q.from_day > q.to_day)
		return error_set(e, ERR_INVALID, "field.range", "from", "The period ends before it begins");
	if (p->role == ROLE_MANAGER && p->store_count) {
		if (q.store == 0)
			q.store = p->stores[0];
		if (!principal_in_store(p, q.store))
			return error_set(e, ERR_FORBIDDEN, "store.scope", "store", "This store is not yours");
	}
	return desk_top(api_desk(rq), p, &q, http_json(rs), e);
}

static const struct http_param associates_params[] = {
	{ "store", JF_ID, false, ID_STORE, 0, NULL, "Only of this store" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};
static const struct http_param top_params[] = {
	{ "from", JF_STR, false, 0, 10, NULL, "First local day, YYYY-MM-DD" },
	{ "to", JF_STR, false, 0, 10, NULL, "Last local day, YYYY-MM-DD" },
	{ "store", JF_ID, false, ID_STORE, 0, NULL, "Only this store" },
	{ "channel", JF_STR, false, 0, 16, NULL, "Only this channel" },
	{ "currency", JF_STR, false, 3, 3, NULL, "ISO 4217 (EUR)" },
	{ "limit", JF_I64, false, 1, 1000, NULL, "At most so many (50)" },
	{ NULL, JF_STR, false, 0, 0, NULL, NULL },
};

const struct http_route api_shop_routes[] = {
	{ .method = HTTP_GET,
	  .path = "/v1/stores",
	  .summary = "All stores",
	  .roles = ROLES_STAFF | ROLE_LOCAL,
	  .answer = "Stores",
	  .handle = stores_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/associates",
	  .summary = "Associates, of one store or all",
	  .roles = ROLES_STAFF | ROLE_LOCAL,
	  .params = associates_params,
	  .answer = "Associates",
	  .handle = associates_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/top",
	  .summary = "Top customers by spend",
	  .roles = ROLES_TOP,
	  .purpose = "analyse",
	  .params = top_params,
	  .answer = "Top",
	  .handle = top_handle },
	{ 0 },
};
