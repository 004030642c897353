/* Live screens: the event stream, and the feed's announcer that speaks into it. Events carry ids only; who hears one
 * fetches again what it shows, through the same doors and checks as ever. */
#include "api/api.h"
#include "api/internal.h"

#include "orders/command.h"
#include "people/people.h"
#include <stdio.h>

#define TOPICS_MAX 64 /* as many as a stream may have */
#define TOPIC_BYTES 40
#define CUSTOMER "customer:"
#define STOCK "stock:"
#define SHELF "shelf:"
#define IMPORTS "imports"
#define REVIEW "review"
#define SETTLE "settle"
#define ROLES_REVIEW (ROLE_AGENT | ROLE_MANAGER | ROLE_ADMIN | ROLE_LOCAL)
#define ROLES_ORDER (ROLES_SERVE | ROLE_FULFILMENT)
#define ROLES_IMPORTS (ROLE_OPERATOR | ROLE_ADMIN | ROLE_LOCAL)

/* ---- GET /v1/events
 * -------------------------------------------------------------------------------------------------- */

static bool topic_of(struct str topic, struct str prefix, enum id_kind kind, int64_t *id)
{
	return str_starts(topic, prefix) && id_parse((struct str){ topic.p + prefix.n, topic.n - prefix.n }, kind, id);
}

static enum result topic_check(const struct principal *p, struct str topic, struct error *e)
{
	int64_t id;
	unsigned roles;
	if (str_is(topic, IMPORTS))
		roles = ROLES_IMPORTS;
	else if (str_is(topic, REVIEW) || str_is(topic, SETTLE))
		roles = ROLES_REVIEW;
	else if (topic_of(topic, STR(CUSTOMER), ID_CUSTOMER, &id))
		roles = ROLES_SERVE;
	else if (topic_of(topic, STR(STOCK), ID_SKU, &id))
		roles = ROLES_SHELF;
	else if (topic_of(topic, STR(SHELF), ID_STORE, &id))
		roles = principal_in_store(p, id) ? ROLES_SHELF : 0;
	else if (topic_of(topic, STR("order:"), ID_ORDER, &id))
		roles = ROLES_ORDER;
	else if (topic_of(topic, STR("queue:"), ID_STORE, &id))
		roles = principal_in_store(p, id) ? ROLES_ORDER : 0;
	else
		return error_set(e, ERR_INVALID, "topic.unknown", "topics",
		                 "A topic is customer:cus_…, order:ord_…, queue:sto_…, stock:sku_…, shelf:sto_…, "
		                 "review, settle or imports.");
	if (!(roles & p->role))
		return error_set(e, ERR_FORBIDDEN, "role.missing", "topics", "Your role may not hear this.");
	return OK;
}

static enum result events_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	const struct principal *p = api_principal(rq);
	const char *topics[TOPICS_MAX];
	size_t count = 0;
	struct str rest = http_param_str(rq, "topics"), part;
	while (str_split(&rest, ',', &part)) {
		if (count == TOPICS_MAX)
			return error_set(e, ERR_INVALID, "topic.too_many", "topics", "At most %d topics.", TOPICS_MAX);
		TRY(topic_check(p, part, e));
		char *topic = str_dup(http_arena(rq), part);
		if (!topic)
			return error_nomem(e);
		for (char *c = topic; *c; c++) /* ids are taken in upper case too */
			*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
		topics[count++] = topic;
	}
	return http_stream_open(rq, rs, topics, count, p->user, e);
}

static const struct http_param events_params[] = {
	{ .name = "topics",
	  .type = JF_STR,
	  .required = true,
	  .min = 1,
	  .max = TOPICS_MAX * TOPIC_BYTES,
	  .doc = "customer:cus_…, order:ord_…, queue:sto_…, stock:sku_…, shelf:sto_…, review, settle and imports, with "
	         "commas "
	         "between" },
	{ 0 },
};
const struct http_route api_events_routes[] = {
	{ .method = HTTP_GET,
	  .path = "/v1/events",
	  .summary = "Server-sent events: what changed, by id",
	  .roles = ROLES_STAFF | ROLE_LOCAL,
	  .flags = HTTP_STREAM,
	  .params = events_params,
	  .answer = "Events",
	  .handle = events_handle },
	{ 0 },
};

