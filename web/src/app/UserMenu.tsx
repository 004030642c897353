import { useMe, useSession } from '../api/session';
import { Drop, DropItem } from '../ui/Drop';
import { type IconName } from '../ui/Icon';
import { initials, sentence } from '../ui/format';
import { chooseScheme, useScheme, type Choice } from './scheme';
import { go } from './router';
import css from './UserMenu.module.css';

const SCHEMES: { value: Choice; label: string; icon: IconName }[] = [
	{ value: 'system', label: 'As the device', icon: 'device' },
	{ value: 'light', label: 'Light', icon: 'sun' },
	{ value: 'dark', label: 'Dark', icon: 'moon' },
];

/** Who is at work, how it looks, and the way out (on a shared tablet: the way to the next one). */
export function UserMenu({ onShortcuts }: { onShortcuts: () => void }) {
	const { signOut } = useSession();
	const { user, version } = useMe();
	const { choice } = useScheme();
	const button = (
		<>
			<span className={css.face} aria-hidden="true">{initials(user.name)}</span>
			<span className={css.who}>
				<span className={css.name}>{user.name}</span>
				<span className={css.role}>{sentence(user.role)}</span>
				<span className="sr">: your account and settings</span>
			</span>
		</>
	);
	return (
		<Drop label="Your account and settings" button={button} className={css.button ?? ''}>
			<div className={css.head}>
				<strong>{user.name}</strong>
				<span className="dim small">{sentence(user.role)}, signed in as {user.login}</span>
			</div>
			<div role="group" aria-label="Light or dark" className={css.group}>
				{SCHEMES.map((s) => (
					<DropItem key={s.value} icon={s.icon} pressed={choice === s.value} onClick={() => chooseScheme(s.value)}>{s.label}</DropItem>
				))}
			</div>
			<DropItem icon="key" onClick={onShortcuts}>Keyboard shortcuts</DropItem>
			<DropItem
				icon="out"
				onClick={() => {
					go('/');
					void signOut();
				}}
			>
				Sign out, or change user
			</DropItem>
			<div className={css.version}>Byname {version}</div>
		</Drop>
	);
}
