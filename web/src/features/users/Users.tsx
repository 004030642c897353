import { Button } from '@mantine/core';
import { useState } from 'react';
import { api } from '../../api/client';
import type { User } from '../../api/types';
import { usePages } from '../../api/usePages';
import { useStores } from '../../app/stores';
import { CopyOnce } from '../../ui/CopyOnce';
import { Icon } from '../../ui/Icon';
import { Bones, Failed, More } from '../../ui/Page';
import { ago, initials, sentence } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { UserForm } from './UserForm';
import { Dialog } from '../../ui/Dialog';
import css from './Users.module.css';

const QUERY = {};
const LINK_NOTE = 'This link is shown only now. It works once, for 48 hours. Hand it to nobody but its owner.';

type Dialog = { kind: 'form'; user: User | null } | { kind: 'link'; name: string; link: string } | null;

function Row({ user, stores, edit, link }: { user: User; stores: string; edit: () => void; link: () => void }) {
	return (
		<li className={css.row} data-off={user.disabled}>
			<span className={css.face} aria-hidden="true">{initials(user.name || user.login)}</span>
			<div className={css.grow}>
				<p className={css.name}>{user.name || user.login}</p>
				<p className="dim small">{[user.login, sentence(user.role), stores].filter(Boolean).join(' · ')}</p>
			</div>
			<p className={css.state}>
				{user.disabled ? <b className={css.off}>Disabled</b> : !user.has_password ? <b className={css.wait}>Link not used yet</b> : user.last_seen_at ? `seen ${ago(user.last_seen_at)}` : 'never signed in'}
			</p>
			<div className={css.actions}>
				<Button variant="default" onClick={link} disabled={user.disabled}>New link</Button>
				<Button variant="default" onClick={edit} aria-label={`Change ${user.name || user.login}`}>Change</Button>
			</div>
		</li>
	);
}

export function Users() {
	const list = usePages<User>('users', QUERY);
	const stores = useStores();
	const [dialog, setDialog] = useState<Dialog>(null);
	const names = (u: User) => u.stores.map((id) => stores.find((s) => s.id === id)?.name ?? id).join(', ');

	async function newLink(u: User) {
		try {
			const { link } = await api.post<{ link: string }>(`users/${u.id}/link`);
			setDialog({ kind: 'link', name: u.name || u.login, link });
		} catch (e) {
			toast.fail(e);
		}
	}
	const close = () => setDialog(null);
	return (
		<>
			<div className={css.tools}>
				<Button leftSection={<Icon name="plus" />} onClick={() => setDialog({ kind: 'form', user: null })}>Add a user</Button>
			</div>
			{list.problem && !list.ready && <Failed problem={list.problem} retry={() => void list.reload()} />}
			{!list.ready && !list.problem && <Bones rows={4} height={76} />}
			{list.ready && (
				<ul className={css.list}>
					{list.items.map((u) => (
						<Row key={u.id} user={u} stores={names(u)} edit={() => setDialog({ kind: 'form', user: u })} link={() => void newLink(u)} />
					))}
				</ul>
			)}
			<More more={list.more && (() => void list.more?.())} busy={list.busy} failed={list.failed} />
			<Dialog
				opened={dialog !== null}
				onClose={close}
				title={dialog?.kind === 'link' ? `One-time link for ${dialog.name}` : dialog?.user ? `Change ${dialog.user.name}` : 'Add a user'}
			>
				{dialog?.kind === 'form' && (
					<UserForm
						user={dialog.user}
						stores={stores}
						onCancel={close}
						onDone={(user, link) => {
							void list.reload();
							if (link) setDialog({ kind: 'link', name: user.name, link });
							else close();
						}}
					/>
				)}
				{dialog?.kind === 'link' && <CopyOnce label="One-time link" value={new URL(dialog.link, location.href).href} note={LINK_NOTE} />}
			</Dialog>
		</>
	);
}
