/* One customer: the card first, everything else one step away. */
import { Button } from '@mantine/core';
import { lazy, Suspense, useEffect, useRef } from 'react';
import { url } from '../../api/client';
import { useMe } from '../../api/session';
import type { Card } from '../../api/types';
import { useData } from '../../api/useData';
import { go, Link } from '../../app/router';
import { useStored } from '../../app/stored';
import { CardView, type Depth } from '../card/CardView';
import { CardBones } from '../card/CardBones';
import { rememberRecent } from '../find/recent';
import { Bones, Loaded, useTitle } from '../../ui/Page';
import { Icon } from '../../ui/Icon';
import css from './Customer.module.css';

const Timeline = lazy(() => import('./Timeline').then((m) => ({ default: m.Timeline })));
const Orders = lazy(() => import('./Orders').then((m) => ({ default: m.Orders })));
const About = lazy(() => import('./About').then((m) => ({ default: m.About })));
const Records = lazy(() => import('./Records').then((m) => ({ default: m.Records })));

const TABS = [
	{ tab: '', label: 'Card' },
	{ tab: 'timeline', label: 'Timeline' },
	{ tab: 'orders', label: 'Orders' },
	{ tab: 'about', label: 'About' },
	{ tab: 'records', label: 'Records' },
];

export function CustomerPage({ id, tab }: { id: string; tab: string }) {
	const me = useMe();
	const topic = `customer:${id}`;
	const [depth, setDepth] = useStored<Depth>('depth', 'simple');
	const card = useData<Card>(url(`customers/${encodeURIComponent(id)}/card`, { store: me.home_store, full: depth === 'full' || null }), topic);
	const name = card.data?.name.display ?? '';
	useTitle(name || 'Customer');
	useEffect(() => {
		const c = card.data;
		if (c) rememberRecent({ id: c.customer, name: c.name.display, hint: c.home_store?.name ?? '' });
	}, [card.data]);

	/* A keyboard visitor who came from Find goes on reading here, not at the top of the page. */
	const top = useRef<HTMLDivElement>(null);
	useEffect(() => {
		document.querySelector(`.${css.tab}[aria-current]`)?.scrollIntoView({ block: 'nearest', inline: 'center' });
		if (document.activeElement === document.body) top.current?.focus({ preventScroll: true });
	}, [tab]);

	return (
		<div className={css.page} ref={top} tabIndex={-1}>
			<div className={css.bar}>
				<nav className={css.tabs} aria-label={name ? `Sections about ${name}` : 'Sections'}>
					{TABS.map((t) => (
						<Link key={t.tab} to={`/c/${id}${t.tab && '/' + t.tab}`} className={css.tab} aria-current={t.tab === tab ? 'page' : undefined}>
							{t.label}
						</Link>
					))}
				</nav>
				{tab === '' && (
					<div className={css.tools}>
						<Button leftSection={<Icon name="bag" />} onClick={() => go(`/o/new?customer=${id}`)}>New order</Button>
						<Button variant="default" leftSection={<Icon name="undo" />} aria-label="Return" onClick={() => go(`/return?customer=${id}`)}><span className={css.word}>Return</span></Button>
						<Button
							variant="default"
							aria-label="Note"
							leftSection={<Icon name="note" />}
							onClick={() => {
								const field = document.querySelector<HTMLElement>('[data-note-field]');
								field?.scrollIntoView({ block: 'center' });
								field?.focus();
							}}
						>
							<span className={css.word}>Note</span>
						</Button>
						<div className={css.depth} role="group" aria-label="How much to show">
							{(['simple', 'full'] as const).map((d) => (
								<button key={d} type="button" aria-pressed={depth === d} onClick={() => setDepth(d)}>
									{d === 'simple' ? 'Simple' : 'Full'}
								</button>
							))}
						</div>
					</div>
				)}
			</div>
			{tab !== '' && <h1 className={css.name}>{name || <span className="sr">Customer</span>}</h1>}
			{tab === '' ? (
				<Loaded from={card} bones={<CardBones />}>
					{(c) => <CardView card={c} from={card} depth={depth} onFull={() => setDepth('full')} />}
				</Loaded>
			) : (
				<Suspense fallback={<Bones />}>
					{tab === 'timeline' && <Timeline id={id} />}
					{tab === 'orders' && <Orders id={id} />}
					{tab === 'about' && <About id={id} />}
					{tab === 'records' && <Records id={id} />}
				</Suspense>
			)}
		</div>
	);
}
