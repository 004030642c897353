/* The smaller parts of the card. */
import type { Card, LastPurchase, Milestone, OpenMatter, Permission } from '../../api/types';
import { Link } from '../../app/router';
import { channelIcon, channelName, Icon } from '../../ui/Icon';
import { ago, count, day, dayMonth, money, percent, plural, sentence } from '../../ui/format';
import { How, Hush } from './How';
import css from './Parts.module.css';

export function OpenMatters({ open }: { open: OpenMatter[] }) {
	return (
		<ul className={css.open}>
			{open.map((o, i) => (
				<li key={(o.order ?? '') + i} className={css.matter}>
					<Icon name="open" />
					<span className={css.grow}>
						<strong>{o.text}</strong>
						{o.at && <span className={css.when}> {ago(o.at)}</span>}
					</span>
					{o.order && <Link to={`/o/${o.order}`} className={css.act}>Open<span className="sr">: {o.text}</span></Link>}
				</li>
			))}
		</ul>
	);
}

function Lines({ last }: { last: LastPurchase }) {
	return (
		<ul className={css.lines}>
			{last.lines.map((l, i) => (
				<li key={l.sku + i} className={css.line}>
					<span className={css.grow}>{l.title || l.sku}</span>
					<span className="dim">{[l.size && `size ${l.size}`, l.colour, l.qty > 1 && `${l.qty}×`].filter(Boolean).join(', ')}</span>
				</li>
			))}
		</ul>
	);
}

export function Last({ last, customer }: { last: LastPurchase; customer: string }) {
	const where = last.store?.name ?? channelName(last.channel);
	return (
		<>
			<Lines last={last} />
			<p className={css.foot}>
				<Icon name={channelIcon(last.channel)} size={18} />
				<span>{day(last.at)}, {where}</span>
				<Link to={`/c/${customer}/orders?order=${last.order}`} className={css.sum}>{money(last.total)}</Link>
			</p>
		</>
	);
}

export function Milestones({ list }: { list: Milestone[] }) {
	return (
		<ul className={css.stack}>
			{list.map((m) => (
				<li key={m.kind + m.date}>
					<How what={m.text} how={m.how} say={m.say} className={css.wide}>
						<Icon name="gift" />
						<span className={css.grow}>
							<strong>{sentence(m.kind)}</strong>
							<span className={css.date}>{dayMonth(m.date)}</span>
						</span>
						<span className="dim">{m.in_days === 0 ? 'today' : m.in_days === 1 ? 'tomorrow' : m.in_days < 0 ? plural(-m.in_days, 'day') + ' ago' : `in ${plural(m.in_days, 'day')}`}</span>
						{!m.say && <Hush />}
					</How>
				</li>
			))}
		</ul>
	);
}

const STATES = { yes: 'Yes', no: 'No', never_asked: 'Not asked' } as const;
export function Permissions({ list }: { list: Permission[] }) {
	return (
		<ul className={css.permissions}>
			{list.map((p) => (
				<li key={p.channel + p.purpose} className={css.permission} data-state={p.state}>
					<Icon name={p.state === 'yes' ? 'check' : p.state === 'no' ? 'close' : channelIcon(p.channel)} size={18} />
					<span className={css.grow}>
						{channelName(p.channel)} <span className="dim">for {p.purpose}</span>
					</span>
					<span className={css.state}>{STATES[p.state] ?? p.state}</span>
					{p.at && <span className="dim small">{day(p.at)}</span>}
				</li>
			))}
		</ul>
	);
}

export function Worth({ card }: { card: Card }) {
	const s = card.spend;
	if (!s) return null;
	const to = `/c/${card.customer}/orders`;
	return (
		<dl className={css.worth}>
			<div><dt>In all</dt><dd><Link to={to}>{money(s.total)}</Link></dd></div>
			<div><dt>Last 12 months</dt><dd><Link to={to + '?period=year'}>{money(s.last_12_months)}</Link></dd></div>
			<div><dt>Orders</dt><dd><Link to={to + '?kind=sale'}>{count(s.orders)}</Link></dd></div>
			<div><dt>Returns</dt><dd><Link to={to + '?kind=return'}>{count(s.returns)}</Link></dd></div>
			{s.full_price_share !== null && s.full_price_share !== undefined && (
				<div><dt>At full price</dt><dd><Link to={to + '?price=full'}>{percent(s.full_price_share)}</Link></dd></div>
			)}
			{s.first_at && <div><dt>Customer since</dt><dd>{day(s.first_at)}</dd></div>}
		</dl>
	);
}

/** "Same family name and address" → "because both have the same family name and address". */
function because(how: { provenance: string; text: string }): string {
	if (how.provenance === 'told') return 'because a source says so';
	return `because both have the ${how.text.charAt(0).toLowerCase()}${how.text.slice(1)}`;
}

/** Who lives together, with the reason, and nothing of what they buy. */
export function Household({ card }: { card: Card }) {
	return (
		<>
			<ul className={css.stack}>
				{card.household?.members.map((m) => (
					<li key={m.customer}>
						Same household as <Link to={`/c/${m.customer}`} className={css.mate}>{m.name}</Link>, <span className="dim">{because(m.how)}</span>
					</li>
				))}
			</ul>
			<p className={`dim small ${css.gifts}`}>What each of them buys shows only with them: gifts stay a surprise.</p>
		</>
	);
}
