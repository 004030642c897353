/* Malformed requests over every operation: the answer is always a problem with its code, and with the field where one is
 * at fault; never a 5xx; nothing is half-written; the server stays up. 10,000 requests, 100,000 with BYNAME_SOAK=1. */
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as kit from './server.mjs';
import { address, answerMisfit, operations, problemMisfit, resolve, sample } from './openapi.mjs';

const TOTAL = process.env.BYNAME_SOAK ? 100_000 : 10_000;
const AT_ONCE = 24;
const seed = kit.seedOf();
const rnd = kit.random(seed);
const ingest = /^POST \/v1\/(identify|track|page|screen|group|alias|batch|[itpsgab])$/;

const worlds = [];
let doc, ops;

before(async () => {
	for (const engine of kit.engines) {
		const server = await kit.startServer(kit.newDatabase(engine));
		const admin = await kit.firstAdmin(server);
		const key = await kit.addKey(admin, 'source', 'till');
		await kit.send(key, [
			kit.message.identify('p1', { firstName: 'Mal', lastName: 'Formed', email: 'mal@formed.example' }),
			kit.message.order('p1', 'M-1', [{ sku: 'A', price: '12.50', quantity: 2 }]),
			kit.message.identify('p2', { firstName: 'Somebody', lastName: 'Else' }),
			kit.message.order('p2', 'M-2', [{ sku: 'A', price: '12.50', quantity: 1 }]),
		]);
		await kit.settled(admin);
		const customer = await kit.customerOf(server.local, 'till:p1');
		const other = (await kit.customers(server.local)).map((c) => c.customer).find((c) => c !== customer);
		worlds.push({ engine, server, admin, key, customer, other });
	}
	doc = await worlds[0].admin.get('/v1/openapi.json');
	ops = operations(doc);
});
after(async () => {
	for (const { server } of worlds) await server.stop();
	kit.cleanUp();
});

/* ---- What may be wrong with one member of a body ------------------------------------------------------------------ */

const BIG = '9'.repeat(40);
const long = (n) => 'x'.repeat(n);
/* JSON texts of values of a wrong kind; an undescribed member takes any. */
const kinds = {
	string: ['"x"'], integer: ['7'], number: ['7.5'], boolean: ['true'], array: ['[]', '[1]'], object: ['{}', '{"a":1}'], null: ['null'],
};
const strings = ['"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udc00\\ud800"', '"\\x"', "'x'", '"x', '"\n"', '"\x01"', 'undefined', 'NaN'];
const numbers = ['1.5', '1e400', '-1e400', BIG, `-${BIG}`, '0x10', '01', '+1', '1.', '.5', 'NaN', 'Infinity', '-', '1e', '--1', '"1"'];
const ids = ['""', '"cus_"', '"cus_zzz"', '"xxx_0000000000001"', '"cus_00000000000001"', '"cus_000000000000u"', '"cus_-000000000001"',
	'"cus_0000000000001 "', '"0000000000001"', '"cus_zzzzzzzzzzzzz"', '1'];
/* A date alone is its midnight. */
const times = ['"yesterday"', '"2026-02-30T00:00:00Z"', '"2026-01-01T25:00:00Z"', '"2026-01-01T00:00:00"',
	'"2026-01-01T00:00:00+99:00"', '"99999-01-01T00:00:00Z"', '""', '0'];

