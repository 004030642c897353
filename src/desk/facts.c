/* Facts on the card: what was told, and what follows from purchases; each with how we know it. */
#include "desk/card.h"

#include <stdio.h>

#define SHARE_SIZE 0.4 /* of the units of its category */
#define LEAST_SIZE 2   /* units before a size is believed */
#define LEAST_LIKE 3   /* units before a brand, category or colour is believed */
#define SHARE_LIKE 0.15
#define LIKES_A_KIND 3
#define SIZES_SHOWN 5
#define SIZES_FULL 16
#define KIND_BYTES 128

bool card_is_wrong(const struct card *c, const char *kind, const char *value)
{
	for (int i = 0; i < c->fact_count; i++)
		if (c->facts[i].state == FACT_WRONG && strcmp(c->facts[i].kind, kind) == 0 &&
		    strcmp(c->facts[i].value, value) == 0)
			return true;
	return false;
}

static bool is_told(const struct card *c, const char *kind, const char *value)
{
	for (int i = 0; i < c->fact_count; i++)
		if (c->facts[i].state == FACT_ACTIVE && strcmp(c->facts[i].kind, kind) == 0 &&
		    strcmp(c->facts[i].value, value) == 0)
			return true;
	return false;
}

static bool kind_in(const char *kind, const char *list)
{
	size_t n = strlen(kind);
	for (const char *at = strstr(list, kind); at; at = strstr(at + 1, kind))
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

/* Told facts whose kind is in the list ("brand category …") or starts with prefix. */
static void told(struct shape *s, const struct card *c, const char *list, const char *prefix)
{
	for (int i = 0; i < c->fact_count; i++) {
		const struct fact *f = &c->facts[i];
		bool here = kind_in(f->kind, list) || (prefix && strncmp(f->kind, prefix, strlen(prefix)) == 0);
		if (!here || f->state != FACT_ACTIVE || card_is_wrong(c, f->kind, f->value) ||
		    (!f->sayable && !c->full))
			continue;
		const char *verb = f->provenance == FACT_TOLD       ? "Told"
		                   : f->provenance == FACT_OBSERVED ? "Observed"
		                                                    : "Inferred";
		const char *how = arena_printf(s->a, "%s on %s", verb, shape_date(s, f->at));
		const char *label = f->value;
		if (prefix && strncmp(f->kind, prefix, strlen(prefix)) == 0)
			label = arena_printf(s->a, "%s: %s", f->kind + strlen(prefix), f->value);
		shape_fact(s, f->kind, f->value, label ? label : "", f->sayable,
		           &(struct how){ f->provenance, how ? how : "", f->at, NULL }, f->id);
	}
}

static void computed(struct shape *s, const struct preference *p, const char *kind, const char *label, const char *noun)
{
	const char *how = arena_printf(s->a, "Bought %lld of %lld %s", (long long)p->n, (long long)p->of, noun);
	shape_fact(s, kind, p->value, label, true, &(struct how){ FACT_BOUGHT, how ? how : "", p->last_at, NULL }, 0);
}

static bool size_stands(const struct card *c, const struct preference *p)
{
	char kind[KIND_BYTES];
	if (strcmp(p->kind, "size") != 0 || p->n < LEAST_SIZE || p->weight < SHARE_SIZE)
		return false;
	snprintf(kind, sizeof(kind), "size.%s", p->scope);
	return !card_is_wrong(c, kind, p->value) && !is_told(c, kind, p->value);
}

/* The sizes bought most often: five seconds do not reach for all of them. */
static void sizes(struct shape *s, const struct card *c)
{
	bool shown[CARD_PREFERENCES_MAX] = { false };
	for (int round = 0; round < (c->full ? SIZES_FULL : SIZES_SHOWN); round++) {
		int best = -1;
		for (int i = 0; i < c->preference_count; i++)
			if (!shown[i] && size_stands(c, &c->preferences[i]) &&
			    (best < 0 || c->preferences[i].n > c->preferences[best].n))
				best = i;
		if (best < 0)
			return;
		const struct preference *p = &c->preferences[best];
		const char *kind = arena_printf(s->a, "size.%s", p->scope);
		const char *label = arena_printf(s->a, "%s: %s", p->scope, p->value);
		const char *noun = arena_printf(s->a, "%s in size %s", p->scope, p->value);
		shown[best] = true;
		if (kind && label && noun)
			computed(s, p, kind, label, noun);
	}
}

static void likes(struct shape *s, const struct card *c, const char *kind, const char *plural)
{
	int shown = 0;
	for (int i = 0; i < c->preference_count && shown < LIKES_A_KIND; i++) {
		const struct preference *p = &c->preferences[i];
		if (strcmp(p->kind, kind) != 0 || p->n < LEAST_LIKE || p->weight < SHARE_LIKE)
			continue;
		if (card_is_wrong(c, kind, p->value) || is_told(c, kind, p->value) || is_told(c, "dislikes", p->value))
			continue;
		computed(s, p, kind, p->value, plural);
		shown++;
	}
}

void card_facts(struct shape *s, const struct card *c)
{
	jw_key(s->w, "served_how");
	jw_array(s->w);
	told(s, c, "served_how", NULL);
	jw_end_array(s->w);

	jw_key(s->w, "sizes");
	jw_array(s->w);
	told(s, c, "size", "size.");
	sizes(s, c);
	jw_end_array(s->w);

	jw_key(s->w, "likes");
	jw_array(s->w);
	told(s, c, "likes brand category colour", NULL);
	likes(s, c, "brand", "pieces from this brand");
	likes(s, c, "category", "pieces in this category");
	likes(s, c, "colour", "pieces in this colour");
	jw_end_array(s->w);

	jw_key(s->w, "dislikes");
	jw_array(s->w);
	told(s, c, "dislikes", NULL);
	jw_end_array(s->w);

	jw_key(s->w, "channels");
	jw_array(s->w);
	told(s, c, "channel", NULL);
	likes(s, c, "channel", "times on this channel");
	jw_end_array(s->w);
}
