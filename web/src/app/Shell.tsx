/* The frame: sidebar on a desktop, rail on a tablet, bar at the bottom of a phone. */
import { useState, type ReactNode } from 'react';
import { useMay, useMe } from '../api/session';
import { useOnline } from '../api/live';
import { FindPalette } from '../features/find/FindPalette';
import { whereTo } from '../features/find/HitRow';
import { focusFind } from '../features/find/focus';
import { Drop, DropItem } from '../ui/Drop';
import { Icon } from '../ui/Icon';
import { isHere, navOf } from './nav';
import { go, Link, useLocation } from './router';
import { Shortcuts } from './Shortcuts';
import { useShortcut } from './shortcuts';
import { UserMenu } from './UserMenu';
import css from './Shell.module.css';

const PHONE_ITEMS = 5;

function Mark() {
	return (
		<Link to="/" className={css.mark} aria-label="Byname, start page">
			<svg viewBox="0 0 34 34" width="34" height="34" aria-hidden="true">
				<rect width="34" height="34" rx="9" fill="#1b4b3b" />
				<rect x="6" y="11" width="22" height="15" rx="3" fill="#f7f3e8" />
				<rect x="14" y="8" width="6" height="5" rx="1.5" fill="#d9a441" />
				<path
					d="M9.5 22c2-4.5 4-6 5-5 1 1.3-1 5.3-.5 5.8 1 .8 2.5-4.5 4-4 1 .5-.5 3.3.5 3.7 1.2.4 2-2 3.2-2 .8 0 .5 1.3 2.3 1"
					fill="none" stroke="#1b4b3b" strokeWidth="1.7" strokeLinecap="round"
				/>
			</svg>
			<span className={css.word}>Byname</span>
		</Link>
	);
}

function PhoneBar({ path }: { path: string }) {
	const me = useMe();
	const items = navOf(me.user.role);
	const shown = items.length > PHONE_ITEMS ? items.slice(0, PHONE_ITEMS - 1) : items;
	const rest = items.slice(shown.length);
	if (items.length < 2) return null;
	return (
		<nav className={css.phoneBar} aria-label="Main">
			{shown.map((i) => (
				<Link key={i.to} to={i.to} className={css.phoneItem} aria-current={isHere(i, path) ? 'page' : undefined}>
					<Icon name={i.icon} size={22} />
					<span>{i.short}</span>
				</Link>
			))}
			{rest.length > 0 && (
				<Drop
					label="More screens"
					className={css.phoneItem ?? ''}
					here={rest.some((i) => isHere(i, path))}
					button={<><Icon name="more" size={22} /><span>More</span></>}
				>
					{rest.map((i) => <DropItem key={i.to} icon={i.icon} to={i.to}>{i.label}</DropItem>)}
				</Drop>
			)}
		</nav>
	);
}

function Offline() {
	const online = useOnline();
	return (
		<div role="status" aria-live="polite" data-noprint>
			{!online && (
				<div className={css.offline}>
					<Icon name="offline" />
					<span>Not connected: what you see may be old. Trying again by itself.</span>
				</div>
			)}
		</div>
	);
}

export function Shell({ children }: { children: ReactNode }) {
	const me = useMe();
	const { path } = useLocation();
	const serve = useMay('serve');
	const [finding, setFinding] = useState(false);
	const [help, setHelp] = useState(false);
	const find = () => {
		if (!serve) return;
		if (path === '/') focusFind();
		else setFinding(true);
	};
	useShortcut('/', find);
	useShortcut('ctrl+k', find);
	useShortcut('?', () => setHelp(true));

	return (
		<div className={css.shell}>
			<a className="skip" href="#main">Skip to the content</a>
			<header className={css.side} data-shell>
				<Mark />
				{serve && (
					<button type="button" className={css.findButton} onClick={() => (path === '/' ? focusFind() : setFinding(true))}>
						<Icon name="find" />
						<span className={css.findText}>Find a customer</span>
						<kbd className={css.kbd}>/</kbd>
					</button>
				)}
				<nav className={css.nav} aria-label="Main">
					{navOf(me.user.role).map((i) => (
						<Link key={i.to} to={i.to} className={css.item} aria-current={isHere(i, path) ? 'page' : undefined}>
							<Icon name={i.icon} size={22} />
							<span className={css.long}>{i.label}</span>
							<span className={css.short}>{i.short}</span>
						</Link>
					))}
				</nav>
				<div className={css.user}>
					<UserMenu onShortcuts={() => setHelp(true)} />
				</div>
			</header>
			<div className={css.content}>
				<Offline />
				<main id="main" tabIndex={-1} className={css.main}>
					{children}
				</main>
			</div>
			<PhoneBar path={path} />
			<FindPalette opened={finding} onClose={() => setFinding(false)} onPick={(h) => go(whereTo(h))} />
			<Shortcuts opened={help} onClose={() => setHelp(false)} />
		</div>
	);
}
