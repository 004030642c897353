/* Whom this person looked at since signing in: in memory only, gone with the session. */
import { useSyncExternalStore } from 'react';
import { forgetOnSignOut } from '../../api/session';

export interface Recent { id: string; name: string; hint: string }
const KEEP = 6;
let list: readonly Recent[] = [];
const watchers = new Set<() => void>();
function put(next: readonly Recent[]): void {
	list = next;
	for (const w of watchers) w();
}
forgetOnSignOut.add(() => put([]));

export function rememberRecent(r: Recent): void {
	const old = list.find((o) => o.id === r.id);
	if (old && old === list[0] && old.name === r.name && old.hint === r.hint) return;
	put([r, ...list.filter((o) => o.id !== r.id)].slice(0, KEEP));
}
function watch(fn: () => void): () => void {
	watchers.add(fn);
	return () => watchers.delete(fn);
}
export function useRecent(): readonly Recent[] {
	return useSyncExternalStore(watch, () => list);
}
