/* Every route for every role: who may, who may not, and nobody. The policy below is the product's (docs/api.md), written
 * down a second time; the route table must say the same, and the server must do it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as kit from './server.mjs';
import { address, operations, problemMisfit, sample } from './openapi.mjs';

const staff = ['associate', 'agent', 'manager', 'marketer', 'buyer', 'analyst', 'fulfilment', 'credit', 'moderator',
	'privacy', 'operator', 'admin'];
const serve = ['associate', 'agent', 'manager', 'admin', 'local'];
const shelf = [...serve, 'fulfilment', 'buyer', 'source'];
const adjust = ['manager', 'admin', 'fulfilment', 'source', 'local'];
const everybody = [...staff, 'source', 'browser', 'local'];

/* First match counts. */
const policy = [
	[/^GET \/(healthz|readyz|v1\/openapi\.json)$/, 'open'],
	[/^POST \/v1\/sign-in$/, 'open'],
	[/^(GET|POST) \/v1\/links\//, 'open'],
	[/^GET \/metrics$/, ['operator', 'admin', 'source', 'local']],
	[/^(POST \/v1\/sign-out|GET \/v1\/me)$/, staff],
	[/^(GET|POST|PATCH|DELETE) \/v1\/(users|keys)\b/, ['admin', 'local']],
	[/^GET \/v1\/audit$/, ['privacy', 'admin', 'local']],
	[/^POST \/v1\/(merges|splits|nevers|decisions\/)/, ['agent', 'manager', 'admin', 'local']],
	[/^(GET|POST) \/v1\/(why|review)\b/, ['agent', 'manager', 'admin', 'local']],
	[/^POST \/v1\/orders(\/price|\/{order}\/(place|change|change\/price|pay|refund|refund_done|refund_failed|exchange|close))?$/, [...serve, 'source']],
	[/^POST \/v1\/parked-returns\b/, ['agent', 'manager', 'admin', 'local']],
	[/^(GET|POST) \/v1\/(orders|queue|returns|parked-returns)\b/, [...serve, 'source', 'fulfilment']],
	[/^\w+ \/v1\/order-reviews\b/, ['agent', 'manager', 'admin', 'local']],
	[/^POST \/v1\/customers\/{customer}\/erase$/, ['privacy', 'admin', 'local']],
	[/^\w+ \/v1\/(find|customers|recipients)\b/, serve],
	[/^GET \/v1\/(skus|products|stock|low|expected|transfers|counts)\b/, shelf],
	[/^GET \/v1\/(holds|waiting)\b/, [...serve, 'fulfilment']],
	[/^GET \/v1\/save-the-sale$/, [...serve, 'fulfilment', 'source']],
	[/^POST \/v1\/stock\/(hold|extend|release|wait|leave)$/, [...serve, 'fulfilment', 'source']],
	[/^POST \/v1\/stock\/(step|count|count_enter|count_cancel|transfer|dispatch|receive|transfer_cancel)$/,
		['associate', 'manager', 'admin', 'fulfilment', 'source', 'local']],
	[/^POST \/v1\/stock\/(adjust|deliver)$/, adjust],
	[/^POST \/v1\/stock\/(safety|level|expect|expect_cancel)$/, [...adjust, 'buyer']],
	[/^POST \/v1\/stock\/place$/, ['manager', 'admin', 'local']],
	[/^GET \/v1\/top$/, ['manager', 'marketer', 'buyer', 'analyst', 'admin', 'local']],
	[/^POST \/v1\/imports$/, ['local']],
	[/^\w+ \/v1\/(imports|deadletters|webhooks)\b/, ['operator', 'admin', 'local']],
	[/^POST \/v1\/(check|rebuild)$/, ['operator', 'admin', 'local']],
	[/^\w+ \/v1\/(resolution|epoch)\b/, ['operator', 'admin', 'local']],
	[/^POST \/v1\/backup$/, ['local']],
	[/^POST \/v1\/(identify|track|page|screen|group|alias|batch|i|t|p|s|g|a|b)$/, 'write key'],
	[/^GET \/v1\/(events|stores|associates|status)$/, [...staff, 'local']],
];
const allowed = (name) => policy.find(([pattern]) => pattern.test(name))?.[1];

const worlds = [];
let doc, ops;

before(async () => {
	for (const engine of kit.engines) {
		const server = await kit.startServer(kit.newDatabase(engine));
		const admin = await kit.firstAdmin(server);
		worlds.push({ engine, server, admin });
	}
	doc = await worlds[0].admin.get('/v1/openapi.json');
	ops = operations(doc);
});
after(async () => {
	for (const { server } of worlds) await server.stop();
	kit.cleanUp();
});

test('the route table says what the policy says, of every route', () => {
	assert.ok(ops.length >= 36, `only ${ops.length} operations are described`);
	for (const op of ops) {
		const want = allowed(op.name);
		assert.ok(want, `${op.name} stands in no policy: who may call it?`);
		/* The write key may stand in the body, so the table cannot ask for it. */
		if (want === 'open' || want === 'write key') assert.ok(op.open, `${op.name} needs no sign-in`);
		else assert.deepEqual([...(op.roles ?? everybody)].sort(), [...want].sort(), op.name);
	}
});

/* Its own session, as some calls end or change it. */
async function callerOf(world, role) {
	if (role === 'nobody') return world.server.client;
	if (role === 'source' || role === 'browser') return kit.addKey(world.admin, role, `${role}s`);
	return kit.addUser(world.admin, role);
}

function request(op, caller) {
	const body = op.body && op.method !== 'GET' ? sample(doc, op.body) : undefined;
	return caller.call(op.method, address(doc, op), body);
}

/* A stream never ends: only its head counts. */
async function statusOf(op, caller) {
	if (op.path !== '/v1/events') return request(op, caller);
	try {
		(await caller.stream('customer:cus_0000000000001')).close();
		return { status: 200, json: {} };
	} catch (e) {
		return { status: Number(/stream: (\d+)/.exec(e.message)?.[1]), json: {}, type: '' };
	}
}

test('every route × every role: let in or turned away as the table says', async (t) => {
	for (const world of worlds)
		for (const role of ['nobody', ...staff, 'source', 'browser'])
			await t.test(`${world.engine}, ${role}`, async () => {
				let caller = await callerOf(world, role);
				for (const op of ops) {
					const want = allowed(op.name), answer = await statusOf(op, caller);
					const told = `${op.name} as ${role}: ${answer.status} ${answer.text ?? ''}`;
					if (answer.status >= 400 && answer.type) assert.equal(problemMisfit(doc, answer), undefined, told);
					assert.ok(answer.status < 500, told);
					if (want === 'open') assert.notEqual(answer.status, 403, told);
					else if (want === 'write key')
						assert.equal(answer.status === 401, !['source', 'browser'].includes(role), told);
					else if (role === 'nobody') assert.equal(answer.status, 401, told);
					else if (want.includes(role)) {
						/* Serving customers who are in no store of one's own may still be refused for the store. */
						assert.notEqual(answer.status, 401, told);
						assert.notEqual(answer.json?.code, 'role.missing', told);
						assert.notEqual(answer.json?.code, 'csrf.missing', told);
					} else if (op.path === '/v1/events') assert.equal(answer.status, 403, told);
					else {
						assert.equal(answer.status, 403, told);
						assert.match(answer.json.code, /^(role\.missing)$/, told);
					}
					if (op.path === '/v1/sign-out' && answer.status < 300) {
						assert.equal((await caller.call('GET', '/v1/me')).status, 401, 'a session outlived its sign-out');
						caller = await callerOf(world, role);
					}
				}
				caller.close();
			});
});

test('a write by session without its token is refused, also with another session\'s token', async () => {
	for (const { admin } of worlds) {
		const other = await kit.addUser(admin, 'admin');
		for (const op of ops.filter((o) => o.method !== 'GET' && allowed(o.name).includes('admin')))
			for (const csrf of [undefined, 'x', other.csrf]) {
				const caller = admin.as({ cookie: admin.cookie, csrf });
				const answer = await request(op, caller);
				assert.equal(answer.status, 403, `${op.name} with the token ${csrf}: ${answer.text}`);
				assert.equal(answer.json.code, 'csrf.missing', op.name);
				caller.close();
			}
		assert.equal((await admin.call('GET', '/v1/me')).status, 200);
	}
});

test('sessions and keys end: sign-out, disabling, a change of role, revoking', async () => {
	for (const { server, admin } of worlds) {
		const user = await kit.addUser(admin, 'agent');
		const again = await kit.signIn(server.client, user.user.login);
		await user.post('/v1/sign-out');
		assert.equal((await user.call('GET', '/v1/me')).status, 401);
		assert.equal((await again.call('GET', '/v1/me')).status, 200, 'the other session goes on');

		await admin.ok('PATCH', `/v1/users/${user.user.id}`, { role: 'analyst' });
		assert.equal((await again.call('GET', '/v1/find?q=x')).status, 403, 'a role that was taken away still serves');
		assert.equal((await again.call('GET', '/v1/top')).status, 200);

		const stream = await again.stream('customer:cus_0000000000001').catch((e) => e);
		assert.match(String(stream), /403/, 'an analyst hears customers');
		await admin.ok('PATCH', `/v1/users/${user.user.id}`, { disabled: true });
		assert.equal((await again.call('GET', '/v1/me')).status, 401, 'a disabled user is still in');
		const answer = await server.client.call('POST', '/v1/sign-in', { login: user.user.login, password: kit.password });
		assert.equal(answer.status, 401, 'a disabled user signs in');

		const key = await kit.addKey(admin);
		assert.equal((await key.call('GET', '/metrics')).status, 200);
		await admin.ok('DELETE', `/v1/keys/${key.id}`);
		assert.equal((await key.call('GET', '/metrics')).status, 401, 'a revoked key still works');
	}
});

test('an open stream ends when its user is disabled', async () => {
	for (const { admin } of worlds) {
		const user = await kit.addUser(admin, 'agent');
		const stream = await user.stream('customer:cus_0000000000001');
		await kit.sleep(100);
		assert.equal(stream.ended, false);
		await admin.ok('PATCH', `/v1/users/${user.user.id}`, { disabled: true });
		for (const until = Date.now() + 5000; !stream.ended; await kit.sleep(10))
			assert.ok(Date.now() < until, 'the stream of a disabled user stays open');
	}
});

test('the last administrator stays', async () => {
	for (const { engine } of worlds.slice(0, 1)) {
		const server = await kit.startServer(kit.newDatabase(engine));
		const admin = await kit.firstAdmin(server);
		for (const change of [{ disabled: true }, { role: 'agent' }]) {
			const answer = await admin.call('PATCH', `/v1/users/${admin.user.id}`, change);
			assert.equal(answer.status, 409, answer.text);
		}
		const used = await server.client.call('POST', `/v1/links/${server.link}`, { login: 'b', name: 'B', password: kit.password });
		assert.ok([404, 409].includes(used.status), 'the first-run link works twice');
		await server.stop();
	}
});

test('look-ups are limited: nobody harvests by find or card', async () => {
	for (const { admin } of worlds) {
		for (const path of ['/v1/find?q=zz', '/v1/customers/cus_0000000000001/card', '/v1/customers/cus_0000000000001']) {
			const user = await kit.addUser(admin, 'agent'), seen = {};
			for (let i = 0; i < 75; i++) {
				const answer = await user.call('GET', path);
				seen[answer.status] = (seen[answer.status] ?? 0) + 1;
				if (answer.status === 429) assert.ok(answer.headers['retry-after'] && answer.json.code === 'rate.exceeded');
			}
			assert.ok(seen[429] >= 5, `${path}: ${JSON.stringify(seen)}`);
			assert.ok(seen[200] >= 50 || seen[404] >= 50, `${path}: ${JSON.stringify(seen)}`);
			user.close();
		}
	}
});

test('passwords cannot be guessed for long', async () => {
	const { server, admin } = worlds[0];
	const user = await kit.addUser(admin, 'agent');
	let last;
	for (let i = 0; i < 12; i++)
		last = await server.client.call('POST', '/v1/sign-in', { login: user.user.login, password: `wrong ${i}` });
	assert.equal(last.status, 429);
	const right = await server.client.call('POST', '/v1/sign-in', { login: user.user.login, password: kit.password });
	assert.equal(right.status, 429, 'the right password lets a guesser in');
});

/* ---- Stores ------------------------------------------------------------------------------------------------------ */

test('whoever belongs to one store neither writes nor ranks as another', async () => {
	for (const { engine, server, admin } of worlds) {
		const key = await kit.addKey(admin, 'source', 'till');
		await kit.send(key, [
			kit.message.identify('store-1', { firstName: 'Ann', lastName: 'Storey', email: `ann@${engine}.example` }),
			kit.message.order('store-1', `${engine}-1`, [{ sku: 'A', price: 10, quantity: 1 }], { store: 'S1' }),
			kit.message.order('store-1', `${engine}-2`, [{ sku: 'A', price: 10, quantity: 1 }], { store: 'S2' }),
		]);
		await kit.settled(admin);
		const stores = Object.fromEntries((await admin.get('/v1/stores')).items.map((s) => [s.code, s.id]));
		assert.ok(stores.S1 && stores.S2, JSON.stringify(stores));
		const customer = await kit.customerOf(server.local, 'till:store-1');
		const notes = `/v1/customers/${customer}/notes`;
		for (const role of ['associate', 'manager']) {
			const user = await kit.addUser(admin, role, { stores: [stores.S1] });
			assert.deepEqual(user.user.stores, [stores.S1]);
			const own = await user.call('POST', notes, { text: 'Ours', store: stores.S1 });
			assert.equal(own.status, 201, own.text);
			assert.equal(own.json.store.id, stores.S1);
			const unsaid = await user.call('POST', notes, { text: 'Ours, of course' });
			assert.equal(unsaid.json.store.id, stores.S1, 'a note without a store is of one\'s own');
			const foreign = await user.call('POST', notes, { text: 'Theirs', store: stores.S2 });
			assert.equal(foreign.status, 403, foreign.text);
			assert.equal(foreign.json.field, 'store');
			if (role === 'manager') {
				assert.equal((await user.call('GET', `/v1/top?store=${stores.S1}`)).status, 200);
				assert.equal((await user.call('GET', `/v1/top?store=${stores.S2}`)).status, 403);
				/* Not named is not "all": a manager ranks the own store. */
				await kit.settled(admin);
				const all = await user.get('/v1/top?currency=EUR'), row = all.rows.find((r) => r.customer === customer);
				assert.equal(row?.net.amount, '10.00', 'a manager sees another store\'s sales');
			}
			user.close();
		}
		const texts = (await server.local.get(`/v1/customers/${customer}`)).notes.map((n) => n.text);
		assert.ok(!texts.includes('Theirs'), 'a refused note is there');
		const homeless = await kit.addUser(admin, 'associate');
		const nowhere = await homeless.call('POST', notes, { text: 'From nowhere', store: stores.S1 });
		assert.equal(nowhere.status, 403, 'an associate without a store writes for one');
		const agent = await kit.addUser(admin, 'agent');
		const anywhere = await agent.call('POST', notes, { text: 'From the centre', store: stores.S2 });
		assert.equal(anywhere.status, 201, 'agents work for the whole chain');
		await server.client.call('GET', '/healthz');
	}
});

test('a note is taken back by whoever wrote it or leads there, not by a colleague', async () => {
	for (const { server, admin } of worlds) {
		const customer = await kit.customerOf(server.local, 'till:store-1');
		const storeOf = async (code) => (await admin.get('/v1/stores')).items.find((s) => s.code === code).id;
		const store = await storeOf('S1'), other = await storeOf('S2');
		const [one, two] = [await kit.addUser(admin, 'associate', { stores: [store] }),
			await kit.addUser(admin, 'associate', { stores: [store] })];
		const note = await one.post(`/v1/customers/${customer}/notes`, { text: 'Mine' });
		const path = `/v1/customers/${customer}/notes/${note.id}`;
		const theirs = await two.call('DELETE', path);
		assert.ok([403, 404].includes(theirs.status), `a colleague took it back: ${theirs.status}`);
		const foreign = await kit.addUser(admin, 'manager', { stores: [other] });
		assert.equal((await foreign.call('DELETE', path)).status, 403, 'another store\'s manager took it back');
		assert.equal((await one.call('DELETE', path)).status, 204);
		const again = await one.post(`/v1/customers/${customer}/notes`, { text: 'Mine again' });
		const leads = await kit.addUser(admin, 'manager', { stores: [store] });
		assert.equal((await leads.call('DELETE', `/v1/customers/${customer}/notes/${again.id}`)).status, 204);
	}
});

test('every view of a customer is in the audit trail', async () => {
	for (const { server, admin } of worlds) {
		const customer = await kit.customerOf(server.local, 'till:store-1');
		const user = await kit.addUser(admin, 'agent');
		await user.get(`/v1/customers/${customer}/card`);
		const privacy = await kit.addUser(admin, 'privacy');
		const { items } = await privacy.get(`/v1/audit?customer=${customer}&user=${user.user.id}`);
		assert.equal(items.filter((i) => i.purpose === 'serve' && i.user === user.user.id).length, 1, JSON.stringify(items));
	}
});
