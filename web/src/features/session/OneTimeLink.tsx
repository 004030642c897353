/* Opened once: the first administrator names the account; everybody else only sets a password. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useEffect, useState, type FormEvent } from 'react';
import { api, Problem } from '../../api/client';
import { useSession } from '../../api/session';
import type { LinkInfo, Me } from '../../api/types';
import { go } from '../../app/router';
import { Alarm } from '../../ui/Alarm';
import { Bones, useTitle } from '../../ui/Page';
import { useForm } from '../../ui/useForm';
import { Door } from './Door';
import css from './Door.module.css';

const LEAST = 10;

export function OneTimeLink({ token }: { token: string }) {
	const [info, setInfo] = useState<LinkInfo | null>(null);
	const [problem, setProblem] = useState<Problem | null>(null);
	useTitle('Welcome');
	useEffect(() => {
		api.ask<LinkInfo>('GET', 'links/' + encodeURIComponent(token))
			.then(setInfo)
			.catch((e) => setProblem(e instanceof Problem ? e : new Problem(0, 'page', String(e))));
	}, [token]);

	if (problem) {
		return (
			<Door
				title={problem.offline ? 'The server cannot be reached' : 'This link no longer works'}
				lead={problem.offline ? 'Check the network, then open the link again.' : 'A link works once, for 48 hours. Ask your administrator for a new one.'}
			>
				<Button variant="default" mt="lg" onClick={() => go('/', true)}>
					To the sign-in
				</Button>
			</Door>
		);
	}
	if (!info) {
		return (
			<Door title="One moment">
				<div className={css.fields}>
					<Bones rows={3} height={48} />
				</div>
			</Door>
		);
	}
	return <Form token={token} info={info} />;
}

function Form({ token, info }: { token: string; info: LinkInfo }) {
	const { begin } = useSession();
	const [login, setLogin] = useState(info.login);
	const [name, setName] = useState(info.name);
	const [password, setPassword] = useState('');
	const form = useForm();

	async function submit(e: FormEvent) {
		e.preventDefault();
		await form.send(['login', 'name', 'password'], async () => {
			if (info.first_admin && !name.trim()) throw new Problem(400, '', 'Type your name.', 'name');
			if (info.first_admin && !login.trim()) throw new Problem(400, '', 'Choose a login name.', 'login');
			if (password.length < LEAST) throw new Problem(400, '', `At least ${LEAST} characters.`, 'password');
			const body = info.first_admin ? { login: login.trim(), name: name.trim(), password } : { password };
			const me = await api.ask<Me>('POST', 'links/' + encodeURIComponent(token), body);
			go('/', true);
			begin(me);
		});
	}

	return (
		<Door
			title={info.first_admin ? 'Welcome. You are the first here.' : `Welcome, ${info.name || info.login}.`}
			lead={
				info.first_admin
					? 'This account will be the administrator: it makes the other users and the keys for tills and web shops.'
					: 'Choose a password for your account. The link works only once.'
			}
		>
			<form onSubmit={(e) => void submit(e)} className={css.fields} noValidate>
				<Alarm text={form.problem} />
				{info.first_admin && (
					<TextInput label="Your name" name="name" autoComplete="name" autoFocus value={name} error={form.at('name')} onChange={(e) => setName(e.currentTarget.value)} />
				)}
				<TextInput
					label="Login"
					name="username"
					autoComplete="username"
					autoCapitalize="off"
					spellCheck={false}
					readOnly={!info.first_admin}
					value={login}
					error={form.at('login')}
					onChange={(e) => setLogin(e.currentTarget.value)}
				/>
				<PasswordInput
					label="Password"
					description={`At least ${LEAST} characters. Three or four words that do not belong together are good.`}
					name="new-password"
					autoComplete="new-password"
					autoFocus={!info.first_admin}
					value={password}
					error={form.at('password')}
					onChange={(e) => setPassword(e.currentTarget.value)}
					visibilityToggleButtonProps={{ 'aria-label': 'Show the password', tabIndex: 0, size: 44 }}
				/>
				<Button type="submit" size="lg" loading={form.busy}>
					{info.first_admin ? 'Make the administrator’s account' : 'Save and sign in'}
				</Button>
			</form>
		</Door>
	);
}
