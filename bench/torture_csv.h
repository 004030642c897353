/* Lines of CSV cut in place: no line breaks within a field. */
#ifndef BYNAME_BENCH_TORTURE_CSV_H
#define BYNAME_BENCH_TORTURE_CSV_H

#include <string.h>

/* Cuts a line at its commas, quotation marks taken off; returns the number of fields, at most max. */
static inline int csv_cut(char *line, char **field, int max)
{
	int n = 0;
	char *p = line;

	line[strcspn(line, "\r\n")] = '\0';
	while (n < max) {
		field[n++] = p;
		if (*p != '"') {
			p = strchr(p, ',');
			if (!p)
				return n;
			*p++ = '\0';
			continue;
		}
		char *to = ++p;
		field[n - 1] = to;
		for (; *p && (*p != '"' || p[1] == '"'); p++) {
			p += *p == '"';
			*to++ = *p;
		}
		p += *p == '"';
		char after = *p;
		*to = '\0';
		if (after != ',')
			return n;
		p++;
	}
	return n;
}

/* The place of a column in a cut header; -1 when it is not there. */
static inline int csv_column(char **field, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(field[i], name) == 0)
			return i;
	return -1;
}

#endif
