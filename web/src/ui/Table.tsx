import { useEffect, useRef, useState, type ReactNode } from 'react';
import css from './Table.module.css';

/** A table that scrolls in its own frame where it is too wide; the keyboard can then scroll it too. */
export function Table({ label, children }: { label: string; children: ReactNode }) {
	const frame = useRef<HTMLDivElement>(null);
	const [wide, setWide] = useState(false);
	useEffect(() => {
		const el = frame.current;
		if (!el) return;
		const watch = new ResizeObserver(() => setWide(el.scrollWidth > el.clientWidth));
		watch.observe(el);
		return () => watch.disconnect();
	}, []);
	return (
		<div ref={frame} className={css.wrap} role="region" aria-label={label} tabIndex={wide ? 0 : undefined}>
			<table className={css.table}>{children}</table>
		</div>
	);
}
export { css as table };
