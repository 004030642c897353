/* What this store has to do for orders, with its clocks; each step is one tap. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Queue, Stage } from '../../api/trade';
import type { Data } from '../../api/useData';
import { useHere } from '../../app/here';
import { go, Link } from '../../app/router';
import { ChipRow } from '../../ui/ChipRow';
import { Drop, DropItem } from '../../ui/Drop';
import { HerePicker } from '../../ui/HerePicker';
import { Icon, type IconName } from '../../ui/Icon';
import { Bones, Empty, Loaded, Page } from '../../ui/Page';
import { ago, count, duration } from '../../ui/format';
import { useFreshIds } from '../../ui/fresh';
import { toast } from '../../ui/toasts';
import { useNow } from '../../ui/useNow';
import { doAct, pieces, send, type Act } from '../order/acts';
import { METHOD_ICONS, METHODS } from '../order/words';
import { skuName } from '../scan/useSkus';
import { besides, jobsOf, LANES, piecesOf, stepsOf, type Job } from './lanes';
import { PickList } from './PickList';
import { useQueue } from './useQueue';
import css from './Queue.module.css';

const ICONS: Record<string, IconName> = { hand_over: 'bag', unpick: 'undo', problem: 'open', no_show: 'close' };

/* Side by side where there is room: what cannot wait, what is to be picked, what is under way. */
const GROUPS: readonly (readonly Stage[])[] = [['waiting', 'problem'], ['new'], ['picking', 'ready', 'shipped']];

function Clock({ job, now }: { job: Job; now: number }) {
	const left = job.due ? (new Date(job.due).getTime() - now) / 1000 : null;
	const late = job.late || (left !== null && left < 0);
	return (
		<p className={css.clock} data-late={late}>
			<Icon name={late ? 'open' : 'clock'} size={18} />
			<span>
				{left === null ? ago(job.since, now) : late ? <b>Late by {duration(Math.abs(Math.min(0, left)))}</b> : `due in ${duration(left)}`}
				{left !== null && <span className={css.since}> · {job.stage === 'shipped' ? 'sent' : 'since'} {ago(job.since, now)}</span>}
			</span>
		</p>
	);
}

interface JobProps { job: Job; now: number; fresh: boolean; busy: boolean; showPlace: boolean; run: (job: Job, act: Act) => void; arrive: ((job: Job) => void) | null }

function JobCard({ job, now, fresh, busy, showPlace, run, arrive }: JobProps) {
	const { next, more } = stepsOf(job);
	const n = next ? pieces(next.units) : 0;
	return (
		<li className={css.job} data-fresh={fresh} data-busy={busy}>
			<p className={css.head}>
				<Icon name={job.method ? METHOD_ICONS[job.method] : 'open'} size={18} />
				<Link to={`/o/${job.order}`} className={css.number}>{job.number}</Link>
				<span className={css.who}>{job.customer?.name ?? <span className="dim">nobody known</span>}</span>
			</p>
			<ul className={css.items}>
				{job.items.map((q) => (
					<li key={`${q.n} ${q.line}`}><b className="num">{piecesOf(q)} ×</b> {q.sku ? skuName(q.sku) : `line ${q.line}`}{q.sku && <span className={css.code}> {q.sku.code}</span>}{besides(q) && <span className={css.code}> ({besides(q)})</span>}</li>
				))}
			</ul>
			<p className="dim small">{[job.method ? METHODS[job.method] : 'waits for a place', showPlace && job.place?.name].filter(Boolean).join(', ')}</p>
			<Clock job={job} now={now} />
			<div className={css.buttons}>
				{next && <Button variant={job.stage === 'shipped' ? 'default' : 'filled'} disabled={busy} onClick={() => run(job, next)}>{n > 1 && next.command !== 'deliver' ? `${next.label} ${n}` : next.label}<span className="sr"> for order {job.number}</span></Button>}
				{job.stage === 'problem' && <Button variant="default" onClick={() => go(`/o/${job.order}`)}>Find another place</Button>}
				{(more.length > 0 || arrive) && (
					<Drop label={`More for order ${job.number}`} className={css.more ?? ''} button={<><Icon name="more" /><span className="sr">More for order {job.number}</span></>}>
						{arrive && <DropItem icon="users" onClick={() => arrive(job)}>The customer is here</DropItem>}
						{more.map((a) => <DropItem key={a.command} icon={ICONS[a.command] ?? 'check'} onClick={() => run(job, a)}>{a.label}</DropItem>)}
					</Drop>
				)}
			</div>
		</li>
	);
}

