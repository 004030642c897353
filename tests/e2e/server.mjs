/* The server that the browser tests talk to: the program (BYNAME_BIN, or build/…/byname) with a SQLite file of its own, filled
 * through its own doors; where it is not built, the mock, which says so. BYNAME_URL with BYNAME_LOGIN, BYNAME_PASSWORD and
 * BYNAME_KEY names a running one instead. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startMock } from '../../web/mock/server.mjs';

const TOP = fileURLToPath(new URL('../../', import.meta.url));
const START_MS = 60_000;
const PASSWORD = 'correct horse battery';
export const PERSON = { name: 'Zhané Okonkwo-Lindqvist', typed: 'zhane ok', userId: 'till-10041', card: '/c/cus_1' };

export function binary() {
	const places = [process.env.BYNAME_BIN, ...['release', 'debug', 'asan'].map((p) => join(TOP, 'build', p, 'byname'))];
	return places.find((p) => p && existsSync(p)) ?? null;
}

/** Starts `byname serve`; resolves with its address and the first link, once it listens. */
function serve(bin, dir) {
	const child = spawn(bin, ['serve', '--db', join(dir, 'e2e.db'), '--port', '0'], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
	let said = '';
	child.stderr.on('data', (d) => (said += d));
	return new Promise((done, fail) => {
		const timer = setTimeout(() => fail(new Error(`the server did not start in ${START_MS} ms: ${said}`)), START_MS);
		let link = null;
		child.on('exit', (code) => fail(new Error(`the server ended (${code}): ${said}`)));
		createInterface({ input: child.stdout }).on('line', (line) => {
			said += line + '\n';
			link ??= /(\/link\/[\w-]+)/.exec(line)?.[1] ?? null;
			const url = /serving .* on (https?:\/\/\S+)/.exec(line)?.[1];
			if (!url) return;
			clearTimeout(timer);
			done({ child, url, link, said: () => said });
		});
	});
}

/** A client with the administrator's session. */
export class Client {
	constructor(url) {
		this.url = url;
		this.headers = { 'Content-Type': 'application/json' };
	}
	async call(method, path, body, headers = {}) {
		const res = await fetch(this.url + path, {
			method,
			headers: { ...this.headers, 'Idempotency-Key': crypto.randomUUID(), ...headers },
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		const text = await res.text();
		if (!res.ok) throw new Error(`${method} ${path}: ${res.status} ${text}`);
		const cookie = res.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
		if (cookie) this.headers.Cookie = cookie;
		const value = text ? JSON.parse(text) : undefined;
		if (value?.csrf) this.headers['X-Byname-CSRF'] = value.csrf;
		return value;
	}
}

const key64 = (key) => ({ Authorization: 'Basic ' + Buffer.from(key + ':').toString('base64') });

/** A purchase as a till tells it. */
export function purchase(orderId, product, daysAgo = 0) {
	return {
		type: 'track', event: 'Order Completed', userId: PERSON.userId, messageId: `e2e-${orderId}`, channel: 'store',
		timestamp: new Date(Date.now() - daysAgo * 86_400_000).toISOString(),
		properties: {
			order_id: orderId, total: product.price, currency: 'EUR', store: 'ZRH', location: 'ZRH', affiliation: 'ZRH',
			products: [{ product_id: product.sku, quantity: 1, brand: 'Acorn', ...product }],
		},
	};
}
export async function post(server, item) {
	const res = await fetch(`${server.url}/v1/${item.batch ? 'batch' : item.type}`, { method: 'POST', headers: { 'Content-Type': 'application/json', ...key64(server.key) }, body: JSON.stringify(item) });
	if (!res.ok) throw new Error(`POST ${res.url}: ${res.status} ${await res.text()}`);
}

async function fill(url, key) {
	const trainers = { sku: 'LOW-42-NVY', name: 'Trainer Lowland', category: 'shoes', size: '42', color: 'navy', price: 149 };
	const batch = [
		{
			type: 'identify', userId: PERSON.userId, messageId: 'e2e-who', timestamp: new Date().toISOString(),
			traits: { firstName: 'Zhané', lastName: 'Okonkwo-Lindqvist', email: 'zhane@example.org', phone: '+41 44 555 66 55', birthday: '1984-12-01', address: { city: 'Zürich', country: 'CH' } },
		},
		...[400, 300, 200, 100].map((d, i) => purchase(`T-${i}`, trainers, d)),
	];
	const res = await fetch(`${url}/v1/batch`, { method: 'POST', headers: { 'Content-Type': 'application/json', ...key64(key) }, body: JSON.stringify({ batch, sentAt: new Date().toISOString() }) });
	const answer = await res.json();
	if (!res.ok || answer.taken !== batch.length) throw new Error(`POST /v1/batch: ${res.status} ${JSON.stringify(answer)}`);
}

/** {kind, url, login, password, key, client, stop}; kind "mock" where there is no program. */
export async function startServer() {
	if (process.env.BYNAME_URL) {
		const { BYNAME_URL: url, BYNAME_LOGIN: login, BYNAME_PASSWORD: password, BYNAME_KEY: key } = process.env;
		await fill(url, key);
		return { kind: 'given', url, login, password, key, stop: async () => {} };
	}
	const bin = binary();
	if (!bin) {
		console.log('# no build/…/byname and no BYNAME_URL: the mock stands in');
		const mock = await startMock();
		return { ...mock, kind: 'mock', key: 'mock', stop: async () => mock.stop() };
	}
	const dir = mkdtempSync(join(tmpdir(), 'byname-e2e-'));
	let running;
	const stop = async () => {
		if (running && running.child.exitCode === null) {
			const gone = new Promise((done) => running.child.once('exit', done));
			const late = setTimeout(() => running.child.kill('SIGKILL'), 15_000);
			running.child.kill('SIGTERM');
			await gone;
			clearTimeout(late);
		}
		rmSync(dir, { recursive: true, force: true });
	};
	try {
		running = await serve(bin, dir);
		running.child.removeAllListeners('exit');
		const client = new Client(running.url);
		await client.call('POST', '/v1' + running.link.replace('/link/', '/links/'), { login: 'robin', name: 'Robin Keller', password: PASSWORD });
		const { key } = await client.call('POST', '/v1/keys', { name: 'Till', source: 'till', role: 'source' });
		await fill(running.url, key);
		return { kind: 'program', db: join(dir, 'e2e.db'), url: running.url, login: 'robin', password: PASSWORD, key, client, stop, said: running.said };
	} catch (e) {
		await stop();
		throw new Error(`${e.message}\n${running?.said() ?? ''}`);
	}
}
