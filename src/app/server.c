#include "app/server.h"
#include "app/client.h"

#include "api/api.h"
#include "app/files.h"
#include "app/rooms.h"
#include "app/webhooks.h"
#include "base/clock.h"
#include "base/log.h"
#include "desk/rank.h"
#include "outbox/outbox.h"
#include "people/search.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LOCAL_WORKERS 8
#define KEEP_FEED_US HOUR_US
#define REQUEST_LIMIT_MS 1000 /* a request's transaction; work that nobody waits for takes DB_LONG_MS */
#define HOUSEKEEPING_S                                                                                                 \
	30 /* what lapses, or may be offered, is dealt with this soon, and the time that a round takes                 \
	    */
#define HOUSEKEEPING_STEPS 500
#define WORK_STEPS 20 /* of put-off work, then a second for others */

struct server {
	struct api api;
	struct save_settings save;
	struct db *db;
	struct feed *feed;            /* stored views, announcer */
	struct outbox_sender *sender; /* only of a server that stays: what a command makes waits for one */
	struct feed *search_feed;     /* search hears everything after the position at which it was built */
	struct feed_position pruned;  /* of the feed, by this process */
	struct feed_process processes[2], search_process[1];
	const struct feed_stored *stored[ROOMS_VIEWS_MAX];
	const char *views[ROOMS_VIEWS_MAX + 1];
	char socket[108];
	pthread_t builder, keeper;
	bool building, keeping, audit, stays; /* stays: it serves more than one command */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
};

/* ---- Threads ------------------------------------------------------------------------------------------------------
 */

static void *build_search(void *arg)
{
	struct server *s = arg;
	struct error e = { 0 };
	struct feed_position from = { 0 };
	int64_t began = clock_monotonic();
	(void)db_thread_limit(DB_LONG_MS);
	enum result r = search_build(s->api.desk.search, NULL, NULL, &from, &e);
	if (r == OK)
		r = feed_start(s->db, NULL, 0, s->search_process, 1, from, &s->search_feed, &e);
	if (r == OK)
		log_event(LOG_INFO, "search.ready", "ms=%lld", (long long)((clock_monotonic() - began) / 1000));
	else
		log_error("search.build", &e);
	return NULL;
}

/* What the rooms put off. True when there is more. */
static bool work_off(struct server *s)
{
	bool busy = false;
	for (size_t i = 0; rooms[i]; i++) {
		bool left = rooms[i]->work != NULL;
		for (int k = 0; k < WORK_STEPS && left; k++) {
			struct error e = { 0 };
			if (rooms[i]->work(s->db, &left, &e) != OK) {
				log_error("housekeeping", &e);
				left = false;
			}
		}
		busy = busy || left;
	}
	return busy;
}

static void prune(struct server *s)
{
	struct error e = { 0 };
	bool more = true;
	enum result r = OK;
	for (int i = 0; i < HOUSEKEEPING_STEPS && more && r == OK; i++)
		r = api_idem_prune(s->db, &more, &e);
	more = true;
	for (int i = 0; i < HOUSEKEEPING_STEPS && more && r == OK; i++)
		r = feed_prune(s->db, KEEP_FEED_US, &s->pruned, &more, &e);
	if (r != OK)
		log_error("housekeeping", &e);
}

/* Until then, unless the server stops. */
static void doze(struct server *s, int seconds)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += seconds;
	while (!s->stopping && pthread_cond_timedwait(&s->wake, &s->lock, &until) == 0)
		continue;
}

/* Every server of a database does all of it, side by side: each piece of work is a guarded change that one of them
 * makes. A server that stays begins with it: holds may have lapsed while none was there. */
