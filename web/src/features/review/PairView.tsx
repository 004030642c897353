/* Two people side by side: what they have, where they differ, and what each field says. */
import { useMay } from '../../api/session';
import type { Address, Apart, Identifier, Pair, Side, SideRecord, Why } from '../../api/types';
import { Link } from '../../app/router';
import { Icon } from '../../ui/Icon';
import { Section } from '../../ui/Page';
import { ago, date, day, money, plural, words } from '../../ui/format';
import { KIND_NAMES } from '../customer/Identifiers';
import { apartText, bits, chance, DECISIONS, fieldName, namesOf, whoWhen } from './evidence';
import css from './Review.module.css';

/* ---- Side by side ---- */

const fold = (s: string) => s.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^\p{L}\p{N}@]+/gu, ' ').trim();
const street = (a: Address | null) => a?.street ?? '';
/* Apart from the country, which many records have alone: what one does not tell does not differ. */
const town = (a: Address | null) => [a?.postcode, a?.city].filter(Boolean).join(' ');
const values = (list: Identifier[], kind: string) => [...new Set(list.filter((i) => i.kind === kind).map((i) => i.value))];
const KINDS = ['email', 'phone', 'loyalty', 'account', 'external', 'device'];

const GENDERS: Record<string, string> = { f: 'female', m: 'male', x: 'neither' };

interface Row { label: string; a: string[]; b: string[]; marks: boolean }

function rowsOf(a: SideRecord, b: SideRecord): Row[] {
	const text = (label: string, of: (r: SideRecord) => string, marks = true): Row => ({ label, a: [of(a)].filter(Boolean), b: [of(b)].filter(Boolean), marks });
	const kinds = KINDS.map((k) => ({ label: k === 'email' ? 'E-mail' : k === 'phone' ? 'Phone' : (KIND_NAMES[k] ?? words(k)).replace(/^./, (c) => c.toUpperCase()), a: values(a.identifiers, k), b: values(b.identifiers, k), marks: true }));
	return [
		text('Name', (r) => r.name),
		text('Born', (r) => (r.birthday ? date(r.birthday) : '')),
		text('Gender', (r) => GENDERS[r.gender] ?? r.gender),
		text('Street', (r) => street(r.address)),
		text('Town', (r) => town(r.address)),
		text('Region', (r) => r.address?.region ?? ''),
		text('Country', (r) => r.address?.country ?? ''),
		...kinds,
		text('Told by', (r) => `${r.source}, since ${day(r.created_at)}`, false),
	].filter((r) => r.a.length > 0 || r.b.length > 0);
}

function verdictOf(r: Row): 'same' | 'partly' | 'differs' | '' {
	if (!r.marks || r.a.length === 0 || r.b.length === 0) return '';
	const other = new Set(r.b.map(fold));
	const shared = r.a.filter((v) => other.has(fold(v))).length;
	if (shared === r.a.length && shared === r.b.length) return 'same';
	return shared > 0 ? 'partly' : 'differs';
}
const VERDICTS = { same: 'the same', partly: 'partly the same', differs: 'differs', '': '' };

function Cell({ list, other }: { list: string[]; other: string[] }) {
	if (list.length === 0) return <td className="dim">not known</td>;
	const there = new Set(other.map(fold));
	return (
		<td>
			{list.map((v) => (
				<span key={v} className={css.value} data-shared={there.has(fold(v))}>{v}</span>
			))}
		</td>
	);
}

function Head({ side, letter, name }: { side: Side; letter: string; name: string }) {
	const serve = useMay('serve');
	return (
		<th scope="col" className={css.who}>
			<span className={css.name}>
				<span className="sr">{letter}: </span>
				{serve ? <Link to={`/c/${side.customer}/records`} className={css.link}>{name}</Link> : name}
			</span>
			<span className={`dim small ${css.facts}`}>
				{[plural(side.record_count, 'record'), side.spend ? `${money(side.spend, 'whole')} in ${plural(side.orders, 'order')}` : 'bought nothing yet',
					side.last_seen_at && `last seen ${ago(side.last_seen_at)}`].filter(Boolean).join(' · ')}
			</span>
		</th>
	);
}

