/* A handful of made-up customers, enough to look at every screen. */
const DAY = 86_400_000;
const now = Date.now();
export const iso = (daysAgo, hour = 10) => new Date(now - daysAgo * DAY + (hour - 12) * 3_600_000).toISOString();
export const eur = (amount, currency = 'EUR') => ({ currency, amount: Number(amount).toFixed(2) });

export const stores = [
	{ id: 'sto_1', code: 'ZRH', name: 'Zürich Bahnhofstrasse', zone: 'Europe/Zurich', country: 'CH', city: 'Zürich', kind: 'shop', currency: 'EUR' },
	{ id: 'sto_2', code: 'LIS', name: 'Lisboa Chiado', zone: 'Europe/Lisbon', country: 'PT', city: 'Lisboa', kind: 'shop', currency: 'EUR' },
	{ id: 'sto_4', code: 'LAG', name: 'Warehouse Dietikon', zone: 'Europe/Zurich', country: 'CH', city: 'Dietikon', kind: 'warehouse', currency: 'EUR' },
	{ id: 'sto_3', code: 'WEB', name: 'Web shop', zone: 'Europe/Zurich', country: 'CH', city: '', kind: 'web', currency: 'EUR' },
];
export const associates = [
	{ id: 'asc_1', code: 'AM', name: 'Anna Meier', store: 'sto_1' },
	{ id: 'asc_2', code: 'TS', name: 'Tiago Sousa', store: 'sto_2' },
];
const storeRef = (id) => stores.filter((s) => s.id === id).map(({ id, name }) => ({ id, name }))[0] ?? null;
const how = (provenance, text, daysAgo, source) => ({ provenance, text, at: iso(daysAgo), source });
let serial = 100;
export const nextId = (kind) => `${kind}_${++serial}`;

function fact(kind, value, label, say, provenance, text, daysAgo, source = 'till') {
	return { kind, value, label, say, how: how(provenance, text, daysAgo, source), fact: provenance === 'told' ? nextId('fct') : null };
}
function line(title, sku, brand, size, colour, price, list = price, qty = 1) {
	return { title, sku, size, colour, brand, qty, unit_price: price.toFixed(2), list_price: list.toFixed(2), net: eur(price * qty), full_price: price >= list };
}
function order(number, daysAgo, store, channel, lines, kind = 'sale') {
	const total = lines.reduce((sum, l) => sum + Number(l.net.amount), 0);
	return {
		id: nextId('ord'), number, source: channel === 'web' ? 'web' : 'till', kind, state: 'reported', channel, store: storeRef(store),
		associate: channel === 'store' ? { id: 'asc_1', name: 'Anna Meier' } : null, placed_at: iso(daysAgo, 14), currency: 'EUR',
		total: eur(total), net: eur(total), tax: eur(total * 0.075), discount: eur(0), shipping: eur(0), revision: 1, lines,
	};
}
function touch(daysAgo, channel, kind, title, store = null, order = null, body = {}) {
	return { id: nextId('tch'), record: 'rec_1', at: iso(daysAgo, 15), channel, kind, title, store: storeRef(store), associate: null, order, source: channel === 'store' ? 'till' : channel, body };
}

const jane = [
	order('T-20417', 16, 'sto_1', 'store', [line('Trainer Lowland', 'LOW-42-NVY', 'Acorn', '42', 'navy', 149), line('Merino crew', 'MER-M-OAT', 'Fjellheim', 'M', 'oat', 98, 120)]),
	order('W-88120', 64, 'sto_3', 'web', [line('Linen shirt', 'LIN-M-WHT', 'Fjellheim', 'M', 'white', 89), line('Canvas tote', 'TOTE-01', 'Acorn', '', 'ecru', 35)]),
	order('R-1093', 58, 'sto_1', 'store', [line('Linen shirt', 'LIN-M-WHT', 'Fjellheim', 'M', 'white', 89)], 'return'),
	order('T-18804', 201, 'sto_1', 'store', [line('Waxed jacket', 'WAX-M-OLV', 'Harrow', 'M', 'olive', 320)]),
];
export const customers = new Map();
function add(id, display, more) {
	const [given, ...rest] = display.split(' ');
	customers.set(id, {
		customer: id, as_of: iso(0),
		name: { display, given, family: rest.join(' '), prefix: '', pronounce: '', how: null },
		associate: null, open: [], opener: null, sizes: [], likes: [], dislikes: [], served_how: [], milestones: [], last_purchase: null,
		spend: null, channels: [], home_store: null, contact: [], household: null, notes: [], position: '0',
		records: [{ id: 'rec_' + id.slice(4), source: 'till', source_key: id.slice(4), name: display, birthday: null, address: null, created_at: iso(900), updated_at: iso(30), identifiers: [] }],
		identifiers: [], address: null, birthday: null, recipients: [], evidence: { links: [] }, decisions: [], nominations: [], orders: [],
		timeline: [], hit: { city: '', postcode: '', phone_hint: '', email_hint: '', loyalty: '' },
		...more,
	});
}
export function lastOf(o) {
	return { order: o.id, at: o.placed_at, store: o.store, channel: o.channel, total: o.total, lines: o.lines.map(({ title, sku, size, colour, qty }) => ({ title, sku, size, colour, qty })) };
}

