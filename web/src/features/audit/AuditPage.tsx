/* Who looked at whom, and who did what: narrowed by a customer or a user, each name a link. */
import { useMemo } from 'react';
import { useMay } from '../../api/session';
import type { AuditRow } from '../../api/types';
import { usePages } from '../../api/usePages';
import { Link, setQuery, useLocation } from '../../app/router';
import { Icon } from '../../ui/Icon';
import { Bones, Empty, Failed, More, Page } from '../../ui/Page';
import { Properties } from '../../ui/Properties';
import { Table, table } from '../../ui/Table';
import { dayTime, sentence } from '../../ui/format';
import css from './Audit.module.css';

const NAMES: Record<string, string> = { view: 'Looked at the customer', sign_in: 'Signed in', sign_out: 'Signed out' };

function detailOf(detail: unknown): unknown {
	if (typeof detail !== 'string' || !detail) return detail;
	try {
		return JSON.parse(detail);
	} catch {
		return detail;
	}
}

function Row({ row }: { row: AuditRow }) {
	const serve = useMay('serve');
	const person = row.subject?.startsWith('cus_') ?? false;
	return (
		<tr>
			<td className={css.when}>{dayTime(row.at)}</td>
			<td className={table.strong}>
				{row.user ? (
					<button type="button" className={css.pick} onClick={() => setQuery({ user: row.user ?? '' })} title="Only what this user did">{row.who}</button>
				) : (
					row.who
				)}
			</td>
			<td>
				{NAMES[row.action] ?? sentence(row.action)}
				{row.purpose && <span className="dim"> to {row.purpose}</span>}
				<Properties of={detailOf(row.detail)} />
			</td>
			<td className={css.subject}>
				{row.subject && person && (
					<span className={css.pair}>
						<button type="button" className={css.pick} onClick={() => setQuery({ customer: row.subject ?? '' })} title="Only this customer">{row.subject}</button>
						{serve && <Link to={`/c/${row.subject}`} aria-label={`Open ${row.subject}`}><Icon name="next" size={18} /></Link>}
					</span>
				)}
				{row.subject && !person && row.subject !== row.user && row.subject}
			</td>
		</tr>
	);
}

export function AuditPage() {
	const { query } = useLocation();
	const customer = query.get('customer') ?? '';
	const user = query.get('user') ?? '';
	const narrow = useMemo(() => ({ customer, user }), [customer, user]);
	const list = usePages<AuditRow & { id?: string }>('audit', narrow);
	return (
		<Page title="Who looked" lead="Every look at a customer and every change of rights is written here, and cannot be taken out again." wide>
			{(customer || user) && (
				<div className={css.filters}>
					{customer && <button type="button" className={css.clear} onClick={() => setQuery({ customer: '' })}><Icon name="close" size={18} />Only {customer}</button>}
					{user && <button type="button" className={css.clear} onClick={() => setQuery({ user: '' })}><Icon name="close" size={18} />Only {list.items.find((r) => r.user === user)?.who ?? user}</button>}
				</div>
			)}
			{list.problem && !list.ready && <Failed problem={list.problem} retry={() => void list.reload()} />}
			{!list.ready && !list.problem && <Bones rows={8} height={48} />}
			{list.ready && list.items.length === 0 && <Empty icon="audit" title="Nothing here">{customer || user ? 'Nobody looked, or did anything, within this choice.' : 'The first look at a customer will stand here.'}</Empty>}
			{list.items.length > 0 && (
				<Table label="Audit trail">
					<thead>
						<tr><th>When</th><th>Who</th><th>What</th><th>Whom</th></tr>
					</thead>
					<tbody>
						{list.items.map((r, i) => <Row key={`${r.at} ${r.who} ${r.subject} ${i}`} row={r} />)}
					</tbody>
				</Table>
			)}
			<More more={list.more && (() => void list.more?.())} busy={list.busy} failed={list.failed} />
		</Page>
	);
}