function Lanes({ queue, from, here }: { queue: Queue; from: Data<Queue>; here: string }) {
	const [stage, setStage] = useState<Stage | ''>('');
	const [pending, setPending] = useState<ReadonlySet<string>>(new Set());
	const now = useNow();
	const jobs = jobsOf(queue.items);
	const fresh = useFreshIds(jobs.map((j) => j.key), here);
	const n = (s: Stage) => queue.counts[s] ?? jobs.filter((j) => j.stage === s).length;
	const lanes = LANES.filter((l) => !stage || l.stage === stage);
	const mark = (key: string) => (is: boolean) =>
		setPending((s) => {
			const next = new Set(s);
			if (is) next.add(key);
			else next.delete(key);
			return next;
		});
	const done = () => void from.reload();
	const run = (job: Job, act: Act) => void doAct({ order: job.order, act, store: here || (job.place?.id ?? ''), what: `Order ${job.number}:`, done, pending: mark(job.key) });
	const arrive = async (job: Job) => {
		try {
			await send(job.order, 'arrive', { store: here || job.place?.id });
			done();
		} catch (e) {
			toast.fail(e);
		}
	};
	const options = [{ value: '', label: 'All' }, ...LANES.map((l) => ({ value: l.stage, label: `${l.title} ${count(n(l.stage))}` }))];
	if (queue.items.length === 0) {
		return <Empty icon="check" title="Nothing to do">New orders come here by themselves.</Empty>;
	}
	return (
		<>
			<div className={css.bar}><ChipRow label="Which" options={options} value={stage} onChange={(v) => setStage(v as Stage | '')} /></div>
			<div className={css.board} data-one={stage !== ''}>
				{GROUPS.map((group) => {
					const mine = lanes.filter((l) => group.includes(l.stage));
					if (mine.length === 0) return null;
					return (
						<div key={group.join()} className={css.lanes}>
							{mine.map((l) => {
								const list = jobs.filter((j) => j.stage === l.stage);
								return (
									<section key={l.stage} className={css.lane} data-empty={list.length === 0} data-stage={l.stage} aria-label={l.title}>
										<h2 className={css.laneTitle}>{l.title}<span className={css.count}>{count(n(l.stage))}</span></h2>
										{list.length === 0 && <p className="dim">{l.none}</p>}
										<ul className={css.jobs}>
											{list.map((j) => (
												<JobCard key={j.key} job={j} now={now} fresh={fresh.has(j.key)} busy={pending.has(j.key)} showPlace={!here} run={run}
													arrive={j.method === 'pick_up' && (j.stage === 'ready' || j.stage === 'picking' || j.stage === 'new') ? (k) => void arrive(k) : null} />
											))}
										</ul>
									</section>
								);
							})}
						</div>
					);
				})}
			</div>
			{queue.next && <p className={css.rest}>There are more; they come up as these are done.</p>}
		</>
	);
}

export function QueuePage({ view }: { view: string }) {
	const here = useHere();
	const from = useQueue(here.id);
	if (view === 'pick') return <PickList from={from} here={here.id} name={here.name} />;
	const picks = (from.data?.items ?? []).some((q) => q.stage === 'new');
	return (
		<Page
			wide
			title="To do for orders"
			lead={here.name || undefined}
			actions={
				<>
					<HerePicker />
					{picks && <Button variant="default" leftSection={<Icon name="queue" />} onClick={() => go('/queue/pick')}>Pick list</Button>}
				</>
			}
		>
			<Loaded from={from} bones={<Bones rows={4} height={140} />}>{(q) => <Lanes queue={q} from={from} here={here.id} />}</Loaded>
		</Page>
	);
}
