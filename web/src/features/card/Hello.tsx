/* The first thing read: the name, how to say it, how they like to be served, and what to open with. */
import type { Card, Fact } from '../../api/types';
import { Icon } from '../../ui/Icon';
import { useFresh } from '../../ui/fresh';
import { ago, day } from '../../ui/format';
import { Link } from '../../app/router';
import { How, Hush } from './How';
import css from './Hello.module.css';

export function Hello({ card, onWrong }: { card: Card; onWrong: (f: Fact) => void }) {
	const { name, opener, associate, home_store: home, last_purchase: last } = card;
	const fresh = useFresh([opener, card.served_how], card.customer);
	return (
		<section className={css.hello} aria-label="Greeting" data-hello>
			<h1 className={css.name}>
				{name.prefix && <span className={css.prefix}>{name.prefix} </span>}
				{name.display}
			</h1>
			{name.pronounce && (
				<How what={`say it ${name.pronounce}`} how={name.how} className={css.chip}>
					<Icon name="speak" size={18} />
					<span>say “{name.pronounce}”</span>
				</How>
			)}
			{card.served_how.length > 0 && (
				<ul className={css.served} aria-label="How they like to be served">
					{card.served_how.map((f) => (
						<li key={f.value}>
							<How what={f.label} how={f.how} say={f.say} onWrong={() => onWrong(f)} className={css.wish}>
								<span>{f.label || f.value}</span>
								{!f.say && <Hush />}
							</How>
						</li>
					))}
				</ul>
			)}
			{opener && (
				<div className={css.opener} data-fresh={fresh}>
					<p className={css.say}>“{opener.text}”</p>
					<p className={css.evidence}>
						{opener.order ? <Link to={`/c/${card.customer}/orders?order=${opener.order}`} className={css.link}>{opener.evidence}</Link> : opener.evidence}
					</p>
				</div>
			)}
			{(last || associate || home) && <dl className={css.meta}>
				{last && (
					<div className={css.fact}>
						<dt>Last here</dt>
						<dd>{ago(last.at)}<span className={css.dim}> · {day(last.at)}</span></dd>
					</div>
				)}
				{associate && (
					<div className={css.fact}>
						<dt>Usually served by</dt>
						<dd>
							<How what={associate.name} how={associate.how} className={css.inline}>
								<span>{associate.name}<span className={css.dim}> · {associate.store && associate.store !== home?.name ? associate.store : `${associate.n} of ${associate.of} times`}</span></span>
							</How>
						</dd>
					</div>
				)}
				{home && (
					<div className={css.fact}>
						<dt>Home store</dt>
						<dd>{home.name}<span className={css.dim}> · {home.n} of {home.of} visits</span></dd>
					</div>
				)}
			</dl>}
		</section>
	);
}
