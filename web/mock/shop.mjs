/* Orders and stock of the mock, by docs/api.md: a small shop that moves units and money, enough to see every state. It
 * guards little; the real server does. Cents inside. */
import { customers, eur, iso, nextId, stores } from './data.mjs';
import { Trouble } from './trouble.mjs';

const cents = (amount) => Math.round(Number(amount) * 100);
const money = (c) => eur(c / 100);
const gone = () => new Trouble(404, 'not_found', 'There is no such thing here.');
const refuse = (code, text, field) => new Trouble(409, code, text, field);
const place = (id) => {
	const s = stores.find((k) => k.id === id);
	return s ? { id: s.id, name: s.name } : null;
};
const soon = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString();
const now = () => new Date().toISOString();

/* ---- Catalogue and stock ---------------------------------------------------------------------------------------- */

const products = [];
const skus = new Map();
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
const bySku = (code) => [...skus.values()].find((s) => s.code === code);
const STATES = ['available', 'held', 'committed', 'picked', 'quality', 'damaged', 'safety', 'transit'];
const cells = new Map();
function cell(sku, location) {
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
}
const trainers = bySku('LOW-42-NAV');
const merino = bySku('MER-M-OAT');
Object.assign(cell(trainers.id, 'sto_1'), { available: 0, committed: 2, held: 1, quality: 1, incoming: 6, incoming_at: soon(96) });
Object.assign(cell(trainers.id, 'sto_2'), { available: 4 });
cell(trainers.id, 'sto_4').available = 15;
const moves = [];
const KM = { sto_1: 0, sto_2: 1721, sto_3: null, sto_4: 18.4 };
let tell = () => {};
function touch(sku, location, qty, from, to, reason, more = {}) {
	const c = cell(sku, location);
	if (STATES.includes(from)) {
		if (c[from] < qty) throw refuse('stock.short', `Of ${skus.get(sku).title} ${skus.get(sku).size}, only ${c[from]} are ${from} in ${place(location)?.name}.`, 'units');
		c[from] -= qty;
	}
	if (STATES.includes(to)) c[to] += qty;
	c.at = now();
	moves.unshift({ at: c.at, qty, from: { state: from, location }, to: { state: to, location }, reason, order: null, hold: null, by: 'Anna Meier', sku, ...more });
	tell('stock', { sku });
}
touch(trainers.id, 'sto_1', 1, 'customer', 'quality', 'return');
const shown = ({ level, at, ...c }) => ({ ...c, low: level >= 0 && c.available <= level });

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

/* ---- Orders ----------------------------------------------------------------------------------------------------- */