/* ---- The announcer
 * ----------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int kind; /* of ref; -1: none is told */
} told[] = {
	[FEED_RECORD] = { "record", -1 },
	[FEED_MEMBERSHIP] = { "membership", ID_DECISION },
	[FEED_TOUCHPOINT] = { "touchpoint", ID_TOUCHPOINT },
	[FEED_ORDER] = { "order", ID_ORDER },
	[FEED_FACT] = { "fact", ID_FACT },
	[FEED_NOTE] = { "note", ID_NOTE },
	[FEED_CONSENT] = { "consent", -1 },
	[FEED_HOUSEHOLD] = { "household", ID_HOUSEHOLD },
	[FEED_STOCK] = { "stock", ID_SKU }, /* a hold, a place in the line */
};
#define TOLD_COUNT (sizeof(told) / sizeof(told[0]))

/* One event for one customer's page, under each id that the page may have been opened by. */
static void tell(struct http_server *s, int64_t member, const struct feed_event *ev)
{
	char id[ID_TEXT_BYTES], ref[ID_TEXT_BYTES] = "", topic[TOPIC_BYTES], text[160];
	id_format(id, ID_CUSTOMER, member);
	snprintf(topic, sizeof(topic), CUSTOMER "%s", id);
	if (ev->ref && told[ev->topic].kind >= 0)
		id_format(ref, (enum id_kind)told[ev->topic].kind, ev->ref);
	int n = snprintf(text, sizeof(text), "{\"customer\":\"%s\",\"topic\":\"%s\",\"ref\":%s%s%s}", id,
	                 told[ev->topic].name, ref[0] ? "\"" : "", ref[0] ? ref : "null", ref[0] ? "\"" : "");
	http_publish(s, topic, "customer", (struct str){ text, (size_t)n });
}

static void tell_import(struct http_server *s, int64_t job)
{
	char id[ID_TEXT_BYTES], text[64];
	id_format(id, ID_JOB, job);
	int n = snprintf(text, sizeof(text), "{\"job\":\"%s\"}", id);
	http_publish(s, IMPORTS, "import", (struct str){ text, (size_t)n });
}

static void tell_id(struct http_server *s, const char *prefix, const char *event, const char *member, enum id_kind kind,
                    int64_t ref)
{
	char id[ID_TEXT_BYTES], topic[TOPIC_BYTES], text[80];
	id_format(id, kind, ref);
	snprintf(topic, sizeof(topic), "%s:%s", prefix, id);
	int n = snprintf(text, sizeof(text), "{\"%s\":\"%s\"}", member, id);
	http_publish(s, topic, event, (struct str){ text, (size_t)n });
}

#define PLACES_TOLD 64

/* The order's page, and the queues of the stores that have to do with it. */
static enum result tell_order(struct http_server *s, struct db_tx *tx, int64_t order, struct error *e)
{
	int64_t places[PLACES_TOLD];
	int count = 0;
	tell_id(s, "order", "order", "order", ID_ORDER, order);
	TRY(order_places(tx, order, PLACES_TOLD, places, &count, e));
	for (int i = 0; i < count; i++)
		tell_id(s, "queue", "queue", "location", ID_STORE, places[i]);
	return OK;
}

struct announcement {
	struct http_server *server;
	const struct feed_event *events;
	size_t count;
};

/* The same thing twice in a batch is told once. */
static bool told_before(const struct announcement *a, size_t i)
{
	for (size_t k = i > 64 ? i - 64 : 0; k < i; k++)
		if (a->events[k].record == a->events[i].record && a->events[k].topic == a->events[i].topic &&
		    a->events[k].ref == a->events[i].ref)
			return true;
	return false;
}

