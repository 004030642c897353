/* Who they are: how to reach them and whether we may, their family, the people they buy for. */
import { url } from '../../api/client';
import type { Address, Customer } from '../../api/types';
import { useData } from '../../api/useData';
import { Icon } from '../../ui/Icon';
import { Loaded, Section } from '../../ui/Page';
import { date } from '../../ui/format';
import { useFresh } from '../../ui/fresh';
import { CardBones } from '../card/CardBones';
import { Household, Permissions } from '../card/Parts';
import { Identifiers } from './Identifiers';
import css from './About.module.css';

export function addressText(a: Address | string | null): string {
	if (!a) return '';
	if (typeof a === 'string') return a;
	return [a.street, [a.postcode, a.city].filter(Boolean).join(' '), a.region, a.country].filter(Boolean).join(', ');
}

function View({ c }: { c: Customer }) {
	const fresh = useFresh(c.contact, c.customer);
	return (
		<div className={css.grid}>
			<Section title="May we contact them?" fresh={fresh}>
				{c.contact.length > 0 ? <Permissions list={c.contact} /> : <p className="dim">Nobody has asked yet. Ask before you write or call.</p>}
			</Section>
			<Section title="How to reach them">
				{c.identifiers.length > 0 ? <Identifiers list={c.identifiers} /> : <p className="dim">No phone, e-mail or card is known.</p>}
				{c.address && <p className={css.address}><Icon name="home" size={18} />{addressText(c.address)}</p>}
				{c.birthday && <p className={css.address}><Icon name="gift" size={18} />Born {date(c.birthday)}</p>}
			</Section>
			<Section title="Household">
				{c.household && c.household.members.length > 0 ? <Household card={c} /> : <p className="dim">No household is known.</p>}
			</Section>
			<Section title="People they buy for">
				{c.recipients.length > 0 ? (
					<ul className={css.recipients}>
						{c.recipients.map((r) => (
							<li key={r.id}>
								<p className={css.who}>{r.name}{r.relation && <span className="dim"> · {r.relation}</span>}</p>
								<p className="dim">{[r.birthday && `birthday ${date(r.birthday)}`, r.note].filter(Boolean).join(' · ')}</p>
							</li>
						))}
					</ul>
				) : (
					<p className="dim">Nobody yet. A nephew’s size or a mother’s birthday will stand here.</p>
				)}
			</Section>
		</div>
	);
}

export function About({ id }: { id: string }) {
	const from = useData<Customer>(url(`customers/${encodeURIComponent(id)}`), `customer:${id}`);
	return <Loaded from={from} bones={<CardBones />}>{(c) => <View c={c} />}</Loaded>;
}
