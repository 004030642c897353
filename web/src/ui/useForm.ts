/* Sending a form: one at a time, the server's problem shown at the field it names. */
import { useState } from 'react';
import { Problem, problemText } from '../api/client';

export interface Sending {
	busy: boolean;
	/** Of the whole form. */
	problem: string;
	/** Of one field: what the server says, or what check() found. */
	at: (field: string) => string | undefined;
	/** Runs fn; true when it went well. fields: those that the form shows. */
	send: (fields: readonly string[], fn: () => Promise<unknown>) => Promise<boolean>;
	set: (field: string, text: string) => void;
	clear: () => void;
}

export function useForm(): Sending {
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState('');
	const [fields, setFields] = useState<Record<string, string>>({});
	return {
		busy,
		problem,
		at: (field) => fields[field],
		set: (field, text) => setFields((f) => ({ ...f, [field]: text })),
		clear: () => {
			setProblem('');
			setFields({});
		},
		send: async (shown, fn) => {
			if (busy) return false;
			setBusy(true);
			setProblem('');
			setFields({});
			try {
				await fn();
				return true;
			} catch (e) {
				const name = e instanceof Problem ? (e.field.split(/[.[]/)[0] ?? '') : '';
				if (name && shown.includes(name)) setFields({ [name]: problemText(e) });
				else setProblem(problemText(e));
				return false;
			} finally {
				setBusy(false);
			}
		},
	};
}
