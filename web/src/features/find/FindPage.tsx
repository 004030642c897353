import { useMe } from '../../api/session';
import { go, Link } from '../../app/router';
import { Icon } from '../../ui/Icon';
import { useTitle } from '../../ui/Page';
import { initials } from '../../ui/format';
import { FindBox } from './FindBox';
import { whereTo } from './HitRow';
import { setFindField } from './focus';
import { useRecent } from './recent';
import css from './Find.module.css';

function hello(name: string): string {
	const h = new Date().getHours();
	const part = h < 5 ? 'Good evening' : h < 12 ? 'Good morning' : h < 18 ? 'Good afternoon' : 'Good evening';
	const first = name.trim().split(/\s+/)[0];
	return first ? `${part}, ${first}.` : `${part}.`;
}

function Idle() {
	const recent = useRecent();
	return (
		<div className={css.idle}>
			{recent.length > 0 && (
				<section>
					<h2 className={css.idleTitle}>Looked at since you signed in</h2>
					<ul className={css.recent}>
						{recent.map((r) => (
							<li key={r.id}>
								<Link to={`/c/${r.id}`} className={css.recentItem}>
									<span className={css.face} aria-hidden="true">{initials(r.name)}</span>
									<span>
										<span className={css.recentName}>{r.name}</span>
										<span className="dim small">{r.hint}</span>
									</span>
								</Link>
							</li>
						))}
					</ul>
				</section>
			)}
			<section>
				<h2 className={css.idleTitle}>Whatever the customer offers will do</h2>
				<ul className={css.ways}>
					<li><Icon name="users" /><span><b>Part of a name</b>, in any order: <q>smith j</q>, <q>zofia</q>, a slip of the pen</span></li>
					<li><Icon name="phone" /><span><b>The last four digits</b> of the phone: <q>5566</q></span></li>
					<li><Icon name="email" /><span><b>The start of an e-mail</b>, or a loyalty card’s number</span></li>
					<li><Icon name="note" /><span><b>The number on a receipt</b> or an order</span></li>
				</ul>
			</section>
		</div>
	);
}

export function FindPage() {
	const me = useMe();
	useTitle('Find');
	return (
		<div className={css.home}>
			<h1 className={css.hello}>{hello(me.user.name)} <span className={css.who}>Who is with you?</span></h1>
			<FindBox fieldRef={setFindField} autoFocus onPick={(h) => go(whereTo(h))} idle={<Idle />} />
		</div>
	);
}
