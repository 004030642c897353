/* Identity review: doubtful pairs, the most valuable first, decided by keyboard; each decision can be taken back. */
import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { api, url } from '../../api/client';
import type { Doubt, Estimate, Pair, ReviewQueue, Share } from '../../api/types';
import { useData } from '../../api/useData';
import { useShortcut } from '../../app/shortcuts';
import { Icon } from '../../ui/Icon';
import { Bones, Empty, Loaded, Page } from '../../ui/Page';
import { count, plural } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { PairView } from './PairView';
import { whyUrl } from './evidence';
import css from './Review.module.css';

const LIMIT = 20;
const LEAST = 20;

/* ---- How good the matching is ---- */

function percent(x: number): string {
	return new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 }).format(x);
}
function Figure({ label, share, hint }: { label: string; share: Share; hint: string }) {
	return (
		<div className={css.figure}>
			<dt title={hint}>{label}</dt>
			<dd>
				{percent(share.value)} <span className={css.range}>{percent(share.low)} to {percent(share.high)}</span>
			</dd>
		</div>
	);
}
function Quality({ e }: { e: Estimate }) {
	if (!e.enough) {
		return (
			<p className={`dim ${css.few}`}>
				Too few decisions to say how good the matching is: {count(e.looked)} of {count(LEAST)}.
			</p>
		);
	}
	return (
		<div className={css.quality}>
			<dl className={css.figures}>
				{e.precision && <Figure label="Precision" share={e.precision} hint="Of the pairs that are joined, how many are one person" />}
				{e.recall && <Figure label="Recall" share={e.recall} hint="Of the pairs that are one person, how many are joined" />}
			</dl>
			<p className="dim small">
				By {plural(e.looked, 'decision')}, {count(e.same)} of them “one person”. Nobody has looked at scores like those of {percent(e.by_model)} of the joined
				pairs: there the model’s own figure is taken.
			</p>
		</div>
	);
}

/* ---- The queue ---- */

interface Decided { id: string; decision: string; text: string }

function useQueue() {
	const from = useData<ReviewQueue>(url('review', { limit: LIMIT }), 'review');
	const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
	const [skipped, setSkipped] = useState<readonly string[]>([]);
	const [current, setCurrent] = useState<string | null>(null);
	const open = (from.data?.items ?? []).filter((d) => !gone.has(d.id));
	/* Skipped ones go to the end. */
	const items = [...open.filter((d) => !skipped.includes(d.id)), ...skipped.flatMap((id) => open.find((d) => d.id === id) ?? [])];
	const at = Math.max(0, items.findIndex((d) => d.id === current));
	const hide = (id: string, hidden: boolean) =>
		setGone((s) => {
			const next = new Set(s);
			if (hidden) next.add(id);
			else next.delete(id);
			return next;
		});
	return {
		from, items, at, hide, here: items[at] as Doubt | undefined,
		show: (i: number) => setCurrent(items[Math.max(0, Math.min(items.length - 1, i))]?.id ?? null),
		pick: setCurrent,
		skip: (id: string) => {
			const next = items[at + 1]?.id ?? items.find((d) => d.id !== id)?.id ?? null;
			setSkipped((s) => [...s.filter((k) => k !== id), id]);
			setCurrent(next);
		},
	};
}

function Buttons({ act, busy, undoable }: { act: { same: () => void; two: () => void; skip: () => void; undo: () => void }; busy: boolean; undoable: boolean }) {
	const key = (k: string) => <kbd className={css.kbd}>{k}</kbd>;
	return (
		<div className={css.buttons} role="group" aria-label="Decide">
			<Button onClick={act.same} disabled={busy} leftSection={<Icon name="merge" />} rightSection={key('M')} aria-keyshortcuts="m">Same person</Button>
			<Button onClick={act.two} disabled={busy} variant="default" leftSection={<Icon name="split" />} rightSection={key('N')} aria-keyshortcuts="n">Two people</Button>
			<Button onClick={act.skip} variant="default" rightSection={key('S')} aria-keyshortcuts="s">Skip</Button>
			<Button onClick={act.undo} disabled={!undoable} variant="default" leftSection={<Icon name="undo" />} rightSection={key('U')} aria-keyshortcuts="u">Undo</Button>
		</div>
	);
}

function List({ items, at, pick }: { items: Doubt[]; at: number; pick: (id: string) => void }) {
	return (
		<ol className={css.list} aria-label="The queue">
			{items.map((d, i) => (
				<li key={d.id}>
					<button type="button" className={css.entry} aria-current={i === at ? 'true' : undefined} onClick={() => pick(d.id)}>
						<span>{d.a.name}</span>
						<span>{d.b.name}</span>
					</button>
				</li>
			))}
		</ol>
	);
}

