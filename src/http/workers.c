/* Workers: run handlers, which may block on the database, while the io threads go on reading. */
#include "http/http_int.h"

#define WORKER_STACK (2 << 20)

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t wake, quiet;
	struct http_request *head, **tail;
	int queued, queue_max, running, idle, count;
	bool stopping, draining;
	pthread_t threads[];
};

static void *worker_main(void *arg)
{
	struct workers *w = arg;
	pthread_mutex_lock(&w->lock);
	while (true) {
		while (!w->head && !w->stopping) {
			w->idle++;
			pthread_cond_wait(&w->wake, &w->lock);
			w->idle--;
		}
		struct http_request *rq = w->head;
		if (!rq)
			break;
		w->head = rq->next;
		if (!w->head)
			w->tail = &w->head;
		w->queued--;
		w->running++;
		pthread_mutex_unlock(&w->lock);
		exchange_run(rq);
		MHD_resume_connection(rq->mhd); /* from here on rq is the io thread's */
		pthread_mutex_lock(&w->lock);
		if (--w->running == 0 && !w->head)
			pthread_cond_broadcast(&w->quiet);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

bool workers_push(struct workers *w, struct http_request *rq)
{
	pthread_mutex_lock(&w->lock);
	bool room = w->queued < w->queue_max && !w->draining;
	if (room) {
		MHD_suspend_connection(rq->mhd); /* before anybody can resume it */
		rq->next = NULL;
		*w->tail = rq;
		w->tail = &rq->next;
		w->queued++;
		if (w->idle)
			pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&w->lock);
	return room;
}

int64_t workers_queued(struct workers *w)
{
	pthread_mutex_lock(&w->lock);
	int64_t n = w->queued;
	pthread_mutex_unlock(&w->lock);
	return n;
}

void workers_drain(struct workers *w)
{
	pthread_mutex_lock(&w->lock);
	w->draining = true;
	while (w->head || w->running)
		pthread_cond_wait(&w->quiet, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

struct workers *workers_new(int count, int queue_max)
{
	struct workers *w = mem_calloc(1, sizeof(*w) + (size_t)count * sizeof(pthread_t));
	if (!w)
		return NULL;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	pthread_cond_init(&w->quiet, NULL);
	w->tail = &w->head;
	w->queue_max = queue_max;
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORKER_STACK);
	while (w->count < count && !pthread_create(&w->threads[w->count], &attr, worker_main, w))
		w->count++;
	pthread_attr_destroy(&attr);
	if (w->count == count)
		return w;
	workers_free(w);
	return NULL;
}

void workers_free(struct workers *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	for (int i = 0; i < w->count; i++)
		pthread_join(w->threads[i], NULL);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	pthread_cond_destroy(&w->quiet);
	mem_free(w);
}
