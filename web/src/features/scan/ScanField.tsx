/* A field for articles: a scanner types its code and Enter; fingers type part of a name; a camera where the browser can read codes. */
import { lazy, Suspense, useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { problemText } from '../../api/client';
import type { Sku } from '../../api/trade';
import { Icon } from '../../ui/Icon';
import { money, plural } from '../../ui/format';
import { clean, lookUp, meant, skuName, useSkus } from './useSkus';
import css from './Scan.module.css';

const Camera = lazy(() => import('./Camera').then((m) => ({ default: m.Camera })));
export const canSee = () => 'BarcodeDetector' in window && Boolean(navigator.mediaDevices?.getUserMedia);
const NO_CODE = 'No article by this code';

interface Props {
	label: string;
	onPick: (sku: Sku) => void;
	/** What is said when one was taken: "added". */
	done?: string;
	autoFocus?: boolean;
	/** Something else than an article that a scanned code may be; true when it was. */
	other?: (text: string) => Promise<boolean>;
	placeholder?: string;
	className?: string;
}

export function ScanField({ label, onPick, done = 'added', autoFocus = false, other, placeholder = 'Scan, or type a name, size or code', className = '' }: Props) {
	const [text, setText] = useState('');
	const [at, setAt] = useState(0);
	const [said, setSaid] = useState('');
	const [wrong, setWrong] = useState('');
	const [seeing, setSeeing] = useState(false);
	const found = useSkus(text);
	const field = useRef<HTMLInputElement>(null);
	const id = useId();
	const open = text !== '' && found.items.length > 0;
	const here = Math.min(at, Math.max(0, found.items.length - 1));
	useEffect(() => setAt(0), [found.text]);

	function take(sku: Sku, typed = true) {
		/* The next code may be on its way already. */
		if (typed) setText('');
		setWrong('');
		setSaid(`${skuName(sku)} ${done}`);
		onPick(sku);
		field.current?.focus();
	}
	/** A code that arrived at once, with Enter: by scanner, camera, or a quick hand. */
	async function read(code: string) {
		setWrong('');
		try {
			const items = await lookUp(code);
			const one = meant(code, items);
			if (one) take(one, false);
			else if (await other?.(code)) return;
			else if (items.length === 0) setWrong(`${NO_CODE}: ${code}`);
			else setText((t) => t || code);
		} catch (e) {
			setWrong(problemText(e));
		}
	}
	function keys(e: KeyboardEvent<HTMLInputElement>) {
		const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
		if (step && open) {
			e.preventDefault();
			setAt(Math.max(0, Math.min(found.items.length - 1, here + step)));
		} else if (e.key === 'Enter') {
			e.preventDefault();
			const code = clean(text);
			if (!code) return;
			const hit = found.items[here];
			if (hit && !found.asking && found.text === code) return take(hit);
			setText('');
			void read(code);
		} else if (e.key === 'Escape' && text) {
			e.preventDefault();
			e.stopPropagation();
			setText('');
		}
	}
	const problem = wrong || found.problem?.message || '';
	return (
		<div className={`${css.box} ${className}`}>
			<div className={css.field}>
				<Icon name="scan" size={22} />
				<input
					ref={field}
					className={css.input}
					type="text"
					inputMode="search"
					enterKeyHint="search"
					autoComplete="off"
					autoCapitalize="off"
					autoCorrect="off"
					spellCheck={false}
					autoFocus={autoFocus}
					data-autofocus={autoFocus || undefined}
					data-scan
					placeholder={placeholder}
					aria-label={label}
					role="combobox"
					aria-expanded={open}
					aria-controls={`${id}-list`}
					aria-autocomplete="list"
					aria-activedescendant={open ? `${id}-${here}` : undefined}
					value={text}
					onChange={(e) => {
						setText(e.target.value.slice(0, 100));
						setWrong('');
					}}
					onKeyDown={keys}
				/>
				{canSee() && (
					<button type="button" className={css.camera} aria-label="Scan with the camera" onClick={() => setSeeing(true)}>
						<Icon name="camera" size={22} />
					</button>
				)}
			</div>
			<p className="sr" role="status">
				{text && !found.asking && found.text ? (found.items.length ? `${plural(found.items.length, 'article')} found` : 'No article found') : said}
			</p>
			{problem && <p role="alert" className={css.wrong}>{problem}</p>}
			{text && !found.asking && found.text && !found.items.length && !problem && <p className={css.none}>No article by “{found.text}”.</p>}
			<ul id={`${id}-list`} className={css.list} role="listbox" aria-label="Articles found" hidden={!open}>
				{found.items.map((s, i) => (
					<li key={s.id} id={`${id}-${i}`} role="option" aria-selected={i === here} className={css.option} onMouseMove={() => setAt(i)} onClick={() => take(s)}>
						<span className={css.what}>
							<span className={css.name}>{skuName(s)}</span>
							<span className="dim small">{[s.brand, s.code].filter(Boolean).join(' · ')}</span>
						</span>
						{s.list_price && <span className="num">{money(s.list_price)}</span>}
					</li>
				))}
			</ul>
			{seeing && (
				<Suspense fallback={null}>
					<Camera
						onClose={() => setSeeing(false)}
						onCode={(code) => {
							setSeeing(false);
							void read(code);
						}}
					/>
				</Suspense>
			)}
		</div>
	);
}
