/* As you type: every keystroke asks, an answer that is no longer wanted is dropped. */
import { useEffect, useState } from 'react';
import { api, isAbort, Problem, url } from '../../api/client';
import type { FindAnswer, Hit, Order, Page } from '../../api/types';
import { go } from '../../app/router';
import { toast } from '../../ui/toasts';

const LIMIT = 12;
const LEAST = 2;

export interface Found {
	text: string;
	hits: Hit[];
	asking: boolean;
	problem: Problem | null;
	/** The server is still building its index. */
	building: boolean;
}
const NOTHING: Found = { text: '', hits: [], asking: false, problem: null, building: false };

export function useFind(typed: string): Found {
	const text = typed.trim().replace(/\s+/g, ' ');
	const [found, setFound] = useState<Found>(NOTHING);
	useEffect(() => {
		if (text.length < LEAST) {
			setFound(NOTHING);
			return;
		}
		const control = new AbortController();
		setFound((f) => ({ ...f, asking: true }));
		api.get<FindAnswer>(url('find', { q: text, limit: LIMIT }), control.signal)
			.then((a) => setFound({ text, hits: a.results, asking: false, problem: null, building: !a.ready }))
			.catch((e) => {
				if (isAbort(e) || control.signal.aborted) return;
				const problem = e instanceof Problem ? e : new Problem(0, 'page', String(e));
				const building = problem.code === 'search.building';
				setFound({ text, hits: [], asking: false, problem: building ? null : problem, building });
			});
		return () => control.abort();
	}, [text]);
	return found;
}

/** Goes to the order that has this number; none: that there is none. */
export function useOrderByNumber(): { none: string; look: (number: string) => Promise<void> } {
	const [none, setNone] = useState('');
	return {
		none,
		look: async (number) => {
			try {
				const { items } = await api.get<Page<Order>>(url('orders', { number }));
				const first = items.find((o) => o.kind === 'sale') ?? items[0];
				if (first) go(`/o/${first.id}`);
				else setNone(number);
			} catch (e) {
				toast.fail(e);
			}
		},
	};
}