function Sides({ pair }: { pair: Pair }) {
	const a = pair.a.records[0];
	const b = pair.b.records[0];
	if (!a || !b) return null;
	/* Of one customer two records: each has its own name. */
	const [first, second] = namesOf(pair);
	return (
		<table className={css.sides}>
			<caption className="sr">{first} and {second}, side by side</caption>
			<thead>
				<tr>
					<th scope="col" className={css.label}><span className="sr">Field</span></th>
					<Head side={pair.a} letter="A" name={first} />
					<Head side={pair.b} letter="B" name={second} />
				</tr>
			</thead>
			<tbody>
				{rowsOf(a, b).map((r) => {
					const verdict = verdictOf(r);
					return (
						<tr key={r.label} data-verdict={verdict}>
							<th scope="row" className={css.label}>
								{r.label}
								{verdict && <span className={css.verdict}>{VERDICTS[verdict]}</span>}
							</th>
							<Cell list={r.a} other={r.b} />
							<Cell list={r.b} other={r.a} />
						</tr>
					);
				})}
			</tbody>
		</table>
	);
}

/* ---- Evidence ---- */

/** From the middle: to the right for one person, to the left for two. */
function Bar({ weight, most }: { weight: number; most: number }) {
	const w = Math.min(50, (Math.abs(weight) / most) * 50);
	return (
		<svg className={css.bar} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
			<rect x="0" width="100" height="10" className={css.track} />
			<rect x={weight < 0 ? 50 - w : 50} width={w} height="10" className={weight < 0 ? css.against : css.infavour} />
			<rect x="49.6" width="0.8" height="10" className={css.middle} />
		</svg>
	);
}

function Scores({ why }: { why: Why }) {
	if (why.score === null || why.prior === null) return <p className="dim">No model was made of these records yet, so nothing is scored.</p>;
	const fields = [...why.fields].sort((x, y) => Math.abs(y.weight) - Math.abs(x.weight));
	const most = Math.max(1, ...fields.map((f) => Math.abs(f.weight)));
	return (
		<>
			<table className={css.scores}>
				<caption className="sr">What each field says, in bits</caption>
				<thead className="sr"><tr><th scope="col">Field</th><th scope="col">How it agrees</th><th scope="col">For or against</th><th scope="col">Weight</th></tr></thead>
				<tbody>
					{fields.map((f, i) => (
						<tr key={i}>
							<th scope="row">{fieldName(f)}</th>
							<td className={css.level}>{f.level}</td>
							<td className={css.barCell}><Bar weight={f.weight} most={most} /></td>
							<td className={css.weight}>{bits(f.weight)}</td>
						</tr>
					))}
					<tr className={css.prior}>
						<th scope="row">Before looking</th>
						<td className={css.level}>two records at random are seldom one person</td>
						<td className={css.barCell} />
						<td className={css.weight}>{bits(why.prior)}</td>
					</tr>
				</tbody>
				<tfoot>
					<tr>
						<th scope="row">Sum</th>
						<td className={css.level}>
							{chance(why.score)}
							{why.link !== null && <span className="dim"> · joined by itself above {bits(why.link)}</span>}
						</td>
						<td className={css.barCell} />
						<td className={css.weight}>{bits(why.score)}</td>
					</tr>
				</tfoot>
			</table>
		</>
	);
}

function Ties({ why }: { why: Why }) {
	const links = why.links.filter((l) => l.verified);
	const decisions = why.decisions;
	if (links.length === 0 && decisions.length === 0) return null;
	return (
		<ul className={css.ties}>
			{links.map((l) => (
				<li key={l.kind + l.value}><Icon name="check" size={18} />Both verified the same {KIND_NAMES[l.kind] ?? words(l.kind)} <b>{l.value}</b></li>
			))}
			{decisions.map((d) => (
				<li key={d.decision}>
					<Icon name={d.kind === 'merge' || d.kind === 'auto_merge' ? 'merge' : 'split'} size={18} />
					{DECISIONS[d.kind] ?? words(d.kind)} {whoWhen(d)}{d.reason && `: “${d.reason}”`}{!d.standing && ', taken back since'}
				</li>
			))}
		</ul>
	);
}

/** Why these two are not one: the strongest reason first. */
function KeptApart({ list }: { list: Apart[] }) {
	return (
		<ul className={css.ties}>
			{list.map((r, i) => (
				<li key={r.decision ?? i}><Icon name="split" size={18} />{apartText(r)}</li>
			))}
		</ul>
	);
}

export function PairView({ pair }: { pair: Pair }) {
	return (
		<div className={css.pair}>
			<Section title="Side by side"><Sides pair={pair} /></Section>
			{pair.why?.apart && pair.why.apart.length > 0 && (
				<Section title="What keeps them apart"><KeptApart list={pair.why.apart} /></Section>
			)}
			<Section title="What speaks for one person">
				{pair.why ? (
					<>
						<Ties why={pair.why} />
						<Scores why={pair.why} />
					</>
				) : (
					<p className="dim">No model was made of these records yet, and nothing verified or decided ties the two.</p>
				)}
			</Section>
		</div>
	);
}
