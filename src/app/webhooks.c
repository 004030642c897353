#include "app/webhooks.h"

#include "app/app.h"
#include "base/log.h"
#include "outbox/outbox.h"
#include <errno.h>
#include <stdio.h>

#define KEY_TEXT_MIN 32
#define KEY_TEXT_MAX 4096
#define TIMEOUT_S_MAX 60
#define PAUSE_S_MAX (7 * 24 * 3600)

static enum result setting(const char *name, const char *what, struct error *e)
{
	return error_set(e, ERR_INVALID, "webhook.setting", name, "%s: %s.", name, what);
}

static enum result key_read(const char *path, struct outbox_config *c, struct error *e)
{
	char text[KEY_TEXT_MAX];
	FILE *f = path ? fopen(path, "re") : NULL;
	if (!path)
		return OK;
	if (!f)
		return error_set(e, ERR_INVALID, "webhook.setting", "BYNAME_WEBHOOK_KEY", "Cannot read %s: %s.", path,
		                 strerror(errno));
	size_t n = fread(text, 1, sizeof(text), f);
	bool failed = ferror(f);
	fclose(f);
	struct str trimmed = str_trim((struct str){ text, n });
	if (failed || trimmed.n < KEY_TEXT_MIN || n == sizeof(text))
		return setting("BYNAME_WEBHOOK_KEY",
		               "the file must hold 32 to 4095 bytes, as openssl rand -base64 32 makes", e);
	outbox_key_derive(c->key, trimmed);
	c->has_key = true;
	return OK;
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
	const char *timeout = app_env("BYNAME_WEBHOOK_TIMEOUT", NULL);
	int64_t s = 0;
	TRY(key_read(app_env("BYNAME_WEBHOOK_KEY", NULL), &c, e));
	TRY(retries_read(app_env("BYNAME_WEBHOOK_RETRIES", NULL), &c, e));
	if (timeout)
		TRY(seconds("BYNAME_WEBHOOK_TIMEOUT", str_c(timeout), TIMEOUT_S_MAX, &s, e));
	c.timeout_ms = (int)s * 1000;
	if (c.local)
		log_event(LOG_WARN, "webhook.local", "every address is allowed: for tests only");
	outbox_configure(&c);
	return OK;
}