const books = new Map();
let serial = 2000;
const LINE = { waiting: 0, cancelled: 0, returned: 0, discount: 0 };
const sum = (list, fn) => list.reduce((n, x) => n + fn(x), 0);
const at = (l, k) => sum(l.parts, (p) => p[k]);
const perUnit = (l) => Math.round((l.unit * l.qty - l.discount) / l.qty);
const charged = (b) => sum(b.lines, (l) => perUnit(l) * (l.qty - l.cancelled - l.returned)) + b.shipping;
const taken = (b, tender) => sum(b.payments.filter((p) => p.state !== 'failed' && (!tender || p.tender === tender)), (p) => (p.refund ? -p.cents : p.cents));
function stateOf(b) {
	if (['draft', 'closed'].includes(b.state)) return b.state;
	const left = sum(b.lines, (l) => l.qty - l.cancelled);
	const handed = sum(b.lines, (l) => at(l, 'handed') + at(l, 'shipped'));
	return left === 0 ? 'cancelled' : handed === 0 ? 'placed' : handed < left ? 'partly' : 'fulfilled';
}
const WORK = ['cancel', 'allocate', 'release', 'pick', 'unpick', 'problem', 'ready', 'hand_over', 'ship', 'no_show', 'arrive'];
const BACK = ['return', 'inspect', 'exchange'];
const REFUND = ['refund', 'refund_done', 'refund_failed'];
const ALLOWED = {
	draft: ['place', 'change', 'cancel'], placed: ['change', ...WORK, 'pay', ...REFUND], partly: [...WORK, ...BACK, 'pay', ...REFUND],
	fulfilled: [...BACK, 'pay', ...REFUND, 'close'], cancelled: [...REFUND, 'close'], closed: BACK,
};
function bookOf(b) {
	const owed = b.state === 'draft' ? 0 : charged(b) - taken(b);
	const paid = (fn) => sum(b.payments.filter(fn), (p) => p.cents);
	const tenders = [...new Set(b.payments.filter((p) => !p.refund).map((p) => p.tender))];
	const total = sum(b.lines, (l) => perUnit(l) * (l.qty - l.cancelled)) + b.shipping;
	return {
		state: b.state, version: b.trail.length, on_account: b.on_account, policy: 'keep_share', tax_included: true, arrived_at: b.arrived ?? null,
		lines: b.lines.map((l) => ({
			line: l.line, sku: skus.get(l.sku), title: skus.get(l.sku).title, qty: l.qty, unit_price: (l.unit / 100).toFixed(2), list_price: skus.get(l.sku).list_price.amount,
			discount: money(l.discount), net: money(perUnit(l) * (l.qty - l.cancelled)), tax: money(Math.round((perUnit(l) * l.qty * 8.1) / 108.1)), waiting: l.waiting, open: at(l, 'open'), picked: at(l, 'picked'), ready: at(l, 'ready'),
			handed: at(l, 'handed') + at(l, 'shipped'), cancelled: l.cancelled, returned: l.returned, refundable: money(perUnit(l)),
			parts: l.parts.map((p) => ({ ...p, location: place(p.location) })),
		})),
		money: {
			total: money(total), receivable: money(Math.max(0, owed)), captured: money(paid((p) => !p.refund)), refunding: money(paid((p) => p.refund && p.state === 'pending')),
			refunded: money(paid((p) => p.refund && p.state === 'done')), payable: money(Math.max(0, -owed)), shipping: money(b.shipping), tax: money(Math.round((total * 8.1) / 108.1)), discount: money(sum(b.lines, (l) => l.discount)),
		},
		tenders: tenders.map((t) => ({ tender: t, captured: money(paid((p) => !p.refund && p.tender === t)), refundable: money(taken(b, t)) })),
		payments: b.payments.map(({ cents: c, ...p }) => ({ ...p, amount: money(c) })), returns: b.returns, trail: b.trail, allowed: ALLOWED[b.state], discounts: [],
	};
}
function face(b) {
	const total = money(charged(b));
	return {
		id: b.id, number: b.number, source: 'byname', kind: 'sale', state: b.state === 'cancelled' ? 'cancelled' : b.state === 'draft' ? 'draft' : 'reported', channel: b.channel, store: place(b.store), associate: { id: 'asc_1', name: 'Anna Meier' },
		placed_at: b.at, currency: 'EUR', total, net: total, tax: money(0), discount: money(0), shipping: money(b.shipping), revision: 1,
		lines: b.lines.map((l) => ({ title: skus.get(l.sku).title, sku: skus.get(l.sku).code, size: skus.get(l.sku).size, colour: skus.get(l.sku).colour, brand: skus.get(l.sku).brand, qty: l.qty, unit_price: (l.unit / 100).toFixed(2), list_price: (l.unit / 100).toFixed(2), net: money(l.unit * l.qty), full_price: true })),
		customer: b.customer ? { id: b.customer, name: customers.get(b.customer)?.name.display ?? '' } : null, history: [],
	};
}
function changed(b) {
	b.state = stateOf(b);
	const c = customers.get(b.customer);
	if (c) {
		c.orders = [face(b), ...c.orders.filter((o) => o.id !== b.id)];
		c.open = c.open.filter((o) => o.order !== b.id);
		const ready = sum(b.lines, (l) => at(l, 'ready'));
		const open = sum(b.lines, (l) => at(l, 'open') + at(l, 'picked') + l.waiting);
		if (ready + open > 0 && b.state !== 'draft') c.open.unshift({ kind: 'order', text: ready > 0 ? `${ready} of order ${b.number} ready to be fetched` : `Order ${b.number} is being prepared`, order: b.id, at: b.at });
		tell('customer', { customer: b.customer, topic: 'order', ref: b.id });
	}
	tell('order', { order: b.id });
	for (const s of stores) tell('queue', { store: s.id });
}
function note(b, command, units, amount, store, text = null) {
	b.trail.unshift({ n: b.trail.length + 1, at: now(), command: `order.${command}`, state: b.state, units, amount: amount ? money(amount) : null, store: place(store), by: 'Anna Meier', text });
}
function part(l, location, method) {
	let p = l.parts.find((k) => k.location === location && k.method === method);
	if (!p) l.parts.push((p = { n: l.line * 10 + l.parts.length + 1, location, method, open: 0, picked: 0, ready: 0, handed: 0, shipped: 0, since: now() }));
	return p;
}
function put(b, l, u) {
	if (l.waiting < u.qty) throw refuse('order.units', 'Not so many wait.', 'units');
	touch(l.sku, u.location, u.qty, 'available', u.method === 'take' ? 'customer' : 'committed', u.method === 'take' ? 'sale' : 'commit', { order: b.id });
	l.waiting -= u.qty;
	const p = part(l, u.location, u.method);
	p[u.method === 'take' ? 'handed' : 'open'] += u.qty;
	p.since = now();
}
function pay(b, pays, refund) {
	for (const p of pays ?? []) b.payments.push({ n: b.payments.length + 1, at: now(), refund, tender: p.tender, cents: cents(p.amount), state: p.pending ? 'pending' : 'done', as_credit: p.as_credit ?? false, reference: p.reference ?? null });
}
function priced(items) {
	return items.map((item) => {
		const sku = skus.get(item.sku);
		if (!sku) throw new Trouble(400, 'line.sku', 'There is no such article.', 'items');
		const gross = cents(item.unit_price ?? sku.list_price.amount) * item.qty;
		const d = item.discount;
		return { item, sku, gross, discount: Math.min(gross, d ? (d.rate ? Math.round((gross * Number(d.rate)) / 100) : cents(d.amount)) : 0) };
	});
}
function price(body) {
	const lines = priced(body.items ?? []);
	const net = sum(lines, (l) => l.gross - l.discount);
	const d = body.discounts?.[0];
	const off = Math.min(net, d ? (d.rate ? Math.round((net * Number(d.rate)) / 100) : cents(d.amount)) : 0);
	const shipping = cents(body.shipping ?? 0);
	return {
		currency: 'EUR', lines: lines.map((l) => ({ sku: l.sku.id, qty: l.item.qty, gross: money(l.gross), discount: money(l.discount), net: money(l.gross - l.discount), tax: money(0) })),
		discount: money(off + sum(lines, (l) => l.discount)), shipping: money(shipping), tax: money(Math.round(((net - off) * Number(body.items?.[0]?.tax_rate ?? 0)) / 108.1)), total: money(net - off + shipping), off,
	};
}
function addLines(b, items, off = 0) {
	const lines = priced(items);
	const net = sum(lines, (l) => l.gross - l.discount) || 1;
	return lines.map((l) => {
		const line = { ...LINE, line: b.lines.length + 1, sku: l.sku.id, qty: l.item.qty, unit: Math.round(l.gross / l.item.qty), discount: l.discount + Math.round((off * (l.gross - l.discount)) / net), waiting: l.item.qty, parts: [] };
		b.lines.push(line);
		return line;
	});
}
function make(body) {
	const p = price(body);
	const b = { id: nextId('ord'), number: body.number ?? `B-${++serial}`, customer: body.customer ?? null, store: body.store, channel: body.channel ?? 'store', at: now(), state: body.quote ? 'draft' : 'placed', on_account: body.on_account ?? false, shipping: cents(body.shipping ?? 0), lines: [], payments: [], returns: [], trail: [] };
	const lines = addLines(b, body.items, p.off);
	if (!body.quote) body.items.forEach((item, k) => (item.units ?? []).forEach((u) => put(b, lines[k], u)));
	pay(b, body.pays, false);
	books.set(b.id, b);
	note(b, body.quote ? 'quote' : 'place', sum(b.lines, (l) => l.qty), charged(b), b.store, body.detail);
	changed(b);
	return b;
}

