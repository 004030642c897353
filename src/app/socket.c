/* Where the local socket is. Its folder or its mode keeps other users out; who reaches it may do what ROLE_LOCAL may.
 */
#include "app/server.h"

#include "base/hash.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUN_PATH_BYTES 108
#define HASH_SEED 0x736f636b6574ULL

bool server_db_is_file(const char *db)
{
	return strncmp(db, "postgresql://", 13) != 0 && strncmp(db, "postgres://", 11) != 0 && !strchr(db, '=');
}

/* The user's own folder for such things: $XDG_RUNTIME_DIR, else /tmp/byname-UID, which must be ours and closed. */
static enum result runtime_dir(char *out, size_t size, struct error *e)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	struct stat st;
	if (xdg && xdg[0] == '/' && !stat(xdg, &st) && S_ISDIR(st.st_mode) && st.st_uid == getuid())
		snprintf(out, size, "%s", xdg);
	else
		snprintf(out, size, "/tmp/byname-%u", (unsigned)getuid());
	if (mkdir(out, 0700) && errno != EEXIST)
		return error_set(e, ERR_IO, "socket.folder", NULL, "Cannot make %s: %s.", out, strerror(errno));
	if (lstat(out, &st) || !S_ISDIR(st.st_mode) || st.st_uid != getuid() || (st.st_mode & 077))
		return error_set(e, ERR_IO, "socket.folder", NULL, "%s is not a folder of this user alone.", out);
	return OK;
}

enum result server_socket_path(const char *db, char *out, size_t size, struct error *e)
{
	char dir[512], full[4096], *real = server_db_is_file(db) ? realpath(db, NULL) : NULL;
	snprintf(full, sizeof(full), "%s.sock", real ? real : db);
	free(real);
	if (server_db_is_file(db) && strlen(full) < SUN_PATH_BYTES && strlen(full) < size) {
		snprintf(out, size, "%s", full);
		return OK;
	}
	TRY(runtime_dir(dir, sizeof(dir), e));
	int n = snprintf(out, size, "%s/byname-%016llx.sock", dir,
	                 (unsigned long long)hash64_str(str_c(full), HASH_SEED));
	if (n < 0 || (size_t)n >= size)
		return error_set(e, ERR_IO, "socket.folder", NULL, "The path of the local socket is too long.");
	return OK;
}

enum result server_start_private(const char *db, char *socket, size_t size, struct server **out, struct error *e)
{
	char dir[512];
	TRY(runtime_dir(dir, sizeof(dir), e));
	int n = snprintf(socket, size, "%s/byname-%ld.sock", dir, (long)getpid());
	if (n < 0 || (size_t)n >= size)
		return error_set(e, ERR_IO, "socket.folder", NULL, "The path of the local socket is too long.");
	const struct server_config config = { .db = db, .socket = socket };
	return server_start(&config, out, e);
}
