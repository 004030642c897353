/* A list that comes in pages: the first by useData (so it is live), older ones by the cursor. */
import { useCallback, useEffect, useMemo, useState } from 'react';
import { api, problemText, url, type Query } from './client';
import type { Page } from './types';
import { useData } from './useData';

export function usePages<T extends { id?: string }>(path: string, query: Query, topic: string | null = null) {
	const target = url(path, query);
	const first = useData<Page<T>>(target, topic);
	const [older, setOlder] = useState<{ target: string; items: T[]; next: string | null } | null>(null);
	const [busy, setBusy] = useState(false);
	const [failed, setFailed] = useState('');
	const mine = older?.target === target ? older : null;
	const next = mine ? mine.next : (first.data?.next ?? null);

	useEffect(() => setFailed(''), [target]);
	const more = useCallback(async () => {
		if (!next) return;
		setBusy(true);
		setFailed('');
		try {
			const page = await api.get<Page<T>>(url(path, { ...query, before: next }));
			setOlder({ target, items: [...(mine?.items ?? []), ...page.items], next: page.next });
		} catch (e) {
			setFailed(problemText(e));
		} finally {
			setBusy(false);
		}
	}, [next, path, query, target, mine]);

	/* A newer first page may push rows that the older pages already hold. */
	const items = useMemo(() => {
		const seen = new Set<unknown>();
		return [...(first.data?.items ?? []), ...(mine?.items ?? [])].filter((i) => {
			const key = i.id ?? i;
			if (seen.has(key)) return false;
			seen.add(key);
			return true;
		});
	}, [first.data, mine]);
	return { items, ready: first.data !== undefined, problem: first.problem, reload: first.reload, more: next ? more : null, busy, failed };
}
