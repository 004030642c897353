/* The tables: what is built in, and what the public data adds. */
#include "torture_tables.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define LINE_MAX_BYTES 4096
#define SWAPS_MAX 512
#define NAME_BYTES 40
#define TABLES_BYTES ((size_t)64 << 20)

static const char nicks_built_in[] =
        "robert:bob robert:rob william:bill william:will james:jim john:jack richard:dick elizabeth:liz "
        "elizabeth:betty "
        "margaret:peggy margaret:maggie katherine:kate catherine:cathy patricia:pat jennifer:jenny michael:mike "
        "christopher:chris daniel:dan matthew:matt anthony:tony joseph:joe charles:chuck steven:steve andrew:andy "
        "kenneth:ken joshua:josh timothy:tim jeffrey:jeff nicholas:nick samuel:sam benjamin:ben deborah:debbie "
        "rebecca:becky susan:sue victoria:vicky pamela:pam samantha:sam stephanie:steph edward:ted albert:bert";
/* German, Polish, Spanish, Russian, Greek: not in the public tables. */
static const char nicks_abroad[] =
        "hannelore:hanne johanna:hanni ulrike:uli mathilda:tilda katarzyna:kasia małgorzata:gosia "
        "agnieszka:aga wojciech:wojtek grzegorz:grzesiek francisco:paco concepción:concha "
        "dolores:lola екатерина:катя анастасия:настя дмитрий:дима николай:коля светлана:света "
        "сергей:серёжа αικατερίνη:κατερίνα βασιλική:βάσω ιωάννης:γιάννης ευγενία:τζένη";
static const char scans_built_in[] =
        "1:l 0:O O:0 5:S S:5 8:B B:8 m:rn rn:m cl:d d:cl w:vv h:b e:c u:v l:1 i:l I:l q:g g:q";
static const char sounds_built_in[] =
        "ph:f f:ph ck:k c:k k:c ie:y ee:i z:s s:z tt:t t:tt ll:l l:ll nn:n n:nn ou:u th:t ei:ai "
        "v:w gh: ea:e ei:ie sh:ch ch:sh mm:m rr:r";
static const char *const keys[] = { "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm" };

static bool list_add(struct list *l, const char *s)
{
	if (!s)
		return false;
	if (l->n == l->cap) {
		uint32_t cap = l->cap ? l->cap * 2 : 64;
		const char **grown = mem_realloc(l->at, cap * sizeof(*grown));

		if (!grown)
			return false;
		l->at = grown;
		l->cap = cap;
	}
	l->at[l->n++] = s;
	return true;
}

/* The words of a text, _ as blank. */
static bool list_words(struct arena *a, struct list *l, const char *text)
{
	struct str rest = str_c(text), word;

	while (str_split(&rest, ' ', &word)) {
		if (!word.n)
			continue;
		char *s = str_dup(a, word);

		if (!list_add(l, s))
			return false;
		for (; *s; s++)
			*s = *s == '_' ? ' ' : *s;
	}
	return true;
}

static bool nation_load(struct arena *a, struct nation *n, const struct nation_text *text)
{
	struct list stems = { 0 }, ends = { 0 };
	bool ok;

	n->text = text;
	ok = list_words(a, &n->male, text->male) && list_words(a, &n->female, text->female) &&
	     list_words(a, &n->family, text->family) && list_words(a, &n->towns, text->towns) &&
	     list_words(a, &n->streets, text->streets) && list_words(a, &stems, text->stems) &&
	     list_words(a, &ends, text->ends);
	for (uint32_t s = 0; ok && s < stems.n; s++)
		for (uint32_t i = 0; ok && i < ends.n; i++)
			ok = list_add(&n->family, arena_printf(a, "%s%s", stems.at[s], ends.at[i]));
	mem_free(stems.at);
	mem_free(ends.at);
	return ok;
}

static bool nick_add(struct tables *t, const char *name, const char *nick)
{
	if (!name || !nick)
		return false;
	if (t->nick_count == t->nick_cap) {
		uint32_t cap = t->nick_cap ? t->nick_cap * 2 : 256;
		struct nick *grown = mem_realloc(t->nicks, cap * sizeof(*grown));

		if (!grown)
			return false;
		t->nicks = grown;
		t->nick_cap = cap;
	}
	t->nicks[t->nick_count++] = (struct nick){ name, nick };
	return true;
}

