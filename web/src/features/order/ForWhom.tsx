/* The customer in hand: named, or found. */
import { useState } from 'react';
import { url } from '../../api/client';
import { useMay, useMe } from '../../api/session';
import type { Card } from '../../api/types';
import { useData } from '../../api/useData';
import { Link } from '../../app/router';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/Icon';
import { FindBox } from '../find/FindBox';
import css from './ForWhom.module.css';

export function useCustomerName(id: string): string {
	const me = useMe();
	const card = useData<Card>(id ? url(`customers/${encodeURIComponent(id)}/card`, { store: me.home_store }) : null, id ? `customer:${id}` : null);
	return card.data?.name.display ?? '';
}

export function ForWhom({ id, onChange }: { id: string; onChange: (id: string) => void }) {
	const serve = useMay('serve');
	const name = useCustomerName(serve ? id : '');
	const [finding, setFinding] = useState(false);
	if (!serve) return null;
	return (
		<div className={css.row}>
			<Icon name="users" />
			<span className={css.grow}>
				{id ? <>For <Link to={`/c/${id}`} className={css.name}>{name || '…'}</Link></> : <span className="dim">Nobody known</span>}
			</span>
			<button type="button" className={css.button} onClick={() => setFinding(true)}>{id ? 'Change' : 'Choose a customer'}</button>
			{id && (
				<button type="button" className={css.button} aria-label={`Not for ${name}`} onClick={() => onChange('')}>
					<Icon name="close" size={18} />
				</button>
			)}
			<Dialog opened={finding} onClose={() => setFinding(false)} title="For whom?" size={680} atTop>
				<FindBox
					autoFocus
					label="Find the customer"
					onPick={(h) => {
						setFinding(false);
						onChange(h.customer);
					}}
				/>
			</Dialog>
		</div>
	);
}