static void *keep_house(void *arg)
{
	struct server *s = arg;
	bool busy = false;
	(void)db_thread_limit(DB_LONG_MS);
	pthread_mutex_lock(&s->lock);
	if (!s->stays)
		doze(s, HOUSEKEEPING_S);
	while (!s->stopping) {
		pthread_mutex_unlock(&s->lock);
		busy = work_off(s);
		prune(s);
		pthread_mutex_lock(&s->lock);
		doze(s, busy ? 1 : HOUSEKEEPING_S);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- Start --------------------------------------------------------------------------------------------------------
 */

static enum result open_database(struct server *s, const struct server_config *c, struct error *e)
{
	const struct db_config dc = {
		.url = c->db, .create = true, .readers = c->db_connections, .limit_ms = REQUEST_LIMIT_MS
	};
	TRY(db_open(&dc, &s->db, e));
	TRY(db_migrate(s->db, e));
	s->api.desk.db = s->db;
	TRY(audit_start(s->db, e));
	s->audit = true;
	return OK;
}

static enum result start_views(struct server *s, struct error *e)
{
	size_t stored = rooms_stored(s->stored);
	for (size_t i = 0; i < stored; i++)
		s->views[i] = s->stored[i]->name;
	s->api.views = s->views;
	s->processes[0] = api_announcer;
	s->processes[0].ctx = &s->api;
	s->processes[1] = shop_feed;
	TRY(search_new(s->db, insight_standing, &s->api.desk.search, e));
	s->search_process[0] = (struct feed_process){
		.name = "search",
		.topics = 1u << FEED_RECORD | 1u << FEED_MEMBERSHIP | 1u << FEED_ORDER,
		.apply = search_apply,
		.ctx = s->api.desk.search,
	};
	TRY(feed_start(s->db, s->stored, stored, s->processes, 2, (struct feed_position){ 0 }, &s->feed, e));
	s->api.desk.feed = s->feed;
	if (pthread_create(&s->builder, NULL, build_search, s))
		return error_nomem(e);
	s->building = true;
	return OK;
}

static enum result start_listeners(struct server *s, const struct server_config *c, struct error *e)
{
	struct http_config local = { .unix_path = s->socket, .io_threads = 1, .workers = LOCAL_WORKERS };
	struct http_config open = { .bind = c->bind,
		                    .port = c->port,
		                    .tls_cert = c->tls_cert,
		                    .tls_key = c->tls_key,
		                    .workers = c->workers,
		                    .io_threads = c->io_threads };
	/* A second server of this PostgreSQL database on one machine: the command line goes on asking the first. */
	bool other = c->bind && !c->socket && client_server_runs(c->db);
	if (other) {
		log_event(LOG_INFO, "socket.shared", "socket=%s", s->socket);
	} else {
		api_configure(&local, &s->api);
		TRY(http_start(&local, &s->api.local, e));
	}
	if (!c->bind)
		return OK;
	api_configure(&open, &s->api);
	return http_start(&open, &s->api.http, e);
}

static enum result start_parts(struct server *s, const struct server_config *c, struct error *e)
{
	s->stays = c->bind != NULL;
	const struct http_config listener = { .bind = c->bind, .tls_cert = c->tls_cert, .tls_key = c->tls_key };
	if (c->bind)
		TRY(http_check(&listener, e)); /* before a database is made */

	if (c->socket)
		snprintf(s->socket, sizeof(s->socket), "%s", c->socket);
	else
		TRY(server_socket_path(c->db, s->socket, sizeof(s->socket), e));
	TRY(webhooks_configure(e));
	TRY(open_database(s, c, e));
	TRY(webhooks_key_beside(c->db, e));
	TRY(start_views(s, e));
	TRY(start_listeners(s, c, e));
	if (c->bind)
		TRY(outbox_start(s->db, &s->sender, e));
	if (pthread_create(&s->keeper, NULL, keep_house, s))
		return error_nomem(e);
	s->keeping = true;
	atomic_store(&s->api.ready, true);
	return OK;
}

enum result server_start(const struct server_config *config, struct server **out, struct error *e)
{
	struct server *s = mem_calloc(1, sizeof(*s));
	if (!s)
		return error_nomem(e);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	s->api.started_at = clock_now();
	s->api.static_file = files_answer;
	s->api.rooms = rooms;
	s->api.desk.save = &s->save;
	enum result r = save_settings_read(str_c(config->ways), &s->save, e);
	if (r == OK)
		r = start_parts(s, config, e);
	if (r != OK) {
		server_stop(s);
		return r;
	}
	*out = s;
	return OK;
}

/* ---- Stop ---------------------------------------------------------------------------------------------------------
 */

static void stop_threads(struct server *s)
{
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (s->keeping)
		pthread_join(s->keeper, NULL);
	if (s->building)
		pthread_join(s->builder, NULL);
}

void server_stop(struct server *s)
{
	if (!s)
		return;
	/* Handlers wait on the feed, and the feed announces into the listeners: handlers end first, listeners go last.
	 */
	atomic_store(&s->api.ready, false);
	http_quiesce(s->api.http);
	http_quiesce(s->api.local);
	api_imports_stop();
	api_resolution_stop();
	stop_threads(s);
	outbox_stop(s->sender);
	feed_stop(s->search_feed);
	feed_stop(s->feed);
	http_stop(s->api.http);
	http_stop(s->api.local);
	search_free(s->api.desk.search);
	if (s->audit)
		audit_stop();
	db_close(s->db);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->wake);
	mem_free(s);
}

enum result server_tls_reload(struct server *s, struct error *e)
{
	if (!s->api.http)
		return error_set(e, ERR_INVALID, "http.tls", NULL, "There is no TLS listener.");
	return http_tls_reload(s->api.http, e);
}

int server_port(const struct server *s)
{
	return s->api.http ? http_port(s->api.http) : 0;
}

struct db *server_db(struct server *s)
{
	return s->db;
}

const char *server_socket(const struct server *s)
{
	return s->socket;
}
