/* byname serve. */
#include "access/access.h"
#include "app/app.h"
#include "app/server.h"
#include "base/log.h"

#include <argp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_PORT "4600"

struct serve_args {
	struct server_config config;
	const char *port, *workers, *public_url;
	bool debug;
};

static const struct argp_option options[] = {
	{ "db", 'd', "DB", 0, "SQLite file or PostgreSQL url (BYNAME_DB; byname.db)", 0 },
	{ "bind", 'b', "ADDRESS", 0, "Address to listen on (BYNAME_BIND; 127.0.0.1). Any other than loopback needs TLS",
	  0 },
	{ "port", 'p', "PORT", 0, "Port (BYNAME_PORT; " DEFAULT_PORT "; 0: any free one)", 0 },
	{ "tls-cert", 'c', "FILE", 0, "Certificate chain, PEM (BYNAME_TLS_CERT)", 0 },
	{ "tls-key", 'k', "FILE", 0, "Its key, PEM (BYNAME_TLS_KEY)", 0 },
	{ "url", 'u', "URL", 0, "How browsers reach this server, for links (BYNAME_URL; made from address and port)",
	  0 },
	{ "socket", 's', "FILE", 0, "The command line's socket (BYNAME_SOCKET; beside the database)", 0 },
	{ "ways", 'y', "SETTINGS", 0,
	  "How long the ways to save a sale take and what sending costs (BYNAME_WAYS; \"pick_up=2h ship=3d transfer=3d "
	  "incoming=1d reach=60km band=25% shipping=EUR4.90,CHF9.00\")",
	  0 },
	{ "workers", 'w', "N", 0, "Requests handled at once (BYNAME_WORKERS; 48)", 0 },
	{ "debug", 'D', NULL, 0, "Log more", 0 },
	{ 0 },
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	struct serve_args *a = state->input;
	switch (key) {
	case 'd':
		a->config.db = arg;
		return 0;
	case 'b':
		a->config.bind = arg;
		return 0;
	case 'p':
		a->port = arg;
		return 0;
	case 'c':
		a->config.tls_cert = arg;
		return 0;
	case 'k':
		a->config.tls_key = arg;
		return 0;
	case 'u':
		a->public_url = arg;
		return 0;
	case 's':
		a->config.socket = arg;
		return 0;
	case 'y':
		a->config.ways = arg;
		return 0;
	case 'w':
		a->workers = arg;
		return 0;
	case 'D':
		a->debug = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool number(const char *text, long max, int *out)
{
	int64_t v;
	if (!str_to_i64(str_c(text), &v) || v < 0 || v > max)
		return false;
	*out = (int)v;
	return true;
}

static void serve_url(const struct serve_args *a, int port, char *out, size_t size)
{
	bool six = strchr(a->config.bind, ':') != NULL;
	if (a->public_url)
		snprintf(out, size, "%s", a->public_url);
	else
		snprintf(out, size, "http%s://%s%s%s:%d", a->config.tls_cert ? "s" : "", six ? "[" : "", a->config.bind,
		         six ? "]" : "", port);
}

struct first_link {
	int64_t users;
	char token[LINK_TOKEN_BYTES];
};

static enum result first_link_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct first_link *f = arg;
	TRY(user_count(tx, &f->users, e));
	return f->users ? OK : link_new(tx, 0, f->token, e);
}

/* Nobody can sign in yet: a one-time link makes the first administrator. */
static enum result first_run(struct server *s, const char *url, struct error *e)
{
	struct first_link f = { 0 };
	TRY(db_transact(server_db(s), first_link_tx, &f, e));
	if (!f.users)
		printf("\nThere are no users yet. This link (good for 48 hours, once) makes the first "
		       "administrator:\n\n"
		       "    %s/link/%s\n\n",
		       url, f.token);
	return OK;
}

/* SIGHUP, with TLS: new connections get the certificate that is in the files now. */
static void reload(struct server *s)
{
	struct error e = { 0 };
	if (server_tls_reload(s, &e) == OK)
		log_event(LOG_INFO, "serve.certificate", "read=again");
	else
		log_error("serve.certificate_kept", &e);
}

/* Waits for SIGINT or SIGTERM. A second one while stopping ends at once: what was acknowledged is durable. */
static void *end_now(void *arg)
{
	int sig;
	sigwait(arg, &sig);
	_exit(128 + sig);
}

static void wait_for_end(struct server *s, sigset_t *set)
{
	pthread_t thread;
	int sig;
	while (sigwait(set, &sig) == 0 && sig == SIGHUP)
		reload(s);
	sigdelset(set, SIGHUP);
	log_event(LOG_INFO, "serve.stop", "signal=%d", sig);
	if (!pthread_create(&thread, NULL, end_now, set))
		pthread_detach(thread);
}

static int serve(struct serve_args *a, sigset_t *set)
{
	struct error e = { 0 };
	struct server *s = NULL;
	char url[512];
	if (server_start(&a->config, &s, &e) != OK)
		return app_fail(&e);
	serve_url(a, server_port(s), url, sizeof(url));
	if (first_run(s, url, &e) != OK) {
		server_stop(s);
		return app_fail(&e);
	}
	printf("Byname is serving %s on %s (Ctrl+C stops it)\n", a->config.db, url);
	fflush(stdout);
	wait_for_end(s, set);
	server_stop(s);
	return EXIT_OK;
}

static int serve_run(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		option,
		NULL,
		"Serves the web app and the API until interrupted.\vWithout a certificate it listens on "
		"loopback only; SIGHUP reads certificate and key again. The first start prints a link that makes the "
		"first administrator.",
		NULL,
		NULL,
		NULL
	};
	struct serve_args a = {
		.config = { .db = app_db(),
		            .bind = app_env("BYNAME_BIND", "127.0.0.1"),
		            .tls_cert = app_env("BYNAME_TLS_CERT", NULL),
		            .tls_key = app_env("BYNAME_TLS_KEY", NULL),
		            .socket = app_env("BYNAME_SOCKET", NULL),
		            .ways = app_env("BYNAME_WAYS", NULL) },
		.port = app_env("BYNAME_PORT", DEFAULT_PORT),
		.workers = app_env("BYNAME_WORKERS", "0"),
		.public_url = app_env("BYNAME_URL", NULL),
	};
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (!number(a.port, 65535, &a.config.port) || !number(a.workers, 1024, &a.config.workers)) {
		fprintf(stderr, "byname serve: the port and the number of workers are whole numbers\n");
		return EXIT_USAGE;
	}
	log_set_level(a.debug ? LOG_DEBUG : LOG_INFO);
	signal(SIGPIPE, SIG_IGN);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (a.config.tls_cert)
		sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL); /* before any thread: all inherit it */
	return serve(&a, &set);
}

const struct command cmd_serve[] = {
	{ "serve", "Serve the web app and the API", serve_run },
	{ 0 },
};
