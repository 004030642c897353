/* byname demo, small: it makes up, loads, serves and says how to sign in; what it says to try works; started again it goes on. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

const bin = process.env.BYNAME_BIN ?? 'build/debug/byname';
const run = promisify(execFile);
let dir;
let demo;
before(async () => {
	dir = await mkdtemp(path.join(tmpdir(), 'byname-demo-'));
});
after(async () => {
	await stop();
	await rm(dir, { recursive: true, force: true });
});

/* Starts it and waits for the end of its greeting. */
async function start() {
	const child = spawn(bin, ['demo', '--dir', dir, '--people', '150', '--years', '2'], { stdio: ['ignore', 'pipe', 'pipe'] });
	const said = { child, out: '', err: '' };
	child.stderr.on('data', (d) => (said.err += d));
	await new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error(`no greeting after 120 s: ${said.out}${said.err}`)), 120_000);
		child.on('exit', (code) => reject(new Error(`ended with ${code}: ${said.out}${said.err}`)));
		child.stdout.on('data', (d) => {
			said.out += d;
			if (!said.out.includes('Ctrl+C stops the server')) return;
			clearTimeout(timer);
			resolve();
		});
	});
	child.removeAllListeners('exit');
	said.url = /http:\/\/127\.0\.0\.1:\d+/.exec(said.out)[0];
	said.password = /password {2}(\S+)/.exec(said.out)[1];
	said.name = /then more of "(.+?)"/.exec(said.out)[1];
	said.customer = /byname card (cus_\w+)/.exec(said.out)[1];
	said.ring = /a till in Paris ring: {2}(\S+)/.exec(said.out)[1];
	return said;
}

async function stop() {
	if (!demo) return 0;
	const ended = new Promise((resolve) => demo.child.on('exit', resolve));
	demo.child.kill('SIGTERM');
	demo = undefined;
	return ended;
}

async function signIn(login) {
	const answer = await fetch(`${demo.url}/v1/sign-in`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ login, password: demo.password }),
	});
	assert.equal(answer.status, 200, await answer.clone().text());
	const cookie = answer.headers.getSetCookie()[0].split(';')[0];
	return async (where) => {
		const got = await fetch(demo.url + where, { headers: { cookie } });
		assert.equal(got.status, 200, `${where}: ${await got.clone().text()}`);
		return got.json();
	};
}

test('what the demo says to try works', async () => {
	demo = await start();
	for (const step of ['1. Making up', '2. Loading', '3. Finding out', '4. Opening', '5. Counting', '6. Serving']) assert.ok(demo.err.includes(step), demo.err);
	assert.match(demo.err, /\d+ people in \d+ households/);
	const [, precision, recall] = /pairs +precision ([\d.]+) +recall ([\d.]+)/.exec(demo.err);
	assert.ok(precision > 0.97 && recall > 0.3, `precision ${precision}, recall ${recall}`);

	const get = await signIn('anna');
	const found = await get(`/v1/find?q=${encodeURIComponent(demo.name)}`);
	assert.ok(found.results.some((r) => r.customer === demo.customer), JSON.stringify(found));
	const before = await get(`/v1/customers/${demo.customer}/card`);

	await run(demo.ring);
	let card;
	for (let i = 0; i < 50; i++) {
		card = await get(`/v1/customers/${demo.customer}/card`);
		if (card.last_purchase.order !== before.last_purchase?.order) break;
		await new Promise((r) => setTimeout(r, 100));
	}
	assert.notEqual(card.last_purchase.order, before.last_purchase?.order);
	assert.match(JSON.stringify(card.last_purchase.lines), /Silk scarf/);

	const { stdout } = await run(bin, ['card', demo.customer, '--db', path.join(dir, 'byname.db')]);
	assert.ok(stdout.includes(demo.name), stdout);
	await signIn('marta');
	await signIn('admin');
	assert.equal(await stop(), 0);
});

test('started again it serves what is there, with another password', async () => {
	const made = await stat(path.join(dir, 'chain', 'till.jsonl'));
	demo = await start();
	assert.equal((await stat(path.join(dir, 'chain', 'till.jsonl'))).mtimeMs, made.mtimeMs);
	const get = await signIn('anna');
	assert.match(JSON.stringify((await get(`/v1/customers/${demo.customer}/card`)).name), new RegExp(demo.name));
	const status = await (await signIn('admin'))('/v1/status');
	assert.equal(typeof status.deadletters, 'number');
	assert.equal(await stop(), 0);
});
