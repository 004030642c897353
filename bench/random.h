/* Random numbers for benches: splitmix64, uniform and Zipf (s = 1) picks. */
#ifndef BYNAME_BENCH_RANDOM_H
#define BYNAME_BENCH_RANDOM_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint64_t random_next(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* An index below n. Zipf: the rank by the inverse of the harmonic sum's integral, strewn over the indexes. */
static inline size_t random_pick(uint64_t *s, size_t n, bool zipf)
{
	uint64_t r = random_next(s);
	if (!zipf)
		return r % n;
	double u = (double)(r >> 11) * 0x1p-53;
	uint64_t rank = (uint64_t)exp(u * log((double)n + 1)) - 1;
	return (rank * 2654435761u) % n;
}

#endif
