/* Attempts, over libcurl: many at once on one thread. What is connected to is what guard.h allowed: libcurl opens no
 * socket by itself, follows nothing, and takes nothing from the environment. */
#include "outbox/guard.h"
#include "outbox/room.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>

#define URL_BYTES (GUARD_URL_MAX + 64)
#define HEADER_BYTES (2 * SIGNATURE_TEXT + 64)

struct attempt {
	struct attempt *next;
	CURL *easy;
	struct curl_slist *headers;
	struct outcome what; /* filled as it goes */
	char *body;
	size_t read, kept;
	int port;
	bool local;
	const char *refused; /* what the last address was that was not connected to */
};

struct flight {
	CURLM *multi;
	struct attempt *list, *landed;
	int count;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_code;

static void init(void)
{
	global_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- Callbacks ----------------------------------------------------------------------------------------------------
 */

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct attempt *a = arg;
	const char *what = purpose == CURLSOCKTYPE_IPCXN ? NULL : "no connection of ours";
	in_port_t port;
	if (!what && !a->local)
		what = guard_address(&address->addr, address->addrlen);
	/* sin_port and sin6_port stand at the same place. */
	memcpy(&port, (const char *)&address->addr + offsetof(struct sockaddr_in, sin_port), sizeof(port));
	if (!what && !a->local && ntohs(port) != a->port)
		what = "another port";
	if (what) {
		a->refused = what;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take(char *p, size_t size, size_t n, void *arg)
{
	struct attempt *a = arg;
	size_t all = size * n, keep = OUTBOX_ANSWER_KEPT - a->kept;
	if (keep > all)
		keep = all;
	memcpy(a->what.answer + a->kept, p, keep);
	a->kept += keep;
	a->read += all;
	return a->read > OUTBOX_ANSWER_READ ? 0 : all;
}

/* ---- Setting off --------------------------------------------------------------------------------------------------
 */

static void attempt_free(struct attempt *a)
{
	if (a->easy)
		curl_easy_cleanup(a->easy);
	curl_slist_free_all(a->headers);
	mem_free(a->body);
	mem_free(a);
}

static bool header_add(struct attempt *a, const char *name, const char *value)
{
	char line[HEADER_BYTES];
	snprintf(line, sizeof(line), "%s: %s", name, value);
	struct curl_slist *list = curl_slist_append(a->headers, line);
	if (list)
		a->headers = list;
	return list != NULL;
}

/* The secret before the last rotation signs beside the new one. */
static bool headers_make(struct attempt *a, const struct shipment *s)
{
	char signatures[2 * SIGNATURE_TEXT] = "", timestamp[32];
	int64_t now_s = a->what.tried_at / USEC;
	for (int i = 0; i < s->secret_count; i++) {
		char *at = signatures + strlen(signatures);
		if (i)
			*at++ = ' ';
		signature_make(at, s->secrets[i], s->message, now_s, (struct str){ a->body, s->body_n });
	}
	snprintf(timestamp, sizeof(timestamp), "%lld", (long long)now_s);
	return header_add(a, "Content-Type", "application/json") && header_add(a, "webhook-id", s->message) &&
	       header_add(a, "webhook-timestamp", timestamp) && header_add(a, "webhook-signature", signatures) &&
	       header_add(a, "Expect", "");
}

static CURLcode options_guard(struct attempt *a, const char *url)
{
	CURLcode rc = curl_easy_setopt(a->easy, CURLOPT_URL, url);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_PROTOCOLS_STR, a->local ? "http,https" : "https");
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_FOLLOWLOCATION, 0L);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_PROXY, ""); /* nor what the environment says */
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_NOPROXY, "*");
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_SSL_VERIFYPEER, 1L);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_SSL_VERIFYHOST, 2L);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	return rc ? rc : curl_easy_setopt(a->easy, CURLOPT_OPENSOCKETDATA, a);
}

