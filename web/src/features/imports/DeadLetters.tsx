import { Button, Textarea } from '@mantine/core';
import { useMemo, useState } from 'react';
import { api } from '../../api/client';
import type { DeadLetter } from '../../api/types';
import { usePages } from '../../api/usePages';
import { ChipRow } from '../../ui/ChipRow';
import { Icon } from '../../ui/Icon';
import { Bones, Empty, Failed, More } from '../../ui/Page';
import { ago } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { useForm } from '../../ui/useForm';
import css from './Imports.module.css';

interface Props { letter: DeadLetter; onDone: () => void; onDiscard: () => void }

function Letter({ letter, onDone, onDiscard }: Props) {
	const [raw, setRaw] = useState(letter.raw);
	const form = useForm();
	async function retry() {
		const ok = await form.send(['raw'], () => api.post(`deadletters/${letter.id}/retry`, raw === letter.raw ? {} : { raw }));
		if (ok) {
			toast.say('Taken in.');
			onDone();
		}
	}
	const where = [letter.source && `from ${letter.source}`, letter.line > 0 && `line ${letter.line}`, ago(letter.at)].filter(Boolean).join(' · ');
	return (
		<li className={css.letter}>
			<p className={css.reason}>
				<Icon name={letter.resolved ? 'check' : 'open'} />
				<span>
					{letter.field && <b>{letter.field}: </b>}
					{letter.detail || letter.code}
				</span>
			</p>
			<p className="dim small">{where}{letter.resolved && ' · resolved'}</p>
			{letter.resolved ? (
				<pre className={css.raw}>{letter.raw}</pre>
			) : (
				<>
					<Textarea
						label="As it came; change what is wrong, then try again"
						classNames={{ input: css.rawField }}
						autosize
						minRows={2}
						maxRows={14}
						spellCheck={false}
						value={raw}
						error={form.at('raw') ?? (form.problem || undefined)}
						onChange={(e) => setRaw(e.currentTarget.value)}
					/>
					<div className={css.buttons}>
						<Button loading={form.busy} onClick={() => void retry()}>{raw === letter.raw ? 'Try again' : 'Try again as changed'}</Button>
						{raw !== letter.raw && <Button variant="default" onClick={() => setRaw(letter.raw)}>Back to how it came</Button>}
						<Button variant="default" leftSection={<Icon name="trash" />} onClick={onDiscard}>Discard</Button>
					</div>
				</>
			)}
		</li>
	);
}

export function DeadLetters({ onChange }: { onChange: () => void }) {
	const [which, setWhich] = useState('');
	const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
	const query = useMemo(() => ({ resolved: which === 'all' ? true : null }), [which]);
	const list = usePages<DeadLetter>('deadletters', query, 'imports');
	const shown = list.items.filter((l) => !gone.has(l.id));
	const refresh = () => {
		void list.reload();
		onChange();
	};
	function hide(id: string, on: boolean) {
		setGone((s) => {
			const next = new Set(s);
			if (on) next.add(id);
			else next.delete(id);
			return next;
		});
	}
	function discard(l: DeadLetter) {
		hide(l.id, true);
		toast.later(
			'Discarded',
			() =>
				api.delete(`deadletters/${l.id}`, true).then(refresh, (e) => {
					hide(l.id, false);
					toast.fail(e);
				}),
			() => hide(l.id, false),
		);
	}
	return (
		<>
			<ChipRow label="Which" options={[{ value: '', label: 'Waiting' }, { value: 'all', label: 'All' }]} value={which} onChange={setWhich} />
			{list.problem && !list.ready && <Failed problem={list.problem} retry={refresh} />}
			{!list.ready && !list.problem && <Bones rows={3} height={160} />}
			{list.ready && shown.length === 0 && (
				<Empty icon="check" title="Everything was taken in">What a source sends and Byname cannot read will wait here, never be lost.</Empty>
			)}
			<ul className={css.letters}>
				{shown.map((l) => <Letter key={l.id} letter={l} onDone={refresh} onDiscard={() => discard(l)} />)}
			</ul>
			<More more={list.more && (() => void list.more?.())} busy={list.busy} failed={list.failed} />
		</>
	);
}
