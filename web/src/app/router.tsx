/* Addresses of the app: path in, screen out. Small enough to be ours. */
import { useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent, type Ref } from 'react';

const watchers = new Set<() => void>();
function changed(): void {
	for (const w of watchers) w();
}
addEventListener('popstate', changed);

export function go(to: string, replace = false): void {
	if (to === location.pathname + location.search) return;
	history[replace ? 'replaceState' : 'pushState'](null, '', to);
	if (!replace && new URL(to, location.href).pathname !== lastPath) scrollTo(0, 0);
	lastPath = location.pathname;
	changed();
}
let lastPath = location.pathname;

function watch(fn: () => void): () => void {
	watchers.add(fn);
	return () => watchers.delete(fn);
}
/** The path and query shown now. */
export function useLocation(): { path: string; query: URLSearchParams } {
	const href = useSyncExternalStore(watch, () => location.pathname + location.search);
	const [path = '/', query] = href.split('?', 2);
	return { path, query: new URLSearchParams(query ?? '') };
}

/** Changes query parameters in place; an empty value removes one. */
export function setQuery(change: Record<string, string>): void {
	const q = new URLSearchParams(location.search);
	for (const [k, v] of Object.entries(change)) {
		if (v) q.set(k, v);
		else q.delete(k);
	}
	const text = q.toString();
	go(location.pathname + (text ? '?' + text : ''), true);
}

export function follow(e: MouseEvent, to: string): void {
	if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
	e.preventDefault();
	go(to);
}

/** A link inside the app: a real one (opens in a tab), without loading the page anew. */
export function Link({ to, onClick, ...rest }: { to: string; ref?: Ref<HTMLAnchorElement> } & AnchorHTMLAttributes<HTMLAnchorElement>) {
	return (
		<a
			href={to}
			onClick={(e) => {
				onClick?.(e);
				follow(e, to);
			}}
			{...rest}
		/>
	);
}
