/* How good resolving is, as text. */
#ifndef BYNAME_APP_FIGURES_H
#define BYNAME_APP_FIGURES_H

#include "base/json.h"
#include "people/evaluate.h"
#include <stdio.h>

void figures_print(const struct evaluate_figures *f, const char *indent, FILE *out);
void figures_json(const struct evaluate_figures *f, struct json_writer *w);

#endif
