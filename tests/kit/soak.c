/* See soak.h. A text file a run: its settings, then a number a line. */
#include "kit/soak.h"
#include "kit/kit.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SETTINGS_MAX 200

int64_t soak_setting(const char *name, int64_t otherwise)
{
	const char *text = getenv(name);
	return text && *text ? atoll(text) : otherwise;
}

static bool path_of(const char *name, const char *end, char path[600])
{
	const char *dir = getenv("BYNAME_SOAK_DIR");
	if (!dir || !*dir)
		return false;
	snprintf(path, 600, "%s/%s-%s%s", dir, name, kit_engine(), end);
	return true;
}

void soak_load(const char *name, const char *settings, int64_t *values, size_t count)
{
	char path[600], line[SETTINGS_MAX + 2], want[SETTINGS_MAX + 2];
	FILE *f = path_of(name, "", path) ? fopen(path, "r") : NULL;
	int64_t *read = f ? calloc(count, sizeof(*read)) : NULL;
	size_t n = 0;
	if (!f)
		return;
	snprintf(want, sizeof(want), "%.*s\n", SETTINGS_MAX, settings);
	if (!read || !fgets(line, sizeof(line), f) || strcmp(line, want) != 0)
		fail_msg("%s is of another run: remove it to begin anew", path);
	while (n < count && fscanf(f, "%" SCNd64, &read[n]) == 1)
		n++;
	fclose(f);
	if (n != count)
		fail_msg("%s is not whole", path);
	memcpy(values, read, count * sizeof(*values));
	free(read);
}

void soak_save(const char *name, const char *settings, const int64_t *values, size_t count)
{
	char path[600], fresh[600];
	if (!path_of(name, "", path) || !path_of(name, ".new", fresh))
		return;
	FILE *f = fopen(fresh, "w");
	if (!f)
		fail_msg("%s cannot be written", fresh);
	fprintf(f, "%.*s\n", SETTINGS_MAX, settings);
	for (size_t i = 0; i < count; i++)
		fprintf(f, "%" PRId64 "\n", values[i]);
	if (fclose(f) != 0 || rename(fresh, path) != 0)
		fail_msg("%s cannot be written", path);
}

void soak_say(const char *fmt, ...)
{
	char text[200], at[16];
	time_t now = time(NULL);
	struct tm tm;
	va_list ap;
	if (!getenv("BYNAME_SOAK_DIR"))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	strftime(at, sizeof(at), "%H:%M:%S", gmtime_r(&now, &tm));
	printf("%s %s %s\n", at, kit_engine(), text);
	fflush(stdout);
}

void soak_rounds_play(const struct soak_rounds *r, int64_t rounds)
{
	int64_t done = 0;
	soak_load(r->name, r->name, &done, 1);
	while (done < rounds) {
		int64_t end = done + ROUNDS_A_SCENE < rounds ? done + ROUNDS_A_SCENE : rounds;
		r->open();
		for (int64_t n = 0; n < end - done; n++)
			r->play(n);
		done = end;
		r->close();
		soak_save(r->name, r->name, &done, 1);
		soak_say("%s: %lld rounds of %lld", r->name, (long long)done, (long long)rounds);
	}
}
