/* Identity review: doubtful pairs, the most valuable first, decided by keyboard; each decision can be taken back. */
import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { api, url } from '../../api/client';
import type { Doubt, Estimate, Pair, ReviewQueue, Sample, Sampled, Share } from '../../api/types';
import { useData } from '../../api/useData';
import { useShortcut } from '../../app/shortcuts';
import { Icon } from '../../ui/Icon';
import { Bones, Empty, Loaded, Page } from '../../ui/Page';
import { TabLinks } from '../../ui/TabLinks';
import { count, plural } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { PairView } from './PairView';
import { namesOf, whyUrl } from './evidence';
import css from './Review.module.css';

const LIMIT = 20;
const LEAST = 20;
const SAMPLE_STEP = 100;

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
				By {plural(e.looked, 'decision')}, {count(e.same)} of them “one person”; {e.drawn ? `${count(e.drawn)} of them on a sample of what was joined` : 'none of them on a sample of what was joined: check one'}.
				{e.by_model > 0 && ` Nobody has looked at pairs like ${percent(e.by_model)} of the joined ones: there the model’s own figure is taken.`}
			</p>
		</div>
	);
}

/* ---- The queue ---- */

interface Decided { id: string; decision: string; text: string }
type Item = Doubt | Sampled;

/** What differs between deciding doubts and checking a sample. */
interface Kind {
	url: (size: number) => string;
	topic: string | undefined;
	/** Answers of an item: the path and the body. */
	same: (d: Item) => [string, object];
	two: (d: Item) => [string, object];
	saidSame: (d: Item) => string;
	saidTwo: (d: Item) => string;
}
const REASON = 'Identity review';
const both = (d: Item) => namesOf(d).join(' and ');
const DOUBTS: Kind = {
	url: () => url('review', { limit: LIMIT }),
	topic: 'review',
	same: (d) => ['merges', { a: d.a.customer, b: d.b.customer, reason: REASON }],
	two: (d) => ['nevers', { a: d.a.customer, b: d.b.customer, reason: REASON }],
	saidSame: (d) => `One person now: ${d.a.name}`,
	saidTwo: (d) => `Kept apart: ${both(d)}`,
};
const checked = (d: Item, same: boolean): [string, object] => {
	const [a = '', b = ''] = d.id.split('.');
	return ['review/sample', { a, b, same, reason: 'Sample' }];
};
const SAMPLE: Kind = {
	url: (size) => url('review/sample', { limit: LIMIT, size }),
	topic: undefined,
	same: (d) => checked(d, true),
	two: (d) => checked(d, false),
	saidSame: (d) => `One person indeed: ${d.a.name}`,
	saidTwo: (d) => `Two people now: ${both(d)}`,
};

function useQueue(kind: Kind, size: number) {
	const from = useData<ReviewQueue | Sample>(kind.url(size), kind.topic);
	const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
	const [skipped, setSkipped] = useState<readonly string[]>([]);
	const [current, setCurrent] = useState<string | null>(null);
	const open: Item[] = (from.data?.items ?? []).filter((d) => !gone.has(d.id));
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
		from, items, at, hide, here: items[at],
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

function List({ items, at, pick }: { items: Item[]; at: number; pick: (id: string) => void }) {
	return (
		<ol className={css.list} aria-label="The queue">
			{items.map((d, i) => (
				<li key={d.id}>
					<button type="button" className={css.entry} aria-current={i === at ? 'true' : undefined} onClick={() => pick(d.id)}>
						<span>{namesOf(d)[0]}</span>
						<span>{namesOf(d)[1]}</span>
					</button>
				</li>
			))}
		</ol>
	);
}

/** What the queue shows is masked; the one that is looked at is shown in full, and noted as seen. */
function Current({ d }: { d: Item }) {
	const [a = '', b = ''] = d.id.split('.');
	const full = useData<Pair>(whyUrl(a, b));
	return <PairView pair={full.data ?? d} />;
}

/** Nothing is left. */
function Done({ sample, size, more }: { sample: Sample | undefined; size: number; more: () => void }) {
	if (!sample) {
		return (
			<Empty icon="check" title="Nothing is in doubt">
				New pairs come here by themselves, whenever two customers look alike but not enough to be joined.
			</Empty>
		);
	}
	if (sample.looked === 0) return <Empty icon="check" title="Nothing is joined yet">A sample is drawn from customers who have several records.</Empty>;
	return (
		<Empty icon="check" title="The sample is checked">
			{plural(sample.looked, 'pair')}, {count(sample.same)} of them one person.
			{sample.looked >= size && <Button mt="md" variant="default" onClick={more}>Check {count(SAMPLE_STEP)} more</Button>}
		</Empty>
	);
}

function Work({ kind, reloadEstimate }: { kind: Kind; reloadEstimate: () => void }) {
	const [size, setSize] = useState(SAMPLE_STEP);
	const q = useQueue(kind, size);
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
	async function decide(same: boolean) {
		if (!here || working.current) return;
		working.current = true;
		setBusy(true);
		const next = q.items[q.at + 1]?.id ?? q.items[q.at - 1]?.id ?? null;
		try {
			const made = await api.post<{ decision: string }>(...(same ? kind.same(here) : kind.two(here)));
			const one = { id: here.id, decision: made.decision, text: same ? kind.saidSame(here) : kind.saidTwo(here) };
			setDone((s) => [...s, one]);
			q.hide(here.id, true);
			q.pick(next);
			toast.undo(one.text, () => takeBack(one));
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
		same: () => void decide(true),
		two: () => void decide(false),
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
							<Done sample={'left' in data ? data : undefined} size={size} more={() => setSize(size + SAMPLE_STEP)} />
							{done.length > 0 && <div className={css.after}><Button variant="default" leftSection={<Icon name="undo" />} onClick={act.undo}>Undo the last one</Button></div>}
						</div>
					);
				}
				const waiting = Math.max(q.items.length, 'left' in data ? data.left : data.waiting);
				return (
					<div className={css.work}>
						<aside className={css.aside}>
							<List items={q.items} at={q.at} pick={q.pick} />
						</aside>
						<div className={css.main} ref={top}>
							<div className={css.strip}>
								<p role="status" className={css.where}>
									<span className="sr">{both(here)}: </span>
									{count(q.at + 1)} of {waiting >= 10_000 ? 'more than 10,000' : count(waiting)}
									{'left' in data && data.looked > 0 && <span className="dim"> · {count(data.looked)} checked</span>}
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

export function ReviewPage({ sample }: { sample: boolean }) {
	const estimate = useData<Estimate>(url('review/estimate'));
	const lead = sample
		? 'Are these two records, which are one customer now, one person indeed? A random sample, so that the figures speak for all of them.'
		: 'Are these two one person? First come those where most is at stake: the chance that they are, times what both have spent, the last twelve months counted twice.';
	return (
		<Page wide title="Identity review" lead={lead}>
			<TabLinks label="What to look at" tabs={[{ to: '/review', label: 'In doubt' }, { to: '/review/sample', label: 'Check a sample' }]} here={sample ? '/review/sample' : '/review'} />
			{estimate.data && <Quality e={estimate.data} />}
			<Work key={String(sample)} kind={sample ? SAMPLE : DOUBTS} reloadEstimate={() => void estimate.reload()} />
		</Page>
	);
}
