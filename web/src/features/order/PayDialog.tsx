/* Money in, or back out: the one thing that is asked for before it is done. */
import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Book, Tender } from '../../api/trade';
import { Alarm } from '../../ui/Alarm';
import { ChipRow } from '../../ui/ChipRow';
import { Dialog } from '../../ui/Dialog';
import { typedAmount } from '../../ui/amount';
import { isZero, money } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { useForm } from '../../ui/useForm';
import { send } from './acts';
import { TENDER_CHOICES, TENDERS } from './words';
import css from './Order.module.css';

export type Paying = 'pay' | 'refund';
interface Props { kind: Paying; order: string; book: Book; store: string; onClose: () => void; done: (b: Book) => void }

export function PayDialog({ kind, order, book, store, onClose, done }: Props) {
	const pay = kind === 'pay';
	const due = pay ? book.money.receivable : book.money.payable;
	const [tender, setTender] = useState<Tender | 'rest'>(pay ? 'card' : 'rest');
	const [amount, setAmount] = useState(due.amount);
	const [reference, setReference] = useState('');
	const form = useForm();
	const from = book.tenders.filter((t) => !isZero(t.refundable));
	const choices = pay
		? TENDER_CHOICES
		: [{ value: 'rest' as const, label: 'As it was paid' }, ...from.map((t) => ({ value: t.tender, label: TENDERS[t.tender] }))];

	async function submit() {
		const typed = typedAmount(amount);
		if (tender !== 'rest' && !typed) {
			form.set('amount', 'Type an amount, like 12.50.');
			return;
		}
		const body = tender === 'rest' ? { refund_rest: true } : { pays: [{ tender, amount: typed, ...(reference && { reference }) }] };
		const ok = await form.send(['amount', 'reference'], async () => {
			const d = await send(order, kind, { store: store || undefined, ...body });
			done(d.book);
			toast.say(pay ? `${money(d.amount)} taken` : `${money(d.refunded)} given back`);
		});
		if (ok) onClose();
	}
	return (
		<Dialog opened onClose={onClose} title={pay ? `Take ${money(due)}` : `Give back ${money(due)}`}>
			<form
				className={css.form}
				onSubmit={(e) => {
					e.preventDefault();
					void submit();
				}}
			>
				<Alarm text={form.problem} />
				<ChipRow label={pay ? 'Paid by' : 'Back to'} options={choices} value={tender} onChange={(v) => setTender(v as Tender | 'rest')} />
				{tender !== 'rest' && (
					<>
						<TextInput label="Amount" inputMode="decimal" value={amount} error={form.at('amount')} onChange={(e) => setAmount(e.currentTarget.value)} data-autofocus />
						<TextInput label="Reference" description="Of the terminal’s slip, the transfer …; never a card’s number." value={reference} error={form.at('reference')} onChange={(e) => setReference(e.currentTarget.value)} />
					</>
				)}
				<Button type="submit" loading={form.busy}>{pay ? 'It is paid' : 'Give it back'}</Button>
			</form>
		</Dialog>
	);
}
