/* What is being taken in, and what could not be. */
import { url } from '../../api/client';
import type { ImportJob } from '../../api/types';
import { useData } from '../../api/useData';
import { Icon } from '../../ui/Icon';
import { Empty, Loaded, Page } from '../../ui/Page';
import { TabLinks } from '../../ui/TabLinks';
import { ago, bytes, count, duration, percent } from '../../ui/format';
import { DeadLetters } from './DeadLetters';
import { useRate } from './useRate';
import css from './Imports.module.css';

const STATES = { running: 'Running', stopped: 'Stopped', done: 'Done', failed: 'Failed' } as const;

function Job({ job }: { job: ImportJob }) {
	const rate = useRate(job);
	const share = job.bytes_total > 0 ? Math.min(1, job.bytes_done / job.bytes_total) : job.state === 'done' ? 1 : 0;
	const left = rate && rate.bytes > 0 ? (job.bytes_total - job.bytes_done) / rate.bytes : null;
	const c = job.counts;
	const name = job.path.split('/').at(-1) || job.path;
	const figures: [string, number][] = [
		['lines read', job.lines], ['taken in', c.taken], ['known already', c.duplicates], ['people new', c.records_new], ['orders new', c.orders_new],
		['orders changed', c.orders_changed], ['not taken in', c.dead],
	];
	return (
		<li className={css.job} data-state={job.state}>
			<div className={css.top}>
				<div className={css.grow}>
					<h2 className={css.name} title={job.path}>{name}</h2>
					<p className="dim small">{job.format} · source {job.source} · started {ago(job.started_at)}</p>
				</div>
				<span className={css.state}>{STATES[job.state] ?? job.state}</span>
			</div>
			<div className={css.progress} role="progressbar" aria-label={`Import of ${name}`} aria-valuenow={Math.round(share * 100)} aria-valuemin={0} aria-valuemax={100}>
				<svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect width={share * 1000} height="10" /></svg>
			</div>
			<p className={css.pace}>
				{percent(share)} · {bytes(job.bytes_done)} of {bytes(job.bytes_total)}
				{job.state === 'running' && rate && ` · ${count(Math.round(rate.lines))} lines a second`}
				{job.state === 'running' && left !== null && ` · about ${duration(left)} left`}
			</p>
			{job.problem && <p className={css.problem}><Icon name="open" size={18} />{job.problem}</p>}
			{job.state === 'stopped' && <p className="dim">It goes on where it was when the same import is started again.</p>}
			<dl className={css.figures}>
				{figures.filter(([label, n]) => n > 0 || label === 'taken in').map(([label, n]) => (
					<div key={label}>
						<dt>{label}</dt>
						<dd>{count(n)}</dd>
					</div>
				))}
			</dl>
		</li>
	);
}

function Jobs() {
	const from = useData<{ items: ImportJob[] }>(url('imports'), 'imports');
	return (
		<Loaded from={from}>
			{({ items }) =>
				items.length === 0 ? (
					<Empty icon="imports" title="Nothing was imported yet">
						On the server: <code>byname import orders.csv</code>. Its progress shows here while it runs.
					</Empty>
				) : (
					<ul className={css.jobs}>{items.map((j) => <Job key={j.id} job={j} />)}</ul>
				)
			}
		</Loaded>
	);
}

export function ImportsPage({ tab }: { tab: string }) {
	const letters = useData<{ open: number }>(url('deadletters', { limit: 1 }), 'imports');
	const open = letters.data?.open ?? 0;
	return (
		<Page title="Imports" lead="Files and live messages that came in. What could not be taken in waits here, with its reason and the raw text.">
			<TabLinks
				label="Imports"
				here={tab === 'letters' ? '/imports/letters' : '/imports'}
				tabs={[{ to: '/imports', label: 'Imports' }, { to: '/imports/letters', label: `Not taken in${open ? ` (${count(open)})` : ''}` }]}
			/>
			{tab === 'letters' ? <DeadLetters onChange={() => void letters.reload()} /> : <Jobs />}
		</Page>
	);
}
