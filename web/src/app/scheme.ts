/* Light, dark, or as the system says; remembered on the device (boot.js applies it before the first paint). */
import { useSyncExternalStore } from 'react';

export type Choice = 'system' | 'light' | 'dark';
const KEY = 'byname.scheme';
const system = matchMedia('(prefers-color-scheme: dark)');
const watchers = new Set<() => void>();

function stored(): Choice {
	try {
		const v = localStorage.getItem(KEY);
		return v === 'light' || v === 'dark' ? v : 'system';
	} catch {
		return 'system';
	}
}
let choice = stored();

export function scheme(): 'light' | 'dark' {
	return choice === 'system' ? (system.matches ? 'dark' : 'light') : choice;
}
function apply(): void {
	document.documentElement.setAttribute('data-mantine-color-scheme', scheme());
	document.querySelector('meta[name=theme-color]')?.setAttribute('content', scheme() === 'dark' ? '#121614' : '#1b4b3b');
	for (const w of watchers) w();
}
system.addEventListener('change', apply);
addEventListener('storage', (e) => {
	if (e.key !== KEY) return;
	choice = stored();
	apply();
});

export function chooseScheme(next: Choice): void {
	choice = next;
	try {
		if (next === 'system') localStorage.removeItem(KEY);
		else localStorage.setItem(KEY, next);
	} catch {
		/* for this visit only, then */
	}
	apply();
}

function watch(fn: () => void): () => void {
	watchers.add(fn);
	return () => watchers.delete(fn);
}
export function useScheme(): { choice: Choice; scheme: 'light' | 'dark' } {
	const both = useSyncExternalStore(watch, () => `${choice} ${scheme()}`);
	const [c, s] = both.split(' ');
	return { choice: c as Choice, scheme: s as 'light' | 'dark' };
}