/* The SKU's cells, and the lists of the store where something of it changed. */
static void tell_stock(const struct announcement *a, size_t i)
{
	const struct feed_event *ev = &a->events[i];
	bool sku = false, place = !ev->place;
	for (size_t k = i > 64 ? i - 64 : 0; k < i; k++) {
		if (a->events[k].topic != FEED_STOCK)
			continue;
		sku |= a->events[k].ref == ev->ref;
		place |= a->events[k].place == ev->place;
	}
	if (!sku)
		tell_id(a->server, "stock", "stock", "sku", ID_SKU, ev->ref);
	if (!place)
		tell_id(a->server, "shelf", "shelf", "location", ID_STORE, ev->place);
}

static enum result announce_read(struct db_tx *tx, void *arg, struct error *e)
{
	const struct announcement *a = arg;
	int64_t *members = arena_array(db_tx_arena(tx), CUSTOMER_MEMBERS_MAX, sizeof(*members)), customer;
	if (!members)
		return error_nomem(e);
	for (size_t i = 0; i < a->count; i++) {
		const struct feed_event *ev = &a->events[i];
		if (ev->topic == FEED_ORDER && !told_before(a, i))
			TRY(tell_order(a->server, tx, ev->ref, e));
		if (!ev->record || (size_t)ev->topic >= TOLD_COUNT || !told[ev->topic].name || told_before(a, i))
			continue;
		int count = 0;
		enum result r = customer_of(tx, ev->record, &customer, e);
		if (r == ERR_NOT_FOUND)
			continue; /* erased meanwhile */
		if (r == OK)
			r = customer_members(tx, customer, members, CUSTOMER_MEMBERS_MAX, &count, e);
		if (r != OK)
			return r;
		for (int k = 0; k < count; k++)
			tell(a->server, members[k], ev);
	}
	return OK;
}

static enum result announce(void *ctx, struct db *db, const struct feed_event *events, size_t count, struct error *e)
{
	struct api *api = ctx;
	struct announcement a = { api->http, events, count };
	struct http_stats stats;
	bool identity = false, settle = false;
	for (size_t i = 0; i < count; i++) {
		identity |= events[i].topic == FEED_RECORD || events[i].topic == FEED_MEMBERSHIP;
		settle |= events[i].topic == FEED_SETTLE;
		if (events[i].topic == FEED_ACCESS) {
			access_cache_drop();
			if (api->http)
				http_stream_drop(api->http, events[i].ref);
		}
		if (events[i].topic == FEED_IMPORT && api->http)
			tell_import(api->http, events[i].ref);
	}
	if (!api->http)
		return OK;
	if (identity) /* the queue may have changed: once a batch */
		http_publish(api->http, REVIEW, "review", STR("{}"));
	if (settle)
		http_publish(api->http, SETTLE, "settle", STR("{}"));
	http_stats_get(api->http, &stats);
	for (size_t i = 0; i < count && stats.streams_now; i++)
		if (events[i].topic == FEED_STOCK)
			tell_stock(&a, i);
	return stats.streams_now ? db_read(db, announce_read, &a, e) : OK;
}

const struct feed_process api_announcer = {
	.name = "announcer",
	.topics = 1u << FEED_RECORD | 1u << FEED_MEMBERSHIP | 1u << FEED_TOUCHPOINT | 1u << FEED_ORDER |
	          1u << FEED_FACT | 1u << FEED_NOTE | 1u << FEED_CONSENT | 1u << FEED_HOUSEHOLD | 1u << FEED_IMPORT |
	          1u << FEED_ACCESS | 1u << FEED_STOCK | 1u << FEED_SETTLE,
	.apply = announce,
	.after_stored = true, /* a screen that hears of a purchase reads what it changed */
};
