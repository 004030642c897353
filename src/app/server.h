/* The server put together: database, feed, search, API, listeners. What `byname serve` runs, and what a command starts
 * inside its own process when no server is running. */
#ifndef BYNAME_APP_SERVER_H
#define BYNAME_APP_SERVER_H

#include "db/db.h"

struct server_config {
	const char *db;   /* path of a SQLite file (made where there is none), or a PostgreSQL url */
	const char *bind; /* NULL: no listener but the local socket */
	int port;         /* 0: any free one */
	const char *tls_cert, *tls_key;
	const char *socket;      /* the local socket; NULL: server_socket_path(db) */
	int workers, io_threads; /* 0: http/'s defaults */
	int db_connections;      /* 0: db/'s default */
	const char *ways;        /* settings of save the sale (desk/rank.h); NULL: its defaults */
};
struct server;

/* Opens the database, brings it to this version, starts everything. The search index is built in the background. */
MUST_CHECK enum result server_start(const struct server_config *config, struct server **out, struct error *e);
/* Stops gracefully: running requests finish, streams end. NULL allowed. */
void server_stop(struct server *s);

int server_port(const struct server *s);
/* Reads certificate and key again (http_tls_reload()). */
MUST_CHECK enum result server_tls_reload(struct server *s, struct error *e);
struct db *server_db(struct server *s);
const char *server_socket(const struct server *s);

/* Whether it names a SQLite file. */
bool server_db_is_file(const char *db);
/* Where a server on this database has its local socket: beside the SQLite file, else in the user's runtime folder. */
MUST_CHECK enum result server_socket_path(const char *db, char *out, size_t size, struct error *e);
/* A server for one command only: its socket, written to socket, is in a folder that only this user can enter. */
MUST_CHECK enum result server_start_private(const char *db, char *socket, size_t size, struct server **out,
                                            struct error *e);

#endif