/* [from, to, reason, stock from, stock to]; the first that has units gives. */
const MOVES = {
	release: [['open', 'waiting', 'uncommit', 'committed', 'available']], pick: [['open', 'picked', 'pick', 'committed', 'picked']],
	unpick: [['picked', 'open', 'unpick', 'picked', 'committed'], ['ready', 'open', 'unpick', 'picked', 'committed']],
	problem: [['open', 'waiting', 'missing', 'committed', 'adjust'], ['picked', 'waiting', 'missing', 'picked', 'adjust'], ['ready', 'waiting', 'missing', 'picked', 'adjust']],
	ready: [['picked', 'ready']], hand_over: [['ready', 'handed', 'hand_over', 'picked', 'customer'], ['picked', 'handed', 'hand_over', 'picked', 'customer']],
	ship: [['picked', 'shipped', 'ship', 'picked', 'customer']], no_show: [['ready', 'cancelled', 'release', 'picked', 'available']],
	cancel: [['open', 'cancelled', 'uncommit', 'committed', 'available'], ['picked', 'cancelled', 'release', 'picked', 'available'], ['ready', 'cancelled', 'release', 'picked', 'available']],
};
function move(b, command, u) {
	const l = b.lines.find((k) => k.line === u.line);
	let left = u.qty;
	if (command === 'cancel') {
		const n = Math.min(left, l.waiting);
		l.waiting -= n;
		l.cancelled += n;
		left -= n;
	}
	for (const p of l.parts.filter((k) => (!u.location || k.location === u.location) && (!u.method || k.method === u.method))) {
		for (const [from, to, reason, was, is] of MOVES[command]) {
			const n = Math.min(left, p[from]);
			if (n === 0) continue;
			if (reason) touch(l.sku, p.location, n, was, is, reason, { order: b.id });
			p[from] -= n;
			if (to === 'waiting' || to === 'cancelled') l[to] += n;
			else p[to] += n;
			p.since = now();
			left -= n;
			if (command === 'problem') {
				l.lost = true;
				openCount(l.sku, p.location, 'missing');
			}
		}
	}
	if (left > 0) throw refuse('order.units', 'Not so many units are there any more: somebody was quicker.', 'units');
}
function takeBack(b, units) {
	const lines = [];
	for (const u of units) {
		const l = b.lines.find((k) => k.line === u.line);
		if (!l || at(l, 'handed') + at(l, 'shipped') - l.returned < u.qty) throw refuse('order.units', 'The customer has not so many of it.', 'units');
		lines.push({ line: u.line, qty: u.qty, net: money(perUnit(l) * u.qty), tax: money(0) });
	}
	return { lines, worth: sum(units, (u) => perUnit(b.lines.find((k) => k.line === u.line)) * u.qty) };
}
/** To which tender so much goes back, and what of it comes off what is still to pay. */
function shares(b, worth) {
	const owed = Math.max(0, charged(b) - taken(b));
	const off = Math.min(owed, worth);
	let left = worth - off;
	const tenders = [];
	for (const t of bookOf(b).tenders) {
		const n = Math.min(left, cents(t.refundable.amount));
		left -= n;
		if (n > 0) tenders.push({ tender: t.tender, amount: money(n) });
	}
	return { off, tenders };
}
const COMMANDS = {
	place: (b, body) => {
		b.state = 'placed';
		for (const u of body.units ?? []) put(b, b.lines.find((l) => l.line === u.line), u);
	},
	allocate: (b, body) => body.units.forEach((u) => put(b, b.lines.find((l) => l.line === u.line), u)),
	arrive: (b) => void (b.arrived = now()),
	pay: (b, body) => pay(b, body.pays, false),
	return: (b, body) => {
		const { lines, worth } = takeBack(b, body.units);
		const { tenders } = shares(b, worth);
		for (const u of body.units) {
			const l = b.lines.find((k) => k.line === u.line);
			l.returned += u.qty;
			touch(l.sku, u.location, u.qty, 'customer', u.condition === 'good' ? 'available' : u.condition === 'unknown' ? 'quality' : 'damaged', 'return', { order: b.id });
			b.returns.push({ n: b.returns.length + 1, at: now(), location: place(u.location), line: u.line, qty: u.qty, uninspected: u.condition === 'unknown' ? u.qty : 0, condition: u.condition, net: lines.find((k) => k.line === u.line).net, tax: money(0) });
		}
		if (body.items) addLines(b, body.items).forEach((l, k) => (body.items[k].units ?? []).forEach((u) => put(b, l, u)));
		if (body.refund_rest && !body.items) pay(b, tenders.map((t) => ({ tender: t.tender, amount: t.amount.amount })), true);
		else if (body.refund_rest) pay(b, [{ tender: 'card', amount: Math.max(0, taken(b) - charged(b)) / 100 }], true);
		else pay(b, body.pays, !body.items || charged(b) < taken(b));
	},
	exchange: (b, body) => COMMANDS.return(b, body),
	inspect: (b, body) => {
		for (const u of body.units) {
			const r = b.returns.find((k) => k.line === u.line && k.uninspected > 0);
			if (!r) throw refuse('order.units', 'Nothing of it is to be looked at.');
			r.uninspected = 0;
			r.condition = u.condition;
			touch(b.lines.find((l) => l.line === u.line).sku, u.location, u.qty, 'quality', u.condition === 'good' ? 'available' : 'damaged', 'inspect', { order: b.id });
		}
	},
	refund: (b, body) => pay(b, body.refund_rest ? shares(b, taken(b) - charged(b)).tenders.map((t) => ({ tender: t.tender, amount: t.amount.amount })) : body.pays, true),
	refund_done: (b, body) => void (b.payments.find((p) => p.n === body.payment).state = 'done'),
	refund_failed: (b, body) => void (b.payments.find((p) => p.n === body.payment).state = 'failed'),
	close: (b) => void (b.state = 'closed'),
};
function command(id, name, body) {
	const b = books.get(id);
	if (!b) throw gone();
	if (!ALLOWED[b.state].includes(name)) throw refuse('order.state', `The order is ${b.state}.`);
	if (name === 'hand_over' && !b.on_account && charged(b) > taken(b)) throw refuse('order.unpaid', `${money(charged(b) - taken(b)).amount} EUR are still to be paid.`);
	const before = taken(b);
	if (MOVES[name]) {
		const units = body.units ?? b.lines.map((l) => ({ line: l.line, qty: l.waiting + at(l, 'open') + at(l, 'picked') + at(l, 'ready') }));
		for (const u of units) move(b, name, u);
	} else COMMANDS[name](b, body);
	b.state = stateOf(b);
	note(b, name, sum((body.units ?? []).filter((u) => u.line > 0), (u) => u.qty), Math.abs(taken(b) - before), body.store, body.detail);
	changed(b);
	return done(b, Math.abs(taken(b) - before), Math.max(0, before - taken(b)));
}
function done(b, amount, refunded) {
	const book = bookOf(b);
	return { order: b.id, event: b.trail.length, state: b.state, amount: money(amount), refunded: money(refunded), receivable: book.money.receivable, payable: book.money.payable, return: b.returns.length || null, payment: b.payments.length || null, replayed: false, book };
}

