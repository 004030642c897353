/* Randomness that is the same everywhere: splitmix64 (Steele, Lea, Flood 2014), one stream a thing. */
#ifndef BYNAME_DEMO_RND_H
#define BYNAME_DEMO_RND_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

struct rnd {
	uint64_t s;
};

static inline uint64_t rnd_next(struct rnd *r)
{
	uint64_t z = r->s += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}
/* The stream of thing number n of a kind: streams do not depend on the order in which things are made. */
static inline struct rnd rnd_of(uint64_t seed, uint64_t kind, uint64_t n)
{
	struct rnd r = { seed ^ kind * 0xd6e8feb86659fd93u };
	r.s = rnd_next(&r) + n * 0xa0761d6478bd642fu;
	r.s = rnd_next(&r);
	return r;
}
static inline uint32_t rnd_below(struct rnd *r, uint32_t n) /* n > 0 */
{
	return (uint32_t)((rnd_next(r) >> 32) * n >> 32);
}
static inline int rnd_between(struct rnd *r, int lo, int hi) /* both inclusive */
{
	return lo + (int)rnd_below(r, (uint32_t)(hi - lo + 1));
}
static inline bool rnd_chance(struct rnd *r, int permille)
{
	return rnd_below(r, 1000) < (uint32_t)permille;
}
static inline double rnd_unit(struct rnd *r) /* 0 < u < 1 */
{
	return ((double)(rnd_next(r) >> 11) + 0.5) / 9007199254740992.0;
}
static inline double rnd_exponential(struct rnd *r, double mean)
{
	return -mean * log(rnd_unit(r));
}
/* About normal: the sum of four uniforms (Irwin–Hall), scaled; enough for sizes. */
static inline double rnd_normal(struct rnd *r, double mean, double sd)
{
	double s = rnd_unit(r) + rnd_unit(r) + rnd_unit(r) + rnd_unit(r) - 2;
	return mean + sd * s * 1.7320508;
}

#endif
