/* How the server is, in one look; every figure leads to what it counts, where there is something to show. */
import { useEffect } from 'react';
import { url } from '../../api/client';
import { useOnline } from '../../api/live';
import type { Status } from '../../api/types';
import { useData } from '../../api/useData';
import { Link } from '../../app/router';
import { Icon } from '../../ui/Icon';
import { Loaded, Page } from '../../ui/Page';
import { count } from '../../ui/format';
import css from './Status.module.css';

const EVERY_MS = 5000;

function Figure({ label, n, to, hint }: { label: string; n: number | undefined; to?: string; hint?: string }) {
	if (n === undefined) return null;
	return (
		<div className={css.figure}>
			<dt>{label}</dt>
			<dd>{to ? <Link to={to}>{count(n)}</Link> : count(n)}</dd>
			{hint && <dd className={css.hint}>{hint}</dd>}
		</div>
	);
}

function Light({ good, children }: { good: boolean; children: string }) {
	return (
		<li className={css.light} data-good={good}>
			<Icon name={good ? 'check' : 'open'} />
			{children}
		</li>
	);
}

export function StatusPage() {
	const from = useData<Status>(url('status'));
	const online = useOnline();
	const { reload } = from;
	useEffect(() => {
		const timer = setInterval(() => {
			if (document.visibilityState === 'visible') void reload();
		}, EVERY_MS);
		return () => clearInterval(timer);
	}, [reload]);
	return (
		<Page title="Status" lead="Looked at again every five seconds.">
			<Loaded from={from}>
				{(s) => (
					<>
						<ul className={css.lights}>
							<Light good={online && !from.problem}>{online && !from.problem ? 'The server answers' : 'The server does not answer'}</Light>
							<Light good={s.search.ready}>{s.search.ready ? 'The search is ready' : 'The search is being built'}</Light>
							<Light good={s.feed.rows < 1000}>{s.feed.rows === 0 ? 'Everything that came in is shown' : `${count(s.feed.rows)} changes are on their way to the screens`}</Light>
							<Light good={s.deadletters === 0}>{s.deadletters === 0 ? 'Everything was taken in' : `${count(s.deadletters)} not taken in`}</Light>
						</ul>
						<dl className={css.figures}>
							<Figure label="Customers" n={s.customers} />
							<Figure label="Records" n={s.records} hint="of all source systems" />
							<Figure label="Orders and returns" n={s.orders} />
							<Figure label="Touchpoints" n={s.touchpoints} />
							<Figure label="In the search" n={s.search.customers} />
							<Figure label="Not taken in" n={s.deadletters} to="/imports/letters" />
						</dl>
						<p className="dim">Byname {s.version} on {s.engine}</p>
					</>
				)}
			</Loaded>
		</Page>
	);
}
