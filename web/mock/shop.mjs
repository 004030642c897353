/* Orders of the mock, by docs/api.md: a small shop that moves units and money, enough to see every state. It guards little;
 * the real server does. Cents inside. */
import { customers, iso, nextId, stores } from './data.mjs';
import { bySku, cell, cents, gone, merino, money, now, openCount, place, refuse, shelfRoutes, skus, tellBy, telling as tell, touch, trainers } from './shelves.mjs';
import { Trouble } from './trouble.mjs';

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
const BACK = ['return', 'inspect', 'exchange', 'deliver'];
const REFUND = ['refund', 'refund_done', 'refund_failed'];
const ALLOWED = {
	draft: ['place', 'change', 'cancel'], placed: ['change', ...WORK, 'pay', ...REFUND], partly: [...WORK, ...BACK, 'pay', ...REFUND],
	fulfilled: [...BACK, 'pay', ...REFUND, 'close'], cancelled: [...REFUND, 'close'], closed: BACK,
};
function allowedOf(b) {
	const busy = b.lines.some((l) => at(l, 'picked') + at(l, 'ready') + at(l, 'handed') + at(l, 'shipped') > 0 || (l.cancelled > 0 && l.cancelled < l.qty));
	return ALLOWED[b.state].filter((c) => (c !== 'change' || !busy) && (c !== 'deliver' || b.lines.some((l) => at(l, 'shipped') > 0)));
}
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
		payments: b.payments.map(({ cents: c, ...p }) => ({ ...p, amount: money(c) })), returns: b.returns, trail: b.trail, allowed: allowedOf(b), discounts: b.discounts ?? [],
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
	ship: [['picked', 'shipped', 'ship', 'picked', 'customer']], deliver: [['shipped', 'handed']], no_show: [['ready', 'cancelled', 'release', 'picked', 'available']],
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
/** The items are what there is from now on; off: the order's discount on all of it. */
function changeLines(b, body) {
	const standing = b.lines.filter((l) => l.cancelled < l.qty);
	for (const l of standing) {
		const item = body.items.find((k) => k.line === l.line);
		const qty = item?.qty ?? 0;
		let less = l.qty - l.cancelled - qty;
		if (less < 0) l.waiting -= less;
		for (const [get, drop] of [[() => l.waiting, (n) => void (l.waiting -= n)], ...[...l.parts].reverse().map((p) => [() => p.open, (n) => {
			touch(l.sku, p.location, n, 'committed', 'available', 'uncommit', { order: b.id });
			p.open -= n;
		}])]) {
			const n = Math.min(get(), Math.max(0, less));
			if (n > 0) drop(n);
			less -= Math.max(0, n);
		}
		if (qty === 0) l.cancelled = l.qty;
		else {
			l.discount = Math.round((l.discount * qty) / l.qty);
			l.qty = qty;
		}
	}
	if (body.shipping !== undefined) b.shipping = cents(body.shipping);
	return addLines(b, body.items.filter((k) => !k.line));
}
function change(b, body) {
	const fresh = changeLines(b, body);
	for (const u of body.units ?? []) {
		const l = b.lines.find((k) => k.line === u.line);
		const from = l.parts.find((p) => p.open > 0 && p.location === u.from);
		if (from) {
			touch(l.sku, from.location, u.qty, 'committed', 'available', 'uncommit', { order: b.id });
			from.open -= u.qty;
			l.waiting += u.qty;
		}
		put(b, l, u);
	}
	body.items.filter((k) => !k.line).forEach((item, k) => (item.units ?? []).forEach((u) => put(b, fresh[k], u)));
}
function changePrice(b, body) {
	const was = charged(b);
	const fresh = priced(body.items.filter((k) => !k.line)).map((l) => ({ line: 0, sku: l.sku.id, qty: l.item.qty, net: l.gross - l.discount }));
	const kept = body.items.filter((k) => k.line).map((item) => {
		const l = b.lines.find((k) => k.line === item.line);
		return { line: l.line, sku: l.sku, qty: item.qty, net: perUnit(l) * item.qty };
	});
	const shipping = body.shipping === undefined ? b.shipping : cents(body.shipping);
	const off = body.discounts?.[0]?.rate ? Math.round((sum([...kept, ...fresh], (l) => l.net) * Number(body.discounts[0].rate)) / 100) : 0;
	const total = sum([...kept, ...fresh], (l) => l.net) + shipping - off;
	const owed = (sum_) => (b.state === 'draft' ? 0 : sum_ - taken(b));
	return {
		lines: [...kept, ...fresh].map((l) => ({ ...l, net: money(l.net), tax: money(0), discount: money(0) })), was: money(was), total: money(total), discount: money(off), shipping: money(shipping), tax: money(0),
		was_receivable: money(Math.max(0, owed(was))), receivable: money(Math.max(0, owed(total))), was_payable: money(Math.max(0, -owed(was))), payable: money(Math.max(0, -owed(total))),
	};
}
const COMMANDS = {
	change,
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
		const units = body.units ?? b.lines.map((l) => ({ line: l.line, qty: name === 'deliver' ? at(l, 'shipped') : l.waiting + at(l, 'open') + at(l, 'picked') + at(l, 'ready') }));
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
			const row = { order: b.id, number: b.number, line: l.line, sku: skus.get(l.sku), customer: who, store: place(b.store), unplaced: 0, shipped: 0 };
			if (l.waiting > 0 && (!query.location || b.store === query.location)) items.push({ ...row, n: 0, location: row.store, method: null, open: 0, picked: 0, ready: 0, unplaced: l.waiting, since: b.at, stage: 'problem', ...late(b.at, 1) });
			for (const p of l.parts.filter((k) => !query.location || k.location === query.location)) {
				if (p.shipped > 0) items.push({ ...row, n: p.n, location: place(p.location), method: p.method, open: 0, picked: 0, ready: 0, shipped: p.shipped, since: p.since, stage: 'shipped', ...late(p.since, 120) });
				if (p.open + p.picked + p.ready === 0) continue;
				const stage = b.arrived && p.method === 'pick_up' ? 'waiting' : p.open > 0 ? 'new' : p.picked > 0 ? 'picking' : 'ready';
				const hours = { new: p.method === 'ship' ? 24 : 2, picking: 0.5, ready: 168, waiting: 0.08 }[stage];
				items.push({ ...row, n: p.n, location: place(p.location), method: p.method, open: p.open, picked: p.picked, ready: p.ready, since: p.since, stage, ...late(stage === 'waiting' ? b.arrived : p.since, hours) });
			}
		}
	}
	const counts = Object.fromEntries(['new', 'picking', 'problem', 'ready', 'waiting', 'shipped'].map((s) => [s, items.filter((k) => k.stage === s).length]));
	return { items, next: null, counts };
}