/* Texts that this member must not take. */
function wrongValues(schema) {
	const s = resolve(doc, schema), inner = s.oneOf ? resolve(doc, s.oneOf[0]) : s;
	const nullable = Boolean(s.oneOf), type = inner.type;
	if (!type && !inner.enum) return strings.slice(0, 3);
	const list = [];
	for (const [name, texts] of Object.entries(kinds)) {
		if (name === type || (name === 'null' && nullable) || (name === 'integer' && type === 'number')) continue;
		list.push(...texts);
	}
	if (type === 'string') list.push(...strings);
	if (type === 'integer') list.push(...numbers);
	if (type === 'string' && inner.maxLength) list.push(JSON.stringify(long(inner.maxLength + 1)), JSON.stringify('é'.repeat(inner.maxLength)));
	if (type === 'string' && inner.minLength) list.push('""');
	if (type === 'integer' && inner.maximum) list.push(String(inner.maximum + 1));
	if (type === 'integer' && inner.minimum) list.push(String(inner.minimum - 1));
	if (type === 'array' && inner.maxItems) list.push(JSON.stringify(Array(inner.maxItems + 1).fill('rec_0000000000001')));
	if (type === 'array' && inner.minItems) list.push('[]');
	if (inner.pattern) list.push(...ids.filter((t) => !new RegExp(inner.pattern).test(JSON.parse(t))));
	if (inner.format === 'date-time') list.push(...times);
	if (inner.enum) list.push('"none of these"', '""', `"${inner.enum[0].toUpperCase()}"`, '0', `"${inner.enum[0]} "`);
	return list;
}

const textOf = (o) => `{${Object.entries(o).map(([k, v]) => `${JSON.stringify(k)}:${v}`).join(',')}}`;
const texts = (o) => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, JSON.stringify(v)]));

/* ---- One malformed request: {method, path, body, headers, field?, status?, maybe?} --------------------------------- */

/* A member of the body is wrong. */
function wrongMember(op) {
	const schema = resolve(doc, op.body), names = Object.keys(schema.properties ?? {});
	if (!names.length) return undefined;
	const whole = texts(sample(doc, op.body)), name = rnd.pick(names);
	const required = schema.required ?? [];
	switch (rnd.below(6)) {
		case 0:
			if (!required.length) return undefined;
			{
				const gone = rnd.pick(required);
				delete whole[gone];
				return { body: textOf(whole), field: gone };
			}
		case 1:
			return { body: textOf({ ...whole, [`${name}x`]: '1' }), field: `${name}x` };
		case 2: {
			const v = whole[name] ?? JSON.stringify(sample(doc, schema.properties[name], name));
			return { body: `{${JSON.stringify(name)}:${v},${textOf({ ...whole, [name]: v }).slice(1)}`, what: 'twice' };
		}
		default: {
			const wrong = rnd.pick(wrongValues(schema.properties[name]));
			const parses = (() => {
				try {
					JSON.parse(wrong);
					return !/\\u[dD0]/.test(wrong) && !/1e400/.test(wrong) && !wrong.includes(BIG);
				} catch {
					return false;
				}
			})();
			return { body: textOf({ ...whole, [name]: wrong }), field: parses ? name : undefined };
		}
	}
}

const notJson = (good) => [
	'', ' ', '{', '}', '[', '[]', '"x"', '1', 'null', 'true', good.slice(0, -1), good + good, good + 'x', `${good},`, `[${good}]`,
	good.replace('{', '{,'), good.replace(/}$/, ',}'), good.replace('{', '{/* */'), good.replaceAll('"', "'"), `\ufeff${good}\ufeff`,
	'['.repeat(500), '{"a":'.repeat(200), `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`, '\0', `${good}\0`,
	good.slice(0, 1 + rnd.below(Math.max(good.length - 1, 1))).replace(/[\s}]*$/, ''),
];
const notUtf8 = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xc3], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80]];

function wrongBody(op) {
	const good = textOf(texts(sample(doc, op.body)));
	switch (rnd.below(7)) {
		case 0: {
			const bytes = Buffer.from(`{"${rnd.chance(0.5) ? 'a' : 'name'}":"`), bad = Buffer.from(rnd.pick(notUtf8));
			return { body: Buffer.concat([bytes, bad, Buffer.from('"}')]) };
		}
		case 1:
			return { body: good, headers: { 'Content-Type': rnd.pick(['text/html', 'application/xml', 'multipart/form-data', 'x', 'application/x-www-form-urlencoded']) } };
		case 2:
			if (rnd.chance(0.9)) return undefined;
			return { body: textOf({ ...texts(sample(doc, op.body)), big: JSON.stringify(long(300_000)) }), status: 413 };
		case 3:
			return { body: gzipSync(good), headers: { 'Content-Encoding': 'gzip' } };
		default: {
			const body = rnd.pick(notJson(good));
			return body === '' && !resolve(doc, op.body).required?.length ? undefined : { body };
		}
	}
}

