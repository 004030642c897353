/* Server-sent events.
 *
 * A stream with nothing to send is suspended. Its mutex covers both sides of that: the reader finds nothing pending and
 * suspends under it, the publisher appends and resumes under it, so no wake-up is lost. Lock order: the table, a
 * stream, libmicrohttpd's own. A stream is counted: its answer (or request) holds it, and a publisher while it works.
 */
#include "base/clock.h"
#include "base/hash.h"
#include "http/http_int.h"
#include <sys/epoll.h>
#include <sys/socket.h>

#define TOPIC_BUCKETS 16384
#define KEY_BUCKETS 4096
#define STREAM_BLOCK 1024
#define TOPIC_BYTES 200

struct topic {
	struct topic *next;
	uint64_t hash;
	struct sub **subs;
	size_t count, cap;
	char name[];
};

struct sub {
	struct stream *stream;
	struct topic *topic;
	size_t at; /* in topic->subs */
};

struct stream {
	struct http_streams *table;
	struct stream *prev, *next, *key_next; /* in the table; under its lock */
	_Atomic int refs;
	uint64_t key; /* what epoll gives back: never a pointer */
	int64_t owner;
	size_t sub_count;
	bool listed;

	pthread_mutex_t lock; /* the next seven */
	struct buf pending;
	size_t sent; /* of pending */
	struct MHD_Connection *mhd;
	int fd;
	bool suspended, closed;
	int64_t ping_ms;

	struct sub subs[]; /* under the table's lock */
};

struct http_streams {
	pthread_mutex_t lock;
	struct topic *buckets[TOPIC_BUCKETS];
	struct stream *list, *keys[KEY_BUCKETS];
	int64_t count;
	uint64_t last_key;
	bool stopping;
	int epoll;
};

/* ---- The table ------------------------------------------------------------------------------------------------------
 */

static uint64_t topic_hash(const char *name)
{
	return hash64_str(str_c(name), 0);
}

static struct topic *topic_find(struct http_streams *ss, const char *name, uint64_t hash)
{
	for (struct topic *t = ss->buckets[hash % TOPIC_BUCKETS]; t; t = t->next)
		if (t->hash == hash && !strcmp(t->name, name))
			return t;
	return NULL;
}

static struct topic *topic_make(struct http_streams *ss, const char *name)
{
	uint64_t hash = topic_hash(name);
	struct topic *t = topic_find(ss, name, hash);
	if (t)
		return t;
	t = mem_calloc(1, sizeof(*t) + strlen(name) + 1);
	if (!t)
		return NULL;
	strcpy(t->name, name);
	t->hash = hash;
	t->next = ss->buckets[hash % TOPIC_BUCKETS];
	ss->buckets[hash % TOPIC_BUCKETS] = t;
	return t;
}

static void topic_free_if_empty(struct http_streams *ss, struct topic *t)
{
	if (t->count)
		return;
	struct topic **at = &ss->buckets[t->hash % TOPIC_BUCKETS];
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	mem_free(t->subs);
	mem_free(t);
}

static bool topic_add(struct topic *t, struct sub *sub)
{
	if (t->count == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 4;
		struct sub **subs = mem_realloc(t->subs, cap * sizeof(struct sub *));
		if (!subs)
			return false;
		t->subs = subs;
		t->cap = cap;
	}
	sub->topic = t;
	sub->at = t->count;
	t->subs[t->count++] = sub;
	return true;
}

static void topic_remove(struct http_streams *ss, struct sub *sub)
{
	struct topic *t = sub->topic;
	t->subs[sub->at] = t->subs[--t->count];
	t->subs[sub->at]->at = sub->at;
	topic_free_if_empty(ss, t);
}

/* With the table locked. */
static void stream_unlist(struct stream *st)
{
	struct http_streams *ss = st->table;
	while (st->sub_count)
		topic_remove(ss, &st->subs[--st->sub_count]);
	if (!st->listed)
		return;
	if (st->prev)
		st->prev->next = st->next;
	else
		ss->list = st->next;
	if (st->next)
		st->next->prev = st->prev;
	struct stream **at = &ss->keys[st->key % KEY_BUCKETS];
	while (*at != st)
		at = &(*at)->key_next;
	*at = st->key_next;
	st->listed = false;
	ss->count--;
}

static void stream_unref(struct stream *st)
{
	if (atomic_fetch_sub(&st->refs, 1) != 1)
		return;
	buf_free(&st->pending);
	pthread_mutex_destroy(&st->lock);
	mem_free(st);
}

/* ---- One stream -----------------------------------------------------------------------------------------------------
 */

/* With the stream locked. */
static void stream_wake(struct stream *st)
{
	if (!st->suspended)
		return;
	st->suspended = false;
	MHD_resume_connection(st->mhd);
}

