/* The one way to the server: session token, idempotency keys, problems, aborting. */

export class Problem extends Error {
	readonly status: number;
	readonly code: string;
	readonly field: string;
	/** The server cannot be reached: nothing is wrong with what was asked. */
	readonly offline: boolean;

	constructor(status: number, code: string, message: string, field = '', offline = false) {
		super(message);
		this.name = 'Problem';
		this.status = status;
		this.code = code;
		this.field = field;
		this.offline = offline;
	}
}

let csrf = '';
/* Where the last write stands: reads soon after it carry it, and wait until the views have it. */
let position = '';
let positionAt = 0;
const POSITION = 'X-Byname-Position';
const POSITION_MS = 5000;
let onSignedOut: () => void = () => {};

export function setCsrf(token: string): void {
	csrf = token;
}
/** Called when the server no longer knows the session. */
export function whenSignedOut(fn: () => void): void {
	onSignedOut = fn;
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export function url(path: string, query?: Query): string {
	const q = new URLSearchParams();
	for (const [k, v] of Object.entries(query ?? {})) {
		if (v !== undefined && v !== null && v !== '') q.set(k, String(v));
	}
	const text = q.toString();
	return '/v1/' + path + (text ? '?' + text : '');
}

async function problemOf(res: Response): Promise<Problem> {
	let body: { code?: string; title?: string; detail?: string; field?: string } = {};
	try {
		body = await res.json();
	} catch {
		/* A proxy's page, perhaps: the status must do. */
	}
	const message = body.detail || body.title || `The server answered ${res.status}.`;
	return new Problem(res.status, body.code ?? '', message, body.field ?? '');
}

interface Options { body?: unknown; signal?: AbortSignal; keepalive?: boolean; quiet401?: boolean }

async function call<T>(method: string, target: string, o: Options = {}): Promise<T> {
	const headers: Record<string, string> = { Accept: 'application/json' };
	if (method !== 'GET') {
		headers['Idempotency-Key'] = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
		if (csrf) headers['X-Byname-CSRF'] = csrf;
	}
	if (method === 'GET' && position && Date.now() - positionAt < POSITION_MS) headers[POSITION] = position;
	if (o.body !== undefined) headers['Content-Type'] = 'application/json';
	const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' };
	if (o.body !== undefined) init.body = JSON.stringify(o.body);
	if (o.signal) init.signal = o.signal;
	if (o.keepalive) init.keepalive = true;
	let res: Response;
	try {
		res = await fetch(target, init);
	} catch (e) {
		if (o.signal?.aborted) throw e;
		throw new Problem(0, 'offline', 'The server cannot be reached. Check the network, then try again.', '', true);
	}
	if (!res.ok) {
		const p = await problemOf(res);
		if (res.status === 401 && !o.quiet401) onSignedOut();
		throw p;
	}
	const written = res.headers.get(POSITION);
	if (written && method !== 'GET') {
		position = written;
		positionAt = Date.now();
	}
	if (res.status === 204) return undefined as T;
	const text = await res.text();
	return (text ? JSON.parse(text) : undefined) as T;
}

export const api = {
	get: <T>(target: string, signal?: AbortSignal) => call<T>('GET', target, signal ? { signal } : {}),
	/** Asks without treating 401 as "signed out": who am I, and the sign-in itself. */
	ask: <T>(method: 'GET' | 'POST', path: string, body?: unknown) => call<T>(method, url(path), { body, quiet401: true }),
	/** keepalive: also when the page is being left. */
	post: <T = void>(path: string, body: unknown = {}, keepalive = false) => call<T>('POST', url(path), { body, keepalive }),
	/** Asks with a body, keeps nothing. */
	price: <T>(path: string, body: unknown, signal: AbortSignal) => call<T>('POST', url(path), { body, signal }),
	patch: <T = void>(path: string, body: unknown) => call<T>('PATCH', url(path), { body }),
	/** keepalive: also when the page is being left. */
	delete: (path: string, keepalive = false) => call<void>('DELETE', url(path), { keepalive }),
};

export function problemText(e: unknown): string {
	return e instanceof Problem ? e.message : 'Something went wrong in this page. Reload it, then try again.';
}
export function isAbort(e: unknown): boolean {
	return e instanceof DOMException && e.name === 'AbortError';
}