add('cus_1', 'Zhané Okonkwo-Lindqvist', {
	name: { display: 'Zhané Okonkwo-Lindqvist', given: 'Zhané', family: 'Okonkwo-Lindqvist', prefix: '', pronounce: 'zha-NAY', how: how('told', 'Told Anna Meier at the counter', 220, 'till') },
	associate: { id: 'asc_1', name: 'Anna Meier', store: 'Zürich Bahnhofstrasse', n: 7, of: 12, how: how('bought', 'Served 7 of 12 purchases', 16, 'till') },
	open: [
		{ kind: 'order', text: 'Hemming of the waxed jacket, promised for Saturday', order: jane[3].id, at: iso(4) },
		{ kind: 'return', text: 'A return of the linen shirt is not yet refunded', order: jane[2].id, at: iso(58) },
	],
	opener: { text: 'How are the navy trainers from earlier this month?', evidence: 'Bought 16 days ago in Zürich', order: jane[0].id },
	sizes: [
		fact('size.shoes', '42', 'Shoes 42', true, 'bought', 'Bought 5 of 7 shoes in 42', 16), fact('size.tops', 'M', 'Tops M', true, 'bought', 'Bought 9 of 10 tops in M', 16),
		fact('size.trousers', '40', 'Trousers 40', false, 'inferred', 'Bought 2 of 3 trousers in 40, 38 came back', 201),
	],
	likes: [
		fact('brand', 'Fjellheim', 'Fjellheim', true, 'bought', 'Bought 6 of 18 pieces by Fjellheim', 16), fact('colour', 'navy', 'Navy', true, 'bought', '8 of 18 pieces in navy', 16),
		fact('likes', 'natural fibres', 'Natural fibres', true, 'told', 'Told in the survey of May', 190, 'survey'),
		fact('likes', 'gifts for a new baby', 'Looks at baby things', false, 'observed', 'Opened 14 pages of the baby range', 9, 'web'),
	],
	dislikes: [fact('dislikes', 'strong perfume', 'Strong perfume', false, 'told', 'Told Anna Meier', 400), fact('dislikes', 'logos', 'Visible logos', true, 'told', 'Told in the chat', 130, 'chat')],
	served_how: [fact('served_how', 'show', 'Don’t ask, just show her the navy ones', true, 'told', 'Told Anna Meier at the counter', 220)],
	milestones: [
		{ kind: 'birthday', date: new Date(now + 9 * DAY).toISOString().slice(0, 10), in_days: 9, text: 'Birthday in 9 days', say: true, how: how('told', 'Given with the loyalty card', 900, 'loyalty') },
		{ kind: 'customer since', date: new Date(now + 21 * DAY).toISOString().slice(0, 10), in_days: 21, text: 'Ten years a customer', say: true, how: how('bought', 'First purchase ten years ago', 3630, 'till') },
	],
	last_purchase: lastOf(jane[0]),
	spend: { total: eur(4218.5), last_12_months: eur(1124), orders: 12, returns: 1, full_price_share: 0.71, first_at: iso(3629) },
	channels: [fact('channel', 'store', 'In the store', true, 'bought', '9 of 12 purchases in a store', 16), fact('channel', 'web', 'Web shop in the evening', true, 'observed', '41 visits after 20:00', 9, 'web')],
	home_store: { id: 'sto_1', name: 'Zürich Bahnhofstrasse', n: 9, of: 12 },
	contact: [
		{ channel: 'email', purpose: 'marketing', state: 'yes', at: iso(300) }, { channel: 'phone', purpose: 'marketing', state: 'no', at: iso(120) },
		{ channel: 'sms', purpose: 'service', state: 'yes', at: iso(300) }, { channel: 'post', purpose: 'marketing', state: 'never_asked', at: null },
	],
	household: { id: 'hsh_1', members: [{ customer: 'cus_1', name: 'Zhané Okonkwo-Lindqvist', how: { provenance: 'inferred', text: 'Same family name and address', at: null, source: null } }, { customer: 'cus_2', name: 'Erik Lindqvist', how: { provenance: 'inferred', text: 'Same family name and address', at: null, source: null } }] },
	notes: [
		{ id: 'not_1', record: 'rec_1', text: 'Comes in on Saturdays after the market, usually in a hurry. Keep the fitting room by the window free if you can.', at: iso(16), by: { id: 'usr_2', name: 'Anna Meier' }, store: storeRef('sto_1') },
		{ id: 'not_2', record: 'rec_1', text: 'Asked twice about the oat merino in a cardigan. Not made this season; told her we would write if it comes.', at: iso(70), by: { id: 'usr_1', name: 'Robin Keller' }, store: storeRef('sto_1') },
	],
	records: [
		{ id: 'rec_1', source: 'till', source_key: '10041', name: 'Zhané Okonkwo', birthday: '1984-12-01', address: { street: 'Seefeldstrasse 12', city: 'Zürich', region: 'ZH', postcode: '8008', country: 'CH' }, created_at: iso(3629), updated_at: iso(16), identifiers: [{ kind: 'phone', value: '+41445556655', verified: false, state: 'normal' }, { kind: 'loyalty', value: 'BN-100417', verified: true, state: 'normal' }] },
		{ id: 'rec_2', source: 'web', source_key: 'u-77120', name: 'Zhané Okonkwo-Lindqvist', birthday: null, address: null, created_at: iso(900), updated_at: iso(9), identifiers: [{ kind: 'email', value: 'zhane@example.org', verified: true, state: 'normal' }, { kind: 'loyalty', value: 'BN-100417', verified: true, state: 'normal' }] },
		{ id: 'rec_3', source: 'chat', source_key: 'c-553', name: 'Zhane O.', birthday: null, address: null, created_at: iso(130), updated_at: iso(130), identifiers: [{ kind: 'email', value: 'zhane@example.org', verified: false, state: 'normal' }, { kind: 'phone', value: '+41445550000', verified: false, state: 'generic' }] },
	],
	address: { street: 'Seefeldstrasse 12', city: 'Zürich', region: 'ZH', postcode: '8008', country: 'CH' },
	birthday: '1984-12-01',
	recipients: [{ id: 'rcp_1', name: 'her nephew Jonas', relation: 'nephew', birthday: '--05-08', note: 'Shoe size 36, likes dinosaurs' }],
	evidence: {
		links: [
			{ a: 'rec_1', b: 'rec_2', kind: 'loyalty', value: 'BN-100417', state: 'verified', decision: null },
			{ a: 'rec_2', b: 'rec_3', kind: 'email', value: 'zhane@example.org', state: 'manual', decision: 'dec_1' },
		],
	},
	decisions: [{ id: 'dec_1', kind: 'merge', at: iso(128), by: { id: 'usr_1', name: 'Robin Keller' }, reason: 'Confirmed by phone', undone: false }],
	nominations: [{ id: 'nom_1', customer: 'cus_5', name: 'Z. Lindquist', kind: 'phone' }],
	orders: jane,
	timeline: [
		touch(9, 'web', 'Product Viewed', 'Looked at Baby sleeping bag, wool'), touch(16, 'store', 'Order Completed', 'Bought Trainer Lowland, Merino crew', 'sto_1', jane[0].id),
		touch(58, 'store', 'Order Refunded', 'Returned Linen shirt', 'sto_1', jane[2].id), touch(64, 'web', 'Order Completed', 'Bought Linen shirt, Canvas tote', 'sto_3', jane[1].id),
		touch(130, 'chat', 'Chat Ended', 'Asked about logos on the parka'), touch(132, 'email', 'Email Opened', 'Opened “New in merino”'), touch(190, 'survey', 'Survey Answered', 'Survey of May: 9 of 10'),
		touch(201, 'store', 'Order Completed', 'Bought Waxed jacket', 'sto_1', jane[3].id), touch(204, 'phone', 'Call Ended', 'Asked whether the waxed jacket is in'),
		...Array.from({ length: 40 }, (_, i) => touch(210 + i * 11, i % 3 ? 'web' : 'email', i % 3 ? 'page' : 'Email Opened', i % 3 ? 'Visited the shop' : 'Opened a letter')),
	],
	hit: { city: 'Zürich', postcode: '8008', phone_hint: '… 66 55', email_hint: 'z…@example.org', loyalty: '…0417' },
});

