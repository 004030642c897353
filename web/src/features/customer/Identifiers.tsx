import type { Identifier } from '../../api/types';
import { Icon, type IconName } from '../../ui/Icon';
import { words } from '../../ui/format';
import css from './Identifiers.module.css';

const ICONS: Record<string, IconName> = { email: 'email', phone: 'phone', loyalty: 'key', account: 'users', device: 'device', external: 'web' };
/** "the same phone", "shares a loyalty card" */
export const KIND_NAMES: Record<string, string> = {
	email: 'e-mail', phone: 'phone', loyalty: 'loyalty card', account: 'account', device: 'device', external: 'customer number',
};

const STATES: Record<string, string> = {
	household: 'shared in the household', generic: 'used by many: proves nothing', blocked: 'blocked', raw: 'kept as written',
};

/** Phones, e-mails, cards; each value once, verified before not. */
export function Identifiers({ list }: { list: Identifier[] }) {
	const seen = new Map<string, Identifier>();
	for (const i of list) {
		const key = i.kind + ' ' + i.value;
		if (!seen.get(key)?.verified) seen.set(key, i);
	}
	return (
		<ul className={css.list}>
			{[...seen.values()].map((i) => (
				<li key={i.kind + i.value} className={css.row}>
					<Icon name={ICONS[i.kind] ?? 'note'} size={18} />
					<span className={css.value}><span className="sr">{KIND_NAMES[i.kind] ?? words(i.kind)}: </span>{i.value}</span>
					{i.verified && <span className={css.good}><Icon name="check" size={16} />verified</span>}
					{STATES[i.state] && <span className="dim small">{STATES[i.state]}</span>}
				</li>
			))}
		</ul>
	);
}
