/* Which records of which systems are this customer, why, and who decided it. */
import { Button, Checkbox } from '@mantine/core';
import '@mantine/core/styles/Checkbox.css';
import { useState } from 'react';
import { url } from '../../api/client';
import { useMay } from '../../api/session';
import type { Customer, Nomination, PersonRecord } from '../../api/types';
import { useData } from '../../api/useData';
import { Link } from '../../app/router';
import { Icon } from '../../ui/Icon';
import { Bones, Loaded, Section } from '../../ui/Page';
import { date, day, plural, words } from '../../ui/format';
import { addressText } from './About';
import { Decisions, Evidence } from './Evidence';
import { Identifiers, KIND_NAMES } from './Identifiers';
import { merge, never, split } from './identity';
import { MergeDialog } from './MergeDialog';
import { toast } from '../../ui/toasts';
import css from './Records.module.css';

function One({ r, chosen, choose, why }: { r: PersonRecord; chosen: boolean; choose: ((on: boolean) => void) | null; why: string | null }) {
	return (
		<li className={css.record} data-chosen={chosen}>
			<div className={css.top}>
				{choose && (
					<Checkbox checked={chosen} onChange={(e) => choose(e.currentTarget.checked)} aria-label={`Choose the record ${r.source} ${r.source_key}`} />
				)}
				<div className={css.who}>
					<p className={css.name}>{r.name || 'No name'}</p>
					<p className={`dim small ${css.source}`} title={r.source_key}>{r.source}, {r.source_key}</p>
				</div>
				{why && <Link to={why} className={css.why} aria-label={`Why does the record ${r.source} ${r.source_key} belong here?`}>Why?</Link>}
			</div>
			{r.identifiers.length > 0 && <Identifiers list={r.identifiers} />}
			<p className="dim small">
				{[`since ${day(r.created_at)}`, r.birthday && `born ${date(r.birthday)}`, addressText(r.address)].filter(Boolean).join(' · ')}
			</p>
		</li>
	);
}

/** Each person once, with all that is shared. */
function candidates(list: Nomination[]): { customer: string; name: string; kinds: string }[] {
	const by = new Map<string, { name: string; kinds: Set<string> }>();
	for (const n of list) {
		const one = by.get(n.customer) ?? { name: n.name, kinds: new Set<string>() };
		one.kinds.add(KIND_NAMES[n.kind] ?? words(n.kind));
		by.set(n.customer, one);
	}
	return [...by].map(([customer, one]) => ({ customer, name: one.name, kinds: [...one.kinds].join(' and ') }));
}

function View({ c, reload }: { c: Customer; reload: () => Promise<void> }) {
	const may = useMay('merge');
	const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
	const [merging, setMerging] = useState(false);
	const picked = c.records.filter((r) => chosen.has(r.id));
	const canSplit = may && c.records.length > 1;
	function choose(id: string, on: boolean) {
		setChosen((s) => {
			const next = new Set(s);
			if (on) next.add(id);
			else next.delete(id);
			return next;
		});
	}
	async function splitOff() {
		await split(picked.map((r) => r.id), reload);
		setChosen(new Set());
	}
	return (
		<div className={css.stack}>
			{c.nominations.length > 0 && (
				<Section title="Could be the same person" tone="attend">
					<ul className={css.nominations}>
						{candidates(c.nominations).map((n) => (
							<li key={n.customer} className={css.nomination}>
								<span className={css.grow}>
									<Link to={`/c/${n.customer}`} className={css.link}>{n.name}</Link> has the same {n.kinds}
								</span>
								{may && (
									<>
										<Link to={`/why?a=${c.customer}&b=${n.customer}`} className={css.why} aria-label={`Why could ${n.name} be the same person?`}>Why?</Link>
										<Button
											variant="default"
											onClick={() => merge(c.customer, n.customer, `The same ${n.kinds}`, false, n.name, reload).catch(toast.fail)}
										>
											Same person
										</Button>
										<Button variant="default" onClick={() => void never(c.customer, n.customer, n.name, reload)}>
											Two people
										</Button>
									</>
								)}
							</li>
						))}
					</ul>
				</Section>
			)}
			<Section
				title={plural(c.records.length, 'record')}
				aside={may && (
					<Button variant="default" leftSection={<Icon name="merge" />} onClick={() => setMerging(true)}>
						Merge with…
					</Button>
				)}
			>
				<ul className={css.records}>
					{c.records.map((r) => (
						<One key={r.id} r={r} chosen={chosen.has(r.id)} choose={canSplit ? (on) => choose(r.id, on) : null} why={canSplit ? `/why?a=${r.id}&b=${c.customer}` : null} />
					))}
				</ul>
				{picked.length > 0 && (
					<div className={css.bar}>
						<p className={css.grow}>
							{picked.length === c.records.length
								? 'Leave at least one record here.'
								: `${plural(picked.length, 'record')} will become a customer of ${picked.length === 1 ? 'its' : 'their'} own, with all that hangs on ${picked.length === 1 ? 'it' : 'them'}.`}
						</p>
						<Button leftSection={<Icon name="split" />} disabled={picked.length === c.records.length} onClick={() => void splitOff()}>
							Split off
						</Button>
					</div>
				)}
			</Section>
			{c.evidence.links.length > 0 && (
				<Section title="Why these are one person"><Evidence links={c.evidence.links} records={c.records} /></Section>
			)}
			{c.decisions.length > 0 && (
				<Section title="Decisions"><Decisions list={c.decisions} may={may} reload={reload} /></Section>
			)}
			<MergeDialog opened={merging} onClose={() => setMerging(false)} customer={c} reload={reload} />
		</div>
	);
}

export function Records({ id }: { id: string }) {
	const from = useData<Customer>(url(`customers/${encodeURIComponent(id)}`), `customer:${id}`);
	return <Loaded from={from} bones={<Bones rows={4} height={110} />}>{(c) => <View c={c} reload={from.reload} />}</Loaded>;
}
