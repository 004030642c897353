/* The queue of a store, page after page: what was ready a week ago comes first, what is new must not hide behind it. */
import { useEffect, useMemo, useState } from 'react';
import { api, isAbort, url } from '../../api/client';
import type { Queue, Queued } from '../../api/trade';
import { useData, type Data } from '../../api/useData';
import { toast } from '../../ui/toasts';

const LIMIT = 100;
const PAGES = 10;
const keyOf = (q: Queued) => [q.order, q.n, q.line, q.stage].join(' ');

export function useQueue(location: string): Data<Queue> {
	const first = useData<Queue>(url('queue', { location, limit: LIMIT }), location ? `queue:${location}` : null);
	const [rest, setRest] = useState<{ location: string; items: Queued[]; next: string | null } | null>(null);
	const page = first.data;
	useEffect(() => {
		const control = new AbortController();
		async function more() {
			const items: Queued[] = [];
			let next = page?.next ?? null;
			for (let n = 1; next && n < PAGES; n++) {
				const q: Queue = await api.get<Queue>(url('queue', { location, limit: LIMIT, after: next }), control.signal);
				items.push(...q.items);
				next = q.next;
			}
			if (!control.signal.aborted) setRest({ location, items, next });
		}
		if (page) more().catch((e) => isAbort(e) || control.signal.aborted || toast.fail(e));
		return () => control.abort();
	}, [page, location]);
	const data = useMemo(() => {
		if (!page) return undefined;
		const mine = rest?.location === location ? rest : null;
		const seen = new Set(page.items.map(keyOf));
		const older = page.next ? (mine?.items ?? []).filter((q) => !seen.has(keyOf(q))) : [];
		return { ...page, items: [...page.items, ...older], next: page.next ? (mine?.next ?? null) : null };
	}, [page, rest, location]);
	return { ...first, data };
}
