import { Button } from '@mantine/core';
import type { Book, Condition, Payment, Returned } from '../../api/trade';
import type { Money } from '../../api/types';
import { dayTime, isZero, money } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { send } from './acts';
import { CONDITIONS, PAYMENT_STATES, TENDERS } from './words';
import css from './Order.module.css';

function Row({ label, m, less = false, strong = false, zero = false }: { label: string; m: Money; less?: boolean; strong?: boolean; zero?: boolean }) {
	if (isZero(m) && !zero) return null;
	return <div className={strong ? css.strong : undefined}><dt>{label}</dt><dd>{less && '−'}{money(m)}</dd></div>;
}

function PaymentRow({ p, settle }: { p: Payment; settle: ((how: 'refund_done' | 'refund_failed') => void) | null }) {
	return (
		<li className={css.payment}>
			<span className={css.grow}>
				{TENDERS[p.tender]}{p.as_credit && ', as store credit'}
				<span className="dim small"> {[dayTime(p.at), p.reference, PAYMENT_STATES[p.state]].filter(Boolean).join(' · ')}</span>
			</span>
			<span className={css.amount} data-refund={p.refund} data-failed={p.state === 'failed'}>{p.refund ? '−' : ''}{money(p.amount)}</span>
			{settle && p.refund && p.state === 'pending' && (
				<span className={css.settle}>
					<Button variant="default" onClick={() => settle('refund_done')}>It arrived</Button>
					<Button variant="default" onClick={() => settle('refund_failed')}>It failed</Button>
				</span>
			)}
		</li>
	);
}

interface Props { book: Book; order: string; done: (b: Book) => void; onPay: (() => void) | null; onRefund: (() => void) | null }

/** What was charged, what came in, what went back; what stands open. */
export function Ledger({ book, order, done, onPay, onRefund }: Props) {
	const m = book.money;
	const settle = (n: number) => async (how: 'refund_done' | 'refund_failed') => {
		try {
			done((await send(order, how, { payment: n })).book);
		} catch (e) {
			toast.fail(e);
		}
	};
	async function inspect(r: Returned, condition: Condition) {
		const units = [{ line: r.line, qty: r.uninspected, location: r.location.id, condition }];
		try {
			done((await send(order, 'inspect', { store: r.location.id, units })).book);
			toast.say(condition === 'good' ? 'Back on the shelf' : 'Kept as damaged');
		} catch (e) {
			toast.fail(e);
		}
	}
	return (
		<>
			<dl className={css.sums}>
				<Row label="Discount" m={m.discount} less />
				<Row label="Shipping" m={m.shipping} />
				<Row label={book.tax_included ? 'Tax, included' : 'Tax'} m={m.tax} />
				<Row label="Total" m={m.total} strong zero />
				<Row label="Paid" m={m.captured} />
				<Row label="Given back" m={m.refunded} less />
				<Row label="On its way back" m={m.refunding} less />
				<Row label="Still to pay" m={m.receivable} strong />
				<Row label="Owed to the customer" m={m.payable} strong />
			</dl>
			{(onPay || onRefund) && (
				<div className={css.buttons}>
					{onPay && <Button variant="default" onClick={onPay}>Take payment</Button>}
					{onRefund && <Button variant="default" onClick={onRefund}>Refund</Button>}
				</div>
			)}
			{book.payments.length > 0 && (
				<>
					<h3 className={css.sub}>Payments</h3>
					<ul>
						{book.payments.map((p) => (
							<PaymentRow key={p.n} p={p} settle={book.allowed.includes('refund_done') ? (how) => void settle(p.n)(how) : null} />
						))}
					</ul>
				</>
			)}
			{book.returns.length > 0 && (
				<>
					<h3 className={css.sub}>Brought back</h3>
					<ul>
						{book.returns.map((r, i) => (
							<li key={i} className={css.payment}>
								<span className={css.grow}>
									{r.qty} × {book.lines.find((l) => l.line === r.line)?.title}
									<span className="dim small"> {[r.location.name, dayTime(r.at), r.uninspected > 0 ? 'to be looked at' : CONDITIONS[r.condition].toLowerCase()].join(' · ')}</span>
								</span>
								<span className={css.amount} data-refund>−{money(r.net)}</span>
								{r.uninspected > 0 && book.allowed.includes('inspect') && (
									<span className={css.settle}>
										<Button variant="default" onClick={() => void inspect(r, 'good')}>Fine, to the shelf</Button>
										<Button variant="default" onClick={() => void inspect(r, 'damaged')}>Damaged</Button>
									</span>
								)}
							</li>
						))}
					</ul>
				</>
			)}
		</>
	);
}