static void stream_close(struct stream *st)
{
	pthread_mutex_lock(&st->lock);
	st->closed = true;
	stream_wake(st);
	pthread_mutex_unlock(&st->lock);
}

/* False when the stream is closed already. */
static bool stream_append(struct stream *st, struct str text)
{
	pthread_mutex_lock(&st->lock);
	bool open = !st->closed;
	if (open) {
		if (st->pending.n - st->sent + text.n > HTTP_STREAM_PENDING)
			open = false;
		else
			buf_add(&st->pending, text.p, text.n);
		if (!open || st->pending.failed) {
			st->closed = true;
			if (st->mhd)
				shutdown(st->fd, SHUT_RDWR); /* its buffers are full: no end would get through */
		}
		stream_wake(st);
	}
	pthread_mutex_unlock(&st->lock);
	return open;
}

static ssize_t stream_read(void *cls, uint64_t pos, char *out, size_t max)
{
	struct stream *st = cls;
	(void)pos;
	pthread_mutex_lock(&st->lock);
	size_t n = st->pending.n - st->sent;
	ssize_t result = 0;
	if (st->closed) {
		result = MHD_CONTENT_READER_END_OF_STREAM;
	} else if (n == 0) {
		st->suspended = true;
		MHD_suspend_connection(st->mhd);
	} else {
		n = n < max ? n : max;
		memcpy(out, st->pending.p + st->sent, n);
		st->sent += n;
		if (st->sent == st->pending.n) {
			if (st->pending.cap > STREAM_BLOCK)
				buf_free(&st->pending);
			buf_clear(&st->pending);
			st->sent = 0;
		}
		result = (ssize_t)n;
	}
	pthread_mutex_unlock(&st->lock);
	return result;
}

/* libmicrohttpd lets go of the answer: the connection is over, or goes on with the next request. */
static void stream_gone(void *cls)
{
	struct stream *st = cls;
	pthread_mutex_lock(&st->lock);
	if (st->mhd)
		epoll_ctl(st->table->epoll, EPOLL_CTL_DEL, st->fd, NULL);
	st->mhd = NULL;
	st->closed = true;
	pthread_mutex_unlock(&st->lock);
	pthread_mutex_lock(&st->table->lock);
	stream_unlist(st);
	pthread_mutex_unlock(&st->table->lock);
	stream_unref(st);
}

void stream_abandon(struct stream *st)
{
	stream_gone(st);
}

struct MHD_Response *stream_response(struct stream *st, struct http_request *rq)
{
	pthread_mutex_lock(&st->lock);
	st->mhd = rq->mhd;
	st->fd = rq->conn->fd;
	st->ping_ms = clock_monotonic() / 1000 + HTTP_STREAM_PING_MS;
	pthread_mutex_unlock(&st->lock);
	struct MHD_Response *r =
	        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, stream_read, st, stream_gone);
	if (!r)
		return NULL;
	struct epoll_event ev = { .events = EPOLLRDHUP | EPOLLONESHOT, .data.u64 = st->key };
	epoll_ctl(st->table->epoll, EPOLL_CTL_ADD, st->fd, &ev);
	return r;
}

/* ---- Door
 * ------------------------------------------------------------------------------------------------------------ */

static enum result stream_list(struct http_streams *ss, struct stream *st, const char *const *topics, size_t count,
                               struct error *e)
{
	if (ss->stopping)
		return error_set(e, ERR_BUSY, "server.stopping", NULL, "The server is stopping.");
	for (size_t i = 0; i < count; i++) {
		struct topic *t = topic_make(ss, topics[i]);
		struct sub *sub = &st->subs[st->sub_count];
		sub->stream = st;
		if (!t)
			return error_nomem(e);
		if (!topic_add(t, sub)) {
			topic_free_if_empty(ss, t);
			return error_nomem(e);
		}
		st->sub_count++;
	}
	st->key = ++ss->last_key;
	st->next = ss->list;
	if (st->next)
		st->next->prev = st;
	ss->list = st;
	st->key_next = ss->keys[st->key % KEY_BUCKETS];
	ss->keys[st->key % KEY_BUCKETS] = st;
	st->listed = true;
	ss->count++;
	return OK;
}