const badText = { integer: ['x', '1.5', '-', '1e3', BIG, '0x1', ' 1', '1 ', '', '-9223372036854775809', '１'], boolean: ['yes', '2', 'TRUE!', ''] };

function wrongParam(op) {
	const list = op.params.filter((p) => p.in === 'query' || p.in === 'path');
	if (!list.length) return undefined;
	const p = rnd.pick(list), s = resolve(doc, p.schema);
	if (p.in === 'query' && p.required && rnd.chance(0.2)) {
		const [path, query] = address(doc, op).split('?');
		const rest = query.split('&').filter((part) => !part.startsWith(`${p.name}=`));
		return { path: rest.length ? `${path}?${rest.join('&')}` : path, field: p.name };
	}
	let bad = [];
	if (s.pattern) bad = ids.map((t) => String(JSON.parse(t))).filter((t) => !new RegExp(s.pattern).test(t));
	else if (s.type === 'integer') {
		bad = [...badText.integer];
		if (s.maximum) bad.push(String(s.maximum + 1));
		if (s.minimum) bad.push(String(s.minimum - 1));
	} else if (badText[s.type]) bad = badText[s.type];
	else if (s.maxLength) bad = [long(s.maxLength + 1), long(s.maxLength * 2), 'é'.repeat(s.maxLength)];
	if (!bad.length) return undefined;
	const value = rnd.pick(bad);
	if (p.in === 'path' && value === '') return { path: address(doc, op, { [p.name]: 'x' }).replace(/x(?=\/|$)/, ''), maybe: true };
	return { path: address(doc, op, { [p.name]: value }), field: value === '' ? undefined : p.name, maybe: value === '' };
}

function wrongAddress(op) {
	const path = address(doc, op), mark = path.includes('?') ? '&' : '?';
	switch (rnd.below(7)) {
		case 0: {
			const has = new Set(ops.filter((o) => o.path === op.path).map((o) => o.method));
			const other = rnd.pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((m) => !has.has(m)));
			return other && { method: other, path, body: other === 'GET' ? undefined : '{}' };
		}
		case 1:
			return { path: path.replace(/^\/v1/, rnd.pick(['/v2', '/V1', '/v1/', '/v1/x', '//v1'])), maybe: op.method === 'GET' }; /* other addresses are the app's */
		case 2:
			return { path: `${path}${mark}nosuch${rnd.below(100)}=1` };
		case 3:
			return { path: `${path}${mark}${rnd.pick(['%', '%z', '%zz', '%0', '%00', '%ff=1', 'a=%c0%80', 'a=%00', '=', '&&=1'])}`, maybe: true };
		case 4:
			return { path: `${path}${mark}a=${long(20_000)}` };
		case 5: {
			const p = op.params.find((q) => q.in === 'query');
			if (!p) return undefined;
			const v = encodeURIComponent(sample(doc, p.schema, p.name));
			return { path: `${path.split('?')[0]}?${p.name}=${v}&${p.name}=${v}` };
		}
		default:
			return { path: path.replace(/\/?$/, rnd.pick(['/', '/.', '/..', '/%2e%2e', '/%2f', '/\\', '/;'])), maybe: true };
	}
}

function wrongHeader(op) {
	switch (rnd.below(4)) {
		case 0:
			if (!op.params.some((p) => p.name === 'Idempotency-Key')) return undefined;
			return { headers: { 'Idempotency-Key': rnd.pick([long(129), 'a b', 'é', '\t\ta\tb', long(500)]) }, maybe: true };
		case 1:
			if (op.method !== 'GET' || op.open) return undefined;
			return { headers: { 'X-Byname-Position': rnd.pick(['x', '1', '1-', '-1', '1-x', `${BIG}-1`, '1--1', '1-2-3']) }, field: 'X-Byname-Position' };
		case 2:
			if (op.open) return undefined;
			return { headers: { Cookie: rnd.pick(['byname=', 'byname=x', `byname=${long(4000)}`, 'byname', '=', 'byname=%00', 'byname=a; byname=b']) }, status: 401 };
		default:
			if (op.open) return undefined;
			return { headers: { Cookie: '', Authorization: rnd.pick(['Basic', 'Basic !', 'Basic e', 'Bearer', 'Bearer x', `Bearer ${long(3000)}`, 'Digest x', 'Basic Og==', 'basic AAAA']) }, status: 401 };
	}
}