const erik = [order('T-19002', 90, 'sto_1', 'store', [line('Oxford shirt', 'OXF-L-BLU', 'Harrow', 'L', 'blue', 95)])];
add('cus_2', 'Erik Lindqvist', {
	sizes: [fact('size.tops', 'L', 'Tops L', true, 'bought', 'Bought 3 of 3 tops in L', 90)], last_purchase: lastOf(erik[0]), orders: erik, spend: { total: eur(95), last_12_months: eur(95), orders: 1, returns: 0, full_price_share: 1, first_at: iso(90) },
	opener: { text: 'Did the blue oxford shirt fit well?', evidence: 'Bought in August in Zürich', order: erik[0].id },
	home_store: { id: 'sto_1', name: 'Zürich Bahnhofstrasse', n: 1, of: 1 }, household: { id: 'hsh_1', members: [{ customer: 'cus_1', name: 'Zhané Okonkwo-Lindqvist', how: { provenance: 'inferred', text: 'Same family name and address', at: null, source: null } }, { customer: 'cus_2', name: 'Erik Lindqvist', how: { provenance: 'inferred', text: 'Same family name and address', at: null, source: null } }] },
	timeline: [touch(90, 'store', 'Order Completed', 'Bought Oxford shirt', 'sto_1', erik[0].id)], hit: { city: 'Zürich', postcode: '8008', phone_hint: '', email_hint: 'e…@example.org', loyalty: '' },
});
const joana = [order('L-5031', 5, 'sto_2', 'store', [line('Silk scarf', 'SILK-01', 'Maré', '', 'teal', 140)])];
add('cus_3', 'Joana Smith', {
	last_purchase: lastOf(joana[0]), orders: joana, spend: { total: eur(2960), last_12_months: eur(812), orders: 9, returns: 0, full_price_share: 0.93, first_at: iso(1500) }, home_store: { id: 'sto_2', name: 'Lisboa Chiado', n: 8, of: 9 },
	likes: [fact('brand', 'Maré', 'Maré', true, 'bought', '5 of 9 pieces by Maré', 5)], opener: { text: 'Is the teal scarf getting out?', evidence: 'Bought 5 days ago in Lisboa', order: joana[0].id },
	hit: { city: 'Lisboa', postcode: '1200-109', phone_hint: '… 12 90', email_hint: 'j…@example.pt', loyalty: '…0882' },
});
add('cus_4', 'Jón Þór Smith', { hit: { city: 'Reykjavík', postcode: '101', phone_hint: '… 55 66', email_hint: '', loyalty: '' } });
add('cus_5', 'Z. Lindquist', { hit: { city: '', postcode: '', phone_hint: '… 66 55', email_hint: '', loyalty: '' } });
for (const [i, n] of ['Zofia Łukaszewicz', 'Jane Smith', 'John Smithson', 'Mariëlle van der Berg', 'Nguyễn Thị Mai', 'Ελένη Παπαδοπούλου'].entries()) {
	add(`cus_${10 + i}`, n, { spend: { total: eur(1800 - i * 211), last_12_months: eur(400 - i * 30), orders: 8 - i, returns: i % 2, full_price_share: 0.4 + i * 0.1, first_at: iso(800) }, hit: { city: ['Kraków', 'London', 'Leeds', 'Utrecht', 'Paris', 'Αθήνα'][i], postcode: '', phone_hint: `… ${20 + i} 4${i}`, email_hint: '', loyalty: '' } });
}
