/* What a page shows of the server: fetched, kept in memory while signed in, fetched again when an event says so. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { api, isAbort, Problem } from './client';
import { useLive } from './live';

const KEEP = 60;
const BURST_MS = 30;
/* Live fetches: so many at once, then one in so long. */
const AT_ONCE = 5;
const GAP_MS = 1000;
const memory = new Map<string, unknown>();

function remember(target: string, value: unknown): void {
	memory.delete(target);
	memory.set(target, value);
	if (memory.size > KEEP) memory.delete(memory.keys().next().value as string);
}
/** At sign-out: nothing about anyone stays. */
export function forgetData(): void {
	memory.clear();
}

export interface Data<T> {
	data: T | undefined;
	problem: Problem | null;
	/** Fetches again; what is there stays on screen meanwhile. */
	reload: () => Promise<void>;
	/** Shows a change at once; the next fetch replaces it. */
	patch: (change: (old: T) => T) => void;
}

/** target null: nothing to fetch. topic: fetched again when an event of it arrives. */
export function useData<T>(target: string | null, topic: string | null = null): Data<T> {
	const [state, setState] = useState<{ target: string | null; data: T | undefined; problem: Problem | null }>(() => ({
		target,
		data: target ? (memory.get(target) as T | undefined) : undefined,
		problem: null,
	}));
	const running = useRef<AbortController | null>(null);
	const busy = useRef(false);
	const stale = useRef(false);

	const load = useCallback(async () => {
		if (!target) return;
		running.current?.abort();
		const control = new AbortController();
		running.current = control;
		busy.current = true;
		stale.current = false;
		try {
			const data = await api.get<T>(target, control.signal);
			remember(target, data);
			if (!control.signal.aborted) setState({ target, data, problem: null });
		} catch (e) {
			if (isAbort(e) || control.signal.aborted) return;
			const problem = e instanceof Problem ? e : new Problem(0, 'page', String(e));
			setState((s) => ({ target, data: s.target === target ? s.data : (memory.get(target) as T | undefined), problem }));
		} finally {
			if (running.current === control) busy.current = false;
		}
	}, [target]);
	/* An answer under way may be older than the event: let it arrive, then ask once more. */
	const refresh = useCallback(async () => {
		if (busy.current) {
			stale.current = true;
			return;
		}
		await load();
		if (stale.current) await load();
	}, [load]);

	useEffect(() => {
		void load().then(() => (stale.current ? refresh() : undefined));
		return () => {
			stale.current = false;
			running.current?.abort();
		};
	}, [load, refresh]);
	/* Events come in bursts (an order has many lines): the first is answered at once, those that follow together. */
	const burst = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
	const spent = useRef({ n: 0, at: 0 });
	useEffect(
		() => () => {
			clearTimeout(burst.current);
			burst.current = undefined;
		},
		[target],
	);
	useLive(target ? topic : null, () => {
		if (burst.current !== undefined) return;
		const s = spent.current;
		s.n = Math.max(0, s.n - (Date.now() - s.at) / GAP_MS);
		s.at = Date.now();
		const wait = s.n < AT_ONCE ? BURST_MS : GAP_MS;
		s.n += 1;
		burst.current = setTimeout(() => {
			burst.current = undefined;
			void refresh();
		}, wait);
	});

	const patch = useCallback(
		(change: (old: T) => T) => setState((s) => (s.data === undefined ? s : { ...s, data: change(s.data) })),
		[],
	);
	const fresh = state.target === target;
	return {
		data: fresh ? state.data : target ? (memory.get(target) as T | undefined) : undefined,
		problem: fresh ? state.problem : null,
		reload: load,
		patch,
	};
}
