/* Where a long run stands, kept in BYNAME_SOAK_DIR (scripts/soak gives that folder): interrupted, it goes on there.
 * Without the folder nothing is kept, and every run begins anew. */
#ifndef BYNAME_TESTS_SOAK_H
#define BYNAME_TESTS_SOAK_H

#include <stddef.h>
#include <stdint.h>

/* A number that the environment gives, else otherwise. */
int64_t soak_setting(const char *name, int64_t otherwise);
/* What was kept under the name by a run of the same settings; the values stay as they are where there is nothing. */
void soak_load(const char *name, const char *settings, int64_t *values, size_t count);
void soak_save(const char *name, const char *settings, const int64_t *values, size_t count);
/* A line on how far it is, with the time of day; only where the folder is given. */
__attribute__((format(printf, 1, 2))) void soak_say(const char *fmt, ...);

/* Plays so many rounds less those kept, at most ROUNDS_A_SCENE of them in one scene, so that books stay short; what was
 * played is kept under the name after each scene. */
#define ROUNDS_A_SCENE 250
struct soak_rounds {
	const char *name;
	void (*open)(void);
	void (*play)(int64_t n); /* the n-th of its scene */
	void (*close)(void);     /* checks all of it */
};
void soak_rounds_play(const struct soak_rounds *r, int64_t rounds);

#endif
