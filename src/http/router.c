/* The router: a tree of path segments. A literal child is tried before the parameter child, with a way back. */
#include "http/http_int.h"

struct node {
	struct str name; /* literal segment; borrowed from the route */
	struct node *children, *next;
	struct node *any; /* {name} */
	struct route_entry *entries[HTTP_METHODS];
	bool has_entries;
};

struct router {
	struct node root;
};

static struct node *node_child(const struct node *n, struct str segment)
{
	for (struct node *c = n->children; c; c = c->next)
		if (str_eq(c->name, segment))
			return c;
	return NULL;
}

static bool is_param(struct str segment)
{
	return segment.n > 2 && segment.p[0] == '{' && segment.p[segment.n - 1] == '}';
}

static struct node *node_make(struct node *n, struct str segment)
{
	bool any = is_param(segment);
	struct node *c = any ? n->any : node_child(n, segment);
	if (c)
		return c;
	c = mem_calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	if (any) {
		n->any = c;
	} else {
		c->name = segment;
		c->next = n->children;
		n->children = c;
	}
	return c;
}

/* Where in the path a parameter stands; -1: nowhere. */
static int param_segment(struct str path, const char *name)
{
	struct str rest = { path.p + 1, path.n - 1 }, part;
	for (int i = 0; str_split(&rest, '/', &part); i++)
		if (is_param(part) && str_is((struct str){ part.p + 1, part.n - 2 }, name))
			return i;
	return -1;
}

static enum result route_bug(const struct http_route *route, const char *what, struct error *e)
{
	return error_set(e, ERR_INVALID, "http.route", route->path, "Route %s: %s.", route->path, what);
}

/* Params of the table; every name of the path must be among them. */
static enum result entry_fill(struct route_entry *en, struct error *e)
{
	const struct http_route *route = en->route;
	struct str path = str_c(route->path), rest = { path.p + 1, path.n - 1 }, part;
	int in_path = 0, described = 0;
	while (str_split(&rest, '/', &part))
		in_path += is_param(part);
	for (const struct http_param *p = route->params; p && p->name; p++) {
		if (en->param_count == HTTP_ROUTE_PARAMS)
			return route_bug(route, "too many parameters", e);
		int segment = param_segment(path, p->name);
		described += segment >= 0;
		en->params[en->param_count].spec = p;
		en->params[en->param_count++].segment = segment;
	}
	if (in_path != described)
		return route_bug(route, "a name in the path is not among its parameters", e);
	return OK;
}

static enum result route_check(const struct http_route *route, struct error *e)
{
	if (route->path[0] != '/' || (unsigned)route->method >= HTTP_METHODS || !route->handle)
		return route_bug(route, "no path, method or handler", e);
	if ((route->flags & HTTP_INLINE) && !(route->flags & HTTP_OPEN))
		return route_bug(route, "only an open route may run inline", e);
	if (route->body && !route->body_size)
		return route_bug(route, "a body without its size", e);
	return OK;
}

static enum result route_add(struct router *r, const struct http_route *route, struct error *e)
{
	TRY(route_check(route, e));
	struct node *n = &r->root;
	struct str rest = str_c(route->path + 1), part;
	size_t depth = 0;
	while (rest.n && str_split(&rest, '/', &part)) {
		if (++depth > HTTP_SEGMENTS)
			return route_bug(route, "too deep", e);
		n = node_make(n, part);
		if (!n)
			return error_nomem(e);
	}
	if (n->entries[route->method])
		return route_bug(route, "listed twice", e);
	struct route_entry *en = mem_calloc(1, sizeof(*en));
	if (!en)
		return error_nomem(e);
	en->route = route;
	n->entries[route->method] = en;
	n->has_entries = true;
	return entry_fill(en, e);
}

enum result router_new(const struct http_route *const *routes, struct router **out, struct error *e)
{
	struct router *r = mem_calloc(1, sizeof(*r));
	if (!r)
		return error_nomem(e);
	for (size_t i = 0; routes && routes[i]; i++)
		for (const struct http_route *route = routes[i]; route->path; route++) {
			enum result res = route_add(r, route, e);
			if (res != OK) {
				router_free(r);
				return res;
			}
		}
	*out = r;
	return OK;
}

static void node_free(struct node *n)
{
	for (struct node *c = n->children, *next; c; c = next) {
		next = c->next;
		node_free(c);
		mem_free(c);
	}
	if (n->any)
		node_free(n->any);
	mem_free(n->any);
	for (int m = 0; m < HTTP_METHODS; m++)
		mem_free(n->entries[m]);
}

void router_free(struct router *r)
{
	if (r)
		node_free(&r->root);
	mem_free(r);
}

static const struct node *node_find(const struct node *n, const struct str *segments, size_t count)
{
	if (count == 0)
		return n->has_entries ? n : NULL;
	const struct node *c = node_child(n, segments[0]), *found = c ? node_find(c, segments + 1, count - 1) : NULL;
	if (!found && n->any && segments[0].n)
		found = node_find(n->any, segments + 1, count - 1);
	return found;
}

const struct route_entry *const *router_find(const struct router *r, const struct str *segments, size_t count)
{
	const struct node *n = node_find(&r->root, segments, count);
	return n ? (const struct route_entry *const *)n->entries : NULL;
}
