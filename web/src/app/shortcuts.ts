/* Single keys act when no field has the focus; Ctrl+K always does. */
import { useEffect, useRef } from 'react';

function typing(target: EventTarget | null): boolean {
	return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** key: "/", "n", "?" or "ctrl+k". Not while a dialog is open, unless it is ctrl+k. */
export function useShortcut(key: string, fn: () => void): void {
	const latest = useRef(fn);
	useEffect(() => {
		latest.current = fn;
	});
	useEffect(() => {
		const ctrl = key.startsWith('ctrl+');
		const name = ctrl ? key.slice(5) : key;
		const hear = (e: KeyboardEvent) => {
			if (e.defaultPrevented || e.key.toLowerCase() !== name || e.altKey) return;
			if (ctrl !== (e.ctrlKey || e.metaKey)) return;
			if (!ctrl && (typing(e.target) || document.querySelector('[role=dialog]'))) return;
			e.preventDefault();
			latest.current();
		};
		addEventListener('keydown', hear);
		return () => removeEventListener('keydown', hear);
	}, [key]);
}