/* ---- What somebody must look at --------------------------------------------------------------------------------- */

const reviews = [];
const parked = [
	{ id: 'prk_1', at: iso(1), number: 'T-99120', sku: bySku('SILK-TEA'), qty: 1, location: place('sto_1'), tender: 'card', refunded: money(14000) },
	{ id: 'prk_2', at: iso(3), number: null, sku: merino, qty: 2, location: place('sto_2'), tender: 'cash', refunded: null },
];
function settled(list, id) {
	const at = list.findIndex((r) => r.id === id);
	if (at < 0) throw gone();
	tell('settle', {});
	return list.splice(at, 1)[0];
}
const settleRoutes = {
	'GET order-reviews': () => ({ items: reviews, next: null }),
	'POST order-reviews/{}/close': ({ p }) => void settled(reviews, p[0]),
	'GET parked-returns': () => ({ items: parked, next: null }),
	'POST parked-returns/{}/settle': ({ p, body }) => {
		const b = body.order && books.get(body.order);
		const r = parked.find((k) => k.id === p[0]);
		if (b && r && !b.lines.some((l) => l.sku === r.sku.id && at(l, 'handed') - l.returned >= r.qty)) throw refuse('order.units', `Of order ${b.number} the customer has none of it.`, 'order');
		settled(parked, p[0]);
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
const sent = story({ customer: 'cus_3', number: 'B-1052', channel: 'web', items: [{ sku: bySku('MER-L-OAT').id, qty: 2, units: unit('sto_1', 'ship', 2) }], pays: [{ tender: 'card', amount: '196.00' }] }, ['pick', all(2)], ['ship', all(2)]);
sent.lines[0].parts[0].since = iso(6);
story({ customer: 'cus_10', number: 'B-1053', items: [{ sku: bySku('MER-XL-OAT').id, qty: 2, units: unit('sto_1', 'ship', 2) }, { sku: bySku('LOW-43-WHI').id, qty: 1, units: unit('sto_1', 'pick_up', 1) }], pays: [{ tender: 'card', amount: '345.00' }] });
for (const s of skus.values()) cell(s.id, 'sto_1').available = Math.max(0, cell(s.id, 'sto_1').available - 9);
cell(trainers.id, 'sto_1').available = 0;
cell(bySku('MER-XL-OAT').id, 'sto_1').available = 2;
mixed.at = iso(1);
reviews.push({ id: 'orv_1', at: iso(2), order: mixed.id, number: mixed.number, state: 'placed', store: place('sto_1'), unmatched: money(2000) });

const fold = (s) => s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
const told = (fn) => (ctx) => {
	tellBy(ctx.tell);
	return fn(ctx);
};
const routes = {
	...shelfRoutes,
	...settleRoutes,
	'POST orders/price': ({ body }) => {
		const { off, ...out } = price(body);
		return out;
	},
	'POST orders': ({ body }) => {
		if (!body.items?.length) throw new Trouble(400, 'order.items', 'Something must be in it.', 'items');
		const b = make(body);
		return [201, done(b, charged(b), 0)];
	},
	'POST orders/{}/change/price': ({ p, body }) => changePrice(books.get(p[0]), body),
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