function queue(query) {
	const items = [];
	const late = (since, hours) => ({ due_at: new Date(new Date(since).getTime() + hours * 3_600_000).toISOString(), late: Date.now() > new Date(since).getTime() + hours * 3_600_000 });
	for (const b of books.values()) {
		if (b.state === 'draft') continue;
		const who = face(b).customer;
		for (const l of b.lines) {
			const row = { order: b.id, number: b.number, line: l.line, sku: skus.get(l.sku), customer: who, store: place(b.store), unplaced: 0 };
			if (l.waiting > 0 && (!query.location || b.store === query.location)) items.push({ ...row, n: 0, location: row.store, method: null, open: 0, picked: 0, ready: 0, unplaced: l.waiting, since: b.at, stage: 'problem', ...late(b.at, 1) });
			for (const p of l.parts.filter((k) => !query.location || k.location === query.location)) {
				if (p.open + p.picked + p.ready === 0) continue;
				const stage = b.arrived && p.method === 'pick_up' ? 'waiting' : p.open > 0 ? 'new' : p.picked > 0 ? 'picking' : 'ready';
				const hours = { new: p.method === 'ship' ? 24 : 2, picking: 0.5, ready: 168, waiting: 0.08 }[stage];
				items.push({ ...row, n: p.n, location: place(p.location), method: p.method, open: p.open, picked: p.picked, ready: p.ready, since: p.since, stage, ...late(stage === 'waiting' ? b.arrived : p.since, hours) });
			}
		}
	}
	const counts = Object.fromEntries(['new', 'picking', 'problem', 'ready', 'waiting'].map((s) => [s, items.filter((k) => k.stage === s).length]));
	return { items, next: null, counts };
}

