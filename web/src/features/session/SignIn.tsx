import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useRef, useState, type FormEvent } from 'react';
import { api, Problem } from '../../api/client';
import { useSession } from '../../api/session';
import type { Me } from '../../api/types';
import { Alarm } from '../../ui/Alarm';
import { useForm } from '../../ui/useForm';
import { useTitle } from '../../ui/Page';
import { Door } from './Door';
import css from './Door.module.css';

export function SignIn() {
	const { begin, expired } = useSession();
	const [login, setLogin] = useState('');
	const [password, setPassword] = useState('');
	const form = useForm();
	const secret = useRef<HTMLInputElement>(null);
	useTitle('Sign in');

	async function submit(e: FormEvent) {
		e.preventDefault();
		const ok = await form.send(['login', 'password'], async () => {
			if (!login.trim()) throw new Problem(400, '', 'Type your login name.', 'login');
			if (!password) throw new Problem(400, '', 'Type your password.', 'password');
			begin(await api.ask<Me>('POST', 'sign-in', { login: login.trim(), password }));
		});
		if (!ok) {
			setPassword('');
			secret.current?.focus();
		}
	}

	return (
		<Door
			title="Sign in"
			lead={expired ? 'Your session has ended. Sign in again; you will be back where you were.' : undefined}
		>
			<form onSubmit={(e) => void submit(e)} className={css.fields} noValidate>
				<Alarm text={form.problem} />
				<TextInput
					label="Login"
					name="username"
					autoComplete="username"
					autoCapitalize="off"
					spellCheck={false}
					autoFocus
					value={login}
					error={form.at('login')}
					onChange={(e) => setLogin(e.currentTarget.value)}
				/>
				<PasswordInput
					ref={secret}
					label="Password"
					name="password"
					autoComplete="current-password"
					value={password}
					error={form.at('password')}
					onChange={(e) => setPassword(e.currentTarget.value)}
					visibilityToggleButtonProps={{ 'aria-label': 'Show the password', tabIndex: 0, size: 44 }}
				/>
				<Button type="submit" size="lg" loading={form.busy}>
					Sign in
				</Button>
				<p className="dim small">No password yet, or forgotten? Ask your administrator for a one-time link.</p>
			</form>
		</Door>
	);
}
