import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import '@mantine/core/styles/Checkbox.css';
import { useState, type FormEvent } from 'react';
import { api, Problem } from '../../api/client';
import { useMe } from '../../api/session';
import type { Role, Store, User } from '../../api/types';
import { useAssociates } from '../../app/stores';
import { Alarm } from '../../ui/Alarm';
import { toast } from '../../ui/toasts';
import { useForm } from '../../ui/useForm';
import css from './Users.module.css';

const ROLES: { value: Role; label: string }[] = [
	{ value: 'associate', label: 'Associate: serves in a store' },
	{ value: 'agent', label: 'Agent: serves by phone, mail and chat' },
	{ value: 'manager', label: 'Manager: a store or several' },
	{ value: 'marketer', label: 'Marketer' },
	{ value: 'buyer', label: 'Buyer' },
	{ value: 'analyst', label: 'Analyst' },
	{ value: 'fulfilment', label: 'Fulfilment' },
	{ value: 'credit', label: 'Credit' },
	{ value: 'moderator', label: 'Moderator' },
	{ value: 'privacy', label: 'Privacy: who looked at whom' },
	{ value: 'operator', label: 'Operator: imports and status' },
	{ value: 'admin', label: 'Administrator' },
];
/* These work for stores; all others for the whole chain. */
const OF_STORES: Role[] = ['associate', 'manager', 'fulfilment'];

interface Props { user: User | null; stores: Store[]; onDone: (user: User, link: string | null) => void; onCancel: () => void }

export function UserForm({ user, stores, onDone, onCancel }: Props) {
	const me = useMe();
	const associates = useAssociates();
	const form = useForm();
	const [login, setLogin] = useState(user?.login ?? '');
	const [name, setName] = useState(user?.name ?? '');
	const [role, setRole] = useState<Role>(user?.role ?? 'associate');
	const [associate, setAssociate] = useState(user?.associate ?? '');
	const [chosen, setChosen] = useState<string[]>(user?.stores ?? []);
	const [disabled, setDisabled] = useState(user?.disabled ?? false);
	const withStores = OF_STORES.includes(role);
	const self = user?.id === me.user.id;

	async function submit(e: FormEvent) {
		e.preventDefault();
		await form.send(['login', 'name', 'role', 'stores', 'associate'], async () => {
			if (!name.trim()) throw new Problem(400, '', 'Type the person’s name.', 'name');
			if (!user && !login.trim()) throw new Problem(400, '', 'Choose a login: letters and digits, no blanks.', 'login');
			if (withStores && role !== 'fulfilment' && chosen.length === 0 && stores.length > 0) throw new Problem(400, '', 'Choose at least one store.', 'stores');
			const body = { name: name.trim(), role, stores: withStores ? chosen : [], ...(associate && { associate }) };
			if (user) {
				onDone(await api.patch<User>(`users/${user.id}`, { ...body, disabled }), null);
				toast.say('Saved');
			} else {
				const made = await api.post<{ user: User; link: string }>('users', { login: login.trim(), ...body });
				onDone(made.user, made.link);
			}
		});
	}
	return (
		<form onSubmit={(e) => void submit(e)} className={css.form} noValidate>
			<Alarm text={form.problem} />
			<TextInput label="Name" value={name} error={form.at('name')} onChange={(e) => setName(e.currentTarget.value)} data-autofocus autoComplete="off" />
			{!user && (
				<TextInput label="Login" value={login} error={form.at('login')} onChange={(e) => setLogin(e.currentTarget.value)} autoComplete="off" autoCapitalize="off" spellCheck={false} />
			)}
			<NativeSelect size="md" label="Role" value={role} error={form.at('role')} data={ROLES} onChange={(e) => setRole(e.currentTarget.value as Role)} disabled={self} />
			{withStores && stores.length > 0 && (
				<fieldset className={css.stores}>
					<legend>Stores</legend>
					{stores.map((s) => (
						<Checkbox
							key={s.id}
							label={s.name || s.code}
							checked={chosen.includes(s.id)}
							onChange={(e) => setChosen(e.currentTarget.checked ? [...chosen, s.id] : chosen.filter((i) => i !== s.id))}
						/>
					))}
					{form.at('stores') && <p className={css.bad} role="alert">{form.at('stores')}</p>}
				</fieldset>
			)}
			{withStores && associates.length > 0 && (
				<NativeSelect
					size="md"
					label="Known at the till as"
					description="So that “usually served by” finds them."
					value={associate}
					error={form.at('associate')}
					data={[{ value: '', label: 'Nobody' }, ...associates.map((a) => ({ value: a.id, label: `${a.name || a.code} (${a.code})` }))]}
					onChange={(e) => setAssociate(e.currentTarget.value)}
				/>
			)}
			{user && !self && (
				<Checkbox label="Disabled: may not sign in" checked={disabled} onChange={(e) => setDisabled(e.currentTarget.checked)} />
			)}
			<div className={css.buttons}>
				<Button type="submit" loading={form.busy}>{user ? 'Save' : 'Add, and make the link'}</Button>
				<Button variant="default" onClick={onCancel}>Cancel</Button>
			</div>
		</form>
	);
}
