/* SQLite's own page cache, told to truncate only where there is something to cut off.
 *
 * After each commit SQLite truncates the cache to the size of the database, which costs nothing unless a page beyond
 * it was ever there. Splitting a node parks a page at the number of the lock byte's page (1 GiB), for a moment: then
 * the next commit of a smaller database walks over all pages that are cached, 65,000 of the writer's, to find none.
 * Here what was parked is known to have come back. */
#include "db/sqlite.h"

static sqlite3_pcache_methods2 own; /* SQLite's */

struct pages {
	sqlite3_pcache *cache;
	unsigned most;   /* no page beyond it, but for the one parked */
	unsigned parked; /* 0: none */
};

static struct pages *pages_of(sqlite3_pcache *p)
{
	return (struct pages *)p;
}

static int pages_init(void *arg)
{
	(void)arg;
	return own.xInit(own.pArg);
}

static void pages_shutdown(void *arg)
{
	(void)arg;
	if (own.xShutdown)
		own.xShutdown(own.pArg);
}

static sqlite3_pcache *pages_create(int page, int extra, int purgeable)
{
	struct pages *p = mem_calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->cache = own.xCreate(page, extra, purgeable);
	if (p->cache)
		return (sqlite3_pcache *)p;
	mem_free(p);
	return NULL;
}

static void pages_destroy(sqlite3_pcache *cache)
{
	own.xDestroy(pages_of(cache)->cache);
	mem_free(cache);
}

static void pages_size(sqlite3_pcache *cache, int most)
{
	own.xCachesize(pages_of(cache)->cache, most);
}

static int pages_count(sqlite3_pcache *cache)
{
	return own.xPagecount(pages_of(cache)->cache);
}

static sqlite3_pcache_page *pages_fetch(sqlite3_pcache *cache, unsigned key, int create)
{
	struct pages *p = pages_of(cache);
	sqlite3_pcache_page *page = own.xFetch(p->cache, key, create);

	if (page && key > p->most)
		p->most = key;
	return page;
}

static void pages_unpin(sqlite3_pcache *cache, sqlite3_pcache_page *page, int discard)
{
	own.xUnpin(pages_of(cache)->cache, page, discard);
}

static void pages_rekey(sqlite3_pcache *cache, sqlite3_pcache_page *page, unsigned from, unsigned to)
{
	struct pages *p = pages_of(cache);

	own.xRekey(p->cache, page, from, to);
	if (from == p->parked)
		p->parked = 0;
	if (to <= p->most)
		return;
	if (p->parked) /* a second one: nothing is known of it */
		p->most = to;
	else
		p->parked = to;
}

static void pages_truncate(sqlite3_pcache *cache, unsigned limit)
{
	struct pages *p = pages_of(cache);

	if (limit > p->most && limit > p->parked)
		return;
	own.xTruncate(p->cache, limit);
	if (limit <= p->most)
		p->most = limit ? limit - 1 : 0;
	if (limit <= p->parked)
		p->parked = 0;
}

static void pages_shrink(sqlite3_pcache *cache)
{
	own.xShrink(pages_of(cache)->cache);
}

void sqlite_pages_prepare(void)
{
	static const sqlite3_pcache_methods2 methods = { .iVersion = 1,
		                                         .xInit = pages_init,
		                                         .xShutdown = pages_shutdown,
		                                         .xCreate = pages_create,
		                                         .xCachesize = pages_size,
		                                         .xPagecount = pages_count,
		                                         .xFetch = pages_fetch,
		                                         .xUnpin = pages_unpin,
		                                         .xRekey = pages_rekey,
		                                         .xTruncate = pages_truncate,
		                                         .xDestroy = pages_destroy,
		                                         .xShrink = pages_shrink };

	/* Where SQLite runs already it keeps what it has. */
	if (sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &own) == SQLITE_OK)
		sqlite3_config(SQLITE_CONFIG_PCACHE2, &methods);
}
