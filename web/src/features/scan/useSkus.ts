/* Articles by what is typed or scanned. */
import { useEffect, useState } from 'react';
import { api, isAbort, Problem, url } from '../../api/client';
import type { Sku } from '../../api/trade';

const LIMIT = 8;
const LEAST = 2;
const WAIT_MS = 80;

export const clean = (text: string) => text.trim().replace(/\s+/g, ' ');
export async function lookUp(text: string, signal?: AbortSignal): Promise<Sku[]> {
	return (await api.get<{ items: Sku[] }>(url('skus', { q: text, limit: LIMIT }), signal)).items;
}
/** A code or barcode means one article, and no other that merely looks like it. */
export function meant(text: string, skus: Sku[]): Sku | undefined {
	const t = text.toLowerCase();
	const exact = skus.filter((s) => s.code.toLowerCase() === t || s.barcode === text || s.id === text);
	return exact.length === 1 ? exact[0] : skus.length === 1 ? skus[0] : undefined;
}
/** "Trainer Lowland, 42, navy" */
export function skuName(s: Sku): string {
	return [s.title || s.code, s.size, s.colour].filter(Boolean).join(', ');
}

export interface Skus { text: string; items: Sku[]; asking: boolean; problem: Problem | null }
const NONE: Skus = { text: '', items: [], asking: false, problem: null };

export function useSkus(typed: string): Skus {
	const text = clean(typed);
	const [found, setFound] = useState<Skus>(NONE);
	useEffect(() => {
		if (text.length < LEAST) {
			setFound(NONE);
			return;
		}
		const control = new AbortController();
		setFound((f) => ({ ...f, asking: true }));
		/* A scanner types a whole code in that time: one question instead of thirteen. */
		const timer = setTimeout(() => {
			lookUp(text, control.signal)
				.then((items) => setFound({ text, items, asking: false, problem: null }))
				.catch((e) => {
					if (isAbort(e) || control.signal.aborted) return;
					setFound({ text, items: [], asking: false, problem: e instanceof Problem ? e : new Problem(0, 'page', String(e)) });
				});
		}, WAIT_MS);
		return () => {
			clearTimeout(timer);
			control.abort();
		};
	}, [text]);
	return found;
}