/* Bytes of a good body changed at random: taken or refused, never a fault. Only where nothing comes of it. */
function flipped(op) {
	if (/\/v1\/(users|keys)$|sign-in|rebuild|check|resolution|links/.test(op.path)) return undefined;
	const bytes = Buffer.from(textOf(texts(sample(doc, op.body))));
	for (let i = 0; i <= rnd.below(3); i++) bytes[rnd.below(bytes.length)] = rnd.below(256);
	return { body: bytes, maybe: true };
}

function malform(op) {
	const makers = [wrongParam, wrongAddress, wrongHeader];
	if (op.body && !ingest.test(op.name)) makers.push(wrongMember, wrongMember, wrongMember, wrongBody, wrongBody, flipped);
	for (;;) {
		const made = rnd.pick(makers)(op);
		if (!made) continue;
		const request = { method: op.method, path: address(doc, op), headers: {}, what: '', ...made };
		if (request.body === undefined && op.body && op.method === request.method) request.body = textOf(texts(sample(doc, op.body)));
		/* What is right about it after all would be carried out: not for these. */
		if (request.maybe && /^(POST|PATCH|DELETE)/.test(op.name) && /\/v1\/(users|keys|rebuild|check|resolution|sign)/.test(op.path)) continue;
		return request;
	}
}

/* ---- Everything that can be seen ---------------------------------------------------------------------------------- */

async function picture({ engine, server, customer }) {
	const seen = {};
	for (const path of ['users', 'keys', 'stores', 'associates', 'top', 'status', 'imports', 'deadletters', `customers/${customer}`,
		`customers/${customer}/timeline`])
		if (doc.paths[`/v1/${path.replace(customer, '{customer}')}`]) seen[path] = await server.local.get(`/v1/${path}`);
	for (const list of [seen.users.items, seen.keys.items])
		for (const one of list) delete one.last_seen_at, delete one.last_used_at;
	delete seen[`customers/${customer}`].as_of;
	delete seen.status.feed;
	if (engine === 'postgresql')
		seen.rows = kit.psql(
			server.database.url,
			`SELECT table_name, (xpath('//c/text()', query_to_xml(format('SELECT count(*) AS c FROM %I', table_name), false, true, '')))[1]
			 FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
			 AND table_name !~ '^(audit|session|feed|node)' ORDER BY 1`,
		);
	return seen;
}

const show = (r) => `${r.method} ${r.path.slice(0, 200)} ${JSON.stringify(r.headers).slice(0, 200)} ${String(r.body ?? '').slice(0, 300)}`;

