/* The watcher: one thread that cuts slow senders off, hears when a stream's client leaves (libmicrohttpd does not look
 * at a suspended connection), and keeps idle streams alive. */
#include "base/clock.h"
#include "http/http_int.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define WATCH_EVENTS 256

struct watcher {
	pthread_mutex_t lock;
	struct conn *conns;
	int64_t count;
	_Atomic int64_t now_ms, reaped;
	_Atomic bool stopping;
	int epoll, stop_fd;

	struct http_streams *streams;
	pthread_t thread;
	bool started;
};

static int64_t monotonic_ms(void)
{
	return clock_monotonic() / 1000 + 1; /* never 0 */
}

static void reap(struct watcher *w, int64_t now)
{
	pthread_mutex_lock(&w->lock);
	for (struct conn *c = w->conns; c; c = c->next) {
		int64_t deadline = atomic_load_explicit(&c->deadline, memory_order_relaxed);
		if (!deadline || deadline > now)
			continue;
		/* The descriptor is open: it leaves this list before it is closed. */
		shutdown(c->fd, SHUT_RDWR);
		atomic_store_explicit(&c->deadline, 0, memory_order_relaxed);
		atomic_fetch_add_explicit(&w->reaped, 1, memory_order_relaxed);
	}
	pthread_mutex_unlock(&w->lock);
}

static void *watcher_main(void *arg)
{
	struct watcher *w = arg;
	struct epoll_event events[WATCH_EVENTS];
	int64_t next = 0;
	while (!atomic_load(&w->stopping)) {
		int n = epoll_wait(w->epoll, events, WATCH_EVENTS, HTTP_TICK_MS);
		for (int i = 0; i < n; i++)
			streams_hangup(w->streams, events[i].data.u64);
		int64_t now = monotonic_ms();
		atomic_store_explicit(&w->now_ms, now, memory_order_relaxed);
		if (now < next)
			continue;
		next = now + HTTP_TICK_MS;
		reap(w, now);
		streams_ping(w->streams, now);
	}
	return NULL;
}

struct watcher *watcher_new(void)
{
	struct watcher *w = mem_calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->stop_fd = eventfd(0, EFD_CLOEXEC);
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 0 }; /* no stream's key */
	if (w->epoll < 0 || w->stop_fd < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->stop_fd, &ev)) {
		close(w->epoll);
		close(w->stop_fd);
		mem_free(w);
		return NULL;
	}

	pthread_mutex_init(&w->lock, NULL);
	atomic_store(&w->now_ms, monotonic_ms());
	return w;
}

bool watcher_start(struct watcher *w, struct http_streams *ss)
{
	w->streams = ss;
	w->started = !pthread_create(&w->thread, NULL, watcher_main, w);
	return w->started;
}

void watcher_free(struct watcher *w)
{
	if (!w)
		return;
	atomic_store(&w->stopping, true);
	if (w->started) {
		eventfd_write(w->stop_fd, 1);
		pthread_join(w->thread, NULL);
	}
	close(w->epoll);
	close(w->stop_fd);
	pthread_mutex_destroy(&w->lock);
	mem_free(w);
}

int watcher_epoll(const struct watcher *w)
{
	return w->epoll;
}

void watcher_add(struct watcher *w, struct conn *c)
{
	pthread_mutex_lock(&w->lock);
	c->prev = NULL;
	c->next = w->conns;
	if (c->next)
		c->next->prev = c;
	w->conns = c;
	w->count++;
	pthread_mutex_unlock(&w->lock);
}

void watcher_remove(struct watcher *w, struct conn *c)
{
	pthread_mutex_lock(&w->lock);
	if (c->prev)
		c->prev->next = c->next;
	else
		w->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	w->count--;
	pthread_mutex_unlock(&w->lock);
}

int64_t watcher_connections(struct watcher *w)
{
	pthread_mutex_lock(&w->lock);
	int64_t n = w->count;
	pthread_mutex_unlock(&w->lock);
	return n;
}

int64_t watcher_reaped(struct watcher *w)
{
	return atomic_load_explicit(&w->reaped, memory_order_relaxed);
}

void watcher_deadline(struct watcher *w, struct conn *c, int64_t in_ms)
{
	int64_t now = atomic_load_explicit(&w->now_ms, memory_order_relaxed);
	atomic_store_explicit(&c->deadline, in_ms ? now + in_ms : 0, memory_order_relaxed);
}
