/* The field and what it found: a combobox, so that arrows and Enter work while the caret stays in the field. */
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import type { Hit } from '../../api/types';
import { Icon } from '../../ui/Icon';
import { plural } from '../../ui/format';
import { HitRow } from './HitRow';
import { useFind, useOrderByNumber, type Found } from './useFind';
import css from './Find.module.css';

interface Props {
	onPick: (hit: Hit) => void;
	fieldRef?: (el: HTMLInputElement | null) => void;
	autoFocus?: boolean;
	/** Shown while nothing is typed. */
	idle?: React.ReactNode;
	label?: string;
}

export function FindBox({ onPick, fieldRef, autoFocus = false, idle, label = 'Find a customer' }: Props) {
	const [text, setText] = useState('');
	const [at, setAt] = useState(0);
	const found = useFind(text);
	const id = useId();
	const list = useRef<HTMLUListElement>(null);
	const order = useOrderByNumber();
	const { hits } = found;
	const here = Math.min(at, Math.max(0, hits.length - 1));

	useEffect(() => setAt(0), [found.text]);
	useEffect(() => {
		list.current?.children[here]?.scrollIntoView({ block: 'nearest' });
	}, [here]);

	function keys(e: KeyboardEvent<HTMLInputElement>) {
		const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 }[e.key];
		if (e.key === '/' && !text) {
			e.preventDefault(); /* the way in here, pressed once more */
		} else if (step && hits.length > 0) {
			e.preventDefault();
			setAt(Math.max(0, Math.min(hits.length - 1, here + step)));
		} else if (e.key === 'Enter') {
			e.preventDefault();
			const hit = hits[here];
			/* Not what an older, slower answer found. */
			if (hit && !found.asking) onPick(hit);
			else if (maybeOrder(found)) void order.look(found.text);
		} else if (e.key === 'Escape' && text) {
			e.preventDefault();
			e.stopPropagation();
			setText('');
		}
	}

	const open = hits.length > 0;
	return (
		<div className={css.box}>
			<div className={css.field}>
				<Icon name="find" size={24} />
				<input
					ref={fieldRef}
					className={css.input}
					type="text"
					inputMode="search"
					enterKeyHint="search"
					autoComplete="off"
					autoCapitalize="off"
					autoCorrect="off"
					spellCheck={false}
					data-autofocus={autoFocus || undefined}
					autoFocus={autoFocus}
					placeholder="Name, phone, e-mail, card or order number"
					aria-label={label}
					role="combobox"
					aria-expanded={open}
					aria-controls={`${id}-list`}
					aria-autocomplete="list"
					aria-activedescendant={open ? `${id}-${here}` : undefined}
					value={text}
					onChange={(e) => setText(e.target.value.slice(0, 100))}
					onKeyDown={keys}
				/>
				{text && (
					<button type="button" className={css.clear} aria-label="Clear what is typed" onClick={() => setText('')}>
						<Icon name="close" />
					</button>
				)}
			</div>
			<p className="sr" role="status">{spoken(found)}</p>
			<ul id={`${id}-list`} ref={list} className={css.list} role="listbox" aria-label="Customers found" hidden={!open} data-asking={found.asking}>
				{hits.map((h, i) => (
					<li
						key={h.customer}
						id={`${id}-${i}`}
						role="option"
						aria-selected={i === here}
						className={css.option}
						onMouseMove={() => setAt(i)}
						onClick={() => onPick(h)}
					>
						<HitRow hit={h} typed={found.text} />
					</li>
				))}
			</ul>
			{!open && <Nothing found={found} order={order} />}
			{!found.text && !found.asking && !found.problem && !found.building && idle}
		</div>
	);
}

function spoken(found: Found): string {
	if (!found.text || found.asking) return '';
	return found.hits.length === 0 ? 'Nobody found' : `${plural(found.hits.length, 'customer')} found`;
}

/** Nobody by it; but an order of nobody known may have that number. */
function maybeOrder(found: Found): boolean {
	return found.text !== '' && !found.asking && !found.problem && !found.building && found.hits.length === 0 && /\d/.test(found.text);
}

function Nothing({ found, order }: { found: Found; order: ReturnType<typeof useOrderByNumber> }) {
	if (found.building) {
		return <p className={css.hint} role="status">The search is being prepared after a start. It will be ready in a moment: type again.</p>;
	}
	if (found.problem) {
		return (
			<p className={css.hint} role="alert">
				{found.problem.status === 429
					? 'That were many look-ups in a short time. Wait a minute, then go on.'
					: found.problem.message}
			</p>
		);
	}
	if (!found.text || found.asking) return null;
	return (
		<div className={css.hint}>
			<strong>Nobody by “{found.text}”.</strong> Try fewer letters, the last four digits of the phone, or the number on a receipt.
			{maybeOrder(found) && (
				<button type="button" className={css.order} onClick={() => void order.look(found.text)}>
					{order.none === found.text ? `No order has the number ${found.text} either` : `Is there an order ${found.text}?`}
				</button>
			)}
		</div>
	);
}
