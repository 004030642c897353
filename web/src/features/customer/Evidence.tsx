import { Button } from '@mantine/core';
import type { Decision, Link, PersonRecord } from '../../api/types';
import { Icon } from '../../ui/Icon';
import { ago, sentence, words } from '../../ui/format';
import { KIND_NAMES } from './Identifiers';
import { undoDecision } from './identity';
import css from './Records.module.css';

/** Each link: two records, and what ties them. */
export function Evidence({ links, records }: { links: Link[]; records: PersonRecord[] }) {
	const name = (id: string) => {
		const r = records.find((k) => k.id === id);
		return r ? `${r.source} ${r.source_key}` : id;
	};
	return (
		<ul className={css.links}>
			{links.map((l, i) => (
				<li key={i} className={css.linkRow}>
					<span className={css.pair}>
						{name(l.a)}
						<Icon name="merge" size={18} />
						<span className="sr"> and </span>
						{name(l.b)}
					</span>
					<span className={css.tie}>
						{l.decision && !l.value ? 'decided by hand' : <>the same {KIND_NAMES[l.kind] ?? words(l.kind)} <b>{l.value}</b></>}
						{l.state && l.state !== 'normal' && <span className="dim"> · {words(l.state)}</span>}
					</span>
				</li>
			))}
		</ul>
	);
}

const KINDS: Record<string, string> = {
	auto_merge: 'Merged by policy', merge: 'Merged by hand', split: 'Split', never: 'Kept apart', undo: 'Taken back', policy: 'Policy changed',
};

export function Decisions({ list, may, reload }: { list: Decision[]; may: boolean; reload: () => Promise<void> }) {
	return (
		<ul className={css.links}>
			{list.map((d) => {
				const by = typeof d.by === 'string' ? d.by : d.by?.name;
				return (
					<li key={d.id} className={css.decision}>
						<span className={css.grow}>
							<b>{KINDS[d.kind] ?? sentence(d.kind)}</b>
							<span className="dim"> {[by && `by ${by}`, ago(d.at)].filter(Boolean).join(', ')}</span>
							{d.reason && <span className={css.reason}>“{d.reason}”</span>}
						</span>
						{d.undone ? (
							<span className="dim">taken back</span>
						) : (
							may && d.kind !== 'undo' && d.kind !== 'policy' && (
								<Button variant="default" leftSection={<Icon name="undo" />} onClick={() => void undoDecision(d.id, reload)}>
									Undo
								</Button>
							)
						)}
					</li>
				);
			})}
		</ul>
	);
}
