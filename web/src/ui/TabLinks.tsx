import { Link } from '../app/router';
import css from './TabLinks.module.css';

/** Parts of one screen, each with its own address. */
export function TabLinks({ label, tabs, here }: { label: string; tabs: { to: string; label: string }[]; here: string }) {
	return (
		<nav className={css.tabs} aria-label={label}>
			{tabs.map((t) => (
				<Link key={t.to} to={t.to} className={css.tab} aria-current={t.to === here ? 'page' : undefined}>{t.label}</Link>
			))}
		</nav>
	);
}
