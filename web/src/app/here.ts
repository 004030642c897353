/* The store for which somebody works now: their own; who has none (a call centre, the head office) chooses, until sign-out. */
import { useSyncExternalStore } from 'react';
import { forgetOnSignOut, useMe } from '../api/session';
import type { Store } from '../api/types';
import { useStores } from './stores';

let chosen = '';
const watchers = new Set<() => void>();
export function chooseHere(id: string): void {
	chosen = id;
	for (const w of watchers) w();
}
forgetOnSignOut.add(() => chooseHere(''));
function watch(fn: () => void): () => void {
	watchers.add(fn);
	return () => watchers.delete(fn);
}

export interface Here {
	/** '' while nobody has chosen. */
	id: string;
	name: string;
	currency: string;
	/** Where this person may stand: their stores, or all. */
	choices: Store[];
}
export function useHere(): Here {
	const me = useMe();
	const stores = useStores();
	const own = useSyncExternalStore(watch, () => chosen);
	const mine = me.user.stores;
	const choices = mine.length > 0 ? stores.filter((s) => mine.includes(s.id)) : stores;
	const wanted = own || me.home_store || mine[0] || '';
	const store = stores.find((s) => s.id === wanted);
	return { id: wanted, name: store?.name ?? '', currency: store?.currency ?? '', choices };
}
