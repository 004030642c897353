/* Doubtful pairs for the identity review. */
import { eur, iso, nextId } from './data.mjs';

const record = (id, source, key, name, birthday, address, identifiers) => ({
	id, source, source_key: key, name, gender: 'f', birthday, created_at: iso(700), updated_at: iso(30),
	address: address && { street: address[0], postcode: address[1], city: address[2], region: '', country: 'CH' },
	identifiers: identifiers.map(([kind, value, verified = false]) => ({ kind, value, verified, state: 'normal' })),
});
const side = (customer, name, spend, orders, records) => ({
	customer, name, record_count: records.length, orders, spend: spend ? eur(spend) : null, last_purchase_at: spend ? iso(20) : null,
	last_seen_at: iso(20), records,
});
const field = (comparison, level, a, b, weight, kind = '') => ({ comparison, kind, level, a, b, weight });
const apart = (reason, more) => ({ reason, decision: null, at: null, by: null, why: null, kind: null, a: null, b: null, number: null, limit: null, ...more });
const why = (a, b, fields, more = {}) => ({
	a: a.records[0].id, b: b.records[0].id, same: false, epoch: 1, prior: -16610, link: 0, component: 0, fields, links: [], decisions: [], apart: [apart('score', { number: -80, limit: 4000 })],
	score: fields.reduce((s, f) => s + f.weight, -16610), ...more,
});

const helene = side('cus_1', 'Hélène Brunschwig', 4210.5, 12, [
	record('rec_r1', 'till', '20418', 'Hélène Brunschwig', '1971-03-09', ['Rue de Lausanne 14', '1201', 'Genève'], [['email', 'helene.brunschwig@example.ch', true], ['phone', '+41225551201'], ['loyalty', 'BN-200418', true]]),
	record('rec_r2', 'web', '88120', 'H. Brunschwig', null, null, [['email', 'helene.brunschwig@example.ch', true]]),
]);
const helena = side('cus_3', 'Helene Brunswig', 318, 2, [
	record('rec_r3', 'callcentre', 'c-9912', 'Helene Brunswig', '1971-09-03', ['14 rue Lausanne', '1201', 'Genève'], [['phone', '+41225551201'], ['email', 'h.brunschwig@example.com']]),
]);
const father = side('cus_2', 'Jón Þór Smith', 960, 5, [record('rec_r4', 'till', '311', 'Jón Þór Smith Sr', '1948-01-20', ['Laugavegur 3', '101', 'Reykjavík'], [['phone', '+3545550101']])]);
const son = side('cus_4', 'Jón Smith', 0, 0, [record('rec_r5', 'web', '4471', 'Jón Smith Jr', '1979-06-02', ['Laugavegur 3', '101', 'Reykjavík'], [['phone', '+3545550101'], ['email', 'jon@example.is', true]])]);
const zofia = side('cus_10', 'Zofia Łukaszewicz', 1800, 8, [record('rec_r6', 'till', '77', 'Zofia Łukaszewicz', null, null, [['loyalty', 'BN-77']])]);
const sofia = side('cus_11', 'Sofia Lukaszewicz', 90, 1, [record('rec_r7', 'web', '78', 'Sofia Lukaszewicz', null, ['Długa 5', '31-147', 'Kraków'], [])]);

const doubt = (a, b, worth, fields, more) => ({ id: `${a.records[0].id}.${b.records[0].id}`, at: iso(3), worth, a, b, why: why(a, b, fields, more), score: why(a, b, fields).score });
const all = [
	doubt(helene, helena, 900, [
		field('given', 'the same', 'helene', 'helene', 6840), field('family', 'typed wrong, at one address', 'brunschwig', 'brunswig', 810),
		field('birth', 'day and month swapped', '1971-03-09', '1971-09-03', 9230), field('place', 'nearly one address', 'rue de lausanne 14', '14 rue lausanne', 6970),
		field('phone', 'the same, a household’s', '+41225551201', '+41225551201', 3320), field('email', 'different', 'helene.brunschwig@example.ch', 'h.brunschwig@example.com', -3320),
		field('gender', 'the same', 'f', 'f', 960), field('id', 'different', 'bn-200418', 'bn-311', -5060, 'loyalty'),
	], { links: [{ kind: 'phone', value: '+41225551201', verified: false, state: 'normal' }] }),
	doubt(father, son, 500, [
		field('given', 'the same', 'jon', 'jon', 5100), field('family', 'the same, at one address', 'smith', 'smith', 830), field('place', 'one address', 'laugavegur 3', 'laugavegur 3', 9400),
		field('birth', 'a generation apart', '1948-01-20', '1979-06-02', -7030), field('generation', 'different', 'senior', 'junior', -9960), field('phone', 'the same, a household’s', '+3545550101', '+3545550101', 3320),
	], { decisions: [{ decision: 'dec_77', kind: 'merge', at: iso(40), by: 'Robin Keller', reason: 'One phone', standing: false }], apart: [apart('split', { decision: 'dec_78', at: iso(3), by: 'Marta Rossi', why: 'Father and son' })] }),
	doubt(zofia, sofia, 120, [field('given', 'typed wrong', 'zofia', 'sofia', 4500), field('family', 'the same', 'lukaszewicz', 'lukaszewicz', 9200)]),
];
/* Two records of one customer. */
const sampled = [{ ...doubt(helene, helene, 0, [field('email', 'the same', 'helene.brunschwig@example.ch', 'helene.brunschwig@example.ch', 16200), field('family', 'the same', 'brunschwig', 'brunschwig', 9100), field('given', 'an initial', 'helene', 'h', 1200)], { same: true, apart: null }), b: { ...helene, records: helene.records.toReversed() }, id: 'rec_r1.rec_r2' }];
const checked = new Set();
const decided = new Map(); /* decision → id of the pair */

export const decideMock = (body) => {
	const d = all.find((k) => k.a.customer === body.a && k.b.customer === body.b);
	const decision = nextId('dec');
	if (d) decided.set(decision, d.id);
	return decision;
};
export const undoMock = (decision) => decided.delete(decision);
const looked = () => 41 + decided.size;

export const reviewRoutes = {
	'GET review': () => {
		const gone = new Set(decided.values());
		const items = all.filter((d) => !gone.has(d.id));
		return { items, waiting: items.length, next: null };
	},
	'GET review/estimate': () => ({ looked: looked(), same: 29, drawn: 12, drawn_same: 12, enough: true, precision: { value: 0.9921, low: 0.9804, high: 0.9968 }, recall: { value: 0.934, low: 0.902, high: 0.957 }, by_model: 0.81, bands: [] }),
	'GET review/sample': () => {
		const items = sampled.filter((d) => !checked.has(d.id));
		return { items, seed: 1, looked: checked.size, same: checked.size, left: items.length };
	},
	'POST review/sample': ({ body }) => {
		checked.add(`${body.a}.${body.b}`);
		return [201, { decision: nextId('dec'), customer: 'cus_1' }];
	},
	'GET why': ({ query }) => {
		const d = all.find((k) => k.id.replaceAll('rec_', 'cus_') === `${query.a}.${query.b}`);
		return d ?? { ...all[0], why: { ...all[0].why, same: true, apart: null } };
	},
};
