import { useEffect, useRef, useState } from 'react';

const FRESH_MS = 8000;

/** True for a few seconds after value changed while it was on screen. Spread as data-fresh. */
export function useFresh(value: unknown, identity: string): boolean {
	const text = JSON.stringify(value);
	const before = useRef({ identity, text });
	const [fresh, setFresh] = useState(false);
	useEffect(() => {
		const old = before.current;
		before.current = { identity, text };
		if (old.identity !== identity || old.text === text) return;
		setFresh(true);
		const timer = setTimeout(() => setFresh(false), FRESH_MS);
		return () => clearTimeout(timer);
	}, [identity, text]);
	return fresh;
}

/** Which ids of a list arrived while it was on screen. */
export function useFreshIds(ids: string[], identity: string): Set<string> {
	const seen = useRef<{ identity: string; ids: Set<string> } | null>(null);
	const [fresh, setFresh] = useState<Set<string>>(new Set());
	const text = ids.join();
	useEffect(() => {
		const now = text ? text.split(',') : [];
		const old = seen.current;
		seen.current = { identity, ids: new Set([...(old?.identity === identity ? old.ids : []), ...now]) };
		if (!old || old.identity !== identity || old.ids.size === 0) return;
		const added = now.filter((i) => !old.ids.has(i));
		if (added.length === 0) return;
		setFresh(new Set(added));
		const timer = setTimeout(() => setFresh(new Set()), FRESH_MS);
		return () => clearTimeout(timer);
	}, [text, identity]);
	return fresh;
}
