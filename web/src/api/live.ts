/* One event stream for the whole app. Its topics are those of what is open; events carry ids only, whoever shows them
 * fetches again. */
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { api, url } from './client';

export interface LiveEvent { event: string; customer?: string; topic?: string; ref?: string; job?: string; order?: string; sku?: string; store?: string }
type Listener = (e: LiveEvent | 'again') => void;

const listeners = new Map<Listener, string>();
let source: EventSource | null = null;
let openTopics = '';
let timer: ReturnType<typeof setTimeout> | undefined;
let failures = 0;
let online = true;
let enabled = false;
const watchers = new Set<() => void>();

const BACKOFF_MS = [500, 1000, 2000, 5000, 10000, 20000];
const REGROUP_MS = 30;

function setOnline(value: boolean): void {
	if (online === value) return;
	online = value;
	for (const w of watchers) w();
}

function wanted(): string {
	return [...new Set([...listeners.values()].flatMap((t) => t.split(',')))].sort().join(',');
}

function tell(e: LiveEvent | 'again', kind = ''): void {
	for (const [fn, topic] of listeners) if (topic.startsWith(kind)) fn(e);
}

function close(): void {
	source?.close();
	source = null;
}

function connect(): void {
	close();
	const topics = wanted();
	openTopics = topics;
	if (!enabled || !topics) return;
	const es = new EventSource('/v1/events?topics=' + encodeURIComponent(topics));
	source = es;
	es.addEventListener('hello', () => {
		failures = 0;
		setOnline(true);
		/* Whatever happened before the stream was open: look once more. */
		tell('again');
	});
	const hear = (event: string) => (m: MessageEvent<string>) => {
		/* The server names a customer by its present id, a page may hold a former one: so only the kind is compared. */
		tell({ event, ...JSON.parse(m.data) }, event);
	};
	es.addEventListener('customer', hear('customer'));
	es.addEventListener('import', hear('import'));
	for (const kind of ['review', 'settle']) es.addEventListener(kind, hear(kind));
	for (const kind of ['order', 'stock', 'shelf', 'queue']) es.addEventListener(kind, hear(kind));
	es.onerror = () => {
		if (source !== es) return;
		close();
		failures += 1;
		if (failures > 1) setOnline(false);
		/* A stream does not say why it was refused; a session that ended is told by any other call. */
		if (failures === 2) api.get(url('me')).catch(() => {});
		const wait = BACKOFF_MS[Math.min(failures - 1, BACKOFF_MS.length - 1)] ?? 20000;
		schedule(wait * (0.75 + Math.random() / 2));
	};
}

function schedule(ms: number): void {
	clearTimeout(timer);
	timer = setTimeout(connect, ms);
}

function regroup(): void {
	if (wanted() !== openTopics || (!source && enabled)) schedule(REGROUP_MS);
	else if (source) clearTimeout(timer); /* a topic left and came back */
}

export function liveStart(): void {
	enabled = true;
	regroup();
}
export function liveStop(): void {
	enabled = false;
	clearTimeout(timer);
	close();
	openTopics = '';
	setOnline(true);
}
addEventListener('online', () => schedule(0));

/** Calls fn at each event of the topic (several of one kind: with commas), and with 'again' after a gap. topic null: hears nothing. */
export function useLive(topic: string | null, fn: Listener): void {
	const latest = useRef(fn);
	useEffect(() => {
		latest.current = fn;
	});
	useEffect(() => {
		if (!topic) return;
		const l: Listener = (e) => latest.current(e);
		listeners.set(l, topic);
		regroup();
		return () => {
			listeners.delete(l);
			regroup();
		};
	}, [topic]);
}

function watch(fn: () => void): () => void {
	watchers.add(fn);
	return () => watchers.delete(fn);
}
export function useOnline(): boolean {
	return useSyncExternalStore(watch, () => online);
}
