/* The shelves of the mock, by docs/api.md: articles, what is where, holds, counts, transfers, who waits. It guards little;
 * the real server does. */
import { customers, eur, iso, nextId, stores } from './data.mjs';
import { Trouble } from './trouble.mjs';

export const cents = (amount) => Math.round(Number(amount) * 100);
export const money = (c) => eur(c / 100);
export const gone = () => new Trouble(404, 'not_found', 'There is no such thing here.');
export const refuse = (code, text, field) => new Trouble(409, code, text, field);
export const place = (id) => {
	const s = stores.find((k) => k.id === id);
	return s ? { id: s.id, name: s.name } : null;
};
export const soon = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString();
export const now = () => new Date().toISOString();

/* ---- Catalogue and stock ---------------------------------------------------------------------------------------- */

const products = [];
export const skus = new Map();
let ean = 7640100000000;
function product(id, code, title, brand, category, price, sizes, colours) {
	const p = { id, code, title, brand, category, subcategory: '', skus: [] };
	for (const colour of colours) {
		for (const size of sizes) {
			const s = { id: `sku_${skus.size + 1}`, code: [code, size, colour.slice(0, 3).toUpperCase()].filter(Boolean).join('-'), barcode: String(++ean), title, brand, category, size, colour, product: id, list_price: eur(price) };
			skus.set(s.id, s);
			p.skus.push(s);
		}
	}
	products.push(p);
}
product('prd_1', 'LOW', 'Trainer Lowland', 'Acorn', 'shoes', 149, ['38', '39', '40', '41', '42', '43', '44'], ['navy', 'white']);
product('prd_2', 'MER', 'Merino crew', 'Fjellheim', 'tops', 98, ['S', 'M', 'L', 'XL'], ['oat']);
product('prd_3', 'SILK', 'Silk scarf', 'Maré', 'accessories', 140, [''], ['teal']);
export const bySku = (code) => [...skus.values()].find((s) => s.code === code);
const STATES = ['available', 'held', 'committed', 'picked', 'quality', 'damaged', 'safety', 'transit'];
const cells = new Map();
export function cell(sku, location) {
	const key = `${sku} ${location}`;
	if (!cells.has(key)) cells.set(key, { sku, location, ...Object.fromEntries(STATES.map((s) => [s, 0])), incoming: 0, incoming_at: null, low: false, level: -1, at: iso(2) });
	return cells.get(key);
}
let i = 0;
for (const s of skus.values()) {
	i += 1;
	cell(s.id, 'sto_1').available = [3, 0, 5, 1, 2, 0, 4][i % 7];
	cell(s.id, 'sto_2').available = [1, 2, 0, 3, 4, 1, 0][i % 7];
	cell(s.id, 'sto_4').available = [12, 8, 20, 0, 15, 6, 9][i % 7];
	if (i % 5 === 0) Object.assign(cell(s.id, 'sto_1'), { incoming: 6, incoming_at: soon(96) });
	if (i % 4 === 0) Object.assign(cell(s.id, 'sto_2'), { level: 3 });
	if (i % 6 === 2) Object.assign(cell(s.id, 'sto_1'), { level: 4 });
}
export const trainers = bySku('LOW-42-NAV');
export const merino = bySku('MER-M-OAT');
Object.assign(cell(trainers.id, 'sto_1'), { available: 0, committed: 2, held: 1, quality: 1, incoming: 6, incoming_at: soon(96) });
Object.assign(cell(trainers.id, 'sto_2'), { available: 4 });
cell(trainers.id, 'sto_4').available = 15;
const moves = [];
const KM = { sto_1: 0, sto_2: 1721, sto_3: null, sto_4: 18.4 };
let tell = () => {};
/** Where changes are told; and so that the order's side can. */
export function tellBy(fn) {
	tell = fn;
}
export const telling = (...what) => tell(...what);
export function touch(sku, location, qty, from, to, reason, more = {}) {
	const c = cell(sku, location);
	if (STATES.includes(from)) {
		if (c[from] < qty) throw refuse('stock.short', `Of ${skus.get(sku).title} ${skus.get(sku).size}, only ${c[from]} are ${from} in ${place(location)?.name}.`, 'units');
		c[from] -= qty;
	}
	if (STATES.includes(to)) c[to] += qty;
	c.at = now();
	moves.unshift({ at: c.at, qty, from: { state: from, location }, to: { state: to, location }, reason, order: null, hold: null, by: 'Anna Meier', sku, ...more });
	tell('stock', { sku });
	tell('shelf', { location });
}
touch(trainers.id, 'sto_1', 1, 'customer', 'quality', 'return');
const shown = ({ level, at, ...c }) => ({ ...c, low: level >= 0 && c.available <= level, level: level < 0 ? null : level });