static CURLcode options_set(struct attempt *a, const char *url, size_t body_n)
{
	int timeout = outbox_configured()->timeout_ms ? outbox_configured()->timeout_ms : OUTBOX_TIMEOUT_MS;
	int connect = timeout < OUTBOX_CONNECT_MS ? timeout : OUTBOX_CONNECT_MS;
	CURLcode rc = options_guard(a, url);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_USERAGENT, "Byname/" BYNAME_VERSION " (webhooks)");
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_NOSIGNAL, 1L);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_TIMEOUT_MS, (long)timeout);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_HTTPHEADER, a->headers);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_POST, 1L);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_POSTFIELDS, a->body);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_POSTFIELDSIZE, (long)body_n);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_WRITEFUNCTION, take);
	rc = rc ? rc : curl_easy_setopt(a->easy, CURLOPT_WRITEDATA, a);
	return rc ? rc : curl_easy_setopt(a->easy, CURLOPT_PRIVATE, a);
}

/* Nothing was sent, and why. */
static void land_at_once(struct flight *f, struct attempt *a, const char *why)
{
	snprintf(a->what.fault, sizeof(a->what.fault), "%s", why);
	a->next = f->landed;
	f->landed = a;
}

static enum result attempt_new(const struct shipment *s, struct attempt **out, struct error *e)
{
	struct attempt *a = mem_calloc(1, sizeof(*a));
	if (!a)
		return error_nomem(e);
	a->what = (struct outcome){
		.endpoint = s->endpoint, .id = s->id, .lease = s->lease, .tries = s->tries, .tried_at = clock_now()
	};
	a->local = outbox_configured()->local;
	a->body = mem_alloc(s->body_n + 1);
	a->easy = curl_easy_init();
	if (!a->body || !a->easy) {
		attempt_free(a);
		return error_nomem(e);
	}
	memcpy(a->body, s->body, s->body_n);
	a->body[s->body_n] = '\0';
	*out = a;
	return OK;
}

enum result flight_begin(struct flight *f, const struct shipment *s, struct error *e)
{
	struct attempt *a = NULL;
	struct guard_url u;
	struct error why = { 0 };
	char url[URL_BYTES];
	TRY(attempt_new(s, &a, e));
	f->count++;
	/* The settings may be stricter than when the webhook was added. */
	if (guard_url_read(str_c(s->url), a->local, &u, &why) != OK || !guard_url_write(&u, url, sizeof(url))) {
		land_at_once(f, a, "the URL is not allowed");
		return OK;
	}
	if (!s->secret_count) {
		land_at_once(f, a, "the secret cannot be opened: sealed by another key");
		return OK;
	}
	a->port = u.port;
	if (!headers_make(a, s) || options_set(a, url, s->body_n) != CURLE_OK ||
	    curl_multi_add_handle(f->multi, a->easy) != CURLM_OK) {
		f->count--;
		attempt_free(a);
		return error_nomem(e);
	}
	a->next = f->list;
	f->list = a;
	return OK;
}

/* ---- Landing ------------------------------------------------------------------------------------------------------
 */

/* What the receiver wrote, as text that can be kept and shown. */
static void answer_clean(char *text, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t step = utf8_step(text + i, n - i);
		if (!step || (step == 1 && (unsigned char)text[i] < ' ' && text[i] != '\n' && text[i] != '\t')) {
			text[i] = '?';
			step = 1;
		}
		i += step;
	}
	text[n] = '\0';
}

