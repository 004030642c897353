import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { api, Problem, url } from '../../api/client';
import type { ApiKey } from '../../api/types';
import { useData } from '../../api/useData';
import { Alarm } from '../../ui/Alarm';
import { CopyOnce } from '../../ui/CopyOnce';
import { Icon } from '../../ui/Icon';
import { Empty, Loaded } from '../../ui/Page';
import { ago, day } from '../../ui/format';
import { toast } from '../../ui/toasts';
import { useForm } from '../../ui/useForm';
import { Dialog } from '../../ui/Dialog';
import css from './Users.module.css';

const KEY_NOTE = 'This key is shown only now. Put it into the system that will send, and nowhere else.';
const ROLES = [
	{ value: 'source', label: 'A system of ours: till, shop server, call centre (secret)' },
	{ value: 'browser', label: 'Pages in customers’ browsers (public, proves nothing)' },
];

function KeyForm({ onMade }: { onMade: (key: string) => void }) {
	const form = useForm();
	const [name, setName] = useState('');
	const [source, setSource] = useState('');
	const [role, setRole] = useState('source');
	async function submit(e: FormEvent) {
		e.preventDefault();
		await form.send(['name', 'source', 'role'], async () => {
			if (!name.trim()) throw new Problem(400, '', 'Say what the key is for: “Till Zürich”.', 'name');
			if (!source.trim()) throw new Problem(400, '', 'Name the source: “till”, “web”, …', 'source');
			const made = await api.post<{ key: string }>('keys', { name: name.trim(), source: source.trim(), role });
			onMade(made.key);
		});
	}
	return (
		<form onSubmit={(e) => void submit(e)} className={css.form} noValidate>
			<Alarm text={form.problem} />
			<TextInput label="What it is for" value={name} error={form.at('name')} onChange={(e) => setName(e.currentTarget.value)} data-autofocus autoComplete="off" />
			<TextInput label="Source" description="All that comes by this key is told to be from it." value={source} error={form.at('source')} onChange={(e) => setSource(e.currentTarget.value)} autoComplete="off" autoCapitalize="off" spellCheck={false} />
			<NativeSelect size="md" label="Who uses it" value={role} data={ROLES} error={form.at('role')} onChange={(e) => setRole(e.currentTarget.value)} />
			<div className={css.buttons}>
				<Button type="submit" loading={form.busy}>Make the key</Button>
			</div>
		</form>
	);
}

function Row({ k, revoke }: { k: ApiKey; revoke: () => void }) {
	return (
		<li className={css.row} data-off={k.revoked}>
			<span className={css.face}><Icon name={k.role === 'browser' ? 'web' : 'key'} /></span>
			<div className={css.grow}>
				<p className={css.name}>{k.name}</p>
				<p className="dim small">
					source {k.source} · {k.role === 'browser' ? 'public' : 'secret'} · <span className={css.mono}>{k.hint}</span> · made {day(k.created_at)}
				</p>
			</div>
			<p className={css.state}>{k.revoked ? <b className={css.off}>Revoked</b> : k.last_used_at ? `used ${ago(k.last_used_at)}` : 'never used'}</p>
			<div className={css.actions}>
				{!k.revoked && <Button variant="default" onClick={revoke} aria-label={`Revoke ${k.name}`}>Revoke</Button>}
			</div>
		</li>
	);
}

export function Keys() {
	const from = useData<{ items: ApiKey[] }>(url('keys'));
	const [making, setMaking] = useState(false);
	const [made, setMade] = useState('');
	const [going, setGoing] = useState<ReadonlySet<string>>(new Set());
	function revoke(k: ApiKey) {
		const mark = (on: boolean) =>
			setGoing((s) => {
				const next = new Set(s);
				if (on) next.add(k.id);
				else next.delete(k.id);
				return next;
			});
		mark(true);
		toast.later(
			`${k.name} revoked`,
			() =>
				api.delete(`keys/${k.id}`, true)
					.catch(toast.fail)
					.finally(() => void from.reload().then(() => mark(false))),
			() => mark(false),
		);
	}
	function close() {
		setMaking(false);
		setMade('');
	}
	return (
		<>
			<div className={css.tools}>
				<Button leftSection={<Icon name="plus" />} onClick={() => setMaking(true)}>Make a key</Button>
			</div>
			<Loaded from={from}>
				{({ items }) =>
					items.length === 0 ? (
						<Empty icon="key" title="No keys yet">Make one for the till, put it there, and its sales appear on open cards the moment they happen.</Empty>
					) : (
						<ul className={css.list}>
							{items.map((k) => <Row key={k.id} k={going.has(k.id) ? { ...k, revoked: true } : k} revoke={() => revoke(k)} />)}
						</ul>
					)
				}
			</Loaded>
			<Dialog opened={making} onClose={close} title={made ? 'The new key' : 'Make a key'} >
				{made ? (
					<CopyOnce label="API key" value={made} note={KEY_NOTE} />
				) : (
					<KeyForm
						onMade={(key) => {
							setMade(key);
							void from.reload();
						}}
					/>
				)}
			</Dialog>
		</>
	);
}