function grid(query) {
	const wanted = query.product ? (products.find((p) => p.id === query.product)?.skus ?? []) : (query.sku ?? '').split(',').flatMap((id) => skus.get(id) ?? []);
	const near = query.near || 'sto_1';
	const places = stores.filter((s) => s.kind !== 'web').map((s) => {
		const times = wanted.map((k) => cell(k.id, s.id).at).sort();
		return { id: s.id, name: s.name, kind: s.kind, km: s.id === near ? 0 : near === 'sto_1' ? KM[s.id] : 1721, updated_at: times.at(-1) ?? null };
	});
	places.sort((a, b) => Number(a.kind === 'warehouse') - Number(b.kind === 'warehouse') || a.km - b.km);
	return { as_of: now(), skus: wanted, places, cells: wanted.flatMap((k) => places.map((p) => shown(cell(k.id, p.id)))), more: false };
}
function ways(query) {
	const sku = skus.get(query.sku);
	if (!sku) throw gone();
	const customer = query.customer ? { customer: query.customer } : {};
	const order = (s, method, location, more) => ({ ...customer, store: query.store, may_wait: false, items: [{ sku: s.id, qty: 1, units: [{ qty: 1, location, method, ...more }] }],
		...(method === 'take' && { pays: [{ tender: 'card', amount: s.list_price.amount }] }) });
	const hold = (s, location) => ({ sku: s.id, location, qty: 1, ...customer });
	const n = (s, p) => cell(s.id, p).available;
	const out = [];
	const others = grid({ sku: sku.id, near: query.store }).places.filter((p) => p.id !== query.store);
	if (n(sku, query.store) > 0) out.push({ way: 'here', location: place(query.store), sku, available: n(sku, query.store), km: 0, ready_at: now(), cost: null, text: 'On the shelf', order: order(sku, 'take', query.store), hold: hold(sku, query.store) });
	for (const p of others.filter((k) => n(sku, k.id) > 0)) {
		const ship = p.kind === 'warehouse';
		out.push({ way: ship ? 'ship' : 'pick_up', location: place(p.id), sku, available: n(sku, p.id), km: p.km, ready_at: soon(ship ? 48 : 2), cost: ship ? money(500) : null, text: ship ? 'Two days by post' : 'Ready within two hours', order: order(sku, ship ? 'ship' : 'pick_up', p.id), hold: hold(sku, p.id) });
	}
	const c = cell(sku.id, query.store);
	if (c.incoming > 0) out.push({ way: 'incoming', location: place(query.store), sku, available: c.incoming, km: 0, ready_at: c.incoming_at, cost: null, text: 'From the supplier; they can be told when it is here', ...(query.customer && { wait: { sku: sku.id, location: query.store, qty: 1, ...customer } }) });
	const like = [...skus.values()].find((s) => s.product === sku.product && s.size === sku.size && s.id !== sku.id && n(s, query.store) > 0);
	if (like) out.push({ way: 'substitute', location: place(query.store), sku: like, available: n(like, query.store), km: 0, ready_at: now(), cost: null, text: `The same in ${like.colour}`, order: order(like, 'take', query.store), hold: hold(like, query.store) });
	const from = others.find((p) => n(sku, p.id) > 1);
	if (from) out.push({ way: 'transfer', location: place(from.id), sku, available: n(sku, from.id), km: from.km, ready_at: soon(72), cost: null, text: 'With the next van', order: order(sku, 'pick_up', from.id, { to: query.store }), hold: hold(sku, from.id) });
	return { sku, here: n(sku, query.store), usual_size: null, ways: out.map((w) => ({ closed: false, elsewhere: false, ...w })) };
}

const sum = (list, fn) => list.reduce((n, x) => n + fn(x), 0);
/* ---- Counts, transfers, holds ----------------------------------------------------------------------------------- */