/** What the queue shows is masked; the one that is looked at is shown in full, and noted as seen. */
function Current({ d }: { d: Doubt }) {
	const [a = '', b = ''] = d.id.split('.');
	const full = useData<Pair>(whyUrl(a, b));
	return <PairView pair={full.data ?? d} />;
}

function Work({ reloadEstimate }: { reloadEstimate: () => void }) {
	const q = useQueue();
	const [busy, setBusy] = useState(false);
	const [done, setDone] = useState<readonly Decided[]>([]);
	const working = useRef(false);
	const top = useRef<HTMLDivElement>(null);
	const here = q.here;

	async function takeBack(one: Decided) {
		setDone((s) => s.filter((k) => k.decision !== one.decision));
		try {
			await api.post(`decisions/${one.decision}/undo`, {});
			q.hide(one.id, false);
			q.pick(one.id);
		} catch (e) {
			toast.fail(e);
		}
		await q.from.reload();
		reloadEstimate();
	}
	async function decide(path: 'merges' | 'nevers') {
		if (!here || working.current) return;
		working.current = true;
		setBusy(true);
		const next = q.items[q.at + 1]?.id ?? q.items[q.at - 1]?.id ?? null;
		try {
			const made = await api.post<{ decision: string }>(path, { a: here.a.customer, b: here.b.customer, reason: 'Identity review' });
			const one = { id: here.id, decision: made.decision, text: `${here.a.name} and ${here.b.name}` };
			setDone((s) => [...s, one]);
			q.hide(here.id, true);
			q.pick(next);
			toast.undo(path === 'merges' ? `One person now: ${here.a.name}` : `Kept apart: ${one.text}`, () => takeBack(one));
			reloadEstimate();
		} catch (e) {
			toast.fail(e);
		} finally {
			working.current = false;
			setBusy(false);
		}
		void q.from.reload();
	}
	const act = {
		same: () => void decide('merges'),
		two: () => void decide('nevers'),
		skip: () => here && q.skip(here.id),
		undo: () => {
			const last = done.at(-1);
			if (last) void takeBack(last);
		},
	};
	useShortcut('m', act.same);
	useShortcut('n', act.two);
	useShortcut('s', act.skip);
	useShortcut('u', act.undo);
	useShortcut('j', () => q.show(q.at + 1));
	useShortcut('k', () => q.show(q.at - 1));
	useShortcut('arrowright', () => q.show(q.at + 1));
	useShortcut('arrowleft', () => q.show(q.at - 1));
	/* Another pair: back to its beginning. */
	const id = here?.id;
	const shown = useRef(id);
	useEffect(() => {
		if (shown.current && id && shown.current !== id) top.current?.scrollIntoView({ block: 'start' });
		shown.current = id;
	}, [id]);

	return (
		<Loaded from={q.from} bones={<Bones rows={3} height={140} />}>
			{(data) => {
				if (!here) {
					return (
						<div>
							<Empty icon="check" title="Nothing is in doubt">
								New pairs come here by themselves, whenever two customers look alike but not enough to be joined.
							</Empty>
							{done.length > 0 && <div className={css.after}><Button variant="default" leftSection={<Icon name="undo" />} onClick={act.undo}>Undo the last one</Button></div>}
						</div>
					);
				}
				const waiting = Math.max(q.items.length, data.waiting);
				return (
					<div className={css.work}>
						<aside className={css.aside}>
							<List items={q.items} at={q.at} pick={q.pick} />
						</aside>
						<div className={css.main} ref={top}>
							<div className={css.strip}>
								<p role="status" className={css.where}>
									<span className="sr">{here.a.name} and {here.b.name}: </span>
									{count(q.at + 1)} of {waiting >= 10_000 ? 'more than 10,000' : count(waiting)}
								</p>
								<div className={css.moves}>
									<Button variant="default" size="sm" className={css.move ?? ''} aria-label="Previous" disabled={q.at === 0} onClick={() => q.show(q.at - 1)}><Icon name="back" /></Button>
									<Button variant="default" size="sm" className={css.move ?? ''} aria-label="Next" disabled={q.at >= q.items.length - 1} onClick={() => q.show(q.at + 1)}><Icon name="next" /></Button>
								</div>
							</div>
							<Buttons act={act} busy={busy} undoable={done.length > 0} />
							<Current key={here.id} d={here} />
						</div>
					</div>
				);
			}}
		</Loaded>
	);
}

export function ReviewPage() {
	const estimate = useData<Estimate>(url('review/estimate'));
	return (
		<Page wide title="Identity review" lead="Are these two one person? First come those where most is at stake: the chance that they are, times what both have spent, the last twelve months counted twice.">
			{estimate.data && <Quality e={estimate.data} />}
			<Work reloadEstimate={() => void estimate.reload()} />
		</Page>
	);
}
