/* Short messages at the edge of the screen, most with Undo: we ask nobody "are you sure?". */
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { problemText } from '../api/client';
import { beforeSignOut, forgetOnSignOut } from '../api/session';
import { Icon } from './Icon';
import css from './toasts.module.css';

interface Toast {
	id: number;
	text: string;
	tone: 'plain' | 'bad';
	undo?: () => Promise<unknown> | void;
	/** Carried out when the time to undo has passed. */
	settle?: () => Promise<unknown>;
}

const UNDO_MS = 10_000;
const PLAIN_MS = 5_000;
let toasts: readonly Toast[] = [];
let lastId = 0;
const watchers = new Set<() => void>();
function put(next: readonly Toast[]): void {
	toasts = next;
	for (const w of watchers) w();
}
async function drop(id: number): Promise<void> {
	const gone = toasts.find((t) => t.id === id);
	put(toasts.filter((t) => t.id !== id));
	await gone?.settle?.();
}
function settleAll(): Promise<unknown> {
	return Promise.all(toasts.map((t) => drop(t.id)));
}
addEventListener('pagehide', () => void settleAll());
beforeSignOut.add(settleAll);
forgetOnSignOut.add(() => put([]));

function add(t: Omit<Toast, 'id'>): void {
	lastId += 1;
	const crowded = toasts.slice(0, -2);
	put([...toasts.slice(-2), { ...t, id: lastId }]);
	for (const old of crowded) void old.settle?.();
}
export const toast = {
	say: (text: string) => add({ text, tone: 'plain' }),
	fail: (e: unknown) => add({ text: problemText(e), tone: 'bad' }),
	/** Done already; undo takes it back. */
	undo: (text: string, undo: () => Promise<unknown> | void) => add({ text, tone: 'plain', undo }),
	/** Not done yet: settle does it when nobody undid it in time. */
	later: (text: string, settle: () => Promise<unknown>, undo: () => void) => add({ text, tone: 'plain', settle, undo }),
};

function One({ t }: { t: Toast }) {
	const [paused, setPaused] = useState(false);
	const left = useRef(t.undo ? UNDO_MS : PLAIN_MS);
	useEffect(() => {
		if (paused) return;
		const from = Date.now();
		const timer = setTimeout(() => void drop(t.id), left.current);
		return () => {
			clearTimeout(timer);
			left.current = Math.max(2000, left.current - (Date.now() - from));
		};
	}, [paused, t.id]);
	async function undo() {
		put(toasts.filter((o) => o.id !== t.id));
		try {
			await t.undo?.();
		} catch (e) {
			toast.fail(e);
		}
	}
	return (
		<div
			className={css.toast}
			data-tone={t.tone}
			onMouseEnter={() => setPaused(true)}
			onMouseLeave={() => setPaused(false)}
			onFocus={() => setPaused(true)}
			onBlur={() => setPaused(false)}
		>
			<Icon name={t.tone === 'bad' ? 'open' : 'check'} />
			<span className={css.text}>{t.text}</span>
			{t.undo && (
				<button type="button" className={css.undo} onClick={() => void undo()}>
					Undo
				</button>
			)}
			<button type="button" className={css.close} aria-label="Dismiss this message" onClick={() => void drop(t.id)}>
				<Icon name="close" size={18} />
			</button>
		</div>
	);
}

function watch(fn: () => void): () => void {
	watchers.add(fn);
	return () => watchers.delete(fn);
}
export function Toasts() {
	const list = useSyncExternalStore(watch, () => toasts);
	return (
		<div className={css.stack} role="status" aria-live="polite" data-noprint>
			{list.map((t) => (
				<One key={t.id} t={t} />
			))}
		</div>
	);
}