function judge(op, request, answer) {
	const told = `seed ${seed}: ${show(request)}\n→ ${answer.status} ${answer.text.slice(0, 400)}`;
	assert.ok(answer.status < 500, told);
	if (answer.status < 400) {
		assert.ok(request.maybe, `taken in:\n${told}`);
		if (request.method === op.method && answer.status >= 200 && answer.status < 300 && request.path.split('?')[0] === address(doc, op).split('?')[0])
			assert.equal(answerMisfit(doc, op, answer), undefined, told);
		return;
	}
	assert.equal(problemMisfit(doc, answer), undefined, told);
	if (request.status) assert.equal(answer.status, request.status, told);
	if (request.field && ![401, 403, 404, 413, 414, 429, 431].includes(answer.status))
		assert.equal(answer.json.field?.split(/[.[]/)[0], request.field, told);
}

async function pour(world, requests) {
	let next = 0;
	const counts = {}, faults = new Map(); /* one of each kind is shown */
	await Promise.all(
		Array.from({ length: AT_ONCE }, async () => {
			while (next < requests.length) {
				const { op, request } = requests[next++];
				const answer = await world.admin.call(request.method, request.path, request.body, request.headers);
				try {
					judge(op, request, answer);
				} catch (e) {
					faults.set(`${op.name} ${answer.status} ${answer.json?.code}`, e.message);
				}
				counts[answer.status] = (counts[answer.status] ?? 0) + 1;
			}
		}),
	);
	assert.equal(faults.size, 0, [...faults.values()].slice(0, 20).join('\n\n'));
	return counts;
}

test(`${TOTAL} malformed requests: problems, no faults, no traces`, async (t) => {
	for (const world of worlds)
		await t.test(world.engine, async (t) => {
			const targets = ops.filter((op) => op.path !== '/v1/sign-out' && op.path !== '/v1/backup' && op.name !== 'POST /v1/resolution');
			const before = await picture(world), requests = [];
			for (let i = 0; i < TOTAL / worlds.length; i++) {
				const op = targets[i % targets.length];
				requests.push({ op, request: malform(op) });
			}
			const counts = await pour(world, requests);
			t.diagnostic(`${requests.length} requests: ${JSON.stringify(counts)}`);
			assert.ok(world.server.alive());
			assert.equal((await world.admin.call('GET', '/v1/me')).status, 200);
			assert.deepEqual(await picture(world), before, `seed ${seed}: something was written`);
		});
});

test('good requests are answered as described', async () => {
	for (const { admin, customer, other } of worlds) {
		const { id: sku, product } = (await admin.get('/v1/skus?q=A')).items[0], store = (await admin.get('/v1/stores')).items[0].id;
		const { id: webhook } = await admin.post('/v1/webhooks', { url: 'https://hooks.example.com/', events: ['order.closed'] });
		for (const op of ops.filter((o) => o.method === 'GET' && !/links|events|{(order|import|hold|transfer)}/.test(o.path))) {
			const given = { customer, a: customer, b: other, q: 'formed', full: 'true', limit: '5', sku, webhook, ...(/{product}/.test(op.path) && { product }), ...(/save-the/.test(op.path) && { store }) };
			const answer = await admin.call('GET', address(doc, op, op.path === '/v1/audit' ? { customer } : given));
			if (answer.status === 429) continue;
			assert.equal(answer.status, 200, `${op.name}: ${answer.text}`);
			assert.equal(answerMisfit(doc, op, answer), undefined, op.name);
		}
		await admin.ok('DELETE', `/v1/webhooks/${webhook}`);
	}
});

/* With bodies as described but ids that nobody has: the field is one that the client sent. */
test('what does not exist is named as the client named it', async () => {
	for (const { admin, engine } of worlds)
		for (const op of ops.filter((o) => /{/.test(o.path) && !/links/.test(o.path))) {
			const body = op.body ? sample(doc, op.body) : undefined;
			const answer = await admin.call(op.method, address(doc, op), body);
			if (answer.status !== 404 || !answer.json.field) continue;
			const names = [...op.params.map((p) => p.name), ...Object.keys(body ?? {})];
			assert.ok(names.includes(answer.json.field), `${engine}: ${op.name}: ${answer.text}; it has ${names}`);
		}
	const { json } = await worlds[0].admin.call('GET', '/v1/imports/job_0000000000001');
	assert.equal(`${json.code} ${json.field}`, 'import.not_found import');
});

/* ---- Messages ----------------------------------------------------------------------------------------------------- */

const when = (v) => ({ userId: 'p1', event: 'Visited', timestamp: v });
const order = (more) => ({ userId: 'p1', event: 'Order Completed', properties: { order_id: 'X', currency: 'EUR', products: [{ sku: 'A', price: 1 }], ...more } });
/* [route, message, field at fault] */
const badMessages = [
	['track', {}, 'event'],
	['track', { event: 'Visited' }, 'userId'],
	['track', { userId: 'p1' }, 'event'],
	['track', { userId: 'p1', event: '' }, 'event'],
	['track', { userId: 'p1', event: long(5000) }, 'event'],
	['track', { userId: long(500), event: 'Visited' }, 'userId'],
	['track', { anonymousId: long(500), event: 'Visited' }, 'anonymousId'],
	['track', { userId: 'p1', event: 'Visited', messageId: long(500) }, 'messageId'],
	['track', { userId: 'p1', event: 'Visited', properties: [] }, 'properties'],
	['track', { userId: 'p1', event: 'Visited', context: 'x' }, 'context'],
	['track', when('yesterday'), 'timestamp'],
	['track', when('2026-02-30T00:00:00Z'), 'timestamp'],
	['track', when(12), 'timestamp'],
	['track', when('2026-01-01T00:00:00+25:00'), 'timestamp'],
	['track', order({ order_id: '' }), 'properties.order_id'],
	['track', order({ order_id: long(300) }), 'properties.order_id'],
	['track', order({ currency: 'XXQ' }), 'properties.currency'],
	['track', order({ currency: undefined }), 'properties.currency'],
	['track', order({ products: 'A' }), 'properties.products'],
	['track', order({ products: ['A'] }), 'properties.products[0]'],
	['track', order({ products: [{ sku: 'A' }] }), 'properties.products[0].price'],
	['track', order({ products: [{ sku: 'A', price: 'free' }] }), 'properties.products[0].price'],
	['track', order({ products: [{ sku: 'A', price: 1, quantity: 1.5 }] }), 'properties.products[0].quantity'],
	['track', order({ products: [{ sku: 'A', price: 1, quantity: 0 }] }), 'properties.products[0].quantity'],
	['track', order({ products: [{ sku: 'A', price: '1e999' }] }), 'properties.products[0].price'],
	['track', order({ products: [{ sku: 'A', price: '99999999999999999999999' }] }), 'properties.products[0].price'],
	['track', order({ products: [{ sku: 'A', price: 1, quantity: '99999999999999999999' }] }), 'properties.products[0].quantity'],
	['track', order({ tax: {} }), 'properties.tax'],
	['track', order({ total: 'much' }), 'properties.total'],
	['identify', {}, 'userId'],
	['identify', { userId: 'p1', traits: 'x' }, 'traits'],
	['identify', { userId: 'p1', traits: { consent: { email: true, 'a.b.c': true, [long(60)]: true } } }, 'traits.consent'],
	['identify', { userId: 'p1', traits: { facts: { likes: long(3000) } } }, 'traits.facts'],
	['group', { userId: 'p1' }, 'groupId'],
	['group', { groupId: 'g' }, 'userId'],
	['alias', { userId: 'p1' }, 'previousId'],
	['page', {}, 'userId'],
	['screen', {}, 'userId'],
];
const badEnvelopes = ['', '{', '[]', '"x"', 'null', '1', '{"userId":"a","userId":"b","event":"x"}', '\0', '{"a":1}}', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`,
	Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), '{"userId":"\\ud800","event":"x"}', '{"userId":"a\\u0000","event":"x"}',
	'{"userId":NaN,"event":"x"}', `{"userId":${BIG}e9999,"event":"x"}`];

test('bad messages alone are refused with their field; in a batch they are dead letters, the others are taken', async () => {
	for (const world of worlds) {
		const before = await picture(world);
		for (const [type, body, field] of badMessages) {
			const answer = await world.key.call('POST', `/v1/${type}`, body);
			const told = `${type} ${JSON.stringify(body).slice(0, 200)} → ${answer.status} ${answer.text}`;
			assert.ok(answer.status === 400 || answer.status === 413, told);
			assert.equal(problemMisfit(doc, answer), undefined, told);
			assert.equal(answer.json.field, field, told);
		}
		for (const type of ['track', 'identify', 'batch'])
			for (const body of badEnvelopes) {
				const answer = await world.key.call('POST', `/v1/${type}`, body);
				const told = `${type} ${JSON.stringify(String(body)).slice(0, 200)} → ${answer.status} ${answer.text}`;
				assert.ok(answer.status >= 400 && answer.status < 500, told);
				assert.equal(problemMisfit(doc, answer), undefined, told);
			}
		const over = { userId: 'p1', event: 'Visited', properties: { a: long(33_000) } };
		assert.equal((await world.key.call('POST', '/v1/track', over)).status, 413);
		assert.equal((await world.key.call('POST', '/v1/batch', { batch: [over], more: long(500_000) })).status, 413);
		assert.equal((await world.key.call('POST', '/v1/track', gzipSync('{').subarray(0, 12), { 'Content-Encoding': 'gzip' })).status, 400);
		const bomb = gzipSync(Buffer.alloc(20 << 20, 0x20));
		assert.ok([400, 413].includes((await world.key.call('POST', '/v1/batch', bomb, { 'Content-Encoding': 'gzip' })).status));
		assert.deepEqual(await picture(world), before, 'something was written');

		const batch = badMessages.map(([type, body]) => ({ type, messageId: kit.messageId(), ...body }));
		const good = kit.message.track('p1', 'Visited');
		const said = await world.key.post('/v1/batch', { batch: [...batch, good, { type: 'nosuch', userId: 'p1' }, 7] });
		/* A messageId that is too long is another fault than the one meant; all are dead, the good one is taken. */
		assert.equal(said.taken, 1, JSON.stringify(said));
		assert.equal(said.dead, batch.length + 2, JSON.stringify(said));
		const { items, open } = await world.admin.get('/v1/deadletters');
		assert.equal(open, batch.length + 2);
		for (const item of items) {
			assert.ok(item.code && item.raw, JSON.stringify(item));
			assert.equal(item.resolved, false);
		}
	}
});

test('random messages: taken, dead or refused; never a fault', async (t) => {
	const values = [null, 0, -1, 1.5, true, '', 'x', long(300), [], [null], {}, { a: {} }, '2026-01-01T00:00:00Z', '9'.repeat(30), '\u{1F600}', 'é', '٣', '-1', '1e5', 'EUR', 'JPY'];
	const calls = ['identify', 'track', 'page', 'screen', 'group', 'alias'];
	const keys = ['userId', 'anonymousId', 'previousId', 'groupId', 'event', 'messageId', 'timestamp', 'sentAt', 'originalTimestamp', 'context', 'name', 'type'];
	const inner = ['order_id', 'currency', 'products', 'total', 'tax', 'discount', 'shipping', 'store', 'associate', 'channel', 'email', 'phone', 'firstName', 'lastName', 'name', 'birthday', 'address', 'consent', 'facts', 'loyaltyNumber', 'accountId', 'return_id'];
	const some = (list) => Object.fromEntries(Array.from({ length: rnd.below(6) }, () => [rnd.pick(list), rnd.pick(values)]));
	const one = () => {
		const m = { type: rnd.pick(calls), userId: `r${rnd.below(20)}`,
			event: rnd.pick(['Order Completed', 'Order Refunded', 'Order Updated', 'Order Cancelled', 'Visited']), ...some(keys) };
		m.properties = { order_id: `R${rnd.below(9)}`, currency: 'EUR', products: [{ sku: `K${rnd.below(5)}`, price: rnd.below(99), quantity: rnd.below(4) - 1, ...some(['price', 'quantity', 'sku', 'discount', 'tax', 'name', 'line_id', 'list_price', 'size']) }], ...some(inner) };
		m.traits = some(inner);
		return m;
	};
	for (const world of worlds) {
		const counts = {};
		for (let i = 0; i < TOTAL / 100; i++) {
			const alone = i % 2, batch = Array.from({ length: alone ? 1 : 20 }, one);
			const answer = await world.key.call('POST', alone ? `/v1/${calls.includes(batch[0].type) ? batch[0].type : 'track'}` : '/v1/batch', alone ? batch[0] : { batch });
			assert.ok(answer.status < 500, `seed ${seed}: ${JSON.stringify(batch)} → ${answer.status} ${answer.text}\n${world.server.log().slice(-2000)}`);
			if (answer.status >= 400) assert.equal(problemMisfit(doc, answer), undefined, answer.text);
			else if (!alone) {
				const { taken, duplicates, dead } = answer.json;
				assert.equal(taken + duplicates + dead, batch.length, `seed ${seed}: ${answer.text}`);
			}
			counts[answer.status] = (counts[answer.status] ?? 0) + 1;
		}
		t.diagnostic(`${world.engine}: ${JSON.stringify(counts)}`);
		assert.equal((await world.server.local.post('/v1/check')).count, 0, `seed ${seed}`);
	}
});

/* ---- Below HTTP --------------------------------------------------------------------------------------------------- */

function raw(port, bytes, { cut = false, ms = 3000 } = {}) {
	return new Promise((done) => {
		let text = '';
		const socket = net.connect(port, '127.0.0.1', () => {
			socket.write(bytes);
			if (cut) setTimeout(() => socket.destroy(), 20);
		});
		const timer = setTimeout(() => socket.destroy(), ms);
		socket.on('data', (part) => (text += part));
		socket.on('error', () => undefined);
		socket.on('close', () => (clearTimeout(timer), done({ text, status: Number(/^HTTP\/1\.[01] (\d+)/.exec(text)?.[1] ?? 0) })));
	});
}

test('requests that are no HTTP, or two at once: refused or cut off', async () => {
	const { server, admin } = worlds[0];
	const who = `Cookie: ${admin.cookie}\r\nX-Byname-CSRF: ${admin.csrf}\r\nConnection: close\r\n`;
	const head = (more, line = 'POST /v1/merges HTTP/1.1') => `${line}\r\n${who}${more}\r\n`;
	const json = 'Content-Type: application/json\r\n', host = 'Host: x\r\n';
	const list = [
		head(`${json}Content-Length: 2\r\n`) + '{}',
		head(`${host}${host}${json}Content-Length: 2\r\n`) + '{}',
		head(`${host}${json}Content-Length: 2\r\nContent-Length: 3\r\n`) + '{} ',
		head(`${host}${json}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n`) + '0\r\n\r\n',
		head(`${host}${json}Transfer-Encoding: gzip\r\n`) + '0\r\n\r\n',
		head(`${host}${json}Transfer-Encoding: chunked\r\n`) + 'zz\r\n{}\r\n0\r\n\r\n',
		head(`${host}${json}Transfer-Encoding: chunked\r\n`) + 'ffffffffffffffffff\r\n{}\r\n0\r\n\r\n',
		head(`${host}${json}Content-Length: -1\r\n`) + '{}',
		head(`${host}${json}Content-Length: x\r\n`) + '{}',
		head(`${host}${json}Content-Length: 99999999999999999999\r\n`) + '{}',
		head(`${host}${json}Content-Length: 999999999\r\n`) + '{}',
		head(host, 'POST /v1/merges HTTP/9.9'), head(host, 'POST /v1/merges'), head(host, 'FROB /v1/merges HTTP/1.1'), head(host, 'POST  HTTP/1.1'),
		head(host, `GET /${'x'.repeat(40_000)} HTTP/1.1`), head(`${host}X: ${'x'.repeat(40_000)}\r\n`, 'GET /v1/me HTTP/1.1'),
		head(host, 'TRACE / HTTP/1.1'), head(host, 'CONNECT x:1 HTTP/1.1'), '\0\0\0\0', '\r\n\r\n\r\n', 'GET\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
	];
	const answers = await Promise.all(list.map((bytes) => raw(server.port, bytes)));
	answers.forEach((answer, i) => assert.ok((answer.status < 500 || answer.status === 505) && (answer.status === 0 || answer.status >= 400),
		`${JSON.stringify(list[i].slice(0, 300))} → ${answer.text.slice(0, 300)}`));
	assert.equal((await server.client.call('GET', '/healthz')).status, 200);
});

test('bodies that are cut off leave nothing', async () => {
	for (const world of worlds) {
		const before = await picture(world);
		const path = `/v1/customers/${world.customer}/notes`, body = JSON.stringify({ text: 'Never to be seen' });
		await Promise.all(Array.from({ length: 100 }, (_, i) => {
			const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nCookie: ${world.admin.cookie}\r\nX-Byname-CSRF: ${world.admin.csrf}\r\n` +
				`Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
			return raw(world.server.port, head + body.slice(0, i % body.length), { cut: true });
		}));
		assert.deepEqual(await picture(world), before);
	}
});
