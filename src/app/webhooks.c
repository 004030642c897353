#include "app/webhooks.h"

#include "app/app.h"
#include "base/log.h"
#include "outbox/outbox.h"
#include "app/server.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_TEXT_MIN 32
#define KEY_TEXT_MAX 4096
#define TIMEOUT_S_MAX 60
#define PAUSE_S_MAX (7 * 24 * 3600)

static enum result setting(const char *name, const char *what, struct error *e)
{
	return error_set(e, ERR_INVALID, "webhook.setting", name, "%s: %s.", name, what);
}

static enum result key_file(const char *path, const char *what, struct error *e)
{
	return error_set(e, ERR_INVALID, "webhook.setting", "BYNAME_WEBHOOK_KEY", "%s %s: %s.", what, path,
	                 strerror(errno));
}

static enum result key_read(const char *path, struct outbox_config *c, struct error *e)
{
	char text[KEY_TEXT_MAX];
	struct stat st;
	FILE *f = fopen(path, "re");
	if (!f)
		return key_file(path, "Cannot read", e);
	size_t n = fread(text, 1, sizeof(text), f);
	bool failed = ferror(f), others = !fstat(fileno(f), &st) && st.st_mode & 077;
	fclose(f);
	struct str trimmed = str_trim((struct str){ text, n });
	if (failed || trimmed.n < KEY_TEXT_MIN || n == sizeof(text)) {
		sodium_memzero(text, sizeof(text));
		return setting("BYNAME_WEBHOOK_KEY",
		               "the file must hold 32 to 4095 bytes, as openssl rand -base64 32 makes", e);
	}
	outbox_key_derive(c->key, trimmed);
	sodium_memzero(text, sizeof(text));
	c->has_key = true;
	if (others)
		log_event(LOG_WARN, "webhook.key", "file=%s detail=\"others may read it: chmod 600\"", path);
	return OK;
}

/* Whole, or not at all: it is written beside and then given its name. */
static enum result key_make(const char *path, struct error *e)
{
	unsigned char key[32];
	char text[sodium_base64_ENCODED_LEN(sizeof(key), sodium_base64_VARIANT_ORIGINAL)], part[PATH_MAX];
	if ((size_t)snprintf(part, sizeof(part), "%s.XXXXXX", path) >= sizeof(part))
		return setting("BYNAME_WEBHOOK_KEY", "the path of the database is too long for a key beside it", e);
	int fd = mkostemp(part, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return key_file(path, "Cannot make", e);
	randombytes_buf(key, sizeof(key));
	sodium_bin2base64(text, sizeof(text), key, sizeof(key), sodium_base64_VARIANT_ORIGINAL);
	text[sizeof(text) - 1] = '\n';
	bool good = write(fd, text, sizeof(text)) == (ssize_t)sizeof(text) && !fsync(fd);
	good = !close(fd) && good && (!link(part, path) || errno == EEXIST);
	enum result r = good ? OK : key_file(path, "Cannot make", e);
	unlink(part);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(text, sizeof(text));
	return r;
}

static enum result seconds(const char *name, struct str text, int64_t max, int64_t *out, struct error *e)
{
	if (!str_to_i64(str_trim(text), out) || *out < 1 || *out > max)
		return setting(name, "whole seconds are expected", e);
	return OK;
}

static enum result retries_read(const char *text, struct outbox_config *c, struct error *e)
{
	struct str rest = str_c(text), part;
	int64_t s;
	while (str_split(&rest, ',', &part)) {
		if (c->retry_count == OUTBOX_RETRIES_MAX)
			return setting("BYNAME_WEBHOOK_RETRIES", "too many", e);
		TRY(seconds("BYNAME_WEBHOOK_RETRIES", part, PAUSE_S_MAX, &s, e));
		c->retry_us[c->retry_count++] = s * USEC;
	}
	return OK;
}

enum result webhooks_configure(struct error *e)
{
	struct outbox_config c = { .local = !strcmp(app_env("BYNAME_WEBHOOK_LOCAL", ""), "1") };
	const char *timeout = app_env("BYNAME_WEBHOOK_TIMEOUT", NULL), *key = app_env("BYNAME_WEBHOOK_KEY", NULL);
	int64_t s = 0;
	c.plain = key && !strcmp(key, "none");
	if (key && !c.plain)
		TRY(key_read(key, &c, e));
	TRY(retries_read(app_env("BYNAME_WEBHOOK_RETRIES", NULL), &c, e));
	if (timeout)
		TRY(seconds("BYNAME_WEBHOOK_TIMEOUT", str_c(timeout), TIMEOUT_S_MAX, &s, e));
	c.timeout_ms = (int)s * 1000;
	if (c.local)
		log_event(LOG_WARN, "webhook.local", "every address is allowed: for tests only");
	outbox_configure(&c);
	return OK;
}

enum result webhooks_key_beside(const char *db, struct error *e)
{
	struct outbox_config c = *outbox_configured();
	char path[PATH_MAX], *real = server_db_is_file(db) ? realpath(db, NULL) : NULL;
	if (c.has_key || c.plain || !real) {
		free(real);
		return OK;
	}
	int n = snprintf(path, sizeof(path), "%s.key", real);
	free(real);
	if (n < 0 || (size_t)n >= sizeof(path))
		return setting("BYNAME_WEBHOOK_KEY", "the path of the database is too long for a key beside it", e);
	if (access(path, F_OK))
		TRY(key_make(path, e));
	TRY(key_read(path, &c, e));
	outbox_configure(&c);
	return OK;
}
