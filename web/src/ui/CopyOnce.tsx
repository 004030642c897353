import { Button } from '@mantine/core';
import { useRef, useState } from 'react';
import { Icon } from './Icon';
import css from './CopyOnce.module.css';

/** A secret that is shown once, with the means to take it along. */
export function CopyOnce({ label, value, note }: { label: string; value: string; note: string }) {
	const [copied, setCopied] = useState(false);
	const field = useRef<HTMLTextAreaElement>(null);
	async function copy() {
		try {
			await navigator.clipboard.writeText(value);
		} catch {
			field.current?.select();
			if (!document.execCommand('copy')) return;
		}
		setCopied(true);
	}
	return (
		<div className={css.box}>
			<p className={css.note}><Icon name="open" /><span>{note}</span></p>
			<textarea ref={field} className={css.value} readOnly rows={2} aria-label={label} value={value} onFocus={(e) => e.currentTarget.select()} />
			<Button leftSection={<Icon name={copied ? 'check' : 'copy'} />} onClick={() => void copy()} data-autofocus>
				{copied ? 'Copied' : 'Copy'}
			</Button>
			<span className="sr" role="status">{copied ? 'Copied' : ''}</span>
		</div>
	);
}