const counts = [];
export function openCount(sku, location, reason, at = now()) {
	const old = counts.find((c) => c.sku === sku && c.location === location && c.state === 'open');
	if (old) return old;
	counts.push({ id: nextId('cnt'), sku, location, opened_at: at, reason, state: 'open' });
	return counts.at(-1);
}
openCount(trainers.id, 'sto_1', 'missing', iso(0, 9));
openCount(merino.id, 'sto_1', 'unrecorded', iso(1));
const transferLine = (sku, asked, sent) => ({ sku, asked, sent, received: 0, lost: 0, returned: 0, over: 0, order: null });
const transfers = [
	{ id: 'trf_1', from: 'sto_4', to: 'sto_1', state: 'dispatched', requested_at: iso(3), dispatched_at: iso(1), lines: [transferLine(trainers.id, 6, 6), transferLine(merino.id, 4, 3)] },
	{ id: 'trf_2', from: 'sto_1', to: 'sto_2', state: 'requested', requested_at: iso(1), dispatched_at: null, lines: [transferLine(bySku('LOW-40-NAV').id, 2, 0)] },
];
const holds = [
	{ id: 'hld_1', sku: trainers.id, location: 'sto_1', customer: 'cus_1', qty: 1, placed_at: iso(1), until: soon(2) },
	{ id: 'hld_2', sku: merino.id, location: 'sto_1', customer: 'cus_3', qty: 1, placed_at: iso(0, 9), until: soon(40) },
];
const waits = [
	{ id: 'wai_1', sku: trainers.id, location: 'sto_1', customer: 'cus_3', qty: 1, joined_at: iso(4), offered_in: 'sto_1', offered_until: soon(30), state: 'offered' },
	{ id: 'wai_2', sku: trainers.id, location: null, customer: 'cus_10', qty: 2, joined_at: iso(3), state: 'waiting' },
	{ id: 'wai_3', sku: trainers.id, location: 'sto_1', customer: null, qty: 1, joined_at: iso(1), state: 'waiting' },
];
const named = (id) => (id ? { id, name: customers.get(id)?.name.display } : null);
const waitShown = (w) => ({ offered_at: null, offered_until: null, ...w, sku: skus.get(w.sku), location: place(w.location), customer: named(w.customer), offered_in: place(w.offered_in), hold: null });
function low(location) {
	const cells_ = [...cells.values()].filter((c) => c.location === location && c.level >= 0 && c.available <= c.level);
	return cells_.map((c) => ({ sku: skus.get(c.sku), location: place(location), level: c.level, available: c.available, incoming: c.incoming }));
}
const holdShown = (h) => ({ ...h, sku: skus.get(h.sku), location: place(h.location), customer: named(h.customer), placed: h.qty, state: 'open', associate: { id: 'asc_1', name: 'Anna Meier' } });
const transferShown = (t, full) => ({ ...t, from: place(t.from), to: place(t.to), lines: full ? t.lines.map((l) => ({ ...l, sku: skus.get(l.sku) })) : undefined });
const find = (list, id) => {
	const x = list.find((k) => k.id === id);
	if (!x) throw gone();
	return x;
};
const outcome = (id, kind, qty, state, more = {}) => ({ id, kind, qty, state, replayed: false, ...more });
const STOCK = {
	hold: (b) => {
		touch(b.sku, b.location, b.qty, 'available', 'held', 'hold');
		holds.push({ id: nextId('hld'), sku: b.sku, location: b.location, customer: b.customer ?? null, qty: b.qty, placed_at: now(), until: b.until ?? soon(48) });
		return [201, outcome(holds.at(-1).id, 'hold', b.qty, 'open')];
	},
	wait: (b) => {
		waits.push({ id: nextId('wai'), sku: b.sku, location: b.location ?? null, customer: b.customer ?? null, qty: b.qty, joined_at: now(), state: 'waiting' });
		tell('stock', { sku: b.sku });
		return [201, outcome(waits.at(-1).id, 'wait', b.qty, 'waiting')];
	},
	leave: (b) => {
		const w = find(waits, b.id);
		waits.splice(waits.indexOf(w), 1);
		tell('stock', { sku: w.sku });
		return outcome(b.id, 'leave', 0, 'left');
	},
	adjust: (b) => {
		if (b.qty > 0) touch(b.sku, b.location, b.qty, 'adjust', 'available', b.reason);
		else touch(b.sku, b.location, -b.qty, 'available', b.reason === 'broken' ? 'damaged' : 'adjust', b.reason);
		return outcome(null, 'adjust', b.qty, null);
	},
	step: (b) => {
		touch(b.sku, b.location, b.qty, 'damaged', 'available', 'inspect');
		return outcome(null, 'step', b.qty, null);
	},
	safety: (b) => {
		const by = b.qty - cell(b.sku, b.location).safety;
		if (by !== 0) touch(b.sku, b.location, Math.abs(by), by > 0 ? 'available' : 'safety', by > 0 ? 'safety' : 'available', 'safety');
		return outcome(null, 'safety', by, null);
	},
	level: (b) => {
		cell(b.sku, b.location).level = b.qty;
		tell('stock', { sku: b.sku });
		tell('shelf', { location: b.location });
		return outcome(null, 'level', b.qty, null);
	},
	extend: (b) => {
		find(holds, b.id).until = b.until;
		return outcome(b.id, 'extend', 0, 'open');
	},
	release: (b) => {
		const h = find(holds, b.id);
		holds.splice(holds.indexOf(h), 1);
		if (cell(h.sku, h.location).held >= h.qty) touch(h.sku, h.location, h.qty, 'held', 'available', 'release');
		return outcome(b.id, 'release', h.qty, 'released');
	},
	count: (b) => [201, outcome(openCount(b.sku, b.location, 'count').id, 'count', 0, 'open')],
	count_enter: (b) => {
		const c = find(counts, b.id);
		const k = cell(c.sku, c.location);
		const expected = k.available + k.held + k.committed + k.safety;
		const diff = b.qty - expected;
		if (diff !== 0) touch(c.sku, c.location, Math.min(Math.abs(diff), diff < 0 ? k.available : Math.abs(diff)), diff < 0 ? 'available' : 'adjust', diff < 0 ? 'adjust' : 'available', 'count');
		c.state = 'done';
		return outcome(c.id, 'count_enter', diff, 'done', { expected, open: 0 });
	},
	count_cancel: (b) => {
		find(counts, b.id).state = 'cancelled';
		return outcome(b.id, 'count_cancel', 0, 'cancelled');
	},
	transfer: (b) => {
		transfers.push({ id: nextId('trf'), from: b.location, to: b.to, state: 'requested', requested_at: now(), dispatched_at: null, lines: b.lines.map((l) => transferLine(l.sku, l.qty, 0)) });
		return [201, outcome(transfers.at(-1).id, 'transfer', sum(b.lines, (l) => l.qty), 'requested')];
	},
	dispatch: (b) => {
		const t = find(transfers, b.id);
		for (const l of b.lines) {
			touch(l.sku, t.from, l.qty, 'available', 'gone', 'transfer');
			cell(l.sku, t.to).transit += l.qty;
			t.lines.find((k) => k.sku === l.sku).sent = l.qty;
		}
		Object.assign(t, { state: 'dispatched', dispatched_at: now() });
		return outcome(t.id, 'dispatch', sum(b.lines, (l) => l.qty), 'dispatched');
	},
	receive: (b) => {
		const t = find(transfers, b.id);
		for (const l of b.lines) {
			touch(l.sku, t.to, l.qty, 'way', 'available', 'transfer');
			t.lines.find((k) => k.sku === l.sku).received += l.qty;
		}
		if (b.final) for (const l of t.lines) l.lost = Math.max(0, l.sent - l.received);
		if (t.lines.every((l) => l.sent <= l.received + l.lost)) t.state = 'received';
		return outcome(t.id, 'receive', sum(b.lines, (l) => l.qty), t.state);
	},
};