enum result http_stream_open(struct http_request *rq, struct http_response *rs, const char *const *topics, size_t count,
                             int64_t owner, struct error *e)
{
	struct http_streams *ss = rq->server->streams;
	if (count > HTTP_STREAM_TOPICS)
		return error_set(e, ERR_INVALID, "stream.topics", "topics", "At most %d topics.", HTTP_STREAM_TOPICS);
	for (size_t i = 0; i < count; i++)
		if (strlen(topics[i]) > TOPIC_BYTES)
			return error_set(e, ERR_INVALID, "stream.topics", "topics", "A topic is too long.");
	struct stream *st = mem_calloc(1, sizeof(*st) + count * sizeof(struct sub));
	if (!st)
		return error_nomem(e);
	pthread_mutex_init(&st->lock, NULL);
	buf_init(&st->pending, 0);
	buf_str(&st->pending,
	        "retry: 2000\nevent: hello\ndata: {}\n\n"); /* something at once: the browser's onopen fires */
	st->table = ss;
	st->owner = owner;
	atomic_store(&st->refs, 1);
	pthread_mutex_lock(&ss->lock);
	enum result r = stream_list(ss, st, topics, count, e);
	if (r != OK)
		stream_unlist(st);
	pthread_mutex_unlock(&ss->lock);
	if (r != OK) {
		stream_unref(st);
		return r;
	}
	response_clear(rs);
	rs->stream = st;
	http_set_header(rs, "X-Accel-Buffering", "no");
	return OK;
}

/* The streams that hear the topic, counted. */
static struct stream **topic_copy(struct http_streams *ss, const char *name, size_t *count)
{
	*count = 0;
	pthread_mutex_lock(&ss->lock);
	struct topic *t = topic_find(ss, name, topic_hash(name));
	struct stream **all = t ? mem_alloc(t->count * sizeof(struct stream *)) : NULL;
	for (size_t i = 0; all && i < t->count; i++) {
		atomic_fetch_add(&t->subs[i]->stream->refs, 1);
		all[(*count)++] = t->subs[i]->stream;
	}
	pthread_mutex_unlock(&ss->lock);
	return all;
}

int http_publish(struct http_server *s, const char *topic, const char *event, struct str data)
{
	size_t count;
	int reached = 0;
	struct stream **all = topic_copy(s->streams, topic, &count);
	if (!count) {
		mem_free(all);
		return 0;
	}
	BUF_AUTO struct buf text;
	buf_init(&text, HTTP_STREAM_PENDING);
	buf_printf(&text, "event: %s\ndata: ", event);
	buf_add(&text, data.p, data.n);
	buf_str(&text, "\n\n");
	for (size_t i = 0; i < count; i++) {
		if (!text.failed)
			reached += stream_append(all[i], buf_view(&text));
		stream_unref(all[i]);
	}
	mem_free(all);
	return reached;
}

void http_stream_drop(struct http_server *s, int64_t owner)
{
	struct http_streams *ss = s->streams;
	pthread_mutex_lock(&ss->lock);
	for (struct stream *st = ss->list; st; st = st->next)
		if (st->owner == owner)
			stream_close(st);
	pthread_mutex_unlock(&ss->lock);
}

/* ---- For the watcher and the server
 * ---------------------------------------------------------------------------------- */

void streams_hangup(struct http_streams *ss, uint64_t key)
{
	pthread_mutex_lock(&ss->lock);
	struct stream *st = ss->keys[key % KEY_BUCKETS];
	while (st && st->key != key)
		st = st->key_next;
	if (st)
		stream_close(st);
	pthread_mutex_unlock(&ss->lock);
}

static bool ping_due(struct stream *st, int64_t now_ms)
{
	pthread_mutex_lock(&st->lock);
	bool due = st->mhd && !st->closed && st->ping_ms <= now_ms;
	if (due)
		st->ping_ms = now_ms + HTTP_STREAM_PING_MS;
	pthread_mutex_unlock(&st->lock);
	return due;
}

void streams_ping(struct http_streams *ss, int64_t now_ms)
{
	pthread_mutex_lock(&ss->lock);
	for (struct stream *st = ss->list; st; st = st->next)
		if (ping_due(st, now_ms))
			stream_append(st, STR(":\n\n"));
	pthread_mutex_unlock(&ss->lock);
}

void streams_stop(struct http_streams *ss)
{
	pthread_mutex_lock(&ss->lock);
	ss->stopping = true;
	for (struct stream *st = ss->list; st; st = st->next)
		stream_close(st);
	pthread_mutex_unlock(&ss->lock);
}

int64_t streams_count(struct http_streams *ss)
{
	pthread_mutex_lock(&ss->lock);
	int64_t n = ss->count;
	pthread_mutex_unlock(&ss->lock);
	return n;
}

struct http_streams *streams_new(int epoll_fd)
{
	struct http_streams *ss = mem_calloc(1, sizeof(*ss));
	if (!ss)
		return NULL;
	pthread_mutex_init(&ss->lock, NULL);
	ss->epoll = epoll_fd;
	return ss;
}

void streams_free(struct http_streams *ss)
{
	if (!ss)
		return;
	pthread_mutex_destroy(&ss->lock);
	mem_free(ss);
}