static void attempt_judge(struct attempt *a, CURLcode rc)
{
	struct outcome *o = &a->what;
	long status = 0;
	curl_off_t after = 0;
	curl_easy_getinfo(a->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(a->easy, CURLINFO_RETRY_AFTER, &after);
	answer_clean(o->answer, a->kept);
	if (rc == CURLE_WRITE_ERROR && a->read > OUTBOX_ANSWER_READ)
		rc = CURLE_OK; /* it answered: the rest of it is of no interest */
	if (rc == CURLE_OK) {
		o->status = (int)status;
		o->retry_after_us = after > 0 && after < OUTBOX_PAUSE_MAX_US / USEC ? (int64_t)after * USEC
		                    : after > 0                                     ? OUTBOX_PAUSE_MAX_US
		                                                                    : 0;
		if (status < 200 || status > 299)
			snprintf(o->fault, sizeof(o->fault), "status %ld", status);
	} else if (a->refused && rc == CURLE_COULDNT_CONNECT) {
		snprintf(o->fault, sizeof(o->fault), "the address is not a public one (%s)", a->refused);
	} else {
		snprintf(o->fault, sizeof(o->fault), "%s", curl_easy_strerror(rc));
	}
}

static void attempt_unlink(struct flight *f, struct attempt *a)
{
	for (struct attempt **p = &f->list; *p; p = &(*p)->next)
		if (*p == a) {
			*p = a->next;
			break;
		}
	curl_multi_remove_handle(f->multi, a->easy);
}

static int landed_take(struct flight *f, struct outcome *out, int max)
{
	int n = 0;
	while (f->landed && n < max) {
		struct attempt *a = f->landed;
		f->landed = a->next;
		out[n++] = a->what;
		f->count--;
		attempt_free(a);
	}
	return n;
}

int flight_wait(struct flight *f, int wait_ms, struct outcome *out, int max)
{
	int running = 0, left = 0;
	CURLMsg *m;
	if (!f->landed)
		(void)curl_multi_poll(f->multi, NULL, 0, wait_ms, NULL);
	(void)curl_multi_perform(f->multi, &running);
	while ((m = curl_multi_info_read(f->multi, &left))) {
		struct attempt *a = NULL;
		CURLcode rc = m->data.result;
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &a);
		attempt_judge(a, rc);
		attempt_unlink(f, a);
		a->next = f->landed;
		f->landed = a;
	}
	return landed_take(f, out, max);
}

void flight_poke(struct flight *f)
{
	(void)curl_multi_wakeup(f->multi);
}

int flight_count(const struct flight *f)
{
	return f->count;
}

static void busy_add(const struct attempt *a, struct busy *busy, int max, int *count)
{
	int i = 0;
	while (i < *count && busy[i].endpoint != a->what.endpoint)
		i++;
	if (i == *count && i < max)
		busy[(*count)++] = (struct busy){ a->what.endpoint, 0 };
	if (i < *count)
		busy[i].running++;
}

void flight_busy(const struct flight *f, struct busy *busy, int max, int *count)
{
	*count = 0;
	for (const struct attempt *a = f->list; a; a = a->next)
		busy_add(a, busy, max, count);
	for (const struct attempt *a = f->landed; a; a = a->next)
		busy_add(a, busy, max, count);
}

int flight_abandon(struct flight *f, struct outcome *out, int max)
{
	int n = landed_take(f, out, max);
	while (f->list && n < max) {
		struct attempt *a = f->list;
		attempt_unlink(f, a);
		a->what.given_back = true;
		out[n++] = a->what;
		f->count--;
		attempt_free(a);
	}
	return n;
}

/* ---- Made and unmade ----------------------------------------------------------------------------------------------
 */

enum result flight_new(struct flight **out, struct error *e)
{
	struct flight *f = mem_calloc(1, sizeof(*f));
	pthread_once(&once, init);
	if (f && global_code == CURLE_OK)
		f->multi = curl_multi_init();
	if (!f || !f->multi) {
		mem_free(f);
		return error_nomem(e);
	}
	*out = f;
	return OK;
}

void flight_free(struct flight *f)
{
	struct outcome unused;
	if (!f)
		return;
	while (f->list || f->landed)
		(void)flight_abandon(f, &unused, 1);
	curl_multi_cleanup(f->multi);
	mem_free(f);
}
