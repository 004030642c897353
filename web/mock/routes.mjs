/* The mock's answers, by docs/api.md. No rights, no limits: the real server has those. */
import { associates, customers, eur, iso, lastOf, nextId, stores } from './data.mjs';
import { decideMock, reviewRoutes, undoMock } from './review.mjs';
import { bookedOrder, shopRoutes } from './shop.mjs';
import { Trouble } from './trouble.mjs';

const gone = () => new Trouble(404, 'not_found', 'There is no such thing here.');
const fold = (s) => s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
const page = (items, query, size = 20) => {
	const from = Number(query.before ?? 0);
	return { items: items.slice(from, from + size), next: from + size < items.length ? String(from + size) : null };
};

export const users = [
	{ id: 'usr_1', login: 'robin', name: 'Robin Keller', role: 'admin', associate: null, stores: [], disabled: false, has_password: true, last_seen_at: iso(0) },
	{ id: 'usr_2', login: 'anna', name: 'Anna Meier', role: 'associate', associate: 'asc_1', stores: ['sto_1'], disabled: false, has_password: true, last_seen_at: iso(0, 9) },
	{ id: 'usr_3', login: 'tiago', name: 'Tiago Sousa', role: 'manager', associate: 'asc_2', stores: ['sto_2'], disabled: false, has_password: false, last_seen_at: null },
	{ id: 'usr_5', login: 'carla', name: 'Carla Vogt', role: 'agent', associate: null, stores: [], disabled: false, has_password: true, last_seen_at: iso(0) },
	{ id: 'usr_6', login: 'felix', name: 'Felix Brun', role: 'fulfilment', associate: null, stores: ['sto_1'], disabled: false, has_password: true, last_seen_at: iso(0) },
	{ id: 'usr_4', login: 'otto', name: 'Otto Frei', role: 'operator', associate: null, stores: [], disabled: true, has_password: true, last_seen_at: iso(90) },
];
const keys = [
	{ id: 'key_1', name: 'Till Zürich', source: 'till', role: 'source', hint: 'bn_sk_…x4Qa', created_at: iso(300), last_used_at: iso(0), revoked: false },
	{ id: 'key_2', name: 'Web shop pages', source: 'web', role: 'browser', hint: 'bn_pk_…9dTe', created_at: iso(280), last_used_at: iso(1), revoked: false },
	{ id: 'key_3', name: 'Old call centre', source: 'calls', role: 'source', hint: 'bn_sk_…00aB', created_at: iso(900), last_used_at: iso(400), revoked: true },
];
const counts = (taken, dead = 0, dup = 0) => ({ taken, duplicates: dup, dead, orders_new: Math.round(taken * 0.4), orders_changed: 3, orders_same: dup, records_new: Math.round(taken * 0.2) });
export const imports = [
	{ id: 'job_2', path: '/data/orders-2026.csv', format: 'shopify-orders', source: 'web', state: 'running', started_at: iso(0, 12), updated_at: iso(0, 12), bytes_done: 31_000_000, bytes_total: 88_000_000, lines: 212_400, counts: counts(212_388, 12), problem: null },
	{ id: 'job_1', path: '/data/customers.csv', format: 'shopify-customers', source: 'web', state: 'done', started_at: iso(1), updated_at: iso(1, 11), bytes_done: 9_400_000, bytes_total: 9_400_000, lines: 30_120, counts: counts(30_120, 0, 14), problem: null },
	{ id: 'job_0', path: '/data/loyalty.jsonl', format: 'jsonl', source: 'loyalty', state: 'failed', started_at: iso(2), updated_at: iso(2, 11), bytes_done: 120_000, bytes_total: 5_000_000, lines: 900, counts: counts(880, 20), problem: 'Line 900: the file ends in the middle of a line.' },
];
let letters = [
	{ id: 'dlt_1', source: 'web', line: 4711, job: 'job_2', code: 'time.bad', field: 'Created at', detail: 'This is no time: “31/02/2026”.', raw: '#1042,jane@example.org,31/02/2026,EUR,120.00', at: iso(0), resolved: false },
	{ id: 'dlt_2', source: 'till', line: 0, job: null, code: 'money.bad', field: 'properties.total', detail: 'An amount was expected, and this has three decimals: 12.345 EUR.', raw: '{"type":"track","event":"Order Completed","userId":"10041","properties":{"total":12.345,"currency":"EUR"}}', at: iso(0, 8), resolved: false },
];
const status = { version: '0.1.0-mock', engine: 'sqlite', customers: 30_112, records: 48_770, orders: 412_006, touchpoints: 1_204_551, search: { ready: true, customers: 30_112 }, feed: { rows: 0 }, deadletters: 2 };

