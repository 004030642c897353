/* What comes next with this order, in a sentence and one button. */
import { Button } from '@mantine/core';
import type { Book, Command, Method } from '../../api/trade';
import { Icon, type IconName } from '../../ui/Icon';
import { isZero, money, plural } from '../../ui/format';
import { actsOf, doAct, pieces, type Act } from './acts';
import { METHODS } from './words';
import css from './Order.module.css';

export interface Shared {
	order: string; book: Book; here: string;
	done: (b: Book) => void;
	pending: ReadonlySet<string>;
	mark: (key: string) => (is: boolean) => void;
}
interface Step { key: string; icon: IconName; text: string; label: string; run: () => void; busy?: boolean }

/** The next step of every part at one location, taken together where it is the same. */
function together(book: Book, at: (location: string, command: Command) => boolean): { act: Act; method: Method; place: string }[] {
	const out = new Map<string, { act: Act; method: Method; place: string }>();
	for (const l of book.lines) {
		for (const p of l.parts) {
			const act = actsOf(l.line, { ...p, location: p.location.id }, book)[0];
			if (!act || !at(p.location.id, act.command) || ['unpick', 'problem', 'no_show', 'release'].includes(act.command)) continue;
			const key = `${act.command} ${p.method} ${p.location.id}`;
			const old = out.get(key);
			if (old) old.act = { ...old.act, units: [...old.act.units, ...act.units] };
			else out.set(key, { act, method: p.method, place: p.location.name });
		}
	}
	return [...out.values()];
}

interface Props extends Shared { onPay: () => void; onRefund: () => void; onPlace: () => void; owed: boolean }

export function Next({ order, book, here, done, pending, mark, onPay, onRefund, onPlace, owed }: Props) {
	const may = book.allowed;
	const waiting = book.lines.reduce((n, l) => n + l.waiting, 0);
	const unpaid = !book.on_account && !isZero(book.money.receivable);
	const steps: Step[] = [];
	const elsewhere: string[] = [];
	if (book.state === 'draft' && may.includes('place')) {
		steps.push({ key: 'place', icon: 'note', text: 'A quote: nothing is promised yet, nothing charged.', label: 'Make it an order', run: onPlace });
	}
	if (book.state !== 'draft' && waiting > 0 && may.includes('allocate')) {
		steps.push({ key: 'allocate', icon: 'open', text: `${plural(waiting, 'piece waits', 'pieces wait')} for a place to come from.`, label: 'Choose where from', run: onPlace });
	}
	/* That something arrived may be told anywhere. */
	const mine = (l: string, c: Command) => !here || l === here || c === 'deliver';
	for (const t of together(book, mine)) {
		const n = plural(pieces(t.act.units), 'piece');
		const key = `next ${t.act.command} ${t.method} ${t.place}`;
		steps.push({
			key, icon: t.act.command === 'pick' ? 'queue' : t.act.command === 'ship' || t.act.command === 'deliver' ? 'truck' : 'bag',
			text: t.act.command === 'deliver' ? `On the way from ${t.place}: ${n}.` : `${METHODS[t.method]}, ${t.place}: ${n}.`, label: `${t.act.label}${pieces(t.act.units) > 1 ? ` (${pieces(t.act.units)})` : ''}`, busy: pending.has(key),
			run: () => void doAct({ order, act: t.act, store: here, done, pending: mark(key) }),
		});
	}
	if (here) {
		for (const t of together(book, (l, c) => !mine(l, c))) elsewhere.push(`${plural(pieces(t.act.units), 'piece')} to ${t.act.label.toLowerCase()} in ${t.place}`);
	}
	if (unpaid && may.includes('pay')) {
		steps.push({ key: 'pay', icon: 'cash', text: `${money(book.money.receivable)} still to pay before it is handed over.`, label: 'Take payment', run: onPay });
	}
	if (owed) {
		steps.push({ key: 'refund', icon: 'cash', text: `${money(book.money.payable)} is owed to the customer.`, label: 'Refund', run: onRefund });
	}
	if (steps.length === 0 && elsewhere.length === 0) return null;
	return (
		<section className={css.next} aria-label="What comes next">
			{steps.map((s, i) => (
				<div key={s.key} className={css.step}>
					<Icon name={s.icon} />
					<p className={css.grow}>{s.text}</p>
					<Button variant={i === 0 ? 'filled' : 'default'} disabled={s.busy} onClick={s.run}>{s.label}</Button>
				</div>
			))}
			{elsewhere.length > 0 && (
				<div className={css.step}>
					<Icon name="store" />
					<p className={css.grow}>Elsewhere: {elsewhere.join('; ')}.</p>
				</div>
			)}
		</section>
	);
}