static bool nicks_words(struct tables *t, const char *text)
{
	struct str rest = str_c(text), word, name;

	while (str_split(&rest, ' ', &word))
		if (str_split(&word, ':', &name) && !nick_add(t, str_dup(t->arena, name), str_dup(t->arena, word)))
			return false;
	return true;
}

static int nick_cmp(const void *a, const void *b)
{
	const struct nick *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->nick, y->nick);
}

uint32_t tables_nicks(const struct tables *t, const char *name, uint32_t *first)
{
	unsigned char byte = (unsigned char)*name;
	uint32_t lo = t->nick_first[byte], hi = t->nick_first[byte + 1], n = 0;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (strcmp(t->nicks[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo + n < t->nick_count && strcmp(t->nicks[lo + n].name, name) == 0)
		n++;
	*first = lo;
	return n;
}

static bool swaps_words(struct tables *t, struct swap *swaps, uint32_t *count, const char *text)
{
	struct str rest = str_c(text), word, from;

	while (*count < SWAPS_MAX && str_split(&rest, ' ', &word)) {
		if (!str_split(&word, ':', &from))
			continue;
		struct swap s = { str_dup(t->arena, from), str_dup(t->arena, word), 'A' };

		if (!s.from || !s.to)
			return false;
		swaps[(*count)++] = s;
	}
	return true;
}

static void keys_built_in(struct tables *t)
{
	for (size_t r = 0; r < sizeof(keys) / sizeof(*keys); r++)
		for (size_t i = 0; keys[r][i]; i++) {
			char *near = t->near[(unsigned char)keys[r][i]];

			if (i)
				*near++ = keys[r][i - 1];
			if (keys[r][i + 1])
				*near = keys[r][i + 1];
		}
}

/* ---- Files ------------------------------------------------------------------------------------------------------ */

typedef bool line_fn(struct tables *t, char *line);

/* Every line of a file (plain or .gz); a file that is not there has none. */
static enum result lines_read(struct tables *t, const char *folder, const char *name, line_fn *fn, struct error *e)
{
	char path[1024], line[LINE_MAX_BYTES];
	bool ok = true;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	gzFile f = gzopen(path, "rb");
	if (!f)
		return OK;
	while (ok && gzgets(f, line, sizeof(line))) {
		line[strcspn(line, "\r\n")] = '\0';
		ok = fn(t, line);
	}
	gzclose(f);
	return ok ? OK : error_nomem(e);
}

/* Cuts a line at its commas; quotation marks do not occur in these tables' lines that we use. */
static int cut(char *line, char **parts, int max)
{
	int n = 0;

	for (char *p = line; n < max;) {
		parts[n++] = p;
		p = strchr(p, ',');
		if (!p)
			break;
		*p++ = '\0';
	}
	return n;
}

static bool census_line(struct tables *t, char *line)
{
	enum { GIVEN = 6, STREET = 12, SEX = 18, FAMILY = 21, COLUMNS = 23 };
	char *p[COLUMNS + 2];
	struct nation *us = &t->nations[NATION_US];

	if (strchr(line, '"') || cut(line, p, COLUMNS + 2) != COLUMNS || strcmp(p[SEX], "sex") == 0)
		return true;
	struct list *given = strcmp(p[SEX], "Male") == 0 ? &us->male : &us->female;
	if (*p[GIVEN] && strlen(p[GIVEN]) < NAME_BYTES && !list_add(given, arena_strdup(t->arena, p[GIVEN])))
		return false;
	if (*p[FAMILY] && strlen(p[FAMILY]) < NAME_BYTES && !list_add(&us->family, arena_strdup(t->arena, p[FAMILY])))
		return false;
	for (char *s = p[STREET]; *s; s++)
		if (s == p[STREET] || s[-1] == ' ')
			*s = (char)toupper((unsigned char)*s);
	return !*p[STREET] || strlen(p[STREET]) >= NAME_BYTES ||
	       list_add(&us->streets, arena_strdup(t->arena, p[STREET]));
}

static bool nickname_line(struct tables *t, char *line)
{
	char *p[3];

	if (cut(line, p, 3) != 3 || strcmp(p[1], "has_nickname") != 0)
		return true;
	return nick_add(t, arena_strdup(t->arena, p[0]), arena_strdup(t->arena, p[2]));
}

static bool scan_line(struct tables *t, char *line)
{
	char *p[2];

	if (*line == '#' || cut(line, p, 2) != 2 || !*p[0] || !*p[1] || t->scan_count == SWAPS_MAX)
		return true;
	struct swap s = { arena_strdup(t->arena, p[0]), arena_strdup(t->arena, p[1]), 'A' };
	if (!s.from || !s.to)
		return false;
	t->scans[t->scan_count++] = s;
	return true;
}

/* Only the rules without conditions. */
static bool sound_line(struct tables *t, char *line)
{
	char *p[8];

	if (*line == '#' || cut(line, p, 8) < 7 || t->sound_count == SWAPS_MAX || !*p[1])
		return true;
	for (int i = 3; i < 7; i++)
		if (strcmp(p[i], "None") != 0)
			return true;
	struct swap s = { arena_strdup(t->arena, p[1]), arena_strdup(t->arena, strcmp(p[2], "@") == 0 ? "" : p[2]),
		          *p[0] };
	if (!s.from || !s.to)
		return false;
	t->sounds[t->sound_count++] = s;
	return true;
}

/* "q:" or "'1':" begins a key; "- w" or "- '4'" follows. */
static bool key_line(struct tables *t, char *line)
{
	bool item = strncmp(line, "- ", 2) == 0;
	char *p = item ? line + 2 : line;
	static char key; /* between the lines of one file */

	p += *p == '\'';
	if (!isalnum((unsigned char)*p))
		return true;
	if (!item) {
		key = *p;
		t->near[(unsigned char)key][0] = '\0';
		return true;
	}
	char *near = t->near[(unsigned char)key & 127];
	size_t n = strlen(near);
	if (n + 1 < sizeof(t->near[0])) {
		near[n] = *p;
		near[n + 1] = '\0';
	}
	return true;
}

static enum result folder_load(struct tables *t, const char *folder, struct error *e)
{
	uint32_t built_in = t->sound_count;

	TRY(lines_read(t, folder, "pseudopeople/decennial_census.csv.gz", census_line, e));
	TRY(lines_read(t, folder, "nicknames/nicknames.csv", nickname_line, e));
	TRY(lines_read(t, folder, "pseudopeople/ocr_errors.csv", scan_line, e));
	TRY(lines_read(t, folder, "pseudopeople/phonetic_variations.csv", sound_line, e));
	TRY(lines_read(t, folder, "pseudopeople/qwerty_errors.yaml", key_line, e));
	if (t->nations[NATION_US].family.n < 1000 && t->sound_count == built_in)
		return error_set(e, ERR_NOT_FOUND, "tables.none", NULL, "no name tables in %s", folder);
	return OK;
}

enum result tables_load(struct tables *t, const char *folder, struct error *e)
{
	*t = (struct tables){ .arena = arena_new(TABLES_BYTES) };
	bool ok = t->arena != NULL;

	for (int n = 0; ok && n < NATIONS; n++)
		ok = nation_load(t->arena, &t->nations[n], &nation_texts[n]);
	ok = ok && (t->scans = arena_array(t->arena, SWAPS_MAX, sizeof(*t->scans))) &&
	     (t->sounds = arena_array(t->arena, SWAPS_MAX, sizeof(*t->sounds))) && nicks_words(t, nicks_built_in) &&
	     nicks_words(t, nicks_abroad) && swaps_words(t, t->scans, &t->scan_count, scans_built_in) &&
	     swaps_words(t, t->sounds, &t->sound_count, sounds_built_in);
	keys_built_in(t);
	if (!ok)
		return error_nomem(e);
	if (folder)
		TRY(folder_load(t, folder, e));
	qsort(t->nicks, t->nick_count, sizeof(*t->nicks), nick_cmp);
	for (uint32_t byte = 0, i = 0; byte <= 256; byte++) {
		while (i < t->nick_count && (unsigned char)*t->nicks[i].name < byte)
			i++;
		t->nick_first[byte] = i;
	}
	return OK;
}

void tables_free(struct tables *t)
{
	for (int n = 0; n < NATIONS; n++) {
		struct list *lists[] = { &t->nations[n].male, &t->nations[n].female, &t->nations[n].family,
			                 &t->nations[n].towns, &t->nations[n].streets };

		for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
			mem_free(lists[i]->at);
	}
	mem_free(t->nicks);
	arena_free(t->arena);
	*t = (struct tables){ 0 };
}