function find(query) {
	const q = fold(query.q ?? '');
	const tokens = q.split(' ').filter(Boolean);
	const results = [...customers.values()].flatMap((c) => {
		const words = fold(c.name.display).split(/[\s-]+/);
		const digits = c.hit.phone_hint.replace(/\D/g, '');
		const number = c.orders.find((o) => fold(o.number) === q);
		const matched = tokens.every((t) => words.some((w) => w.startsWith(t))) ? 'name' : digits && digits === q.replace(/\s/g, '') ? 'phone' : number ? 'order' : null;
		if (!matched) return [];
		return [{ customer: c.customer, name: c.name.display, ...c.hit, store: c.home_store, last_purchase_at: c.last_purchase?.at ?? null, spend: c.spend?.total ?? null, matched, order: number ? { id: number.id, number: number.number } : null }];
	});
	results.sort((a, b) => Number(b.spend?.amount ?? 0) - Number(a.spend?.amount ?? 0));
	return { results: results.slice(0, Number(query.limit ?? 12)), took_us: 412, ready: true };
}
function customer(id) {
	const c = customers.get(id);
	if (!c) throw gone();
	return c;
}
function card(id, full) {
	const { records, identifiers, address, birthday, recipients, evidence, decisions, nominations, orders, timeline, hit, wrong, ...rest } = customer(id);
	if (full) return rest;
	const said = (list) => list.filter((f) => f.say);
	return { ...rest, spend: null, notes: [], sizes: said(rest.sizes), likes: said(rest.likes), dislikes: said(rest.dislikes), served_how: said(rest.served_how), channels: said(rest.channels), milestones: said(rest.milestones) };
}
function top(query) {
	const rows = [...customers.values()].filter((c) => c.spend).map((c) => ({ customer: c.customer, name: c.name.display, net: c.spend.total, full_price_share: c.spend.full_price_share, orders: c.spend.orders, units: c.spend.orders * 2, last_at: c.last_purchase?.at ?? null }));
	rows.sort((a, b) => Number(b.net.amount) - Number(a.net.amount));
	const net = rows.reduce((s, r) => s + Number(r.net.amount), 0);
	const empty = query.channel === 'phone';
	return { rows: empty ? [] : rows, all: { customers: empty ? 0 : rows.length, net: eur(empty ? 0 : net), full_price_share: empty ? null : 0.68, anonymous: eur(empty ? 0 : 18_220.4) }, from: query.from, to: query.to, currency: query.currency ?? 'EUR' };
}
/** What a till posts: the part of /v1/track that changes a card. */
function track(body, tell) {
	const c = [...customers.values()].find((k) => k.records.some((r) => r.source_key === body.userId));
	if (c && body.event === 'Order Completed') {
		const p = body.properties ?? {};
		const lines = (p.products ?? []).map((l) => ({ title: l.name, sku: l.sku, size: l.size ?? '', colour: l.color ?? '', brand: l.brand ?? '', qty: l.quantity ?? 1, unit_price: String(l.price), list_price: String(l.price), net: eur(l.price), full_price: true }));
		const o = { ...c.orders[0], id: nextId('ord'), number: p.order_id, placed_at: new Date().toISOString(), lines, total: eur(p.total ?? 0), net: eur(p.total ?? 0), kind: 'sale' };
		c.orders = [o, ...c.orders];
		c.last_purchase = lastOf(o);
		c.timeline = [{ id: nextId('tch'), record: c.records[0].id, at: o.placed_at, channel: 'store', kind: 'Order Completed', title: `Bought ${lines.map((l) => l.title).join(', ')}`, store: o.store, associate: null, order: o.id, source: 'till', body: p }, ...c.timeline];
		tell('customer', { customer: c.customer, topic: 'order', ref: o.id });
	}
	return { success: true, taken: 1, duplicates: 0, dead: 0 };
}