/* ---- Counts, transfers, holds ----------------------------------------------------------------------------------- */

const counts = [];
function openCount(sku, location, reason, at = now()) {
	const old = counts.find((c) => c.sku === sku && c.location === location && c.state === 'open');
	if (old) return old;
	counts.push({ id: nextId('cnt'), sku, location, opened_at: at, reason, state: 'open' });
	return counts.at(-1);
}
openCount(trainers.id, 'sto_1', 'missing', iso(0, 9));
openCount(merino.id, 'sto_1', 'unrecorded', iso(1));
const line = (sku, asked, sent) => ({ sku, asked, sent, received: 0, lost: 0, returned: 0, over: 0, order: null });
const transfers = [
	{ id: 'trf_1', from: 'sto_4', to: 'sto_1', state: 'dispatched', requested_at: iso(3), dispatched_at: iso(1), lines: [line(trainers.id, 6, 6), line(merino.id, 4, 3)] },
	{ id: 'trf_2', from: 'sto_1', to: 'sto_2', state: 'requested', requested_at: iso(1), dispatched_at: null, lines: [line(bySku('LOW-40-NAV').id, 2, 0)] },
];
const holds = [
	{ id: 'hld_1', sku: trainers.id, location: 'sto_1', customer: 'cus_1', qty: 1, placed_at: iso(1), until: soon(2) },
	{ id: 'hld_2', sku: merino.id, location: 'sto_1', customer: 'cus_3', qty: 1, placed_at: iso(0, 9), until: soon(40) },
];
const holdShown = (h) => ({ ...h, sku: skus.get(h.sku), location: place(h.location), customer: h.customer ? { id: h.customer, name: customers.get(h.customer)?.name.display } : null, placed: h.qty, state: 'open', associate: { id: 'asc_1', name: 'Anna Meier' } });
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
	wait: (b) => [201, outcome(nextId('wai'), 'wait', b.qty, 'waiting')],
	leave: (b) => outcome(b.id, 'leave', 0, 'left'),
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
		transfers.push({ id: nextId('trf'), from: b.location, to: b.to, state: 'requested', requested_at: now(), dispatched_at: null, lines: b.lines.map((l) => line(l.sku, l.qty, 0)) });
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

