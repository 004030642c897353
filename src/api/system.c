/* The server about itself: is it alive, is it ready, what does it measure, what does it offer. */
#include "api/api.h"
#include "api/internal.h"

#include "base/clock.h"
#include "outbox/outbox.h"
#include <stdio.h>
#include <unistd.h>

#define METRICS_BYTES (64 << 10)

static enum result alive_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)rq, (void)e;
	struct json_writer *w = http_json(rs);
	jw_object(w);
	jw_kbool(w, "alive", true);
	jw_end_object(w);
	return OK;
}

static enum result ready_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct api *api = api_of(rq);
	(void)e;
	bool search = !api->desk.search || search_ready(api->desk.search), ready = atomic_load(&api->ready);
	struct json_writer *w = http_json(rs);
	http_status(rs, ready && search ? 200 : 503);
	jw_object(w);
	jw_kbool(w, "ready", ready && search);
	jw_kbool(w, "writes", ready);
	jw_kbool(w, "search", search);
	jw_kcstr(w, "version", BYNAME_VERSION);
	jw_end_object(w);
	return OK;
}

/* ---- Prometheus text
 * ------------------------------------------------------------------------------------------------- */

static void metric(struct buf *b, const char *name, const char *type, const char *help, int64_t value)
{
	buf_printf(b, "# HELP byname_%s %s\n# TYPE byname_%s %s\nbyname_%s %lld\n", name, help, name, type, name,
	           (long long)value);
}

static void metrics_http(struct buf *b, struct http_server *s)
{
	struct http_stats st;
	http_stats_get(s, &st);
	metric(b, "http_requests_total", "counter", "Requests begun.", st.requests);
	buf_str(b, "# HELP byname_http_answers_total Answers by class of their status.\n"
	           "# TYPE byname_http_answers_total counter\n");
	for (int i = 1; i < 6; i++)
		buf_printf(b, "byname_http_answers_total{class=\"%dxx\"} %lld\n", i, (long long)st.by_class[i]);
	metric(b, "http_unanswered_total", "counter", "Requests whose client left first.", st.by_class[0]);
	metric(b, "http_rejected_total", "counter", "Requests refused because the queue was full.", st.rejected);
	metric(b, "http_reaped_total", "counter", "Slow senders cut off.", st.reaped);
	metric(b, "http_connections", "gauge", "Open connections.", st.connections_now);
	metric(b, "http_streams", "gauge", "Open event streams.", st.streams_now);
	metric(b, "http_queue", "gauge", "Requests waiting for a worker.", st.queue_now);
}

static enum result metrics_db(struct buf *b, struct db *db, struct error *e)
{
	struct db_stats st;
	struct feed_lag lag;
	db_stats_get(db, &st);
	metric(b, "db_commits_total", "counter", "Write transactions committed.", st.commits);
	metric(b, "db_groups_total", "counter", "Durable commits of the engine.", st.groups);
	metric(b, "db_retries_total", "counter", "Transactions run again after a lost race.", st.retries);
	metric(b, "db_rollbacks_total", "counter", "Transactions rolled back.", st.rollbacks);
	metric(b, "db_round_trips_total", "counter", "Times that PostgreSQL's answers were waited for.",
	       st.round_trips);
	metric(b, "db_queue", "gauge", "Writes waiting.", st.queue_now);
	metric(b, "db_wal_pages", "gauge", "Pages in the write-ahead log (SQLite).", st.wal_pages);
	TRY(feed_lag_get(db, &lag, e));
	metric(b, "feed_lag_rows", "gauge", "Feed rows that the slowest stored view has not taken in.", lag.rows);
	metric(b, "feed_horizon_microseconds", "gauge", "Age of the oldest open writer.", lag.horizon_us);
	return OK;
}

static enum result outbox_read(struct db_tx *tx, void *arg, struct error *e)
{
	return outbox_stats_get(tx, arg, e);
}

static enum result metrics_webhooks(struct buf *b, struct db *db, struct error *e)
{
	struct outbox_stats st;
	TRY(db_read(db, outbox_read, &st, e));
	int64_t oldest = st.oldest_waiting_at ? clock_now() - st.oldest_waiting_at : 0;
	metric(b, "webhook_endpoints", "gauge", "Webhooks.", st.endpoints);
	metric(b, "webhook_disabled", "gauge", "Webhooks that are disabled.", st.disabled);
	metric(b, "webhook_waiting", "gauge", "Deliveries that wait, up to 10,000 a webhook.", st.waiting);
	metric(b, "webhook_oldest_microseconds", "gauge", "Age of the oldest delivery that waits.", oldest);
	metric(b, "webhook_given_up", "gauge", "Deliveries given up, up to 10,000 a webhook.", st.given_up);
	metric(b, "webhook_flying", "gauge", "Attempts of this process that are on their way.", st.flying);
	buf_printf(b,
	           "# HELP byname_webhook_attempts_total Attempts of this process.\n"
	           "# TYPE byname_webhook_attempts_total counter\n"
	           "byname_webhook_attempts_total{outcome=\"delivered\"} %lld\n"
	           "byname_webhook_attempts_total{outcome=\"failed\"} %lld\n",
	           (long long)st.delivered_total, (long long)st.failed_total);
	return OK;
}

static int64_t resident_bytes(void)
{
	long long pages = 0, skipped;
	FILE *f = fopen("/proc/self/statm", "re");
	if (f && fscanf(f, "%lld %lld", &skipped, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static enum result metrics_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	struct api *api = api_of(rq);
	BUF_AUTO struct buf b;
	buf_init(&b, METRICS_BYTES);
	buf_printf(&b, "# HELP byname_build The version.\n# TYPE byname_build gauge\nbyname_build{version=\"%s\"} 1\n",
	           BYNAME_VERSION);
	metric(&b, "up_microseconds", "gauge", "Since the start.", clock_now() - api->started_at);
	metric(&b, "resident_bytes", "gauge", "Memory in use.", resident_bytes());
	metrics_http(&b, api->http ? api->http : http_server_of(rq));
	TRY(metrics_db(&b, api->desk.db, e));
	TRY(metrics_webhooks(&b, api->desk.db, e));
	if (b.failed)
		return error_nomem(e);
	http_set_body(rs, buf_view(&b), "text/plain; version=0.0.4; charset=utf-8");
	return OK;
}

static enum result openapi_handle(struct http_request *rq, struct http_response *rs, struct error *e)
{
	(void)rq, (void)e;
	api_openapi_write(api_routes(), http_json(rs));
	return OK;
}

const struct http_route api_system_routes[] = {
	{ .method = HTTP_GET,
	  .path = "/healthz",
	  .summary = "Is the server alive",
	  .flags = HTTP_OPEN | HTTP_INLINE,
	  .answer = "Alive",
	  .handle = alive_handle },
	{ .method = HTTP_GET,
	  .path = "/readyz",
	  .summary = "Is it ready: 503 until it is",
	  .flags = HTTP_OPEN | HTTP_INLINE,
	  .answer = "Ready",
	  .handle = ready_handle },
	{ .method = HTTP_GET,
	  .path = "/metrics",
	  .summary = "Measurements in Prometheus' text format; an API key may read them",
	  .roles = ROLE_OPERATOR | ROLE_ADMIN | ROLE_LOCAL | ROLE_SOURCE,
	  .answer = "Metrics",
	  .handle = metrics_handle },
	{ .method = HTTP_GET,
	  .path = "/v1/openapi.json",
	  .summary = "This description",
	  .flags = HTTP_OPEN,
	  .answer = "OpenAPI",
	  .handle = openapi_handle },
	{ 0 },
};
