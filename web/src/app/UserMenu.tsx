import { Menu } from '@mantine/core';
import { useMe, useSession } from '../api/session';
import { Icon, type IconName } from '../ui/Icon';
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
	return (
		<Menu position="bottom-end" width={260}>
			<Menu.Target>
				<button type="button" className={css.button} aria-label={`${user.name}: your account and settings`}>
					<span className={css.face} aria-hidden="true">{initials(user.name)}</span>
					<span className={css.who}>
						<span className={css.name}>{user.name}</span>
						<span className={css.role}>{sentence(user.role)}</span>
					</span>
				</button>
			</Menu.Target>
			<Menu.Dropdown>
				<div className={css.head}>
					<strong>{user.name}</strong>
					<span className="dim small">{sentence(user.role)}, signed in as {user.login}</span>
				</div>
				<Menu.Divider />
				{SCHEMES.map((s) => (
					<Menu.Item
						key={s.value}
						role="menuitemradio"
						aria-checked={choice === s.value}
						leftSection={<Icon name={s.icon} />}
						rightSection={choice === s.value ? <Icon name="check" size={18} /> : null}
						onClick={() => chooseScheme(s.value)}
					>
						{s.label}
					</Menu.Item>
				))}
				<Menu.Divider />
				<Menu.Item leftSection={<Icon name="key" />} onClick={onShortcuts}>Keyboard shortcuts</Menu.Item>
				<Menu.Item
					leftSection={<Icon name="out" />}
					onClick={() => {
						go('/');
						void signOut();
					}}
				>
					Sign out, or change user
				</Menu.Item>
				<div className={css.version}>Byname {version}</div>
			</Menu.Dropdown>
		</Menu>
	);
}