/* ---- What stands there from the beginning ----------------------------------------------------------------------- */

const unit = (location, method, qty) => [{ location, method, qty }];
const story = (body, ...steps) => {
	const b = make({ store: 'sto_1', ...body });
	for (const [name, more] of steps) command(b.id, name, { store: 'sto_1', ...more });
	return b;
};
for (const s of skus.values()) cell(s.id, 'sto_1').available += 9;
const all = (qty, more = {}) => ({ units: [{ line: 1, qty, location: 'sto_1', ...more }] });
const mixed = story({ customer: 'cus_1', number: 'B-1042', channel: 'phone', items: [
	{ sku: trainers.id, qty: 6, discount: { rate: '10' }, units: [...unit('sto_1', 'pick_up', 4), ...unit('sto_2', 'ship', 1)] },
	{ sku: merino.id, qty: 2, units: unit('sto_1', 'pick_up', 2) },
], pays: [{ tender: 'card', amount: '500.00', reference: 'slip 4711' }], shipping: '5.00', detail: 'Call when it is ready', may_wait: true },
['pick', all(3)], ['ready', all(2)]);
const paid = [{ tender: 'card', amount: '300.00' }, { tender: 'gift_card', amount: '147.00' }];
story({ customer: 'cus_1', number: 'B-1043', items: [{ sku: trainers.id, qty: 3, units: unit('sto_1', 'take', 3) }], pays: paid }, ['return', { ...all(1, { condition: 'unknown' }), refund_rest: true }]);
story({ customer: 'cus_3', number: 'B-1044', quote: true, items: [{ sku: merino.id, qty: 1 }] });
story({ customer: 'cus_3', number: 'B-1045', items: [{ sku: merino.id, qty: 2, units: unit('sto_1', 'take', 2) }], pays: [{ tender: 'card', amount: '196.00' }] },
	['return', all(1, { condition: 'good' })], ['refund', { pays: [{ tender: 'card', amount: '50.00', pending: true }] }]);
