import { Button } from '@mantine/core';
import type { BookLine, Part } from '../../api/trade';
import { Link } from '../../app/router';
import { Drop, DropItem } from '../../ui/Drop';
import { Icon, type IconName } from '../../ui/Icon';
import { sum } from '../../ui/amount';
import { ago, isZero, money, plural } from '../../ui/format';
import { actsOf, cancellable, doAct, returnable, type Act } from './acts';
import { Bar } from './Bar';
import type { Shared } from './Next';
import { METHOD_ICONS, METHODS } from './words';
import css from './Order.module.css';

const ICONS: Record<string, IconName> = { unpick: 'undo', problem: 'open', no_show: 'close', release: 'back', cancel: 'trash' };

function partText(p: Part): string {
	return [
		p.open && `${p.open} to pick`, p.picked && `${p.picked} picked`, p.ready && `${p.ready} ready`, p.shipped && `${p.shipped} on the way`,
		p.handed && `${p.handed} ${p.method === 'ship' ? 'arrived' : 'handed over'}`,
	].filter(Boolean).join(', ');
}

function PartRow({ line, part, shared }: { line: BookLine; part: Part; shared: Shared }) {
	const { order, book, here, done, pending, mark } = shared;
	const key = `part ${part.n}`;
	const run = (act: Act) => void doAct({ order, act, store: here, done, pending: mark(key) });
	const acts = actsOf(line.line, { ...part, location: part.location.id }, book);
	/* That it arrived may be told anywhere. */
	const mine = !here || part.location.id === here || acts[0]?.command === 'deliver';
	const [first, ...rest] = acts;
	const next = mine && first && !ICONS[first.command] ? first : null;
	const more = mine ? (next ? rest : acts) : [];
	const busy = pending.has(key);
	return (
		<li className={css.part}>
			<Icon name={METHOD_ICONS[part.method]} size={18} />
			<span className={css.grow}>
				<span className={css.where}>{METHODS[part.method]}, {part.location.name}</span>
				<span className="dim small"> {partText(part)}{part.open + part.picked + part.ready + part.shipped > 0 && ` · since ${ago(part.since)}`}</span>
			</span>
			{busy && <span className="dim small" role="status">under way</span>}
			<span className={css.acts}>
			{next && !busy && <Button variant="default" onClick={() => run(next)}>{next.label}</Button>}
			{more.length > 0 && !busy && (
				<Drop label={`More for ${line.title} in ${part.location.name}`} className={css.more ?? ''} button={<><Icon name="more" /><span className="sr">More for {line.title} in {part.location.name}</span></>}>
					{more.map((a) => <DropItem key={a.command} icon={ICONS[a.command] ?? 'check'} onClick={() => run(a)}>{a.label}</DropItem>)}
				</Drop>
			)}
			</span>
		</li>
	);
}

function Line({ line, shared, onPlace }: { line: BookLine; shared: Shared; onPlace: (line: number) => void }) {
	const { order, book, here, done, pending, mark } = shared;
	const sku = line.sku;
	const unit = { currency: book.money.total.currency, amount: line.unit_price };
	const reduced = line.list_price !== null && line.list_price !== line.unit_price;
	const left = cancellable(line);
	const key = `cancel ${line.line}`;
	const cancel: Act = { command: 'cancel', label: 'Cancel', said: `of ${line.title} cancelled`, units: [{ line: line.line, qty: left }] };
	return (
		<li className={css.line} data-pending={pending.has(key)}>
			<div className={css.lineHead}>
				<span className={css.grow}>
					<span className={css.lineTitle}>{line.title || sku?.title}</span>
					<span className={css.lineInfo}>
						{sku && <Link to={`/stock?sku=${sku.id}`} className={css.code}>{[sku.size && `size ${sku.size}`, sku.colour, sku.code].filter(Boolean).join(' · ')}</Link>}
					</span>
				</span>
				<span className={css.price}>
					<span className={css.net}>{money(book.tax_included ? { ...line.net, amount: sum(line.net.amount, line.tax.amount) } : line.net)}</span>
					<span className="dim small num">
						{line.qty} × {money(unit)}
						{reduced && line.list_price && <> <s>{money({ ...unit, amount: line.list_price })}</s></>}
						{!isZero(line.discount) && ` − ${money(line.discount)}`}
					</span>
				</span>
			</div>
			<Bar line={line} />
			<ul className={css.parts}>
				{line.waiting > 0 && book.state !== 'draft' && (
					<li className={css.part}>
						<Icon name="clock" size={18} />
						<span className={css.grow}><span className={css.where}>{plural(line.waiting, 'piece waits', 'pieces wait')} for a place</span></span>
						{book.allowed.includes('allocate') && <Button variant="default" onClick={() => onPlace(line.line)}>Choose where from</Button>}
					</li>
				)}
				{line.parts.filter((p) => p.open + p.picked + p.ready + p.handed + p.shipped > 0).map((p) => <PartRow key={p.n} line={line} part={p} shared={shared} />)}
			</ul>
			<p className={css.lineFoot}>
				{returnable(line) > 0 && !isZero(line.refundable) && <span className="dim small">The next piece that comes back is worth {money(line.refundable)}.</span>}
				{left > 0 && book.allowed.includes('cancel') && !pending.has(key) && (
					<button type="button" className={css.quiet} onClick={() => void doAct({ order, act: cancel, store: here, done, pending: mark(key) })}>
						Cancel {left === line.qty ? 'this line' : plural(left, 'piece')}<span className="sr"> of {line.title}</span>
					</button>
				)}
			</p>
		</li>
	);
}

export function Lines({ onPlace, ...shared }: Shared & { onPlace: (line: number) => void }) {
	return (
		<ul className={css.lines}>
			{shared.book.lines.map((l) => <Line key={l.line} line={l} shared={shared} onPlace={onPlace} />)}
		</ul>
	);
}