const fold = (s) => s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
function search(q) {
	const words = fold(q).split(/[\s-]+/).filter(Boolean);
	const exact = [...skus.values()].filter((s) => fold(s.code) === fold(q) || s.barcode === q);
	if (exact.length > 0) return exact;
	return [...skus.values()].filter((s) => words.every((w) => fold([s.title, s.brand, s.category, s.colour, s.size, s.code].join(' ')).split(/[\s-]+/).some((k) => k.startsWith(w))));
}
export const shelfRoutes = {
	'GET skus': ({ query }) => ({ items: search(query.q ?? '').slice(0, Number(query.limit ?? 20)) }),
	'GET skus/{}': ({ p }) => {
		const s = skus.get(p[0]);
		if (!s) throw gone();
		return s;
	},
	'GET stock': ({ query }) => grid(query),
	'GET stock/moves': ({ query }) => ({ items: moves.filter((m) => m.sku === query.sku && m.from.location === query.location).slice(0, 20), next: null }),
	'POST stock/{}': ({ p, body }) => {
		const out = STOCK[p[0]]?.(body);
		if (!out) throw gone();
		for (const s of stores) tell('shelf', { location: s.id });
		return out;
	},
	'GET low': ({ query }) => ({ items: low(query.location), next: null }),
	'GET waiting': ({ query }) => ({ items: waits.filter((w) => w.sku === query.sku).map(waitShown), next: null }),
	'GET save-the-sale': ({ query }) => ways(query),
	'GET holds': ({ query }) => ({ items: holds.filter((h) => !query.location || h.location === query.location).map(holdShown), next: null }),
	'GET counts': ({ query }) => ({ items: counts.filter((c) => c.state === 'open' && c.location === query.location).map((c) => ({ ...c, sku: skus.get(c.sku), location: place(c.location), hint: c.reason === 'unrecorded' ? 2 : null })) }),
	'GET transfers': ({ query }) => ({ items: transfers.filter((t) => [t.from, t.to].includes(query.location) && ['requested', 'dispatched'].includes(t.state)).map((t) => transferShown(t, false)) }),
	'GET transfers/{}': ({ p }) => transferShown(find(transfers, p[0]), true),
};