story({ customer: 'cus_2', number: 'B-1046', items: [{ sku: merino.id, qty: 1, units: unit('sto_1', 'pick_up', 1) }] }, ['cancel', {}]);
story({ customer: 'cus_10', number: 'B-1047', items: [{ sku: bySku('LOW-40-NAV').id, qty: 1, units: unit('sto_1', 'pick_up', 1) }], pays: [{ tender: 'card', amount: '149.00' }] }, ['pick', all(1)], ['ready', all(1)], ['arrive', {}]);
story({ customer: 'cus_11', number: 'B-1048', channel: 'web', items: [{ sku: bySku('MER-L-OAT').id, qty: 2, units: unit('sto_1', 'ship', 2) }], pays: [{ tender: 'card', amount: '196.00' }] }).lines[0].parts[0].since = iso(2);
story({ number: 'B-1049', items: [{ sku: bySku('SILK-TEA').id, qty: 1, units: unit('sto_1', 'pick_up', 1) }] }, ['problem', all(1)]);
story({ customer: 'cus_12', number: 'B-1050', channel: 'web', items: [{ sku: bySku('LOW-41-WHI').id, qty: 1, units: unit('sto_1', 'ship', 1) }], pays: [{ tender: 'wallet', amount: '149.00' }] }, ['pick', all(1)]);
story({ customer: 'cus_13', number: 'B-1051', items: [{ sku: bySku('MER-S-OAT').id, qty: 1, units: unit('sto_1', 'pick_up', 1) }], pays: [{ tender: 'cash', amount: '98.00' }] }, ['pick', all(1)], ['ready', all(1)]);
for (const s of skus.values()) cell(s.id, 'sto_1').available = Math.max(0, cell(s.id, 'sto_1').available - 9);
cell(trainers.id, 'sto_1').available = 0;
mixed.at = iso(1);

const fold = (s) => s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
function search(q) {
	const words = fold(q).split(/[\s-]+/).filter(Boolean);
	const exact = [...skus.values()].filter((s) => fold(s.code) === fold(q) || s.barcode === q);
	if (exact.length > 0) return exact;
	return [...skus.values()].filter((s) => words.every((w) => fold([s.title, s.brand, s.category, s.colour, s.size, s.code].join(' ')).split(/[\s-]+/).some((k) => k.startsWith(w))));
}
const told = (fn) => (ctx) => {
	tell = ctx.tell;
	return fn(ctx);
};
const routes = {
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
		for (const s of stores) tell('queue', { store: s.id });
		return out;
	},
	'GET save-the-sale': ({ query }) => ways(query),
	'GET holds': ({ query }) => ({ items: holds.filter((h) => !query.location || h.location === query.location).map(holdShown), next: null }),
	'GET counts': ({ query }) => ({ items: counts.filter((c) => c.state === 'open' && c.location === query.location).map((c) => ({ ...c, sku: skus.get(c.sku), location: place(c.location), hint: null })) }),
	'GET transfers': ({ query }) => ({ items: transfers.filter((t) => [t.from, t.to].includes(query.location) && ['requested', 'dispatched'].includes(t.state)).map((t) => transferShown(t, false)) }),
	'GET transfers/{}': ({ p }) => transferShown(find(transfers, p[0]), true),
	'POST orders/price': ({ body }) => {
		const { off, ...out } = price(body);
		return out;
	},
	'POST orders': ({ body }) => {
		if (!body.items?.length) throw new Trouble(400, 'order.items', 'Something must be in it.', 'items');
		const b = make(body);
		return [201, done(b, charged(b), 0)];
	},
	'POST orders/{}/return/price': ({ p, body }) => {
		const b = books.get(p[0]);
		const { lines, worth } = takeBack(b, body.units);
		const { off, tenders } = shares(b, worth);
		return { lines, clawed: money(0), total: money(worth), off_receivable: money(off), tenders };
	},
	'POST orders/{}/{}': ({ p, body }) => command(p[0], p[1], body),
	'GET orders': ({ query }) => {
		const every = [...[...books.values()].map(face), ...[...customers.values()].flatMap((c) => c.orders.filter((o) => !books.has(o.id)).map((o) => ({ ...o, customer: { id: c.customer, name: c.name.display } })))];
		return { items: every.filter((o) => (query.number ? fold(o.number) === fold(query.number) : o.customer?.id === query.customer)), next: null };
	},
	'GET queue': ({ query }) => queue(query),
	'POST returns': ({ body }) => {
		touch(body.sku, body.location, body.qty, 'customer', body.condition === 'good' ? 'available' : 'quality', 'return');
		return [201, { order: null, taken: 0, parked: body.qty, unmatched: false }];
	},
};
export const shopRoutes = Object.fromEntries(Object.entries(routes).map(([k, fn]) => [k, told(fn)]));
/** The order of this shop with that id, as GET orders/{} shows it; null. */
export function bookedOrder(id) {
	const b = books.get(id);
	return b ? { ...face(b), book: bookOf(b) } : null;
}