/** method and path with {} for a segment → handler({p, query, body, me, tell}). */
export const routes = {
	'GET find': ({ query }) => find(query),
	'GET customers/{}/card': ({ p, query }) => card(p[0], query.full === 'true'),
	'GET customers/{}': ({ p }) => customer(p[0]),
	'GET customers/{}/timeline': ({ p, query }) => page(customer(p[0]).timeline.filter((t) => !query.channel || t.channel === query.channel), query),
	'GET customers/{}/orders': ({ p, query }) => page(customer(p[0]).orders.map(({ lines, ...o }) => o), query),
	...shopRoutes,
	'GET orders/{}': ({ p }) => {
		const booked = bookedOrder(p[0]);
		if (booked) return booked;
		for (const c of customers.values()) {
			const o = c.orders.find((k) => k.id === p[0]);
			if (o) return { ...o, book: null, history: [{ revision: 1, at: o.placed_at, difference: {} }], customer: { id: c.customer, name: c.name.display } };
		}
		throw gone();
	},
	'POST customers/{}/notes': ({ p, body, me, tell }) => {
		if (!body.text?.trim()) throw new Trouble(400, 'text.empty', 'Write something first.', 'text');
		const note = { id: nextId('not'), record: 'rec_1', text: body.text, at: new Date().toISOString(), by: { id: me.id, name: me.name }, store: stores.find((s) => s.id === body.store) ?? null };
		customer(p[0]).notes.unshift(note);
		tell('customer', { customer: p[0], topic: 'note', ref: note.id });
		return [201, note];
	},
	'DELETE customers/{}/notes/{}': ({ p, tell }) => {
		const c = customer(p[0]);
		c.notes = c.notes.filter((n) => n.id !== p[1]);
		tell('customer', { customer: p[0], topic: 'note', ref: p[1] });
	},
	'POST customers/{}/facts': ({ p, body }) => {
		const f = { kind: body.kind, value: body.value, label: body.value, say: body.say ?? true, how: { provenance: 'told', text: 'Told at the counter', at: iso(0), source: 'staff' }, fact: nextId('fct') };
		customer(p[0])[body.kind === 'dislikes' ? 'dislikes' : body.kind.startsWith('size') ? 'sizes' : body.kind === 'served_how' ? 'served_how' : 'likes'].push(f);
		return [201, f];
	},
	'POST customers/{}/facts/wrong': ({ p, body }) => {
		const c = customer(p[0]);
		const id = nextId('fct');
		c.wrong ??= {};
		for (const list of ['sizes', 'likes', 'dislikes', 'served_how', 'channels']) {
			const f = c[list].find((k) => k.kind === body.kind && k.value === body.value);
			if (!f) continue;
			c.wrong[id] = [list, c[list].indexOf(f), f];
			c[list] = c[list].filter((k) => k !== f);
		}
		return [201, { id }];
	},
	'DELETE customers/{}/facts/{}': ({ p }) => {
		const c = customer(p[0]);
		const back = c.wrong?.[p[1]];
		if (back) c[back[0]].splice(back[1], 0, back[2]);
	},
	...reviewRoutes,
	'POST merges': ({ body }) => {
		if (body.reason === 'Identity review') return [201, { decision: decideMock(body), customer: body.a }];
		if (body.b === 'cus_4' && !body.force) throw new Trouble(409, 'merge.verified_conflict', 'Both have a loyalty card of their own: BN-100417 and BN-220118.');
		const d = { id: nextId('dec'), kind: 'merge', at: iso(0, 12), by: { id: 'usr_1', name: 'Robin Keller' }, reason: body.reason ?? '', undone: false };
		customer(body.a).decisions.unshift(d);
		return [201, { decision: d.id, customer: body.a }];
	},
	'POST splits': ({ body }) => [201, { decision: nextId('dec'), customer: 'cus_5', records: body.records }],
	'POST nevers': ({ body }) => [201, { decision: decideMock(body) }],
	'POST decisions/{}/undo': ({ p }) => {
		undoMock(p[0]);
		for (const c of customers.values()) for (const d of c.decisions) if (d.id === p[0]) d.undone = true;
		return { decision: p[0] };
	},
	'GET top': ({ query }) => top(query),
	'GET stores': () => ({ items: stores, next: null }),
	'GET associates': () => ({ items: associates, next: null }),
	'GET imports': () => ({ items: imports }),
	'GET deadletters': ({ query }) => ({ ...page(letters.filter((l) => query.resolved === 'true' || !l.resolved), query), open: letters.filter((l) => !l.resolved).length }),
	'POST deadletters/{}/retry': ({ p, body }) => {
		const l = letters.find((k) => k.id === p[0]);
		if (body.raw?.includes('31/02') || (body.raw ?? l.raw).includes('12.345')) throw new Trouble(400, l.code, l.detail, 'raw');
		l.resolved = true;
	},
	'DELETE deadletters/{}': ({ p }) => {
		letters = letters.filter((l) => l.id !== p[0]);
	},
	'GET users': () => ({ items: users, next: null }),
	'POST users': ({ body }) => {
		if (users.some((u) => u.login === body.login)) throw new Trouble(409, 'user.login_taken', 'This login is taken. Choose another one.', 'login');
		const u = { id: nextId('usr'), associate: null, stores: [], disabled: false, has_password: false, last_seen_at: null, ...body };
		users.push(u);
		return [201, { user: u, link: 'http://127.0.0.1:4600/link/mocklinkmocklinkmocklinkmocklinkmocklink123' }];
	},
	'PATCH users/{}': ({ p, body }) => Object.assign(users.find((u) => u.id === p[0]) ?? {}, body),
	'POST users/{}/link': () => ({ link: 'http://127.0.0.1:4600/link/mocklinkmocklinkmocklinkmocklinkmocklink123' }),
	'GET keys': () => ({ items: keys }),
	'POST keys': ({ body }) => {
		const key = `bn_${body.role === 'browser' ? 'pk' : 'sk'}_mock7hQ2mZr4Lw8Xc1Vn5Bt9Ky3Jf6Gs`;
		keys.push({ id: nextId('key'), hint: key.slice(0, 6) + '…' + key.slice(-4), created_at: iso(0), last_used_at: null, revoked: false, ...body });
		return [201, { id: keys.at(-1).id, key }];
	},
	'DELETE keys/{}': ({ p }) => {
		for (const k of keys) if (k.id === p[0]) k.revoked = true;
	},
	'GET audit': ({ query }) => page(
		Array.from({ length: 34 }, (_, i) => ({ at: iso(i * 0.2), who: ['Anna Meier', 'Robin Keller', 'Till Zürich'][i % 3], user: ['usr_2', 'usr_1', null][i % 3], action: ['view', 'view', 'note.add', 'sign_in', 'merge'][i % 5], purpose: i % 5 < 2 ? 'serve' : '', subject: i % 5 === 3 ? null : ['cus_1', 'cus_3'][i % 2], detail: i % 5 === 4 ? { reason: 'Confirmed by phone' } : '' }))
			.filter((r) => (!query.customer || r.subject === query.customer) && (!query.user || r.user === query.user)), query),
	'GET status': () => status,
	'POST track': ({ body, tell }) => track(body, tell),
};
