/* What the files of api/ share. */
#ifndef BYNAME_API_INTERNAL_H
#define BYNAME_API_INTERNAL_H

#include "http/http.h"
#include <stdio.h>
#include <strings.h>

#define API_POSITION_HEADER "X-Byname-Position"
#define API_BIG_BODY_BYTES (1 << 20)
/* Who may read catalogue, stock and orders. */
#define ROLES_SHELF (ROLES_SERVE | ROLE_FULFILMENT | ROLE_BUYER | ROLE_SOURCE)

/* Members of components/schemas: the shapes of answers (shapes.c). */
void api_shapes_write(struct json_writer *w);
/* Whether an answer of that name is described. */
bool api_shape_known(const char *name);

#endif
