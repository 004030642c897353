/* Choose the other one, look at both, say why. */
import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Problem, url } from '../../api/client';
import type { Customer, Hit } from '../../api/types';
import { useData } from '../../api/useData';
import { Alarm } from '../../ui/Alarm';
import { Loaded } from '../../ui/Page';
import { day, plural } from '../../ui/format';
import { useForm } from '../../ui/useForm';
import { FindBox } from '../find/FindBox';
import { Identifiers } from './Identifiers';
import { merge } from './identity';
import { Dialog } from '../../ui/Dialog';
import css from './Records.module.css';

interface Props { opened: boolean; onClose: () => void; customer: Customer; reload: () => Promise<void> }

function Side({ c, title }: { c: Customer; title: string }) {
	return (
		<section className={css.side} aria-label={title}>
			<h3 className={css.name}>{c.name.display}</h3>
			<p className="dim small">
				{plural(c.records.length, 'record')}, {plural(c.spend?.orders ?? c.orders.length, 'order')}
				{c.last_purchase && `, last ${day(c.last_purchase.at)}`}
			</p>
			<Identifiers list={c.identifiers} />
		</section>
	);
}

function Confirm({ customer, other, onDone, onBack, reload }: { customer: Customer; other: Hit; onDone: () => void; onBack: () => void; reload: () => Promise<void> }) {
	const from = useData<Customer>(url(`customers/${encodeURIComponent(other.customer)}`));
	const [reason, setReason] = useState('');
	const [conflict, setConflict] = useState(false);
	const form = useForm();
	async function submit() {
		const ok = await form.send(['reason'], async () => {
			try {
				await merge(customer.customer, other.customer, reason.trim(), conflict, other.name, reload);
			} catch (e) {
				if (e instanceof Problem && e.code === 'merge.verified_conflict') setConflict(true);
				throw e;
			}
		});
		if (ok) onDone();
	}
	return (
		<div className={css.stack}>
			<div className={css.sides}>
				<Side c={customer} title="This customer" />
				<Loaded from={from}>{(c) => <Side c={c} title="The other" />}</Loaded>
			</div>
			<Alarm text={form.problem} />
			<TextInput label="Why are they one person?" description="It is kept with the decision." value={reason} error={form.at('reason')} onChange={(e) => setReason(e.currentTarget.value)} data-autofocus />
			<div className={css.buttons}>
				<Button loading={form.busy} color={conflict ? 'garnet' : undefined} onClick={() => void submit()}>
					{conflict ? 'Merge all the same' : 'Merge'}
				</Button>
				<Button variant="default" onClick={onBack}>Choose another</Button>
			</div>
		</div>
	);
}

export function MergeDialog({ opened, onClose, customer, reload }: Props) {
	const [other, setOther] = useState<Hit | null>(null);
	function close() {
		onClose();
		setOther(null);
	}
	return (
		<Dialog opened={opened} onClose={close} title={`Merge with ${customer.name.display}`} size={720} >
			{other ? (
				<Confirm customer={customer} other={other} onDone={close} onBack={() => setOther(null)} reload={reload} />
			) : (
				<FindBox label="The other customer" autoFocus onPick={(h) => h.customer !== customer.customer && setOther(h)} />
			)}
		</Dialog>
	);
}
